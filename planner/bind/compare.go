package bind

import (
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

func (x *exprs) unary(e *sql.Unary) (expr.Expr, error) {
	if l, ok := e.Operand.(*sql.Literal); ok && e.Op == "-" && (l.Kind == sql.Integer || l.Kind == sql.Numeric) {
		neg := *l
		neg.Text, neg.Source = "-"+l.Text, e.Span()
		return literal(&neg)
	}
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	switch e.Op {
	case "-":
		return x.b.call(expr.OpNeg, e.Span(), v)
	case "+":
		if !v.Type().IsNumber() && v.Type().Kind != expr.Unknown {
			return nil, sqlerr.At(sqlerr.UndefinedFunction, e.Span(), "operator does not exist: + %s", v.Type())
		}
		return v, nil
	}
	return x.b.call(e.Op, e.Span(), v)
}

func (x *exprs) binary(e *sql.Binary) (expr.Expr, error) {
	if l, ok := e.Left.(*sql.Row); ok {
		if r, ok := e.Right.(*sql.Row); ok {
			return x.rows(e, l, r)
		}
	}
	return x.operator(e.Op, e.Span(), e.Left, e.Right)
}

// operator binds both operands and the operator between them.
func (x *exprs) operator(op string, span sqlerr.Span, left, right sql.Expr) (expr.Expr, error) {
	l, err := x.bind(left)
	if err != nil {
		return nil, err
	}
	r, err := x.bind(right)
	if err != nil {
		return nil, err
	}
	return x.b.operator(op, span, l, r)
}

func (x *exprs) isNull(e *sql.IsNull) (expr.Expr, error) {
	op := expr.OpIsNull
	if e.Negated {
		op = expr.OpIsNotNull
	}
	operands := []sql.Expr{e.Operand}
	if row, ok := e.Operand.(*sql.Row); ok {
		operands = row.Fields
	}
	var all []expr.Expr
	for _, o := range operands {
		v, err := x.bind(o)
		if err != nil {
			return nil, err
		}
		all = append(all, &expr.Call{Name: op, Args: []expr.Expr{x.b.text(v)}, Typ: expr.Of(expr.Bool), Span: e.Span()})
	}
	return expr.And(all...), nil
}

func (x *exprs) isBool(e *sql.IsBool) (expr.Expr, error) {
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	words := map[sql.Truth]string{sql.IsTrue: "IS TRUE", sql.IsFalse: "IS FALSE", sql.IsUnknown: "IS UNKNOWN"}
	word := words[e.Truth]
	if e.Negated {
		word = strings.Replace(word, "IS", "IS NOT", 1)
	}
	if v, err = x.boolean(v, word); err != nil {
		return nil, err
	}
	names := map[sql.Truth][2]string{
		sql.IsTrue:    {expr.OpIsTrue, expr.OpIsNotTrue},
		sql.IsFalse:   {expr.OpIsFalse, expr.OpIsNotFalse},
		sql.IsUnknown: {expr.OpIsNull, expr.OpIsNotNull},
	}
	i := 0
	if e.Negated {
		i = 1
	}
	return &expr.Call{Name: names[e.Truth][i], Args: []expr.Expr{v}, Typ: expr.Of(expr.Bool), Span: e.Span()}, nil
}

func (x *exprs) between(e *sql.Between) (expr.Expr, error) {
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	low, err := x.bind(e.Low)
	if err != nil {
		return nil, err
	}
	high, err := x.bind(e.High)
	if err != nil {
		return nil, err
	}
	within := func(low, high expr.Expr) (expr.Expr, error) {
		a, err := x.b.operator(expr.OpGe, e.Span(), v, low)
		if err != nil {
			return nil, err
		}
		b, err := x.b.operator(expr.OpLe, e.Span(), v, high)
		if err != nil {
			return nil, err
		}
		return &expr.Call{Name: expr.OpAnd, Args: []expr.Expr{a, b}, Typ: expr.Of(expr.Bool), Span: e.Span()}, nil
	}
	out, err := within(low, high)
	if err != nil {
		return nil, err
	}
	if e.Symmetric {
		turned, err := within(high, low)
		if err != nil {
			return nil, err
		}
		out = &expr.Call{Name: expr.OpOr, Args: []expr.Expr{out, turned}, Typ: expr.Of(expr.Bool), Span: e.Span()}
	}
	return not(out, e.Negated, e.Span()), nil
}

func not(e expr.Expr, negated bool, span sqlerr.Span) expr.Expr {
	if !negated {
		return e
	}
	return &expr.Call{Name: expr.OpNot, Args: []expr.Expr{e}, Typ: expr.Of(expr.Bool), Span: span}
}
