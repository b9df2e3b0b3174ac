package eval

import (
	"math"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// order is a comparison as kernels do it: equality or below, perhaps with the
// sides swapped, perhaps negated.
type order struct{ less, swap, not bool }

func orderOf(op string) order {
	switch op {
	case expr.OpNe:
		return order{not: true}
	case expr.OpLt:
		return order{less: true}
	case expr.OpGt:
		return order{less: true, swap: true}
	case expr.OpLe:
		return order{less: true, swap: true, not: true}
	case expr.OpGe:
		return order{less: true, not: true}
	}
	return order{}
}

// comparison compiles =, <>, <, <=, >, >=.
func (c *compiler) comparison(e *expr.Call) (step, error) {
	if len(e.Args) != 2 {
		return nil, sqlerr.At(sqlerr.InternalError, e.Span, "comparison of %d arguments", len(e.Args))
	}
	k, err := comparer(e.Name, e.Args[0].Type(), e.Args[1].Type())
	if err != nil {
		return nil, sqlerr.AtSpan(err, e.Span)
	}
	return c.strictCall(e, k, true)
}

// comparer is the kernel of a comparison of two types that compare directly:
// equal kinds, or numerics of any scale.
func comparer(op string, a, b expr.Type) (kernelFunc, error) {
	o := orderOf(op)
	if a.IsNested() {
		return compareNested(op, a), nil
	}
	switch Layout(a) {
	case vector.String:
		trim := a.Kind == expr.Char || b.Kind == expr.Char
		return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
			return compareStrings(f, in[0], in[1], o, trim, sel)
		}, nil
	}
	if Layout(a) != Layout(b) && a.Kind != expr.Numeric {
		return nil, sqlerr.New(sqlerr.InternalError, "comparison of %s with %s", a, b)
	}
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		x, y := in[0], in[1]
		if a.Kind == expr.Numeric && (a.Scale != b.Scale || x.Kind != y.Kind) {
			var err error
			if x, y, err = sameScale(f, x, y, a, b, sel); err != nil {
				return x, err
			}
		}
		out, err := alloc[uint8](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		err = compareFixed(f, &x, &y, o, sel, out)
		return vector.Flat(vector.Bool, out, nil), err
	}, nil
}

// compareFixed compares columns of one layout, of which one or (in a frame of one
// row) both may be single values.
func compareFixed(f *frame, a, b *vector.Column, o order, sel vector.Selection, out []uint8) error {
	switch a.Kind {
	case vector.Bool:
		compareInts(a.Bools(), b.Bools(), o, sel, out)
	case vector.Int16:
		compareInts(a.Int16s(), b.Int16s(), o, sel, out)
	case vector.Int32:
		compareInts(a.Int32s(), b.Int32s(), o, sel, out)
	case vector.Int64:
		compareInts(a.Int64s(), b.Int64s(), o, sel, out)
	case vector.Float32, vector.Float64:
		x, err := orderedKeys(f, a, sel)
		if err != nil {
			return err
		}
		y, err := orderedKeys(f, b, sel)
		if err != nil {
			return err
		}
		compareInts(x, y, o, sel, out)
	case vector.Int128:
		compareWide(a.Int128s(), b.Int128s(), o, sel, out)
	case vector.Interval:
		x, err := intervalKeys(f, a, sel)
		if err != nil {
			return err
		}
		y, err := intervalKeys(f, b, sel)
		if err != nil {
			return err
		}
		compareWide(x, y, o, sel, out)
	}
	return nil
}

func compareInts[T kernel.Integer](a, b []T, o order, sel vector.Selection, out []uint8) {
	n := len(out)
	switch {
	case len(b) == 1 && n != 1:
		kernel.InRange(a, rangeOf(o, int64(b[0])), sel, out)
	case len(a) == 1 && n != 1:
		kernel.InRange(b, rangeOf(o.mirrored(), int64(a[0])), sel, out)
	case o.less && o.swap:
		kernel.Less(b, a, o.not, sel, out)
	case o.less:
		kernel.Less(a, b, o.not, sel, out)
	default:
		kernel.Equal(a, b, o.not, sel, out)
	}
}

// mirrored is the comparison with its sides exchanged.
func (o order) mirrored() order {
	if o.less {
		o.swap = !o.swap
	}
	return o
}

