package eval

import (
	"math"
	"math/rand/v2"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// mathFunction gives the functions on integers and floats.
func mathFunction(e *expr.Call) (rowFunc, error) {
	switch kindOf(e, 0) {
	case expr.Int2, expr.Int4, expr.Int8:
		return integerFunction(e), nil
	case expr.Float4, expr.Float8:
		return floatFunction(e), nil
	}
	switch e.Name {
	case "pi":
		return floatConst(math.Pi), nil
	case "random":
		return func(in []input, row int, out *output) error {
			out.floats[row] = rand.Float64()
			return nil
		}, nil
	}
	return nil, nil
}

func floatConst(v float64) rowFunc {
	return func(in []input, row int, out *output) error {
		out.floats[row] = v
		return nil
	}
}

func integerFunction(e *expr.Call) rowFunc {
	t := e.Typ
	switch e.Name {
	case "abs", "@":
		return func(in []input, row int, out *output) error {
			v := in[0].int(row)
			if v < 0 {
				v = -v
			}
			if v < 0 || !fitsInteger(v, t) {
				return outOfRange(t.String())
			}
			out.ints[row] = v
			return nil
		}
	case "mod":
		return func(in []input, row int, out *output) error {
			a, b := in[0].int(row), in[1].int(row)
			switch b {
			case 0:
				return divisionByZero()
			case -1:
			default:
				out.ints[row] = a % b
			}
			return nil
		}
	case "gcd", "lcm":
		return commonDivisor(t, e.Name == "lcm")
	case expr.OpAdd: // unary plus
		return func(in []input, row int, out *output) error {
			out.ints[row] = in[0].int(row)
			return nil
		}
	case "factorial":
		return factorial
	}
	return nil
}

func commonDivisor(t expr.Type, multiple bool) rowFunc {
	return func(in []input, row int, out *output) error {
		a, b := in[0].int(row), in[1].int(row)
		x, y := absInt(a), absInt(b)
		for y != 0 {
			x, y = y, x%y
		}
		if multiple && x != 0 {
			q := absInt(a) / x
			hi := absInt(b)
			if hi != 0 && q > math.MaxInt64/hi {
				return outOfRange(t.String())
			}
			x = q * hi
		}
		if x > math.MaxInt64 || !fitsInteger(int64(x), t) {
			return outOfRange(t.String())
		}
		out.ints[row] = int64(x)
		return nil
	}
}

func absInt(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// unaryFloats are the functions from float to float that never fail.
var unaryFloats = map[string]func(float64) float64{
	"abs": math.Abs, "@": math.Abs, "||/": math.Cbrt, "ceil": math.Ceil, "ceiling": math.Ceil, "floor": math.Floor, "round": math.RoundToEven,
	"trunc": math.Trunc, "cbrt": math.Cbrt, "atan": math.Atan, "sinh": math.Sinh, "cosh": math.Cosh, "tanh": math.Tanh,
	"asinh": math.Asinh, "sin": math.Sin, "cos": math.Cos, "tan": math.Tan, "radians": func(v float64) float64 { return v / 180 * math.Pi },
	"degrees": func(v float64) float64 { return v / (math.Pi / 180) }, "cot": func(v float64) float64 { return 1 / math.Tan(v) },
	expr.OpAdd: func(v float64) float64 { return v },
	"sign": func(v float64) float64 {
		switch {
		case v > 0:
			return 1
		case v < 0:
			return -1
		}
		return 0
	},
}

func floatFunction(e *expr.Call) rowFunc {
	if len(e.Args) == 1 {
		if do := unaryFloats[e.Name]; do != nil {
			periodic := e.Name == "sin" || e.Name == "cos" || e.Name == "tan" || e.Name == "cot"
			return func(in []input, row int, out *output) error {
				v := in[0].float(row)
				if periodic && math.IsInf(v, 0) {
					return outOfRange("input is")
				}
				out.floats[row] = do(v)
				return nil
			}
		}
		return boundedFloat(e.Name)
	}
	switch e.Name {
	case "atan2":
		return func(in []input, row int, out *output) error {
			out.floats[row] = math.Atan2(in[0].float(row), in[1].float(row))
			return nil
		}
	case "power", "pow", "^":
		return func(in []input, row int, out *output) error {
			v, err := powerFloat(in[0].float(row), in[1].float(row))
			out.floats[row] = v
			return err
		}
	case "width_bucket":
		return widthBucketFloat
	}
	return nil
}

// boundedFloat gives functions that are defined on part of the floats.
func boundedFloat(name string) rowFunc {
	var do func(float64) (float64, error)
	domain := func(ok func(float64) bool, f func(float64) float64) func(float64) (float64, error) {
		return func(v float64) (float64, error) {
			if v == v && !ok(v) {
				return 0, sqlerr.New(sqlerr.NumericValueOutOfRange, "input is out of range")
			}
			return f(v), nil
		}
	}
	unit := func(v float64) bool { return v >= -1 && v <= 1 }
	switch name {
	case "sqrt", "|/":
		do = func(v float64) (float64, error) {
			if v < 0 {
				return 0, sqlerr.New(sqlerr.InvalidArgumentForPower, "cannot take square root of a negative number")
			}
			return math.Sqrt(v), nil
		}
	case "exp":
		do = func(v float64) (float64, error) {
			r := math.Exp(v)
			if math.IsInf(r, 1) && !math.IsInf(v, 1) {
				return 0, sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
			}
			if r == 0 && !math.IsInf(v, -1) {
				return 0, sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: underflow")
			}
			return r, nil
		}
	case "ln":
		do = logarithm(math.Log)
	case "log", "log10":
		do = logarithm(math.Log10)
	case "asin":
		do = domain(unit, math.Asin)
	case "acos":
		do = domain(unit, math.Acos)
	case "atanh":
		do = domain(unit, math.Atanh)
	case "acosh":
		do = domain(func(v float64) bool { return v >= 1 }, math.Acosh)
	default:
		return nil
	}
	return func(in []input, row int, out *output) error {
		v, err := do(in[0].float(row))
		out.floats[row] = v
		return err
	}
}

func logarithm(f func(float64) float64) func(float64) (float64, error) {
	return func(v float64) (float64, error) {
		if v == 0 {
			return 0, logOfZero()
		}
		if v < 0 {
			return 0, logOfNegative()
		}
		return f(v), nil
	}
}

func logOfZero() error {
	return sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of zero")
}

func logOfNegative() error {
	return sqlerr.New(sqlerr.InvalidArgumentForLog, "cannot take logarithm of a negative number")
}

func zeroToNegative() error {
	return sqlerr.New(sqlerr.InvalidArgumentForPower, "zero raised to a negative power is undefined")
}

func negativeToFraction() error {
	return sqlerr.New(sqlerr.InvalidArgumentForPower, "a negative number raised to a non-integer power yields a complex result")
}

func powerFloat(a, b float64) (float64, error) {
	switch {
	case a == 0 && b < 0:
		return 0, zeroToNegative()
	case a < 0 && b != math.Floor(b) && !math.IsInf(a, 0):
		return 0, negativeToFraction()
	}
	r := math.Pow(a, b)
	if math.IsInf(r, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return 0, sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
	}
	if r == 0 && a != 0 && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return 0, sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: underflow")
	}
	return r, nil
}
