package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// subquery is a subquery of an expression that waits to be joined to the plan
// beside which the expression is computed.
type subquery struct {
	kind      logical.JoinKind // Single: a value; Mark: a truth value
	plan      logical.Node
	cond      expr.Expr      // condition of the mark, beside nullAware
	nullAware expr.Expr      // comparison of IN
	mark      logical.Column // Mark: the column of the truth value
	span      sqlerr.Span
}

// columns are what the join adds to the plan.
func (s subquery) columns() logical.Set {
	if s.kind == logical.Mark {
		return logical.Set{s.mark.ID: true}
	}
	return logical.Output(s.plan)
}

// attach joins waiting subqueries to a plan, in order.
func (b *binder) attach(plan logical.Node, waiting []subquery) logical.Node {
	for _, s := range waiting {
		j := &logical.Join{Kind: s.kind, Left: plan, Right: s.plan, NullAware: s.nullAware, MarkCol: s.mark,
			Dependent: logical.Free(s.plan).Meets(logical.Output(plan))}
		if s.cond != nil {
			j.Conds = expr.Conjuncts(s.cond)
		}
		plan = j
	}
	return plan
}

// filter adds a WHERE condition to a plan. EXISTS and IN at its top are semi and
// anti joins; every other subquery delivers a column that the condition reads.
func (b *binder) filter(plan logical.Node, where sql.Expr, x *exprs) (logical.Node, error) {
	var conds []expr.Expr
	terms := []sql.Expr{where}
	if and, ok := where.(*sql.And); ok {
		terms = and.Terms
	}
	var joins []subquery
	for _, t := range terms {
		negated := false
		for {
			not, ok := t.(*sql.Not)
			if !ok {
				break
			}
			t, negated = not.Operand, !negated
		}
		kind := logical.Semi
		switch q := t.(type) {
		case *sql.Exists:
			if negated {
				kind = logical.Anti
			}
			s, err := x.exists(q)
			if err != nil {
				return nil, err
			}
			s.kind = kind
			joins = append(joins, s)
			continue
		case *sql.InSubquery:
			s, err := x.in(q.Operand, expr.OpEq, q.Query, q.Span())
			if err != nil {
				return nil, err
			}
			if negated != q.Negated {
				s.kind = logical.Anti
			} else { // only TRUE passes: a plain condition
				s.kind, s.cond, s.nullAware = logical.Semi, expr.And(conds2(s.cond, s.nullAware)...), nil
			}
			joins = append(joins, s)
			continue
		}
		e, err := x.condition(t)
		if err != nil {
			return nil, err
		}
		if negated {
			e = &expr.Call{Name: expr.OpNot, Args: []expr.Expr{e}, Typ: expr.Of(expr.Bool), Span: t.Span()}
		}
		conds = append(conds, expr.Conjuncts(e)...)
	}
	// Subqueries inside operands come first: the semi joins may use their columns.
	plan = b.attach(plan, x.pending)
	x.pending = nil
	if len(conds) > 0 {
		plan = &logical.Filter{Input: plan, Conds: conds}
	}
	return b.attach(plan, joins), nil
}

func conds2(a, b expr.Expr) []expr.Expr {
	var out []expr.Expr
	for _, e := range []expr.Expr{a, b} {
		if e != nil {
			out = append(out, e)
		}
	}
	return out
}

// subplan binds the query of a subquery.
func (x *exprs) subplan(q *sql.Query) (relation, error) {
	if x.trial {
		return relation{}, unsupported(q.Span(), "a subquery is not supported here")
	}
	r, err := x.b.query(q, x.outer(), x.ctes())
	if err != nil {
		return r, err
	}
	return x.b.settle(r), nil
}

// outer is what a subquery sees of the query around it.
func (x *exprs) outer() *scope {
	return &scope{parent: x.scope.parent, cols: x.scope.cols, ctes: x.scope.ctes, user: x}
}

