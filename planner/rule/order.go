package rule

import (
	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Order chooses the order of joins. A cluster is a tree of inner joins together
// with the semi, anti, outer, mark and single joins on their left spines; its
// leaves are joined in the cheapest order that dynamic programming over connected
// subsets finds (Moerkotte & Neumann, "Dynamic Programming Strikes Back", SIGMOD
// 2008). A non-inner join's right side is one leaf that may be added once the
// leaves its conditions use are there: that keeps all reorderings valid, for such
// joins neither multiply nor change the rows of their left side's other columns.
func Order(n logical.Node, est *cost.Estimator, ids *IDs) logical.Node {
	o := &orderer{est: est, ids: ids, done: map[*logical.Shared]*logical.Shared{}}
	return o.order(n)
}

type orderer struct {
	est  *cost.Estimator
	ids  *IDs
	done map[*logical.Shared]*logical.Shared
}

func (o *orderer) order(n logical.Node) logical.Node {
	if c := o.collect(n); c != nil {
		return c.arrange()
	}
	if f, ok := n.(*logical.Filter); ok {
		if c := o.collect(f.Input); c != nil {
			rest := c.bridge(splitAll(f.Conds))
			return filter(c.arrange(), rest)
		}
	}
	if r, ok := n.(*logical.Reference); ok {
		plan, ok := o.done[r.Plan]
		if !ok {
			c := *r.Plan
			c.Input = o.order(r.Plan.Input)
			plan = &c
			o.done[r.Plan] = plan
		}
		c := *r
		c.Plan = plan
		return &c
	}
	in := n.Inputs()
	if len(in) == 0 {
		return n
	}
	out := make([]logical.Node, len(in))
	for i, c := range in {
		out[i] = o.order(c)
	}
	return logical.WithInputs(n, out)
}

// maxLeaves bounds a cluster: sets of leaves are words.
const maxLeaves = 60

// cluster is a set of joins whose order is free.
type cluster struct {
	o        *orderer
	leaves   []leaf
	conds    []condition
	computed []logical.Item // columns of projections inside the cluster, over leaf columns
	by       map[expr.ColumnID]expr.Expr
	owner    map[expr.ColumnID]int // leaf that delivers a column
	output   []logical.Column

	components []uint64 // with bridges: by leaf, the leaves of its component
}

// leaf is an input of a cluster.
type leaf struct {
	node logical.Node
	join *logical.Join // nil for an inner leaf, else the join whose right side it is
	on   []expr.Expr   // its conditions
	need uint64        // leaves that must be there before it
}

// condition is a conjunct and the leaves whose columns it uses.
type condition struct {
	expr   expr.Expr
	leaves uint64
	class  int       // of an equality of two columns: which class of equal columns, else -1
	sides  [2]uint64 // of a bridge: the leaves of either side
}

// collect gives the cluster that n is the top of, or nil.
func (o *orderer) collect(n logical.Node) *cluster {
	c := &cluster{o: o, by: map[expr.ColumnID]expr.Expr{}, owner: map[expr.ColumnID]int{}, output: n.Columns()}
	if !isJoin(n) {
		return nil
	}
	c.add(n)
	if len(c.leaves) > maxLeaves {
		return nil
	}
	for i := range c.leaves {
		l := &c.leaves[i]
		if l.join != nil {
			for _, e := range l.on {
				l.need |= c.leavesOf(e)
			}
			l.need &^= 1 << i
			if failing(l.on) {
				l.need = 1<<i - 1 // only rows that the joins before it leave may reach it
			}
			if l.need == 0 {
				l.need = 1 // a leaf without conditions waits for the first one
			}
		}
	}
	return c
}

// isJoin looks through filters and projections for a join that can be reordered.
func isJoin(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Join:
		return n.Kind != logical.Full && !n.Dependent
	case *logical.Filter:
		return !failing(n.Conds) && isJoin(n.Input)
	}
	return false
}

func failing(conds []expr.Expr) bool {
	for _, c := range conds {
		if expr.CanFail(c) {
			return true
		}
	}
	return false
}

func (c *cluster) add(n logical.Node) {
	switch x := n.(type) {
	case *logical.Filter:
		if isJoin(n) {
			c.add(x.Input)
			c.filter(x.Conds)
			return
		}
	case *logical.Project:
		if isJoin(x.Input) && c.simple(x) {
			c.add(x.Input)
			for _, it := range x.Items {
				e := logical.Substitute(it.Expr, c.by)
				if r, ok := it.Expr.(*expr.Column); ok && r.ID == it.Col.ID {
					continue // passed through
				}
				c.by[it.Col.ID] = e
				c.computed = append(c.computed, logical.Item{Col: it.Col, Expr: e})
			}
			return
		}
	case *logical.Join:
		if isJoin(n) {
			c.add(x.Left)
			if x.Kind == logical.Inner {
				c.add(x.Right)
				c.filter(x.Conds)
				return
			}
			c.addRight(x)
			return
		}
	}
	c.leaf(leaf{node: c.o.order(n)})
}

// simple reports whether a projection may be computed after further joins.
func (c *cluster) simple(p *logical.Project) bool {
	for _, it := range p.Items {
		if isVolatile(it.Expr) || expr.CanFail(it.Expr) {
			return false
		}
	}
	return true
}

func (c *cluster) leaf(l leaf) int {
	i := len(c.leaves)
	for _, col := range l.node.Columns() {
		c.owner[col.ID] = i
	}
	c.leaves = append(c.leaves, l)
	return i
}

// addRight adds the right side of a join that is not inner.
func (c *cluster) addRight(j *logical.Join) {
	l := leaf{node: c.o.order(j.Right), join: j}
	for _, e := range j.Conds {
		l.on = append(l.on, logical.Substitute(e, c.by))
	}
	if j.NullAware != nil {
		l.on = append(l.on, logical.Substitute(j.NullAware, c.by))
	}
	i := c.leaf(l)
	if j.Kind == logical.Mark {
		c.owner[j.MarkCol.ID] = i
	}
}

func (c *cluster) filter(conds []expr.Expr) {
	for _, e := range conds {
		for _, part := range splitAll([]expr.Expr{logical.Substitute(e, c.by)}) {
			c.conds = append(c.conds, condition{expr: part, leaves: c.leavesOf(part), class: -1})
		}
	}
}

func (c *cluster) leavesOf(e expr.Expr) uint64 {
	var set uint64
	for id := range logical.Used(e) {
		if i, ok := c.owner[id]; ok {
			set |= 1 << i
		}
	}
	return set
}

// arrange is the cluster joined in its best order.
func (c *cluster) arrange() logical.Node {
	c.infer()
	best := c.search()
	var n logical.Node = best.node
	if len(c.computed) > 0 {
		p := &logical.Project{Input: n}
		have := logical.Output(n)
		for _, col := range n.Columns() {
			p.Items = append(p.Items, logical.Item{Col: col, Expr: col.Ref()})
		}
		for _, it := range c.computed {
			if !have[it.Col.ID] {
				p.Items = append(p.Items, it)
			}
		}
		n = p
	}
	return n
}
