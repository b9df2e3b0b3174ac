package flight

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/skein-query/skein/internal/sqlerr"
)

// How long an answer is held back for something new to say: the first one is soon,
// so that clients learn how to go on; the others spare them asking.
const (
	firstPollWait = 100 * time.Millisecond
	nextPollWait  = time.Second
)

// poll is a query begun by PollFlightInfo. It has no endpoint until its first rows
// wait to be read, or its effect is there: progress is of the work up to that.
type poll struct {
	id     string
	user   string // whose it is
	schema []byte
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer   // cancels the query when nobody polls
	done   chan struct{} // closed when info and err are set

	info *flight.FlightInfo
	err  error

	mu       sync.Mutex
	query    string  // its id, empty until it has one
	progress float64 // what was last said
}

// polls are the queries of PollFlightInfo, until nobody has polled for a lease.
type polls struct {
	mu      sync.Mutex
	entries map[string]*poll
}

func newPolls() *polls { return &polls{entries: map[string]*poll{}} }

func (ps *polls) add(p *poll) error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if len(ps.entries) >= maxWaiting {
		return sqlerr.New(sqlerr.TooManyConnections, "%d queries are already polled for", maxWaiting)
	}
	ps.entries[p.id] = p
	return nil
}

func (ps *polls) get(id string) (*poll, bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p, ok := ps.entries[id]
	return p, ok
}

// remove forgets a poll and cancels its query unless that has been published.
func (ps *polls) remove(p *poll, cause error) {
	ps.mu.Lock()
	delete(ps.entries, p.id)
	ps.mu.Unlock()
	p.timer.Stop()
	p.cancel(cause)
}

func (ps *polls) cancelAll() {
	ps.mu.Lock()
	var all []*poll
	for _, p := range ps.entries {
		all = append(all, p)
	}
	ps.mu.Unlock()
	for _, p := range all {
		ps.remove(p, errShutdown)
		<-p.done // its goroutine ends by its context
	}
}

// pollTicket is what the descriptor of a poll says, signed.
type pollTicket struct {
	ID string `json:"id"`
}

// pollHandle is the signed text of a descriptor that PollFlightInfo gave out. It travels
// in the message of Flight SQL's tickets, which no client makes a command of.
func pollHandle(desc *flight.FlightDescriptor) ([]byte, bool) {
	var command anypb.Any
	if proto.Unmarshal(desc.GetCmd(), &command) != nil || !command.MessageIs((*pb.TicketStatementQuery)(nil)) {
		return nil, false
	}
	var message pb.TicketStatementQuery
	if command.UnmarshalTo(&message) != nil {
		return nil, false
	}
	return message.GetStatementHandle(), true
}

func (s *Server) pollDescriptor(p *poll) (*flight.FlightDescriptor, error) {
	signed, err := s.signer.sign(forPoll, pollTicket{p.id})
	if err != nil {
		return nil, err
	}
	command, err := flightsql.CreateStatementQueryTicket(signed)
	if err != nil {
		return nil, err
	}
	return &flight.FlightDescriptor{Type: flight.DescriptorCMD, Cmd: command}, nil
}

// PollFlightInfoStatement starts a statement.
func (h *sqlServer) PollFlightInfoStatement(ctx context.Context, q flightsql.StatementQuery, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	a, err := h.askedStatement(ctx, q, desc)
	if err != nil {
		return nil, err
	}
	return h.server.beginPoll(ctx, a)
}

// PollFlightInfoPreparedStatement starts a prepared statement.
func (h *sqlServer) PollFlightInfoPreparedStatement(ctx context.Context, q flightsql.PreparedStatementQuery, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	a, err := h.askedPrepared(ctx, q, desc)
	if err != nil {
		return nil, err
	}
	return h.server.beginPoll(ctx, a)
}

// beginPoll starts a statement that goes on after the call.
func (s *Server) beginPoll(ctx context.Context, a asked) (*flight.PollInfo, error) {
	p := &poll{id: rand.Text(), user: a.session.User(), done: make(chan struct{}),
		schema: flight.SerializeSchema(resultSchema(a.prepared.Columns()), memory.DefaultAllocator)}
	p.ctx, p.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	p.timer = time.AfterFunc(s.config.Lease, func() { s.polls.remove(p, errAbandoned) })
	if err := s.polls.add(p); err != nil {
		p.timer.Stop()
		p.cancel(err)
		return nil, err
	}
	go s.runPoll(p, a) // ends with the first rows, or with p.ctx
	return s.pollInfo(ctx, p, firstPollWait)
}

