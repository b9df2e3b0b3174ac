package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

func (c *converter) insert(s *pg.InsertStmt, whole Loc) Statement {
	out := &Insert{Loc: whole}
	if w := s.GetWithClause(); w != nil {
		out.With = c.with(w)
	}
	out.Table = c.tableName(s.GetRelation())
	i := c.next(out.Table.Source)
	out.Columns, i = c.columns(s.GetCols(), i)
	if s.GetOverride() > pg.OverridingKind_OVERRIDING_NOT_SET {
		c.refuse(c.span(i, i+2), "OVERRIDING is not supported")
		i += 3
	}
	if q := s.GetSelectStmt(); q != nil {
		out.Query = c.query(q.GetSelectStmt(), i)
	}
	if o := s.GetOnConflictClause(); o != nil {
		out.OnConflict = c.onConflict(o)
	}
	out.Returning = c.items(s.GetReturningList())
	return out
}

func (c *converter) onConflict(o *pg.OnConflictClause) *OnConflict {
	i := c.at(o.GetLocation())
	out := &OnConflict{Update: o.GetAction() == pg.OnConflictAction_ONCONFLICT_UPDATE}
	end := i + 1
	for end < c.end-1 && !c.is(end, "nothing", "update") {
		end++
	}
	span := c.span(i, end)
	if infer := o.GetInfer(); infer != nil {
		k := c.at(infer.GetLocation())
		for n, e := range infer.GetIndexElems() {
			elem := e.GetIndexElem()
			if elem.GetName() == "" || infer.GetWhereClause() != nil {
				c.refuse(span, "ON CONFLICT takes only columns")
				break
			}
			out.Columns = append(out.Columns, c.ident(elem.GetName(), k+1+2*n))
		}
		if infer.GetConname() != "" {
			out.Constraint = c.ident(infer.GetConname(), k+2)
		}
	}
	out.Set = c.assignments(o.GetTargetList())
	for _, a := range out.Set {
		span = span.Union(a.Source)
	}
	out.Where = c.expr(o.GetWhereClause())
	out.Loc = Loc{c.cover(span, out.Where)}
	return out
}

// assignments converts SET. The columns of (a, b) = source come one by one, each
// with the source.
func (c *converter) assignments(nodes []*pg.Node) []Assignment {
	var list []Assignment
	for _, n := range nodes {
		t := n.GetResTarget()
		i := c.at(t.GetLocation())
		column := c.ident(t.GetName(), i)
		if len(t.GetIndirection()) > 0 {
			c.refuse(column.Source, "assigning to a part of column %q is not supported", column.Text)
		}
		multi := t.GetVal().GetMultiAssignRef()
		if multi == nil {
			value := c.expr(t.GetVal())
			list = append(list, Assignment{Loc{c.cover(column.Source, value)}, []Ident{column}, value})
			continue
		}
		if multi.GetColno() == 1 {
			value := c.expr(multi.GetSource())
			list = append(list, Assignment{Loc{c.cover(c.span(i-1, i), value)}, nil, value})
		}
		last := &list[len(list)-1]
		last.Columns = append(last.Columns, column)
	}
	return list
}

func (c *converter) update(s *pg.UpdateStmt, whole Loc) Statement {
	out := &Update{Loc: whole}
	if w := s.GetWithClause(); w != nil {
		out.With = c.with(w)
	}
	out.Table = c.tableName(s.GetRelation())
	out.Set = c.assignments(s.GetTargetList())
	if n := len(out.Set); n > 0 {
		out.From, _ = c.fromList(s.GetFromClause(), c.next(out.Set[n-1].Source)+1, whole.Source)
	}
	out.Where = c.expr(s.GetWhereClause())
	out.Returning = c.items(s.GetReturningList())
	return out
}

func (c *converter) delete(s *pg.DeleteStmt, whole Loc) Statement {
	out := &Delete{Loc: whole}
	if w := s.GetWithClause(); w != nil {
		out.With = c.with(w)
	}
	out.Table = c.tableName(s.GetRelation())
	out.Using, _ = c.fromList(s.GetUsingClause(), c.next(out.Table.Source)+1, whole.Source)
	out.Where = c.expr(s.GetWhereClause())
	out.Returning = c.items(s.GetReturningList())
	return out
}
