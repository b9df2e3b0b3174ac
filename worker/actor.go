package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/flight/exchange/tcp"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/trace"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/substrait"
	"github.com/skein-query/skein/storage/parquet"
	"github.com/skein-query/skein/worker/spill"
)

// Worker is the actor that runs fragments. Reports go to the address that each
// message came with.
type Worker struct {
	Name   string
	res    Resources
	system *cluster.System
	log    *slog.Logger

	mu      sync.Mutex
	running map[string]map[int]active // query → run number
	number  int
	// accounts are those of the queries that this worker has a part in.
	accounts map[*exchange.Query]*queryAccount
	// origins are the processes of coordinators, by their queries that this worker has a
	// part in; queries of this process are not among them.
	origins map[string]*origin
	closed  bool
	wg      sync.WaitGroup
	load    meter
}

// origin is the process of a query's coordinator.
type origin struct {
	incarnation uint64
	missed      int // so often in a row it was no member
}

// active is a run that has begun.
type active struct {
	attempt int
	cancel  context.CancelCauseFunc
}

// Resources are what all runs of a worker share.
type Resources struct {
	Files   *parquet.Cache
	Columns *parquet.ColumnCache // what Files keep decoded; nil: nothing
	Pool    *memory.Pool
	Ledger  *memory.Ledger
	Hub     *exchange.Hub
	// Client reads what other processes have of edges, Exchange is the address under
	// which they read from this one. A process that is alone has neither.
	Client   *tcp.Client
	Exchange string
	Spill    *spill.Store  // of what operators have no memory for; nil: they fail
	Trace    *trace.Tracer // nil: nothing is traced
}

// New makes a worker.
func New(name string, res Resources, system *cluster.System, log *slog.Logger) *Worker {
	return &Worker{Name: name, res: res, system: system, log: log, running: map[string]map[int]active{},
		accounts: map[*exchange.Query]*queryAccount{}, origins: map[string]*origin{}}
}

// Receive starts and stops runs; it never blocks.
func (w *Worker) Receive(_ cluster.Address, message any) {
	e, ok := message.(*cluster.Envelope)
	if !ok {
		return
	}
	switch m := e.Message.(type) {
	case *wire.Run:
		w.start(m, e.From)
	case *wire.Abandon:
		w.cancel(m.Query, sqlerr.New(sqlerr.QueryCanceled, "query was cancelled"), func(a active) bool { return a.attempt == m.Attempt })
	case *wire.Stop:
		w.stop(m.Query, sqlerr.New(sqlerr.QueryCanceled, "query was cancelled"))
	case *wire.Check:
		w.check(m, e.From)
	case *wire.Sealed:
		w.edges(m.Query, m.Edges, func(q *exchange.Query, edge int) {
			if e, err := q.Edge(edge); err == nil {
				e.Complete()
			}
		})
	case *wire.Free:
		w.edges(m.Query, m.Edges, (*exchange.Query).Free)
	}
}

// check answers for a run that is not there. One that has ended stays until that has
// been said, so that whoever asks hears it first.
func (w *Worker) check(m *wire.Check, from cluster.Address) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.running[m.Query] {
		if a.attempt == m.Attempt {
			return
		}
	}
	w.system.Send(from, &wire.Failed{Query: m.Query, Worker: w.Name, Attempt: m.Attempt, Fragment: m.Fragment,
		Err: sqlerr.New(sqlerr.WorkerLost, "worker %s is not at run %d of query %s", w.Name, m.Attempt, m.Query).WithHint("Run the query again.")})
}

// edges does something to edges of a query, if that is there.
func (w *Worker) edges(query string, edges []int, do func(q *exchange.Query, edge int)) {
	q, err := w.res.Hub.Query(query)
	if err != nil {
		return
	}
	for _, e := range edges {
		do(q, e)
	}
}

func (w *Worker) start(m *wire.Run, from cluster.Address) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		w.system.Send(from, w.failure(m, shuttingDown()))
		return
	}
	r := &run{res: w.res, message: m, load: &w.load}
	var err error
	switch {
	case from.Incarnation() == 0:
		r.query, err = w.res.Hub.Query(m.Query)
	case m.Known && w.origins[m.Query] == nil:
		// With the query begun anew, what is made now would pass for all that was here.
		err = sqlerr.New(sqlerr.WorkerLost, "worker %s has given query %s up", w.Name, m.Query).WithHint("Run the query again.")
	default:
		if w.origins[m.Query] == nil {
			w.origins[m.Query] = &origin{incarnation: from.Incarnation()}
		}
		r.query, r.far = w.res.Hub.Join(m.Query), true
	}
	if err != nil {
		w.system.Send(from, w.failure(m, err))
		return
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	w.number++
	id := w.number
	if w.running[m.Query] == nil {
		w.running[m.Query] = map[int]active{}
	}
	w.running[m.Query][id] = active{m.Attempt, cancel}
	w.wg.Go(func() { // ends when the run does; Close waits for it
		span := w.begin(m)
		stats, err := w.run(ctx, r)
		end(span, r, stats, err)
		cancel(nil)
		defer w.ended(m.Query, id) // when it has been said: see check
		if err != nil {
			w.log.Debug("a run has failed", "query", m.Query, "worker", w.Name, "fragment", m.Fragment, "attempt", m.Attempt, "error", err)
			w.system.Send(from, w.failure(m, err))
			return
		}
		done := &wire.Done{Query: m.Query, Worker: w.Name, Attempt: m.Attempt, Fragment: m.Fragment, Stats: stats}
		for _, t := range m.Tasks {
			done.Tasks = append(done.Tasks, t.Index)
		}
		w.system.Send(from, done)
	})
}

