package standard

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// scope is what an expression sees: the columns of its relation's input and, for outer
// references, those of the relations around. It collects the subqueries that must be
// joined to the input first.
type scope struct {
	cols    []logical.Column
	outer   *scope
	pending []subquery
	windows *windows // of a projection; nil where window functions may not stand
	nodes   int      // of the subqueries
}

// subquery is a subquery of an expression that waits to be joined to the plan beside
// which the expression is computed.
type subquery struct {
	kind      logical.JoinKind
	plan      logical.Node
	conds     []expr.Expr
	nullAware expr.Expr
	mark      logical.Column
}

// used is the columns that the subquery takes from outside of itself.
func (s subquery) used() logical.Set {
	used := logical.Free(s.plan)
	inner := logical.Output(s.plan)
	for _, e := range append(append([]expr.Expr{}, s.conds...), s.nullAware) {
		if e == nil {
			continue
		}
		for id := range logical.Used(e) {
			if !inner[id] {
				used[id] = true
			}
		}
	}
	return used
}

// attach joins the subqueries that wait in a scope to a plan.
func (r *reader) attach(plan logical.Node, s *scope) logical.Node {
	plan = attach(plan, s.pending)
	s.pending = nil
	return plan
}

func attach(plan logical.Node, waiting []subquery) logical.Node {
	for _, s := range waiting {
		plan = &logical.Join{Kind: s.kind, Left: plan, Right: s.plan, Conds: s.conds, NullAware: s.nullAware, MarkCol: s.mark,
			Dependent: logical.Free(s.plan).Meets(logical.Output(plan))}
	}
	return plan
}

// filter keeps the rows of a plan on which a condition is true. IN and EXISTS at its
// top are semi and anti joins.
func (r *reader) filter(plan logical.Node, e *pb.Expression, s *scope) (logical.Node, error) {
	var terms []*pb.Expression
	r.conjuncts(e, &terms, 0)
	var joins []subquery
	var conds []expr.Expr
	for _, t := range terms {
		inner, negated := r.negations(t)
		if sub := inner.GetSubquery(); sub.GetSetPredicate() != nil || sub.GetInPredicate() != nil {
			j, err := r.semiJoin(sub, negated, s)
			if err != nil {
				return nil, err
			}
			joins = append(joins, j)
			continue
		}
		c, err := r.condition(t, s)
		if err != nil {
			return nil, err
		}
		conds = append(conds, expr.Conjuncts(c)...)
	}
	plan = r.attach(plan, s)
	if len(conds) > 0 {
		plan = &logical.Filter{Input: plan, Conds: conds}
	}
	return attach(plan, joins), nil
}

// conjuncts takes an expression apart at the calls of `and` at its top.
func (r *reader) conjuncts(e *pb.Expression, out *[]*pb.Expression, depth int) {
	if f := e.GetScalarFunction(); f != nil && depth < MaxDepth && r.isBoolean(f, "and") {
		for _, a := range f.GetArguments() {
			if a.GetValue() == nil {
				*out = append(*out, e)
				return
			}
		}
		for _, a := range f.GetArguments() {
			r.conjuncts(a.GetValue(), out, depth+1)
		}
		return
	}
	*out = append(*out, e)
}

// negations takes the calls of `not` from the top of an expression.
func (r *reader) negations(e *pb.Expression) (_ *pb.Expression, negated bool) {
	for {
		f := e.GetScalarFunction()
		if f == nil || !r.isBoolean(f, "not") || len(f.GetArguments()) != 1 || f.GetArguments()[0].GetValue() == nil {
			return e, negated
		}
		e, negated = f.GetArguments()[0].GetValue(), !negated
	}
}

func (r *reader) isBoolean(f *pb.Expression_ScalarFunction, name string) bool {
	d, ok := r.ext.functions[f.GetFunctionReference()]
	return ok && baseName(d.name) == name && (d.set == "" || d.set == "functions_boolean") && len(f.GetOptions()) == 0 && len(f.GetArguments()) > 0
}

// semiJoin is EXISTS or IN as a condition, of which only TRUE counts.
func (r *reader) semiJoin(m *pb.Expression_Subquery, negated bool, s *scope) (subquery, error) {
	q, err := r.predicate(m, s)
	if err != nil {
		return q, err
	}
	q.kind = logical.Semi
	if negated {
		q.kind = logical.Anti
	} else if q.nullAware != nil {
		q.conds, q.nullAware = expr.Conjuncts(q.nullAware), nil
	}
	return q, nil
}

