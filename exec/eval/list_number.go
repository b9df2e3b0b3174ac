package eval

import (
	"math/big"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// listIndex is where a value stands in a list, counted from 0; NULL when it does not.
func listIndex(e *expr.Call) func(args []expr.Value) (expr.Value, error) {
	t := e.Args[0].Type()
	return func(args []expr.Value) (expr.Value, error) {
		for i, v := range args[1].Elems {
			if !v.Null && Compare(args[0], v, t) == 0 {
				return expr.Int(int64(i)), nil
			}
		}
		return expr.Null, nil
	}
}

// quantiles are the values that divide a list, in its order, into so many parts, with its
// first or last one when asked for; NULL when an element is. What lies between two
// elements is computed for numbers, and one of the two for others.
func quantiles(list expr.Value, n int64, bounds, rounding string, elem expr.Type) (expr.Value, error) {
	if n < 1 || list.Null {
		return expr.Null, nil
	}
	if n > 100000 {
		return expr.Null, sqlerr.New(sqlerr.InvalidParameterValue, "%d quantiles are too many", n)
	}
	for _, v := range list.Elems {
		if v.Null {
			return expr.Null, nil
		}
	}
	from, to := int64(1), n-1
	if bounds == "MINIMUM" || bounds == "BOTH" {
		from = 0
	}
	if bounds == "MAXIMUM" || bounds == "BOTH" {
		to = n
	}
	out := expr.Value{Elems: []expr.Value{}}
	last := int64(len(list.Elems) - 1)
	for k := from; k <= to; k++ {
		at := new(big.Rat).Mul(big.NewRat(k, n), big.NewRat(last, 1))
		i := new(big.Int).Div(at.Num(), at.Denom()).Int64()
		share := new(big.Rat).Sub(at, big.NewRat(i, 1))
		out.Elems = append(out.Elems, inBetween(list.Elems, i, share, rounding, elem))
	}
	return out, nil
}

// inBetween is the value at a share of the way from element i to the next one.
func inBetween(elems []expr.Value, i int64, share *big.Rat, rounding string, elem expr.Type) expr.Value {
	low := elems[i]
	if share.Sign() == 0 {
		return low
	}
	high := elems[i+1]
	switch {
	case elem.Kind == expr.Float8 || elem.Kind == expr.Float4:
		f, _ := share.Float64()
		v := low.F
		if high.F != low.F {
			v += f * (high.F - low.F)
		}
		if elem.Kind == expr.Float4 {
			v = float64(float32(v))
		}
		return expr.Float(v)
	case elem.IsInteger():
		step := new(big.Rat).Mul(share, new(big.Rat).SetInt(new(big.Int).Sub(big.NewInt(high.I), big.NewInt(low.I))))
		return expr.Int(roundedRat(step.Add(step, new(big.Rat).SetInt64(low.I)), rounding).Int64())
	case elem.Kind == expr.Numeric:
		step := new(big.Rat).Mul(share, new(big.Rat).SetInt(new(big.Int).Sub(high.Big(), low.Big())))
		v, _ := expr.Decimal128(roundedRat(step.Add(step, new(big.Rat).SetInt(low.Big())), rounding)) // between two that fit
		return v
	}
	if roundedRat(new(big.Rat).Add(share, big.NewRat(i, 1)), rounding).Int64() == i {
		return low
	}
	return high
}

// roundedRat rounds to an integer by a rounding of Substrait's.
func roundedRat(r *big.Rat, rounding string) *big.Int {
	low, rest := new(big.Int).DivMod(r.Num(), r.Denom(), new(big.Int))
	if rest.Sign() == 0 {
		return low
	}
	up := false
	switch half := new(big.Int).Lsh(rest, 1).Cmp(r.Denom()); rounding {
	case "TRUNCATE":
		up = r.Sign() < 0
	case "CEILING":
		up = true
	case "FLOOR":
	case "TIE_AWAY_FROM_ZERO":
		up = half > 0 || half == 0 && r.Sign() > 0
	default:
		up = half > 0 || half == 0 && low.Bit(0) == 1
	}
	if up {
		low.Add(low, big.NewInt(1))
	}
	return low
}

// product multiplies floats.
func product(in []expr.Value) (expr.Value, error) {
	p := 1.0
	for _, v := range in[0].Elems {
		if !v.Null {
			p *= v.F
		}
	}
	return expr.Float(p), nil
}

// exactProduct multiplies integers.
func exactProduct(in []expr.Value) (expr.Value, error) {
	p := big.NewInt(1)
	for _, v := range in[0].Elems {
		if v.Null {
			continue
		}
		if p.Mul(p, big.NewInt(v.I)); p.BitLen() > 64 {
			for _, w := range in[0].Elems { // a zero makes it good
				if !w.Null && w.I == 0 {
					return expr.Int(0), nil
				}
			}
			return expr.Null, sqlerr.New(sqlerr.NumericValueOutOfRange, "product out of range")
		}
	}
	v, _ := expr.Decimal128(p)
	return v, nil
}
