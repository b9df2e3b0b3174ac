package eval

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// standardFunction gives what Substrait has and PostgreSQL has not: the arithmetic of
// IEEE 754, without errors, with infinities and NaN for what has no value; bits of
// decimals; the case of all letters. Float4 is computed in double precision and rounded once
// more, which for these four operations gives the same.
func standardFunction(e *expr.Call) (rowFunc, error) {
	binary := func(f func(a, b float64) float64) rowFunc {
		return func(in []input, row int, out *output) error {
			out.floats[row] = f(in[0].float(row), in[1].float(row))
			return nil
		}
	}
	switch e.Name {
	case "ieee add":
		return binary(func(a, b float64) float64 { return a + b }), nil
	case "ieee subtract":
		return binary(func(a, b float64) float64 { return a - b }), nil
	case "ieee multiply":
		return binary(func(a, b float64) float64 { return a * b }), nil
	case "ieee divide":
		return binary(func(a, b float64) float64 { return a / b }), nil
	case "unicode lower":
		return func(in []input, row int, out *output) error {
			out.string(row, strings.ToLower(in[0].text(row)))
			return nil
		}, nil
	case "unicode upper":
		return func(in []input, row int, out *output) error {
			out.string(row, strings.ToUpper(in[0].text(row)))
			return nil
		}, nil
	case "swap case", "unicode swap case":
		ascii := e.Name == "swap case"
		return func(in []input, row int, out *output) error {
			out.string(row, swapCase(in[0].text(row), ascii))
			return nil
		}, nil
	case "title case", "unicode title case":
		ascii := e.Name == "title case"
		return func(in []input, row int, out *output) error {
			out.string(row, titleCase(in[0].text(row), ascii))
			return nil
		}, nil
	case "round time":
		return roundTime, nil
	case "decimal and":
		return decimalBits(func(a, b uint64) uint64 { return a & b }), nil
	case "decimal or":
		return decimalBits(func(a, b uint64) uint64 { return a | b }), nil
	case "decimal xor":
		return decimalBits(func(a, b uint64) uint64 { return a ^ b }), nil
	case "ieee call":
		return func(in []input, row int, out *output) error {
			out.floats[row] = ieeeCall(in[0].text(row), in[1:], row)
			return nil
		}, nil
	case "ieee round":
		return func(in []input, row int, out *output) error {
			out.floats[row] = roundFloat(in[0].text(row), in[1].float(row), int(in[2].int(row)))
			return nil
		}, nil
	}
	return nil, nil
}

// swapCase turns capital letters into small ones and small ones into capitals.
func swapCase(s string, ascii bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case ascii && r > unicode.MaxASCII:
			return r
		case unicode.IsUpper(r):
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

// titleCase begins every word but articles with a capital letter.
func titleCase(s string, ascii bool) string {
	var b strings.Builder
	for rest := s; rest != ""; {
		end := strings.IndexFunc(rest, unicode.IsSpace)
		if end < 0 {
			end = len(rest)
		}
		word := rest[:end]
		first, size := utf8.DecodeRuneInString(word)
		switch strings.ToLower(word) {
		case "", "a", "an", "the":
		default:
			if !ascii || first <= unicode.MaxASCII {
				b.WriteRune(unicode.ToUpper(first))
				word = word[size:]
			}
		}
		b.WriteString(word)
		rest = rest[end:]
		if rest != "" {
			_, size = utf8.DecodeRuneInString(rest)
			b.WriteString(rest[:size])
			rest = rest[size:]
		}
	}
	return b.String()
}

var ieeeUnary = map[string]func(float64) float64{
	"sqrt": math.Sqrt, "exp": math.Exp, "ln": math.Log, "log2": math.Log2, "log10": math.Log10, "log1p": math.Log1p,
	"cos": math.Cos, "sin": math.Sin, "tan": math.Tan, "cosh": math.Cosh, "sinh": math.Sinh, "tanh": math.Tanh,
	"acos": math.Acos, "asin": math.Asin, "atan": math.Atan, "acosh": math.Acosh, "asinh": math.Asinh, "atanh": math.Atanh,
	"ceil": math.Ceil, "floor": math.Floor, "trunc": math.Trunc, "cbrt": math.Cbrt,
	"radians": func(x float64) float64 { return x * (math.Pi / 180) },
	"degrees": func(x float64) float64 { return x * (180 / math.Pi) },
}

// ieeeCall is NaN for a function that is not known.
func ieeeCall(name string, in []input, row int) float64 {
	x := in[0].float(row)
	if f := ieeeUnary[name]; f != nil && len(in) == 1 {
		return f(x)
	}
	if len(in) == 2 {
		y := in[1].float(row)
		switch name {
		case "power":
			return math.Pow(x, y)
		case "atan2":
			return math.Atan2(x, y)
		case "logb":
			return math.Log(y) / math.Log(x)
		}
	}
	return math.NaN()
}

// roundFloat rounds x to a number of digits after the point, negative before it.
func roundFloat(mode string, x float64, digits int) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) || digits > 300 {
		return x
	}
	scale := math.Pow(10, math.Abs(float64(digits)))
	v := x * scale
	if digits < 0 {
		v = x / scale
	}
	if math.IsInf(v, 0) {
		return x
	}
	v = roundedBy(mode, v)
	if digits < 0 {
		return v * scale
	}
	return v / scale
}

func roundedBy(mode string, v float64) float64 {
	low := math.Floor(v)
	tie := v-low == 0.5
	switch mode {
	case "TIE_TO_EVEN":
		return math.RoundToEven(v)
	case "TRUNCATE":
		return math.Trunc(v)
	case "CEILING":
		return math.Ceil(v)
	case "FLOOR":
		return low
	case "AWAY_FROM_ZERO":
		return math.Copysign(math.Ceil(math.Abs(v)), v)
	case "TIE_DOWN":
		if tie {
			return low
		}
	case "TIE_UP":
		if tie {
			return low + 1
		}
	case "TIE_TOWARDS_ZERO":
		if tie {
			return math.Trunc(v)
		}
	case "TIE_TO_ODD":
		if tie && math.Mod(low, 2) == 0 {
			return low + 1
		} else if tie {
			return low
		}
	}
	return math.Round(v)
}

// decimalBits works on the bits of decimals without digits after the point.
func decimalBits(f func(a, b uint64) uint64) rowFunc {
	return func(in []input, row int, out *output) error {
		a, b := in[0].dec(row), in[1].dec(row)
		out.decs[row] = vector.I128{Lo: f(a.Lo, b.Lo), Hi: int64(f(uint64(a.Hi), uint64(b.Hi)))}
		return nil
	}
}