// predicate reads EXISTS and IN, with its kind left open.
func (r *reader) predicate(m *pb.Expression_Subquery, s *scope) (subquery, error) {
	if p := m.GetSetPredicate(); p != nil {
		if p.GetPredicateOp() != pb.Expression_Subquery_SetPredicate_PREDICATE_OP_EXISTS {
			return subquery{}, r.errorf("the set predicate %s is not supported", p.GetPredicateOp())
		}
		rel, err := r.subplan(p.GetTuples(), "exists", s)
		return subquery{plan: rel.plan}, err
	}
	p := m.GetInPredicate()
	rel, err := r.subplan(p.GetHaystack(), "in", s)
	if err != nil {
		return subquery{}, err
	}
	if len(p.GetNeedles()) != len(rel.cols) || len(rel.cols) == 0 {
		return subquery{}, r.errorf("%d values are looked for in %d columns", len(p.GetNeedles()), len(rel.cols))
	}
	var parts []expr.Expr
	for i, n := range p.GetNeedles() {
		v, err := r.expr(n, s)
		if err != nil {
			return subquery{}, err
		}
		eq, err := r.call(expr.OpEq, v, r.ref(rel.cols[i]))
		if err != nil {
			return subquery{}, err
		}
		parts = append(parts, eq.Expr)
	}
	return subquery{plan: rel.plan, nullAware: expr.And(parts...)}, nil
}

// subplan reads the relation of a subquery. Its columns get IDs of their own.
func (r *reader) subplan(m *pb.Rel, what string, s *scope) (rel relation, err error) {
	err = r.in("subquery "+what, func() error {
		rel, err = r.rel(m, s)
		return err
	})
	s.nodes += rel.nodes
	return rel, err
}

// subquery reads a subquery as a value.
func (r *reader) subquery(m *pb.Expression_Subquery, s *scope) (val, error) {
	switch q := m.GetSubqueryType().(type) {
	case *pb.Expression_Subquery_Scalar_:
		return r.scalarSubquery(q.Scalar, s)
	case *pb.Expression_Subquery_InPredicate_, *pb.Expression_Subquery_SetPredicate_:
		p, err := r.predicate(m, s)
		if err != nil {
			return val{}, err
		}
		return r.marked(p, s), nil
	case *pb.Expression_Subquery_SetComparison_:
		return r.setComparison(q.SetComparison, s)
	}
	return val{}, r.errorf("a subquery is missing or not known")
}

func (r *reader) scalarSubquery(m *pb.Expression_Subquery_Scalar, s *scope) (val, error) {
	rel, err := r.subplan(m.GetInput(), "scalar", s)
	if err != nil {
		return val{}, err
	}
	if len(rel.cols) != 1 {
		return val{}, r.errorf("a scalar subquery has %d columns", len(rel.cols))
	}
	v := r.ref(rel.cols[0])
	c := r.column(rel.cols[0].Name, v, true)
	plan := &logical.Project{Input: rel.plan, Items: []logical.Item{{Col: c, Expr: v.Expr}}}
	s.pending = append(s.pending, subquery{kind: logical.Single, plan: plan})
	return r.ref(c), nil
}

// marked is a truth value from a subquery as a column.
func (r *reader) marked(q subquery, s *scope) val {
	q.kind = logical.Mark
	q.mark = r.newColumn("mark", expr.Of(expr.Bool), q.nullAware != nil)
	s.pending = append(s.pending, q)
	return r.ref(q.mark)
}

// setComparison reads x op ANY|ALL (query): ALL is NOT (x negated-op ANY).
func (r *reader) setComparison(m *pb.Expression_Subquery_SetComparison, s *scope) (val, error) {
	ops := map[pb.Expression_Subquery_SetComparison_ComparisonOp][2]string{
		pb.Expression_Subquery_SetComparison_COMPARISON_OP_EQ: {expr.OpEq, expr.OpNe},
		pb.Expression_Subquery_SetComparison_COMPARISON_OP_NE: {expr.OpNe, expr.OpEq},
		pb.Expression_Subquery_SetComparison_COMPARISON_OP_LT: {expr.OpLt, expr.OpGe},
		pb.Expression_Subquery_SetComparison_COMPARISON_OP_GT: {expr.OpGt, expr.OpLe},
		pb.Expression_Subquery_SetComparison_COMPARISON_OP_LE: {expr.OpLe, expr.OpGt},
		pb.Expression_Subquery_SetComparison_COMPARISON_OP_GE: {expr.OpGe, expr.OpLt},
	}
	op, ok := ops[m.GetComparisonOp()]
	all := m.GetReductionOp() == pb.Expression_Subquery_SetComparison_REDUCTION_OP_ALL
	if !ok || !all && m.GetReductionOp() != pb.Expression_Subquery_SetComparison_REDUCTION_OP_ANY {
		return val{}, r.errorf("the comparison with a set is missing or not known")
	}
	v, err := r.expr(m.GetLeft(), s)
	if err != nil {
		return val{}, err
	}
	rel, err := r.subplan(m.GetRight(), "comparison", s)
	if err != nil {
		return val{}, err
	}
	if len(rel.cols) != 1 {
		return val{}, r.errorf("a value is compared with %d columns", len(rel.cols))
	}
	which := 0
	if all {
		which = 1
	}
	c, err := r.call(op[which], v, r.ref(rel.cols[0]))
	if err != nil {
		return val{}, err
	}
	out := r.marked(subquery{plan: rel.plan, nullAware: c.Expr}, s)
	if all {
		return r.call(expr.OpNot, out)
	}
	return out, nil
}
