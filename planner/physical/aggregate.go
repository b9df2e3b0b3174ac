package physical

import "github.com/skein-query/skein/planner/expr"

// Phase is the part of an aggregation that a node does.
type Phase uint8

// The phases. Partial gives out groups with state columns (see StateFields);
// Final reads groups and states and merges them.
const (
	Single Phase = iota
	Partial
	Final
)

// Aggregate groups rows by Groups and computes Aggs for each group. Without
// groups there is exactly one output row (Partial: one per instance), also over
// no input. NULLs are one group.
//
// Its output is the groups, then the aggregates (Partial: their state columns).
// In phase Final the input is the output of a Partial with the same Aggs: Groups
// are columns, and the states follow them in order.
//
// A distinct aggregate is never split: the planner puts it in phase Single over
// input that is partitioned by the groups.
type Aggregate struct {
	Est
	Input Node
	Phase Phase
	// Groups and the Args and Filters of Aggs count in the input's columns (in
	// phase Final only Groups do).
	Groups []expr.Expr
	Names  []string // of groups, then aggregates
	Aggs   []expr.Aggregate
}

// Schema is the groups followed by results or states.
func (n *Aggregate) Schema() []expr.Field {
	out := make([]expr.Field, 0, len(n.Groups)+len(n.Aggs))
	for i, g := range n.Groups {
		f := expr.Field{Name: n.Names[i], Type: g.Type(), Nullable: true}
		if c, ok := g.(*expr.Column); ok {
			f.Nullable = c.Nullable
		}
		out = append(out, f)
	}
	for i, a := range n.Aggs {
		name := n.Names[len(n.Groups)+i]
		if n.Phase == Partial {
			for _, t := range StateTypes(a) {
				out = append(out, expr.Field{Name: name, Type: t, Nullable: true})
			}
			continue
		}
		out = append(out, expr.Field{Name: name, Type: a.Typ, Nullable: a.Func != "count" && a.Func != "regr_count"})
	}
	return out
}

// Inputs is the one input.
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }

// StateTypes are the columns that carry the state of an aggregate between the
// phases Partial and Final:
//
//	count                          int8: rows counted
//	sum, min, max, bool_and …      the result so far, NULL over no rows
//	avg of numbers                 sum, then count (numeric sums as numeric(38,s))
//	stddev_*, var_* of floats      float8: count, mean, sum of squared differences
//	… of integers and numerics     count; sum as numeric(38,s); the sum of the squares
//	                               of the unscaled values, divided by 10^38 and the
//	                               remainder
//	corr, covar_*, regr_*          float8: n, Σx, Σ(x-x̄)², Σy, Σ(y-ȳ)², Σ(x-x̄)(y-ȳ)
//
// Aggregates not listed (string_agg, array_agg, first, everything DISTINCT) have
// no state and run in phase Single.
//
// first is no function of SQL: it is the argument's value, which may be NULL, in
// the group's first row by the call's Order (without one: in any row), and has the
// argument's type. Calls with one Order and one Filter take their values from one
// row, which is what DISTINCT ON needs.
func StateTypes(a expr.Aggregate) []expr.Type {
	switch a.Func {
	case "count":
		return []expr.Type{expr.Of(expr.Int8)}
	case "avg":
		if t := a.Args[0].Type(); t.IsInteger() || t.Kind == expr.Numeric {
			return []expr.Type{expr.NumericOf(38, int(t.Scale)), expr.Of(expr.Int8)}
		}
		if a.Args[0].Type().Kind == expr.Interval {
			return []expr.Type{expr.Of(expr.Interval), expr.Of(expr.Int8)}
		}
		return []expr.Type{expr.Of(expr.Float8), expr.Of(expr.Int8)}
	case "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop":
		if t := a.Args[0].Type(); t.IsInteger() || t.Kind == expr.Numeric {
			whole := expr.NumericOf(38, 0)
			return []expr.Type{expr.Of(expr.Int8), expr.NumericOf(38, int(t.Scale)), whole, whole}
		}
		f := expr.Of(expr.Float8)
		return []expr.Type{f, f, f}
	case "corr", "covar_pop", "covar_samp", "regr_count", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy",
		"regr_slope", "regr_intercept", "regr_r2":
		f := expr.Of(expr.Float8)
		return []expr.Type{f, f, f, f, f, f}
	}
	return []expr.Type{a.Typ}
}

// Splittable reports whether the aggregate can run as Partial and Final.
func Splittable(a expr.Aggregate) bool {
	if a.Distinct || len(a.Order) > 0 {
		return false
	}
	switch a.Func {
	case "count", "sum", "min", "max", "avg", "bool_and", "bool_or", "every", "any_value",
		"stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop", "bit_and", "bit_or", "bit_xor",
		"corr", "covar_pop", "covar_samp", "regr_count", "regr_avgx", "regr_avgy", "regr_sxx", "regr_syy", "regr_sxy",
		"regr_slope", "regr_intercept", "regr_r2":
		return true
	}
	return false
}
