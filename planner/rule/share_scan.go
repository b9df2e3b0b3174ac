package rule

import (
	"fmt"
	"slices"

	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// ShareScans makes one scan of several of the same table that have conjuncts in
// common (TPC-H Q22 reads the customers of seven countries twice): it keeps the rows
// on which the common ones are true, and each reader filters by its others.
//
// It does not apply where that is a large part of the table, or where a join above
// could send a runtime filter into one of the scans.
func ShareScans(n logical.Node, est *cost.Estimator, ids *IDs) logical.Node {
	if !twice(n) {
		return n
	}
	tables := map[string][]*logical.Scan{}
	var order []string
	var collect func(n logical.Node, p position)
	collect = func(n logical.Node, p position) {
		if s, ok := n.(*logical.Scan); ok && !p.filtered && s.Table.Rows == nil && len(s.Filter) > 0 && !volatile(s) {
			key := tableKey(s.Table)
			if tables[key] == nil {
				order = append(order, key)
			}
			tables[key] = append(tables[key], s)
		}
		for i, c := range n.Inputs() {
			collect(c, p.below(n, i))
		}
	}
	collect(n, position{top: true})
	in := map[logical.Node]logical.Node{}
	for _, key := range order {
		shareScan(tables[key], est, ids, in)
	}
	if len(in) == 0 {
		return n
	}
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		if to, ok := in[n]; ok {
			return to
		}
		return n
	})
}

// shareScan puts into in what scans of one table are replaced by.
func shareScan(scans []*logical.Scan, est *cost.Estimator, ids *IDs, in map[logical.Node]logical.Node) {
	if len(scans) < 2 {
		return
	}
	first := scans[0]
	common := first.Filter
	for _, s := range scans[1:] {
		if !slices.Equal(s.Fields, first.Fields) {
			return
		}
		other := conjuncts(s)
		common = slices.DeleteFunc(slices.Clone(common), func(c expr.Expr) bool { return !slices.Contains(other, byField(first, c)) })
	}
	kept := *first
	kept.Filter = common
	if len(common) == 0 || est.Estimate(&kept).Rows > keptShare*first.Table.Stats.RowCount {
		return
	}
	texts := conjuncts(&kept)
	fresh := ids.renaming(&kept)
	plan := &logical.Shared{ID: ids.SharedID(), Name: "conditions in common",
		Input: logical.Rename(&kept, func(id expr.ColumnID) expr.ColumnID { return fresh[id] })}
	for _, s := range scans {
		ref := &logical.Reference{Plan: plan, Cols: s.Cols}
		for _, c := range first.Cols {
			ref.Source = append(ref.Source, fresh[c.ID])
		}
		rest := slices.DeleteFunc(slices.Clone(s.Filter), func(c expr.Expr) bool { return slices.Contains(texts, byField(s, c)) })
		in[s] = filter(ref, rest)
	}
}

// conjuncts is the filter of a scan, as texts that are equal where the conditions
// are.
func conjuncts(s *logical.Scan) []string {
	var out []string
	for _, c := range s.Filter {
		out = append(out, byField(s, c))
	}
	return out
}

// byField prints a condition with the table's fields in the place of columns.
func byField(s *logical.Scan, c expr.Expr) string {
	return expr.Rewrite(c, func(x expr.Expr) expr.Expr {
		if col, ok := x.(*expr.Column); ok {
			i := slices.IndexFunc(s.Cols, func(c logical.Column) bool { return c.ID == col.ID })
			named := *col
			named.Name = fmt.Sprintf("#%d", s.Fields[i])
			return &named
		}
		return x
	}).String()
}
