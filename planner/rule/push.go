package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Push moves every condition as far down as it may go: through projections and
// joins, below aggregates when it is about groups, into scans. On its way a
// condition that rejects NULLs makes an inner join of an outer one, and a mark
// that must be true a semi join.
func Push(n logical.Node, ids *IDs) logical.Node {
	p := &pusher{ids: ids, done: map[*logical.Shared]*logical.Shared{}}
	return p.push(n, nil)
}

type pusher struct {
	ids  *IDs
	done map[*logical.Shared]*logical.Shared
}

// push is n with conds applied to its rows.
func (p *pusher) push(n logical.Node, conds []expr.Expr) logical.Node {
	switch n := n.(type) {
	case *logical.Filter:
		return p.push(n.Input, merge(n.Conds, conds))
	case *logical.Project:
		return p.project(n, conds)
	case *logical.Join:
		return p.join(n, conds)
	case *logical.Aggregate:
		return p.aggregate(n, conds)
	case *logical.Sort:
		return &logical.Sort{Input: p.push(n.Input, conds), Keys: n.Keys}
	case *logical.SetOp:
		return p.setOp(n, conds)
	case *logical.Scan:
		c := *n
		var above []expr.Expr
		if n.Table.Restricted() {
			conds, above = leakproof(conds)
		}
		c.Filter = merge(n.Filter, conds)
		return filter(&c, above)
	case *logical.Reference:
		plan, ok := p.done[n.Plan]
		if !ok {
			c := *n.Plan
			c.Input = p.push(n.Plan.Input, nil)
			plan = &c
			p.done[n.Plan] = plan
		}
		c := *n
		c.Plan = plan
		return filter(&c, conds)
	case *logical.GroupTopN:
		return p.groupTopN(n, conds)
	case *logical.Window:
		return p.window(n, conds)
	case *logical.Limit:
		return filter(&logical.Limit{Input: p.push(n.Input, nil), Offset: n.Offset, Count: n.Count}, conds)
	}
	return filter(n, conds)
}

// groupTopN lets conditions on the columns of By below: they keep whole groups.
func (p *pusher) groupTopN(n *logical.GroupTopN, conds []expr.Expr) logical.Node {
	by := logical.Set{}
	for _, e := range n.By {
		expr.Columns(e, by)
	}
	var below, above []expr.Expr
	for _, c := range conds {
		if used := logical.Used(c); len(used) > 0 && by.Has(used) && !isVolatile(c) && !expr.CanFail(c) {
			below = append(below, c)
		} else {
			above = append(above, c)
		}
	}
	c := *n
	c.Input = p.push(n.Input, below)
	return filter(&c, above)
}

// leakproof parts conditions into those that may run beside the row policies of a table,
// on rows that are not seen, and those that may not: they could fail and so tell of such
// a row, or note that they were asked.
func leakproof(conds []expr.Expr) (safe, others []expr.Expr) {
	for _, c := range splitAll(conds) {
		if expr.CanFail(c) || isVolatile(c) {
			others = append(others, c)
		} else {
			safe = append(safe, c)
		}
	}
	return safe, others
}

func merge(a, b []expr.Expr) []expr.Expr {
	return splitAll(append(append([]expr.Expr(nil), a...), b...))
}

func filter(n logical.Node, conds []expr.Expr) logical.Node {
	if len(conds) == 0 {
		return n
	}
	return &logical.Filter{Input: n, Conds: conds}
}

func (p *pusher) project(n *logical.Project, conds []expr.Expr) logical.Node {
	by := map[expr.ColumnID]expr.Expr{}
	unsafe := logical.Set{} // columns whose expression must be computed exactly once
	for _, it := range n.Items {
		by[it.Col.ID] = it.Expr
		if isVolatile(it.Expr) {
			unsafe[it.Col.ID] = true
		}
	}
	var below, above []expr.Expr
	for _, c := range conds {
		if logical.Used(c).Meets(unsafe) {
			above = append(above, c)
		} else {
			below = append(below, simplify(logical.Substitute(c, by)))
		}
	}
	return filter(&logical.Project{Input: p.push(n.Input, below), Items: n.Items}, above)
}

func (p *pusher) aggregate(n *logical.Aggregate, conds []expr.Expr) logical.Node {
	groups := logical.Set{}
	for _, g := range n.Groups {
		groups[g.ID] = true
	}
	var below, above []expr.Expr
	for _, c := range conds {
		if used := logical.Used(c); len(used) > 0 && groups.Has(used) && !expr.CanFail(c) {
			below = append(below, c)
		} else {
			above = append(above, c)
		}
	}
	out := *n
	out.Input = p.push(n.Input, below)
	return filter(&out, above)
}

func (p *pusher) setOp(n *logical.SetOp, conds []expr.Expr) logical.Node {
	out := *n
	out.Args = make([]logical.Node, len(n.Args))
	var below, above []expr.Expr
	for _, c := range conds {
		if n.Kind != logical.UnionAll && expr.CanFail(c) {
			above = append(above, c)
		} else {
			below = append(below, c)
		}
	}
	for i, a := range n.Args {
		by := map[expr.ColumnID]expr.Expr{}
		for j, c := range n.Cols {
			from, _ := logical.Find(a, n.Maps[i][j])
			by[c.ID] = from.Ref()
		}
		mine := make([]expr.Expr, len(below))
		for k, c := range below {
			mine[k] = logical.Substitute(c, by)
		}
		out.Args[i] = p.push(a, mine)
	}
	return filter(&out, above)
}

