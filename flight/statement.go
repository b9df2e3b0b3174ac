package flight

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// prepare plans a statement for a call; text may stand for a Substrait plan.
func (s *Server) prepare(ctx context.Context, session *Session, text string) (Prepared, error) {
	if plan, version, ok := planOf(text); ok {
		return s.prepareSubstrait(ctx, session, plan, version)
	}
	p, err := s.config.Statements.Prepare(ctx, session, text)
	return p, withText(err, text)
}

// executions are the rows of arguments to execute p with: one empty row for a
// statement without parameters.
func executions(p Prepared, bound [][]expr.Value) ([][]expr.Value, error) {
	n := len(p.Parameters())
	switch {
	case n == 0:
		return [][]expr.Value{nil}, nil
	case len(bound) == 0:
		return nil, sqlerr.New(sqlerr.UndefinedParameter, "no value is bound to parameter $%d", n).
			WithHint("Prepare the statement and bind values to its parameters.")
	}
	return bound, nil
}

// asked is a statement as a call asks for it.
type asked struct {
	session  *Session
	prepared Prepared
	text     string
	bound    [][]expr.Value           // rows of arguments
	desc     *flight.FlightDescriptor // goes back to the client
}

// start executes a statement, puts it under a lease and says where its result is.
func (s *Server) start(ctx context.Context, a asked) (*flight.FlightInfo, error) {
	options := a.session.Options() // as they are before a SET takes effect
	if info, err := s.shared(ctx, a, options); info != nil || err != nil {
		return info, err
	}
	q, args, err := s.execute(ctx, a)
	if err != nil {
		return nil, err
	}
	if err := context.Cause(ctx); err != nil { // nobody is left to fetch the result
		q.close()
		return nil, err
	}
	return s.publish(a, options, args, q)
}

func (s *Server) execute(ctx context.Context, a asked) (*query, [][]expr.Value, error) {
	args, err := executions(a.prepared, a.bound)
	if err != nil {
		return nil, nil, withText(err, a.text)
	}
	q, err := startQuery(ctx, a.prepared, a.text, args)
	return q, args, err
}

// publish puts a query under a lease and says where its result is; it closes the query
// when it fails. The options are those that the query was executed under.
func (s *Server) publish(a asked, options map[string]string, args [][]expr.Value, q *query) (*flight.FlightInfo, error) {
	q.lease = rand.Text()
	t := ticket{Lease: q.lease, QueryID: q.result.QueryID(), Update: a.prepared.IsUpdate(), Options: options, User: a.session.User()}
	if a.session.isPrivate() {
		t.Session = a.session.ID()
	}
	if encoded, size := encodeRows(args, a.prepared.Parameters()); !t.Update && len(a.text)+size <= maxSelfContained {
		t.Text, t.Args = a.text, encoded
	}
	endpoint, err := s.endpoint(t)
	if err == nil {
		err = s.queries.wait(q, s.config.Lease)
	}
	if err != nil {
		q.close()
		return nil, err
	}
	return &flight.FlightInfo{
		Schema:           flight.SerializeSchema(q.schema, memory.DefaultAllocator),
		FlightDescriptor: a.desc,
		Endpoint:         []*flight.FlightEndpoint{endpoint},
		TotalRecords:     q.result.Affected(), // Python's DBAPI takes it for rowcount
		TotalBytes:       -1,
		Ordered:          true, // the rows of the one endpoint are
		AppMetadata:      []byte(t.QueryID),
	}, nil
}

// endpoint is a ticket that is good from now for a lease.
func (s *Server) endpoint(t ticket) (*flight.FlightEndpoint, error) {
	t.Expires = time.Now().Add(s.config.Lease).UTC()
	signed, err := s.signer.sign(forTicket, t)
	if err != nil {
		return nil, err
	}
	body, err := flightsql.CreateStatementQueryTicket(signed)
	if err != nil {
		return nil, err
	}
	return &flight.FlightEndpoint{Ticket: &flight.Ticket{Ticket: body}, ExpirationTime: timestamppb.New(t.Expires),
		AppMetadata: []byte(t.QueryID)}, nil
}

