package bind

import (
	"fmt"
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// table binds an item of FROM. left is the scope of the items before it, which a
// LATERAL item may use; dependent says that it does.
func (b *binder) table(t sql.TableExpr, left, outer *scope, ctes *cteScope) (_ logical.Node, _ []scopeColumn, dependent bool, err error) {
	if err := b.enter(t.Span()); err != nil {
		return nil, nil, false, err
	}
	defer b.leave()
	switch t := t.(type) {
	case *sql.TableName:
		plan, cols, err := b.tableName(t, ctes)
		return plan, cols, false, err
	case *sql.Subquery:
		around := &scope{parent: outer, hidden: left.cols}
		if t.Lateral {
			around = &scope{parent: left.parent, cols: left.cols}
		}
		r, err := b.query(t.Query, around, ctes)
		if err != nil {
			return nil, nil, false, err
		}
		r = b.settle(r)
		cols, err := aliased(t.Alias, "", r.cols)
		return r.plan, cols, t.Lateral && logical.Free(r.plan).Meets(scopeSet(left)), err
	case *sql.Join:
		return b.join(t, left, outer, ctes)
	case *sql.TableFunction:
		plan, cols, err := b.tableFunction(t)
		return plan, cols, false, err
	}
	return nil, nil, false, unsupported(t.Span(), "this FROM item is not supported")
}

func scopeSet(s *scope) logical.Set {
	set := logical.Set{}
	for _, c := range s.cols {
		expr.Columns(c.value, set)
	}
	return set
}

// settle gives output columns of unknown type the type text.
func (b *binder) settle(r relation) relation {
	types := make([]expr.Type, len(r.cols))
	change := false
	for i, c := range r.cols {
		types[i] = c.Type
		if c.Type.Kind == expr.Unknown {
			types[i], change = expr.Of(expr.Text), true
		}
	}
	if !change {
		return r
	}
	plan, ids, err := b.castColumns(r, types)
	if err != nil {
		return r // text takes every untyped literal
	}
	cols := append([]logical.Column(nil), r.cols...)
	for i := range cols {
		cols[i].ID, cols[i].Type = ids[i], types[i]
	}
	return relation{plan: plan, cols: cols}
}

// aliased is columns under a table alias with its column aliases.
func aliased(a sql.Alias, table string, cols []logical.Column) ([]scopeColumn, error) {
	if !a.Name.IsZero() {
		table = a.Name.Text
	}
	if err := checkColumnAliases(table, a.Columns, len(cols)); err != nil {
		return nil, err
	}
	out := make([]scopeColumn, len(cols))
	for i, c := range cols {
		if i < len(a.Columns) {
			c.Name = a.Columns[i].Text
		}
		out[i] = scopeColumn{table: table, name: c.Name, value: c.Ref()}
	}
	return out, nil
}

func checkColumnAliases(table string, aliases []sql.Ident, have int) error {
	if len(aliases) > have {
		return sqlerr.At(sqlerr.InvalidColumnReference, aliases[have].Span(),
			"table %q has %d columns available but %d columns specified", table, have, len(aliases))
	}
	return nil
}

// checkAliases refuses a table name that FROM holds twice.
func checkAliases(seen map[string]bool, t sql.TableExpr) error {
	name, span := "", t.Span()
	switch t := t.(type) {
	case *sql.TableName:
		name = t.Name.Last().Text
		if !t.Alias.Name.IsZero() {
			name = t.Alias.Name.Text
		}
	case *sql.Subquery:
		name = t.Alias.Name.Text
	case *sql.TableFunction:
		name = t.Alias.Name.Text
	case *sql.Join:
		if t.Alias.Name.IsZero() {
			if err := checkAliases(seen, t.Left); err != nil {
				return err
			}
			return checkAliases(seen, t.Right)
		}
		name = t.Alias.Name.Text
	}
	if name == "" {
		return nil
	}
	if seen[name] {
		return sqlerr.At(sqlerr.DuplicateAlias, span, "table name %q specified more than once", name)
	}
	seen[name] = true
	return nil
}

func (b *binder) tableName(t *sql.TableName, ctes *cteScope) (logical.Node, []scopeColumn, error) {
	_, schema, name := split(t.Name)
	if schema == "" {
		if c := ctes.find(name); c != nil {
			return b.commonTable(c, t)
		}
	}
	table, err := b.catalog.Table(b.ctx, schema, name)
	if err != nil {
		if sqlerr.CodeOf(err) == sqlerr.UndefinedTable {
			return nil, nil, sqlerr.At(sqlerr.UndefinedTable, t.Name.Span(), "relation %q does not exist", t.Name.String()).
				WithHint("%s", b.nearestTable(schema, name))
		}
		return nil, nil, sqlerr.AtSpan(err, t.Name.Span())
	}
	plan, visible, err := b.guarded(table)
	if err != nil {
		return nil, nil, err
	}
	cols, err := aliased(t.Alias, name, visible)
	if t.Alias.Name.IsZero() {
		for i := range cols {
			cols[i].schema = table.Schema
		}
	}
	return plan, cols, err
}

func (b *binder) nearestTable(schema, name string) string {
	names := b.catalog.TableNames(b.ctx)
	if schema != "" && slices.Contains(names, name) {
		return fmt.Sprintf("There is a table %q, but not in schema %q.", name, schema)
	}
	return sqlerr.DidYouMean(name, names)
}

// read is a plan that delivers all columns of a table.
func (b *binder) read(table *logical.Table) logical.Node {
	cols := make([]logical.Column, len(table.Fields))
	fields := make([]int, len(table.Fields))
	for i, f := range table.Fields {
		cols[i] = b.newColumn(f.Name, f.Type, f.Nullable)
		fields[i] = i
	}
	if table.Files == nil && table.Rows != nil {
		return &logical.Values{Cols: cols, Rows: table.Rows}
	}
	return &logical.Scan{Table: table, Cols: cols, Fields: fields}
}

func (b *binder) commonTable(c *cteScope, t *sql.TableName) (logical.Node, []scopeColumn, error) {
	ref := &logical.Reference{Plan: c.plan}
	for _, col := range c.cols {
		ref.Source = append(ref.Source, col.ID)
		ref.Cols = append(ref.Cols, b.newColumn(col.Name, col.Type, col.Nullable))
	}
	cols, err := aliased(t.Alias, c.name, ref.Cols)
	return ref, cols, err
}
