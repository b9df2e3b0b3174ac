package sql

import (
	"reflect"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Expand is an expression written in SQL in which $1, $2, … stand for others, an
// expression of which may come several times. All of it stands at one place of the
// caller's text, so that errors point there; args keep theirs.
func Expand(template string, at sqlerr.Span, args ...Expr) (Expr, error) {
	statements, err := Parse("select " + template)
	if err != nil {
		return nil, err
	}
	query, ok := statements[0].(*Query)
	if !ok {
		return nil, sqlerr.At(sqlerr.InternalError, at, "%q is no expression", template)
	}
	sel, ok := query.Body.(*Select)
	if !ok || len(sel.Items) != 1 {
		return nil, sqlerr.At(sqlerr.InternalError, at, "%q is no expression", template)
	}
	e := expansion{at: at, args: args}
	return e.copied(reflect.ValueOf(&sel.Items[0].Value).Elem()).Interface().(Expr), nil
}

type expansion struct {
	at   sqlerr.Span
	args []Expr
}

// copied is a copy of a tree with the arguments in their places. Trees are plain data.
func (e expansion) copied(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		if p, ok := v.Interface().(*Param); ok && p.Number <= len(e.args) {
			return reflect.ValueOf(e.args[p.Number-1])
		}
		out := reflect.New(v.Type()).Elem()
		out.Set(e.copied(v.Elem()))
		return out
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(e.copied(v.Elem()))
		return out
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(e.copied(v.Index(i)))
		}
		return out
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Loc]() {
			return reflect.ValueOf(Loc{e.at})
		}
		out := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			out.Field(i).Set(e.copied(v.Field(i)))
		}
		return out
	}
	return v
}