// fetchTicket streams what a ticket stands for: the waiting query or, when that
// has been fetched already, the same read once more.
func (s *Server) fetchTicket(signed []byte, stream flight.FlightService_DoGetServer) error {
	var t ticket
	if err := s.signer.open(forTicket, signed, &t); err != nil {
		return err
	}
	if err := s.own(stream.Context(), t.User, "ticket"); err != nil {
		return err
	}
	if err := s.vouched(stream.Context(), t); err != nil {
		return err
	}
	if q, done, ok := s.queries.read(t.Lease); ok {
		defer done()
		return send(q, stream)
	}
	switch {
	case s.queries.wasCancelled(t.Lease):
		return &queryError{errCancelled, t.QueryID}
	case time.Now().After(t.Expires):
		return sqlerr.New(sqlerr.InvalidTicket, "the ticket of query %s expired at %s", t.QueryID, t.Expires.Format(time.RFC3339)).
			WithHint("Run the statement again.")
	case t.Update:
		return sqlerr.New(sqlerr.InvalidTicket, "the result of query %s has been fetched; a statement that changes something does not run again", t.QueryID)
	case t.Text == "":
		return sqlerr.New(sqlerr.InvalidTicket, "the result of query %s has been fetched or cancelled; its text is too long for a ticket to run it again", t.QueryID)
	}
	return s.runAgain(t, stream)
}

// runAgain executes the read that a ticket carries, with the session's options of
// the first time.
func (s *Server) runAgain(t ticket, stream flight.FlightService_DoGetServer) (err error) {
	ctx, span := s.begin(stream.Context(), statementSpan)
	defer func() { span.EndIf(err) }()
	session := s.sessionOf(ctx, t)
	if t.Session != "" {
		own, ok := s.sessions.named(t.Session)
		if !ok || !s.caller(ctx).owns(own) {
			return sqlerr.New(sqlerr.InvalidTicket, "the session of query %s has ended, with the tables that it had of its own", t.QueryID)
		}
		session = own
	}
	p, err := s.prepareAgain(ctx, session, t)
	if err != nil {
		return err
	}
	if p.IsUpdate() { // the text means something else under a newer version
		return sqlerr.New(sqlerr.InvalidTicket, "the statement of query %s is no longer a read", t.QueryID)
	}
	args, err := decodeRows(t.Args, p.Parameters())
	if err != nil {
		return err
	}
	if args, err = executions(p, args); err != nil {
		return err
	}
	return s.runNow(ctx, p, t.Text, args, t.Lease, stream)
}

// sessionOf is a session to run a ticket's statement in: of the user who shows it, with
// the rights that it has now, and with the options of the first time.
func (s *Server) sessionOf(ctx context.Context, t ticket) *Session {
	c := s.caller(ctx)
	if !c.checked {
		c.user = t.User
	}
	return c.newSession(rand.Text(), t.Options)
}

// runNow executes a statement and streams its result in one call.
func (s *Server) runNow(ctx context.Context, p Prepared, text string, args [][]expr.Value, lease string,
	stream flight.FlightService_DoGetServer) error {
	q, err := startQuery(ctx, p, text, args)
	if err != nil {
		return err
	}
	q.lease = lease
	defer s.queries.add(q)()
	return send(q, stream)
}

// update executes a statement for DoPut and gives the number of rows it changed,
// or of its rows when it is a query.
func (s *Server) update(ctx context.Context, p Prepared, text string, bound [][]expr.Value) (int64, error) {
	args, err := executions(p, bound)
	if err != nil {
		return 0, withText(err, text)
	}
	q, err := startQuery(ctx, p, text, args)
	if err != nil {
		return 0, err
	}
	defer q.close()
	if p.IsUpdate() {
		return q.result.Affected(), nil
	}
	return drain(ctx, q)
}

// cancelInfo stops the queries of a FlightInfo; false when there are none. One of
// PollFlightInfo that has no endpoints yet is known by its descriptor.
func (s *Server) cancelInfo(ctx context.Context, info *flight.FlightInfo) (found bool, err error) {
	if handle, ok := pollHandle(info.GetFlightDescriptor()); ok {
		if found, err = s.cancelPoll(ctx, handle); found || err != nil {
			return found, err
		}
	}
	for _, e := range info.GetEndpoint() {
		t, err := flightsql.GetStatementQueryTicket(e.GetTicket())
		if err != nil {
			return found, sqlerr.New(sqlerr.InvalidTicket, "the ticket cannot be read: %v", err)
		}
		ok, err := s.cancel(ctx, t.GetStatementHandle())
		if err != nil {
			return found, err
		}
		found = found || ok
	}
	return found, nil
}

// cancel stops the query of a ticket wherever it runs.
func (s *Server) cancel(ctx context.Context, signed []byte) (bool, error) {
	var t ticket
	if err := s.signer.open(forTicket, signed, &t); err != nil {
		return false, err
	}
	if err := s.own(ctx, t.User, "ticket"); err != nil {
		return false, err
	}
	if s.queries.stop(t.Lease, errCancelled) || t.Share.Of > 1 {
		s.queries.remember(t.Lease)
		return true, nil
	}
	return s.config.Statements.Cancel(ctx, t.QueryID)
}
