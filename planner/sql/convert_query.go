package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/skein-query/skein/internal/sqlerr"
)

// query converts a query whose first token, opening parentheses included, is at
// start: the grammar does not say where a SELECT begins.
func (c *converter) query(s *pg.SelectStmt, start int) *Query {
	q := &Query{}
	if s == nil {
		return q
	}
	if w := s.GetWithClause(); w != nil {
		q.With = c.with(w)
		start = c.next(q.With.Source)
	}
	switch {
	case s.GetOp() != pg.SetOperation_SETOP_NONE && s.GetOp() != pg.SetOperation_SET_OPERATION_UNDEFINED:
		q.Body = c.setOp(s, start)
	case len(s.GetValuesLists()) > 0:
		q.Body = c.values(s.GetValuesLists(), c.skipParens(start))
	default:
		q.Body = c.selectBody(s, c.skipParens(start))
	}
	span := q.Body.Span()
	if q.With != nil {
		span = c.hug(span).Union(q.With.Source)
	}
	q.Loc = Loc{c.tail(q, s, span)}
	if locking := s.GetLockingClause(); len(locking) > 0 {
		c.refuse(q.Source, "FOR UPDATE and FOR SHARE are not supported")
	}
	return q
}

// tail converts ORDER BY, LIMIT and OFFSET after the body at span; the result is
// the span with them.
func (c *converter) tail(q *Query, s *pg.SelectStmt, span sqlerr.Span) sqlerr.Span {
	q.OrderBy = c.orderBy(s.GetSortClause())
	if n := len(q.OrderBy); n > 0 {
		span = c.hug(span).Union(q.OrderBy[n-1].Source) // (query) ORDER BY …
	}
	if s.GetLimitCount() == nil && s.GetLimitOffset() == nil {
		return span
	}
	span = c.hug(span)
	q.Offset = c.expr(s.GetLimitOffset())
	q.Limit = c.expr(s.GetLimitCount())
	q.WithTies = s.GetLimitOption() == pg.LimitOption_LIMIT_OPTION_WITH_TIES
	if l, ok := q.Limit.(*Literal); ok && l.Kind == Null && !c.isNullWord(l) {
		q.Limit = nil // LIMIT ALL
	}
	end := c.next(span)
	for ; end < c.end; end++ {
		if c.isPunct(end, ')') || c.is(end, "union", "intersect", "except", "for", "returning", "on") ||
			c.is(end, "with") && !c.is(end+1, "ties") {
			break
		}
		end = c.close(end)
	}
	return span.Union(c.span(end-1, end-1))
}

// isNullWord tells LIMIT NULL from LIMIT ALL: both mean the same to PostgreSQL, but
// one is an expression.
func (c *converter) isNullWord(l *Literal) bool {
	i, _ := c.bounds(l.Source)
	return !l.Source.IsZero() && c.is(i, "null")
}

func (c *converter) skipParens(i int) int {
	for c.isPunct(i, '(') {
		i++
	}
	return i
}

func (c *converter) with(w *pg.WithClause) *With {
	out := &With{Recursive: w.GetRecursive()}
	span := c.place(w.GetLocation())
	for _, n := range w.GetCtes() {
		e := n.GetCommonTableExpr()
		i := c.at(e.GetLocation())
		t := CommonTable{Name: c.ident(e.GetCtename(), i)}
		t.Columns, _ = c.columns(e.GetAliascolnames(), i+1)
		switch e.GetCtematerialized() {
		case pg.CTEMaterialize_CTEMaterializeAlways:
			t.Materialize = MaterializeAlways
		case pg.CTEMaterialize_CTEMaterializeNever:
			t.Materialize = MaterializeNever
		}
		open := c.afterParens(i + 1)
		open = c.open(open, '(')
		t.Loc = c.loc(i, c.close(open))
		t.Statement = c.statement(e.GetCtequery(), open+1)
		if e.GetSearchClause() != nil || e.GetCycleClause() != nil {
			c.refuse(t.Source, "SEARCH and CYCLE are not supported")
		}
		span = span.Union(t.Source)
		out.Tables = append(out.Tables, t)
	}
	out.Loc = Loc{span}
	return out
}

