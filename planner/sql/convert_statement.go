package sql

import (
	"strconv"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/skein-query/skein/internal/sqlerr"
)

// statement converts a statement whose first token is at start.
func (c *converter) statement(node *pg.Node, start int) Statement {
	whole := c.loc(start, c.statementLast(start))
	switch n := node.GetNode().(type) {
	case *pg.Node_SelectStmt:
		return c.query(n.SelectStmt, start)
	case *pg.Node_InsertStmt:
		return c.insert(n.InsertStmt, whole)
	case *pg.Node_UpdateStmt:
		return c.update(n.UpdateStmt, whole)
	case *pg.Node_DeleteStmt:
		return c.delete(n.DeleteStmt, whole)
	case *pg.Node_ExplainStmt:
		return c.explain(n.ExplainStmt, whole, start)
	case *pg.Node_PrepareStmt:
		return c.prepare(n.PrepareStmt, whole, start)
	case *pg.Node_ExecuteStmt:
		return &Execute{whole, c.ident(n.ExecuteStmt.GetName(), start+1), c.exprs(n.ExecuteStmt.GetParams())}
	case *pg.Node_DeallocateStmt:
		out := &Deallocate{Loc: whole}
		if name := n.DeallocateStmt.GetName(); name != "" {
			out.Name = c.ident(name, c.skip(start+1, "prepare"))
		}
		return out
	case *pg.Node_TransactionStmt:
		return c.transaction(n.TransactionStmt, whole)
	case *pg.Node_VariableSetStmt:
		return c.set(n.VariableSetStmt, whole)
	case *pg.Node_VariableShowStmt:
		return &Show{whole, n.VariableShowStmt.GetName()}
	case *pg.Node_CopyStmt:
		return c.copy(n.CopyStmt, whole, start)
	}
	return c.definition(node, whole, start)
}

// statementLast is the last token of the statement that begins at start: the
// bracket around it ends it, or the text.
func (c *converter) statementLast(start int) int {
	if start > c.first && c.isPunct(start-1, '(') {
		return c.close(start-1) - 1
	}
	return c.end - 1
}

func (c *converter) explain(e *pg.ExplainStmt, whole Loc, start int) Statement {
	out := &Explain{Loc: whole, Options: c.options(e.GetOptions())}
	i := c.afterParens(start + 1)
	i = c.skip(i, "analyze")
	i = c.skip(i, "analyse")
	i = c.skip(i, "verbose")
	out.Statement = c.statement(e.GetQuery(), i)
	for k, n := range e.GetOptions() { // EXPLAIN ANALYZE without parentheses has no places
		if n.GetDefElem().GetLocation() < 0 {
			out.Options[k].Source = c.wordSpan(start+1, i, out.Options[k].Name)
		}
	}
	return out
}

func (c *converter) prepare(p *pg.PrepareStmt, whole Loc, start int) Statement {
	out := &Prepare{Loc: whole, Name: c.ident(p.GetName(), start+1)}
	for _, n := range p.GetArgtypes() {
		out.Types = append(out.Types, c.typeName(n.GetTypeName()))
	}
	out.Statement = c.statement(p.GetQuery(), c.afterParens(start+2)+1)
	return out
}

func (c *converter) transaction(t *pg.TransactionStmt, whole Loc) Statement {
	switch t.GetKind() {
	case pg.TransactionStmtKind_TRANS_STMT_BEGIN, pg.TransactionStmtKind_TRANS_STMT_START:
		return &Begin{whole, c.options(t.GetOptions())}
	case pg.TransactionStmtKind_TRANS_STMT_COMMIT:
		return &Commit{whole}
	case pg.TransactionStmtKind_TRANS_STMT_ROLLBACK:
		return &Rollback{whole}
	}
	c.refuse(whole.Source, "savepoints and two-phase commit are not supported")
	return nil
}

