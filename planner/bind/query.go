package bind

import (
	"math"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
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
	if q.WithTies {
		return relation{}, unsupported(q.Span(), "FETCH FIRST … WITH TIES is not supported")
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
		if err := checkColumnAliases(t.Name.Text, t.Columns, len(r.cols)); err != nil {
			return nil, err
		}
		r = b.distinctColumns(r)
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

func (b *binder) limit(r relation, q *sql.Query) (relation, error) {
	if q.Limit == nil && q.Offset == nil {
		return r, nil
	}
	n := &logical.Limit{Input: r.plan, Count: -1}
	if q.Limit != nil {
		v, null, err := b.count(q.Limit, "LIMIT", sqlerr.InvalidRowCountInLimit)
		if err != nil {
			return r, err
		}
		if !null {
			n.Count = v
		}
	}
	if q.Offset != nil {
		v, _, err := b.count(q.Offset, "OFFSET", sqlerr.InvalidRowCountInOffset)
		if err != nil {
			return r, err
		}
		n.Offset = v
	}
	if n.Count >= 0 && n.Offset > math.MaxInt64-n.Count {
		n.Count = math.MaxInt64 - n.Offset
	}
	r.plan = n
	return r, nil
}

// count evaluates the expression of LIMIT or OFFSET, which must be constant.
func (b *binder) count(e sql.Expr, what string, negative sqlerr.Code) (v int64, null bool, err error) {
	x := &exprs{b: b, scope: &scope{}, place: what}
	bound, err := x.bind(e)
	if sqlerr.CodeOf(err) == sqlerr.UndefinedColumn {
		return 0, false, sqlerr.At(sqlerr.InvalidColumnReference, e.Span(), "argument of %s must not contain variables", what)
	}
	if err != nil {
		return 0, false, err
	}
	if len(x.pending) > 0 {
		return 0, false, unsupported(e.Span(), "a subquery in %s is not supported", what)
	}
	if bound, err = b.coerce(bound, expr.Of(expr.Int8), assignment); err != nil {
		return 0, false, err
	}
	if _, ok := bound.(*expr.Param); ok {
		return 0, true, nil // the statement is only described
	}
	val, err := eval.Constant(bound)
	if err != nil {
		return 0, false, sqlerr.AtSpan(err, e.Span())
	}
	if val.Null {
		return 0, true, nil
	}
	if val.I < 0 {
		return 0, false, sqlerr.At(negative, e.Span(), "%s must not be negative", what)
	}
	return val.I, false, nil
}

// setOp binds UNION, INTERSECT and EXCEPT.
func (b *binder) setOp(s *sql.SetOp, outer *scope, ctes *cteScope) (relation, error) {
	if err := b.enter(s.Span()); err != nil {
		return relation{}, err
	}
	defer b.leave()
	left, err := b.query(s.Left, outer, ctes)
	if err != nil {
		return relation{}, err
	}
	right, err := b.query(s.Right, outer, ctes)
	if err != nil {
		return relation{}, err
	}
	word := map[sql.SetKind]string{sql.Union: "UNION", sql.Intersect: "INTERSECT", sql.Except: "EXCEPT"}[s.Kind]
	if len(left.cols) != len(right.cols) {
		return relation{}, sqlerr.At(sqlerr.SyntaxError, s.Right.Span(), "each %s query must have the same number of columns", word)
	}
	node := &logical.SetOp{Args: make([]logical.Node, 2), Maps: make([][]expr.ColumnID, 2)}
	types := make([]expr.Type, len(left.cols))
	for i := range types {
		if types[i], err = expr.CommonType(word, left.cols[i].Type, right.cols[i].Type); err != nil {
			return relation{}, sqlerr.AtSpan(err, s.Right.Span())
		}
		if types[i].Kind == expr.Unknown {
			types[i] = expr.Of(expr.Text)
		}
		node.Cols = append(node.Cols, b.newColumn(left.cols[i].Name, types[i], left.cols[i].Nullable || right.cols[i].Nullable))
	}
	for i, r := range []relation{left, right} {
		if node.Args[i], node.Maps[i], err = b.castColumns(r, types); err != nil {
			return relation{}, err
		}
	}
	var plan logical.Node = node
	switch {
	case s.Kind == sql.Union:
		node.Kind = logical.UnionAll
		if !s.All {
			plan = &logical.Aggregate{Input: node, Groups: node.Cols}
		}
	case s.Kind == sql.Intersect && s.All:
		node.Kind = logical.IntersectAll
	case s.Kind == sql.Intersect:
		node.Kind = logical.Intersect
	case s.All:
		node.Kind = logical.ExceptAll
	default:
		node.Kind = logical.Except
	}
	return relation{plan: plan, cols: node.Cols}, nil
}

// castColumns gives the columns of r the types wanted, by a projection when one
// differs, and says which columns those are.
func (b *binder) castColumns(r relation, types []expr.Type) (logical.Node, []expr.ColumnID, error) {
	items := make([]logical.Item, len(r.cols))
	ids := make([]expr.ColumnID, len(r.cols))
	changed := false
	for i, c := range r.cols {
		items[i] = logical.Item{Col: c, Expr: c.Ref()}
		if !c.Type.Equal(types[i]) {
			e, err := b.coerce(b.columnValue(r.plan, c), types[i], assignment)
			if err != nil {
				return nil, nil, err
			}
			items[i] = logical.Item{Col: b.newColumn(c.Name, types[i], c.Nullable), Expr: e}
			changed = true
		}
		ids[i] = items[i].Col.ID
	}
	if !changed {
		return r.plan, ids, nil
	}
	seen := logical.Set{}
	unique := items[:0:0]
	for _, it := range items {
		if !seen[it.Col.ID] {
			seen[it.Col.ID] = true
			unique = append(unique, it)
		}
	}
	return &logical.Project{Input: r.plan, Items: unique}, ids, nil
}

// columnValue is a reference to a column, or the literal it is when the plan is a
// projection of an untyped literal: that takes its type from where it is used.
func (b *binder) columnValue(plan logical.Node, c logical.Column) expr.Expr {
	if c.Type.Kind == expr.Unknown {
		if p, ok := plan.(*logical.Project); ok {
			for _, it := range p.Items {
				if it.Col.ID == c.ID {
					if l, ok := it.Expr.(*expr.Literal); ok {
						return l
					}
				}
			}
		}
		c.Type = expr.Of(expr.Text)
	}
	return c.Ref()
}

// values binds VALUES.
func (b *binder) values(v *sql.Values, outer *scope, ctes *cteScope) (relation, error) {
	width := len(v.Rows[0].Values)
	x := &exprs{b: b, scope: &scope{parent: outer, ctes: ctes}, place: "VALUES"}
	rows := make([][]expr.Expr, len(v.Rows))
	for i, row := range v.Rows {
		if len(row.Values) != width {
			return relation{}, sqlerr.At(sqlerr.SyntaxError, row.Span(), "VALUES lists must all be the same length")
		}
		for _, e := range row.Values {
			bound, err := x.bind(e)
			if err != nil {
				return relation{}, err
			}
			rows[i] = append(rows[i], bound)
		}
	}
	cols := make([]logical.Column, width)
	for c := range width {
		column := make([]expr.Expr, len(rows))
		for i := range rows {
			column[i] = rows[i][c]
		}
		t, err := b.unify("VALUES", column)
		if err != nil {
			return relation{}, err
		}
		for i := range rows {
			rows[i][c] = column[i]
		}
		cols[c] = b.newColumn(columnName(c), t, true)
	}
	return relation{plan: b.valuesPlan(x, rows, cols), cols: cols}, nil
}

// valuesPlan is a Values node when all rows are constant, else a union of
// projections.
func (b *binder) valuesPlan(x *exprs, rows [][]expr.Expr, cols []logical.Column) logical.Node {
	constant := len(x.pending) == 0
	out := make([][]expr.Value, len(rows))
	for i, row := range rows {
		for _, e := range row {
			l, ok := e.(*expr.Literal)
			if !ok {
				if f, err := eval.Fold(e); err == nil {
					l, ok = f.(*expr.Literal)
				}
			}
			if !ok {
				constant = false
				break
			}
			out[i] = append(out[i], l.Value)
		}
	}
	if constant {
		return &logical.Values{Cols: cols, Rows: out}
	}
	base := b.attach(one(), x.pending)
	if len(rows) == 1 {
		return &logical.Project{Input: base, Items: items(cols, rows[0])}
	}
	union := &logical.SetOp{Kind: logical.UnionAll, Cols: cols}
	for _, row := range rows {
		fresh := make([]logical.Column, len(cols))
		ids := make([]expr.ColumnID, len(cols))
		for i, c := range cols {
			fresh[i] = b.newColumn(c.Name, c.Type, true)
			ids[i] = fresh[i].ID
		}
		var input logical.Node = one()
		if len(x.pending) > 0 {
			input = base
		}
		union.Args = append(union.Args, &logical.Project{Input: input, Items: items(fresh, row)})
		union.Maps = append(union.Maps, ids)
	}
	return union
}

func items(cols []logical.Column, values []expr.Expr) []logical.Item {
	out := make([]logical.Item, len(cols))
	for i := range cols {
		out[i] = logical.Item{Col: cols[i], Expr: values[i]}
	}
	return out
}

// one is the plan of a query without FROM: one row, no columns.
func one() *logical.Values { return &logical.Values{Rows: [][]expr.Value{{}}} }
