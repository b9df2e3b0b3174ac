package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
)

// definition converts the statements that make, drop and empty things.
func (c *converter) definition(node *pg.Node, whole Loc, start int) Statement {
	if s, ok := c.access(node, whole, start); ok {
		return s
	}
	switch n := node.GetNode().(type) {
	case *pg.Node_CreateStmt:
		return c.createTable(n.CreateStmt, whole)
	case *pg.Node_CreateTableAsStmt:
		return c.createTableAs(n.CreateTableAsStmt, whole)
	case *pg.Node_ViewStmt:
		if kind := c.statementKind(start); strings.Contains(kind, " RECURSIVE ") {
			c.refuse(whole.Source, "%s is not supported", kind)
			c.err = hinted(c.err, "Use CREATE VIEW … AS WITH RECURSIVE ….")
			return nil
		}
		return c.createView(n.ViewStmt, whole)
	case *pg.Node_CreateSchemaStmt:
		s := n.CreateSchemaStmt
		if len(s.GetSchemaElts()) > 0 || s.GetAuthrole() != nil {
			c.refuse(whole.Source, "CREATE SCHEMA takes only a name")
			return nil
		}
		i := c.skip(start+2, "if", "not", "exists")
		return &CreateSchema{whole, c.ident(s.GetSchemaname(), i), s.GetIfNotExists()}
	case *pg.Node_RefreshMatViewStmt:
		s := n.RefreshMatViewStmt
		return &RefreshView{whole, c.relation(s.GetRelation()), s.GetConcurrent(), s.GetSkipData()}
	case *pg.Node_DropStmt:
		return c.drop(n.DropStmt, whole, start)
	case *pg.Node_TruncateStmt:
		out := &Truncate{Loc: whole, Cascade: n.TruncateStmt.GetBehavior() == pg.DropBehavior_DROP_CASCADE}
		for _, r := range n.TruncateStmt.GetRelations() {
			out.Tables = append(out.Tables, c.relation(r.GetRangeVar()))
		}
		return out
	}
	c.refuse(whole.Source, "%s is not supported", c.statementKind(start))
	return nil
}

// statementKind names a statement by its first words: "CREATE INDEX", "VACUUM".
func (c *converter) statementKind(start int) string {
	kind := strings.ToUpper(c.tokenText(start))
	if !c.is(start, "create", "alter", "drop") {
		return kind
	}
	i := c.skip(start+1, "or", "replace")
	for c.is(i, "temp", "temporary", "unlogged", "unique", "recursive") && c.kind(i+1) == tokenWord {
		kind += " " + strings.ToUpper(c.tokenText(i))
		i++
	}
	return kind + " " + strings.ToUpper(c.tokenText(i))
}

func (c *converter) drop(s *pg.DropStmt, whole Loc, start int) Statement {
	out := &Drop{Loc: whole, IfExists: s.GetMissingOk(), Cascade: s.GetBehavior() == pg.DropBehavior_DROP_CASCADE}
	i := start + 2
	switch s.GetRemoveType() {
	case pg.ObjectType_OBJECT_TABLE:
		out.Kind = Table
	case pg.ObjectType_OBJECT_VIEW:
		out.Kind = View
	case pg.ObjectType_OBJECT_MATVIEW:
		out.Kind = MaterializedView
		i++
	case pg.ObjectType_OBJECT_SCHEMA:
		out.Kind = Schema
	default:
		c.refuse(whole.Source, "%s is not supported", c.statementKind(start))
		return nil
	}
	i = c.skip(i, "if", "exists")
	for _, n := range s.GetObjects() {
		parts := []*pg.Node{n}
		if l := n.GetList(); l != nil {
			parts = l.GetItems()
		}
		name := c.name(parts, i)
		out.Names = append(out.Names, name)
		i = c.next(name.Span()) + 1
	}
	return out
}

func (c *converter) createTable(s *pg.CreateStmt, whole Loc) Statement {
	r := s.GetRelation()
	out := &CreateTable{Loc: whole, Name: c.relation(r), IfNotExists: s.GetIfNotExists(),
		Temporary: r.GetRelpersistence() == "t", Options: c.options(s.GetOptions())}
	if len(s.GetInhRelations()) > 0 || s.GetPartbound() != nil || s.GetPartspec() != nil || s.GetOfTypename() != nil {
		c.refuse(whole.Source, "inheritance, PARTITION BY and typed tables are not supported")
	}
	for _, n := range s.GetTableElts() {
		switch e := n.GetNode().(type) {
		case *pg.Node_ColumnDef:
			out.Columns = append(out.Columns, c.columnDef(e.ColumnDef))
		case *pg.Node_Constraint:
			out.Constraints = append(out.Constraints, c.constraint(e.Constraint))
		case *pg.Node_TableLikeClause:
			out.Like = append(out.Like, c.relation(e.TableLikeClause.GetRelation()))
		}
	}
	return out
}

func (c *converter) columnDefs(nodes []*pg.Node) []ColumnDef {
	var list []ColumnDef
	for _, n := range nodes {
		list = append(list, c.columnDef(n.GetColumnDef()))
	}
	return list
}

