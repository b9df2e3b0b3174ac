package coordinator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

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

// Coordinator places queries and follows them. It is an actor; Run may be called
// from any goroutine.
type Coordinator struct {
	system  *cluster.System
	hub     *exchange.Hub
	footers physical.Footers
	log     *slog.Logger
	self    cluster.Address

	mu      sync.Mutex
	workers []Worker
	closed  bool
	turn    atomic.Int64
	lastID  atomic.Int64
	running map[string]*Query // only touched by Receive
	active  sync.Map          // IDs of queries that have not ended
}

// New makes a coordinator and spawns its actor. footers says what row groups data
// files have.
func New(system *cluster.System, hub *exchange.Hub, footers physical.Footers, log *slog.Logger) (*Coordinator, error) {
	c := &Coordinator{system: system, hub: hub, footers: footers, log: log, running: map[string]*Query{}}
	self, err := system.Spawn("coordinator", c)
	c.self = self
	return c, err
}

// Join makes a worker known.
func (c *Coordinator) Join(w Worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.workers = append(c.workers, w)
}

// Lost makes a worker unknown and ends the queries that it has a part in.
func (c *Coordinator) Lost(worker string) {
	c.mu.Lock()
	c.workers = slices.DeleteFunc(c.workers, func(w Worker) bool { return w.Name == worker })
	c.mu.Unlock()
	c.system.Send(c.self, &WorkerLost{worker})
}

// Settings say how one query runs.
type Settings struct {
	Mode    place.Mode
	Encode  bool // fragments travel as Substrait even within the process
	Workers int  // use so many workers; 0: all
	Run     wire.Options
}

// Running is a query that has been started.
type Running struct {
	ID     string
	Fields []expr.Field
	Plan   *fragment.Plan // as it runs
	result *exchange.Result
	c      *Coordinator
}

// started and ended are messages of the coordinator to its own actor.
type started struct{ query *Query }
type ended struct {
	id  string
	err error
}

// closing ends all queries.
type closing struct{}

// Run places a plan and starts it. The caller reads the result and closes it.
func (c *Coordinator) Run(root physical.Node, fields []expr.Field, s Settings) (*Running, error) {
	workers := c.members(s)
	if len(workers) == 0 {
		return nil, sqlerr.New(sqlerr.WorkerLost, "the cluster has no worker")
	}
	p := Placed{ID: fmt.Sprintf("q%d", c.lastID.Add(1)), Members: workers, Options: s.Run, Plan: c.Fragments(root, s)}
	if s.Encode {
		p.Encode = substrait.Marshal
	}
	if place.Whole(s.Mode, workers) {
		p.Whole = true
		p.Worker = int(c.turn.Add(1)) % len(workers)
		p.Threads = place.Lent(workers, p.Worker)
	} else {
		if err := fragment.Check(p.Plan); err != nil {
			return nil, sqlerr.New(sqlerr.InternalError, "a bug in Skein: the plan is cut wrongly: %v", err)
		}
		p.Partitions = 2 * len(workers)
		for _, f := range p.Plan.Fragments {
			p.Tasks = append(p.Tasks, place.Tasks(f, workers, p.Partitions, c.footers))
		}
	}
	edges := map[int]*exchange.Edge{}
	for _, e := range p.Plan.Edges {
		edges[e.ID] = exchange.NewEdge(EdgePartitions(e, p.Partitions), e.Kind == physical.Broadcast)
	}
	open, err := c.start(p, edges)
	if err != nil {
		return nil, err
	}
	return &Running{ID: p.ID, Fields: fields, Plan: p.Plan, result: open.Result, c: c}, nil
}

// start hands a query to the actor, unless that has been closed.
func (c *Coordinator) start(p Placed, edges map[int]*exchange.Edge) (*exchange.Query, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, shuttingDown()
	}
	open := c.hub.Open(p.ID, edges)
	c.active.Store(p.ID, struct{}{})
	c.system.Send(c.self, &started{NewQuery(p)})
	return open, nil
}

