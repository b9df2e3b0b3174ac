package coordinator

import (
	"maps"
	"slices"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// schedule does what can be done now: it ends edges that are whole, frees those that
// nobody will read, and starts what is needed and has all its inputs.
func (q *Query) schedule() []Effect {
	root := len(q.fragments) - 1
	if q.fragments[root].whole() {
		return q.end(nil)
	}
	var out []Effect
	for i := range q.fragments {
		if f := &q.fragments[i]; f.whole() && !f.sealed {
			f.sealed = true
			out = append(out, q.seal(i)...)
		}
	}
	needed, effects := q.needed()
	out = append(out, effects...)
	for i, f := range q.p.Plan.Fragments {
		if needed[i] && q.fed(f) && !q.ended {
			out = append(out, q.start(f)...)
		}
	}
	return out
}

// progress is how far the fragments are.
func (q *Query) progress() []Progress {
	out := make([]Progress, len(q.fragments))
	for i := range q.fragments {
		out[i] = Progress{len(q.fragments[i].tasks), q.fragments[i].count[sealed]}
	}
	return out
}

// needed finds the fragments that have to run, from the root down: those with tasks that
// are not sealed and whose consumer is one of them. One whose pieces were freed, for its
// consumer had them all, has to run again when the consumer must. Producers stand
// before their consumers.
func (q *Query) needed() (needed []bool, out []Effect) {
	needed = make([]bool, len(q.fragments))
	needed[len(needed)-1] = true
	for i := len(needed) - 1; i >= 0; i-- {
		if !needed[i] || q.fragments[i].whole() {
			needed[i] = false
			continue
		}
		for _, e := range q.p.Plan.Fragments[i].Inputs {
			from := q.p.Plan.Edges[e].From
			if q.freed[e] {
				out = append(out, q.anew(from)...)
			}
			needed[from] = true
		}
	}
	return needed, out
}

// anew has all tasks of a fragment run again: all pieces of some output are gone.
func (q *Query) anew(fragment int) []Effect {
	var out []Effect
	for _, attempt := range slices.Sorted(maps.Keys(q.runs)) {
		if r := q.runs[attempt]; r.fragment == fragment { // it does not feed that output
			_, there := q.member(r.worker)
			out = append(out, q.giveUp(r, there)...)
		}
	}
	q.relearn()
	f := &q.fragments[fragment]
	f.generation++
	f.sealed = false
	for i := range f.tasks {
		f.set(i, taskState{})
	}
	for _, e := range q.p.Plan.Fragments[fragment].Outputs {
		q.freed[e] = false
	}
	return out
}

// fed reports whether everything that a fragment reads is sealed.
func (q *Query) fed(f *fragment.Fragment) bool {
	for _, e := range f.Inputs {
		if !q.fragments[q.p.Plan.Edges[e].From].sealed {
			return false
		}
	}
	return true
}

// seal says that a fragment's edges are whole, and that what it has read is not needed
// any more.
func (q *Query) seal(i int) []Effect {
	f := q.p.Plan.Fragments[i]
	out := q.everywhere(f.Outputs, func(edge int) Effect { return Complete{edge} },
		func(edges []int) any { return &wire.Sealed{Query: q.p.ID, Edges: edges} })
	var read []int
	for _, e := range f.Inputs {
		if !q.freed[e] {
			q.freed[e] = true
			read = append(read, e)
		}
	}
	return append(out, q.everywhere(read, func(edge int) Effect { return Free{edge} },
		func(edges []int) any { return &wire.Free{Query: q.p.ID, Edges: edges} })...)
}

// everywhere does something to edges in all processes that have pieces of them.
func (q *Query) everywhere(edges []int, here func(edge int) Effect, there func(edges []int) any) []Effect {
	var out []Effect
	of := map[string][]int{}
	did := map[int]bool{}
	live := map[string]place.Member{}
	for _, m := range q.members {
		live[m.Name] = m
	}
	for _, e := range edges {
		for _, p := range q.places(e) {
			switch m, ok := live[p.worker]; {
			case ok && q.far(m):
				of[m.Name] = append(of[m.Name], p.edge)
			case ok && !did[p.edge]:
				did[p.edge] = true
				out = append(out, here(p.edge))
			}
		}
	}
	for _, m := range q.members {
		if ids := of[m.Name]; ids != nil {
			out = append(out, Send{Worker: m.Name, Message: there(ids)})
		}
	}
	return out
}

// placed is an edge as a worker that has pieces of it names it.
type placed struct {
	edge   int
	worker string
}

// places are where the pieces of an edge are, each once, in the order of tasks.
func (q *Query) places(e int) []placed {
	var out []placed
	seen := map[placed]bool{}
	for _, t := range q.fragments[q.p.Plan.Edges[e].From].tasks {
		p := placed{q.generated(e, t.generation), t.worker}
		if t.status == sealed && !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

// generated is how workers name an edge of a generation.
func (q *Query) generated(e, generation int) int { return e + generation*len(q.p.Plan.Edges) }

// start deals the tasks of a fragment that wait out to the members.
func (q *Query) start(f *fragment.Fragment) []Effect {
	if q.p.Whole {
		if q.fragments[0].tasks[0].status != waiting {
			return nil
		}
		w := q.wholeOn()
		return q.send(f, q.members[w], []int{0}, &wire.Run{Whole: true, Threads: place.Lent(q.members, w), Scan: -1}, nil)
	}
	q.divide(f)
	if q.fragments[f.ID].count[waiting] == 0 {
		return nil
	}
	var out []Effect
	d := &q.fragments[f.ID].dealing
	if d.reads == nil {
		d.inputs, d.reads = q.inputs(f)
	}
	inputs, reads := d.inputs, d.reads
	outputs := q.outputs(f)
	for _, s := range q.deal(f) {
		m, tasks := s.member, s.tasks
		if len(tasks) == 0 || q.ended {
			continue
		}
		run := &wire.Run{Fragment: f.ID, Threads: q.members[m].Threads, Scan: -1, Inputs: inputs, Outputs: outputs}
		if f.Driver == fragment.Morsels {
			run.Scan = 0
		}
		run.Tasks = make([]wire.Task, len(tasks))
		for i, t := range tasks {
			run.Tasks[i] = q.p.Tasks[f.ID][t]
		}
		out = append(out, q.send(f, q.members[m], tasks, run, reads)...)
	}
	return out
}

// deal is which tasks of a fragment that wait each member gets now: all of them, or some
// for those that have none of it, when they are given out bit by bit.
func (q *Query) deal(f *fragment.Fragment) (out []share) {
	state := &q.fragments[f.ID]
	d := &state.dealing
	if !d.begun {
		d.guided, d.threads = place.Guided(f, len(state.tasks), q.members), place.Threads(q.members)
		d.index = map[string]int{}
		for i, m := range q.members {
			d.index[m.Name] = i
		}
	}
	if !d.guided {
		open := state.open(state.count[waiting])
		wait := make([]wire.Task, len(open))
		for i, t := range open {
			wait[i] = q.p.Tasks[f.ID][t]
		}
		for m, tasks := range place.Assign(f, wait, q.members) {
			for i, n := range tasks {
				tasks[i] = open[n]
			}
			out = append(out, share{m, tasks})
		}
		return out
	}
	left, total := state.count[waiting], 0
	for _, i := range q.idle(d) {
		n := min(left, place.Share(state.count[waiting], q.members[i], d.threads))
		out = append(out, share{i, make([]int, n)})
		left, total = left-n, total+n
	}
	open := state.open(total)
	for _, s := range out {
		open = open[copy(s.tasks, open):]
	}
	return out
}

// share is what a member is given of a fragment's tasks.
type share struct {
	member int
	tasks  []int
}

// idle are the members that run nothing of a fragment, in their order: of all when they
// are looked at first, then of those of whom something has ended.
func (q *Query) idle(d *dealing) (members []int) {
	if !d.begun {
		d.begun = true
		for i, m := range q.members {
			if d.at[m.Name] == 0 {
				members = append(members, i)
			}
		}
		return members
	}
	for _, name := range d.idle {
		if i, there := d.index[name]; there && d.at[name] == 0 && !slices.Contains(members, i) {
			members = append(members, i)
		}
	}
	d.idle = d.idle[:0]
	slices.Sort(members)
	return members
}

// open is the first n tasks that wait.
func (f *fragmentState) open(n int) []int {
	out := make([]int, 0, n)
	for i := f.first; len(out) < n; i++ {
		if f.tasks[i].status == waiting {
			if len(out) == 0 {
				f.first = i
			}
			out = append(out, i)
		}
	}
	return out
}

// wholeOn is the member that the whole query runs on: the one it was placed on, or
// any other when that is lost.
func (q *Query) wholeOn() int {
	for i, m := range q.members {
		if m == q.p.Members[q.p.Worker] {
			return i
		}
	}
	return 0
}

// inputs are where the pieces are that a fragment reads, and which workers have them.
func (q *Query) inputs(f *fragment.Fragment) (out []wire.InputEdge, reads map[string]bool) {
	reads = map[string]bool{}
	peers := map[string]string{}
	for _, m := range q.members {
		peers[m.Name] = m.Peer
	}
	for _, e := range f.Inputs {
		in := wire.InputEdge{Edge: e}
		seen := map[wire.Place]bool{}
		for _, p := range q.places(e) {
			reads[p.worker] = true
			at := wire.Place{Edge: p.edge, Peer: peers[p.worker]}
			if !seen[at] { // several workers of a process have their edges in common
				seen[at] = true
				in.Places = append(in.Places, at)
			}
		}
		out = append(out, in)
	}
	return out, reads
}

func (q *Query) outputs(f *fragment.Fragment) []wire.OutputEdge {
	var out []wire.OutputEdge
	for _, id := range f.Outputs {
		if q.freed[id] { // it is run again for another edge
			continue
		}
		e := q.p.Plan.Edges[id]
		partitions := 1
		if e.Kind.Parted() {
			partitions = q.p.Partitions
		}
		out = append(out, wire.OutputEdge{Edge: q.generated(id, q.fragments[f.ID].generation), Partitions: partitions,
			Exchange: &physical.Exchange{Kind: e.Kind, Keys: e.Keys}})
	}
	return out
}

// send gives tasks of a fragment to a member, who reads from some workers.
func (q *Query) send(f *fragment.Fragment, m place.Member, tasks []int, run *wire.Run, reads map[string]bool) []Effect {
	q.attempts++
	run.Query, run.Attempt, run.Plan, run.Options = q.p.ID, q.attempts, f.Root, q.p.Options
	if q.p.Encode != nil {
		if q.encoded[f.ID] == nil {
			encoded, err := q.p.Encode(f.Root)
			if err != nil {
				return q.end(err)
			}
			q.encoded[f.ID] = encoded
		}
		run.Plan, run.Encoded = nil, q.encoded[f.ID]
	}
	r := &running{attempt: run.Attempt, worker: m.Name, fragment: f.ID, tasks: tasks, reads: reads,
		far: len(f.Outputs) == 0 && q.far(m)}
	for _, t := range tasks {
		q.fragments[f.ID].set(t, taskState{status: busy, worker: m.Name})
	}
	q.begin(r)
	run.Known = q.involved[m.Name]
	q.involved[m.Name] = true
	out := []Effect{Send{Worker: m.Name, Message: run}}
	if r.far {
		out = append(out, Fetch{Worker: m.Name, Attempt: run.Attempt})
	}
	return out
}