func (c *converter) set(s *pg.VariableSetStmt, whole Loc) Statement {
	switch s.GetKind() {
	case pg.VariableSetKind_VAR_RESET:
		return &Reset{whole, s.GetName()}
	case pg.VariableSetKind_VAR_RESET_ALL:
		return &Reset{Loc: whole}
	case pg.VariableSetKind_VAR_SET_MULTI:
		if s.GetName() == "TRANSACTION SNAPSHOT" {
			c.refuse(whole.Source, "SET TRANSACTION SNAPSHOT is not supported")
			return nil
		}
		return &SetTransaction{whole, s.GetName() != "TRANSACTION", c.options(s.GetArgs())}
	case pg.VariableSetKind_VAR_SET_CURRENT:
		c.refuse(whole.Source, "SET FROM CURRENT is not supported")
		return nil
	}
	return &Set{whole, s.GetName(), s.GetIsLocal(), c.exprs(s.GetArgs())}
}

func (c *converter) copy(s *pg.CopyStmt, whole Loc, start int) Statement {
	out := &Copy{Loc: whole, From: s.GetIsFrom(), File: s.GetFilename(), Options: c.options(s.GetOptions())}
	if s.GetIsProgram() {
		c.refuse(whole.Source, "COPY with PROGRAM is not supported")
	}
	if r := s.GetRelation(); r != nil {
		out.Table = c.relation(r)
		out.Columns, _ = c.columns(s.GetAttlist(), c.next(out.Table.Span()))
	}
	if q := s.GetQuery(); q != nil {
		out.Query, _ = c.statement(q, start+2).(*Query)
		if out.Query == nil {
			c.refuse(whole.Source, "COPY takes only a query")
		}
	}
	out.Where = c.expr(s.GetWhereClause())
	return out
}

// options converts a list of options; their values become text.
func (c *converter) options(nodes []*pg.Node) []Option {
	var list []Option
	for _, n := range nodes {
		d := n.GetDefElem()
		o := Option{Loc: Loc{c.place(d.GetLocation())}, Name: strings.ToLower(d.GetDefname()), Value: c.optionValue(d.GetArg())}
		if ns := d.GetDefnamespace(); ns != "" {
			o.Name = ns + "." + o.Name
		}
		if i := c.at(d.GetLocation()); i >= 0 {
			o.Source = o.Source.Union(c.span(i, c.optionEnd(i)))
		}
		list = append(list, o)
	}
	return list
}

// optionEnd is the last token of the option at i: before the next comma or bracket.
func (c *converter) optionEnd(i int) int {
	for k := i; k+1 < c.end; k++ {
		if c.isPunct(k+1, ',') || c.isPunct(k+1, ')') {
			return k
		}
		if next := c.close(k + 1); next != k+1 {
			k = next - 1
		}
	}
	return i
}

func (c *converter) optionValue(n *pg.Node) string {
	switch v := n.GetNode().(type) {
	case nil:
		return ""
	case *pg.Node_String_:
		return v.String_.GetSval()
	case *pg.Node_Integer:
		return strconv.Itoa(int(v.Integer.GetIval()))
	case *pg.Node_Float:
		return v.Float.GetFval()
	case *pg.Node_Boolean:
		if v.Boolean.GetBoolval() {
			return "true"
		}
		return "false"
	case *pg.Node_AConst:
		return c.literal(v.AConst).(*Literal).Text
	case *pg.Node_TypeName:
		names := v.TypeName.GetNames()
		return str(names[len(names)-1])
	case *pg.Node_List:
		var parts []string
		for _, item := range v.List.GetItems() {
			parts = append(parts, c.optionValue(item))
		}
		return strings.Join(parts, ", ")
	case *pg.Node_AStar:
		return "*"
	}
	c.refuse(c.span(c.first, c.end-1), "this option's value is not supported")
	return ""
}

// wordSpan is the span of the word between tokens i and j, zero when it is not there.
func (c *converter) wordSpan(i, j int, word string) (s sqlerr.Span) {
	for ; i < j; i++ {
		if c.is(i, word) {
			return c.span(i, i)
		}
	}
	return s
}
