package substrait

import (
	"fmt"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// joins are both joins in every kind.
func joins() []plan {
	l, o := lines(), orders()
	left, right := len(l.Schema()), len(o.Schema())
	key := func(n physical.Node, i int) expr.Expr { return col(n, i) }
	residual := &expr.Call{Name: expr.OpLt, Typ: boolean, Span: at(30, 33), Args: []expr.Expr{
		&expr.Column{ID: 1, Typ: money, Nullable: true, Name: "l_quantity"}, &expr.Column{ID: 3, Typ: money, Nullable: true, Name: "o_totalprice"}}}
	var out []plan
	for kind := physical.Inner; kind <= physical.ProbeSingle; kind++ {
		first, end := survivors(kind, left, right)
		emit := []int{end - 1, first}
		mark := ""
		if kind == physical.ProbeMark {
			mark = "found"
		}
		for _, cond := range []expr.Expr{nil, residual} {
			out = append(out,
				plan{fmt.Sprintf("hash join %s, residual %t", kind, cond != nil), &physical.HashJoin{Est: physical.Est{RowCount: 6}, Kind: kind, Probe: l, Build: o,
					ProbeKeys: []expr.Expr{key(l, 0)}, BuildKeys: []expr.Expr{key(o, 1)}, Residual: cond, Emit: emit, MarkName: mark, NullEqual: cond != nil}},
				plan{fmt.Sprintf("nested loop join %s, condition %t", kind, cond != nil), &physical.NestedLoopJoin{
					Est: physical.Est{RowCount: 6}, Kind: kind, Probe: l, Build: o, Cond: cond, Emit: emit, MarkName: mark}})
		}
	}
	compare := &expr.Call{Name: expr.OpEq, Typ: boolean, Span: at(50, 60), Args: []expr.Expr{col(l, 0),
		&expr.Column{ID: 4, Typ: int8, Name: "o_orderkey"}}}
	computed := &expr.Call{Name: expr.OpAdd, Args: []expr.Expr{col(o, 1), expr.NewLiteral(expr.Int(1), int8)}, Typ: int8, Span: at(50, 60)}
	for _, kind := range []physical.JoinKind{physical.ProbeAnti, physical.ProbeMark} {
		out = append(out, plan{"NOT IN as " + kind.String(), &physical.HashJoin{Kind: kind, NullAware: true, Probe: l, Build: o,
			ProbeKeys: []expr.Expr{key(l, 0), key(l, 1)}, BuildKeys: []expr.Expr{computed, key(o, 0)}, Emit: []int{0}, MarkName: "m", Replicated: true}})
		for _, cond := range []expr.Expr{nil, residual} {
			out = append(out, plan{fmt.Sprintf("NOT IN as %s in a nested loop, condition %t", kind, cond != nil), &physical.NestedLoopJoin{
				Kind: kind, Probe: l, Build: o, Cond: cond, NullAware: compare, Emit: []int{0}, MarkName: "m", Replicated: cond != nil}})
		}
	}
	return append(out,
		plan{"hash join of sides in files in an order", &physical.HashJoin{Probe: l, Build: o, ProbeKeys: []expr.Expr{key(l, 0), key(l, 1)},
			BuildKeys: []expr.Expr{key(o, 1), key(o, 0)}, Emit: []int{}, Replicated: true, CoLocated: 2}},
		plan{"hash join with what the optimizer knows", &physical.HashJoin{Probe: l, Build: o, ProbeKeys: []expr.Expr{key(l, 0), key(l, 1)},
			BuildKeys: []expr.Expr{key(o, 1), key(o, 0)}, RuntimeFilters: []physical.RuntimeFilter{{ID: 3}, {ID: 9, Key: 1}}, BuildUnique: true, Emit: []int{}}})
}

// aggregates are aggregations in every phase.
func aggregates() []plan {
	l := lines()
	aggs := []expr.Aggregate{
		{Func: "count", Typ: int8, Span: at(5, 13)},
		{Func: "count", Args: []expr.Expr{col(l, 1)}, Typ: int8, Filter: conjuncts(l)[1], Span: at(1, 2)},
		{Func: "sum", Args: []expr.Expr{col(l, 1)}, Typ: expr.NumericOf(38, 2), Span: at(15, 30)},
		{Func: "sum", Args: []expr.Expr{col(l, 1)}, Typ: expr.NumericOf(30, 2)},
		{Func: "sum", Args: []expr.Expr{integer(1)}, Typ: int8},
		{Func: "avg", Args: []expr.Expr{col(l, 1)}, Typ: expr.NumericOf(38, 16)},
		{Func: "min", Args: []expr.Expr{col(l, 2)}, Typ: text},
		{Func: "max", Args: []expr.Expr{col(l, 0)}, Typ: int8},
		{Func: "max", Args: []expr.Expr{col(l, 1)}, Typ: money},
		{Func: "bool_or", Args: []expr.Expr{conjuncts(l)[0]}, Typ: boolean},
		{Func: "stddev_samp", Args: []expr.Expr{expr.NullOf(expr.Of(expr.Float8))}, Typ: expr.Of(expr.Float8)},
	}
	groups := []expr.Expr{col(l, 2), &expr.Call{Name: expr.OpAdd, Args: []expr.Expr{col(l, 0), col(l, 0)}, Typ: int8, Span: at(6, 7)}}
	names := []string{"flag", "double"}
	for i := range aggs {
		names = append(names, fmt.Sprintf("a%d", i))
	}
	single := &physical.Aggregate{Est: physical.Est{RowCount: 4}, Input: l, Groups: groups, Aggs: append([]expr.Aggregate{
		{Func: "count", Args: []expr.Expr{col(l, 0)}, Distinct: true, Typ: int8},
		{Func: "string_agg", Args: []expr.Expr{col(l, 2), expr.NewLiteral(expr.Str(","), text)}, Order: order(l), Typ: text, Span: at(60, 99)},
	}, aggs...), Names: append([]string{"flag", "double", "distinct", "joined"}, names[2:]...)}
	partial := &physical.Aggregate{Est: physical.Est{RowCount: 8}, Phase: physical.Partial, Input: l, Groups: groups, Aggs: aggs, Names: names}
	moved := &physical.Exchange{Input: partial, Kind: physical.HashSplit, Keys: []expr.Expr{col(partial, 0), col(partial, 1)}}
	final := &physical.Aggregate{Phase: physical.Final, Input: moved, Groups: []expr.Expr{col(moved, 0), col(moved, 1)}, Aggs: aggs, Names: names}
	received := *final
	received.Input = &physical.Receive{Edge: 1, Kind: physical.HashSplit, Fields: partial.Schema()}
	distinct := &physical.Aggregate{Phase: physical.Partial, Input: l, Groups: groups, Names: []string{"a", "b"}}
	return []plan{
		{"aggregate", single},
		{"aggregate without groups", &physical.Aggregate{Input: l, Aggs: aggs[:1], Names: []string{"n"}}},
		{"aggregate in two phases", final},
		{"final aggregate of a fragment", &received},
		{"groups without aggregates, partial", distinct},
		{"groups without aggregates, final", &physical.Aggregate{Phase: physical.Final, Input: distinct, Groups: []expr.Expr{col(distinct, 0), col(distinct, 1)}, Names: []string{"a", "b"}}},
	}
}

// sharing are plans with shared subplans, one inside another.
func sharing() []plan {
	l := lines()
	inner := func() *physical.Shared { return &physical.Shared{ID: 4, Input: l} }
	limited := &physical.Limit{Input: inner(), Count: 3}
	outer := func() *physical.Shared { return &physical.Shared{ID: 2, Input: limited} }
	return []plan{
		{"shared root", inner()},
		{"shared within shared", &physical.Union{All: []physical.Node{outer(), inner(), outer()}, Fields: l.Schema()}},
	}
}
