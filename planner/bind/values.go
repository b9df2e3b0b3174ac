package bind

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

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
