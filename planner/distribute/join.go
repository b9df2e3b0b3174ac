package distribute

import (
	"slices"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// hashJoin leaves both sides where they are when files have them in order, or
// broadcasts the build side, or splits both sides, whichever costs least and the
// kind allows: a join that gives out build rows must see each of them in one place.
func (d *distributor) hashJoin(n *physical.HashJoin) (physical.Node, spread) {
	probe, pat := d.node(n.Probe)
	build, bat := d.node(n.Build)
	if d.together(probe, pat, build, bat) {
		return physical.WithInputs(n, []physical.Node{d.gather(probe, pat), d.gather(build, bat)}), spread{}
	}
	if pat.kind == single && build.Rows() > FewRows || pat.kind == readers {
		probe, pat = deal(probe), spread{kind: divided} // all of the build side comes here, or to several
	}
	if pat.kind == single && !buildRows(n.Kind) {
		return physical.WithInputs(n, []physical.Node{probe, d.gather(build, bat)}), spread{}
	}
	move := build.Rows() + d.passing(n, build.Rows(), probe.Rows())
	replicate := !buildRows(n.Kind) && (n.NullAware || build.Rows()*float64(d.Workers) <= move)
	if replicate {
		move = build.Rows() * float64(d.Workers)
	}
	if pat.kind == divided && bat.kind == divided {
		j := physical.WithInputs(n, []physical.Node{probe, build}).(*physical.HashJoin)
		if co, cost := d.coLocate(j, replicate); co != nil && cost < move+stageCost {
			return co, pat
		}
	}
	if replicate {
		j := physical.WithInputs(n, []physical.Node{probe, d.broadcast(build)}).(*physical.HashJoin)
		j.Replicated = true
		return j, joined(n, pat)
	}
	in := []physical.Node{d.split(probe, pat, n.ProbeKeys), d.split(build, bat, n.BuildKeys)}
	return physical.WithInputs(n, in), joined(n, spread{kind: byKeys, keys: n.ProbeKeys})
}

// together reports whether a join is done in one task: where both sides are in one, or few
// rows in all come from elsewhere to one side that is. Few rows that a scan makes are not
// gathered for rows of another scan: they can as well be sent to it.
func (d *distributor) together(probe physical.Node, pat spread, build physical.Node, bat spread) bool {
	if pat.kind == single && bat.kind == single {
		return true
	}
	return d.few(probe, build) && (pat.kind != divided || bat.kind != divided)
}

// passing is what it costs to move the probe rows when both sides are split: with a runtime
// filter that becomes a reducer few move, but every worker gets the reducer, and all rows
// are looked up in it.
func (d *distributor) passing(n *physical.HashJoin, build, probe float64) float64 {
	if len(n.RuntimeFilters) == 0 || build > maxReducerRows || build*minReduction > probe {
		return probe
	}
	return min(probe, probe/minReduction+readCost*probe+build*float64(d.Workers))
}

func (d *distributor) broadcast(n physical.Node) physical.Node {
	return exchange(n, physical.Broadcast, nil)
}

// buildRows reports whether a join gives out build rows on their own.
func buildRows(k physical.JoinKind) bool {
	switch k {
	case physical.BuildOuter, physical.FullOuter, physical.BuildSemi, physical.BuildAnti:
		return true
	}
	return false
}

// joined is the division of a join's output when both sides were divided alike, by keys
// of the probe side or by probe, its own keys, when the build side was replicated: the
// sides' keys are equal where both stand in a row, so either will do that is given out,
// unless a row may stand in a task without it.
func joined(n *physical.HashJoin, at spread) spread {
	if at.kind != byKeys {
		return at
	}
	width := len(n.Probe.Schema())
	fields := n.Schema()
	given := func(side int, key expr.Expr) expr.Expr {
		c, ok := key.(*expr.Column)
		if !ok {
			return nil
		}
		i := slices.Index(n.Emit, side+int(c.ID))
		if i < 0 {
			return nil
		}
		return &expr.Column{ID: expr.ColumnID(i), Typ: fields[i].Type, Nullable: fields[i].Nullable, Name: fields[i].Name}
	}
	out := spread{kind: byKeys}
	for _, k := range at.keys {
		var key expr.Expr
		if !buildRows(n.Kind) {
			key = given(0, k)
		}
		if i := slices.IndexFunc(n.ProbeKeys, func(e expr.Expr) bool { return expr.Equal(e, k) }); key == nil && i >= 0 && buildDivides(n.Kind) {
			key = given(width, n.BuildKeys[i])
		}
		if key == nil {
			return spread{kind: divided}
		}
		out.keys = append(out.keys, key)
	}
	return out
}

// buildDivides reports whether every row that a join gives out, when both its sides were
// divided by its keys, has the build side's keys, and is in their task: not where a probe
// row may come without a build row.
func buildDivides(k physical.JoinKind) bool {
	switch k {
	case physical.Inner, physical.BuildOuter, physical.BuildSemi, physical.BuildAnti:
		return true
	}
	return false
}

// nestedLoop broadcasts the build side; a full outer join runs in one task.
func (d *distributor) nestedLoop(n *physical.NestedLoopJoin) (physical.Node, spread) {
	probe, pat := d.node(n.Probe)
	build, bat := d.node(n.Build)
	if d.together(probe, pat, build, bat) {
		return physical.WithInputs(n, []physical.Node{d.gather(probe, pat), d.gather(build, bat)}), spread{}
	}
	if pat.kind == readers {
		probe, pat = deal(probe), spread{kind: divided}
	}
	if pat.kind == single || buildRows(n.Kind) {
		return physical.WithInputs(n, []physical.Node{d.gather(probe, pat), d.gather(build, bat)}), spread{}
	}
	j := physical.WithInputs(n, []physical.Node{probe, d.broadcast(build)}).(*physical.NestedLoopJoin)
	j.Replicated = true
	at := pat
	if at.kind == byKeys {
		at = spread{kind: divided}
	}
	return j, at
}
