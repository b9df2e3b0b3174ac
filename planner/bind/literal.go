package bind

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// withUnit gives a bare number in an interval literal the unit of its fields:
// interval '3' month. Of "day to second" it is the last, as in PostgreSQL.
func withUnit(l *expr.Literal, fields string) expr.Expr {
	text := strings.TrimSpace(l.Value.S)
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return l
	}
	words := strings.Fields(fields)
	unit, _, _ := strings.Cut(words[len(words)-1], "(")
	return &expr.Literal{Value: expr.Str(text + " " + unit), Typ: l.Typ, Span: l.Span}
}

// unconstrained is the numeric type for a cast to numeric without modifiers, for
// an Arrow column has one scale: that of the value when it is known, else enough
// for what it is cast from.
func unconstrained(v expr.Expr) expr.Type {
	if l, ok := v.(*expr.Literal); ok && l.Typ.Kind == expr.Unknown && !l.Value.Null {
		if digits, scale, ok := decimalShape(strings.TrimSpace(l.Value.S)); ok {
			return expr.NumericOf(digits, scale)
		}
	}
	switch t := v.Type(); t.Kind {
	case expr.Numeric:
		return t
	case expr.Int2:
		return expr.NumericOf(5, 0)
	case expr.Int4:
		return expr.NumericOf(10, 0)
	case expr.Int8:
		return expr.NumericOf(19, 0)
	}
	return expr.NumericOf(expr.MaxPrecision, 16)
}

// decimalShape is the number of digits and of digits after the point of a decimal
// number as text, exponents included.
func decimalShape(s string) (digits, scale int, ok bool) {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n > 1000 || n < -1000 {
			return 0, 0, false
		}
		mantissa, exponent = s[:i], n
	}
	mantissa = strings.TrimLeft(mantissa, "+-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	for _, r := range whole + fraction {
		if r < '0' || r > '9' {
			return 0, 0, false
		}
	}
	if whole+fraction == "" {
		return 0, 0, false
	}
	whole = strings.TrimLeft(whole, "0")
	scale = max(0, len(fraction)-exponent)
	return max(1, scale, len(whole)+max(exponent, 0)+scale), scale, true
}

// literal gives a constant its type: integers int4, int8 or numeric by size.
func literal(l *sql.Literal) (expr.Expr, error) {
	out := &expr.Literal{Span: l.Span()}
	switch l.Kind {
	case sql.Null:
		out.Value = expr.Null
	case sql.Bool:
		out.Typ, out.Value = expr.Of(expr.Bool), expr.BoolValue(l.Text == "true")
	case sql.String:
		out.Value = expr.Str(l.Text)
	case sql.Integer:
		n, ok := new(big.Int).SetString(strings.ReplaceAll(l.Text, "_", ""), 0)
		if strings.TrimLeft(l.Text, "-0") != "" && strings.HasPrefix(strings.TrimLeft(l.Text, "-"), "0") && !strings.ContainsAny(l.Text, "xXoObB") {
			n, ok = new(big.Int).SetString(strings.ReplaceAll(l.Text, "_", ""), 10)
		}
		if !ok {
			return nil, sqlerr.At(sqlerr.InvalidTextRepresent, l.Span(), "invalid integer %q", l.Text)
		}
		switch {
		case n.IsInt64() && n.Int64() == int64(int32(n.Int64())):
			out.Typ, out.Value = expr.Of(expr.Int4), expr.Int(n.Int64())
			return out, nil
		case n.IsInt64():
			out.Typ, out.Value = expr.Of(expr.Int8), expr.Int(n.Int64())
			return out, nil
		}
		return numericLiteral(out, n.String())
	case sql.Numeric:
		return numericLiteral(out, strings.ReplaceAll(l.Text, "_", ""))
	}
	return out, nil
}

func numericLiteral(out *expr.Literal, text string) (expr.Expr, error) {
	digits, scale, ok := decimalShape(text)
	if f, err := strconv.ParseFloat(text, 64); digits > expr.MaxPrecision && err == nil && strings.ContainsAny(text, "eE") {
		// Too large for a numeric; as a float it can at least be what it is cast to.
		out.Typ, out.Value = expr.Of(expr.Float8), expr.Float(f)
		return out, nil
	}
	if !ok || digits > expr.MaxPrecision {
		return nil, sqlerr.At(sqlerr.NumericValueOutOfRange, out.Span, "value %q has more than %d digits", text, expr.MaxPrecision)
	}
	out.Typ = expr.NumericOf(digits, scale)
	v, err := expr.ParseValue(text, out.Typ)
	if err != nil {
		return nil, sqlerr.AtSpan(err, out.Span)
	}
	out.Value = v
	return out, nil
}
