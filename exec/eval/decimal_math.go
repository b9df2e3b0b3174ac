package eval

import (
	"math/big"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// decimalFunction gives the functions on numerics.
func decimalFunction(e *expr.Call) (rowFunc, error) {
	if kindOf(e, 0) != expr.Numeric {
		return nil, nil
	}
	scale := int(e.Args[0].Type().Scale)
	second := 0
	if len(e.Args) > 1 {
		second = int(e.Args[1].Type().Scale)
	}
	switch e.Name {
	case expr.OpAdd:
		return decimalMap(scale, func(v vector.I128) vector.I128 { return v }), nil
	case "abs", "@":
		return decimalMap(scale, func(v vector.I128) vector.I128 {
			if v.Hi < 0 {
				return kernel.Neg128(v)
			}
			return v
		}), nil
	case "sign":
		return decimalMap(0, func(v vector.I128) vector.I128 {
			return kernel.From64(int64(kernel.Cmp128(v, vector.I128{})))
		}), nil
	case "ceil", "ceiling":
		return decimalMap(0, func(v vector.I128) vector.I128 {
			return kernel.Neg128(floorDecimal(kernel.Neg128(v), scale))
		}), nil
	case "floor":
		return decimalMap(0, func(v vector.I128) vector.I128 { return floorDecimal(v, scale) }), nil
	case "round", "trunc":
		return roundDecimal(scale, e.Name == "trunc"), nil
	case "mod":
		return moduloRow(scale, second), nil
	case "div":
		return divRow(scale, second), nil
	case "gcd", "lcm":
		return decimalDivisor(scale, second, e.Name == "lcm"), nil
	case "width_bucket":
		return widthBucketDecimal(e), nil
	case "sqrt", "exp", "ln", "log", "log10", "power", "pow", "^":
		return bigFunction(e, scale, second), nil
	}
	return nil, nil
}

// decimalMap is a function whose result has the given scale.
func decimalMap(scale int, do func(vector.I128) vector.I128) rowFunc {
	return func(in []input, row int, out *output) error { return out.decimal(row, do(in[0].dec(row)), scale) }
}

// floorDecimal is the greatest integer not above v × 10^-scale.
func floorDecimal(v vector.I128, scale int) vector.I128 {
	q, r := kernel.DivMod128(v, kernel.Pow10(scale))
	if r.Hi < 0 {
		q, _ = kernel.Sub128(q, vector.I128{Lo: 1})
	}
	return q
}

// roundDecimal is round and trunc to n digits (none given: zero), which may be
// negative.
func roundDecimal(scale int, trunc bool) rowFunc {
	return func(in []input, row int, out *output) error {
		v, n := in[0].dec(row), int64(0)
		if len(in) == 2 {
			n = in[1].int(row)
		}
		drop := int64(scale) - n
		switch {
		case drop <= 0:
			return out.decimal(row, v, scale)
		case drop > kernel.MaxScale:
			return nil // zero
		}
		p := kernel.Pow10(int(drop))
		if trunc {
			v, _ = kernel.DivMod128(v, p)
		} else {
			v = kernel.DivRound128(v, p)
		}
		if n >= 0 {
			return out.decimal(row, v, int(n))
		}
		v, ok := kernel.Mul128(v, kernel.Pow10(int(-n)))
		if !ok {
			return numericOverflow()
		}
		return out.decimal(row, v, 0)
	}
}

func moduloRow(as, bs int) rowFunc {
	scale := max(as, bs)
	return func(in []input, row int, out *output) error {
		b := in[1].dec(row)
		if b == (vector.I128{}) {
			return divisionByZero()
		}
		x, ok := kernel.Rescale(in[0].dec(row), as, scale)
		y, ok2 := kernel.Rescale(b, bs, scale)
		if !ok {
			return numericOverflow()
		}
		if !ok2 {
			return out.decimal(row, x, scale)
		}
		_, r := kernel.DivMod128(x, y)
		return out.decimal(row, r, scale)
	}
}

// divRow is the quotient cut to an integer.
func divRow(as, bs int) rowFunc {
	scale := max(as, bs)
	return func(in []input, row int, out *output) error {
		b := in[1].dec(row)
		if b == (vector.I128{}) {
			return divisionByZero()
		}
		x := new(big.Int).Mul(kernel.BigOf(in[0].dec(row)), kernel.BigOf(kernel.Pow10(scale-as)))
		y := new(big.Int).Mul(kernel.BigOf(b), kernel.BigOf(kernel.Pow10(scale-bs)))
		q, ok := kernel.FromBig(x.Quo(x, y))
		if !ok {
			return numericOverflow()
		}
		return out.decimal(row, q, 0)
	}
}

// decimalDivisor is gcd and lcm of numerics.
func decimalDivisor(as, bs int, multiple bool) rowFunc {
	scale := max(as, bs)
	return func(in []input, row int, out *output) error {
		a := new(big.Int).Mul(kernel.BigOf(in[0].dec(row)), kernel.BigOf(kernel.Pow10(scale-as)))
		b := new(big.Int).Mul(kernel.BigOf(in[1].dec(row)), kernel.BigOf(kernel.Pow10(scale-bs)))
		a.Abs(a)
		b.Abs(b)
		r := new(big.Int).GCD(nil, nil, a, b)
		if multiple && r.Sign() != 0 {
			r.Mul(a.Quo(a, r), b)
		}
		v, ok := kernel.FromBig(r)
		if !ok {
			return numericOverflow()
		}
		return out.decimal(row, v, scale)
	}
}

func factorial(in []input, row int, out *output) error {
	n := in[0].int(row)
	if n < 0 {
		return sqlerr.New(sqlerr.NumericValueOutOfRange, "factorial of a negative number is undefined")
	}
	if n > 33 { // 34! has 39 digits
		return numericOverflow()
	}
	v, ok := kernel.FromBig(new(big.Int).MulRange(1, max(n, 1)))
	if !ok {
		return numericOverflow()
	}
	return out.decimal(row, v, 0)
}

func widthBucketDecimal(e *expr.Call) rowFunc {
	var scales [3]int
	for i := range scales {
		scales[i] = int(e.Args[i].Type().Scale)
	}
	return func(in []input, row int, out *output) error {
		n := in[3].int(row)
		if n <= 0 {
			return sqlerr.New("2201G", "count must be greater than zero")
		}
		var v [3]*big.Rat
		for i := range v {
			v[i] = new(big.Rat).SetFrac(kernel.BigOf(in[i].dec(row)), kernel.BigOf(kernel.Pow10(scales[i])))
		}
		if v[1].Cmp(v[2]) == 0 {
			return sqlerr.New("2201G", "lower bound cannot equal upper bound")
		}
		if v[1].Cmp(v[2]) > 0 {
			for i := range v {
				v[i].Neg(v[i])
			}
		}
		switch {
		case v[0].Cmp(v[1]) < 0:
		case v[0].Cmp(v[2]) >= 0:
			out.ints[row] = n + 1
		default:
			part := new(big.Rat).Quo(new(big.Rat).Sub(v[0], v[1]), new(big.Rat).Sub(v[2], v[1]))
			part.Mul(part, new(big.Rat).SetInt64(n))
			out.ints[row] = new(big.Int).Quo(part.Num(), part.Denom()).Int64() + 1
		}
		if !fitsInteger(out.ints[row], expr.Of(expr.Int4)) {
			return outOfRange("integer")
		}
		return nil
	}
}
