package exec_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

func TestTheFirstOfEveryGroupAreGivenOut(t *testing.T) {
	rows := []string{
		"1 a 5", "1 b 4", "1 c 3", "1 d NULL", "1 e 1",
		"NULL f 2", "NULL g 1", "NULL h 3",
		"2 i 7",
		"3 j 1", "3 k 1", "3 l 2",
	}
	table := exectest.Table{Columns: "g int8?, name text, v int4?", Rows: rows}
	for _, c := range []struct {
		name          string
		offset, count int64
		desc          bool
		want          []string
	}{
		{"two", 0, 2, false, []string{"1 e 1", "1 c 3", "NULL g 1", "NULL f 2", "2 i 7", "3 j 1", "3 k 1"}},
		{"two, from the greatest on", 0, 2, true, []string{"1 d NULL", "1 a 5", "NULL h 3", "NULL f 2", "2 i 7", "3 l 2", "3 j 1"}},
		{"the second and third", 1, 2, false, []string{"1 c 3", "1 b 4", "NULL f 2", "NULL h 3", "3 k 1", "3 l 2"}},
		{"all but the first two", 2, -1, false, []string{"1 b 4", "1 a 5", "1 d NULL", "NULL h 3", "3 l 2"}},
		{"none", 0, 0, false, nil},
		{"beyond every group", 9, 3, false, nil},
		{"all", 0, -1, false, rows},
	} {
		t.Run(c.name, func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{table},
				Plan: func(in ...physical.Node) physical.Node {
					return &physical.GroupTopN{Input: in[0], By: []expr.Expr{column(in[0], 0)}, Offset: c.offset, Count: c.count,
						Keys: []expr.SortKey{{Expr: column(in[0], 2), Desc: c.desc, NullsFirst: c.desc}, {Expr: column(in[0], 1)}}}
				},
				Want: c.want,
			})
		})
	}
}

// ranked is, of a table's rows in order, those of rank above offset, count of them at
// most, in every group of rows that are equal in the given columns.
func ranked(columns string, rows []string, by []int, offset, count int64) []string {
	fields := exectest.Columns(columns)
	seen := map[string]int64{}
	var out []string
	for i, values := range (exectest.Table{Columns: columns, Rows: rows}).Tuples() {
		key := ""
		for _, g := range by {
			key += exectest.Format(values[g:g+1], fields[g:g+1]) + "|"
		}
		seen[key]++
		if rank := seen[key]; rank > offset && (count < 0 || rank-offset <= count) {
			out = append(out, rows[i])
		}
	}
	return out
}

func groupTop(in physical.Node, by []int, keys []expr.SortKey, offset, count int64) physical.Node {
	n := &physical.GroupTopN{Input: in, Keys: keys, Offset: offset, Count: count}
	for _, g := range by {
		n.By = append(n.By, column(in, g))
	}
	return n
}

func TestRowsOfEveryGroupAreRankedByKeysOfAllTypes(t *testing.T) {
	columns := "a int4?, b text?, c bool?, d numeric(30,2)?, e float8?, f interval?, g char(20)?, id int4"
	table := exectest.Random("a int4?, b text?, c bool?, d numeric(30,2)?, e float8?, f interval?, g char(20)?", 60, 3)
	const id = 7
	for i := range table.Rows { // a last key without ties makes the order total
		table.Rows[i] += fmt.Sprint(" ", i)
	}
	table.Columns = columns
	scan := &physical.Scan{Fields: exectest.Columns(columns), Emit: []int{0, 1, 2, 3, 4, 5, 6, id}}
	keys := func(n physical.Node, by ...int) []expr.SortKey {
		var out []expr.SortKey
		for i, c := range by {
			o := orders[i%4]
			out = append(out, expr.SortKey{Expr: column(n, c), Desc: o.desc, NullsFirst: o.nullsFirst})
		}
		return append(out, expr.SortKey{Expr: column(n, id)})
	}
	for _, c := range []struct {
		groups, by    []int
		offset, count int64
	}{
		{groups: []int{0}, by: []int{1}, count: 1},
		{groups: []int{0}, by: []int{3, 1}, count: 3},
		{groups: []int{1}, by: []int{0, 5}, offset: 2, count: 2},
		{groups: []int{2, 0}, count: 2},
		{groups: []int{3}, by: []int{4}, offset: 1, count: -1},
		{groups: []int{4, 1}, by: []int{2}, count: 4},
		{groups: []int{5}, by: []int{6}, count: 2},
		{groups: []int{6}, by: []int{0}, offset: 1, count: 2},
		{groups: []int{0, 1, 2, 3, 4, 5, 6}, count: 1},
		{groups: []int{id}, by: []int{0}, count: 1},
		{groups: []int{2}, by: []int{0}, offset: 100, count: 5},
		{groups: []int{2}, offset: 1 << 62, count: 1 << 62},
		{by: []int{1, 0}, offset: 3, count: 5},
		{by: []int{0}, offset: 58, count: -1},
	} {
		t.Run(fmt.Sprintf("by %v sort %v offset %d limit %d", c.groups, c.by, c.offset, c.count), func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{table},
				Plan: func(in ...physical.Node) physical.Node {
					return groupTop(in[0], c.groups, keys(in[0], c.by...), c.offset, c.count)
				},
				Want: ranked(columns, sorted(table, keys(scan, c.by...)), c.groups, c.offset, c.count),
			})
		})
	}
}

func TestThereIsNoFirstOfNoRows(t *testing.T) {
	for _, by := range [][]int{nil, {0}} {
		exectest.Run(t, exectest.Case{
			Inputs: []exectest.Table{{Columns: "a int4?"}},
			Plan: func(in ...physical.Node) physical.Node {
				return groupTop(in[0], by, []expr.SortKey{{Expr: column(in[0], 0)}}, 0, 2)
			},
		})
	}
}

