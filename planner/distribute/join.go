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
	probe, pat := d.drive(d.node(n.Probe))
	build, bat := d.node(n.Build)
	if pat.kind == single && bat.kind == single {
		return physical.WithInputs(n, []physical.Node{probe, build}), spread{}
	}
	if pat.kind == single && !buildRows(n.Kind) {
		return physical.WithInputs(n, []physical.Node{probe, d.gather(build, bat)}), spread{}
	}
	move := build.Rows() + probe.Rows()
	replicate := !buildRows(n.Kind) && (n.NullAware || build.Rows()*float64(d.workers) <= move)
	if replicate {
		move = build.Rows() * float64(d.workers)
	}
	if pat.kind == divided && bat.kind == divided {
		j := physical.WithInputs(n, []physical.Node{probe, build}).(*physical.HashJoin)
		if co, cost := d.coLocate(j); co != nil && cost < move+stageCost {
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

// joined is the division of a join's output: that of its probe side, if the keys
// are given out and no row stands in a task without them.
func joined(n *physical.HashJoin, at spread) spread {
	if at.kind != byKeys {
		return at
	}
	if buildRows(n.Kind) {
		return spread{kind: divided}
	}
	fields := n.Schema()
	out := spread{kind: byKeys}
	for _, k := range at.keys {
		c, ok := k.(*expr.Column)
		ord := -1
		if ok {
			ord = slices.Index(n.Emit, int(c.ID))
		}
		if ord < 0 {
			return spread{kind: divided}
		}
		out.keys = append(out.keys, &expr.Column{ID: expr.ColumnID(ord), Typ: fields[ord].Type, Nullable: fields[ord].Nullable, Name: fields[ord].Name})
	}
	return out
}

// nestedLoop broadcasts the build side; a full outer join runs in one task.
func (d *distributor) nestedLoop(n *physical.NestedLoopJoin) (physical.Node, spread) {
	probe, pat := d.drive(d.node(n.Probe))
	build, bat := d.node(n.Build)
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
