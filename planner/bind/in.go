package bind

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

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
	if f, isCall := e.Array.(*sql.FuncCall); isCall && f.Name.Last().Text == "current_schemas" && len(f.Args) == 1 {
		array, ok = x.b.currentSchemas(f), true
	}
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
