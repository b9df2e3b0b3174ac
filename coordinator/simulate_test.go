package coordinator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// TestAnyScheduleOfDeathsEndsWell plays queries against workers that die or give the
// query up at any moment, and messages that come late, in thousands of random orders: every query ends, every
// task of its root is delivered, no run is told of pieces that are not there, and no
// process keeps anything.
func TestAnyScheduleOfDeathsEndsWell(t *testing.T) {
	seeds := uint64(20_000)
	if testing.Short() {
		seeds = 2000
	}
	survived, lost := 0, 0
	for seed := range seeds {
		s := newSimulation(rand.New(rand.NewPCG(seed, 7)))
		if err := s.play(); err != "" {
			t.Fatalf("seed %d: %s\n%s", seed, err, s.log)
		}
		if s.finished.Err == nil && s.deaths > 0 {
			survived++
		} else if s.finished.Err != nil {
			lost++
		}
	}
	if survived < int(seeds)/4 {
		t.Errorf("%d queries of %d survived a death: the simulation has become tame", survived, seeds)
	}
	t.Logf("%d queries, %d survived deaths, %d lost all their workers", seeds, survived, lost)
}

// simulation is a query and its workers. A worker has a queue of messages, and there is
// one of what has been said to the coordinator by each.
type simulation struct {
	r         *rand.Rand
	q         *Query
	workers   map[string]*simulated
	names     []string
	delivered map[int]bool
	deaths    int
	finished  *Finish
	fetches   map[int]string // attempt → worker
	here      map[int]map[int]bool
	log       string
}

// simulated is a worker: alone in its process, or in the coordinator's.
type simulated struct {
	name  string
	far   bool
	dead  bool
	told  bool                 // the coordinator knows
	knows bool                 // the query: it has had a run of it, and has not given it up
	edges map[int]map[int]bool // edge → tasks sealed
	whole map[int]bool         // edges that are
	inbox []any
	said  []Event
}

func newSimulation(r *rand.Rand) *simulation {
	s := &simulation{r: r, workers: map[string]*simulated{}, delivered: map[int]bool{}, fetches: map[int]string{}, here: map[int]map[int]bool{}}
	p := Placed{ID: "q", Process: "here", Plan: &fragment.Plan{}, Partitions: 3, Repeatable: r.IntN(5) > 0}
	for i := range 2 + r.IntN(4) {
		w := &simulated{name: fmt.Sprint("w", i), far: i > 0 || r.IntN(2) == 0, edges: map[int]map[int]bool{}, whole: map[int]bool{}}
		m := place.Member{Name: w.name, Threads: 1, Process: "here", Peer: "here"}
		if w.far {
			m.Process, m.Peer = w.name, w.name
		} else {
			w.edges = s.here
		}
		s.workers[w.name], s.names, p.Members = w, append(s.names, w.name), append(p.Members, m)
	}
	n := 1 + r.IntN(6)
	for i := range n {
		f := &fragment.Fragment{ID: i, Root: &physical.Values{}}
		p.Plan.Fragments = append(p.Plan.Fragments, f)
		var tasks []wire.Task
		for k := range 1 + r.IntN(5)*(1+9*(r.IntN(4)/3)) { // some have many
			tasks = append(tasks, wire.Task{Index: k})
		}
		p.Tasks = append(p.Tasks, tasks)
	}
	for i := range n - 1 { // every fragment feeds a later one, some two
		for range 1 + r.IntN(4)/3 {
			to := i + 1 + r.IntN(n-1-i)
			e := &fragment.Edge{ID: len(p.Plan.Edges), From: i, To: to, Kind: physical.HashSplit}
			p.Plan.Edges = append(p.Plan.Edges, e)
			p.Plan.Fragments[i].Outputs = append(p.Plan.Fragments[i].Outputs, e.ID)
			p.Plan.Fragments[to].Inputs = append(p.Plan.Fragments[to].Inputs, e.ID)
		}
	}
	s.q = NewQuery(p)
	return s
}

// play lets things happen in random order until nothing is left to happen, and says what
// went wrong.
func (s *simulation) play() string {
	s.step(Start{})
	for i := range 10_000 {
		calm := i > 200 // then no death helps a query on that waits for nothing
		if s.finished != nil && s.quiet() {
			return s.verdict()
		}
		w := s.workers[s.names[s.r.IntN(len(s.names))]]
		switch {
		case !calm && !w.dead && w.far && s.r.IntN(60) == 0:
			w.dead = true
			s.deaths++
			s.log += w.name + " dies\n"
		case !calm && !w.dead && w.far && w.knows && s.r.IntN(60) == 0: // the way to the coordinator was cut, and is not any more
			w.knows = false
			clear(w.edges)
			// What it has said is lost; that all was read the coordinator says itself.
			w.said = slices.DeleteFunc(w.said, func(e Event) bool { _, drained := e.(Drained); return !drained })
			s.deaths++
			s.log += w.name + " gives the query up\n"
		case s.r.IntN(50) == 0:
			s.step(Ask{})
		case w.dead && !w.told && s.r.IntN(4) == 0:
			w.told = true
			s.step(WorkerLost{w.name})
		case len(w.said) > 0 && s.r.IntN(2) == 0: // what a dead one said before is heard all the same
			e := w.said[0]
			w.said = w.said[1:]
			s.step(e)
		case len(w.inbox) > 0 && !w.dead:
			m := w.inbox[0]
			w.inbox = w.inbox[1:]
			if fault := s.work(w, m); fault != "" {
				return fault
			}
		}
	}
	return "it does not end"
}

