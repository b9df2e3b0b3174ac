package coordinator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/distribute"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait"
)

// Worker is a worker that queries can be placed on.
type Worker struct {
	place.Member
	Address cluster.Address
}

// Config is what a coordinator needs of its process.
type Config struct {
	System  *cluster.System
	Hub     *exchange.Hub
	Process string           // its name; the workers of this process have it too
	Results Results          // nil: all workers are in this process
	Footers physical.Footers // says what row groups data files have
	// SplitBytes is from how many on a partition that has much more than others is divided;
	// 0: 8 MiB.
	SplitBytes int64
	// FewRows are so few that one task is quicker than several; 0: distribute.FewRows, and
	// none where every query is distributed.
	FewRows float64
	Limits  Limits
	Log     *slog.Logger
}

// Results reads what runs of root fragments give out in other processes.
type Results interface {
	// Open reads the result of an attempt from the exchange of a process. What it reads
	// lies in memory that is paid for.
	Open(peer, query string, attempt int) exchange.Source
}

// Coordinator places queries and follows them. It is an actor; Run may be called
// from any goroutine.
type Coordinator struct {
	Config
	self      cluster.Address
	registry  *registry
	admission *admission
	running   map[string]*following // only touched by Receive
	active    sync.Map              // IDs of queries that have not ended
	fetches   sync.WaitGroup        // of all queries
	asking    sync.WaitGroup
	stop      chan struct{} // closed by Close

	mu       sync.Mutex
	workers  []Worker                // by name
	states   map[string]*place.State // what workers have said of themselves
	whole    map[string]int          // queries that run whole, by worker
	draining bool
	closed   bool
	turn     atomic.Int64
	lastID   atomic.Int64
}

// following is a query that the actor follows.
type following struct {
	*Query
	workers []Worker // as they were when it was placed
	open    *exchange.Query
	fetches map[int]context.CancelFunc // by attempt
}

// New makes a coordinator and spawns its actor.
func New(c Config) (*Coordinator, error) {
	out := &Coordinator{Config: c, running: map[string]*following{}, stop: make(chan struct{}), states: map[string]*place.State{}, whole: map[string]int{}, registry: newRegistry(), admission: newAdmission(c.Limits)}
	self, err := c.System.Spawn(ActorName, out)
	out.self = self
	if err == nil && c.Results != nil {
		out.asking.Go(out.ask) // ends with Close, which waits
	}
	return out, err
}

// askEvery is how often workers of other processes are asked for their runs. With the
// time that a message waits to be acknowledged it bounds how long a query waits for what
// a network that was cut has lost.
const askEvery = 5 * time.Second

func (c *Coordinator) ask() {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-tick.C:
			c.System.Send(c.self, &askAll{})
		}
	}
}

// ActorName is the name of a coordinator in its process.
const ActorName = "coordinator"

// Join makes a worker known. Workers have an order that all coordinators share: that of
// their names.
func (c *Coordinator) Join(w Worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.workers = append(c.workers, w)
	slices.SortStableFunc(c.workers, func(a, b Worker) int { return strings.Compare(a.Name, b.Name) })
}

// Leave makes a worker unknown for queries to come. Those that it has a part in go on.
func (c *Coordinator) Leave(worker string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.workers = slices.DeleteFunc(c.workers, func(w Worker) bool { return w.Name == worker })
	delete(c.states, worker)
}

// Workers is how many are known.
func (c *Coordinator) Workers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.workers)
}

// Lost makes a worker unknown; what it had of queries is run again elsewhere.
func (c *Coordinator) Lost(worker string) {
	c.Leave(worker)
	c.System.Send(c.self, &WorkerLost{worker})
}

// Settings say how one query runs.
type Settings struct {
	Mode    place.Mode
	Encode  bool // fragments travel as Substrait even within the process
	Workers int  // use so many workers; 0: all
	Run     wire.Options

	User, Text string // for people
	Unlimited  bool   // it is let in at once: it asks the coordinator itself
}

