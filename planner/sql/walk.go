package sql

import (
	"reflect"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Params is the greatest parameter number of a statement: how many values its
// execution needs. 0 means none.
func Params(s Statement) int {
	most := 0
	walk(reflect.ValueOf(s), func(v reflect.Value) {
		if p, ok := v.Interface().(*Param); ok {
			most = max(most, p.Number)
		}
	})
	return most
}

// Holds reports whether there are parameters and whether there are queries in an
// expression.
func Holds(e Expr) (params, queries bool) {
	walk(reflect.ValueOf(e), func(v reflect.Value) {
		switch v.Interface().(type) {
		case *Param:
			params = true
		case *Query:
			queries = true
		}
	})
	return params, queries
}

// HasQuery reports whether there is a query in a node of the tree, or it is one.
func HasQuery(n interface{ Span() sqlerr.Span }) bool {
	found := false
	walk(reflect.ValueOf(n), func(v reflect.Value) {
		_, ok := v.Interface().(*Query)
		found = found || ok
	})
	return found
}

// walk calls visit for every node, outer ones first. The tree is plain data, so
// reflection sees all of it and no case can be forgotten; a statement is walked
// once when it is prepared.
func walk(v reflect.Value, visit func(reflect.Value)) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			walk(v.Elem(), visit)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v)
			walk(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[Loc]() || v.Type() == reflect.TypeFor[Name]() {
			return
		}
		for i := range v.NumField() {
			walk(v.Field(i), visit)
		}
	}
}