// runPoll executes the statement up to its first rows and publishes it.
func (s *Server) runPoll(p *poll, a asked) {
	defer close(p.done)
	defer func() {
		if v := recover(); v != nil {
			s.config.Log.Error("panic in a polled query", "panic", v, "stack", string(debug.Stack()))
			p.err = sqlerr.New(sqlerr.InternalError, "internal error: %v", v)
		}
	}()
	ctx, span := s.begin(p.ctx, statementSpan)
	options := a.session.Options()
	q, args, err := s.execute(ctx, a)
	if err != nil {
		span.EndIf(err)
		p.err = err
		return
	}
	p.mu.Lock()
	p.query = q.result.QueryID()
	p.mu.Unlock()
	stop := context.AfterFunc(p.ctx, func() { q.cancel(context.Cause(p.ctx)) })
	defer stop()
	defer func() { // what follows runs a plan
		if v := recover(); v != nil {
			q.close()
			panic(v)
		}
	}()
	q.readAhead()
	if err := q.ahead.err; err != nil && !errors.Is(err, io.EOF) {
		p.err = q.failed(causeOf(p.ctx, err))
		q.close()
		return
	}
	p.info, p.err = s.publish(a, options, args, q)
}

// pollAgain says how far a query is.
func (s *Server) pollAgain(ctx context.Context, signed []byte) (*flight.PollInfo, error) {
	p, err := s.openPoll(ctx, signed)
	if err != nil {
		return nil, err
	}
	p.timer.Reset(s.config.Lease)
	return s.pollInfo(ctx, p, nextPollWait)
}

func (s *Server) openPoll(ctx context.Context, signed []byte) (*poll, error) {
	var t pollTicket
	if err := s.signer.open(forPoll, signed, &t); err != nil {
		return nil, err
	}
	p, ok := s.polls.get(t.ID)
	if !ok {
		return nil, sqlerr.New(sqlerr.InvalidTicket, "nobody has polled for the query for %s, or it was cancelled", s.config.Lease).
			WithHint("Run the statement again.")
	}
	return p, s.own(ctx, p.user, "query")
}

// cancelPoll ends a query that has no endpoint yet; false when it has one.
func (s *Server) cancelPoll(ctx context.Context, signed []byte) (bool, error) {
	p, err := s.openPoll(ctx, signed)
	if err != nil {
		return false, err
	}
	select {
	case <-p.done:
		return false, nil
	default:
	}
	s.polls.remove(p, errCancelled)
	return true, nil
}

// pollInfo waits a while for the query, and says how far it is.
func (s *Server) pollInfo(ctx context.Context, p *poll, wait time.Duration) (*flight.PollInfo, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-p.done:
		if p.err != nil {
			s.polls.remove(p, nil)
			return nil, p.err
		}
		all := 1.0
		return &flight.PollInfo{Info: p.info, Progress: &all}, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-timer.C:
	}
	again, err := s.pollDescriptor(p)
	if err != nil {
		return nil, err
	}
	progress, id := s.pollProgress(p)
	return &flight.PollInfo{
		Info: &flight.FlightInfo{Schema: p.schema, FlightDescriptor: again, TotalRecords: -1, TotalBytes: -1,
			Ordered: true, AppMetadata: []byte(id)},
		FlightDescriptor: again,
		Progress:         &progress,
		ExpirationTime:   timestamppb.New(time.Now().Add(s.config.Lease)),
	}, nil
}

// pollProgress is the share of the tasks that are done, never less than before and
// never all: that is said with the endpoint.
func (s *Server) pollProgress(p *poll) (progress float64, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.query != "" {
		if done, total := s.config.Statements.Progress(p.query); total > 0 {
			p.progress = max(p.progress, min(0.99, float64(done)/float64(total)))
		}
	}
	return p.progress, p.query
}
