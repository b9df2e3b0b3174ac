package bind

import (
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// intervalFields binds a cast to interval with fields or a precision. PostgreSQL
// keeps what is not smaller than the last field. Only literals can have them:
// there is no type to say them of a column.
func (x *exprs) intervalFields(t sql.TypeName, v expr.Expr, span sqlerr.Span) (expr.Expr, error) {
	last, digits, err := lastField(t)
	if err != nil {
		return nil, err
	}
	l, ok := v.(*expr.Literal)
	if !ok {
		return nil, unsupported(t.Span(), "fields of an interval that is not a literal are not supported")
	}
	if l.Typ.Kind == expr.Unknown && !l.Value.Null {
		l = withUnit(l, last)
	}
	out, err := x.b.coerce(l, expr.Of(expr.Interval), explicit)
	if err != nil {
		return nil, sqlerr.AtSpan(err, span)
	}
	l, ok = out.(*expr.Literal)
	if !ok {
		return nil, unsupported(t.Span(), "fields of an interval that is not a literal are not supported")
	}
	if l.Value.Null {
		return l, nil
	}
	return &expr.Literal{Value: truncated(l.Value, last, digits), Typ: l.Typ, Span: l.Span}, nil
}

// lastField is the smallest field a type name has, "second" when it has none, and
// the digits of its seconds.
func lastField(t sql.TypeName) (field string, digits int, err error) {
	field, digits = "second", 6
	if words := strings.Fields(t.Fields); len(words) > 0 {
		field, _, _ = strings.Cut(words[len(words)-1], "(")
	}
	if len(t.Modifiers) == 0 {
		return field, digits, nil
	}
	mods, err := modifiers(t)
	if err != nil {
		return "", 0, err
	}
	if mods[0] < 0 {
		return "", 0, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "%s(%d) precision must not be negative", strings.ToUpper(t.Name.Last().Text), mods[0])
	}
	return field, min(mods[0], digits), nil
}

// withUnit gives a bare number in an interval literal its unit: interval '3' month.
func withUnit(l *expr.Literal, unit string) *expr.Literal {
	text := strings.TrimSpace(l.Value.S)
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return l
	}
	return &expr.Literal{Value: expr.Str(text + " " + unit), Typ: l.Typ, Span: l.Span}
}

// truncated is an interval without what is smaller than a field (PostgreSQL's
// AdjustIntervalForTypmod).
func truncated(v expr.Value, field string, digits int) expr.Value {
	months, days, micros := v.Interval()
	const second = 1_000_000
	switch field {
	case "year":
		months, days, micros = months/12*12, 0, 0
	case "month":
		days, micros = 0, 0
	case "day":
		micros = 0
	case "hour":
		micros -= micros % (3600 * second)
	case "minute":
		micros -= micros % (60 * second)
	default:
		micros = rounded(micros, digits)
	}
	return expr.IntervalValue(months, days, micros)
}

// rounded is a number of microseconds to that many digits of a second.
func rounded(micros int64, digits int) int64 {
	step := int64(1)
	for range 6 - digits {
		step *= 10
	}
	half := step / 2
	if micros < 0 {
		half = -half
	}
	return (micros + half) / step * step
}
