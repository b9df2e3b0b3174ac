package coordinator

import (
	"errors"
	"maps"
	"slices"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// Event is something that happened to a query: Start, wire.Done, wire.Failed, Drained,
// WorkerLost, Ask or Cancel.
type Event interface{}

// Start begins the query.
type Start struct{}

// Drained says that everything that a run of the root fragment in another process has
// given out is with the reader of the result.
type Drained struct{ Attempt int }

// WorkerLost says that a worker is gone.
type WorkerLost struct{ Worker string }

// Ask has the workers asked whether they are still at their runs: what they have said of
// one may be lost, if the network was cut.
type Ask struct{}

// Cancel ends the query from outside.
type Cancel struct{ Err error }

// Effect is something to be done: Send, Fetch, Drop, Complete, Free or Finish.
type Effect interface{}

// Send sends a message to a worker.
type Send struct {
	Worker  string
	Message any
}

// Fetch begins to read what a run of the root fragment in another process gives out;
// Drop ends that.
type (
	Fetch struct {
		Worker  string
		Attempt int
	}
	Drop struct{ Attempt int }
	// Unrepeatable says to the result that another run may give other rows, or in
	// another order.
	Unrepeatable struct{}
)

// Complete says that an edge in this process gets no more pieces.
type Complete struct{ Edge int }

// Free says that nobody will read an edge in this process any more.
type Free struct{ Edge int }

// Finish ends the result, with an error unless Err is nil. It is a query's last
// effect.
type Finish struct{ Err error }

// Placed is a query ready to run: its fragments with their tasks dealt out.
type Placed struct {
	ID         string
	Process    string // the coordinator's
	Plan       *fragment.Plan
	Members    []place.Member
	Tasks      [][]wire.Task // by fragment; none when Whole
	Partitions int           // of partitioned edges
	SplitBytes int64         // from how many on a partition may be divided; 0: defaultSplitBytes
	Whole      bool          // one fragment, run whole by Members[Worker]
	Worker     int
	// Repeatable says that a task that is run again gives the same rows in the same
	// order. Where it is not so the loss of a part voids the whole.
	Repeatable bool
	Options    wire.Options
	Encode     func(physical.Node) ([]byte, error) // nil: plans are handed over as they are
}

// Query is the state of a running query.
type Query struct {
	p         Placed
	members   []place.Member // those that are not lost
	begun     bool
	ended     bool
	fragments []fragmentState
	freed     []bool // by edge: its pieces are gone, the consumer had them all
	runs      map[int]*running
	attempts  int
	failures  int  // runs that failed because a peer was lost
	again     bool // what was lost has been run again
	involved  map[string]bool
	encoded   [][]byte // by fragment, once encoded
	loads     []load   // by edge
}

// fragmentState is how far a fragment is.
type fragmentState struct {
	tasks      []taskState
	count      [3]int // of tasks, by status
	first      int    // no task before it waits
	generation int    // counts how often its edges had to be begun anew
	sealed     bool   // all its tasks are, and its edges have been told
	divided    bool   // its partitions have been looked at
	dealing    dealing
}

// dealing is what is known of a fragment while its tasks are given out, so that an event
// costs no look at all workers. It is empty when something has been lost.
type dealing struct {
	begun   bool             // all members have been looked at: idle are the others
	guided  bool             // bit by bit
	threads int              // of all members
	index   map[string]int   // of members, by name
	at      map[string]int   // runs by worker
	idle    []string         // workers without a run, some perhaps no members any more
	inputs  []wire.InputEdge // nil: not known
	reads   map[string]bool
}

// begin and over take note of a run.
func (q *Query) begin(r *running) {
	q.runs[r.attempt] = r
	d := &q.fragments[r.fragment].dealing
	if d.at == nil {
		d.at = map[string]int{}
	}
	d.at[r.worker]++
}

func (q *Query) over(r *running) {
	delete(q.runs, r.attempt)
	d := &q.fragments[r.fragment].dealing
	if d.at[r.worker]--; d.at[r.worker] == 0 {
		delete(d.at, r.worker)
		d.idle = append(d.idle, r.worker)
	}
}

// relearn forgets what is known of where tasks go and come from: that has changed.
func (q *Query) relearn() {
	for i := range q.fragments {
		q.fragments[i].dealing = dealing{at: q.fragments[i].dealing.at}
	}
}

// set changes the state of a task.
func (f *fragmentState) set(task int, to taskState) {
	f.count[f.tasks[task].status]--
	f.count[to.status]++
	f.tasks[task] = to
	if to.status == waiting {
		f.first = min(f.first, task)
	}
}

// whole reports whether all tasks are sealed.
func (f *fragmentState) whole() bool { return f.count[sealed] == len(f.tasks) }

// taskState is where a task is: it waits, runs, or is sealed, or delivered when it is of
// the root.
type taskState struct {
	status     status
	worker     string // that runs it or has its pieces
	generation int    // that its pieces are of
}

type status uint8

const (
	waiting status = iota
	busy
	sealed
)

// running is a Run that has been sent.
type running struct {
	attempt  int
	worker   string
	fragment int
	tasks    []int // positions
	reads    map[string]bool
	far      bool // of the root in another process: ended when done and drained
	done     bool
	drained  bool
	sent     []wire.Sent
}

// NewQuery is the state of a query that has not started.
func NewQuery(p Placed) *Query {
	q := &Query{p: p, members: slices.Clone(p.Members), fragments: make([]fragmentState, len(p.Plan.Fragments)),
		freed: make([]bool, len(p.Plan.Edges)), runs: map[int]*running{}, involved: map[string]bool{}, encoded: make([][]byte, len(p.Plan.Fragments)), loads: make([]load, len(p.Plan.Edges))}
	if p.Whole { // as if it were one task
		q.p.Tasks = [][]wire.Task{{{}}}
	}
	for f, tasks := range q.p.Tasks {
		q.fragments[f].tasks, q.fragments[f].count[waiting] = make([]taskState, len(tasks)), len(tasks)
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
		return q.schedule()
	case *wire.Done:
		if r := q.runs[e.Attempt]; r != nil && r.fragment == e.Fragment {
			r.done, r.sent = true, e.Stats.Sent
			if e.Stats.Reordered && q.p.Repeatable {
				return q.reordered(r)
			}
			return q.ran(r)
		}
	case Drained:
		if r := q.runs[e.Attempt]; r != nil {
			r.drained = true
			return q.ran(r)
		}
	case *wire.Failed:
		if r := q.runs[e.Attempt]; r != nil && r.fragment == e.Fragment {
			return q.failed(r, e)
		}
	case WorkerLost:
		return q.lost(e.Worker)
	case Ask:
		return q.ask()
	case Cancel:
		return q.end(e.Err)
	}
	return nil
}

// ask asks for every run in another process that has not been said to be done.
func (q *Query) ask() (out []Effect) {
	for _, attempt := range slices.Sorted(maps.Keys(q.runs)) {
		r := q.runs[attempt]
		if m, there := q.member(r.worker); there && q.far(m) && !r.done {
			out = append(out, Send{Worker: r.worker, Message: &wire.Check{Query: q.p.ID, Attempt: attempt, Fragment: r.fragment}})
		}
	}
	return out
}

// ran takes a run that has come to its end, if it has.
func (q *Query) ran(r *running) []Effect {
	if !r.done || r.far && !r.drained {
		return nil
	}
	q.over(r)
	q.weigh(r.sent)
	f := &q.fragments[r.fragment]
	for _, t := range r.tasks {
		f.set(t, taskState{sealed, r.worker, f.generation})
	}
	return q.schedule()
}

// failed ends the query, unless the run failed because a worker is gone: the one that
// it read from, or its own.
func (q *Query) failed(r *running, e *wire.Failed) []Effect {
	code := sqlerr.CodeOf(e.Err)
	gone := r.worker
	switch {
	case errors.Is(e.Err, exchange.ErrUnrepeatable):
		return q.end(e.Err)
	case e.Lost != "":
		gone = ""
		if i := slices.IndexFunc(q.members, func(m place.Member) bool { return m.Peer == e.Lost }); i >= 0 {
			gone = q.members[i].Name
		}
	case code != sqlerr.WorkerLost && code != sqlerr.AdminShutdown:
		return q.end(e.Err)
	}
	if q.failures++; q.failures > 4*len(q.p.Members) {
		return q.end(e.Err)
	}
	out := q.giveUp(r, false)
	if gone == "" {
		return append(out, q.schedule()...)
	}
	return append(out, q.lost(gone)...)
}

// end stops every worker that may still run a part of the query, or has a part of it in
// another process, and finishes the result.
func (q *Query) end(err error) []Effect {
	q.ended = true
	var out []Effect
	for _, attempt := range slices.Sorted(maps.Keys(q.runs)) {
		if q.runs[attempt].far {
			out = append(out, Drop{attempt})
		}
	}
	for _, m := range q.members {
		if q.involved[m.Name] && (err != nil || q.far(m)) {
			out = append(out, Send{Worker: m.Name, Message: &wire.Stop{Query: q.p.ID}})
		}
	}
	return append(out, Finish{Err: err})
}

// far reports whether a member is in another process than the coordinator.
func (q *Query) far(m place.Member) bool { return m.Process != q.p.Process }

// member is a member that is not lost, by its name.
func (q *Query) member(name string) (place.Member, bool) {
	i := slices.IndexFunc(q.members, func(m place.Member) bool { return m.Name == name })
	if i < 0 {
		return place.Member{}, false
	}
	return q.members[i], true
}
