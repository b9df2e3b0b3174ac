package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

func isVolatile(e expr.Expr) bool { return expr.VolatilityOf(e) == expr.Volatile }

// Rejects reports whether a condition is false or NULL on every row where all the
// given columns are NULL.
func Rejects(c expr.Expr, cols logical.Set) bool {
	call, ok := c.(*expr.Call)
	if !ok {
		return NullOn(c, cols)
	}
	switch call.Name {
	case expr.OpAnd:
		for _, a := range call.Args {
			if Rejects(a, cols) {
				return true
			}
		}
		return false
	case expr.OpOr:
		for _, a := range call.Args {
			if !Rejects(a, cols) {
				return false
			}
		}
		return true
	case expr.OpIsNotNull, expr.OpIsTrue, expr.OpIsFalse:
		return NullOn(call.Args[0], cols)
	}
	return NullOn(c, cols)
}

// NullOn reports whether an expression is NULL on every row where all the given
// columns are NULL.
func NullOn(e expr.Expr, cols logical.Set) bool {
	switch n := e.(type) {
	case *expr.Column:
		return cols[n.ID]
	case *expr.Literal:
		return n.Value.Null
	case *expr.Cast:
		return NullOn(n.Arg, cols)
	case *expr.InList:
		return NullOn(n.Arg, cols)
	case *expr.Call:
		types := make([]expr.Type, len(n.Args))
		for i, a := range n.Args {
			types[i] = a.Type()
		}
		if n.Name == expr.OpAnd || n.Name == expr.OpOr {
			for _, a := range n.Args {
				if !NullOn(a, cols) {
					return false
				}
			}
			return true
		}
		sig, err := expr.Resolve(n.Name, types)
		if err != nil || !sig.Strict {
			return false
		}
		for _, a := range n.Args {
			if NullOn(a, cols) {
				return true
			}
		}
	}
	return false
}
