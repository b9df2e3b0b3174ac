package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/skein-query/skein/internal/sqlerr"
)

// fromList converts a comma list of tables whose first token is at i, and widens
// span by it.
func (c *converter) fromList(nodes []*pg.Node, i int, span sqlerr.Span) ([]TableExpr, sqlerr.Span) {
	var list []TableExpr
	for _, n := range nodes {
		t := c.table(n, i)
		if t == nil {
			break
		}
		item := c.hug(t.Span())
		list = append(list, t)
		span = span.Union(item)
		i = c.next(item) + 1
	}
	return list, span
}

// table converts an item of FROM that begins at start, opening parentheses of
// joins included; nil when it is refused.
func (c *converter) table(node *pg.Node, start int) TableExpr {
	switch n := node.GetNode().(type) {
	case *pg.Node_RangeVar:
		return c.tableName(n.RangeVar)
	case *pg.Node_RangeSubselect:
		return c.subquery(n.RangeSubselect, start)
	case *pg.Node_JoinExpr:
		return c.join(n.JoinExpr, start)
	case *pg.Node_RangeFunction:
		return c.tableFunction(n.RangeFunction)
	case *pg.Node_RangeTableSample:
		c.refuse(c.place(n.RangeTableSample.GetLocation()), "TABLESAMPLE is not supported")
		return nil
	}
	c.unsupported(node, start)
	return nil
}

func (c *converter) tableName(r *pg.RangeVar) *TableName {
	t := &TableName{Name: c.relation(r)}
	span := t.Name.Span()
	if !r.GetInh() {
		c.refuse(span, "ONLY is not supported")
	}
	i := c.next(span)
	if c.kind(i) == tokenOperator && c.tokenText(i) == "*" {
		i++
	}
	t.Alias, i = c.alias(r.GetAlias(), i)
	t.Loc = Loc{span.Union(c.span(i-1, i-1))}
	return t
}

// alias converts [AS] name [(columns)] at i; the second result is the index after.
func (c *converter) alias(a *pg.Alias, i int) (Alias, int) {
	if a == nil {
		return Alias{}, i
	}
	i = c.skip(i, "as")
	if a.GetAliasname() == "" {
		return Alias{}, i
	}
	out := Alias{Name: c.ident(a.GetAliasname(), i)}
	out.Columns, i = c.columns(a.GetColnames(), i+1)
	return out, i
}

// subquery converts [LATERAL] (query) alias. Of the parentheses between start and
// the query's first word the outer ones may belong to joins around it: its own are
// those that close together, or that close before the rest of the query.
func (c *converter) subquery(r *pg.RangeSubselect, start int) *Subquery {
	k := start
	for c.isPunct(k, '(') || c.is(k, "lateral") {
		k++
	}
	open := k - 1
	for open > start && c.isPunct(open-1, '(') {
		after := c.close(open) + 1
		if c.close(open-1) != after && !c.is(after, "union", "intersect", "except", "order", "limit", "offset", "fetch", "for") {
			break
		}
		open--
	}
	out := &Subquery{Lateral: r.GetLateral(), Query: c.query(r.GetSubquery().GetSelectStmt(), open+1)}
	from := open
	if out.Lateral {
		from--
	}
	i := c.close(open) + 1
	out.Alias, i = c.alias(r.GetAlias(), i)
	out.Loc = c.loc(from, i-1)
	return out
}

// join converts a JOIN; a comma is none.
func (c *converter) join(j *pg.JoinExpr, start int) TableExpr {
	out := &Join{Natural: j.GetIsNatural()}
	out.Left = c.table(j.GetLarg(), start)
	if out.Left == nil {
		return nil
	}
	span := c.hug(out.Left.Span())
	k := c.next(span)
	cross := c.is(k, "cross")
	for c.is(k, "natural", "inner", "left", "right", "full", "outer", "cross") {
		k++
	}
	out.Right = c.table(j.GetRarg(), k+1)
	if out.Right == nil {
		return nil
	}
	out.Kind = joinKind(j.GetJointype(), cross)
	span = span.Union(c.hug(out.Right.Span()))
	if using := j.GetUsingClause(); len(using) > 0 {
		var i int
		out.Using, i = c.columns(using, c.next(span)+1)
		if a := j.GetJoinUsingAlias(); a != nil {
			out.UsingAlias = c.ident(a.GetAliasname(), i+1)
			i += 2
		}
		span = span.Union(c.span(i-1, i-1))
	}
	out.On = c.expr(j.GetQuals())
	span = c.cover(span, out.On)
	if j.GetAlias() != nil {
		span = c.hug(span)
		var i int
		out.Alias, i = c.alias(j.GetAlias(), c.next(span))
		span = span.Union(c.span(i-1, i-1))
	}
	out.Loc = Loc{span}
	return out
}

func joinKind(t pg.JoinType, cross bool) JoinKind {
	switch {
	case cross:
		return CrossJoin
	case t == pg.JoinType_JOIN_LEFT:
		return LeftJoin
	case t == pg.JoinType_JOIN_RIGHT:
		return RightJoin
	case t == pg.JoinType_JOIN_FULL:
		return FullJoin
	}
	return InnerJoin
}

// tableFunction converts a function in FROM, or ROWS FROM (…).
func (c *converter) tableFunction(r *pg.RangeFunction) TableExpr {
	out := &TableFunction{Lateral: r.GetLateral(), Ordinality: r.GetOrdinality()}
	for _, n := range r.GetFunctions() {
		pair := n.GetList().GetItems()
		call := TableCall{Call: c.expr(pair[0])}
		if call.Call == nil {
			return nil
		}
		if len(pair) > 1 {
			call.Columns = c.columnDefs(pair[1].GetList().GetItems())
		}
		out.Calls = append(out.Calls, call)
	}
	from, end := c.bounds(out.Calls[0].Call.Span())
	if r.GetIsRowsfrom() {
		end = c.close(from - 1)
		from -= 3
	}
	if out.Lateral {
		from--
	}
	i := end + 1
	if out.Ordinality {
		i += 2
	}
	out.Alias, i = c.alias(r.GetAlias(), i)
	if defs := r.GetColdeflist(); len(defs) > 0 {
		out.Columns = c.columnDefs(defs)
		i = c.close(c.open(i, '(')) + 1
	}
	out.Loc = c.loc(from, i-1)
	return out
}
