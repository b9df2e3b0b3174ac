package exec_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// TestSpillingJoinAgreesWithNaiveJoin spills from the first row on, or after some, by
// keys of all types, with all kinds of joins.
func TestSpillingJoinAgreesWithNaiveJoin(t *testing.T) {
	spilled := 0
	for seed := range uint64(1500) {
		rng := rand.New(rand.NewPCG(seed, 43))
		c := randomCase(rng)
		c.spill = []int64{1, 9_000, 40_000}[rng.IntN(3)]
		c.check(t, 1+rng.IntN(3), []int{1, 2, 7, 64, 1000}[rng.IntN(5)], seed)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		if c.spilled > 0 {
			spilled++
		}
	}
	if spilled < 800 {
		t.Errorf("only %d of the joins have spilled", spilled)
	}
}

// TestSpillingJoinOfLargeTables fills files in many blocks, meets the refusal between
// batches, divides partitions again, and walks over a key that no hash divides block by
// block.
func TestSpillingJoinOfLargeTables(t *testing.T) {
	shapes := map[string]func(i int) any{
		"all distinct": func(i int) any { return int64(i) },
		"one key":      func(i int) any { return int64(min(i%30, 1)) },
		"NULLs":        func(i int) any { return map[bool]any{true: nil, false: int64(i)}[i%3 == 0] },
		"long strings": func(i int) any { return fmt.Sprintf("%0300d", i/2) },
	}
	spilled := 0
	for name, key := range shapes {
		for kind := physical.Inner; kind <= physical.ProbeSingle; kind++ {
			for _, limit := range []int64{20_000, 100_000} {
				t.Run(fmt.Sprint(name, " ", kind, " ", limit), func(t *testing.T) {
					c := &joinCase{kind: kind, keys: []expr.Type{expr.Of(expr.Int8)}, spill: limit}
					if name == "long strings" {
						c.keys[0] = expr.Of(expr.Text)
					}
					c.nullAware = (kind == physical.ProbeAnti || kind == physical.ProbeMark) && limit == 20_000
					size := 3_000
					if name == "one key" {
						size = 1_000
					}
					for i := range size {
						c.build = append(c.build, row{key(i), int64(i % 10), fmt.Sprintf("payload of row number %d", i)})
						if name != "one key" || i%100 == 0 {
							c.probe = append(c.probe, row{key(i * 3), int64(i % 10), "short"})
						}
					}
					c.check(t, 1+int(kind)%3, 500, 1)
					spilled += c.spilled
				})
			}
		}
	}
	if spilled < 800 {
		t.Errorf("only %d batches were spilled", spilled)
	}
}
