package distribute

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// What co-location costs, with moving a row between workers as 1.
const (
	readCost   = 0.1    // reading a row in one more worker
	tableCost  = 0.8    // putting a row into the join's table rather than looking it up there
	bitmapCost = 0.2    // the same where only keys are kept
	stageCost  = 10_000 // of an Exchange that moves nothing: a fragment more to wait for
)

// coLocate is the join j, whose sides are both divided by a scan, run without moving
// either, in the cheapest way. nil where files do not have both sides in the order of a key.
func (d *distributor) coLocate(j *physical.HashJoin, replicate bool) (best *physical.HashJoin, cost float64) {
	if d.Footers == nil || j.NullEqual || j.NullAware || j.Kind == physical.FullOuter {
		return nil, 0
	}
	best, cost = d.probeLeads(j, replicate)
	margin := 0.0
	if !buildRows(j.Kind) {
		margin = stageCost // for a worker's tasks share the table when the probe side leads
	}
	if other, c := d.buildLeads(j); other != nil && (best == nil || c+margin < cost) {
		return other, c
	}
	return best, cost
}

// buildLeads has every task read a range of the build side's row groups, and those of the
// probe side whose bounds meet it.
func (d *distributor) buildLeads(j *physical.HashJoin) (best *physical.HashJoin, cost float64) {
	if physical.Volatile(j.Probe) {
		return nil, 0
	}
	for i := range j.ProbeKeys {
		co := *j
		co.CoLocated = i + 1
		if co.MayCoLocate() != "" {
			return nil, 0
		}
		probe, p, build, b, ok := co.Sides()
		if !ok {
			continue
		}
		leading := d.rowGroups(build, b)
		if len(leading) < 2*d.Workers { // too few to go round
			continue
		}
		again, ok := d.readAgain(leading, d.rowGroups(probe, p), probe.Fields[p].Type, ownRanges*d.Workers)
		if c := readCost * again; ok && (best == nil || c < cost) {
			best, cost = &co, c
		}
	}
	return best, cost
}

// ownRanges is about how many ranges a worker has where each is read on its own.
const ownRanges = 4

// probeLeads has every worker read a range of the probe side's row groups, and those of
// the build side whose bounds meet it: of one in no order that is each, which may pay where
// all would be sent each of its rows otherwise. A build row whose row group meets two ranges is in
// two workers, so j gives out probe rows: a join that gives out build rows is turned round.
func (d *distributor) probeLeads(j *physical.HashJoin, replicate bool) (best *physical.HashJoin, cost float64) {
	more := 0.0
	if buildRows(j.Kind) {
		j = turned(j)
		row := tableCost
		if j.Residual == nil && j.Kind != physical.ProbeOuter {
			row = bitmapCost
		}
		more = row * max(0, j.Build.Rows()-j.Probe.Rows())
	}
	if physical.Volatile(j.Build) || led(j.Build) {
		return nil, 0
	}
	for i := range j.ProbeKeys {
		co := *j
		co.Replicated, co.CoLocated = true, i+1
		probe, p, build, b, ok := co.Sides()
		if !ok {
			continue
		}
		leading, following := d.rowGroups(probe, p), d.rowGroups(build, b)
		again, ok := d.readAgain(leading, following, build.Fields[b].Type, d.Workers)
		if !ok && replicate && d.FewRows > 0 && len(leading) > 0 && len(following) > 0 {
			again, ok = float64(d.Workers-1)*rowsOf(following), true // whoever reads the probe side reads all of it
		}
		if c := more + readCost*again; ok && (best == nil || c < cost) {
			best, cost = &co, c
		}
	}
	return best, cost
}

// led reports whether a join's build side leads within a fragment: its rows are then in one
// task each, and cannot follow another's.
func led(n physical.Node) (found bool) {
	physical.Walk(n, func(n physical.Node) bool {
		j, ok := n.(*physical.HashJoin)
		found = found || ok && j.BuildLeads()
		_, cut := n.(*physical.Exchange)
		return !found && !cut
	})
	return found
}

// readAgain is the number of rows that the following side's scan reads more than once in
// all, when the leading side's row groups are dealt out in ranges. False when one of the
// sides is not in the order of the key.
func (d *distributor) readAgain(leading, following []physical.RowGroup, t expr.Type, ranges int) (rows float64, ok bool) {
	if !clustered(leading, t) || !clustered(following, t) {
		return 0, false
	}
	rows = -rowsOf(following)
	for i := range ranges {
		at := physical.Together(leading[len(leading)*i/ranges:len(leading)*(i+1)/ranges], t)
		for _, g := range following {
			if at.Rows > 0 && g.Meets(at, t) {
				rows += float64(g.Rows)
			}
		}
	}
	return max(0, rows), true
}

