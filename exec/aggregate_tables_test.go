package exec_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/planner/physical"
)

// counted is rows of (keys, value), and what count(*) and sum(v) by the keys are.
func counted(keys []string) (rows, want []string) {
	count, sum := map[string]int{}, map[string]int{}
	for i, k := range keys {
		v := i % 1000
		count[k]++
		sum[k] += v
		rows = append(rows, fmt.Sprintf("%s %d", k, v))
	}
	for k := range count {
		want = append(want, fmt.Sprintf("%s %d %d", k, count[k], sum[k]))
	}
	return rows, want
}

// Keys that one of them decides, nearly always or only at first, are grouped as any.
func TestALeadingKeyDecidesOrDoesNot(t *testing.T) {
	const rows, leads = 12_000, 4_000
	for name, key := range map[string]func(i, k int) string{
		"always": func(_, k int) string {
			return fmt.Sprintf("%d name_of_some_length_%d 2024-01-%02d", k, k, k%28+1)
		},
		"far apart": func(i, k int) string {
			return fmt.Sprintf("%d name_%d 2024-01-01", k*500_009-1_000_000_000, k/2*2+i%40/39)
		},
		"with NULLs": func(_, k int) string {
			lead, name := fmt.Sprint(k), fmt.Sprintf("'n %d'", k)
			if k == 7 {
				lead = "NULL"
			}
			if k%3 == 0 {
				name = "NULL"
			}
			return fmt.Sprintf("%s %s 2024-01-01", lead, name)
		},
		"nearly always": func(i, k int) string {
			if k%50 == 0 {
				return fmt.Sprintf("%d other_%d 2024-01-01", k, i%3)
			}
			return fmt.Sprintf("%d name_of_some_length_%d 2024-01-01", k, k)
		},
		"NULL or not": func(i, k int) string {
			if k%60 == 0 && i%2 == 0 {
				return fmt.Sprintf("%d NULL 2024-01-01", k)
			}
			return fmt.Sprintf("%d '' 2024-01-01", k)
		},
		"at first": func(i, k int) string {
			if i > rows/3 {
				return fmt.Sprintf("%d name_%d 2024-01-01", k, i%4)
			}
			return fmt.Sprintf("%d name 2024-01-01", k)
		},
		"never": func(i, k int) string { return fmt.Sprintf("%d name_%d 2024-01-%02d", k%10, k, i%28+1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			var keys []string
			for i := range rows {
				keys = append(keys, key(i, r.IntN(leads)))
			}
			table, want := counted(keys)
			for _, phases := range []int{1, 2} {
				exectest.Run(t, exectest.Case{
					Inputs: []exectest.Table{{Columns: "k int4?, s text?, d date, v int4", Rows: table}},
					Plan: func(in ...physical.Node) physical.Node {
						return grouped(t, in[0], []string{"s", "k", "d"}, []string{"count(*)", "sum(v)"}, phases)
					},
					Want: reordered(want), Large: "a leading key is looked for among a thousand groups",
				})
			}
		})
	}
}

// reordered is rows of (k, s, …) as (s, k, …).
func reordered(rows []string) []string {
	out := slices.Clone(rows)
	for i, row := range rows {
		var k, s string
		rest := row
		k, rest = cutWord(rest)
		s, rest = cutWord(rest)
		out[i] = s + " " + k + " " + rest
	}
	return out
}

// cutWord takes the first value, which may be quoted, off a row.
func cutWord(row string) (word, rest string) {
	quoted := false
	for i, c := range row {
		switch {
		case c == '\'':
			quoted = !quoted
		case c == ' ' && !quoted:
			return row[:i], row[i+1:]
		}
	}
	return row, ""
}

// More groups than a table keeps: in the order of the key, back and forth, at random,
// with a gap, and keys that are no integers.
func TestGroupsThatFillSeveralTables(t *testing.T) {
	const rows = 50_000
	r := rand.New(rand.NewPCG(3, 4))
	for name, c := range map[string]struct {
		columns string
		key     func(i int) string
	}{
		"rising":  {"k int8, v int4", func(i int) string { return fmt.Sprint(4 * (i * 4 / 5)) }},
		"falling": {"k int4, v int4", func(i int) string { return fmt.Sprint(-i * 4 / 5) }},
		"rising and NULL": {"k int8?, v int4", func(i int) string {
			if i%5000 == 0 {
				return "NULL"
			}
			return fmt.Sprint(i * 4 / 5)
		}},
		"a gap":     {"k int8, v int4", func(i int) string { return fmt.Sprint(i/2 + i/25_000*1_000_000_000_000) }},
		"at random": {"k int4, v int4", func(int) string { return fmt.Sprint(r.IntN(1_500_000)) }},
		"text":      {"k text, v int4", func(int) string { return fmt.Sprintf("key_of_some_length_%d", r.IntN(100_000)) }},
	} {
		t.Run(name, func(t *testing.T) {
			keys := make([]string, rows)
			for i := range keys {
				keys[i] = c.key(i)
			}
			table, want := counted(keys)
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{{Columns: c.columns, Rows: table}},
				Plan: func(in ...physical.Node) physical.Node {
					return grouped(t, in[0], []string{"k"}, []string{"count(*)", "sum(v)"}, 1)
				},
				Want: want, Large: "a table is full from 16,384 groups on",
			})
		})
	}
}

// Sets of distinct values that hardly repeat, and some that do later.
func TestManyDistinctValues(t *testing.T) {
	for name, value := range map[string]func(i int) int{
		"all new":       func(i int) int { return i },
		"new, then not": func(i int) int { return i % 15_000 },
		"few":           func(i int) int { return i % 7 },
	} {
		t.Run(name, func(t *testing.T) {
			const rows = 24_000
			sets := map[int]map[int]bool{}
			var table []string
			for i := range rows {
				g, v := i%5000, value(i)
				if sets[g] == nil {
					sets[g] = map[int]bool{}
				}
				sets[g][v] = true
				table = append(table, fmt.Sprintf("%d %d text_%d", g, v, v))
			}
			var want []string
			for g, set := range sets {
				want = append(want, fmt.Sprintf("%d %d %d", g, len(set), len(set)))
			}
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{{Columns: "g int4, i4 int4, t text", Rows: table}},
				Plan: func(in ...physical.Node) physical.Node {
					return grouped(t, in[0], []string{"g"}, []string{"count(distinct i4)", "count(distinct t)"}, 1)
				},
				Want: want, Large: "a set is judged at 8,192 entries",
			})
		})
	}
}
