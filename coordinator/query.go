package coordinator

import (
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// Event is something that happened to a query: Start, wire.Done, wire.Failed,
// WorkerLost or Cancel.
type Event interface{}

// Start begins the query.
type Start struct{}

// WorkerLost says that a worker is gone.
type WorkerLost struct{ Worker string }

// Cancel ends the query from outside.
type Cancel struct{ Err error }

// Effect is something to be done: Send, Complete or Finish.
type Effect interface{}

// Send sends a message to a worker.
type Send struct {
	Worker  string
	Message any
}

// Complete says that an edge gets no more pieces.
type Complete struct{ Edge int }

// Finish ends the result, with an error unless Err is nil. It is a query's last
// effect.
type Finish struct{ Err error }

// Placed is a query ready to run: its fragments with their tasks dealt out.
type Placed struct {
	ID         string
	Plan       *fragment.Plan
	Members    []place.Member
	Tasks      [][]wire.Task // by fragment
	Partitions int           // of partitioned edges
	Whole      bool          // one fragment, run whole by Members[Worker] with Threads
	Worker     int
	Threads    int
	Options    wire.Options
	Encode     func(physical.Node) ([]byte, error) // nil: plans are handed over as they are
}

// Query is the state of a running query.
type Query struct {
	p        Placed
	started  []bool
	left     []map[int]bool // by fragment: tasks that are not done
	involved map[string]bool
	ended    bool
}

// NewQuery is the state of a query that has not started.
func NewQuery(p Placed) *Query {
	q := &Query{p: p, started: make([]bool, len(p.Plan.Fragments)), involved: map[string]bool{}}
	for _, tasks := range p.Tasks {
		left := map[int]bool{}
		for _, t := range tasks {
			left[t.Index] = true
		}
		q.left = append(q.left, left)
	}
	return q
}

// Step takes an event and gives what is to be done about it, in order.
func (q *Query) Step(e Event) []Effect {
	if q.ended {
		return nil
	}
	switch e := e.(type) {
	case Start:
		return q.ready()
	case *wire.Done:
		return q.done(e)
	case *wire.Failed:
		return q.end(e.Err)
	case WorkerLost:
		if q.involved[e.Worker] {
			return q.end(sqlerr.New(sqlerr.WorkerLost, "worker %s was lost while the query ran", e.Worker).WithHint("Run the query again."))
		}
	case Cancel:
		return q.end(e.Err)
	}
	return nil
}

func (q *Query) done(d *wire.Done) []Effect {
	if q.p.Whole {
		return q.end(nil)
	}
	left := q.left[d.Fragment]
	if len(left) == 0 {
		return nil
	}
	for _, t := range d.Tasks {
		delete(left, t)
	}
	if len(left) > 0 {
		return nil
	}
	f := q.p.Plan.Fragments[d.Fragment]
	if len(f.Outputs) == 0 {
		return q.end(nil)
	}
	var out []Effect
	for _, e := range f.Outputs {
		out = append(out, Complete{Edge: e})
	}
	return append(out, q.ready()...)
}

// ready starts every fragment whose inputs are complete.
func (q *Query) ready() []Effect {
	if q.p.Whole {
		w := q.p.Members[q.p.Worker]
		q.involved[w.Name] = true
		return q.send(w.Name, &wire.Run{Whole: true, Threads: q.p.Threads, Scan: -1}, q.p.Plan.Fragments[0])
	}
	var out []Effect
	for i, f := range q.p.Plan.Fragments {
		if q.started[i] || !q.complete(f) {
			continue
		}
		q.started[i] = true
		out = append(out, q.run(f)...)
	}
	return out
}

func (q *Query) complete(f *fragment.Fragment) bool {
	for _, e := range f.Inputs {
		if len(q.left[q.p.Plan.Edges[e].From]) > 0 {
			return false
		}
	}
	return true
}

// run deals the tasks of a fragment out to the members.
func (q *Query) run(f *fragment.Fragment) []Effect {
	var out []Effect
	for m, tasks := range place.Assign(q.p.Tasks[f.ID], q.p.Members) {
		if len(tasks) == 0 {
			continue
		}
		w := q.p.Members[m]
		q.involved[w.Name] = true
		run := &wire.Run{Fragment: f.ID, Threads: w.Threads, Tasks: tasks, Scan: -1}
		if f.Driver == fragment.Morsels {
			run.Scan = 0
		}
		for _, id := range f.Outputs {
			e := q.p.Plan.Edges[id]
			run.Outputs = append(run.Outputs, wire.OutputEdge{Edge: id, Partitions: q.partitions(e),
				Exchange: &physical.Exchange{Kind: e.Kind, Keys: e.Keys}})
		}
		out = append(out, q.send(w.Name, run, f)...)
	}
	return out
}

func (q *Query) partitions(e *fragment.Edge) int { return EdgePartitions(e, q.p.Partitions) }

// EdgePartitions is the number of partitions of an edge.
func EdgePartitions(e *fragment.Edge, partitions int) int {
	if e.Kind == physical.HashSplit || e.Kind == physical.RoundRobin {
		return partitions
	}
	return 1
}

func (q *Query) send(worker string, run *wire.Run, f *fragment.Fragment) []Effect {
	run.Query, run.Plan, run.Options = q.p.ID, f.Root, q.p.Options
	if q.p.Encode != nil {
		encoded, err := q.p.Encode(f.Root)
		if err != nil {
			return q.end(err)
		}
		run.Plan, run.Encoded = nil, encoded
	}
	return []Effect{Send{Worker: worker, Message: run}}
}

// end stops every worker that has a part of the query and finishes the result.
func (q *Query) end(err error) []Effect {
	q.ended = true
	var out []Effect
	if err != nil {
		for _, m := range q.p.Members {
			if q.involved[m.Name] {
				out = append(out, Send{Worker: m.Name, Message: &wire.Stop{Query: q.p.ID}})
			}
		}
	}
	return append(out, Finish{Err: err})
}