// setOp converts UNION, INTERSECT and EXCEPT. The left arm's end shows where the
// right one begins.
func (c *converter) setOp(s *pg.SelectStmt, start int) *SetOp {
	out := &SetOp{All: s.GetAll()}
	switch s.GetOp() {
	case pg.SetOperation_SETOP_UNION:
		out.Kind = Union
	case pg.SetOperation_SETOP_INTERSECT:
		out.Kind = Intersect
	default:
		out.Kind = Except
	}
	out.Left = c.query(s.GetLarg(), start)
	left := c.hug(out.Left.Source)
	k := c.next(left) + 1
	if c.is(k, "all", "distinct") {
		k++
	}
	out.Right = c.query(s.GetRarg(), k)
	out.Loc = Loc{left.Union(c.hug(out.Right.Source))}
	return out
}

func (c *converter) values(lists []*pg.Node, i int) *Values {
	out := &Values{Rows: make([]ValuesRow, 0, len(lists))}
	open := i + 1
	end := i
	for _, n := range lists {
		end = c.close(open)
		out.Rows = append(out.Rows, ValuesRow{c.loc(open, end), c.exprs(n.GetList().GetItems())})
		open = end + 2
	}
	out.Loc = c.loc(i, end)
	return out
}

// selectBody converts SELECT … WINDOW, or TABLE name; i is its first token.
func (c *converter) selectBody(s *pg.SelectStmt, i int) *Select {
	if into := s.GetIntoClause(); into != nil {
		c.refuse(c.place(into.GetRel().GetLocation()), "SELECT INTO is not supported")
		c.err = hinted(c.err, "Use CREATE TABLE … AS SELECT ….")
	}
	out := &Select{}
	span := c.span(i, i)
	if d := s.GetDistinctClause(); len(d) > 0 {
		out.Distinct = true
		if d[0].GetNode() != nil {
			out.DistinctOn = c.exprs(d)
		}
		i++
		span = span.Union(c.span(i, i))
	}
	out.Items = c.items(s.GetTargetList())
	if n := len(out.Items); n > 0 {
		span = span.Union(out.Items[n-1].Source)
	} else if len(out.DistinctOn) > 0 {
		span = span.Union(c.span(i, c.close(i+2)))
	}
	from := c.next(span)
	if from < c.end && !c.is(from, "from") && len(s.GetFromClause()) > 0 && len(out.Items) > 0 {
		from = c.first // TABLE name: its star stands nowhere
	}
	out.From, span = c.fromList(s.GetFromClause(), from+1, span)
	out.Where = c.expr(s.GetWhereClause())
	out.GroupBy = c.exprs(s.GetGroupClause())
	out.GroupAll = s.GetGroupDistinct()
	out.Having = c.expr(s.GetHavingClause())
	span = c.cover(span, out.Where)
	span = c.cover(span, out.GroupBy...)
	span = c.cover(span, out.Having)
	for _, n := range s.GetWindowClause() {
		w := c.window(n.GetWindowDef())
		span = span.Union(w.Source)
		out.Windows = append(out.Windows, w)
	}
	out.Loc = Loc{span}
	return out
}

// hinted gives err a hint when it has none.
func hinted(err error, hint string) error {
	if e, ok := err.(*sqlerr.Error); ok && e.Hint == "" {
		return e.WithHint("%s", hint)
	}
	return err
}

// items converts a select list or RETURNING.
func (c *converter) items(nodes []*pg.Node) []SelectItem {
	if len(nodes) == 0 {
		return nil
	}
	list := make([]SelectItem, 0, len(nodes))
	for _, n := range nodes {
		t := n.GetResTarget()
		item := SelectItem{Value: c.expr(t.GetVal())}
		span := c.cover(c.place(t.GetLocation()), item.Value)
		if t.GetName() != "" {
			k := c.skip(c.next(span), "as")
			item.Alias = c.ident(t.GetName(), k)
			span = span.Union(item.Alias.Source)
		}
		item.Loc = Loc{span}
		list = append(list, item)
	}
	return list
}