func (p *pusher) join(n *logical.Join, conds []expr.Expr) logical.Node {
	n = strengthen(n, conds)
	if n.Kind == logical.Mark {
		if out, rest, ok := p.decideMark(n, conds); ok {
			return p.push(out, rest)
		}
	}
	left, right := logical.Output(n.Left), logical.Output(n.Right)
	out := *n
	out.Conds = nil
	var toLeft, toRight, above []expr.Expr
	place := func(c expr.Expr, l, r bool, otherwise *[]expr.Expr) {
		used := logical.Used(c)
		switch {
		case expr.CanFail(c) || len(used) == 0:
			*otherwise = append(*otherwise, c)
		case l && left.Has(used):
			toLeft = append(toLeft, c)
		case r && right.Has(used):
			toRight = append(toRight, c)
		default:
			*otherwise = append(*otherwise, c)
		}
	}
	on := splitAll(n.Conds)
	imply := func(c expr.Expr, l, r bool) {
		if i := implied(c, left); l && i != nil {
			toLeft = append(toLeft, i)
		}
		if i := implied(c, right); r && i != nil {
			toRight = append(toRight, i)
		}
	}
	switch n.Kind {
	case logical.Inner:
		for _, c := range append(on, conds...) {
			before := len(out.Conds)
			place(c, true, true, &out.Conds)
			if len(out.Conds) > before {
				imply(c, true, true)
			}
		}
		out.Conds = splitAll(out.Conds)
		out.Conds, above = splitFailing(out.Conds)
	case logical.Full:
		out.Conds, above = on, conds
	default:
		for _, c := range on {
			before := len(out.Conds)
			place(c, n.Kind == logical.Semi, true, &out.Conds)
			if len(out.Conds) > before {
				imply(c, n.Kind == logical.Semi, true)
			}
		}
		for _, c := range conds {
			place(c, true, false, &above)
		}
	}
	out.Left, out.Right = p.push(n.Left, toLeft), p.push(n.Right, toRight)
	return filter(&out, above)
}

// splitFailing keeps conditions that can fail out of an inner join: they run on
// its result.
func splitFailing(conds []expr.Expr) (safe, failing []expr.Expr) {
	for _, c := range conds {
		if expr.CanFail(c) {
			failing = append(failing, c)
		} else {
			safe = append(safe, c)
		}
	}
	return safe, failing
}

// strengthen replaces an outer join by a narrower one where a condition above
// rejects the rows that make the difference.
func strengthen(n *logical.Join, conds []expr.Expr) *logical.Join {
	if n.Kind != logical.Left && n.Kind != logical.Full {
		return n
	}
	left, right := logical.Output(n.Left), logical.Output(n.Right)
	rejectsRight, rejectsLeft := false, false
	for _, c := range conds {
		rejectsRight = rejectsRight || Rejects(c, right)
		rejectsLeft = rejectsLeft || Rejects(c, left)
	}
	c := *n
	switch {
	case n.Kind == logical.Left && rejectsRight, rejectsLeft && rejectsRight:
		c.Kind = logical.Inner
	case n.Kind == logical.Full && rejectsLeft:
		c.Kind = logical.Left
	case n.Kind == logical.Full && rejectsRight:
		c.Kind = logical.Left
		c.Left, c.Right = n.Right, n.Left
	default:
		return n
	}
	return &c
}

// decideMark makes a semi or anti join of a mark that a condition wants to be
// true or false. Whoever else reads the mark gets the constant.
func (p *pusher) decideMark(n *logical.Join, conds []expr.Expr) (logical.Node, []expr.Expr, bool) {
	for i, c := range conds {
		want, ok := markCondition(c, n.MarkCol.ID)
		if !ok {
			continue
		}
		j := *n
		j.MarkCol = logical.Column{}
		switch {
		case want:
			j.Kind = logical.Semi
			if n.NullAware != nil {
				j.Conds = append(append([]expr.Expr(nil), n.Conds...), n.NullAware)
				j.NullAware = nil
			}
		default:
			j.Kind = logical.Anti
		}
		items := []logical.Item{}
		for _, c := range n.Left.Columns() {
			items = append(items, logical.Item{Col: c, Expr: c.Ref()})
		}
		items = append(items, logical.Item{Col: n.MarkCol, Expr: expr.NewLiteral(expr.BoolValue(want), n.MarkCol.Type)})
		rest := append(append([]expr.Expr(nil), conds[:i]...), conds[i+1:]...)
		return &logical.Project{Input: &j, Items: items}, rest, true
	}
	return nil, nil, false
}

func markCondition(c expr.Expr, mark expr.ColumnID) (want, ok bool) {
	switch c := c.(type) {
	case *expr.Column:
		return true, c.ID == mark
	case *expr.Call:
		if len(c.Args) != 1 {
			return false, false
		}
		inner, isColumn := c.Args[0].(*expr.Column)
		if !isColumn || inner.ID != mark {
			return false, false
		}
		return c.Name == expr.OpIsTrue, c.Name == expr.OpNot || c.Name == expr.OpIsTrue || c.Name == expr.OpIsFalse
	}
	return false, false
}