// Running is a query that has been started.
type Running struct {
	ID     string
	Fields []expr.Field
	Plan   *fragment.Plan // as it runs
	result *exchange.Result
	c      *Coordinator
	leave  func() // says once that it has ended
}

// started and ended are messages of the coordinator to its own actor.
type started struct{ query *following }
type ended struct {
	id  string
	err error
}

// drained is that a fetch has come to its end.
type drained struct {
	id      string
	attempt int
}

// closing ends all queries, askAll has them ask for their runs.
type (
	closing struct{}
	askAll  struct{}
)

// Run places a plan and starts it; it waits, until ctx ends, while too many run. The caller
// reads the result and closes it.
func (c *Coordinator) Run(ctx context.Context, root physical.Node, fields []expr.Field, s Settings) (*Running, error) {
	id := c.newID()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.registry.add(Info{ID: id, User: s.User, Text: s.Text}, cancel)
	leave := func() {}
	if !s.Unlimited {
		if err := c.admission.enter(ctx, s.User); err != nil {
			c.registry.end(id, err)
			return nil, err
		}
		leave = sync.OnceFunc(func() { c.admission.leave(s.User) })
	}
	r, err := c.run(id, root, fields, s)
	if err != nil {
		leave()
		c.registry.end(id, err)
		return nil, err
	}
	ended := r.leave
	r.leave = func() { ended(); leave() }
	return r, nil
}

func (c *Coordinator) run(id string, root physical.Node, fields []expr.Field, s Settings) (*Running, error) {
	workers := c.choose(s)
	if len(workers) == 0 {
		return nil, sqlerr.New(sqlerr.WorkerLost, "the cluster has no worker").WithHint("Start one with skein serve --role worker --join …")
	}
	members := members(workers)
	whole := place.Whole(s.Mode, root, members, c.Footers)
	p := Placed{ID: id, Process: c.Process, SplitBytes: c.SplitBytes, Members: members, Options: s.Run, Plan: c.cut(root, members, s.Mode, whole),
		Whole: whole, Repeatable: !whole && !physical.Volatile(root)}
	if s.Encode {
		p.Encode = substrait.Marshal
	}
	tasks := 1
	if whole {
		p.Worker = c.wholeOn(members, root)
	} else {
		if err := fragment.Check(p.Plan); err != nil {
			return nil, sqlerr.New(sqlerr.InternalError, "a bug in Skein: the plan is cut wrongly: %v", err)
		}
		p.Partitions = distribute.Partitions(len(workers))
		tasks = 0
		for _, f := range p.Plan.Fragments {
			p.Tasks = append(p.Tasks, place.Tasks(f, members, p.Partitions, c.Footers))
			tasks += len(p.Tasks[f.ID])
		}
	}
	c.registry.change(id, func(i *Info) {
		i.State, i.Started, i.Whole, i.Tasks, i.Plan = Executing, time.Now(), whole, tasks, p.Plan
		for w, m := range members {
			if !whole || w == p.Worker {
				i.Workers = append(i.Workers, m.Name)
			}
		}
	})
	open, err := c.start(p, workers)
	if err != nil {
		return nil, err
	}
	leave := func() {}
	if whole {
		leave = c.runsWhole(members[p.Worker].Name)
	}
	return &Running{ID: p.ID, Fields: fields, Plan: p.Plan, result: open.Result, c: c, leave: leave}, nil
}

// newID names a query, uniquely among those of all coordinators.
func (c *Coordinator) newID() string {
	id := fmt.Sprintf("q%d", c.lastID.Add(1))
	if c.Results == nil {
		return id
	}
	return fmt.Sprintf("%s-%x-%s", c.Process, c.System.Incarnation(), id)
}

