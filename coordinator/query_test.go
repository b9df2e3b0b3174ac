package coordinator

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// TestScenarios runs the scripts of testdata. A script builds a query,
//
//	query members=(w1,w2) [far=(w2)] [whole=1] [repeatable=no] [encode=broken]
//	fragment tasks=3 [driving=0]
//	edge 0 1 hash
//
// and tells it what happens, one event a line; runs are named by their number:
//
//	start | done N [spilled] [sent=edge:bytes,bytes…] | drained N | failed N text | failed N lost=W | lost W | cancel
//
// Every effect is printed below its event. Workers that are far are in processes of
// their own, the others in that of the coordinator.
func TestScenarios(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		var q *Query
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "query":
				q = NewQuery(scenario(t, d))
				return ""
			case "step":
				var out strings.Builder
				for line := range strings.Lines(d.Input) {
					line = strings.TrimSpace(line)
					fmt.Fprintf(&out, "%s\n", line)
					for _, e := range q.Step(event(t, q, line)) {
						fmt.Fprintf(&out, "    %s\n", effect(e))
					}
				}
				return out.String()
			}
			t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
			return ""
		})
	})
}

func scenario(t *testing.T, d *datadriven.TestData) Placed {
	t.Helper()
	p := Placed{ID: "q", Process: "here", Plan: &fragment.Plan{}, Partitions: 4, Repeatable: true}
	far := map[string]bool{}
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "members":
			for _, name := range a.Vals {
				p.Members = append(p.Members, place.Member{Name: name, Threads: 1, Process: "here", Peer: "here"})
			}
		case "far":
			for _, name := range a.Vals {
				far[name] = true
			}
		case "whole":
			p.Whole, p.Repeatable, p.Worker = true, false, number(t, a.Vals[0])
		case "repeatable":
			p.Repeatable = a.Vals[0] != "no"
		case "encode":
			p.Encode = func(physical.Node) ([]byte, error) {
				return nil, sqlerr.New(sqlerr.InternalError, "cannot be encoded")
			}
		}
	}
	for i, m := range p.Members {
		if far[m.Name] {
			p.Members[i].Process, p.Members[i].Peer = m.Name, m.Name
		}
	}
	for line := range strings.Lines(d.Input) {
		words := strings.Fields(line)
		switch words[0] {
		case "fragment":
			f := &fragment.Fragment{ID: len(p.Plan.Fragments), Root: &physical.Values{}}
			if len(words) > 2 {
				f.Root = &physical.Receive{Edge: number(t, strings.TrimPrefix(words[2], "driving=")), Kind: physical.HashSplit}
				f.Driver = fragment.Partitions
			}
			p.Plan.Fragments = append(p.Plan.Fragments, f)
			var tasks []wire.Task
			for i := range number(t, strings.TrimPrefix(words[1], "tasks=")) {
				tasks = append(tasks, wire.Task{Index: i, Partition: i})
			}
			p.Tasks = append(p.Tasks, tasks)
		case "edge":
			addEdge(t, p.Plan, number(t, words[1]), number(t, words[2]), words[3])
		}
	}
	return p
}

func addEdge(t *testing.T, plan *fragment.Plan, from, to int, kind string) {
	t.Helper()
	kinds := map[string]physical.Distribution{"gather": physical.Gather, "hash": physical.HashSplit,
		"broadcast": physical.Broadcast, "deal": physical.RoundRobin}
	k, ok := kinds[kind]
	if !ok {
		t.Fatalf("no kind of edge: %q", kind)
	}
	e := &fragment.Edge{ID: len(plan.Edges), From: from, To: to, Kind: k}
	plan.Edges = append(plan.Edges, e)
	plan.Fragments[from].Outputs = append(plan.Fragments[from].Outputs, e.ID)
	plan.Fragments[to].Inputs = append(plan.Fragments[to].Inputs, e.ID)
}

