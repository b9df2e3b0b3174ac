package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

func (x *exprs) field(e *sql.Field) (expr.Expr, error) {
	if r, ok := e.Operand.(*sql.ColumnRef); ok && len(r.Name.Parts) == 1 && !e.All {
		// (t).c is a column of the row t.
		qualified := sql.Name{Parts: []sql.Ident{r.Name.Parts[0], e.Name}}
		if _, err := x.b.resolve(x.scope, r.Name); err != nil {
			return x.b.resolve(x.scope, qualified)
		}
	}
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	if v.Type().Kind != expr.Struct || e.All {
		return nil, sqlerr.At(sqlerr.WrongObjectType, e.Span(), "column notation .%s applied to type %s, which is not a composite type", e.Name.Text, v.Type())
	}
	return structField(v, e.Name, e.Span())
}

func structField(s expr.Expr, name sql.Ident, span sqlerr.Span) (expr.Expr, error) {
	var names []string
	for i, f := range s.Type().Nested.Fields {
		if f.Name == name.Text {
			return &expr.Call{Name: expr.FnField, Args: []expr.Expr{s, expr.NewLiteral(expr.Int(int64(i)), expr.Of(expr.Int4))}, Typ: f.Type, Span: span}, nil
		}
		names = append(names, f.Name)
	}
	return nil, sqlerr.At(sqlerr.UndefinedColumn, name.Span(), "column %q not found in data type %s", name.Text, s.Type()).
		WithHint("%s", sqlerr.DidYouMean(name.Text, names))
}

// array binds ARRAY[…], whose elements become of one type.
func (x *exprs) array(e *sql.Array) (expr.Expr, error) {
	if len(e.Elements) == 0 {
		return nil, sqlerr.At("42P18", e.Span(), "cannot determine type of empty array").
			WithHint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	}
	out := &expr.Call{Name: expr.FnList, Span: e.Span()}
	for _, item := range e.Elements {
		v, err := x.bind(item)
		if err != nil {
			return nil, err
		}
		if v.Type().IsNested() {
			return nil, unsupported(item.Span(), "arrays of several dimensions are not supported")
		}
		out.Args = append(out.Args, v)
	}
	t, err := x.b.unify("ARRAY", out.Args)
	out.Typ = expr.ListOf(t)
	return out, err
}

func (x *exprs) subscript(e *sql.Subscript) (expr.Expr, error) {
	if e.Slice || e.Low == nil {
		return nil, unsupported(e.Span(), "array slices are not supported")
	}
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	i, err := x.bind(e.Low)
	if err != nil {
		return nil, err
	}
	if v.Type().Kind != expr.List {
		return nil, sqlerr.At(sqlerr.DatatypeMismatch, e.Span(), "cannot subscript type %s because it does not support subscripting", v.Type())
	}
	if i, err = x.b.coerce(i, expr.Of(expr.Int4), assignment); err != nil {
		return nil, err
	}
	return &expr.Call{Name: expr.FnElement, Args: []expr.Expr{v, i}, Typ: v.Type().Nested.Elem, Span: e.Span()}, nil
}
