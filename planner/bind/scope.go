package bind

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// scope is the names an expression can see: the columns of a FROM clause, and
// those of the queries around it.
type scope struct {
	parent *scope
	cols   []scopeColumn
	ctes   *cteScope
	user   *exprs        // the expressions in which a subquery stands that sees this scope around it
	hidden []scopeColumn // what a subquery in FROM could see if it were LATERAL
}

// scopeColumn is a column under the name of its table.
type scopeColumn struct {
	table  string // alias or name of the table, "" for a merged column of USING
	schema string
	name   string
	value  expr.Expr // a *expr.Column, but for the merged column of a FULL JOIN USING
	merged bool      // visible only qualified: the unqualified name is a merged column
}

// cteScope is a chain of common tables, the innermost first.
type cteScope struct {
	parent *cteScope
	name   string
	plan   *logical.Shared
	cols   []logical.Column
}

func (c *cteScope) find(name string) *cteScope {
	for ; c != nil; c = c.parent {
		if c.name == name {
			return c
		}
	}
	return nil
}

// resolve finds the column that a name means, in this scope or one around it.
func (b *binder) resolve(s *scope, name sql.Name) (expr.Expr, error) {
	schema, table, column := split(name)
	for at := s; at != nil; at = at.parent {
		var found []scopeColumn
		for _, c := range at.cols {
			if c.name == column && (table == "" && !c.merged || table != "" && c.table == table && (schema == "" || c.schema == schema)) {
				found = append(found, c)
			}
		}
		switch len(found) {
		case 0:
			continue
		case 1:
			return placed(found[0].value, name.Span()), b.mayRead(found[0], name.Span())
		}
		return nil, sqlerr.At(sqlerr.AmbiguousColumn, name.Span(), "column reference %q is ambiguous", column)
	}
	return nil, b.unknownColumn(s, name)
}

func (b *binder) unknownColumn(s *scope, name sql.Name) error {
	_, table, column := split(name)
	var tables, columns []string
	known := false
	for at := s; at != nil; at = at.parent {
		for _, c := range at.cols {
			tables = append(tables, c.table)
			if table == "" || c.table == table {
				columns = append(columns, c.name)
				known = true
			}
		}
	}
	if table != "" && !known {
		for at := s; at != nil; at = at.parent {
			if slices.ContainsFunc(at.hidden, func(c scopeColumn) bool { return c.table == table }) {
				return sqlerr.At(sqlerr.UndefinedTable, name.Span(), "invalid reference to FROM-clause entry for table %q", table).
					WithHint("To reference that table, you must mark this subquery with LATERAL.")
			}
		}
		return sqlerr.At(sqlerr.UndefinedTable, name.Span(), "missing FROM-clause entry for table %q", table).
			WithHint("%s", sqlerr.DidYouMean(table, tables))
	}
	shown := column
	if table != "" {
		return sqlerr.At(sqlerr.UndefinedColumn, name.Span(), "column %s.%s does not exist", table, column).
			WithHint("%s", sqlerr.DidYouMean(column, columns))
	}
	return sqlerr.At(sqlerr.UndefinedColumn, name.Span(), "column %q does not exist", shown).
		WithHint("%s", sqlerr.DidYouMean(column, columns))
}

// split takes a name apart: schema, table, column. A catalog in front is ignored.
func split(name sql.Name) (schema, table, column string) {
	p := name.Parts
	column = p[len(p)-1].Text
	if len(p) > 1 {
		table = p[len(p)-2].Text
	}
	if len(p) > 2 {
		schema = p[len(p)-3].Text
	}
	return schema, table, column
}

// placed is a column reference with the place where it is used.
func placed(e expr.Expr, span sqlerr.Span) expr.Expr {
	if c, ok := e.(*expr.Column); ok {
		d := *c
		d.Span = span
		return &d
	}
	return e
}

// add puts all columns of a relation into the scope under a table name.
func (s *scope) add(schema, table string, cols []logical.Column) {
	for _, c := range cols {
		s.cols = append(s.cols, scopeColumn{table: table, schema: schema, name: c.Name, value: c.Ref()})
	}
}

// nullable marks the columns as those an outer join may fill with NULLs.
func nullable(cols []scopeColumn) []scopeColumn {
	out := make([]scopeColumn, len(cols))
	for i, c := range cols {
		if r, ok := c.value.(*expr.Column); ok && !r.Nullable {
			d := *r
			d.Nullable = true
			c.value = &d
		}
		out[i] = c
	}
	return out
}
