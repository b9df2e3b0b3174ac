package standard

import (
	"slices"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// joinSides are two inputs and how they are joined: kind is the engine's, and swapped
// when the plan's type is the one of the other side.
type joinSides struct {
	kind        logical.JoinKind
	swapped     bool
	left, right relation // as the plan has them
}

// joinKind understands the name of a join type, which all join messages share.
func (r *reader) joinKind(name string) (kind logical.JoinKind, swapped bool, err error) {
	name = strings.TrimPrefix(name, "JOIN_TYPE_")
	switch name {
	case "INNER":
		return logical.Inner, false, nil
	case "OUTER":
		return logical.Full, false, nil
	case "LEFT":
		return logical.Left, false, nil
	case "RIGHT":
		return logical.Left, true, nil
	}
	side, what, _ := strings.Cut(name, "_")
	kinds := map[string]logical.JoinKind{"SEMI": logical.Semi, "ANTI": logical.Anti, "SINGLE": logical.Single, "MARK": logical.Mark}
	kind, ok := kinds[what]
	if !ok || side != "LEFT" && side != "RIGHT" {
		return 0, false, r.errorf("the type of a join is missing or not known")
	}
	return kind, side == "RIGHT", nil
}

func (r *reader) joinRel(m *pb.JoinRel, outer *scope) (relation, error) {
	j, err := r.sides(m.GetType().String(), m.GetLeft(), m.GetRight(), outer)
	if err != nil {
		return relation{}, err
	}
	cond, s, err := r.joinCondition(j, m.GetExpression(), outer)
	if err != nil {
		return relation{}, err
	}
	out, err := r.join(j, cond, s)
	if err != nil || m.GetPostJoinFilter() == nil {
		return out, err
	}
	if j.kind == logical.Semi || j.kind == logical.Anti || j.kind == logical.Mark {
		return out, r.errorf("a post join filter of a %s join is not supported", j.kind)
	}
	after := &scope{cols: out.cols, outer: outer}
	out.plan, err = r.filter(out.plan, m.GetPostJoinFilter(), after)
	out.nodes += after.nodes
	return out, err
}

func (r *reader) sides(kind string, left, right *pb.Rel, outer *scope) (j joinSides, err error) {
	if j.kind, j.swapped, err = r.joinKind(kind); err != nil {
		return j, err
	}
	if j.left, err = r.input(left, "left", outer); err != nil {
		return j, err
	}
	j.right, err = r.input(right, "right", outer)
	return j, err
}

// joinCondition reads a condition over the columns of both sides; none is true.
func (r *reader) joinCondition(j joinSides, e *pb.Expression, outer *scope) (expr.Expr, *scope, error) {
	s := &scope{cols: slices.Concat(j.left.cols, j.right.cols), outer: outer}
	if e == nil {
		return expr.True(), s, nil
	}
	cond, err := r.condition(e, s)
	return cond, s, err
}

// join joins two sides. Subqueries of the condition are computed beside the side they
// use, as the binder of SQL has it.
func (r *reader) join(j joinSides, cond expr.Expr, s *scope) (relation, error) {
	n := &logical.Join{Kind: j.kind, Left: j.left.plan, Right: j.right.plan}
	if j.swapped {
		n.Left, n.Right = n.Right, n.Left
	}
	if err := r.joinSubqueries(n, &cond, s); err != nil {
		return relation{}, err
	}
	if l, ok := cond.(*expr.Literal); !ok || !l.Value.True() {
		n.Conds = expr.Conjuncts(cond)
	}
	out := relation{plan: n, nodes: j.left.nodes + j.right.nodes + s.nodes}
	kept, other := j.left.cols, j.right.cols
	if j.swapped {
		kept, other = other, kept
	}
	switch j.kind {
	case logical.Semi, logical.Anti:
		out.cols = kept
	case logical.Mark:
		n.MarkCol = r.newColumn("mark", expr.Of(expr.Bool), true)
		n.Conds, n.NullAware = certainAndNot(n.Conds)
		out.cols = append(slices.Clone(kept), n.MarkCol)
	default:
		if j.kind != logical.Inner {
			other = nullable(other)
		}
		if j.kind == logical.Full {
			kept = nullable(kept)
		}
		if j.swapped {
			kept, other = other, kept
		}
		out.cols = slices.Concat(kept, other)
	}
	return out, nil
}

// certainAndNot divides the condition of a mark into what is true or false, and what
// makes an unknown mark where it is unknown.
func certainAndNot(conds []expr.Expr) (certain []expr.Expr, unknown expr.Expr) {
	var rest []expr.Expr
	for _, c := range conds {
		if call, ok := c.(*expr.Call); ok && call.Name == expr.OpIsTrue {
			certain = append(certain, expr.Conjuncts(call.Args[0])...)
			continue
		}
		rest = append(rest, c)
	}
	if len(rest) > 0 {
		unknown = expr.And(rest...)
	}
	return certain, unknown
}

func (r *reader) joinSubqueries(n *logical.Join, cond *expr.Expr, s *scope) error {
	var both []subquery
	for _, p := range s.pending {
		used := p.used()
		l, rt := used.Meets(logical.Output(n.Left)), used.Meets(logical.Output(n.Right))
		switch {
		case !l:
			n.Right = attach(n.Right, []subquery{p})
		case !rt && n.Kind != logical.Full:
			n.Left = attach(n.Left, []subquery{p})
		case n.Kind == logical.Full || n.Kind == logical.Mark:
			return r.errorf("a subquery in the condition of a %s join that uses both sides is not supported", n.Kind)
		default:
			both = append(both, p)
		}
	}
	if len(both) > 0 { // as if the right side were LATERAL and the condition its WHERE
		keep := n.Right.Columns()
		n.Right = project(&logical.Filter{Input: attach(n.Right, both), Conds: expr.Conjuncts(*cond)}, keep)
		n.Dependent, *cond = true, expr.True()
	}
	s.pending = nil
	return nil
}

// project keeps columns of a plan.
func project(plan logical.Node, cols []logical.Column) logical.Node {
	p := &logical.Project{Input: plan}
	for _, c := range cols {
		p.Items = append(p.Items, logical.Item{Col: c, Expr: c.Ref()})
	}
	return p
}

func nullable(cols []logical.Column) []logical.Column {
	out := slices.Clone(cols)
	for i := range out {
		out[i].Nullable = true
	}
	return out
}

func (r *reader) cross(m *pb.CrossRel, outer *scope) (relation, error) {
	j, err := r.sides("JOIN_TYPE_INNER", m.GetLeft(), m.GetRight(), outer)
	if err != nil {
		return relation{}, err
	}
	return r.join(j, expr.True(), &scope{})
}

func (r *reader) loopJoin(m *pb.NestedLoopJoinRel, outer *scope) (relation, error) {
	j, err := r.sides(m.GetType().String(), m.GetLeft(), m.GetRight(), outer)
	if err != nil {
		return relation{}, err
	}
	cond, s, err := r.joinCondition(j, m.GetExpression(), outer)
	if err != nil {
		return relation{}, err
	}
	return r.join(j, cond, s)
}

// keyed is what hash and merge joins have in common.
type keyed interface {
	GetLeft() *pb.Rel
	GetRight() *pb.Rel
	GetPostJoinFilter() *pb.Expression
}

type keyedJoin struct {
	keyed
	leftKeys, rightKeys []*pb.Expression_FieldReference // of old plans: pairs of equal columns
	keys                []*pb.ComparisonJoinKey
	kind                string
}

// keyedJoin joins on keys, pairs of a column of each side. What is called a post join
// filter is a further condition for some producers and a filter for others: it is
// taken where both are the same.
func (r *reader) keyedJoin(m keyedJoin, outer *scope) (relation, error) {
	j, err := r.sides(m.kind, m.GetLeft(), m.GetRight(), outer)
	if err != nil {
		return relation{}, err
	}
	if len(m.leftKeys) != len(m.rightKeys) || len(m.keys) > 0 && len(m.leftKeys) > 0 {
		return relation{}, r.errorf("the join has %d left keys, %d right keys and %d pairs of keys", len(m.leftKeys), len(m.rightKeys), len(m.keys))
	}
	var conds []expr.Expr
	for i := range m.leftKeys {
		c, err := r.keyPair(j, m.leftKeys[i], m.rightKeys[i], expr.OpEq)
		if err != nil {
			return relation{}, err
		}
		conds = append(conds, c)
	}
	for _, k := range m.keys {
		op := expr.OpEq
		switch c := k.GetComparison().GetInnerType().(type) {
		case *pb.ComparisonJoinKey_ComparisonType_Simple:
			switch c.Simple {
			case pb.ComparisonJoinKey_SIMPLE_COMPARISON_TYPE_EQ:
			case pb.ComparisonJoinKey_SIMPLE_COMPARISON_TYPE_IS_NOT_DISTINCT_FROM:
				op = expr.OpIsNotDistinct
			default:
				return relation{}, r.errorf("the comparison %s of join keys is not supported", c.Simple)
			}
		default:
			return relation{}, r.errorf("the comparison of join keys is missing or not supported")
		}
		c, err := r.keyPair(j, k.GetLeft(), k.GetRight(), op)
		if err != nil {
			return relation{}, err
		}
		conds = append(conds, c)
	}
	s := &scope{cols: slices.Concat(j.left.cols, j.right.cols), outer: outer}
	if m.GetPostJoinFilter() != nil {
		if j.kind != logical.Inner {
			return relation{}, r.errorf("a post join filter of a %s join has no single meaning", j.kind)
		}
		c, err := r.condition(m.GetPostJoinFilter(), s)
		if err != nil {
			return relation{}, err
		}
		conds = append(conds, c)
	}
	return r.join(j, expr.And(conds...), s)
}

func (r *reader) keyPair(j joinSides, left, right *pb.Expression_FieldReference, op string) (expr.Expr, error) {
	l, err := r.field(left, &scope{cols: j.left.cols})
	if err != nil {
		return nil, err
	}
	rt, err := r.field(right, &scope{cols: j.right.cols})
	if err != nil {
		return nil, err
	}
	v, err := r.call(op, l, rt)
	return v.Expr, err
}
