package rule

import (
	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// SplitDistinct turns aggregates over distinct values into two aggregations: the
// lower one groups by the argument as well, so that each value comes once, and the
// upper one counts it plainly. Both levels run in parallel and over many workers,
// where a DISTINCT aggregate needs all rows of its group in one place.
//
// It applies when all DISTINCT aggregates of a node have the same argument and
// those beside them can be computed from their own partial results: count, sum,
// min, max and the boolean ones. With few values a group it would be two hash
// tables of nearly the same size in place of one (TPC-H Q16).
func SplitDistinct(n logical.Node, est *cost.Estimator, ids *IDs) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		a, ok := n.(*logical.Aggregate)
		if !ok {
			return n
		}
		out, lower := splitDistinct(a, ids)
		if out == nil || est.Estimate(lower).Rows < valuesPerGroup*est.Estimate(a).Rows {
			return n
		}
		return out
	})
}

// valuesPerGroup is how many distinct values the groups must hold on average.
const valuesPerGroup = 64

// splitDistinct is the two aggregations in place of a, and the lower of them; nil
// when a cannot be split.
func splitDistinct(a *logical.Aggregate, ids *IDs) (whole, below logical.Node) {
	arg := distinctArgument(a)
	if arg == nil {
		return nil, nil
	}
	input, key := a.Input, logical.Column{}
	if c, ok := arg.(*expr.Column); ok {
		key, _ = logical.Find(input, c.ID)
	} else {
		key = ids.Column("value", arg.Type(), true)
		p := &logical.Project{Input: input}
		for _, c := range input.Columns() {
			p.Items = append(p.Items, logical.Item{Col: c, Expr: c.Ref()})
		}
		p.Items = append(p.Items, logical.Item{Col: key, Expr: arg})
		input = p
	}
	lower := &logical.Aggregate{Input: input, Groups: append(append([]logical.Column(nil), a.Groups...), key)}
	for _, g := range a.Groups {
		if g.ID == key.ID {
			lower.Groups = a.Groups
		}
	}
	upper := &logical.Aggregate{Input: lower, Groups: a.Groups}
	var above []logical.Item
	for _, g := range a.Groups {
		above = append(above, logical.Item{Col: g, Expr: g.Ref()})
	}
	plain := true
	for _, item := range a.Aggs {
		whole, value := item, expr.Expr(item.Col.Ref())
		if item.Agg.Distinct {
			whole.Agg.Distinct, whole.Agg.Args = false, []expr.Expr{key.Ref()}
		} else {
			part := ids.Column(item.Col.Name, item.Agg.Typ, item.Agg.Func != "count")
			lower.Aggs = append(lower.Aggs, logical.AggItem{Col: part, Agg: item.Agg})
			whole, value = merged(item, part, ids)
			plain = plain && whole.Col.ID == item.Col.ID
		}
		upper.Aggs = append(upper.Aggs, whole)
		above = append(above, logical.Item{Col: item.Col, Expr: value})
	}
	if plain {
		return upper, lower
	}
	return &logical.Project{Input: upper, Items: above}, lower
}

// merged is the aggregate over the partial results in part that gives item, and
// how item's column reads it: counts are sums of counts, which are NULL over
// nothing, and a sum of integers is of a wider type than its parts.
func merged(item logical.AggItem, part logical.Column, ids *IDs) (logical.AggItem, expr.Expr) {
	name := item.Agg.Func
	if name == "count" {
		name = "sum"
	}
	t := item.Agg.Typ
	if sig, err := expr.ResolveAggregate(name, []expr.Type{part.Type}, false); err == nil {
		t = sig.Result
	}
	agg := expr.Aggregate{Func: name, Args: []expr.Expr{part.Ref()}, Typ: t, Span: item.Agg.Span}
	if name == item.Agg.Func && t.Equal(item.Agg.Typ) {
		return logical.AggItem{Col: item.Col, Agg: agg}, item.Col.Ref()
	}
	col := ids.Column(item.Col.Name, t, true)
	var value expr.Expr = col.Ref()
	if item.Agg.Func == "count" {
		none := expr.NewLiteral(expr.Int(0), t)
		value = &expr.Call{Name: expr.FnCoalesce, Args: []expr.Expr{value, none}, Typ: t}
	}
	return logical.AggItem{Col: col, Agg: agg}, &expr.Cast{Arg: value, To: item.Col.Type}
}

// distinctArgument is the one argument of all DISTINCT aggregates, nil when the
// node cannot be split or has none.
func distinctArgument(a *logical.Aggregate) expr.Expr {
	var arg expr.Expr
	for _, item := range a.Aggs {
		g := item.Agg
		if len(g.Order) > 0 {
			return nil
		}
		if !g.Distinct {
			if !splits(g) {
				return nil
			}
			continue
		}
		if len(g.Args) != 1 || g.Func == "array_agg" || g.Filter != nil || expr.CanFail(g.Args[0]) || isVolatile(g.Args[0]) || arg != nil && !expr.Equal(arg, g.Args[0]) {
			return nil
		}
		arg = g.Args[0]
	}
	return arg
}

// splits reports whether an aggregate over partial results of itself is the
// aggregate over everything. avg and variance have partial results of several
// columns; a sum of real is rounded too early.
func splits(a expr.Aggregate) bool {
	switch a.Func {
	case "sum":
		return a.Typ.Kind != expr.Float4
	case "count", "min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor", "any_value":
		return true
	}
	return false
}
