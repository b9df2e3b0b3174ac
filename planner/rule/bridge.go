package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// bridge takes, of the conditions over a cluster, the equalities that can fail and
// are all that connects their sides ("a.i = b.i + 1": the sum may overflow), and
// gives back the others.
//
// Such an equality becomes the condition of the join that brings its sides
// together, where it can be a hash key; without it they would be multiplied. It
// runs on the rows that the product would have tried it on: a component, which is
// what equalities that cannot fail connect, is joined as a whole, and the other
// conditions on it are tried, before it meets another one. Two things are given up, as PostgreSQL gives them up. An empty side
// no longer keeps the other side's expression from failing, nor does a condition
// between them that is no equality.
func (c *cluster) bridge(conds []expr.Expr) (rest []expr.Expr) {
	components := c.connect()
	var others []expr.Expr
	for _, cond := range conds {
		e := logical.Substitute(cond, c.by)
		if call, ok := e.(*expr.Call); ok && call.Name == expr.OpEq && expr.CanFail(e) && !isVolatile(e) {
			l, r := c.leavesOf(call.Args[0]), c.leavesOf(call.Args[1])
			if l != 0 && r != 0 && widen(l, components)&widen(r, components) == 0 {
				c.conds = append(c.conds, condition{expr: e, leaves: l | r, class: -1, sides: [2]uint64{l, r}})
				c.components = components
				continue
			}
		}
		others = append(others, cond)
	}
	if c.components == nil {
		return others
	}
	for _, cond := range others {
		e := logical.Substitute(cond, c.by)
		if set := widen(c.leavesOf(e), components); oneOf(components, set) && !isVolatile(e) {
			c.conds = append(c.conds, condition{expr: e, leaves: set, class: -1})
			continue
		}
		rest = append(rest, cond)
	}
	return rest
}

// connect gives for every leaf its component: the leaves that equalities connect
// with it, and the joins that are not inner with what they need.
func (c *cluster) connect() []uint64 {
	out := make([]uint64, len(c.leaves))
	for i := range out {
		out[i] = 1 << i
	}
	unite := func(set uint64) {
		set = widen(set, out)
		for i := range out {
			if set&(1<<i) != 0 {
				out[i] = set
			}
		}
	}
	for _, x := range c.conds {
		if call, ok := x.expr.(*expr.Call); ok && (call.Name == expr.OpEq || call.Name == expr.OpIsNotDistinct) {
			unite(x.leaves)
		}
	}
	for i, l := range c.leaves {
		if l.join != nil {
			unite(l.need | 1<<i)
		}
	}
	return out
}

// widen is the union of the components of some leaves.
func widen(leaves uint64, components []uint64) uint64 {
	var out uint64
	for i, set := range components {
		if leaves&(1<<i) != 0 {
			out |= set
		}
	}
	return out
}

// joins reports whether a condition may bring two sets together.
func (c *cluster) joins(x condition, a, b uint64) bool {
	if x.leaves&a == 0 || x.leaves&b == 0 || x.leaves&^(a|b) != 0 {
		return false
	}
	if c.components == nil || oneOf(c.components, widen(x.leaves, c.components)) {
		return true
	}
	if widen(a, c.components) != a || widen(b, c.components) != b {
		return false
	}
	l, r := x.sides[0], x.sides[1]
	return l|r == 0 || l&^a == 0 && r&^b == 0 || l&^b == 0 && r&^a == 0
}

func oneOf(components []uint64, set uint64) bool {
	for _, c := range components {
		if c == set {
			return true
		}
	}
	return false
}
