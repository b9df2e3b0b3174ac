package worker

import (
	"context"
	"log/slog"
	"sync"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/substrait"
	"github.com/skein-query/skein/storage/parquet"
)

// Worker is the actor that runs fragments. Reports go to the address that each
// message came with.
type Worker struct {
	Name   string
	res    Resources
	system *cluster.System
	log    *slog.Logger

	mu      sync.Mutex
	running map[string]map[int]context.CancelCauseFunc // query → run number
	number  int
	// accounts are those of the queries that this worker has a part in.
	accounts map[*exchange.Query]*queryAccount
	closed   bool
	wg       sync.WaitGroup
}

// Resources are what all runs of a worker share.
type Resources struct {
	Files  *parquet.Cache
	Pool   *memory.Pool
	Ledger *memory.Ledger
	Hub    *exchange.Hub
}

// New makes a worker.
func New(name string, res Resources, system *cluster.System, log *slog.Logger) *Worker {
	return &Worker{Name: name, res: res, system: system, log: log, running: map[string]map[int]context.CancelCauseFunc{},
		accounts: map[*exchange.Query]*queryAccount{}}
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
	case *wire.Stop:
		w.stop(m.Query)
	}
}

func (w *Worker) start(m *wire.Run, from cluster.Address) {
	ctx, cancel := context.WithCancelCause(context.Background())
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		cancel(nil)
		w.system.Send(from, &wire.Failed{Query: m.Query, Worker: w.Name, Attempt: m.Attempt, Fragment: m.Fragment, Err: shuttingDown()})
		return
	}
	w.number++
	id := w.number
	if w.running[m.Query] == nil {
		w.running[m.Query] = map[int]context.CancelCauseFunc{}
	}
	w.running[m.Query][id] = cancel
	defer w.mu.Unlock()
	w.wg.Go(func() { // ends when the run does; Close waits for it
		stats, err := w.run(ctx, m)
		cancel(nil)
		w.mu.Lock()
		delete(w.running[m.Query], id)
		if len(w.running[m.Query]) == 0 {
			delete(w.running, m.Query)
		}
		w.mu.Unlock()
		if err != nil {
			w.system.Send(from, &wire.Failed{Query: m.Query, Worker: w.Name, Attempt: m.Attempt, Fragment: m.Fragment, Err: err})
			return
		}
		done := &wire.Done{Query: m.Query, Worker: w.Name, Attempt: m.Attempt, Fragment: m.Fragment, Stats: stats}
		for _, t := range m.Tasks {
			done.Tasks = append(done.Tasks, t.Index)
		}
		w.system.Send(from, done)
	})
}

func (w *Worker) run(ctx context.Context, m *wire.Run) (wire.Stats, error) {
	plan := m.Plan
	if m.Encoded != nil {
		var err error
		if plan, err = substrait.Unmarshal(m.Encoded); err != nil {
			return wire.Stats{}, sqlerr.Wrap(err, "worker %s", w.Name)
		}
	}
	query, err := w.res.Hub.Query(m.Query)
	if err != nil {
		return wire.Stats{}, err
	}
	account := w.enter(m.Query, query)
	defer w.leave(query, account)
	r := &run{res: w.res, message: m, plan: plan, query: query, account: account.Account}
	return r.execute(ctx)
}

func (w *Worker) stop(query string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, cancel := range w.running[query] {
		cancel(sqlerr.New(sqlerr.QueryCanceled, "query was cancelled"))
	}
}

// Close cancels all runs and waits for their end.
func (w *Worker) Close() {
	w.mu.Lock()
	for _, runs := range w.running {
		for _, cancel := range runs {
			cancel(shuttingDown())
		}
	}
	w.closed = true
	w.mu.Unlock()
	w.wg.Wait()
}

func shuttingDown() error {
	return sqlerr.New(sqlerr.AdminShutdown, "the worker is shutting down").WithHint("Run the query again.")
}