// start hands a query to the actor, unless that has been closed.
func (c *Coordinator) start(p Placed, workers []Worker) (*exchange.Query, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.draining {
		return nil, shuttingDown()
	}
	open := c.Hub.Open(p.ID, nil)
	if !p.Repeatable {
		open.Result.Unrepeatable()
	}
	c.active.Store(p.ID, struct{}{})
	c.System.Send(c.self, &started{&following{NewQuery(p), workers, open, map[int]context.CancelFunc{}}})
	return open, nil
}

// Fragments is a plan as it would run: cut at exchanges when it is distributed.
func (c *Coordinator) Fragments(root physical.Node, s Settings) *fragment.Plan {
	members := members(c.choose(s))
	return c.cut(root, members, s.Mode, len(members) == 0 || place.Whole(s.Mode, root, members, c.Footers))
}

func (c *Coordinator) cut(root physical.Node, members []place.Member, mode place.Mode, whole bool) *fragment.Plan {
	if whole {
		return &fragment.Plan{Fragments: []*fragment.Fragment{{Root: root}}}
	}
	o := distribute.Options{Workers: len(members), Footers: c.Footers, FewRows: c.FewRows}
	if o.FewRows == 0 && mode != place.Always {
		o.FewRows = distribute.FewRows
	}
	return fragment.Cut(distribute.Distribute(root, o))
}

// choose are the workers a query may use.
func (c *Coordinator) choose(s Settings) []Worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.workers)
	if s.Workers > 0 {
		n = min(n, s.Workers)
	}
	out := slices.Clone(c.workers[:n])
	for i := range out {
		out[i].State = c.states[out[i].Name]
	}
	return out
}

func members(workers []Worker) []place.Member {
	out := make([]place.Member, len(workers))
	for i := range workers {
		out[i] = workers[i].Member
	}
	return out
}

// Receive follows the queries; it never blocks.
func (c *Coordinator) Receive(_ cluster.Address, message any) {
	if e, ok := message.(*cluster.Envelope); ok { // from another process
		message = e.Message
	}
	switch m := message.(type) {
	case *started:
		c.running[m.query.p.ID] = m.query
		c.step(m.query.p.ID, Start{})
	case *ended:
		c.step(m.id, Cancel{Err: m.err})
		c.Hub.Close(m.id, m.err)
	case *closing:
		for _, id := range slices.Sorted(maps.Keys(c.running)) {
			c.step(id, Cancel{shuttingDown()})
		}
		c.Hub.CloseAll(shuttingDown())
	case *WorkerLost:
		for _, id := range slices.Sorted(maps.Keys(c.running)) {
			c.step(id, *m)
		}
	case *askAll:
		for _, id := range slices.Sorted(maps.Keys(c.running)) {
			c.step(id, Ask{})
		}
	case *drained:
		c.step(m.id, Drained{m.attempt})
	case *wire.Report:
		c.heard(m)
	case *observe:
		m.loads <- c.observe()
	case *wire.Done:
		c.measured(m)
		c.step(m.Query, m)
	case *wire.Failed:
		c.step(m.Query, m)
	case *cluster.Undelivered:
		if f := undelivered(m); f != nil {
			c.step(f.Query, f)
		}
	}
}

// measured adds what a run in another process has counted to the query's profile.
func (c *Coordinator) measured(m *wire.Done) {
	q := c.running[m.Query]
	if q == nil || q.p.Options.Profile == nil || m.Stats.Nodes == nil || m.Fragment < 0 || m.Fragment >= len(q.p.Plan.Fragments) {
		return
	}
	q.p.Options.Profile.Import(q.p.Plan.Fragments[m.Fragment].Root, m.Stats.Nodes)
}

