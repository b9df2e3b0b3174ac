package exec_test

import (
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

var nestedKinds = []physical.JoinKind{physical.Inner, physical.ProbeOuter, physical.FullOuter, physical.ProbeSemi,
	physical.ProbeAnti, physical.ProbeMark, physical.ProbeSingle}

func TestNestedLoopJoinAgreesWithNaiveJoin(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 43))
		c := randomCase(rng)
		c.nested, c.nullEqual, c.unique = true, false, false
		if c.nullAware {
			c.differ = rng.IntN(2) == 0
		} else {
			c.kind = nestedKinds[rng.IntN(len(nestedKinds))]
		}
		c.buildOnly = c.buildOnly && c.kind == physical.Inner
		if !c.nullAware && rng.IntN(3) == 0 {
			for i := range c.probe {
				c.probe[i] = c.probe[i][len(c.keys):]
			}
			for i := range c.build {
				c.build[i] = c.build[i][len(c.keys):]
			}
			c.keys = nil // a cross join, or one by the residual alone
			if rng.IntN(2) == 0 {
				c.build = c.build[:min(1, len(c.build))]
			}
		}
		c.check(t, 1+rng.IntN(3), []int{1, 2, 7, 64, 1000}[rng.IntN(5)], seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestNestedLoopJoinComparesWithAll is PostgreSQL's answers to x > ALL (select b.x
// from b where b.g = p.g), and to the same without the condition: NOT of the mark
// of x <= b.x.
func TestNestedLoopJoinComparesWithAll(t *testing.T) {
	probe := exectest.Table{Columns: "id int4, g int4?, x int4?", Rows: []string{"1 1 5", "2 1 9", "3 1 NULL", "4 2 5",
		"5 2 1", "6 2 NULL", "7 3 5", "8 3 NULL", "9 NULL 5", "10 4 5"}}
	build := exectest.Table{Columns: "g int4?, x int4?", Rows: []string{"1 5", "1 8", "1 1", "2 NULL", "2 3", "4 NULL", "NULL 1"}}
	for name, c := range map[string]struct {
		kind       physical.JoinKind
		correlated bool
		want       []string
	}{
		"mark by group": {physical.ProbeMark, true, []string{"1 true", "2 false", "3 NULL", "4 NULL", "5 true", "6 NULL",
			"7 false", "8 false", "9 false", "10 NULL"}},
		"anti by group": {physical.ProbeAnti, true, []string{"2", "7", "8", "9"}},
		"mark of all": {physical.ProbeMark, false, []string{"1 true", "2 NULL", "3 NULL", "4 true", "5 true", "6 NULL",
			"7 true", "8 NULL", "9 true", "10 true"}},
		"anti of all": {physical.ProbeAnti, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{probe, build},
				Plan: func(in ...physical.Node) physical.Node {
					const g, x, width = 1, 2, 3
					j := &physical.NestedLoopJoin{Kind: c.kind, Probe: in[0], Build: in[1], Emit: []int{0}, MarkName: "m",
						NullAware: expr.Compare(expr.OpLe, columnOf(in[0], x, 0), columnOf(in[1], 1, width))}
					if c.correlated {
						j.Cond = expr.Compare(expr.OpEq, columnOf(in[0], g, 0), columnOf(in[1], 0, width))
					}
					return j
				},
				Want: c.want,
			})
		})
	}
}
