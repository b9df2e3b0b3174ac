package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// limit decorrelates LIMIT and OFFSET: they hold per combination of tied values. For LIMIT
// 1 that is the row that the order has first, as the aggregate first of every column; else
// the rows that it ranks so, as a GroupTopN.
func (u *unnester) limit(n *logical.Limit, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	input, keys := n.Input, []expr.SortKey(nil)
	if s, ok := input.(*logical.Sort); ok {
		input, keys = s.Input, s.Keys
	}
	in, t := u.decorrelate(input, outer, domain)
	if in == nil {
		return nil, t
	}
	var values []expr.Expr
	used := logical.Set{}
	for _, k := range keys {
		values = append(values, k.Expr)
		expr.Columns(k.Expr, used)
	}
	in, t, ok := u.tieMissing(in, t, used, outer, values, domain)
	switch {
	case !ok:
		return nil, t
	case n.Offset == 0 && (n.Count < 0 || n.Count > 0 && t.unique):
		return in, t
	case n.Count == 0:
		return &logical.Filter{Input: in, Conds: []expr.Expr{expr.False()}}, t
	}
	by := t.substitution()
	keys = logical.MapKeys(keys, func(e expr.Expr) expr.Expr { return logical.Substitute(e, by) })
	if n.Offset == 0 && n.Count == 1 {
		return u.firstRows(in, n.Columns(), keys, t)
	}
	out := &logical.GroupTopN{Input: in, Keys: keys, Offset: n.Offset, Count: n.Count}
	for _, c := range t.columns() {
		out.By = append(out.By, c.Ref())
	}
	t.unique = t.unique || n.Count == 1
	return out, t
}

// groupTopN divides by the tied columns as well: it stands for a LIMIT further in.
func (u *unnester) groupTopN(n *logical.GroupTopN, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	in, t := u.decorrelate(n.Input, outer, domain)
	if in == nil {
		return nil, t
	}
	var values []expr.Expr
	used := logical.Set{}
	logical.Exprs(n, func(e expr.Expr) {
		values = append(values, e)
		expr.Columns(e, used)
	})
	in, t, ok := u.tieMissing(in, t, used, outer, values, domain)
	if !ok {
		return nil, t
	}
	by := t.substitution()
	out := logical.MapExprs(n, func(e expr.Expr) expr.Expr { return logical.Substitute(e, by) }).(*logical.GroupTopN)
	out.Input = in
	have := logical.Set{}
	for _, e := range out.By {
		expr.Columns(e, have)
	}
	for _, c := range t.columns() {
		if !have[c.ID] {
			out.By = append(out.By, c.Ref())
		}
	}
	return out, t
}

// firstRows keeps of every group of tied values the first row in the order of
// keys. The aggregate takes the names of the columns over, so what is below it
// gets other ones.
func (u *unnester) firstRows(in logical.Node, cols []logical.Column, keys []expr.SortKey, t ties) (logical.Node, ties) {
	fresh := u.ids.renaming(in)
	renamed := func(id expr.ColumnID) expr.ColumnID {
		if to, ok := fresh[id]; ok {
			return to
		}
		return id
	}
	in = logical.Rename(in, renamed)
	own := map[expr.ColumnID]expr.Expr{}
	for _, c := range in.Columns() {
		own[c.ID] = c.Ref()
	}
	inside := map[expr.ColumnID]expr.Expr{}
	for old, id := range fresh {
		if e, ok := own[id]; ok {
			inside[old] = e
		}
	}
	next := ties{unique: true}
	for _, x := range t.list {
		x.column.ID = renamed(x.column.ID)
		next.add(x)
	}
	out := &logical.Aggregate{Input: in, Groups: next.columns()}
	order := logical.MapKeys(keys, func(e expr.Expr) expr.Expr { return logical.Substitute(e, inside) })
	for _, c := range cols {
		out.Aggs = append(out.Aggs, logical.AggItem{Col: c,
			Agg: expr.Aggregate{Func: "first", Args: []expr.Expr{inside[c.ID]}, Order: order, Typ: c.Type}})
	}
	return out, next
}
