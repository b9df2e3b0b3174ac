package eval

import (
	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

func numericOverflow() error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "numeric field overflow").
		WithHint("Numerics have at most %d digits.", expr.MaxPrecision)
}

// decimalKernel computes + - * of numerics whose result is of type t. It stays in
// 64 bits where the magnitudes of the batch prove that nothing overflows.
func decimalKernel(op kernel.Op, at, bt, t expr.Type) kernelFunc {
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		a, b := in[0], in[1]
		scale := int(at.Scale) + int(bt.Scale)
		if op != kernel.Mul {
			scale = int(max(at.Scale, bt.Scale))
			var err error
			if a, b, err = sameScale(f, a, b, at, bt, sel); err != nil {
				return a, err
			}
		}
		var out vector.Column
		var err error
		if a.Kind == vector.Int64 && b.Kind == vector.Int64 {
			out, err = narrowDecimals(f, op, a, b, sel)
		} else {
			out, err = wideDecimals(f, op, a, b, sel)
		}
		if err != nil || scale == int(t.Scale) && (out.Kind == vector.Int64 || t.IsWide()) {
			return out, err
		}
		return fitDecimals(f, out, scale, t, sel)
	}
}

func narrowDecimals(f *frame, op kernel.Op, a, b vector.Column, sel vector.Selection) (vector.Column, error) {
	x, y := a.Int64s(), b.Int64s()
	in := []vector.Column{a, b}
	if provenFits(op, x, y, in, sel, 63) {
		out, err := alloc[int64](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		kernel.Apply(op, x, y, sel, out)
		return vector.Flat(vector.Int64, out, nil), nil
	}
	if op != kernel.Mul {
		return wideDecimals(f, op, a, b, sel)
	}
	out, err := alloc[vector.I128](f, f.n)
	if err != nil {
		return vector.Column{}, err
	}
	kernel.MulWide(x, y, sel, out) // at most 2^126: below 10^38
	return vector.Flat(vector.Int128, out, nil), nil
}

func wideDecimals(f *frame, op kernel.Op, a, b vector.Column, sel vector.Selection) (vector.Column, error) {
	x, err := decimals(f, &a, sel)
	if err != nil {
		return a, err
	}
	y, err := decimals(f, &b, sel)
	if err != nil {
		return b, err
	}
	out, err := alloc[vector.I128](f, f.n)
	if err != nil {
		return vector.Column{}, err
	}
	if kernel.Combine128(op, x, y, sel, out) >= 0 {
		return vector.Column{}, numericOverflow()
	}
	return vector.Flat(vector.Int128, out, nil), nil
}

// fitDecimals brings a numeric column from a scale to type t: rounds, checks the
// digits, narrows.
func fitDecimals(f *frame, c vector.Column, scale int, t expr.Type, sel vector.Selection) (vector.Column, error) {
	in, err := decimals(f, &c, sel)
	if err != nil {
		return c, err
	}
	out, err := alloc[vector.I128](f, c.Len)
	if err != nil {
		return c, err
	}
	each(within1(&c, sel), c.Len, func(row int) {
		v, ok := kernel.Rescale(in[row], scale, int(t.Scale))
		if !ok || !kernel.InDigits(v, int(t.Precision)) {
			err = numericOverflow()
		}
		out[row] = v
	})
	if err != nil {
		return c, err
	}
	return numericColumn(f, out, t, sel)
}

// numericColumn makes a column of type t from values that have its digits.
func numericColumn(f *frame, values []vector.I128, t expr.Type, sel vector.Selection) (vector.Column, error) {
	if t.IsWide() {
		return vector.Flat(vector.Int128, values, nil), nil
	}
	out, err := alloc[int64](f, len(values))
	if err != nil {
		return vector.Column{}, err
	}
	if len(values) == 1 && len(sel) > 0 { // see within1
		sel = nil
	}
	if !kernel.Narrow(values, sel, out) {
		return vector.Column{}, numericOverflow()
	}
	return vector.Flat(vector.Int64, out, nil), nil
}

// divideDecimals is / : the quotient at t's scale, rounded once.
func divideDecimals(at, bt, t expr.Type) kernelFunc {
	shift := int(t.Scale) + int(bt.Scale) - int(at.Scale)
	return decimalRows(t, func(a, b vector.I128) (vector.I128, error) {
		if b == (vector.I128{}) {
			return a, divisionByZero()
		}
		q, ok := kernel.DivScaled(a, b, shift)
		if !ok || !kernel.InDigits(q, int(t.Precision)) {
			return q, numericOverflow()
		}
		return q, nil
	})
}

// moduloDecimals is %, with the sign of the dividend.
func moduloDecimals(at, bt, t expr.Type) kernelFunc {
	scale := int(max(at.Scale, bt.Scale))
	return decimalRows(t, func(a, b vector.I128) (vector.I128, error) {
		if b == (vector.I128{}) {
			return a, divisionByZero()
		}
		x, ok := kernel.Rescale(a, int(at.Scale), scale)
		if !ok {
			return a, numericOverflow()
		}
		y, ok := kernel.Rescale(b, int(bt.Scale), scale)
		if !ok {
			return a, nil // the divisor is above every dividend
		}
		_, r := kernel.DivMod128(x, y)
		r, ok = kernel.Rescale(r, scale, int(t.Scale))
		if !ok || !kernel.InDigits(r, int(t.Precision)) {
			return r, numericOverflow()
		}
		return r, nil
	})
}

// decimalRows computes row by row in 128 bits.
func decimalRows(t expr.Type, do func(a, b vector.I128) (vector.I128, error)) kernelFunc {
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		a, err := decimals(f, &in[0], sel)
		if err != nil {
			return in[0], err
		}
		b, err := decimals(f, &in[1], sel)
		if err != nil {
			return in[1], err
		}
		out, err := alloc[vector.I128](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		ma, mb := maskOf(&in[0], f.n), maskOf(&in[1], f.n)
		var first error
		each(sel, f.n, func(row int) {
			if out[row], err = do(a[row&ma], b[row&mb]); err != nil && first == nil {
				first = err
			}
		})
		if first != nil {
			return vector.Column{}, first
		}
		return numericColumn(f, out, t, sel)
	}
}
