package rule

import (
	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Reuse computes an aggregate from the rows of the joins it is joined with, where
// those hold all rows it needs: the tables it reads are joined there as well, under
// the same conditions, and whatever else is joined there restricts or multiplies
// whole groups only. TPC-H Q17 then reads lineitem once, Q2 partsupp.
//
//	select … from fact, k where f2 = k1 and k2 = 5
//	  and f4 < (select avg(f4) from fact where f2 = k1)
//
// The rows of fact that the joins keep are, for a key f2 they keep at all, every
// row with that key, each as many times as k has that key. An aggregate that does
// not see how often all its rows are repeated has the same value over them. (Zuzarte
// et al., "WinMagic: Subquery Elimination Using Window Aggregation", SIGMOD 2003;
// there the keys of the joined tables are known to be unique, and the aggregate is a
// window function; here the joins are a shared plan that is read twice.)
//
// It does not apply where the joins keep so many rows that reading the tables twice
// is cheaper than keeping them.
func Reuse(n logical.Node, est *cost.Estimator, ids *IDs) logical.Node {
	if !twice(n) {
		return n
	}
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		if j, ok := n.(*logical.Join); ok {
			if out := reuse(j, est, ids); out != nil {
				return out
			}
		}
		return n
	})
}

// block is a tree of inner joins as its inputs and conditions.
type block struct {
	inputs []logical.Node
	conds  []expr.Expr
}

func (b *block) add(n logical.Node) {
	switch x := n.(type) {
	case *logical.Join:
		if x.Kind == logical.Inner && !x.Dependent {
			b.add(x.Left)
			b.add(x.Right)
			b.conds = append(b.conds, splitAll(x.Conds)...)
			return
		}
	case *logical.Project:
		if passesAll(x) {
			b.add(x.Input)
			return
		}
	}
	b.inputs = append(b.inputs, n)
}

// passesAll reports whether a projection only drops columns.
func passesAll(p *logical.Project) bool {
	for _, it := range p.Items {
		if c, ok := it.Expr.(*expr.Column); !ok || c.ID != it.Col.ID {
			return false
		}
	}
	return true
}

// scans are the inputs if all of them are scans of files.
func (b *block) scans() ([]*logical.Scan, bool) {
	out := make([]*logical.Scan, len(b.inputs))
	for i, n := range b.inputs {
		s, ok := n.(*logical.Scan)
		if !ok || s.Table.Rows != nil {
			return nil, false
		}
		out[i] = s
	}
	return out, true
}

// reuse is the join j with an aggregate among its inputs computed from the others;
// nil where there is none.
func reuse(j *logical.Join, est *cost.Estimator, ids *IDs) logical.Node {
	var all block
	if j.Kind == logical.Left && !j.Dependent {
		all.add(j.Left)
		return all.reuse(j.Kind, j.Right, j.Conds, est, ids)
	}
	all.add(j)
	for i, in := range all.inputs {
		outer, ties := all.without(i)
		if out := outer.reuse(logical.Inner, in, ties, est, ids); out != nil {
			return out
		}
	}
	return nil
}

// reuse is the block joined with in, where an aggregate in it can be computed from
// the block; else nil.
func (b *block) reuse(kind logical.JoinKind, in logical.Node, ties []expr.Expr, est *cost.Estimator, ids *IDs) logical.Node {
	a := aggregateOf(in)
	if a == nil || !blindToRepetition(a) {
		return nil
	}
	r := &reuser{agg: a, outer: *b, ties: ties, to: map[expr.ColumnID]*expr.Column{}}
	if !r.matches() || est.Estimate(b.joined()).Rows > keptShare*r.read {
		return nil
	}
	out := r.rewrite(in, ids)
	out.Kind = kind
	return out
}

// aggregateOf is the aggregate that an input of a block is, under projections and
// filters.
func aggregateOf(n logical.Node) *logical.Aggregate {
	switch n := n.(type) {
	case *logical.Aggregate:
		return n
	case *logical.Project:
		return aggregateOf(n.Input)
	case *logical.Filter:
		return aggregateOf(n.Input)
	}
	return nil
}

