package rule

import (
	"fmt"
	"strings"

	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Share finds subplans that occur more than once, up to the IDs of their columns,
// and makes one shared plan of each (TPC-H Q11 without WITH). Candidates are whole
// aggregates and whole clusters of joins: sharing part of a cluster would fix its
// order. Predicates stand in the scans by now, so plans that are the same read the
// same rows; it comes before Prune, so that readers of different columns are no
// hindrance.
//
// It does not apply where a join above could send a runtime filter into one of
// the occurrences: reading few rows twice is cheaper than all of them once.
func Share(n logical.Node, est *cost.Estimator, ids *IDs) logical.Node {
	if !twice(n) {
		return n
	}
	s := &sharer{est: est, ids: ids, tables: map[string][]logical.Node{}, twins: map[logical.Node]logical.Node{}, plans: map[logical.Node]*logical.Shared{}}
	s.collect(n, position{top: true})
	s.compare()
	if len(s.twins) == 0 {
		return n
	}
	return InlineSingle(s.replace(n), ids)
}

// twice reports whether some table is read more than once.
func twice(n logical.Node) bool {
	seen, again := map[string]bool{}, false
	logical.Walk(n, func(n logical.Node) bool {
		if s, ok := n.(*logical.Scan); ok {
			key := tableKey(s.Table)
			again = again || seen[key]
			seen[key] = true
		}
		return !again
	})
	return again
}

// tableKey is the same for two readings of one version of a table.
func tableKey(t *logical.Table) string {
	return fmt.Sprintf("%s.%s.%s %v", t.Catalog, t.Schema, t.Name, t.Files)
}

type sharer struct {
	est    *cost.Estimator
	ids    *IDs
	tables map[string][]logical.Node        // candidates by the tables they read
	twins  map[logical.Node]logical.Node    // of a plan that occurs more than once: its first occurrence
	plans  map[logical.Node]*logical.Shared // by first occurrence
}

// position is what stands above a node: whether runtime filters may reach it, and
// whether it would be the top of its cluster if it is a join.
type position struct {
	filtered, top bool
}

// below is the position of input i of a node.
func (p position) below(n logical.Node, i int) position {
	switch n := n.(type) {
	case *logical.Join:
		return position{p.filtered || joinFilters(n, i), n.Kind == logical.Full || i == 1 && n.Kind != logical.Inner}
	case *logical.Filter, *logical.Project:
		return p
	case *logical.Sort:
		return position{p.filtered, true}
	case *logical.Aggregate:
		return position{p.filtered && len(n.Groups) > 0, true}
	case *logical.GroupTopN:
		return position{p.filtered, true}
	case *logical.Window:
		return position{p.filtered && len(n.Partition) > 0, true}
	}
	return position{top: true}
}

// joinFilters reports whether a join can filter input i by the keys of the other:
// not one whose rows come out without a match, too.
func joinFilters(n *logical.Join, i int) bool {
	switch n.Kind {
	case logical.Full, logical.Mark, logical.Single:
		return false
	case logical.Left, logical.Anti:
		if i == 0 {
			return false
		}
	}
	for _, c := range n.Conds {
		if call, ok := c.(*expr.Call); ok && call.Name == expr.OpEq {
			return true
		}
	}
	return false
}

func (s *sharer) collect(n logical.Node, p position) {
	if key, ok := s.candidate(n, p); ok {
		s.tables[key] = append(s.tables[key], n)
	}
	for i, c := range n.Inputs() {
		s.collect(c, p.below(n, i))
	}
}

// compare finds the plans that are the same among those that read the same tables.
func (s *sharer) compare() {
	for _, list := range s.tables {
		if len(list) < 2 {
			continue
		}
		first := map[string]logical.Node{}
		for _, n := range list {
			text := (&twin{number: map[expr.ColumnID]int{}}).text(n)
			if f, ok := first[text]; ok {
				s.twins[f], s.twins[n] = f, f
			} else {
				first[text] = n
			}
		}
	}
}

// candidate reports whether running a plan once is worth keeping its rows, and
// which tables it reads.
func (s *sharer) candidate(n logical.Node, p position) (tables string, ok bool) {
	_, join := n.(*logical.Join)
	_, aggregate := n.(*logical.Aggregate)
	if p.filtered || !(aggregate || join && p.top) {
		return "", false
	}
	read, plain := 0.0, true
	logical.Walk(n, func(n logical.Node) bool {
		logical.Exprs(n, func(e expr.Expr) { plain = plain && !isVolatile(e) })
		switch n := n.(type) {
		case *logical.Scan:
			read += n.Table.Stats.RowCount
			tables += n.Table.Name + " "
			plain = plain && n.Table.Rows == nil
		case *logical.Reference:
			plain = false
		}
		return true
	})
	return tables, plain && s.est.Estimate(n).Rows < keptShare*read
}

// keptShare is how many rows, for each that is read, a shared plan may keep.
const keptShare = 0.25

// replace puts references in the places of subplans that occur more than once,
// the largest first.
func (s *sharer) replace(n logical.Node) logical.Node {
	if first, ok := s.twins[n]; ok {
		return s.reference(first, n)
	}
	in := n.Inputs()
	if len(in) == 0 {
		return n
	}
	out := make([]logical.Node, len(in))
	for i, c := range in {
		out[i] = s.replace(c)
	}
	return logical.WithInputs(n, out)
}

// reference reads the shared plan of first in the place of its twin n.
func (s *sharer) reference(first, n logical.Node) logical.Node {
	plan, ok := s.plans[first]
	if !ok {
		fresh := s.ids.renaming(first)
		renamed := logical.Rename(first, func(id expr.ColumnID) expr.ColumnID { return fresh[id] })
		plan = &logical.Shared{ID: s.ids.SharedID(), Name: "occurs more than once", Input: renamed}
		s.plans[first] = plan
	}
	ref := &logical.Reference{Plan: plan, Cols: n.Columns()}
	for _, c := range plan.Input.Columns() {
		ref.Source = append(ref.Source, c.ID)
	}
	return ref
}

// twin writes plans with their columns numbered in the order of appearance, so
// that equal texts are equal plans.
type twin struct {
	number map[expr.ColumnID]int
}

func (t *twin) id(id expr.ColumnID) int {
	n, ok := t.number[id]
	if !ok {
		n = len(t.number)
		t.number[id] = n
	}
	return n
}

func (t *twin) expr(e expr.Expr) string {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			d := *c
			d.Name = fmt.Sprintf("#%d:%s", t.id(c.ID), c.Typ)
			return &d
		}
		return x
	}).String()
}

