package eval

import (
	"math/big"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// workBits is the precision of roots, logarithms and powers of numerics: 38 digits
// before and 38 behind the point, and enough that the last is rounded right.
const workBits = 400

func newFloat() *big.Float { return new(big.Float).SetPrec(workBits) }

func floatOf(v vector.I128, scale int) *big.Float {
	f := newFloat().SetInt(kernel.BigOf(v))
	return f.Quo(f, newFloat().SetInt(kernel.BigOf(kernel.Pow10(scale))))
}

// bigFunction is sqrt, exp, ln, log and power of numerics.
func bigFunction(e *expr.Call, scale, second int) rowFunc {
	to := int(e.Typ.Scale)
	ten := newFloat().SetInt64(10)
	return func(in []input, row int, out *output) error {
		a := floatOf(in[0].dec(row), scale)
		var b *big.Float
		if len(in) == 2 {
			b = floatOf(in[1].dec(row), second)
		}
		var r *big.Float
		var err error
		switch e.Name {
		case "sqrt":
			if a.Sign() < 0 {
				return sqlerr.New(sqlerr.InvalidArgumentForPower, "cannot take square root of a negative number")
			}
			r = newFloat().Sqrt(a)
		case "exp":
			r, err = expBig(a)
		case "ln":
			r, err = lnBig(a)
		case "log", "log10":
			base, x := ten, a
			if b != nil {
				base, x = a, b
			}
			r, err = logBig(base, x)
		default:
			r, err = powerBig(a, b)
		}
		if err != nil {
			return err
		}
		v, err := roundBig(r, to)
		if err != nil {
			return err
		}
		return out.decimal(row, v, to)
	}
}

// roundBig is f × 10^scale as an integer, halves away from zero.
func roundBig(f *big.Float, scale int) (vector.I128, error) {
	f = newFloat().Mul(f, newFloat().SetInt(kernel.BigOf(kernel.Pow10(scale))))
	half := newFloat().SetFloat64(0.5)
	if f.Sign() < 0 {
		half.Neg(half)
	}
	if f.MantExp(nil) > 140 {
		return vector.I128{}, numericOverflow()
	}
	n, _ := f.Add(f, half).Int(nil)
	v, ok := kernel.FromBig(n)
	if !ok {
		return v, numericOverflow()
	}
	return v, nil
}

// atanhSeries is 2·atanh(y) for small y.
func atanhSeries(y *big.Float) *big.Float {
	square := newFloat().Mul(y, y)
	sum, term := newFloat().Set(y), newFloat().Set(y)
	for n := int64(3); term.Sign() != 0 && term.MantExp(nil) > sum.MantExp(nil)-workBits; n += 2 {
		term.Mul(term, square)
		sum.Add(sum, newFloat().Quo(term, newFloat().SetInt64(n)))
	}
	return sum.Mul(sum, newFloat().SetInt64(2))
}

func ln2() *big.Float {
	return atanhSeries(newFloat().Quo(newFloat().SetInt64(1), newFloat().SetInt64(3)))
}

// lnBig is the natural logarithm: the mantissa by roots and a series, the exponent
// by ln 2.
func lnBig(x *big.Float) (*big.Float, error) {
	switch x.Sign() {
	case 0:
		return nil, logOfZero()
	case -1:
		return nil, logOfNegative()
	}
	m := newFloat()
	k := x.MantExp(m)
	const roots = 6
	for range roots {
		m.Sqrt(m)
	}
	one := newFloat().SetInt64(1)
	r := atanhSeries(newFloat().Quo(newFloat().Sub(m, one), newFloat().Add(m, one)))
	r.Mul(r, newFloat().SetInt64(1<<roots))
	return r.Add(r, newFloat().Mul(ln2(), newFloat().SetInt64(int64(k)))), nil
}

// expBig is e^x: e^(x - k·ln 2) by a series of a small argument, squared back,
// times 2^k.
func expBig(x *big.Float) (*big.Float, error) {
	if x.MantExp(nil) > 10 && x.Sign() > 0 {
		return nil, numericOverflow()
	}
	if x.MantExp(nil) > 10 {
		return newFloat(), nil
	}
	l := ln2()
	q := newFloat().Quo(x, l)
	k, _ := q.Int64()
	r := newFloat().Sub(x, newFloat().Mul(l, newFloat().SetInt64(k)))
	const squarings = 8
	r.Quo(r, newFloat().SetInt64(1<<squarings))
	sum, term := newFloat().SetInt64(1), newFloat().SetInt64(1)
	for n := int64(1); term.Sign() != 0 && term.MantExp(nil) > -workBits; n++ {
		term.Mul(term, r)
		term.Quo(term, newFloat().SetInt64(n))
		sum.Add(sum, term)
	}
	for range squarings {
		sum.Mul(sum, sum)
	}
	return sum.SetMantExp(sum, int(k)), nil
}

func logBig(base, x *big.Float) (*big.Float, error) {
	b, err := lnBig(base)
	if err != nil {
		return nil, err
	}
	v, err := lnBig(x)
	if err != nil {
		return nil, err
	}
	if b.Sign() == 0 {
		return nil, divisionByZero()
	}
	return v.Quo(v, b), nil
}

func powerBig(a, b *big.Float) (*big.Float, error) {
	whole := b.IsInt()
	switch {
	case b.Sign() == 0:
		return newFloat().SetInt64(1), nil
	case a.Sign() == 0 && b.Sign() < 0:
		return nil, zeroToNegative()
	case a.Sign() == 0:
		return newFloat(), nil
	case a.Sign() < 0 && !whole:
		return nil, negativeToFraction()
	}
	l, err := lnBig(newFloat().Abs(a))
	if err != nil {
		return nil, err
	}
	r, err := expBig(l.Mul(l, b))
	if err != nil {
		return nil, err
	}
	if n, _ := b.Int(nil); a.Sign() < 0 && n.Bit(0) == 1 {
		r.Neg(r)
	}
	return r, nil
}
