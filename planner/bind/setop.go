package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

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

// columnValue is a reference to a column, or what it is when the plan is a
// projection of an untyped literal or parameter: that takes its type from where it is used.
func (b *binder) columnValue(plan logical.Node, c logical.Column) expr.Expr {
	if c.Type.Kind == expr.Unknown {
		if p, ok := plan.(*logical.Project); ok {
			for _, it := range p.Items {
				if it.Col.ID == c.ID {
					switch it.Expr.(type) {
					case *expr.Literal, *expr.Param:
						return it.Expr
					}
				}
			}
		}
		c.Type = expr.Of(expr.Text)
	}
	return c.Ref()
}