func (c *converter) columnDef(d *pg.ColumnDef) ColumnDef {
	out := ColumnDef{Name: c.ident(d.GetColname(), c.at(d.GetLocation())), Type: c.typeName(d.GetTypeName())}
	span := out.Name.Source.Union(out.Type.Source)
	if d.GetCollClause() != nil {
		c.refuse(span, "column collations are not supported")
	}
	for _, n := range d.GetConstraints() {
		k := c.constraint(n.GetConstraint())
		span = span.Union(k.Source)
		out.Constraints = append(out.Constraints, k)
	}
	out.Loc = Loc{span}
	return out
}

// constraint converts a constraint of a column or a table.
func (c *converter) constraint(k *pg.Constraint) Constraint {
	i := c.at(k.GetLocation())
	out := Constraint{}
	j := i
	if c.is(i, "constraint") {
		out.Name = c.ident(k.GetConname(), i+1)
		j = i + 2
	}
	end := j
	switch k.GetContype() {
	case pg.ConstrType_CONSTR_NOTNULL:
		out.Kind, end = NotNull, j+1
	case pg.ConstrType_CONSTR_NULL:
		out.Kind = Nullable
	case pg.ConstrType_CONSTR_DEFAULT:
		out.Kind, out.Value = DefaultValue, c.expr(k.GetRawExpr())
	case pg.ConstrType_CONSTR_CHECK:
		out.Kind, out.Value, end = Check, c.expr(k.GetRawExpr()), c.close(j+1)
	case pg.ConstrType_CONSTR_PRIMARY:
		out.Kind = PrimaryKey
		out.Columns, end = c.keyColumns(k.GetKeys(), j+2)
	case pg.ConstrType_CONSTR_UNIQUE:
		out.Kind = Unique
		out.Columns, end = c.keyColumns(k.GetKeys(), j+1)
	case pg.ConstrType_CONSTR_FOREIGN:
		out.Kind = ForeignKey
		out.Columns, _ = c.keyColumns(k.GetFkAttrs(), j+2)
		out.References = c.relation(k.GetPktable())
		out.Referenced, end = c.keyColumns(k.GetPkAttrs(), c.next(out.References.Span()))
	default:
		c.refuse(c.span(i, i), "this constraint is not supported")
	}
	var value []Expr
	if out.Value != nil {
		value = []Expr{out.Value}
	}
	out.Loc = Loc{c.cover(c.span(i, end), value...)}
	return out
}

// keyColumns are the columns in parentheses at i, perhaps none; the second result
// is the last token of what stands before and in the parentheses.
func (c *converter) keyColumns(keys []*pg.Node, i int) ([]Ident, int) {
	list, after := c.columns(keys, i)
	return list, after - 1
}

// into is what CREATE TABLE AS and CREATE MATERIALIZED VIEW share.
func (c *converter) into(into *pg.IntoClause) (Name, []Ident) {
	name := c.relation(into.GetRel())
	columns, _ := c.columns(into.GetColNames(), c.next(name.Span()))
	return name, columns
}

func (c *converter) createTableAs(s *pg.CreateTableAsStmt, whole Loc) Statement {
	into := s.GetInto()
	name, columns := c.into(into)
	selectStmt := s.GetQuery().GetSelectStmt()
	if selectStmt == nil {
		c.refuse(whole.Source, "CREATE TABLE AS takes only a query")
		return nil
	}
	query := c.query(selectStmt, c.afterAs(c.next(name.Span())))
	options := c.options(into.GetOptions())
	if s.GetObjtype() == pg.ObjectType_OBJECT_MATVIEW {
		return &CreateView{Loc: whole, Name: name, Columns: columns, Materialized: true,
			IfNotExists: s.GetIfNotExists(), NoData: into.GetSkipData(), Options: options, Query: query}
	}
	return &CreateTableAs{Loc: whole, Name: name, Columns: columns, IfNotExists: s.GetIfNotExists(),
		Temporary: into.GetRel().GetRelpersistence() == "t", NoData: into.GetSkipData(), Options: options, Query: query}
}

func (c *converter) createView(s *pg.ViewStmt, whole Loc) Statement {
	out := &CreateView{Loc: whole, Name: c.relation(s.GetView()), OrReplace: s.GetReplace(),
		Temporary: s.GetView().GetRelpersistence() == "t", Options: c.options(s.GetOptions())}
	out.Columns, _ = c.columns(s.GetAliases(), c.next(out.Name.Span()))
	out.Query = c.query(s.GetQuery().GetSelectStmt(), c.afterAs(c.next(out.Name.Span())))
	if s.GetWithCheckOption() > pg.ViewCheckOption_NO_CHECK_OPTION {
		c.refuse(whole.Source, "WITH CHECK OPTION is not supported")
	}
	return out
}

// afterAs is the index after the next AS outside parentheses.
func (c *converter) afterAs(i int) int {
	for ; i < c.end; i++ {
		if c.is(i, "as") {
			return i + 1
		}
		i = c.close(i)
	}
	return i
}