func event(t *testing.T, q *Query, line string) Event {
	t.Helper()
	words := strings.Fields(line)
	run := 0
	if words[0] == "done" || words[0] == "drained" || words[0] == "failed" {
		run = number(t, words[1])
	}
	fragment := -1 // the query knows which
	if r := q.runs[run]; r != nil {
		fragment = r.fragment
	}
	switch words[0] {
	case "start":
		return Start{}
	case "done":
		return &wire.Done{Query: "q", Fragment: fragment, Attempt: run, Stats: wire.Stats{Reordered: slices.Contains(words, "spilled"), Sent: sent(t, words[2:])}}
	case "drained":
		return Drained{run}
	case "failed":
		f := &wire.Failed{Query: "q", Fragment: fragment, Attempt: run, Err: errors.New(strings.Join(words[2:], " "))}
		if peer, ok := strings.CutPrefix(words[2], "lost="); ok {
			f.Err, f.Lost = sqlerr.New(sqlerr.WorkerLost, "%s does not answer", peer), peer
		} else if words[2] == "shutdown" {
			f.Err = shuttingDown()
		}
		return f
	case "lost":
		return WorkerLost{words[1]}
	case "cancel":
		return Cancel{errors.New("cancelled")}
	}
	t.Fatalf("unknown event %q", line)
	return nil
}

// sent are the words sent=edge:bytes,bytes…, by partition: those above the average are told.
func sent(t *testing.T, words []string) []wire.Sent {
	t.Helper()
	var out []wire.Sent
	for _, w := range words {
		text, ok := strings.CutPrefix(w, "sent=")
		if !ok {
			continue
		}
		edge, list, _ := strings.Cut(text, ":")
		s := wire.Sent{Edge: number(t, edge)}
		parts := strings.Split(list, ",")
		for _, p := range parts {
			s.Bytes += int64(number(t, p))
		}
		for i, p := range parts {
			if n := int64(number(t, p)); n*int64(len(parts)) > s.Bytes {
				s.Heavy, s.HeavyBytes = append(s.Heavy, i), append(s.HeavyBytes, n)
			}
		}
		out = append(out, s)
	}
	return out
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func effect(e Effect) string {
	switch e := e.(type) {
	case Send:
		return e.Worker + " ← " + message(e.Message)
	case Fetch:
		return fmt.Sprintf("run %d is read from %s", e.Attempt, e.Worker)
	case Drop:
		return fmt.Sprintf("run %d is not read any more", e.Attempt)
	case Unrepeatable:
		return "the result cannot be repeated"
	case Complete:
		return fmt.Sprintf("edge %d is sealed", e.Edge)
	case Free:
		return fmt.Sprintf("edge %d is freed", e.Edge)
	case Finish:
		if e.Err != nil {
			return "finish: " + e.Err.Error()
		}
		return "finish"
	}
	return fmt.Sprintf("%T", e)
}

func message(m any) string {
	switch m := m.(type) {
	case *wire.Stop:
		return "stop"
	case *wire.Abandon:
		return fmt.Sprintf("abandon run %d", m.Attempt)
	case *wire.Sealed:
		return fmt.Sprintf("edges %v are sealed", m.Edges)
	case *wire.Free:
		return fmt.Sprintf("edges %v are freed", m.Edges)
	case *wire.Run:
		if m.Whole {
			return fmt.Sprintf("run %d: the whole, %d threads", m.Attempt, m.Threads)
		}
		s := fmt.Sprintf("run %d: fragment %d, tasks", m.Attempt, m.Fragment)
		for _, t := range m.Tasks {
			s += fmt.Sprintf(" %d", t.Index)
			if t.Parts > 1 {
				s += fmt.Sprintf("(%d of %d of partition %d)", t.Part, t.Parts, t.Partition)
			}
		}
		for _, in := range m.Inputs {
			s += fmt.Sprintf(", edge %d from", in.Edge)
			for _, p := range in.Places {
				s += fmt.Sprintf(" %s:%d", p.Peer, p.Edge)
			}
		}
		for _, o := range m.Outputs {
			s += fmt.Sprintf(", to edge %d %s ×%d", o.Edge, o.Exchange.Kind, o.Partitions)
		}
		return s
	}
	return fmt.Sprintf("%T", m)
}
