package bind

import (
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// literal gives a constant its type; a string has none until its use decides.
func literal(l *sql.Literal) (expr.Expr, error) {
	switch l.Kind {
	case sql.Null:
		return &expr.Literal{Value: expr.Null, Span: l.Span()}, nil
	case sql.Bool:
		return &expr.Literal{Value: expr.BoolValue(l.Text == "true"), Typ: expr.Of(expr.Bool), Span: l.Span()}, nil
	case sql.String:
		return &expr.Literal{Value: expr.Str(l.Text), Span: l.Span()}, nil
	}
	return number(l)
}

func number(l *sql.Literal) (expr.Expr, error) {
	t, ok := expr.LiteralType(l.Text)
	if !ok {
		return nil, sqlerr.At(sqlerr.NumericValueOutOfRange, l.Span(), "value %q has more than %d digits", expr.Excerpt(l.Text), expr.MaxPrecision)
	}
	v, err := expr.ParseValue(l.Text, t)
	if err != nil {
		return nil, sqlerr.AtSpan(err, l.Span())
	}
	return &expr.Literal{Value: v, Typ: t, Span: l.Span()}, nil
}

// unconstrained is the numeric type for a cast to numeric without modifiers, for
// an Arrow column has one scale: that of a literal's digits, else enough for what
// is cast.
func unconstrained(v expr.Expr) expr.Type {
	if l, ok := v.(*expr.Literal); ok && l.Typ.Kind == expr.Unknown && !l.Value.Null {
		if t, ok := expr.LiteralType(strings.TrimSpace(l.Value.S)); ok && t.Kind != expr.Float8 {
			return expr.NumericFor(t)
		}
	}
	return expr.NumericFor(v.Type())
}
