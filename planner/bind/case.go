package bind

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

func (x *exprs) caseExpr(e *sql.Case) (expr.Expr, error) {
	out := &expr.Case{Span: e.Span()}
	var operand expr.Expr
	var err error
	if e.Operand != nil {
		if operand, err = x.bind(e.Operand); err != nil {
			return nil, err
		}
		operand = x.b.text(operand)
	}
	results := make([]expr.Expr, 0, len(e.Whens)+1)
	for _, w := range e.Whens {
		cond, err := x.bind(w.Condition)
		if err != nil {
			return nil, err
		}
		if operand != nil {
			cond, err = x.b.operator(expr.OpEq, w.Condition.Span(), operand, cond)
		} else {
			cond, err = x.boolean(cond, "CASE/WHEN")
		}
		if err != nil {
			return nil, err
		}
		r, err := x.bind(w.Result)
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{Cond: cond})
		results = append(results, r)
	}
	if e.Else != nil {
		r, err := x.bind(e.Else)
		if err != nil {
			return nil, err
		}
		results = slices.Insert(results, 0, r) // PostgreSQL begins with it, for the type and in messages
	}
	if out.Typ, err = x.b.unify("CASE", results); err != nil {
		return nil, err
	}
	if e.Else != nil {
		out.Else, results = results[0], results[1:]
	}
	for i := range out.Whens {
		out.Whens[i].Result = results[i]
	}
	return out, nil
}

// unified binds a function whose arguments all get one type.
func (x *exprs) unified(name, word string, args []sql.Expr, span sqlerr.Span) (expr.Expr, error) {
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		var err error
		if out[i], err = x.bind(a); err != nil {
			return nil, err
		}
	}
	t, err := x.b.unify(word, out)
	if err != nil {
		return nil, err
	}
	return &expr.Call{Name: name, Args: out, Typ: t, Span: span}, nil
}

// nullIf is PostgreSQL's: compared by =, the value is the first operand's.
func (x *exprs) nullIf(e *sql.NullIf) (expr.Expr, error) {
	l, err := x.bind(e.Left)
	if err != nil {
		return nil, err
	}
	r, err := x.bind(e.Right)
	if err != nil {
		return nil, err
	}
	eq, err := x.b.operator(expr.OpEq, e.Span(), l, r)
	if err != nil {
		return nil, err
	}
	// Operators across integer sizes take each operand as it is; all others cast.
	if lt, rt := l.Type(), r.Type(); !(lt.IsInteger() && rt.IsInteger()) {
		l = eq.(*expr.Call).Args[0]
	}
	return &expr.Case{Whens: []expr.When{{Cond: eq, Result: expr.NullOf(l.Type())}}, Else: l, Typ: l.Type(), Span: e.Span()}, nil
}
