package rule

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Simplify folds constants in every expression, splits conditions at their ANDs
// and takes common conjuncts out of ORs. A filter that is never true becomes no
// rows.
func Simplify(n logical.Node) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		n = logical.MapExprs(n, simplify)
		switch n := n.(type) {
		case *logical.Filter:
			conds := splitAll(n.Conds)
			if never(conds) {
				return &logical.Values{Cols: n.Columns()}
			}
			if len(conds) == 0 {
				return n.Input
			}
			return &logical.Filter{Input: n.Input, Conds: conds}
		case *logical.Join:
			c := *n
			c.Conds = splitAll(n.Conds)
			return &c
		}
		return n
	})
}

func simplify(e expr.Expr) expr.Expr {
	if f, err := eval.Fold(e); err == nil {
		e = f
	}
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Call); ok && c.Name == expr.OpOr {
			return factor(c)
		}
		return x
	})
}

func splitAll(conds []expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, c := range conds {
		for _, part := range expr.Conjuncts(pushNot(c)) {
			dup := false
			for _, have := range out {
				dup = dup || expr.Equal(have, part)
			}
			if !dup {
				out = append(out, part)
			}
		}
	}
	return out
}

// pushNot moves a NOT at the top of a condition inwards as far as that makes
// conjuncts or plain comparisons of it: NOT (a OR b), NOT a < b, NOT NOT a.
func pushNot(e expr.Expr) expr.Expr {
	c, ok := e.(*expr.Call)
	if !ok || c.Name != expr.OpNot {
		return e
	}
	switch inner := c.Args[0].(type) {
	case *expr.InList:
		turned := *inner
		turned.Negated = !inner.Negated
		return &turned
	case *expr.Call:
		if inner.Name == expr.OpNot {
			return pushNot(inner.Args[0])
		}
		if inner.Name == expr.OpOr {
			args := make([]expr.Expr, len(inner.Args))
			for i, a := range inner.Args {
				args[i] = pushNot(&expr.Call{Name: expr.OpNot, Args: []expr.Expr{a}, Typ: c.Typ, Span: c.Span})
			}
			return &expr.Call{Name: expr.OpAnd, Args: args, Typ: c.Typ, Span: c.Span}
		}
		if to, ok := negations[inner.Name]; ok {
			turned := *inner
			turned.Name = to
			return &turned
		}
	}
	return e
}

var negations = map[string]string{
	expr.OpEq: expr.OpNe, expr.OpNe: expr.OpEq, expr.OpLt: expr.OpGe, expr.OpGe: expr.OpLt,
	expr.OpLe: expr.OpGt, expr.OpGt: expr.OpLe, expr.OpLike: expr.OpNotLike, expr.OpNotLike: expr.OpLike,
	expr.OpILike: expr.OpNotILike, expr.OpNotILike: expr.OpILike, expr.OpIsNull: expr.OpIsNotNull,
	expr.OpIsNotNull: expr.OpIsNull, expr.OpIsDistinct: expr.OpIsNotDistinct, expr.OpIsNotDistinct: expr.OpIsDistinct,
}

func never(conds []expr.Expr) bool {
	for _, c := range conds {
		if l, ok := c.(*expr.Literal); ok && !l.Value.True() {
			return true
		}
	}
	return false
}

// factor takes conjuncts that all branches of an OR share out of it:
// (a AND b) OR (a AND c) is a AND (b OR c).
func factor(or *expr.Call) expr.Expr {
	branches := make([][]expr.Expr, len(or.Args))
	for i, a := range or.Args {
		branches[i] = expr.Conjuncts(a)
		if len(branches[i]) == 0 {
			return or
		}
	}
	var common []expr.Expr
	for _, c := range branches[0] {
		everywhere := true
		for _, b := range branches[1:] {
			everywhere = everywhere && contains(b, c)
		}
		if everywhere && !contains(common, c) {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return or
	}
	rest := make([]expr.Expr, 0, len(branches))
	for _, b := range branches {
		var left []expr.Expr
		for _, c := range b {
			if !contains(common, c) {
				left = append(left, c)
			}
		}
		if len(left) == 0 {
			return expr.And(common...) // a OR (a AND b) is a
		}
		rest = append(rest, expr.And(left...))
	}
	return expr.And(append(common, &expr.Call{Name: expr.OpOr, Args: rest, Typ: or.Typ, Span: or.Span})...)
}

func contains(list []expr.Expr, e expr.Expr) bool {
	for _, x := range list {
		if expr.Equal(x, e) {
			return true
		}
	}
	return false
}
