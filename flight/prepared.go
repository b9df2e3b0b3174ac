package flight

import (
	"context"
	"crypto/rand"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// preparedEntry is what the server remembers of a prepared statement.
type preparedEntry struct {
	prepared Prepared
	session  *Session
	text     string
	closed   bool // kept so that a closed handle is refused instead of planned again

	mu      sync.Mutex
	args    [][]expr.Value // bound last, for clients that ignore the handle DoPut gave
	binding int64          // counts bindings
}

// preparedCall is one use of a handle: the statement and the rows bound to it.
type preparedCall struct {
	id    string
	user  string
	entry *preparedEntry
	bound [][]expr.Value
}

// createPrepared plans a statement and gives it a handle.
func (s *Server) createPrepared(ctx context.Context, text string) (flightsql.ActionCreatePreparedStatementResult, error) {
	var result flightsql.ActionCreatePreparedStatementResult
	ctx, span := s.begin(ctx, "prepare")
	defer span.End()
	session := s.session(ctx)
	p, err := s.prepare(ctx, session, text)
	span.Fail(err)
	if err != nil {
		return result, err
	}
	h := handle{ID: rand.Text(), User: session.User()}
	if len(text) <= maxSelfContained {
		h.Text = text
	}
	if result.Handle, err = s.signer.sign(forHandle, h); err != nil {
		return result, err
	}
	s.prepared.put(h.ID, &preparedEntry{prepared: p, session: session, text: text})
	update := p.IsUpdate() && len(p.Columns()) == 0 // else a client that believes it would not fetch the rows
	result.IsUpdate = &update
	result.DatasetSchema = resultSchema(p.Columns()) // JDBC takes an empty one for an update
	result.ParameterSchema = parameterSchema(p.Parameters())
	return result, nil
}

// closePrepared forgets a statement, by any of its handles and any number of times. What
// another server has made, or this one before it was started again, is not there to be
// forgotten: clients close it before they go on.
func (s *Server) closePrepared(ctx context.Context, signed []byte) error {
	var h handle
	if err := s.signer.open(forHandle, signed, &h); err != nil {
		return nil
	}
	if err := s.own(ctx, h.User, "prepared statement"); err != nil {
		return err
	}
	s.prepared.put(h.ID, &preparedEntry{closed: true})
	return nil
}

// lookup finds the statement of a handle, planning it again when the server no
// longer remembers it.
func (s *Server) lookup(ctx context.Context, signed []byte) (preparedCall, error) {
	var h handle
	if err := s.signer.open(forHandle, signed, &h); err != nil {
		return preparedCall{}, err
	}
	if err := s.own(ctx, h.User, "prepared statement"); err != nil {
		return preparedCall{}, err
	}
	entry, known := s.prepared.get(h.ID)
	switch {
	case known && entry.closed:
		return preparedCall{}, sqlerr.New(sqlerr.UndefinedPrepared, "the prepared statement has been closed")
	case !known && h.Text == "":
		return preparedCall{}, sqlerr.New(sqlerr.UndefinedPrepared, "the prepared statement has expired").
			WithHint("Prepare it again.")
	case !known:
		session := s.session(ctx)
		p, err := s.prepare(ctx, session, h.Text)
		if err != nil {
			return preparedCall{}, err
		}
		entry = &preparedEntry{prepared: p, session: session, text: h.Text}
		s.prepared.put(h.ID, entry)
	}
	if c := s.caller(ctx); c.checked { // another token of the user may give it other roles
		entry.session.setRoles(c.roles)
	}
	call := preparedCall{id: h.ID, user: h.User, entry: entry}
	if len(h.Args) > 0 {
		var err error
		call.bound, err = decodeRows(h.Args, entry.prepared.Parameters())
		return call, err
	}
	entry.mu.Lock()
	defer entry.mu.Unlock()
	if h.Bound != 0 && h.Bound != entry.binding {
		return call, sqlerr.New(sqlerr.UndefinedPrepared, "the values bound to this handle are no longer held").
			WithHint("Bind the parameters again.")
	}
	call.bound = entry.args
	return call, nil
}

// bind keeps rows of arguments for a statement and gives the handle that carries
// or names them.
func (s *Server) bind(call preparedCall, args [][]expr.Value) ([]byte, error) {
	e := call.entry
	e.mu.Lock()
	defer e.mu.Unlock()
	e.args = args
	e.binding++
	h := handle{ID: call.id, User: call.user}
	encoded, size := encodeRows(args, e.prepared.Parameters())
	if len(e.text)+size <= maxSelfContained {
		h.Text, h.Args = e.text, encoded
	}
	if len(h.Args) == 0 {
		h.Bound = e.binding
	}
	return s.signer.sign(forHandle, h)
}

// fetchPrepared executes a statement in DoGet, for clients that skip GetFlightInfo.
func (s *Server) fetchPrepared(signed []byte, stream flight.FlightService_DoGetServer) (err error) {
	ctx, span := s.begin(stream.Context(), statementSpan)
	defer func() { span.EndIf(err) }()
	call, err := s.lookup(ctx, signed)
	if err != nil {
		return err
	}
	if call.entry.prepared.IsUpdate() {
		return sqlerr.New(sqlerr.ObjectNotInPrerequisite, "a statement that changes something does not run in DoGet").
			WithHint("Use GetFlightInfo or DoPut.")
	}
	args, err := executions(call.entry.prepared, call.bound)
	if err != nil {
		return withText(err, call.entry.text)
	}
	return s.runNow(ctx, call.entry.prepared, call.entry.text, args, rand.Text(), stream)
}
