package eval

import (
	"slices"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// rangeCondition is "column between two integers" over a column whose layout is
// an integer: integers, dates, times, narrow numerics, booleans. Every comparison
// of such a column with a constant is one.
type rangeCondition struct {
	ordinal int
	in      kernel.Range
	// column and general evaluate the condition on the column's other encodings.
	general *dictCondition
}

func (r *rangeCondition) price() float64 { return 1 }

// rangeOn compiles e when it is such a condition, or the AND of several on one
// column that mergeRanges made.
func (c *compiler) rangeOn(e expr.Expr) (condition, error) {
	col, in, ok := rangeOfColumn(e)
	if !ok {
		return nil, nil
	}
	general, err := c.dictCondition(e, int(col.ID))
	if err != nil {
		return nil, err
	}
	return &rangeCondition{ordinal: int(col.ID), in: in, general: general.(*dictCondition)}, nil
}

// rangeOfColumn reads e as a column in a range.
func rangeOfColumn(e expr.Expr) (*expr.Column, kernel.Range, bool) {
	n, ok := e.(*expr.Call)
	if !ok {
		return nil, kernel.Range{}, false
	}
	if n.Name == expr.OpAnd {
		col, in, ok := rangeOfColumn(n.Args[0])
		for _, a := range n.Args[1:] {
			next, more, isRange := rangeOfColumn(a)
			if !ok || !isRange || next.ID != col.ID {
				return nil, in, false
			}
			in, ok = in.And(more)
		}
		return col, in, ok
	}
	if !isComparison(n.Name) || len(n.Args) != 2 {
		return nil, kernel.Range{}, false
	}
	o := orderOf(n.Name)
	col, isCol := n.Args[0].(*expr.Column)
	lit, isLit := n.Args[1].(*expr.Literal)
	if !isCol {
		col, isCol = n.Args[1].(*expr.Column)
		lit, isLit = n.Args[0].(*expr.Literal)
		o = o.mirrored()
	}
	if !isCol || !isLit || lit.Value.Null {
		return nil, kernel.Range{}, false
	}
	v, ok := integerOf(lit, col.Typ)
	return col, rangeOf(o, v), ok
}

func isComparison(name string) bool {
	switch name {
	case expr.OpEq, expr.OpNe, expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe:
		return true
	}
	return false
}

// integerOf is a literal as a value of a column of type t, when that is an
// integer column and the literal exactly one of its values.
func integerOf(lit *expr.Literal, t expr.Type) (int64, bool) {
	switch t.Kind {
	case expr.Bool, expr.Int2, expr.Int4, expr.Int8, expr.Date, expr.Time, expr.Timestamp, expr.TimestampTZ:
		return lit.Value.I, lit.Typ.Kind == t.Kind
	case expr.Numeric:
		if lit.Typ.Kind != expr.Numeric || t.IsWide() {
			return 0, false
		}
		v := wide(lit.Value)
		scaled, ok := kernel.Rescale(v, int(lit.Typ.Scale), int(t.Scale))
		if !ok || !kernel.Fits64(scaled) {
			return 0, false
		}
		back, ok := kernel.Rescale(scaled, int(t.Scale), int(lit.Typ.Scale))
		return int64(scaled.Lo), ok && back == v
	}
	return 0, false
}

func (r *rangeCondition) choose(f *frame, sel vector.Selection) (vector.Selection, error) {
	c := &f.cols[r.ordinal]
	if c.Dict != nil {
		return r.general.choose(f, sel)
	}
	room, err := f.selection(sel)
	if err != nil {
		return nil, err
	}
	switch c.Kind {
	case vector.Bool:
		sel = kernel.SelectRange(c.Bools(), r.in, sel, room)
	case vector.Int16:
		sel = kernel.SelectRange(c.Int16s(), r.in, sel, room)
	case vector.Int32:
		sel = kernel.SelectRange(c.Int32s(), r.in, sel, room)
	case vector.Int64:
		sel = kernel.SelectRange(c.Int64s(), r.in, sel, room)
	default:
		return r.general.choose(f, sel)
	}
	if c.Valid != nil {
		sel = selectValid(c.Valid, f.n, sel, slices.Clip(room[:len(sel)]))
	}
	return sel, nil
}

// mergeRanges joins the conjuncts that bound one column on both sides into one
// condition, so that the column is read once.
func mergeRanges(conjuncts []expr.Expr) []expr.Expr {
	var out []expr.Expr
	at := map[expr.ColumnID]int{}
	for _, e := range conjuncts {
		col, in, ok := rangeOfColumn(e)
		if !ok || in.Not {
			out = append(out, e)
			continue
		}
		if i, seen := at[col.ID]; seen {
			out[i] = expr.And(out[i], e)
			continue
		}
		at[col.ID] = len(out)
		out = append(out, e)
	}
	return out
}
