package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// query binds a whole query. outer is the scope around it (nil at the top), ctes
// the common tables it can see.
func (b *binder) query(q *sql.Query, outer *scope, ctes *cteScope) (relation, error) {
	if err := b.enter(q.Span()); err != nil {
		return relation{}, err
	}
	defer b.leave()
	if q.With != nil {
		var err error
		if ctes, err = b.with(q.With, outer, ctes); err != nil {
			return relation{}, err
		}
	}
	var r relation
	var err error
	switch body := q.Body.(type) {
	case *sql.Select:
		r, err = b.selectQuery(body, q.OrderBy, outer, ctes)
	case *sql.SetOp:
		if r, err = b.setOp(body, outer, ctes); err == nil {
			r.plan, err = b.orderByOutput(r, q.OrderBy, nil)
		}
	case *sql.Values:
		if r, err = b.values(body, outer, ctes); err == nil {
			r.plan, err = b.orderByOutput(r, q.OrderBy, &scope{parent: outer, ctes: ctes})
		}
	}
	if err != nil {
		return relation{}, err
	}
	return b.limit(r, q)
}

func (b *binder) with(w *sql.With, outer *scope, ctes *cteScope) (*cteScope, error) {
	seen := map[string]bool{}
	for _, t := range w.Tables {
		if seen[t.Name.Text] {
			return nil, sqlerr.At(sqlerr.DuplicateAlias, t.Name.Span(), "WITH query name %q specified more than once", t.Name.Text)
		}
		seen[t.Name.Text] = true
		q, ok := t.Statement.(*sql.Query)
		if !ok {
			return nil, unsupported(t.Span(), "data-modifying statements in WITH are not supported")
		}
		r, err := b.query(q, outer, ctes)
		if err != nil {
			if w.Recursive && sqlerr.CodeOf(err) == sqlerr.UndefinedTable {
				return nil, unsupported(t.Name.Span(), "recursive queries are not supported")
			}
			return nil, err
		}
		if have := len(r.cols); len(t.Columns) > have {
			return nil, sqlerr.At(sqlerr.InvalidColumnReference, t.Columns[have].Span(),
				"WITH query %q has %d columns available but %d columns specified", t.Name.Text, have, len(t.Columns))
		}
		r = b.distinctColumns(b.settle(r))
		b.lastShared++
		shared := &logical.Shared{ID: b.lastShared, Name: t.Name.Text, Input: r.plan}
		cols := append([]logical.Column(nil), r.cols...)
		for i, a := range t.Columns {
			cols[i].Name = a.Text
		}
		ctes = &cteScope{parent: ctes, name: t.Name.Text, plan: shared, cols: cols}
	}
	return ctes, nil
}

// distinctColumns gives a relation a plan that delivers just its columns, each
// under an ID of its own.
func (b *binder) distinctColumns(r relation) relation {
	seen := logical.Set{}
	items := make([]logical.Item, len(r.cols))
	cols := append([]logical.Column(nil), r.cols...)
	for i, c := range cols {
		items[i] = logical.Item{Col: c, Expr: c.Ref()}
		if seen[c.ID] {
			cols[i] = b.newColumn(c.Name, c.Type, c.Nullable)
			items[i].Col = cols[i]
		}
		seen[c.ID] = true
	}
	return relation{plan: &logical.Project{Input: r.plan, Items: items}, cols: cols}
}
