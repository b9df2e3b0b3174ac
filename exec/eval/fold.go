package eval

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Constant evaluates an expression without columns. Errors point at the part of e
// that failed.
func Constant(e expr.Expr) (expr.Value, error) {
	if lit, ok := e.(*expr.Literal); ok {
		return lit.Value, nil
	}
	v, err := newEvaluator(e, nil, Options{})
	if err != nil {
		return expr.Value{}, err
	}
	col, err := v.Eval(vector.New(nil, 1))
	if err != nil {
		return expr.Value{}, err
	}
	return ValueAt(&col, 0, e.Type()), nil
}

// Fold evaluates the parts of e that depend on nothing, and simplifies AND, OR,
// NOT, CASE, COALESCE and strict functions with literals among their arguments,
// and compares what stands under a cast where that is the same.
// What would be an error is left as it is, to be raised only if a row comes to
// it. The error is for expressions that cannot be evaluated at all.
func Fold(e expr.Expr) (expr.Expr, error) {
	return expr.Rewrite(e, foldNode), nil
}

func foldNode(e expr.Expr) expr.Expr {
	switch n := e.(type) {
	case *expr.Call:
		return foldCall(n)
	case *expr.Case:
		return foldCase(n)
	case *expr.Cast:
		if lit, ok := n.Arg.(*expr.Literal); ok {
			if lit.Value.Null {
				return &expr.Literal{Value: expr.Null, Typ: n.To, Span: n.Span}
			}
			return constant(n)
		}
		if n.Arg.Type().Equal(n.To) {
			return n.Arg
		}
	case *expr.InList:
		if _, ok := n.Arg.(*expr.Literal); ok {
			return constant(n)
		}
	}
	return e
}

// constant is e evaluated, or e itself when that is an error.
func constant(e expr.Expr) expr.Expr {
	v, err := Constant(e)
	if err != nil {
		return e
	}
	return &expr.Literal{Value: v, Typ: e.Type(), Span: e.Place()}
}

func foldCall(n *expr.Call) expr.Expr {
	switch n.Name {
	case expr.OpAnd:
		return foldLogic(n, false)
	case expr.OpOr:
		return foldLogic(n, true)
	case expr.FnCoalesce:
		return foldCoalesce(n)
	case expr.OpIsNull, expr.OpIsNotNull:
		if c, ok := n.Args[0].(*expr.Column); ok && !c.Nullable {
			return &expr.Literal{Value: expr.BoolValue(n.Name == expr.OpIsNotNull), Typ: n.Typ, Span: n.Span}
		}
	}
	sig := expr.SignatureOf(n)
	all := len(n.Args) > 0 || sig.Volatility == expr.Immutable
	for _, a := range n.Args {
		lit, ok := a.(*expr.Literal)
		all = all && ok
		if ok && lit.Value.Null && sig.Strict {
			return &expr.Literal{Value: expr.Null, Typ: n.Typ, Span: n.Span}
		}
	}
	if all && sig.Volatility == expr.Immutable {
		return constant(n)
	}
	return unwrap(n)
}

// foldLogic simplifies AND (decider false) and OR (decider true).
func foldLogic(n *expr.Call, decider bool) expr.Expr {
	var rest []expr.Expr
	for _, a := range n.Args {
		if lit, ok := a.(*expr.Literal); ok && !lit.Value.Null {
			if lit.Value.True() == decider {
				return &expr.Literal{Value: expr.BoolValue(decider), Typ: n.Typ, Span: n.Span}
			}
			continue
		}
		if inner, ok := a.(*expr.Call); ok && inner.Name == n.Name {
			rest = append(rest, inner.Args...)
			continue
		}
		rest = append(rest, a)
	}
	nulls := 0
	for _, a := range rest {
		if _, ok := a.(*expr.Literal); ok {
			nulls++
		}
	}
	switch {
	case len(rest) == 0:
		return &expr.Literal{Value: expr.BoolValue(!decider), Typ: n.Typ, Span: n.Span}
	case nulls == len(rest), len(rest) == 1:
		return rest[0]
	case len(rest) == len(n.Args):
		return n
	}
	return &expr.Call{Name: n.Name, Args: rest, Typ: n.Typ, Span: n.Span}
}

// foldCoalesce drops NULLs and everything behind the first argument that cannot
// be NULL.
func foldCoalesce(n *expr.Call) expr.Expr {
	var rest []expr.Expr
	for _, a := range n.Args {
		if lit, ok := a.(*expr.Literal); ok && lit.Value.Null {
			continue
		}
		rest = append(rest, a)
		if neverNull(a) {
			break
		}
	}
	switch {
	case len(rest) == 0:
		return &expr.Literal{Value: expr.Null, Typ: n.Typ, Span: n.Span}
	case len(rest) == 1:
		return rest[0]
	case len(rest) == len(n.Args):
		return n
	}
	return &expr.Call{Name: n.Name, Args: rest, Typ: n.Typ, Span: n.Span}
}

func neverNull(e expr.Expr) bool {
	switch n := e.(type) {
	case *expr.Literal:
		return !n.Value.Null
	case *expr.Column:
		return !n.Nullable
	}
	return false
}

// foldCase drops branches that are never taken and everything behind one that
// always is.
func foldCase(n *expr.Case) expr.Expr {
	c := &expr.Case{Else: n.Else, Typ: n.Typ, Span: n.Span}
	for _, w := range n.Whens {
		if lit, ok := w.Cond.(*expr.Literal); ok {
			if !lit.Value.True() {
				continue
			}
			c.Else = w.Result
			break
		}
		c.Whens = append(c.Whens, w)
	}
	switch {
	case len(c.Whens) == 0 && c.Else == nil:
		return &expr.Literal{Value: expr.Null, Typ: n.Typ, Span: n.Span}
	case len(c.Whens) == 0:
		return c.Else
	case len(c.Whens) == len(n.Whens) && c.Else == n.Else:
		return n
	}
	return c
}
