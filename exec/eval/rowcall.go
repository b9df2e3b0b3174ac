package eval

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// rowCall compiles the functions that run row by row; each topic knows its own.
func (c *compiler) rowCall(e *expr.Call) (step, error) {
	if e.Typ.IsNested() || expr.TakesList(e.Name) {
		return c.listCall(e)
	}
	for _, topic := range []func(*expr.Call) (rowFunc, error){
		textFunction, trimFunction, regexFunction, mathFunction, decimalFunction, bitFunction,
		timeFunction, fieldFunction, formatFunction, otherFunction, standardFunction, regexFind, strftimeFunction,
	} {
		run, err := topic(e)
		if err != nil {
			return nil, sqlerr.AtSpan(err, e.Span)
		}
		if run != nil {
			return c.rows(e, run)
		}
	}
	return nil, sqlerr.At(sqlerr.FeatureNotSupported, e.Span, "function %s is not supported", e.Name)
}

func (c *compiler) rows(e *expr.Call, run rowFunc) (step, error) {
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	s := &rowStep{args: args, typ: e.Typ, run: run, strict: expr.SignatureOf(e).Strict, span: e.Span}
	for _, a := range e.Args {
		s.types = append(s.types, a.Type())
	}
	return s, nil
}

// literal is argument i of a call when it is a constant, not NULL.
func literal(e *expr.Call, i int) (expr.Value, bool) {
	if i >= len(e.Args) {
		return expr.Value{}, false
	}
	lit, ok := e.Args[i].(*expr.Literal)
	if !ok || lit.Value.Null {
		return expr.Value{}, false
	}
	return lit.Value, true
}

// kindOf is the kind of argument i, Unknown when there is none.
func kindOf(e *expr.Call, i int) expr.Kind {
	if i >= len(e.Args) {
		return expr.Unknown
	}
	return e.Args[i].Type().Kind
}