// step tells a query what happened, if it still runs.
func (c *Coordinator) step(id string, e Event) {
	if q := c.running[id]; q != nil {
		effects := q.Step(e)
		c.registry.change(id, func(i *Info) {
			i.Fragments = q.progress()
			i.Runs, i.Lost = q.attempts, len(q.p.Members)-len(q.members)
			i.Done, i.Tasks = 0, 0
			for _, f := range i.Fragments {
				i.Done += f.Done
				i.Tasks += f.Tasks
			}
		})
		c.perform(q, effects)
	}
}

// undelivered is the failure of a run that has not reached its worker, or of which
// nobody knows whether it has; nil for other messages, on which nothing depends.
func undelivered(u *cluster.Undelivered) *wire.Failed {
	run, ok := u.Message.(*wire.Run)
	if !ok {
		return nil
	}
	worker := u.To.Name()
	f := &wire.Failed{Query: run.Query, Worker: worker, Attempt: run.Attempt, Fragment: run.Fragment}
	if errors.Is(u.Err, cluster.ErrUnreachable) {
		f.Err = sqlerr.New(sqlerr.WorkerLost, "worker %s: %v", worker, u.Err).WithHint("Run the query again.")
	} else {
		f.Err = sqlerr.Wrap(u.Err, "worker %s", worker)
	}
	return f
}

// perform carries out effects.
func (c *Coordinator) perform(q *following, effects []Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case Send:
			if run, ok := e.Message.(*wire.Run); ok && run.Attempt > 1 {
				c.Log.Debug("run", "query", q.p.ID, "worker", e.Worker, "fragment", run.Fragment, "attempt", run.Attempt, "tasks", len(run.Tasks))
			}
			c.System.Send(q.worker(e.Worker).Address, &cluster.Envelope{From: c.self, Message: e.Message})
		case Fetch:
			c.fetch(q, q.worker(e.Worker).Peer, e.Attempt)
		case Drop:
			q.drop(e.Attempt)
		case Unrepeatable:
			q.open.Result.Unrepeatable()
		case Complete:
			if edge, err := q.open.Edge(e.Edge); err == nil {
				edge.Complete()
			}
		case Free:
			q.open.Free(e.Edge)
		case Finish:
			q.open.Result.Finish(e.Err)
			c.Log.Debug("a query has ended", "query", q.p.ID, "runs", q.attempts, "error", e.Err)
			c.registry.end(q.p.ID, e.Err)
			delete(c.running, q.p.ID)
			c.active.Delete(q.p.ID)
		}
	}
}

// worker is one of the query's workers.
func (q *following) worker(name string) Worker {
	for _, w := range q.workers {
		if w.Name == name {
			return w
		}
	}
	return Worker{}
}

// Close ends all queries and frees what they hold; no new ones are taken.
func (c *Coordinator) Close() {
	c.mu.Lock()
	again := c.closed
	c.closed = true
	c.mu.Unlock()
	if !again {
		close(c.stop)
	}
	c.asking.Wait()
	c.System.Send(c.self, &closing{})
	c.System.Stop(c.self)
	c.fetches.Wait()
}

func shuttingDown() error {
	return sqlerr.New(sqlerr.AdminShutdown, "the cluster is shutting down")
}

// Cancel ends a query by its ID; ending one that is over does nothing.
func (c *Coordinator) Cancel(id string, err error) { c.System.Send(c.self, &ended{id, err}) }

// CancelRunning ends a query for its user; false when no such query runs.
func (c *Coordinator) CancelRunning(id string) bool {
	if c.registry.stop(id, sqlerr.New(sqlerr.QueryCanceled, "query was cancelled")) {
		return true
	}
	if _, ok := c.active.Load(id); !ok {
		return false
	}
	c.Cancel(id, sqlerr.New(sqlerr.QueryCanceled, "query was cancelled"))
	return true
}

// Result is where the query's batches arrive.
func (r *Running) Result() *exchange.Result { return r.result }

// Close ends the query if it still runs and frees what it holds.
func (r *Running) Close() {
	r.leave()
	r.result.Close()
	r.c.Cancel(r.ID, context.Canceled)
}
