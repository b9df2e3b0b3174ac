package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Eliminate removes what changes nothing: sorts whose order nobody sees, DISTINCT
// over rows that differ anyway, limits that keep everything; and what reads no
// rows becomes no rows.
func Eliminate(n logical.Node) logical.Node {
	s := &sorts{done: map[*logical.Shared]*logical.Shared{}}
	return logical.Rewrite(s.drop(n, true), eliminate)
}

// sorts drops sorts; done keeps shared plans shared.
type sorts struct {
	done map[*logical.Shared]*logical.Shared
}

// drop removes the sorts below n whose order nothing above sees; seen says that
// the order of n's rows is seen.
func (s *sorts) drop(n logical.Node, seen bool) logical.Node {
	switch x := n.(type) {
	case *logical.Sort:
		if !seen {
			return s.drop(x.Input, false)
		}
		seen = false
	case *logical.Limit:
		seen = true
	case *logical.GroupTopN:
		seen = false
	case *logical.Window: // which has rows in the order they come in where it has none of its own
		seen = len(x.Partition) == 0 && len(x.Order) == 0
	case *logical.Aggregate:
		seen = collects(x)
	case *logical.Join, *logical.SetOp:
		seen = false
	case *logical.Reference:
		plan, ok := s.done[x.Plan]
		if !ok {
			c := *x.Plan
			c.Input = s.drop(x.Plan.Input, false)
			plan = &c
			s.done[x.Plan] = plan
		}
		c := *x
		c.Plan = plan
		return &c
	}
	in := n.Inputs()
	if len(in) == 0 {
		return n
	}
	out := make([]logical.Node, len(in))
	for i, c := range in {
		out[i] = s.drop(c, seen)
	}
	return logical.WithInputs(n, out)
}

// collects reports whether an aggregate shows the order of its input.
func collects(a *logical.Aggregate) bool {
	for _, item := range a.Aggs {
		switch item.Agg.Func {
		case "array_agg", "string_agg", "first":
			if len(item.Agg.Order) == 0 {
				return true
			}
		}
	}
	return false
}

func eliminate(n logical.Node) logical.Node {
	if n.Inputs() != nil && noRows(n) {
		return &logical.Values{Cols: n.Columns()}
	}
	switch n := n.(type) {
	case *logical.Limit:
		if n.Count < 0 && n.Offset == 0 {
			return n.Input
		}
	case *logical.Sort:
		if a, ok := n.Input.(*logical.Aggregate); ok && len(a.Groups) == 0 {
			return n.Input
		}
	case *logical.Aggregate:
		if len(n.Aggs) == 0 && len(n.Groups) > 0 && differ(n.Input, logical.Output(n)) {
			p := &logical.Project{Input: n.Input}
			for _, g := range n.Groups {
				p.Items = append(p.Items, logical.Item{Col: g, Expr: g.Ref()})
			}
			return p
		}
	}
	return n
}

// noRows reports whether a node over plain inputs delivers nothing whatever the
// tables hold.
func noRows(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Filter:
		return empty(n.Input) || never(n.Conds)
	case *logical.Project:
		return empty(n.Input)
	case *logical.Sort:
		return empty(n.Input)
	case *logical.Limit:
		return empty(n.Input) || n.Count == 0
	case *logical.GroupTopN:
		return empty(n.Input) || n.Count == 0
	case *logical.Window:
		return empty(n.Input)
	case *logical.Aggregate:
		return empty(n.Input) && len(n.Groups) > 0
	case *logical.Join:
		switch n.Kind {
		case logical.Inner, logical.Semi:
			return empty(n.Left) || empty(n.Right) || never(n.Conds)
		case logical.Full:
			return empty(n.Left) && empty(n.Right)
		}
		return empty(n.Left)
	case *logical.SetOp:
		all := true
		for _, a := range n.Args {
			all = all && empty(a)
		}
		return all || n.Kind != logical.UnionAll && empty(n.Args[0])
	}
	return false
}

func empty(n logical.Node) bool {
	v, ok := n.(*logical.Values)
	return ok && len(v.Rows) == 0
}

// differ reports whether no two rows of n agree in all the given columns: n keeps
// the groups of an aggregate among them.
func differ(n logical.Node, cols logical.Set) bool {
	switch n := n.(type) {
	case *logical.Filter:
		return differ(n.Input, cols)
	case *logical.Sort:
		return differ(n.Input, cols)
	case *logical.Limit:
		return differ(n.Input, cols)
	case *logical.GroupTopN:
		return differ(n.Input, cols)
	case *logical.Window:
		return differ(n.Input, cols)
	case *logical.Project:
		below := logical.Set{}
		for _, it := range n.Items {
			if c, ok := it.Expr.(*expr.Column); ok && cols[it.Col.ID] {
				below[c.ID] = true
			}
		}
		return differ(n.Input, below)
	case *logical.Aggregate:
		for _, g := range n.Groups {
			if !cols[g.ID] {
				return false
			}
		}
		return true
	case *logical.Join:
		return (n.Kind == logical.Semi || n.Kind == logical.Anti || n.Kind == logical.Mark || n.Kind == logical.Single) && differ(n.Left, cols)
	}
	return false
}