// TestGroupsAreCutWhateverTheirSize has far more rows than are wanted: in few groups,
// whose bounds drop most of them, and in many, where the run is cut again and again.
func TestGroupsAreCutWhateverTheirSize(t *testing.T) {
	for _, c := range []struct {
		name          string
		groups        int
		offset, count int64
	}{
		{"few groups", 5, 1, 3},
		{"few groups, many rows of each", 3, 1000, 2500},
		{"many groups", 3000, 0, 2},
		{"a row or so in each", 15_000, 0, 1},
		{"all but the first", 100, 1, -1},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		table := exectest.Table{Columns: "g int8?, k text?, id int4"}
		for i := range 20_000 {
			g, k := fmt.Sprint(r.IntN(c.groups)), fmt.Sprintf("a_long_common_prefix_%d", r.IntN(50))
			if i%97 == 0 {
				g = "NULL"
			}
			if i%13 == 0 {
				k = "NULL"
			}
			table.Rows = append(table.Rows, fmt.Sprintf("%s %s %d", g, k, i))
		}
		keys := func(n physical.Node) []expr.SortKey {
			return []expr.SortKey{{Expr: column(n, 1), Desc: true, NullsFirst: true}, {Expr: column(n, 2)}}
		}
		scan := &physical.Scan{Fields: exectest.Columns(table.Columns), Emit: []int{0, 1, 2}}
		t.Run(c.name, func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{table},
				Plan: func(in ...physical.Node) physical.Node {
					return groupTop(in[0], []int{0}, keys(in[0]), c.offset, c.count)
				},
				Want:  ranked(table.Columns, sorted(table, keys(scan)), []int{0}, c.offset, c.count),
				Large: "runs are cut from 4096 rows on",
			})
		})
	}
}

// TestManyRowsOfManyGroupsAreCutAsTheyCome has groups by two columns, one of text, whose
// rows come in all orders, more of them than are collected before groups are cut.
func TestManyRowsOfManyGroupsAreCutAsTheyCome(t *testing.T) {
	const rows, groups = 24_000, 100
	table := exectest.Table{Columns: "g int8, h text, v int8"}
	var want []string
	for i := range rows {
		n := i * 7919 % rows // each number once
		g := n % groups
		table.Rows = append(table.Rows, fmt.Sprintf("%d group%d %d", g, g%3, n))
		if n < 3*groups {
			want = append(want, fmt.Sprintf("%d group%d %d", g, g%3, n))
		}
	}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			return &physical.GroupTopN{Input: in[0], By: []expr.Expr{column(in[0], 1), column(in[0], 0)}, Count: 3,
				Keys: []expr.SortKey{{Expr: column(in[0], 2)}}}
		},
		Want:  want,
		Large: "groups are cut from 4096 rows on",
	})
}

func TestAnyRowsOfAGroupWillDoWithoutAnOrder(t *testing.T) {
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{{Columns: "g text?", Rows: []string{"a", "a", "NULL", "b", "a", "NULL", "NULL"}}},
		Plan: func(in ...physical.Node) physical.Node {
			return &physical.GroupTopN{Input: in[0], By: []expr.Expr{column(in[0], 0)}, Count: 2}
		},
		Want: []string{"a", "a", "NULL", "NULL", "b"},
	})
}

// TestATaskGivesTheSameFirstRowsAgain has one instance, as a task has, and more equal
// rows than are wanted: which of them come out, and in which order, does not depend on
// how the input is cut into batches.
func TestATaskGivesTheSameFirstRowsAgain(t *testing.T) {
	fields := exectest.Columns("g text, k int4, id int4")
	r := rand.New(rand.NewPCG(3, 4))
	values := &physical.Values{Fields: fields}
	var names []string
	var of [40][]int // by group: the rows, by key and number
	for i := range 15_000 {
		g, k := r.IntN(len(of)), r.IntN(3)
		name := fmt.Sprint("group number ", g)
		if len(of[g]) == 0 {
			names = append(names, name)
		}
		of[g] = append(of[g], k<<20|i)
		values.Tuples = append(values.Tuples, []expr.Value{expr.Str(name), expr.Int(int64(k)), expr.Int(int64(i))})
	}
	var want []string
	for _, name := range names {
		var g int
		if _, err := fmt.Sscanf(name, "group number %d", &g); err != nil {
			t.Fatal(err)
		}
		slices.Sort(of[g])
		for _, row := range of[g][1:150] {
			want = append(want, fmt.Sprintf("'%s' %d %d", name, row>>20, row&(1<<20-1)))
		}
	}
	for _, rows := range []int{8192, 1000, 61, 1} {
		plan := groupTop(values, []int{0}, []expr.SortKey{{Expr: column(values, 1)}}, 1, 149)
		if got := oneTask(t, plan, rows); !slices.Equal(got, want) {
			t.Errorf("with batches of %d rows other rows come out, or in another order", rows)
		}
	}
}

// oneTask is what a plan over no tables gives in one instance.
func oneTask(t *testing.T, plan physical.Node, batchRows int) (out []string) {
	t.Helper()
	group := exec.NewGroup(1)
	op, err := exec.Build(plan, &exec.Env{Group: group, Fragment: group, BatchRows: batchRows})
	if err != nil {
		t.Fatal(err)
	}
	fields, row := plan.Schema(), make([]expr.Value, len(plan.Schema()))
	for {
		b, err := op.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range b.Selected() {
			for j, f := range fields {
				row[j] = eval.ValueAt(&b.Cols[j], int(i), f.Type)
			}
			out = append(out, exectest.Format(row, fields))
		}
		b.Release()
	}
	if err := op.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}