// blindToRepetition reports whether an aggregate by groups gives the same when every
// row of a group comes k times, whatever k.
func blindToRepetition(a *logical.Aggregate) bool {
	for _, it := range a.Aggs {
		switch it.Agg.Func {
		case "min", "max", "avg", "bool_and", "bool_or", "every", "bit_and", "bit_or":
		default:
			if !it.Agg.Distinct || len(it.Agg.Order) > 0 {
				return false
			}
		}
	}
	return len(a.Groups) > 0
}

// without is the block without input i, and the conditions that use columns of it.
func (b *block) without(i int) (outer block, ties []expr.Expr) {
	cols := logical.Output(b.inputs[i])
	for k, in := range b.inputs {
		if k != i {
			outer.inputs = append(outer.inputs, in)
		}
	}
	for _, c := range b.conds {
		if logical.Used(c).Meets(cols) {
			ties = append(ties, c)
		} else {
			outer.conds = append(outer.conds, c)
		}
	}
	return outer, ties
}

// joined is the block as a tree, each condition where its columns have come together.
func (b *block) joined() logical.Node {
	n, left := b.inputs[0], b.conds
	for _, in := range b.inputs[1:] {
		j := &logical.Join{Kind: logical.Inner, Left: n, Right: in}
		have, later := logical.Output(j), []expr.Expr(nil)
		for _, c := range left {
			if have.Has(logical.Used(c)) {
				j.Conds = append(j.Conds, c)
			} else {
				later = append(later, c)
			}
		}
		n, left = j, later
	}
	return n
}

// reuser finds out whether an aggregate can be computed from a block.
type reuser struct {
	agg   *logical.Aggregate
	outer block
	ties  []expr.Expr // conditions between the aggregate and the block

	to   map[expr.ColumnID]*expr.Column // of a column below the aggregate: the block's
	read float64                        // rows of the tables below the aggregate
}

func (r *reuser) matches() bool {
	var inner block
	inner.add(r.agg.Input)
	own, ok := inner.scans()
	if !ok {
		return false
	}
	others, ok := r.outer.scans()
	if !ok || volatile(r.agg) || volatile(r.outer.joined()) {
		return false
	}
	for _, s := range own {
		r.read += s.Table.Stats.RowCount
	}
	return r.assign(own, others, inner.conds)
}

// volatile reports whether an expression of a plan may give another value when it is
// asked again.
func volatile(n logical.Node) bool {
	found := false
	logical.Walk(n, func(n logical.Node) bool {
		logical.Exprs(n, func(e expr.Expr) { found = found || isVolatile(e) })
		return !found
	})
	return found
}

// assign tries all ways to find each of the own scans among the others.
func (r *reuser) assign(own, others []*logical.Scan, conds []expr.Expr) bool {
	if len(own) == 0 {
		return r.holds(conds)
	}
	for i, s := range others {
		if s == nil || tableKey(s.Table) != tableKey(own[0].Table) || !r.pair(own[0], s) {
			continue
		}
		others[i] = nil
		// A filter below the aggregate is a condition like those of its joins.
		if r.assign(own[1:], others, append(conds[:len(conds):len(conds)], own[0].Filter...)) {
			return true
		}
		others[i] = s
	}
	return false
}

// pair makes the columns of one scan stand for those of another.
func (r *reuser) pair(own, other *logical.Scan) bool {
	by := map[int]logical.Column{}
	for i, f := range other.Fields {
		by[f] = other.Cols[i]
	}
	for i, f := range own.Fields {
		c, ok := by[f]
		if !ok {
			return false
		}
		r.to[own.Cols[i].ID] = c.Ref()
	}
	return true
}

