package eval

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

func widthBucketFloat(in []input, row int, out *output) error {
	v, lo, hi, n := in[0].float(row), in[1].float(row), in[2].float(row), in[3].int(row)
	switch {
	case n <= 0:
		return sqlerr.New("2201G", "count must be greater than zero")
	case v != v || lo != lo || hi != hi:
		return sqlerr.New("2201G", "operand, lower bound, and upper bound cannot be NaN")
	case lo == hi:
		return sqlerr.New("2201G", "lower bound cannot equal upper bound")
	}
	if lo > hi {
		v, lo, hi = -v, -lo, -hi
	}
	switch {
	case v < lo:
	case v >= hi:
		out.ints[row] = n + 1
	default:
		out.ints[row] = int64(float64(n)*(v-lo)/(hi-lo)) + 1
	}
	if !fitsInteger(out.ints[row], expr.Of(expr.Int4)) {
		return outOfRange("integer")
	}
	return nil
}

// bitFunction gives & | # << >> of integers.
func bitFunction(e *expr.Call) (rowFunc, error) {
	if e.Name == "~" && len(e.Args) == 1 {
		return func(in []input, row int, out *output) error {
			out.ints[row] = ^in[0].int(row)
			return nil
		}, nil
	}
	if !e.Typ.IsInteger() || len(e.Args) != 2 {
		return nil, nil
	}
	bits := int64(map[expr.Kind]int{expr.Int2: 16, expr.Int4: 32, expr.Int8: 64}[e.Typ.Kind])
	var do func(a, b int64) int64
	switch e.Name {
	case "&":
		do = func(a, b int64) int64 { return a & b }
	case "|":
		do = func(a, b int64) int64 { return a | b }
	case "#":
		do = func(a, b int64) int64 { return a ^ b }
	case "<<":
		do = func(a, b int64) int64 { return a << uint64(b&(bits-1)) << (64 - bits) >> (64 - bits) }
	case ">>":
		do = func(a, b int64) int64 { return a >> uint64(b&(bits-1)) }
	default:
		return nil, nil
	}
	return func(in []input, row int, out *output) error {
		out.ints[row] = do(in[0].int(row), in[1].int(row))
		return nil
	}, nil
}