func (s *simulation) quiet() bool {
	for _, w := range s.workers {
		if !w.dead && len(w.inbox) > 0 {
			return false
		}
	}
	return true
}

func (s *simulation) verdict() string {
	for _, w := range s.workers {
		if w.far && !w.dead && len(w.edges) > 0 {
			return fmt.Sprintf("%s still has edges %v", w.name, w.edges)
		}
	}
	if s.finished.Err != nil {
		if sqlerr.CodeOf(s.finished.Err) == sqlerr.WorkerLost && s.deaths > 0 {
			return ""
		}
		return "it ends in " + s.finished.Err.Error()
	}
	if root := s.q.p.Tasks[len(s.q.p.Tasks)-1]; len(s.delivered) != len(root) {
		return fmt.Sprintf("%d tasks of %d were delivered", len(s.delivered), len(root))
	}
	return ""
}

func (s *simulation) step(e Event) {
	s.log += fmt.Sprintf("%+v\n", e)
	for _, x := range s.q.Step(e) {
		s.log += "    " + effect(x) + "\n"
		switch x := x.(type) {
		case Send:
			w := s.workers[x.Worker]
			w.inbox = append(w.inbox, x.Message)
		case Fetch:
			s.fetches[x.Attempt] = x.Worker
		case Drop:
			delete(s.fetches, x.Attempt)
		case Free:
			delete(s.here, x.Edge)
		case Finish:
			s.finished = &x
		}
	}
}

// work has a worker act on a message.
func (s *simulation) work(w *simulated, message any) string {
	switch m := message.(type) {
	case *wire.Stop:
		if w.far {
			clear(w.edges)
		}
		w.inbox = slices.DeleteFunc(w.inbox, func(m any) bool { _, run := m.(*wire.Run); return run })
	case *wire.Free:
		for _, e := range m.Edges {
			delete(w.edges, e)
		}
	case *wire.Check: // runs are over when the next message is looked at
		w.said = append(w.said, &wire.Failed{Query: "q", Worker: w.name, Attempt: m.Attempt, Fragment: m.Fragment,
			Err: sqlerr.New(sqlerr.WorkerLost, "%s is not at run %d", w.name, m.Attempt)})
	case *wire.Run:
		return s.run(w, m)
	}
	return ""
}

// run has a worker run tasks: it reads all of every input, and seals its outputs.
func (s *simulation) run(w *simulated, m *wire.Run) string {
	f := s.q.p.Plan.Fragments[m.Fragment]
	failed := func(peer string) string {
		w.said = append(w.said, &wire.Failed{Query: "q", Worker: w.name, Attempt: m.Attempt, Fragment: m.Fragment, Lost: peer,
			Err: sqlerr.New(sqlerr.WorkerLost, "%s does not answer", peer)})
		return ""
	}
	if m.Known && !w.knows && w.far {
		return failed("")
	}
	w.knows = true
	if s.q.runs[m.Attempt] == nil { // it is over, and its inputs may be as well
		return failed("nobody")
	}
	for _, in := range m.Inputs {
		got := map[int]bool{}
		for _, at := range in.Places {
			edges := s.here
			if at.Peer != "here" {
				peer := s.workers[at.Peer]
				if peer.dead {
					return failed(at.Peer)
				}
				edges = peer.edges
				if edges[at.Edge] == nil {
					return failed(at.Peer)
				}
			}
			for task := range edges[at.Edge] {
				got[task] = true
			}
		}
		if want := len(s.q.p.Tasks[s.q.p.Plan.Edges[in.Edge].From]); len(got) != want {
			return fmt.Sprintf("run %d of %s finds %d tasks of %d in edge %d", m.Attempt, w.name, len(got), want, in.Edge)
		}
	}
	for _, t := range m.Tasks {
		for _, o := range m.Outputs {
			if w.edges[o.Edge] == nil {
				w.edges[o.Edge] = map[int]bool{}
			}
			w.edges[o.Edge][t.Index] = true
		}
		if len(f.Outputs) == 0 && (!w.far || s.fetches[m.Attempt] == w.name) {
			s.delivered[t.Index] = true
		}
	}
	w.said = append(w.said, &wire.Done{Query: "q", Worker: w.name, Attempt: m.Attempt, Fragment: m.Fragment})
	if len(f.Outputs) == 0 && w.far {
		w.said = append(w.said, Drained{m.Attempt})
	}
	return ""
}
