package eval

import (
	"math"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/planner/expr"
)

// unwrap turns a comparison of a cast with a constant into one of what is cast:
// date::timestamp < '1995-01-01 00:00' into date < '1995-01-01'. The cast must keep
// order and be exact. Only so do scans see bounds of the column itself, and the
// comparison cannot fail any more. Other calls come back as they are.
func unwrap(n *expr.Call) *expr.Call {
	if !isComparison(n.Name) || len(n.Args) != 2 {
		return n
	}
	cast, isCast := n.Args[0].(*expr.Cast)
	lit, isLit := n.Args[1].(*expr.Literal)
	o := orderOf(n.Name)
	if !isCast {
		cast, isCast = n.Args[1].(*expr.Cast)
		lit, isLit = n.Args[0].(*expr.Literal)
		o = o.mirrored()
	}
	if !isCast || cast.Try || !isLit || lit.Value.Null {
		return n
	}
	from := cast.Arg.Type()
	v, exact, ok := floorTo(lit, from)
	if !ok {
		return n
	}
	name := o.name()
	if !exact {
		// v lies below the constant: above it begins what is above the constant.
		switch name {
		case expr.OpLt, expr.OpLe:
			name = expr.OpLe
		case expr.OpGt, expr.OpGe:
			name = expr.OpGt
		default:
			return n
		}
	}
	return &expr.Call{Name: name, Typ: n.Typ, Span: n.Span,
		Args: []expr.Expr{cast.Arg, &expr.Literal{Value: expr.Int(v), Typ: from, Span: lit.Span}}}
}

// name is the operator of an order.
func (o order) name() string {
	switch {
	case !o.less && o.not:
		return expr.OpNe
	case !o.less:
		return expr.OpEq
	case o.swap && o.not:
		return expr.OpLe
	case o.swap:
		return expr.OpGt
	case o.not:
		return expr.OpGe
	}
	return expr.OpLt
}

// floorTo is the greatest value of type t, a date or an integer, whose cast to the
// literal's type is not above the literal; ok is false where there is none or the
// cast is not an exact one.
func floorTo(lit *expr.Literal, t expr.Type) (v int64, exact, ok bool) {
	switch {
	case t.Kind == expr.Date && (lit.Typ.Kind == expr.Timestamp || lit.Typ.Kind == expr.TimestampTZ):
		v = floorDiv(lit.Value.I, microsPerDay)
		return v, v*microsPerDay == lit.Value.I, v > -2440588
	case t.IsInteger() && lit.Typ.IsInteger():
		v, exact = lit.Value.I, true
	case t.IsInteger() && lit.Typ.Kind == expr.Numeric:
		if from := expr.NumericFor(t); int(lit.Typ.Precision)-int(lit.Typ.Scale) > int(from.Precision) {
			return 0, false, false
		}
		w := floorDecimal(wide(lit.Value), int(lit.Typ.Scale))
		back, _ := kernel.Rescale(w, 0, int(lit.Typ.Scale))
		v, exact = int64(w.Lo), back == wide(lit.Value)
		if !kernel.Fits64(w) {
			return 0, false, false
		}
	default:
		return 0, false, false
	}
	return v, exact, fitsInteger(v, t) && v != math.MinInt64
}