func (x *exprs) ctes() *cteScope {
	for s := x.scope; s != nil; s = s.parent {
		if s.ctes != nil {
			return s.ctes
		}
	}
	return nil
}

func (x *exprs) exists(q *sql.Exists) (subquery, error) {
	if x.trial {
		return subquery{}, unsupported(q.Span(), "a subquery is not supported here")
	}
	r, err := x.b.query(q.Query, x.outer(), x.ctes())
	if err != nil {
		return subquery{}, err
	}
	return subquery{kind: logical.Mark, plan: r.plan, span: q.Span()}, nil
}

// scalar is the value of a subquery.
func (x *exprs) scalar(q *sql.ScalarSubquery) (expr.Expr, error) {
	r, err := x.subplan(q.Query)
	if err != nil {
		return nil, err
	}
	if len(r.cols) != 1 {
		return nil, sqlerr.At(sqlerr.SyntaxError, q.Span(), "subquery must return only one column")
	}
	// The column gets an ID of its own: two uses of one subquery text are two joins.
	col := x.b.newColumn(r.cols[0].Name, r.cols[0].Type, true)
	plan := &logical.Project{Input: r.plan, Items: []logical.Item{{Col: col, Expr: r.cols[0].Ref()}}}
	x.pending = append(x.pending, subquery{kind: logical.Single, plan: plan, span: q.Span()})
	ref := col.Ref()
	ref.Span = q.Span()
	return ref, nil
}

// in joins operand op (query), where the truth value follows SQL's rules for NULL.
func (x *exprs) in(operand sql.Expr, op string, q *sql.Query, span sqlerr.Span) (subquery, error) {
	operands := []sql.Expr{operand}
	if row, ok := operand.(*sql.Row); ok {
		operands = row.Fields
	}
	r, err := x.subplan(q)
	if err != nil {
		return subquery{}, err
	}
	if len(r.cols) != len(operands) {
		few := "many"
		if len(r.cols) < len(operands) {
			few = "few"
		}
		return subquery{}, sqlerr.At(sqlerr.SyntaxError, span, "subquery has too %s columns", few)
	}
	var parts []expr.Expr
	for i, o := range operands {
		left, err := x.bind(o)
		if err != nil {
			return subquery{}, err
		}
		e, err := x.b.operator(op, span, left, r.cols[i].Ref())
		if err != nil {
			return subquery{}, err
		}
		parts = append(parts, e)
	}
	if len(parts) > 1 && op != expr.OpEq && op != expr.OpNe {
		return subquery{}, unsupported(span, "row comparison by %s is not supported", op)
	}
	s := subquery{kind: logical.Mark, plan: r.plan, span: span, nullAware: parts[0]}
	if len(parts) > 1 {
		s.nullAware = expr.And(parts...)
	}
	return s, nil
}

// marked is a truth value from a subquery as a column.
func (x *exprs) marked(s subquery, negated bool, nullable bool) expr.Expr {
	s.mark = x.b.newColumn("mark", expr.Of(expr.Bool), nullable)
	x.pending = append(x.pending, s)
	var e expr.Expr = s.mark.Ref()
	if negated {
		e = &expr.Call{Name: expr.OpNot, Args: []expr.Expr{e}, Typ: expr.Of(expr.Bool), Span: s.span}
	}
	return e
}

// quantified binds x op ANY|ALL (query): ALL is NOT (x negated-op ANY).
func (x *exprs) quantified(q *sql.Quantified) (expr.Expr, error) {
	op := operatorName(q.Op)
	if q.All {
		inverse := map[string]string{"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<",
			expr.OpLike: expr.OpNotLike, expr.OpNotLike: expr.OpLike, expr.OpILike: expr.OpNotILike, expr.OpNotILike: expr.OpILike}
		if op = inverse[op]; op == "" {
			return nil, unsupported(q.Span(), "operator %s with ALL is not supported", q.Op)
		}
	}
	s, err := x.in(q.Operand, op, q.Query, q.Span())
	if err != nil {
		return nil, err
	}
	return x.marked(s, q.All, true), nil
}