func rowsOf(groups []physical.RowGroup) (rows float64) {
	for _, g := range groups {
		rows += float64(g.Rows)
	}
	return rows
}

// rowGroups are those that a scan reads, with bounds of one of its fields.
func (d *distributor) rowGroups(s *physical.Scan, field int) []physical.RowGroup {
	if d.Footers == nil || !physical.Bounded(s.Fields[field].Type) {
		return nil
	}
	var out []physical.RowGroup
	for _, f := range s.Files {
		groups := d.Footers(f, s.Columns[field], s.Fields[field].Type)
		if f.RowGroups == nil {
			out = append(out, groups...)
			continue
		}
		for _, g := range f.RowGroups {
			if g >= len(groups) {
				return nil // a footer that cannot be read
			}
			out = append(out, groups[g])
		}
	}
	return out
}

// clustered reports whether row groups are in an order, up or down, in which one of
// ten at most reaches into those before it, a value at the border aside. Files that
// are each in order but hold the same values are not, together.
func clustered(groups []physical.RowGroup, t expr.Type) bool {
	up, down := 0, 0
	var before physical.RowGroup
	for i, g := range groups {
		if !g.HasBounds {
			return false
		}
		if i > 0 && less(g.Min, before.Max, t) {
			up++
		}
		if i > 0 && less(before.Min, g.Max, t) {
			down++
		}
		if i == 0 {
			before = g
		}
		before = physical.Together([]physical.RowGroup{before, g}, t)
	}
	return len(groups) > 1 && min(up, down)*10 <= len(groups)
}

func less(a, b expr.Value, t expr.Type) bool {
	return physical.RowGroup{HasBounds: true, Max: a}.Before(physical.RowGroup{HasBounds: true, Min: b}, t)
}

// untorn reports whether all rows of any group stand in one row group of the scan
// that divides n: files have some group's column in order, and no value of it, nor
// NULL, in two of them. Tasks hold whole row groups, so every group is whole in one
// task, and in one worker where n is the build side of a co-located join.
func (d *distributor) untorn(n physical.Node, groups []expr.Expr) bool {
	for _, e := range groups {
		c, ok := e.(*expr.Column)
		if !ok {
			continue
		}
		scan, field, ok := physical.Origin(n, int(c.ID))
		if ok && apart(d.rowGroups(scan, field), scan.Fields[field].Type) {
			return true
		}
	}
	return false
}

// apart reports whether no two row groups have a value in common.
func apart(groups []physical.RowGroup, t expr.Type) bool {
	up, down := len(groups) > 0, len(groups) > 0
	for i, g := range groups {
		if !g.HasBounds || g.Nulls != 0 {
			return false
		}
		if i > 0 {
			up, down = up && groups[i-1].Before(g, t), down && g.Before(groups[i-1], t)
		}
	}
	return up || down
}

// turned is a join with its sides exchanged, which the kind must have a name for.
// Runtime filters that it published are not.
func turned(j *physical.HashJoin) *physical.HashJoin {
	t := *j
	t.Kind = map[physical.JoinKind]physical.JoinKind{physical.BuildOuter: physical.ProbeOuter,
		physical.BuildSemi: physical.ProbeSemi, physical.BuildAnti: physical.ProbeAnti}[j.Kind]
	t.Probe, t.Build, t.ProbeKeys, t.BuildKeys = j.Build, j.Probe, j.BuildKeys, j.ProbeKeys
	t.RuntimeFilters, t.BuildUnique = nil, false
	width, other := len(j.Probe.Schema()), len(j.Build.Schema())
	place := func(c int) int {
		if c < width {
			return c + other
		}
		return c - width
	}
	t.Emit = make([]int, len(j.Emit))
	for i, c := range j.Emit {
		t.Emit[i] = place(c)
	}
	if j.Residual != nil {
		t.Residual = expr.Rewrite(j.Residual, func(e expr.Expr) expr.Expr {
			c, ok := e.(*expr.Column)
			if !ok {
				return e
			}
			moved := *c
			moved.ID = expr.ColumnID(place(int(c.ID)))
			return &moved
		})
	}
	return &t
}
