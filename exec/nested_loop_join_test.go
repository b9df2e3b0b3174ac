package exec_test

import (
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/planner/physical"
)

var nestedKinds = []physical.JoinKind{physical.Inner, physical.ProbeOuter, physical.FullOuter, physical.ProbeSemi,
	physical.ProbeAnti, physical.ProbeMark, physical.ProbeSingle}

func TestNestedLoopJoinAgreesWithNaiveJoin(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 43))
		c := randomCase(rng)
		c.nested, c.nullEqual, c.nullAware, c.unique = true, false, false, false
		c.kind = nestedKinds[rng.IntN(len(nestedKinds))]
		c.buildOnly = c.buildOnly && c.kind == physical.Inner
		if rng.IntN(3) == 0 {
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