// holds reports whether the block has all conditions below the aggregate, and only
// such others as choose between whole groups.
func (r *reuser) holds(conds []expr.Expr) bool {
	have := append([]expr.Expr(nil), r.outer.conds...)
	for _, in := range r.outer.inputs {
		have = append(have, in.(*logical.Scan).Filter...)
	}
	same := newEqualColumns(have)
	needed := make([]expr.Expr, len(conds))
	for i, c := range conds {
		needed[i] = r.image(c)
		if a, b := columnsOf(needed[i]); a != nil && same.find(a.ID) == same.find(b.ID) {
			continue
		}
		if !contains(have, needed[i]) {
			return false
		}
	}
	keys, image := logical.Set{}, logical.Set{}
	for _, c := range r.to {
		image[c.ID] = true
	}
	for _, g := range r.agg.Groups {
		keys[r.to[g.ID].ID] = true
	}
	for _, c := range have {
		if contains(needed, c) {
			continue
		}
		for id := range logical.Used(c) {
			if image[id] && !keys[id] {
				return false
			}
		}
	}
	return r.tied(same)
}

func (r *reuser) image(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok && r.to[c.ID] != nil {
			return r.to[c.ID]
		}
		return x
	})
}

// tied reports whether every row of the block meets the group it belongs to: each
// group column is compared with its image, or with a column that equals it.
func (r *reuser) tied(same equalColumns) bool {
	for _, g := range r.agg.Groups {
		found := false
		for _, t := range r.ties {
			a, b := columnsOf(t)
			if a == nil {
				continue
			}
			if b.ID == g.ID {
				a, b = b, a
			}
			found = found || a.ID == g.ID && same.find(b.ID) == same.find(r.to[g.ID].ID)
		}
		if !found {
			return false
		}
	}
	return true
}

// columnsOf are the sides of an equality of two columns of one type.
func columnsOf(e expr.Expr) (a, b *expr.Column) {
	call, ok := e.(*expr.Call)
	if !ok || call.Name != expr.OpEq {
		return nil, nil
	}
	a, aok := call.Args[0].(*expr.Column)
	b, bok := call.Args[1].(*expr.Column)
	if !aok || !bok || a.Typ != b.Typ {
		return nil, nil
	}
	return a, b
}

// rewrite makes the block a shared plan, which the join reads once as it is and once
// below the aggregate; in is the input of the join that the aggregate is under.
func (r *reuser) rewrite(in logical.Node, ids *IDs) *logical.Join {
	kept := r.outer.joined()
	fresh := ids.renaming(kept)
	plan := &logical.Shared{ID: ids.SharedID(), Name: "holds the rows of an aggregate",
		Input: logical.Rename(kept, func(id expr.ColumnID) expr.ColumnID { return fresh[id] })}
	whole := &logical.Reference{Plan: plan, Cols: kept.Columns()}
	for _, c := range whole.Cols {
		whole.Source = append(whole.Source, fresh[c.ID])
	}
	rows := &logical.Reference{Plan: plan, Cols: r.agg.Input.Columns()}
	for _, c := range rows.Cols {
		rows.Source = append(rows.Source, fresh[r.to[c.ID].ID])
	}
	aggregate := *r.agg
	aggregate.Input = rows
	return &logical.Join{Kind: logical.Inner, Left: whole, Conds: r.ties,
		Right: logical.Rewrite(in, func(n logical.Node) logical.Node {
			if n == logical.Node(r.agg) {
				return &aggregate
			}
			return n
		})}
}

// equalColumns are classes of columns that equalities make the same.
type equalColumns map[expr.ColumnID]expr.ColumnID

func newEqualColumns(conds []expr.Expr) equalColumns {
	e := equalColumns{}
	for _, c := range conds {
		if a, b := columnsOf(c); a != nil {
			e[e.find(a.ID)] = e.find(b.ID)
		}
	}
	return e
}

func (e equalColumns) find(id expr.ColumnID) expr.ColumnID {
	for {
		up, ok := e[id]
		if !ok || up == id {
			return id
		}
		id = up
	}
}
