package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/planner/physical"
)

// distinctRows is rows of (g, value in some types), and the number and sum of the
// distinct values of each group as the calls of TestDistinctValues show them.
func distinctRows(n int, pair func(i int) (g, v int)) (rows, want []string) {
	sets := map[int]map[int]bool{}
	for i := range n {
		g, v := pair(i)
		if sets[g] == nil {
			sets[g] = map[int]bool{}
		}
		sets[g][v] = true
		rows = append(rows, fmt.Sprintf("%d %d %d.5 text_of_some_length_%d", g, v, v, v))
	}
	for g, set := range sets {
		sum := 0
		for v := range set {
			sum += v
		}
		want = append(want, fmt.Sprintf("%d %d %d %d %d", g, len(set), sum, len(set), len(set)))
	}
	return rows, want
}

// Distinct values, however often they come, however far apart they are and however
// many a group has.
func TestDistinctValues(t *testing.T) {
	for name, c := range map[string]struct {
		rows int
		pair func(i int) (g, v int)
	}{
		"few a group, close together": {20_000, func(i int) (int, int) { return i % 3000, i % 9000 }},
		"few a group, far apart":      {20_000, func(i int) (int, int) { return i % 3000, i%9000*1_000_003 - 4_000_000_000 }},
		"many a group, below 0":       {20_000, func(i int) (int, int) { return i % 5, -i / 2 }},
		"many a group, far apart":     {20_000, func(i int) (int, int) { return i % 5, i / 2 * 1_000_003 }},
		"often":                       {20_000, func(i int) (int, int) { return i % 40, i % 2000 }},
		"often, then once":            {24_000, func(i int) (int, int) { return i % 40, max(i%100, i-9_000) }},
		"once, then often":            {24_000, func(i int) (int, int) { return i % 40, min(i, 9000+i%10) }},
		"one value":                   {20_000, func(i int) (int, int) { return 1, 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			rows, want := distinctRows(c.rows, c.pair)
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{{Columns: "g int4, i8 int8, f8 float8, t text", Rows: rows}},
				Plan: func(in ...physical.Node) physical.Node {
					return grouped(t, in[0], []string{"g"}, []string{"count(distinct i8)", "sum(distinct i8)", "count(distinct f8)",
						"count(distinct t)"}, 1)
				},
				Want: want, Large: "pairs are judged at 8,192",
			})
		})
	}
}

// Groups of more values than the processor's cache holds are looked up where most of
// them stand.
func TestDistinctValuesOfALargeGroup(t *testing.T) {
	const rows, repeats = 120_000, 3
	table := make([]string, rows)
	for i := range table {
		table[i] = fmt.Sprintf("%d.5", i/repeats*1_000_003)
	}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{{Columns: "f8 float8", Rows: table}},
		Plan: func(in ...physical.Node) physical.Node {
			return grouped(t, in[0], nil, []string{"count(distinct f8)"}, 1)
		},
		Want: []string{fmt.Sprint(rows / repeats)}, Large: "groups are large from 32,768 values on",
	})
}

// Texts of several instances, and values beside them.
func TestDistinctTextsAreJoinedInOrder(t *testing.T) {
	const rows, groups = 10_000, 50
	sets := map[int][]string{}
	var table, want []string
	for i := range rows {
		g, text := i%groups, fmt.Sprintf("text_of_some_length_%d", i%700)
		if !slices.Contains(sets[g], text) {
			sets[g] = append(sets[g], text)
		}
		table = append(table, fmt.Sprintf("%d %s", g, text))
	}
	for g, set := range sets {
		slices.Sort(set)
		want = append(want, fmt.Sprintf("%d %s", g, strings.Join(set, ",")))
	}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{{Columns: "g int4, t text", Rows: table}},
		Plan: func(in ...physical.Node) physical.Node {
			return grouped(t, in[0], []string{"g"}, []string{"string_agg(distinct t, ',')"}, 1)
		},
		Want: want, Large: "pairs are judged at 8,192",
	})
}
