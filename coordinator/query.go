package coordinator

import (
	"slices"

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

// Effect is something to be done: Send, Complete, Free or Finish.
type Effect interface{}

// Send sends a message to a worker.
type Send struct {
	Worker  string
	Message any
}

// Complete says that an edge gets no more pieces.
type Complete struct{ Edge int }

// Free says that nobody will read an edge any more.
type Free struct{ Edge int }

// Finish ends the result, with an error unless Err is nil. It is a query's last
// effect.
type Finish struct{ Err error }

// Placed is a query ready to run: its fragments with their tasks dealt out.
type Placed struct {
	ID         string
	Attempt    int // messages of other attempts are ignored
	Plan       *fragment.Plan
	Members    []place.Member
	Tasks      [][]wire.Task // by fragment; none when Whole
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
	members  []place.Member // those that are not lost
	begun    bool
	started  []bool         // by fragment
	left     []map[int]bool // by fragment: tasks that are not done
	involved map[string]bool
	ended    bool
}

// NewQuery is the state of a query that has not started.
func NewQuery(p Placed) *Query {
	q := &Query{p: p, members: slices.Clone(p.Members), started: make([]bool, len(p.Plan.Fragments)), involved: map[string]bool{}}
	if p.Whole { // as if it were one task
		q.p.Tasks = [][]wire.Task{{{}}}
	}
	for _, tasks := range q.p.Tasks {
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
		if q.begun {
			return nil
		}
		q.begun = true
		return q.ready()
	case *wire.Done:
		if q.current(e.Fragment, e.Attempt) {
			return q.done(e)
		}
	case *wire.Failed:
		if q.current(e.Fragment, e.Attempt) {
			return q.end(e.Err)
		}
	case WorkerLost:
		return q.lost(e.Worker)
	case Cancel:
		return q.end(e.Err)
	}
	return nil
}

// current reports whether a message is about something that runs now.
func (q *Query) current(fragment, attempt int) bool {
	return attempt == q.p.Attempt && fragment >= 0 && fragment < len(q.started) && q.started[fragment] && len(q.left[fragment]) > 0
}

func (q *Query) done(d *wire.Done) []Effect {
	left := q.left[d.Fragment]
	if q.p.Whole {
		return q.end(nil)
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
	for _, e := range f.Inputs {
		out = append(out, Free{Edge: e})
	}
	return append(out, q.ready()...)
}

// lost ends the query when a part of it ran on the worker: its pieces are gone.
// A worker that has no part gets none any more.
func (q *Query) lost(worker string) []Effect {
	i := slices.IndexFunc(q.members, func(m place.Member) bool { return m.Name == worker })
	if i < 0 {
		return nil
	}
	q.members = slices.Delete(q.members, i, i+1)
	if q.involved[worker] || len(q.members) == 0 {
		return q.end(sqlerr.New(sqlerr.WorkerLost, "worker %s was lost while the query ran", worker).WithHint("Run the query again."))
	}
	return nil
}

// ready starts every fragment whose inputs are complete.
func (q *Query) ready() []Effect {
	var out []Effect
	for i, f := range q.p.Plan.Fragments {
		if q.ended || q.started[i] || !q.complete(f) {
			continue
		}
		q.started[i] = true
		if q.p.Whole {
			run := &wire.Run{Whole: true, Threads: q.p.Threads, Scan: -1}
			return q.send(q.wholeOn(), run, f)
		}
		out = append(out, q.run(f)...)
	}
	return out
}

// wholeOn is the member that the whole query runs on: the one it was placed on, or
// any other when that is lost.
func (q *Query) wholeOn() string {
	if m := q.p.Members[q.p.Worker]; slices.Contains(q.members, m) {
		return m.Name
	}
	return q.members[0].Name
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
	for m, tasks := range place.Assign(f, q.p.Tasks[f.ID], q.members) {
		if len(tasks) == 0 || q.ended {
			continue
		}
		w := q.members[m]
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
	run.Query, run.Attempt, run.Plan, run.Options = q.p.ID, q.p.Attempt, f.Root, q.p.Options
	if q.p.Encode != nil {
		encoded, err := q.p.Encode(f.Root)
		if err != nil {
			return q.end(err)
		}
		run.Plan, run.Encoded = nil, encoded
	}
	q.involved[worker] = true
	return []Effect{Send{Worker: worker, Message: run}}
}

// end stops every worker that may still run a part of the query and finishes the
// result. After a success none does.
func (q *Query) end(err error) []Effect {
	q.ended = true
	var out []Effect
	if err != nil {
		for _, m := range q.members {
			if q.involved[m.Name] {
				out = append(out, Send{Worker: m.Name, Message: &wire.Stop{Query: q.p.ID}})
			}
		}
	}
	return append(out, Finish{Err: err})
}
