package value

import (
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// Argument casts a bound value to a parameter's type, as Convert does. A numeric
// parameter has a type that was chosen before its value was known, and takes any:
// one which that type does not hold exactly is given by its digits, as text in S
// (expr.DigitsType), for the statement to be planned with a type that does.
func Argument(v expr.Value, from, to expr.Type) (expr.Value, error) {
	if v.Null || to.Kind != expr.Numeric {
		return Convert(v, from, to)
	}
	text := ""
	switch {
	case from.IsString():
		text = strings.TrimSpace(v.S)
	case from.IsInteger() || from.Kind == expr.Numeric:
		text = expr.FormatValue(v, from)
	case from.Kind == expr.Float8 || from.Kind == expr.Float4:
		if text = shortest(v.F, from); text == "" {
			return Convert(v, from, to)
		}
	default:
		return Convert(v, from, to)
	}
	out, err := expr.ParseExact(text, to)
	if sqlerr.CodeOf(err) != sqlerr.NumericValueOutOfRange {
		return out, err
	}
	if _, ok := expr.DigitsType(expr.Str(text)); !ok {
		return out, err
	}
	return expr.Str(text), nil
}

// shortest is a float with the digits that PostgreSQL keeps of it in a numeric;
// empty for what is no number.
func shortest(f float64, from expr.Type) string {
	digits := 15
	if from.Kind == expr.Float4 {
		digits = 6
	}
	kept, err := strconv.ParseFloat(strconv.FormatFloat(f, 'e', digits-1, 64), 64)
	if err != nil || kept-kept != 0 { // NaN and infinities
		return ""
	}
	return strconv.FormatFloat(kept, 'f', -1, 64)
}
