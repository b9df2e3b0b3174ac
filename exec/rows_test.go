package exec_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

func TestUnionGivesAllRowsOfAllInputs(t *testing.T) {
	const columns = "a int4?, b text?, c numeric(25,1)?"
	left, right := exectest.Random(columns, 13, 1), exectest.Random(columns, 8, 2)
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{left, right, {Columns: columns}},
		Plan: func(in ...physical.Node) physical.Node {
			return &physical.Union{All: []physical.Node{in[0], in[2], in[1]}, Fields: in[0].Schema()}
		},
		Want: slices.Concat(left.Rows, right.Rows),
	})
}

func TestSetOperationsCountDuplicates(t *testing.T) {
	// From PostgreSQL's documentation of UNION, INTERSECT and EXCEPT: with ALL, a row
	// that stands m times left and n times right comes min(m,n) or max(m-n,0) times.
	left := exectest.Table{Columns: "a int4?, b text?", Rows: []string{"1 x", "1 x", "1 x", "2 y", "NULL NULL", "NULL NULL", "3 NULL", "4 z", "4 z"}}
	right := exectest.Table{Columns: "a int4?, b text?", Rows: []string{"1 x", "NULL NULL", "NULL y", "3 NULL", "3 NULL", "4 z", "4 z", "5 v"}}
	for _, c := range []struct {
		kind physical.SetKind
		all  bool
		want []string
	}{
		{physical.Intersect, false, []string{"1 x", "NULL NULL", "3 NULL", "4 z"}},
		{physical.Intersect, true, []string{"1 x", "NULL NULL", "3 NULL", "4 z", "4 z"}},
		{physical.Except, false, []string{"2 y"}},
		{physical.Except, true, []string{"1 x", "1 x", "2 y", "NULL NULL"}},
	} {
		t.Run(fmt.Sprint(c.kind, " all ", c.all), func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{left, right},
				Plan: func(in ...physical.Node) physical.Node {
					return &physical.SetOp{Kind: c.kind, All: c.all, Left: in[0], Right: in[1], Fields: in[0].Schema()}
				},
				Want: c.want,
			})
		})
	}
}

func TestSetOperationsComparePlainRows(t *testing.T) {
	const columns = "a float8?, b char(9)?, c numeric(38,1)?, d bool?, e interval?"
	for seed := range uint64(4) {
		left, right := exectest.Random(columns, 40, seed), exectest.Random(columns, 30, seed+50)
		// Few combinations, so that rows meet.
		for i := range right.Rows {
			if i%2 == 0 {
				right.Rows[i] = left.Rows[i]
			}
		}
		count := map[string]int{}
		for _, r := range left.Rows {
			count[r]++
		}
		for _, r := range right.Rows {
			count[r]--
		}
		var want []string
		for r, n := range count {
			for range n {
				want = append(want, r)
			}
		}
		exectest.Run(t, exectest.Case{
			Inputs: []exectest.Table{left, right},
			Plan: func(in ...physical.Node) physical.Node {
				return &physical.SetOp{Kind: physical.Except, All: true, Left: in[0], Right: in[1], Fields: in[0].Schema()}
			},
			Want: want,
		})
	}
}

func TestSetOperationsOfRowsWithoutColumns(t *testing.T) {
	rows := exectest.Table{Columns: "a int4", Rows: []string{"1", "2", "3"}}
	none := func(n physical.Node) physical.Node { return &physical.Project{Input: n} }
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{rows, {Columns: "a int4", Rows: []string{"7"}}},
		Plan: func(in ...physical.Node) physical.Node {
			return &physical.SetOp{Kind: physical.Except, All: true, Left: none(in[0]), Right: none(in[1])}
		},
		Want: []string{"", ""},
	})
}

func TestValuesGivesItsRowsOnce(t *testing.T) {
	fields := exectest.Columns("a int4?, b text, c numeric(20,2)")
	table := exectest.Random("a int4?, b text, c numeric(20,2)", 7, 3)
	exectest.Run(t, exectest.Case{
		Plan: func(...physical.Node) physical.Node { return &physical.Values{Tuples: table.Tuples(), Fields: fields} },
		Want: table.Rows, Ordered: true,
	})
	exectest.Run(t, exectest.Case{
		Plan: func(...physical.Node) physical.Node { return &physical.Values{Tuples: make([][]expr.Value, 3)} },
		Want: []string{"", "", ""}, Ordered: true,
	})
}

func TestSharedGivesEveryPlaceAllRows(t *testing.T) {
	const columns = "a int4?, b text?"
	table := exectest.Random(columns, 25, 4)
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			place := func() physical.Node { return &physical.Shared{ID: 1, Input: in[0]} }
			return &physical.Union{All: []physical.Node{place(), place(), place()}, Fields: in[0].Schema()}
		},
		Want: slices.Concat(table.Rows, table.Rows, table.Rows),
	})
}

func TestSharedRunsOnWhenOnePlaceStopsEarly(t *testing.T) {
	const columns = "a int4?, b text?"
	table := exectest.Random(columns, 25, 5)
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			shared := func() physical.Node { return &physical.Shared{ID: 1, Input: in[0]} }
			none := &physical.Limit{Input: shared(), Count: 0}
			return &physical.Union{All: []physical.Node{none, shared()}, Fields: in[0].Schema()}
		},
		Want: table.Rows,
	})
}

func TestSharedAboveABreaker(t *testing.T) {
	table := exectest.Table{Columns: "a int4?", Rows: []string{"3", "1", "NULL", "2"}}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			sorted := &physical.Sort{Input: in[0], Keys: []expr.SortKey{{Expr: column(in[0], 0)}}}
			shared := func() physical.Node { return &physical.Shared{ID: 9, Input: sorted} }
			top := &physical.TopN{Input: shared(), Keys: []expr.SortKey{{Expr: column(in[0], 0), Desc: true}}, Count: 1, Offset: 0}
			return &physical.SetOp{Kind: physical.Except, Left: shared(), Right: top, Fields: in[0].Schema()}
		},
		Want: []string{"1", "2", "NULL"},
	})
}
