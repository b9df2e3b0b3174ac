package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// rows compares row values: = and <> field by field, the others by the first
// fields that differ.
func (x *exprs) rows(e *sql.Binary, l, r *sql.Row) (expr.Expr, error) {
	if len(l.Fields) != len(r.Fields) {
		return nil, sqlerr.At(sqlerr.SyntaxError, e.Span(), "unequal number of entries in row expressions")
	}
	var left, right []expr.Expr
	for i := range l.Fields {
		a, err := x.bind(l.Fields[i])
		if err != nil {
			return nil, err
		}
		b, err := x.bind(r.Fields[i])
		if err != nil {
			return nil, err
		}
		left, right = append(left, a), append(right, b)
	}
	return x.compareRows(e.Op, e.Span(), left, right)
}

func (x *exprs) compareRows(op string, span sqlerr.Span, l, r []expr.Expr) (expr.Expr, error) {
	first, err := x.b.operator(op, span, l[0], r[0])
	if err != nil || len(l) == 1 {
		return first, err
	}
	rest, err := x.compareRows(op, span, l[1:], r[1:])
	if err != nil {
		return nil, err
	}
	join := func(name string, args ...expr.Expr) expr.Expr {
		return &expr.Call{Name: name, Args: args, Typ: expr.Of(expr.Bool), Span: span}
	}
	switch op {
	case expr.OpEq:
		return join(expr.OpAnd, first, rest), nil
	case expr.OpNe:
		return join(expr.OpOr, first, rest), nil
	case expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe:
		strict, err := x.b.operator(op[:1], span, l[0], r[0])
		if err != nil {
			return nil, err
		}
		equal, err := x.b.operator(expr.OpEq, span, l[0], r[0])
		if err != nil {
			return nil, err
		}
		return join(expr.OpOr, strict, join(expr.OpAnd, equal, rest)), nil
	}
	return nil, unsupported(span, "operator %s on rows is not supported", op)
}
