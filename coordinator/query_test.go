package coordinator

import (
	"errors"
	"fmt"
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
//	query members=(w1,w2) [whole=1] [attempt=2] [encode=broken]
//	fragment tasks=3
//	edge 0 1 hash
//
// and tells it what happens, one event a line:
//
//	start | done F W T,T… [attempt=N] | failed F W text | lost W | cancel
//
// Every effect is printed below its event.
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
					for _, e := range q.Step(event(t, line)) {
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
	p := Placed{ID: "q", Plan: &fragment.Plan{}, Partitions: 4, Threads: 2}
	for _, a := range d.CmdArgs {
		switch a.Key {
		case "members":
			for _, name := range a.Vals {
				p.Members = append(p.Members, place.Member{Name: name, Threads: 1})
			}
		case "whole":
			p.Whole, p.Worker = true, number(t, a.Vals[0])
		case "attempt":
			p.Attempt = number(t, a.Vals[0])
		case "encode":
			p.Encode = func(physical.Node) ([]byte, error) {
				return nil, sqlerr.New(sqlerr.InternalError, "cannot be encoded")
			}
		}
	}
	for line := range strings.Lines(d.Input) {
		words := strings.Fields(line)
		switch words[0] {
		case "fragment":
			f := &fragment.Fragment{ID: len(p.Plan.Fragments), Root: &physical.Values{}}
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

func event(t *testing.T, line string) Event {
	t.Helper()
	line, attempt, _ := strings.Cut(line, " attempt=")
	words := strings.Fields(line)
	at := 0
	if attempt != "" {
		at = number(t, attempt)
	}
	switch words[0] {
	case "start":
		return Start{}
	case "done":
		m := &wire.Done{Query: "q", Fragment: number(t, words[1]), Worker: words[2], Attempt: at}
		if len(words) > 3 {
			for _, task := range strings.Split(words[3], ",") {
				m.Tasks = append(m.Tasks, number(t, task))
			}
		}
		return m
	case "failed":
		return &wire.Failed{Query: "q", Fragment: number(t, words[1]), Worker: words[2], Attempt: at, Err: errors.New(strings.Join(words[3:], " "))}
	case "lost":
		return WorkerLost{words[1]}
	case "cancel":
		return Cancel{errors.New("cancelled")}
	}
	t.Fatalf("unknown event %q", line)
	return nil
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
	case Complete:
		return fmt.Sprintf("edge %d is complete", e.Edge)
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
	run, ok := m.(*wire.Run)
	if !ok {
		return "stop " + m.(*wire.Stop).Query
	}
	if run.Whole {
		return fmt.Sprintf("run %s whole, attempt %d, %d threads", run.Query, run.Attempt, run.Threads)
	}
	s := fmt.Sprintf("run %s fragment %d, attempt %d, tasks", run.Query, run.Fragment, run.Attempt)
	for _, t := range run.Tasks {
		s += fmt.Sprintf(" %d", t.Index)
	}
	for _, o := range run.Outputs {
		s += fmt.Sprintf(", edge %d %s ×%d", o.Edge, o.Exchange.Kind, o.Partitions)
	}
	return s
}