func (t *twin) text(n logical.Node) string {
	var b strings.Builder
	t.write(&b, n)
	return b.String()
}

func (t *twin) write(b *strings.Builder, n logical.Node) {
	fmt.Fprintf(b, "%T(", n)
	for _, in := range n.Inputs() {
		t.write(b, in)
		b.WriteString(",")
	}
	switch n := n.(type) {
	case *logical.Scan:
		fmt.Fprintf(b, "%s %v", tableKey(n.Table), n.Fields)
	case *logical.Join:
		fmt.Fprintf(b, "%s %d", n.Kind, t.id(n.MarkCol.ID))
		if n.NullAware != nil {
			b.WriteString(" null aware")
		}
	case *logical.Limit:
		fmt.Fprintf(b, "%d %d", n.Count, n.Offset)
	case *logical.GroupTopN:
		fmt.Fprintf(b, "%d %d %d", n.Count, n.Offset, len(n.By))
		for _, k := range n.Keys {
			fmt.Fprintf(b, " %t %t", k.Desc, k.NullsFirst)
		}
	case *logical.Values:
		fmt.Fprintf(b, "%p", n) // constant rows are their own kind
	case *logical.SetOp:
		fmt.Fprintf(b, "%s", n.Kind)
		for _, m := range n.Maps {
			for _, id := range m {
				fmt.Fprintf(b, " %d", t.id(id))
			}
		}
	case *logical.Sort:
		for _, k := range n.Keys {
			fmt.Fprintf(b, " %t %t", k.Desc, k.NullsFirst)
		}
	case *logical.Window:
		fmt.Fprintf(b, "%d", len(n.Partition))
		for _, k := range n.Order {
			fmt.Fprintf(b, " %t %t", k.Desc, k.NullsFirst)
		}
		for _, c := range n.Calls {
			text := expr.MapWindow(c.Call, func(e expr.Expr) expr.Expr { return &expr.Column{Name: t.expr(e), Typ: e.Type()} })
			fmt.Fprintf(b, " %s =%d:%s", text, t.id(c.Col.ID), c.Col.Type)
		}
	case *logical.Aggregate:
		for _, a := range n.Aggs {
			text := logical.MapAggregate(a.Agg, func(e expr.Expr) expr.Expr { return &expr.Column{Name: t.expr(e), Typ: e.Type()} })
			b.WriteString(" " + text.String())
		}
		for _, g := range n.Groups {
			fmt.Fprintf(b, " by %d", t.id(g.ID))
		}
	}
	if _, ok := n.(*logical.Aggregate); !ok {
		logical.Exprs(n, func(e expr.Expr) { b.WriteString(" [" + t.expr(e) + "]") })
	}
	switch n.(type) {
	case *logical.Project, *logical.Aggregate, *logical.SetOp, *logical.Scan:
		for _, c := range n.Columns() { // the others pass on what is below
			fmt.Fprintf(b, " =%d:%s", t.id(c.ID), c.Type)
		}
	}
	b.WriteString(")")
}
