package choose

import (
	"slices"

	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/physical"
)

// usefulShare is the largest share of the probe side's keys that the build side
// may hold for a runtime filter to be worth its checks.
const usefulShare = 0.75

// runtimeFilters makes a join publish what its build side holds, and scans below
// its probe side use it, where that drops only rows the join would drop.
func (c *chooser) runtimeFilters(j *physical.HashJoin, n *logical.Join, swap bool) {
	switch j.Kind {
	case physical.Inner, physical.ProbeSemi, physical.BuildOuter, physical.BuildSemi, physical.BuildAnti:
	default:
		return
	}
	if j.NullEqual {
		return
	}
	probe, build := n.Left, n.Right
	if swap {
		probe, build = build, probe
	}
	pe, be := c.est.Estimate(probe), c.est.Estimate(build)
	for i, k := range j.ProbeKeys {
		col, ok := k.(*expr.Column)
		if !ok || !filterable(col.Typ) {
			continue
		}
		if d := keyDistinct(n, pe); be.Rows > usefulShare*max(d, 1) {
			continue
		}
		id := c.lastFilter + 1
		if attach(j.Probe, int(col.ID), id) {
			c.lastFilter = id
			j.RuntimeFilters = append(j.RuntimeFilters, physical.RuntimeFilter{ID: id, Key: i})
		}
	}
}

// boundFilter makes scans below a TopN drop what comes behind the rows that it has: by
// the first key, if that is a column whose order the filter knows and NULL comes last.
func (c *chooser) boundFilter(n *physical.TopN) {
	k := n.Keys[0]
	col, ok := k.Expr.(*expr.Column)
	if !ok || n.Count == 0 || k.NullsFirst && col.Nullable || !physical.TopBounds(col.Typ) {
		return
	}
	if id := c.lastFilter + 1; attach(n.Input, int(col.ID), id) {
		c.lastFilter, n.RuntimeFilter = id, id
	}
}

// keyDistinct is the largest number of distinct values among the probe side's keys.
func keyDistinct(n *logical.Join, probe *cost.Estimate) float64 {
	d := 0.0
	for _, c := range n.Conds {
		for id := range logical.Used(c) {
			if s, ok := probe.Columns[id]; ok {
				d = max(d, s.Distinct)
			}
		}
	}
	return d
}

func filterable(t expr.Type) bool { return !t.IsNested() && t.Kind != expr.Interval }

// attach makes the scans that deliver column ord of n use filter id; it reports
// whether some scan does.
func attach(n physical.Node, ord, id int) bool {
	switch n := n.(type) {
	case *physical.Scan:
		n.RuntimeFilters = append(n.RuntimeFilters, physical.RuntimeFilterUse{ID: id, Column: n.Emit[ord]})
		return true
	case *physical.Filter:
		return attach(n.Input, ord, id)
	case *physical.Sort:
		return attach(n.Input, ord, id)
	case *physical.Project:
		if c, ok := n.Exprs[ord].(*expr.Column); ok {
			return attach(n.Input, int(c.ID), id)
		}
	case *physical.Aggregate:
		if ord < len(n.Groups) {
			if c, ok := n.Groups[ord].(*expr.Column); ok {
				return attach(n.Input, int(c.ID), id)
			}
		}
	case *physical.Window: // whole partitions go
		if n.Divides(ord) {
			return attach(n.Input, ord, id)
		}
	case *physical.GroupTopN: // whole groups go
		for _, e := range n.By {
			if c, ok := e.(*expr.Column); ok && int(c.ID) == ord {
				return attach(n.Input, ord, id)
			}
		}
	case *physical.Union:
		any := false
		for _, in := range n.All {
			any = attach(in, ord, id) || any
		}
		return any
	case *physical.HashJoin:
		direct := attachJoin(n.Kind, n.Probe, n.Build, n.Emit, ord, id)
		return attachPartner(n, ord, id) || direct
	case *physical.NestedLoopJoin:
		return attachJoin(n.Kind, n.Probe, n.Build, n.Emit, ord, id)
	}
	return false
}

// attachPartner uses the filter on the other side of an equality, too: what finds
// no partner there cannot pass either.
func attachPartner(n *physical.HashJoin, ord, id int) bool {
	if n.NullEqual || ord >= len(n.Emit) {
		return false
	}
	switch n.Kind {
	case physical.Inner, physical.ProbeSemi, physical.BuildSemi:
	default:
		return false
	}
	width := len(n.Probe.Schema())
	any := false
	for i := range n.ProbeKeys {
		p, pok := n.ProbeKeys[i].(*expr.Column)
		b, bok := n.BuildKeys[i].(*expr.Column)
		switch {
		case !pok || !bok || !p.Typ.Equal(b.Typ):
		case n.Emit[ord] == int(p.ID):
			any = attach(n.Build, int(b.ID), id) || any
		case n.Emit[ord] == width+int(b.ID):
			any = attach(n.Probe, int(p.ID), id) || any
		}
	}
	return any
}

// attachJoin goes on to the side of a join that delivers the column, where a row
// dropped there only drops rows of the join that have that value.
func attachJoin(kind physical.JoinKind, probe, build physical.Node, emit []int, ord, id int) bool {
	if ord >= len(emit) {
		return false // a mark
	}
	width := len(probe.Schema())
	if col := emit[ord]; col < width {
		if slices.Contains([]physical.JoinKind{physical.BuildOuter, physical.FullOuter}, kind) {
			return false
		}
		return attach(probe, col, id)
	} else if kind == physical.Inner || kind == physical.BuildSemi || kind == physical.BuildAnti || kind == physical.BuildOuter {
		return attach(build, col-width, id)
	}
	return false
}