// rangeOf is the integers x for which "x op c" holds.
func rangeOf(o order, c int64) kernel.Range {
	none := kernel.Range{Lo: 1, Hi: 0}
	switch {
	case !o.less:
		return kernel.Range{Lo: c, Hi: c, Not: o.not}
	case !o.swap && !o.not: // x < c
		if c == math.MinInt64 {
			return none
		}
		return kernel.Range{Lo: math.MinInt64, Hi: c - 1}
	case !o.swap: // x >= c
		return kernel.Range{Lo: c, Hi: math.MaxInt64}
	case !o.not: // x > c
		if c == math.MaxInt64 {
			return none
		}
		return kernel.Range{Lo: c + 1, Hi: math.MaxInt64}
	}
	return kernel.Range{Lo: math.MinInt64, Hi: c} // x <= c
}

func compareWide(a, b []vector.I128, o order, sel vector.Selection, out []uint8) {
	if len(a) == 1 && len(out) != 1 {
		a, b, o = b, a, o.mirrored()
	}
	if !o.less || !o.swap {
		kernel.Compare128(a, b, o.less, o.not, sel, out)
		return
	}
	if len(b) == 1 && len(out) != 1 {
		// a > c is a >= c+1; c is far from the end of 128 bits.
		c, _ := kernel.Add128(b[0], vector.I128{Lo: 1})
		kernel.Compare128(a, []vector.I128{c}, true, !o.not, sel, out)
		return
	}
	kernel.Compare128(b, a, true, o.not, sel, out)
}

func orderedKeys(f *frame, c *vector.Column, sel vector.Selection) ([]int64, error) {
	out, err := alloc[int64](f, c.Len)
	if err != nil {
		return nil, err
	}
	sel = within1(c, sel)
	if c.Kind == vector.Float32 {
		kernel.OrderedKeys(c.Float32s(), sel, out)
	} else {
		kernel.OrderedKeys(c.Float64s(), sel, out)
	}
	return out, nil
}

// intervalKeys is the span of intervals in microseconds, months of 30 days, as
// PostgreSQL compares them.
func intervalKeys(f *frame, c *vector.Column, sel vector.Selection) ([]vector.I128, error) {
	out, err := alloc[vector.I128](f, c.Len)
	if err != nil {
		return nil, err
	}
	in := c.Intervals()
	for i := range in {
		out[i] = kernel.IntervalKey(in[i])
	}
	return out, nil
}

// sameScale brings two numeric columns to one scale and layout.
func sameScale(f *frame, a, b vector.Column, at, bt expr.Type, sel vector.Selection) (vector.Column, vector.Column, error) {
	scale := int(max(at.Scale, bt.Scale))
	a, err := raise(f, a, scale-int(at.Scale), sel)
	if err != nil {
		return a, b, err
	}
	if b, err = raise(f, b, scale-int(bt.Scale), sel); err != nil || a.Kind == b.Kind {
		return a, b, err
	}
	for _, c := range []*vector.Column{&a, &b} {
		if c.Kind == vector.Int64 {
			w, err := decimals(f, c, sel)
			if err != nil {
				return a, b, err
			}
			*c = vector.Flat(vector.Int128, w, nil)
		}
	}
	return a, b, nil
}

// raise multiplies a numeric column by 10^digits, in 64 bits where that is
// proven to fit. A value that leaves 128 bits stays at the end of the range:
// enough for comparisons, and arithmetic finds it out of 38 digits.
func raise(f *frame, c vector.Column, digits int, sel vector.Selection) (vector.Column, error) {
	if digits == 0 {
		return c, nil
	}
	sel = within1(&c, sel)
	p := kernel.Pow10(digits)
	if c.Kind == vector.Int64 && kernel.Fits64(p) {
		factor := []int64{int64(p.Lo)}
		if kernel.BitLen(c.Int64s(), sel)+kernel.BitLen(factor, nil) <= 62 {
			out, err := alloc[int64](f, c.Len)
			if err != nil {
				return c, err
			}
			if c.Len == 1 {
				out[0] = c.Int64s()[0] * factor[0]
			} else {
				kernel.Apply(kernel.Mul, c.Int64s(), factor, sel, out)
			}
			return vector.Flat(vector.Int64, out, nil), nil
		}
	}
	in, err := decimals(f, &c, sel)
	if err != nil {
		return c, err
	}
	out, err := alloc[vector.I128](f, c.Len)
	if err != nil {
		return c, err
	}
	kernel.Scale128(in, p, sel, out)
	return vector.Flat(vector.Int128, out, nil), nil
}