// ended forgets a run.
func (w *Worker) ended(query string, id int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running[query], id)
	if len(w.running[query]) == 0 {
		delete(w.running, query)
	}
}

// failure is the report that a run has failed, and because of which peer, if it was one.
func (w *Worker) failure(m *wire.Run, err error) *wire.Failed {
	f := &wire.Failed{Query: m.Query, Worker: w.Name, Attempt: m.Attempt, Fragment: m.Fragment, Err: err}
	if peer, ok := errors.AsType[*tcp.PeerError](err); ok && sqlerr.CodeOf(err) == sqlerr.WorkerLost {
		f.Lost = peer.Peer
	}
	return f
}

func (w *Worker) run(ctx context.Context, r *run) (stats wire.Stats, err error) {
	r.result = r.query.Result
	if r.far && len(r.message.Outputs) == 0 {
		r.result = r.query.Attempt(r.message.Attempt)
		defer func() { r.result.Finish(err) }()
	}
	r.plan = r.message.Plan
	if r.message.Encoded != nil {
		if r.plan, err = substrait.Unmarshal(r.message.Encoded); err != nil {
			return wire.Stats{}, sqlerr.Wrap(err, "worker %s", w.Name)
		}
	}
	account := w.enter(r.message.Query, r.query)
	defer w.leave(r.query, account)
	r.account, r.keep = account.Account, account.keeper()
	if r.message.Options.Measure {
		r.message.Options.Profile = exec.NewProfile()
	}
	stats, err = r.execute(ctx)
	if r.message.Options.Measure && err == nil {
		stats.Nodes = r.message.Options.Profile.Export(r.plan)
	}
	return stats, err
}

// stop cancels all runs of a query, and frees what there is of it when it is of another
// process; its own frees it itself. Whoever runs or reads any of it fails with err.
func (w *Worker) stop(query string, err error) {
	w.cancel(query, err, func(active) bool { return true })
	w.mu.Lock()
	_, far := w.origins[query]
	delete(w.origins, query)
	w.mu.Unlock()
	if far {
		w.res.Hub.Close(query, err)
	}
}

func (w *Worker) cancel(query string, err error, which func(active) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.running[query] {
		if which(a) {
			a.cancel(err)
		}
	}
}

// Gone stops the queries of a coordinator's process that has not taken what was sent to it:
// it will not hear how they ended, and may not be heard when it ends them itself.
func (w *Worker) Gone(incarnation uint64) {
	w.mu.Lock()
	var orphans []string
	for query, o := range w.origins {
		if o.incarnation == incarnation {
			orphans = append(orphans, query)
		}
	}
	w.mu.Unlock()
	w.orphaned(orphans)
}

// missedMost is how often in a row the coordinator of a query may be no member: gossip may
// tell of it later than it speaks itself.
const missedMost = 5

// Sweep stops the queries whose coordinator's process is no member, now and the times
// before. It is called every now and then: the news that a process is gone is not waited
// for, for a message of it may come later than that, and after a cut in the network those
// on either side are gone for the other for a moment.
func (w *Worker) Sweep(member func(incarnation uint64) bool) {
	w.mu.Lock()
	var orphans []string
	for query, o := range w.origins {
		o.missed++
		if member(o.incarnation) {
			o.missed = 0
		}
		if o.missed > missedMost {
			orphans = append(orphans, query)
		}
	}
	w.mu.Unlock()
	w.orphaned(orphans)
}

// orphaned stops queries. That their coordinator is gone is how it looks from here: if
// only the way to it was cut it lives, and takes this worker for lost to them.
func (w *Worker) orphaned(queries []string) {
	for _, query := range queries {
		w.log.Info("a query is stopped, its coordinator is gone", "query", query)
		w.stop(query, sqlerr.New(sqlerr.WorkerLost, "worker %s could not reach the coordinator of query %s", w.Name, query).WithHint("Run the query again."))
	}
}

// Idle reports whether the worker has no part in any query.
func (w *Worker) Idle() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.running) == 0 && len(w.accounts) == 0
}

// Close cancels all runs and waits for their end.
func (w *Worker) Close() {
	w.mu.Lock()
	for _, runs := range w.running {
		for _, a := range runs {
			a.cancel(shuttingDown())
		}
	}
	w.closed = true
	w.mu.Unlock()
	w.wg.Wait()
}

func shuttingDown() error {
	return sqlerr.New(sqlerr.AdminShutdown, "the worker is shutting down").WithHint("Run the query again.")
}
