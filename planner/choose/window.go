package choose

import (
	"cmp"
	"slices"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/physical"
)

// window chooses the sorts of a chain of Window nodes: those that one order of the rows
// serves stand above one sort.
func (c *chooser) window(n *logical.Window, need logical.Set) (physical.Node, layout, error) {
	var chain []*logical.Window // the first one is computed last
	var below logical.Node = n
	made := logical.Set{}
	for {
		w, ok := below.(*logical.Window)
		if !ok {
			break
		}
		chain = append(chain, w)
		for _, it := range w.Calls {
			made[it.Col.ID] = true
		}
		below = w.Input
	}
	for i, w := range chain {
		uses := false
		logical.Exprs(w, func(e expr.Expr) { uses = uses || logical.Used(e).Meets(made) })
		if uses { // what is below is computed before
			return c.windows(chain[:i+1], w.Input, need)
		}
	}
	return c.windows(chain, below, need)
}

// windows makes the operators of a chain of which none reads what another computes.
func (c *chooser) windows(chain []*logical.Window, below logical.Node, need logical.Set) (physical.Node, layout, error) {
	wanted, made := logical.Set{}, logical.Set{}
	wanted.Add(need)
	for _, w := range chain {
		logical.Exprs(w, func(e expr.Expr) { expr.Columns(e, wanted) })
		for _, it := range w.Calls {
			made[it.Col.ID] = true
		}
	}
	for id := range made {
		delete(wanted, id)
	}
	out, at, err := c.node(below, wanted)
	if err != nil {
		return nil, nil, err
	}
	at = slices.Clone(at)
	for _, g := range sortedTogether(chain) {
		fields := out.Schema()
		keys := logical.MapKeys(g.keys, func(e expr.Expr) expr.Expr { return at.place(e, fields) })
		out = &physical.Sort{Est: c.rows(below), Input: out, Keys: keys, Whole: g.whole}
		for _, w := range g.windows {
			order := neededOrder(w)
			if slices.ContainsFunc(w.Calls, func(it logical.WindowItem) bool { return it.Call.AddsToKey() }) {
				order = w.Order
			}
			p := &physical.Window{Est: c.rows(w), Input: out, Partition: at.all(w.Partition, fields),
				Order: logical.MapKeys(order, func(e expr.Expr) expr.Expr { return at.place(e, fields) })}
			for _, it := range w.Calls {
				p.Calls = append(p.Calls, expr.MapWindow(it.Call, func(e expr.Expr) expr.Expr { return at.place(e, fields) }))
				p.Names = append(p.Names, it.Col.Name)
				at = append(at, it.Col.ID)
			}
			out = p
			fields = out.Schema()
		}
	}
	return c.onlyNeeded(out, at, need)
}

// onlyNeeded leaves out the columns that only the node itself read.
func (c *chooser) onlyNeeded(n physical.Node, at layout, need logical.Set) (physical.Node, layout, error) {
	fields := n.Schema()
	p := &physical.Project{Est: physical.Est{RowCount: n.Rows()}, Input: n}
	var out layout
	for i, id := range at {
		if need[id] {
			p.Exprs, p.Names, out = append(p.Exprs, column(fields, i)), append(p.Names, fields[i].Name), append(out, id)
		}
	}
	if len(out) == len(at) {
		return n, at, nil
	}
	return p, out, nil
}

// passes reports whether a projection only leaves columns out, or puts them in another order.
func passes(p *physical.Project) bool {
	seen := logical.Set{}
	for _, e := range p.Exprs {
		c, ok := e.(*expr.Column)
		if !ok || seen[c.ID] {
			return false
		}
		seen[c.ID] = true
	}
	return true
}

// widened is a layout of what such a projection gives out, as one of its input.
func widened(at layout, p *physical.Project) layout {
	out := make(layout, len(p.Input.Schema()))
	for i := range out {
		out[i] = -1
	}
	for i, e := range p.Exprs {
		out[e.(*expr.Column).ID] = at[i]
	}
	return out
}

// sortGroup is windows that one sort serves.
type sortGroup struct {
	windows []*logical.Window
	keys    []expr.SortKey
	whole   int
}

// sortedTogether divides a chain, which may be computed in any order, into groups with a
// sort each. Windows without partitions need all rows in one place: others do not share
// that.
func sortedTogether(chain []*logical.Window) []sortGroup {
	var groups []sortGroup
	for _, w := range slices.Backward(chain) {
		placed := false
		for i := range groups {
			g := &groups[i]
			if (g.whole == 0) != (len(w.Partition) == 0) {
				continue
			}
			if all := append(slices.Clone(g.windows), w); g.serve(all) {
				placed = true
				break
			}
		}
		if !placed {
			g := sortGroup{whole: len(w.Partition)}
			g.serve([]*logical.Window{w})
			groups = append(groups, g)
		}
	}
	return groups
}

// serve finds the order that serves all windows; where there is none the group stays what
// it is. The smaller partitions decide on the first keys: each must have its columns, in
// any order, in front, and its order next.
func (g *sortGroup) serve(all []*logical.Window) bool {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b *logical.Window) int {
		return cmp.Or(cmp.Compare(len(a.Partition), len(b.Partition)), cmp.Compare(len(a.Order), len(b.Order)))
	})
	var keys []expr.SortKey
	for _, w := range sorted {
		for i, k := range keys {
			if i < len(w.Partition) && !holds(w.Partition, k.Expr) {
				return false
			}
		}
		for _, e := range w.Partition {
			if !slices.ContainsFunc(keys, func(k expr.SortKey) bool { return expr.Equal(k.Expr, e) }) {
				keys = append(keys, expr.SortKey{Expr: e})
			}
		}
		for i, k := range neededOrder(w) {
			at := len(w.Partition) + i
			if at == len(keys) {
				keys = append(keys, k)
			}
			if have := keys[at]; !expr.Equal(have.Expr, k.Expr) || have.Desc != k.Desc || have.NullsFirst != k.NullsFirst {
				return false
			}
		}
	}
	g.windows, g.keys, g.whole = all, keys, len(sorted[0].Partition)
	return true
}

func holds(list []expr.Expr, e expr.Expr) bool {
	return slices.ContainsFunc(list, func(x expr.Expr) bool { return expr.Equal(x, e) })
}

// neededOrder is a window's order without keys that are the same in a whole partition, or
// that have come before.
func neededOrder(w *logical.Window) []expr.SortKey {
	var out []expr.SortKey
	for _, k := range w.Order {
		_, constant := k.Expr.(*expr.Literal)
		again := slices.ContainsFunc(out, func(o expr.SortKey) bool { return expr.Equal(o.Expr, k.Expr) })
		if !constant && !again && !holds(w.Partition, k.Expr) {
			out = append(out, k)
		}
	}
	return out
}
