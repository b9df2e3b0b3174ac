package flight

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/trace"
	"github.com/skein-query/skein/planner/expr"
)

// errCancelled is the cause of a query's end when a client cancels it by ticket.
var errCancelled = sqlerr.New(sqlerr.QueryCanceled, "canceling statement due to user request")

// errAbandoned is the cause when nobody fetches a query before its lease ends.
var errAbandoned = sqlerr.New(sqlerr.QueryCanceled, "the query was cancelled: nobody fetched its result in time")

// errShutdown is the cause when the server stops.
var errShutdown = sqlerr.New(sqlerr.AdminShutdown, "the server is shutting down")

// query is a statement that has been started. Its context ends the query; Close
// must be called once by whoever holds it.
type query struct {
	lease   string // its key in queries
	text    string
	columns []expr.Field
	schema  *arrow.Schema
	result  Result
	ctx     context.Context
	cancel  context.CancelCauseFunc
	timer   *time.Timer // ends the lease, nil outside one
	span    *trace.Span // of the statement; nil: it is not traced
	ahead   *ahead      // the batch that was read before there was a reader, nil: none was
}

// ahead is what Next gave.
type ahead struct {
	batch arrow.RecordBatch
	err   error
}

// readAhead waits for the first batch and keeps it for the reader.
func (q *query) readAhead() {
	batch, err := q.result.Next(q.ctx)
	q.ahead = &ahead{batch, err}
}

// next gives the next batch, which the caller releases; io.EOF ends.
func (q *query) next(ctx context.Context) (arrow.RecordBatch, error) {
	if a := q.ahead; a != nil {
		q.ahead = nil
		return a.batch, a.err
	}
	return q.result.Next(ctx)
}

// noted is the query's schema with what the client is told (see Warn).
func (q *query) noted(n *notes) {
	if text := n.text(); text != "" {
		metadata := arrow.NewMetadata([]string{WarningKey}, []string{text})
		q.schema = arrow.NewSchema(q.schema.Fields(), &metadata)
	}
}

func (q *query) close() {
	q.span.Fail(context.Cause(q.ctx))
	q.cancel(nil)
	if a := q.ahead; a != nil && a.batch != nil {
		a.batch.Release()
	}
	_ = q.result.Close() // nobody is left to hear of it
	q.span.End()
}

// startQuery executes a prepared statement once for each row of args. The query
// outlives ctx, which is that of one call, but is cancelled when ctx ends while it
// is being started.
func startQuery(ctx context.Context, p Prepared, text string, args [][]expr.Value) (*query, error) {
	q := &query{text: text, columns: p.Columns(), span: trace.From(ctx)}
	q.schema = resultSchema(q.columns)
	q.ctx, q.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { q.cancel(context.Cause(ctx)) })
	defer stop()
	said := &notes{}
	q.ctx = context.WithValue(q.ctx, notesKey{}, said)
	rows := &rowResults{prepared: p, ctx: q.ctx, args: args, affected: -1}
	err := rows.start(p.IsUpdate())
	if err != nil {
		err = withText(causeOf(ctx, err), text)
		_ = rows.Close()
		q.cancel(nil)
		return nil, err
	}
	q.result = rows
	if columns := rows.Columns(); columns != nil {
		q.columns, q.schema = columns, resultSchema(columns)
	}
	q.noted(said)
	return q, nil
}

// causeOf prefers the reason for which ctx ended over what the end made of it.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && sqlerr.CodeOf(err) == sqlerr.QueryCanceled {
		return cause
	}
	return err
}

// rowResults is the result of a statement executed with several rows of arguments:
// the results one after another.
type rowResults struct {
	prepared Prepared
	ctx      context.Context // the query's
	args     [][]expr.Value  // rows not yet executed
	started  []Result        // in order; those read to their end are gone
	id       string          // of the first execution
	columns  []expr.Field    // of the first execution
	executed int             // rows of arguments
	affected int64
}

func sameColumn(a, b expr.Field) bool { return a.Name == b.Name && a.Type.Equal(b.Type) }

// start executes the first row of arguments of a query, and all rows of an update,
// so that every effect is there when the client hears of it.
func (r *rowResults) start(update bool) error {
	if !update {
		if err := r.advance(); err != nil {
			return err
		}
		r.id = r.started[0].QueryID()
		return nil
	}
	all, err := r.prepared.Update(r.ctx, r.args)
	if err != nil {
		return err
	}
	r.started, r.args = append(r.started, all), nil
	r.id, r.columns, r.affected = all.QueryID(), all.Columns(), all.Affected()
	return nil
}

func (r *rowResults) advance() error {
	next, err := r.prepared.Execute(r.ctx, r.args[0])
	if err != nil {
		return err
	}
	r.started, r.args = append(r.started, next), r.args[1:]
	if r.executed++; r.executed == 1 {
		r.columns = next.Columns()
	}
	if !slices.EqualFunc(r.columns, next.Columns(), sameColumn) {
		return sqlerr.New(sqlerr.FeatureNotSupported, "the numerics of several rows of arguments give columns of different types").
			WithHint("Execute the statement for each row, or cast to numeric(precision, scale).")
	}
	if n := next.Affected(); n >= 0 {
		r.affected = max(r.affected, 0) + n
	}
	return nil
}

