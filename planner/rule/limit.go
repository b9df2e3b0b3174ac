package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// limit decorrelates LIMIT 1: per combination of tied values the row that the
// order has first, as the aggregate first of every column. A greater LIMIT and an
// OFFSET would need the rank of a row within its group and are refused.
func (u *unnester) limit(n *logical.Limit, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	if n.Offset > 0 || n.Count > 1 {
		u.err = unsupportedCorrelation("OFFSET or a LIMIT above 1")
		return nil, ties{}
	}
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
	case n.Count < 0 || n.Count == 1 && t.unique:
		return in, t
	case n.Count == 0:
		return &logical.Filter{Input: in, Conds: []expr.Expr{expr.False()}}, t
	}
	by := t.substitution()
	keys = logical.MapKeys(keys, func(e expr.Expr) expr.Expr { return logical.Substitute(e, by) })
	return u.firstRows(in, n.Columns(), keys, t)
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
