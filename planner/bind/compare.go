package bind

import (
	"github.com/skein-query/skein/exec/eval"
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
	v, err := x.condition(e.Operand)
	if err != nil {
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

func (x *exprs) like(e *sql.Like) (expr.Expr, error) {
	name := expr.OpLike
	if e.Fold {
		name = expr.OpILike
	}
	if e.Negated {
		name = "not " + name
	}
	operands := []sql.Expr{e.Operand, e.Pattern}
	if e.Escape != nil {
		operands = append(operands, e.Escape)
	}
	return x.function(name, e.Span(), operands...)
}

// inList binds x IN (…): constants become an InList, anything else an OR.
func (x *exprs) inList(e *sql.In) (expr.Expr, error) {
	if row, ok := e.Operand.(*sql.Row); ok {
		return x.inRows(e, row)
	}
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	list := make([]expr.Expr, len(e.List))
	for i, item := range e.List {
		if list[i], err = x.bind(item); err != nil {
			return nil, err
		}
	}
	all := append([]expr.Expr{v}, list...)
	if _, err := x.b.unify("IN", all); err != nil {
		return x.inExprs(e, v, list) // which says which comparison does not exist
	}
	out := &expr.InList{Arg: all[0], Negated: e.Negated, Span: e.Span()}
	for _, item := range all[1:] {
		f, err := eval.Fold(item)
		if err != nil {
			return nil, err
		}
		l, ok := f.(*expr.Literal)
		if !ok {
			return x.inExprs(e, v, list)
		}
		out.List = append(out.List, l.Value)
	}
	return out, nil
}

func (x *exprs) inExprs(e *sql.In, v expr.Expr, list []expr.Expr) (expr.Expr, error) {
	var any []expr.Expr
	for i, item := range list {
		eq, err := x.b.operator(expr.OpEq, e.List[i].Span(), v, item)
		if err != nil {
			return nil, err
		}
		any = append(any, eq)
	}
	out := any[0]
	if len(any) > 1 {
		out = &expr.Call{Name: expr.OpOr, Args: any, Typ: expr.Of(expr.Bool), Span: e.Span()}
	}
	return not(out, e.Negated, e.Span()), nil
}

func (x *exprs) inRows(e *sql.In, row *sql.Row) (expr.Expr, error) {
	var any []expr.Expr
	for _, item := range e.List {
		r, ok := item.(*sql.Row)
		if !ok {
			return nil, unsupported(item.Span(), "IN of a row needs rows in its list")
		}
		eq, err := x.rows(&sql.Binary{Loc: e.Loc, Op: expr.OpEq}, row, r)
		if err != nil {
			return nil, err
		}
		any = append(any, eq)
	}
	out := any[0]
	if len(any) > 1 {
		out = &expr.Call{Name: expr.OpOr, Args: any, Typ: expr.Of(expr.Bool), Span: e.Span()}
	}
	return not(out, e.Negated, e.Span()), nil
}

// operatorName is the name of a call for an operator as PostgreSQL spells it.
func operatorName(op string) string {
	switch op {
	case "~~":
		return expr.OpLike
	case "!~~":
		return expr.OpNotLike
	case "~~*":
		return expr.OpILike
	case "!~~*":
		return expr.OpNotILike
	}
	return op
}

// quantifiedArray binds x op ANY|ALL (ARRAY[…]) as a chain of comparisons.
func (x *exprs) quantifiedArray(e *sql.QuantifiedArray) (expr.Expr, error) {
	array, ok := e.Array.(*sql.Array)
	if !ok || len(array.Elements) == 0 {
		return nil, unsupported(e.Span(), "ANY and ALL over an array other than ARRAY[…] are not supported")
	}
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	var parts []expr.Expr
	for _, item := range array.Elements {
		r, err := x.bind(item)
		if err != nil {
			return nil, err
		}
		c, err := x.b.operator(operatorName(e.Op), e.Span(), v, r)
		if err != nil {
			return nil, err
		}
		parts = append(parts, c)
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	name := expr.OpOr
	if e.All {
		name = expr.OpAnd
	}
	return &expr.Call{Name: name, Args: parts, Typ: expr.Of(expr.Bool), Span: e.Span()}, nil
}