func (r *rowResults) QueryID() string { return r.id }

func (r *rowResults) Columns() []expr.Field { return r.columns }

func (r *rowResults) Affected() int64 { return r.affected }

func (r *rowResults) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for {
		if len(r.started) == 0 {
			if len(r.args) == 0 {
				return nil, io.EOF
			}
			if err := r.advance(); err != nil {
				return nil, err
			}
		}
		batch, err := r.started[0].Next(ctx)
		if !errors.Is(err, io.EOF) {
			return batch, err
		}
		if err := r.started[0].Close(); err != nil {
			return nil, err
		}
		r.started = r.started[1:]
	}
}

func (r *rowResults) Close() error {
	var errs []error
	for _, s := range r.started {
		errs = append(errs, s.Close())
	}
	r.started = nil
	return errors.Join(errs...)
}

// queries holds the started queries of this process: those that wait for a reader,
// under a lease, and those being read, for cancelling.
type queries struct {
	log *slog.Logger

	mu        sync.Mutex
	waiting   map[string]*query
	reading   map[string]*query
	cancelled *expiring[struct{}] // leases whose tickets run nothing again
}

func newQueries(log *slog.Logger, lease time.Duration) *queries {
	return &queries{log: log, waiting: map[string]*query{}, reading: map[string]*query{},
		cancelled: newExpiring[struct{}](lease, maxWaiting)}
}

// remember notes that a client has cancelled a query: until its tickets expire they run
// nothing again.
func (qs *queries) remember(lease string) { qs.cancelled.put(lease, struct{}{}) }

func (qs *queries) wasCancelled(lease string) bool {
	_, ok := qs.cancelled.get(lease)
	return ok
}

// wait puts a query under a lease; when it runs out, the query is cancelled.
func (qs *queries) wait(q *query, lease time.Duration) error {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	if len(qs.waiting) >= maxWaiting {
		return sqlerr.New(sqlerr.TooManyConnections, "%d queries already wait for their readers", maxWaiting)
	}
	qs.waiting[q.lease] = q
	q.timer = time.AfterFunc(lease, func() { qs.abandon(q.lease) })
	return nil
}

// renew starts the lease of a waiting query anew; false when it no longer waits.
func (qs *queries) renew(lease string, d time.Duration) bool {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	q, ok := qs.waiting[lease]
	return ok && q.timer.Reset(d)
}

// abandon ends a query whose lease ran out.
func (qs *queries) abandon(lease string) {
	id := ""
	defer func() { // runs in a timer's goroutine: a panic would end the process
		if p := recover(); p != nil {
			qs.log.Error("panic while ending a query", "query", id, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	qs.mu.Lock()
	q, ok := qs.waiting[lease]
	delete(qs.waiting, lease)
	qs.mu.Unlock()
	if ok {
		id = q.result.QueryID()
		q.cancel(errAbandoned)
		q.close()
	}
}

// read gives a waiting query to the one reader it has; done must be called after.
func (qs *queries) read(lease string) (q *query, done func(), ok bool) {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	q, ok = qs.waiting[lease]
	if !ok {
		return nil, nil, false
	}
	q.timer.Stop()
	delete(qs.waiting, lease)
	return q, qs.track(q), true
}

// add notes a query that is read at once, without a lease.
func (qs *queries) add(q *query) (done func()) {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	return qs.track(q)
}

func (qs *queries) track(q *query) (done func()) {
	qs.reading[q.lease] = q
	return func() {
		qs.mu.Lock()
		if qs.reading[q.lease] == q {
			delete(qs.reading, q.lease)
		}
		qs.mu.Unlock()
		q.close()
	}
}

// stop cancels a query, whether it waits or is read; false when there is none.
func (qs *queries) stop(lease string, cause error) bool {
	qs.mu.Lock()
	waiting, reading := qs.waiting[lease], qs.reading[lease]
	delete(qs.waiting, lease)
	qs.mu.Unlock()
	if waiting != nil {
		waiting.timer.Stop()
		waiting.cancel(cause)
		waiting.close()
	}
	if reading != nil { // its reader closes it
		reading.cancel(cause)
	}
	return waiting != nil || reading != nil
}

// cancelWaiting ends the queries nobody has begun to read.
func (qs *queries) cancelWaiting() {
	qs.mu.Lock()
	leases := slices.Collect(maps.Keys(qs.waiting))
	qs.mu.Unlock()
	for _, lease := range leases {
		qs.stop(lease, errShutdown)
	}
}

// cancelAll ends all queries.
func (qs *queries) cancelAll() {
	qs.cancelWaiting()
	qs.mu.Lock()
	leases := slices.Collect(maps.Keys(qs.reading))
	qs.mu.Unlock()
	for _, lease := range leases {
		qs.stop(lease, errShutdown)
	}
}