// Fragments is a plan as it would run: cut at exchanges when it is distributed.
func (c *Coordinator) Fragments(root physical.Node, s Settings) *fragment.Plan {
	workers := c.members(s)
	if len(workers) == 0 || place.Whole(s.Mode, workers) {
		return &fragment.Plan{Fragments: []*fragment.Fragment{{Root: root}}}
	}
	return fragment.Cut(distribute.Distribute(root, len(workers), c.footers))
}

// members are the workers a query may use.
func (c *Coordinator) members(s Settings) []place.Member {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.workers)
	if s.Workers > 0 {
		n = min(n, s.Workers)
	}
	out := make([]place.Member, n)
	for i := range out {
		out[i] = c.workers[i].Member
	}
	return out
}

// Receive follows the queries; it never blocks.
func (c *Coordinator) Receive(_ cluster.Address, message any) {
	switch m := message.(type) {
	case *started:
		c.running[m.query.p.ID] = m.query
		c.perform(m.query, m.query.Step(Start{}))
	case *ended:
		if q := c.running[m.id]; q != nil {
			c.perform(q, q.Step(Cancel{Err: m.err}))
		}
		c.hub.Close(m.id, m.err)
	case *closing:
		for _, id := range slices.Sorted(maps.Keys(c.running)) {
			q := c.running[id]
			c.perform(q, q.Step(Cancel{shuttingDown()}))
		}
		c.hub.CloseAll(shuttingDown())
	case *WorkerLost:
		for _, id := range slices.Sorted(maps.Keys(c.running)) {
			q := c.running[id]
			c.perform(q, q.Step(*m))
		}
	case *wire.Done:
		if q := c.running[m.Query]; q != nil {
			c.perform(q, q.Step(m))
		}
	case *wire.Failed:
		if q := c.running[m.Query]; q != nil {
			c.perform(q, q.Step(m))
		}
	case *cluster.Undelivered:
		if f := undelivered(m); f != nil && c.running[f.Query] != nil {
			q := c.running[f.Query]
			c.perform(q, q.Step(f))
		}
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
func (c *Coordinator) perform(q *Query, effects []Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case Send:
			c.system.Send(c.address(e.Worker), &cluster.Envelope{From: c.self, Message: e.Message})
		case Complete:
			if edge := c.edge(q.p.ID, e.Edge); edge != nil {
				edge.Complete()
			}
		case Free:
			if edge := c.edge(q.p.ID, e.Edge); edge != nil {
				edge.Close(sqlerr.New(sqlerr.InternalError, "edge %d of query %s has been freed", e.Edge, q.p.ID))
			}
		case Finish:
			if open, err := c.hub.Query(q.p.ID); err == nil {
				open.Result.Finish(e.Err)
			}
			delete(c.running, q.p.ID)
			c.active.Delete(q.p.ID)
		}
	}
}

// edge is an edge of a query; nil when the query has been closed.
func (c *Coordinator) edge(query string, id int) *exchange.Edge {
	open, err := c.hub.Query(query)
	if err != nil {
		return nil
	}
	edge, err := open.Edge(id)
	if err != nil {
		return nil
	}
	return edge
}

func (c *Coordinator) address(worker string) cluster.Address {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.workers {
		if w.Name == worker {
			return w.Address
		}
	}
	return cluster.Address{}
}

// Close ends all queries and frees what they hold; no new ones are taken.
func (c *Coordinator) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.system.Send(c.self, &closing{})
	c.system.Stop(c.self)
}

func shuttingDown() error {
	return sqlerr.New(sqlerr.AdminShutdown, "the cluster is shutting down")
}

// Cancel ends a query by its ID; ending one that is over does nothing.
func (c *Coordinator) Cancel(id string, err error) { c.system.Send(c.self, &ended{id, err}) }

// CancelRunning ends a query for its user; false when no such query runs.
func (c *Coordinator) CancelRunning(id string) bool {
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
	r.result.Close()
	r.c.Cancel(r.ID, context.Canceled)
}
