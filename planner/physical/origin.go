package physical

import "github.com/skein-query/skein/planner/expr"

// Origin is the scan, and the ordinal of its field, that column ord of n is read
// from unchanged, where that scan drives n: n's rows come about one by one from
// its rows, and are divided as they are. Two more cases go through: the build key
// of an inner join, which equals the probe key beside it, and the groups of an
// Aggregate in phase Single, which is divided with the rows below it only where no
// group is torn (see package distribute).
func Origin(n Node, ord int) (scan *Scan, field int, ok bool) {
	switch n := n.(type) {
	case *Scan:
		return n, n.Emit[ord], true
	case *Filter:
		return Origin(n.Input, ord)
	case *Project:
		return origin(n.Input, n.Exprs[ord])
	case *Aggregate:
		if n.Phase == Single && ord < len(n.Groups) {
			return origin(n.Input, n.Groups[ord])
		}
	case *HashJoin:
		return joinOrigin(n, ord)
	case *NestedLoopJoin:
		if ord < len(n.Emit) && n.Emit[ord] < len(n.Probe.Schema()) && n.Kind != FullOuter {
			return Origin(n.Probe, n.Emit[ord])
		}
	}
	return nil, 0, false
}

func origin(n Node, e expr.Expr) (*Scan, int, bool) {
	c, ok := e.(*expr.Column)
	if !ok {
		return nil, 0, false
	}
	return Origin(n, int(c.ID))
}

func joinOrigin(n *HashJoin, ord int) (*Scan, int, bool) {
	if n.BuildLeads() {
		return leadingOrigin(n, ord)
	}
	switch n.Kind {
	case Inner, ProbeOuter, ProbeSemi, ProbeAnti, ProbeMark, ProbeSingle:
	default:
		return nil, 0, false
	}
	if ord >= len(n.Emit) {
		return nil, 0, false // a mark
	}
	width := len(n.Probe.Schema())
	if n.Emit[ord] < width {
		return Origin(n.Probe, n.Emit[ord])
	}
	for i, k := range n.BuildKeys {
		if c, ok := k.(*expr.Column); ok && n.Kind == Inner && int(c.ID) == n.Emit[ord]-width {
			return origin(n.Probe, n.ProbeKeys[i])
		}
	}
	return nil, 0, false
}

// leadingOrigin is joinOrigin where the build side leads.
func leadingOrigin(n *HashJoin, ord int) (*Scan, int, bool) {
	if ord >= len(n.Emit) {
		return nil, 0, false
	}
	width := len(n.Probe.Schema())
	if n.Emit[ord] >= width {
		return Origin(n.Build, n.Emit[ord]-width)
	}
	for i, k := range n.ProbeKeys {
		if c, ok := k.(*expr.Column); ok && n.Kind == Inner && int(c.ID) == n.Emit[ord] {
			return origin(n.Build, n.BuildKeys[i])
		}
	}
	return nil, 0, false
}

// Sides are the scans that a co-located join's two sides are read from, and the
// fields of its key there. False when they cannot be found.
func (n *HashJoin) Sides() (probe *Scan, probeField int, build *Scan, buildField int, ok bool) {
	key := n.CoLocated - 1
	if key < 0 || key >= len(n.ProbeKeys) || key >= len(n.BuildKeys) {
		return nil, 0, nil, 0, false
	}
	probe, probeField, ok = origin(n.Probe, n.ProbeKeys[key])
	if !ok {
		return nil, 0, nil, 0, false
	}
	build, buildField, ok = origin(n.Build, n.BuildKeys[key])
	return probe, probeField, build, buildField, ok
}
