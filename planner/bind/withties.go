package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// withTies is FETCH FIRST … WITH TIES: the rows that are not behind the last one
// that the count takes. The plan is read twice, once for that row's keys; where
// there is no such row, all are kept.
func (b *binder) withTies(r relation, count, offset int64, span sqlerr.Span) (relation, error) {
	sort, ok := r.plan.(*logical.Sort)
	if !ok {
		return r, sqlerr.At(sqlerr.SyntaxError, span, "WITH TIES cannot be specified without ORDER BY clause")
	}
	if count == 0 {
		r.plan = &logical.Limit{Input: sort, Count: 0}
		return r, nil
	}
	keys := make([]logical.Item, len(sort.Keys))
	for i, k := range sort.Keys {
		c, ok := k.Expr.(*expr.Column)
		if !ok {
			c = b.newColumn("", k.Expr.Type(), true).Ref()
		}
		keys[i] = logical.Item{Col: logical.Column{ID: c.ID, Name: c.Name, Type: c.Typ, Nullable: c.Nullable}, Expr: k.Expr}
	}
	b.lastShared++
	shared := &logical.Shared{ID: b.lastShared, Name: "with ties", Input: extend(sort.Input, keys)}
	rows, own := b.reference(shared)
	again, its := b.reference(shared)

	ordered := func(by map[expr.ColumnID]expr.Expr) []expr.SortKey {
		out := make([]expr.SortKey, len(keys))
		for i, k := range sort.Keys {
			k.Expr = by[keys[i].Col.ID]
			out[i] = k
		}
		return out
	}
	found := b.newColumn("found", expr.Of(expr.Bool), false)
	last := &logical.Project{Items: []logical.Item{{Col: found, Expr: expr.True()}},
		Input: &logical.Limit{Input: &logical.Sort{Input: again, Keys: ordered(its)}, Offset: offset + count - 1, Count: 1}}
	bounds := make([]expr.Expr, len(keys))
	for i, k := range keys {
		col := b.newColumn(k.Col.Name, k.Col.Type, true)
		last.Items = append(last.Items, logical.Item{Col: col, Expr: its[k.Col.ID]})
		bounds[i] = col.Ref()
	}
	none := found.Ref()
	none.Nullable = true
	var kept logical.Node = &logical.Filter{
		Input: &logical.Join{Kind: logical.Left, Left: rows, Right: last},
		Conds: []expr.Expr{truth(expr.OpOr, truth(expr.OpIsNull, none), notBehind(ordered(own), bounds))},
	}
	kept = &logical.Sort{Input: kept, Keys: ordered(own)}
	if offset > 0 {
		kept = &logical.Limit{Input: kept, Offset: offset, Count: -1}
	}
	out := relation{plan: kept, cols: make([]logical.Column, len(r.cols))}
	for i, c := range r.cols {
		out.cols[i] = c
		out.cols[i].ID = own[c.ID].(*expr.Column).ID
	}
	return out, nil
}

// notBehind says that a row with these keys does not come after the bounds.
func notBehind(keys []expr.SortKey, bounds []expr.Expr) expr.Expr {
	if len(keys) == 0 {
		return expr.True()
	}
	k, bound := keys[0], bounds[0]
	op := expr.OpLt
	if k.Desc {
		op = expr.OpGt
	}
	before := truth(expr.OpAnd, truth(expr.OpIsNotNull, k.Expr), truth(expr.OpIsNull, bound))
	if k.NullsFirst {
		before = truth(expr.OpAnd, truth(expr.OpIsNull, k.Expr), truth(expr.OpIsNotNull, bound))
	}
	same := truth(expr.OpAnd, truth(expr.OpIsNotDistinct, k.Expr, bound), notBehind(keys[1:], bounds[1:]))
	return truth(expr.OpOr, truth(op, k.Expr, bound), before, same)
}

func truth(op string, args ...expr.Expr) expr.Expr {
	return &expr.Call{Name: op, Args: args, Typ: expr.Of(expr.Bool)}
}

// reference reads a shared plan: every column under a new ID, and by the old ones
// what reads the new.
func (b *binder) reference(shared *logical.Shared) (*logical.Reference, map[expr.ColumnID]expr.Expr) {
	ref := &logical.Reference{Plan: shared}
	own := map[expr.ColumnID]expr.Expr{}
	for _, c := range shared.Input.Columns() {
		if own[c.ID] != nil {
			continue
		}
		fresh := b.newColumn(c.Name, c.Type, c.Nullable)
		own[c.ID] = fresh.Ref()
		ref.Cols, ref.Source = append(ref.Cols, fresh), append(ref.Source, c.ID)
	}
	return ref, own
}
