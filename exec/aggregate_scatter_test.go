package exec_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/planner/physical"
)

// TestRowsThatHardlyRepeatArePutApart: every eighth row is of a group that there was, so
// that tables are not worth it, but groups of several rows are many; and texts that do
// repeat, with NULLs.
func TestRowsThatHardlyRepeatArePutApart(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	table := exectest.Table{Columns: "k int8?, s text?, v int4?, p bool"}
	type state struct{ rows, values, sum, least, most, picked int }
	groups := map[string]*state{}
	for k := range 60_000 {
		if k%8 == 5 {
			k = r.IntN(k)
		}
		key := fmt.Sprintf("%d a_text_of_some_length_%d", k%300, k/300) // neither decides the other
		switch {
		case k == 7:
			key = "NULL NULL"
		case k/300 == 1:
			key = fmt.Sprintf("%d NULL", k%300)
		}
		g := groups[key]
		if g == nil {
			g = &state{least: 1 << 30, most: -1 << 30}
			groups[key] = g
		}
		g.rows++
		value := "NULL"
		if v := r.IntN(2000) - 1000; v%5 != 0 {
			value = fmt.Sprint(v)
			g.values++
			g.sum, g.least, g.most = g.sum+v, min(g.least, v), max(g.most, v)
		}
		picked := r.IntN(3) == 0
		if picked {
			g.picked++
		}
		table.Rows = append(table.Rows, fmt.Sprintf("%s %s %t", key, value, picked))
	}
	var want []string
	for key, g := range groups {
		rest := fmt.Sprintf("%d %d %d %d", g.values, g.sum, g.least, g.most)
		if g.values == 0 {
			rest = "0 NULL NULL NULL"
		}
		want = append(want, fmt.Sprintf("%s %d %s %d", key, g.rows, rest, g.picked))
	}
	if len(want) < 35_000 {
		t.Fatalf("only %d groups", len(want))
	}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			return grouped(t, in[0], []string{"k", "s"}, []string{"count(*)", "count(v)", "sum(v)", "min(v)", "max(v)", "count(*) filter (where p)"}, 1)
		},
		Want:        want,
		Large:       "tables are given up at the second look, from 32,768 groups on",
		OneInstance: "the rows are too many to try more often",
		SpillBytes:  6_000_000,
	})
}
