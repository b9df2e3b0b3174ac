package rule

import (
	"math"
	"math/bits"

	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// partial is the best plan found for a set of leaves.
type partial struct {
	node logical.Node
	est  *cost.Estimate
	cost float64
}

// maxExact is the most leaves for which all orders are tried; larger clusters
// are joined greedily.
const maxExact = 12

// Costs of a row in units of a probed row.
const (
	buildCost  = 3.0
	outputCost = 0.7
)

// search is the best plan for all leaves.
func (c *cluster) search() partial {
	start := make([]partial, len(c.leaves))
	for i, l := range c.leaves {
		start[i] = partial{node: l.node, est: c.o.est.Estimate(l.node)}
		if l.join == nil {
			start[i] = c.filtered(start[i], 1<<i, 0, 0)
		}
	}
	full := uint64(1)<<len(c.leaves) - 1
	if len(c.leaves) <= maxExact {
		if best, ok := c.exact(start, full); ok {
			return best
		}
	}
	return c.greedy(start)
}

// exact is dynamic programming over all subsets, without cross products; ok is
// false when the leaves are not connected.
func (c *cluster) exact(start []partial, full uint64) (partial, bool) {
	table := make(map[uint64]partial, 1<<len(start))
	for i, p := range start {
		if c.leaves[i].join == nil {
			table[1<<i] = p
		}
	}
	for set := uint64(1); set <= full; set++ {
		if bits.OnesCount64(set) < 2 {
			continue
		}
		best, found := partial{cost: math.Inf(1)}, false
		// A leaf of another kind is added last to what it needs.
		for rest := set; rest != 0; rest &= rest - 1 {
			i := bits.TrailingZeros64(rest)
			if c.leaves[i].join == nil {
				continue
			}
			if left, ok := table[set&^(1<<i)]; ok && c.leaves[i].need&^(set&^(1<<i)) == 0 {
				if p := c.joinLeaf(left, start[i], i, set, best.cost); p.node != nil && p.cost < best.cost {
					best, found = p, true
				}
			}
		}
		low := set & -set
		for sub := (set - 1) & set; sub != 0; sub = (sub - 1) & set {
			if sub&low == 0 { // each split once
				continue
			}
			left, lok := table[sub]
			right, rok := table[set&^sub]
			if !lok || !rok || !c.connected(sub, set&^sub) {
				continue
			}
			if p := c.joinSets(left, right, sub, set&^sub, best); p.cost < best.cost {
				best, found = p, true
			}
		}
		if found {
			table[set] = best
		}
	}
	best, ok := table[full]
	return best, ok
}

func (c *cluster) connected(a, b uint64) bool {
	for _, x := range c.conds {
		if c.joins(x, a, b) {
			return true
		}
	}
	return false
}

// available are the conditions that become computable when a and b come together.
func (c *cluster) available(a, b uint64) []expr.Expr {
	var out []expr.Expr
	used := map[int]bool{}
	for _, x := range c.conds {
		if x.leaves&^(a|b) != 0 || x.leaves&^a == 0 || x.leaves&^b == 0 {
			continue
		}
		if x.class >= 0 {
			if used[x.class] {
				continue // one equality of a class implies the others
			}
			used[x.class] = true
		}
		out = append(out, x.expr)
	}
	return out
}

// joinSets is the inner join of two sets; the smaller side stands right.
func (c *cluster) joinSets(l, r partial, ls, rs uint64, best partial) partial {
	small, large := r, l
	if l.est.Rows < r.est.Rows {
		small, large = l, r
	}
	total := l.cost + r.cost + buildCost*small.est.Rows + large.est.Rows
	if total >= best.cost {
		return partial{cost: math.Inf(1)}
	}
	conds := c.available(ls, rs)
	est := best.est
	if est == nil {
		est = c.o.est.Join(logical.Inner, large.est, small.est, conds, 0)
	}
	total += outputCost * est.Rows
	if total >= best.cost {
		return partial{cost: math.Inf(1)}
	}
	return partial{
		node: &logical.Join{Kind: logical.Inner, Left: large.node, Right: small.node, Conds: conds},
		est:  est,
		cost: total,
	}
}

// joinLeaf adds a leaf of a non-inner join to a set, and the conditions that then
// become computable as a filter.
func (c *cluster) joinLeaf(l, r partial, i int, set uint64, limit float64) partial {
	j := *c.leaves[i].join
	j.Left, j.Right = l.node, r.node
	j.Conds = c.leaves[i].on
	if j.NullAware != nil {
		last := len(j.Conds) - 1
		j.NullAware, j.Conds = j.Conds[last], j.Conds[:last:last]
	}
	est := c.o.est.Join(j.Kind, l.est, r.est, c.leaves[i].on, j.MarkCol.ID)
	probeLeft := l.est.Rows + buildCost*r.est.Rows
	if j.NullAware == nil && j.Kind != logical.Mark && j.Kind != logical.Single {
		probeLeft = min(probeLeft, buildCost*l.est.Rows+r.est.Rows)
	}
	p := partial{node: &j, est: est, cost: l.cost + r.cost + probeLeft + outputCost*est.Rows}
	if p.cost >= limit {
		return partial{}
	}
	return c.filtered(p, set, set&^(1<<i), 1<<i)
}

// filtered applies the conditions over set that neither a nor b alone could.
func (c *cluster) filtered(p partial, set, a, b uint64) partial {
	var conds []expr.Expr
	for _, x := range c.conds {
		if x.leaves&^set == 0 && (x.leaves == 0 && a == 0 && set&1 != 0 || x.leaves != 0 && x.leaves&^a != 0 && x.leaves&^b != 0 || a == 0 && x.leaves == set || b != 0 && x.leaves == b) {
			conds = append(conds, x.expr)
		}
	}
	if len(conds) == 0 {
		return p
	}
	p.node = &logical.Filter{Input: p.node, Conds: conds}
	rows := p.est.Rows
	for _, x := range conds {
		rows *= p.est.Selectivity(x)
	}
	p.est = &cost.Estimate{Rows: max(1, rows), Columns: p.est.Columns}
	return p
}

// greedy joins the pair with the smallest result until one plan is left; pairs
// without a condition between them come last.
func (c *cluster) greedy(start []partial) partial {
	type item struct {
		partial
		set uint64
	}
	var items []item
	var later []int
	for i, p := range start {
		if c.leaves[i].join == nil {
			items = append(items, item{p, 1 << i})
		} else {
			later = append(later, i)
		}
	}
	addLeaves := func() {
		for progress := true; progress; {
			progress = false
			for k, i := range later {
				for n := range items {
					if c.leaves[i].need&^items[n].set == 0 {
						set := items[n].set | 1<<i
						items[n] = item{c.joinLeaf(items[n].partial, start[i], i, set, math.Inf(1)), set}
						later = append(later[:k:k], later[k+1:]...)
						progress = true
						break
					}
				}
				if progress {
					break
				}
			}
		}
	}
	for {
		// Semi joins and the like wait until no inner join that shrinks is left, but
		// those that need just one leaf reduce it at once.
		addLeaves()
		if len(items) == 1 {
			return items[0].partial
		}
		bi, bj, best := -1, -1, item{}
		bestRows, bestConnected := math.Inf(1), false
		for i := range items {
			for j := i + 1; j < len(items); j++ {
				connected := c.connected(items[i].set, items[j].set)
				if bestConnected && !connected {
					continue
				}
				p := c.joinSets(items[i].partial, items[j].partial, items[i].set, items[j].set, partial{cost: math.Inf(1)})
				if connected && !bestConnected || p.est.Rows < bestRows {
					bi, bj, best = i, j, item{p, items[i].set | items[j].set}
					bestRows, bestConnected = p.est.Rows, connected
				}
			}
		}
		items[bi] = best
		items = append(items[:bj], items[bj+1:]...)
	}
}
