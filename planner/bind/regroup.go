package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// aggregate puts the Aggregate node into the plan and makes select list, HAVING,
// DISTINCT ON and ORDER BY read its output.
func (s *selecting) aggregate() error {
	items, err := s.aggregatePlan()
	if err != nil {
		return err
	}
	delivered := logical.Output(s.plan)
	from := logical.Set{}
	from.Add(s.group.below)
	for _, c := range s.scope.cols {
		expr.Columns(c.value, from)
	}
	over := func(e *expr.Expr) error {
		*e = replaceGroups(*e, items)
		return s.checkGrouped(*e, delivered, from)
	}
	for i := range s.output {
		if err := over(&s.output[i]); err != nil {
			return err
		}
	}
	for i := range s.on {
		if err := over(&s.on[i]); err != nil {
			return err
		}
	}
	for i := range s.order {
		if err := over(&s.order[i].Expr); err != nil {
			return err
		}
	}
	if s.having != nil {
		if err := over(&s.having); err != nil {
			return err
		}
	}
	for _, w := range s.windows {
		if err := w.each(over); err != nil {
			return err
		}
	}
	renamed := map[expr.ColumnID]expr.Expr{}
	for _, it := range items {
		if c, ok := it.Expr.(*expr.Column); ok && c.ID != it.Col.ID {
			renamed[c.ID] = it.Col.Ref()
		}
	}
	for i := range s.x.pending {
		p := &s.x.pending[i]
		p.plan = substitute(p.plan, renamed)
		for id := range p.columns() {
			delivered[id] = true
		}
		for id := range logical.Free(p.plan) {
			if from[id] && !delivered[id] {
				return sqlerr.At(sqlerr.GroupingError, usePlace(p, id), "subquery uses ungrouped column %q from outer query", s.nameOf(id))
			}
		}
		for _, e := range []*expr.Expr{&p.nullAware, &p.cond} {
			if *e != nil {
				if err := over(e); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// usePlace is where a subquery uses a column of a query around it.
func usePlace(s *subquery, id expr.ColumnID) sqlerr.Span {
	span := s.span
	logical.Walk(s.plan, func(n logical.Node) bool {
		logical.Exprs(n, func(e expr.Expr) {
			expr.Walk(e, func(e expr.Expr) bool {
				if c, ok := e.(*expr.Column); ok && c.ID == id && !c.Span.IsZero() {
					span = c.Span
				}
				return true
			})
		})
		return true
	})
	return span
}

// substitute replaces columns wherever expressions of a plan use them.
func substitute(plan logical.Node, by map[expr.ColumnID]expr.Expr) logical.Node {
	if len(by) == 0 {
		return plan
	}
	return logical.Rewrite(plan, func(n logical.Node) logical.Node {
		return logical.MapExprs(n, func(e expr.Expr) expr.Expr { return logical.Substitute(e, by) })
	})
}

// replaceGroups reads GROUP BY expressions from the columns that hold them.
func replaceGroups(e expr.Expr, groups []logical.Item) expr.Expr {
	for _, g := range groups {
		if expr.Equal(e, g.Expr) && e.Type().Equal(g.Expr.Type()) {
			ref := g.Col.Ref()
			ref.Span = e.Place()
			return ref
		}
	}
	switch n := e.(type) {
	case *expr.Call:
		c := *n
		c.Args = make([]expr.Expr, len(n.Args))
		for i, a := range n.Args {
			c.Args[i] = replaceGroups(a, groups)
		}
		return &c
	case *expr.Cast:
		c := *n
		c.Arg = replaceGroups(n.Arg, groups)
		return &c
	case *expr.InList:
		c := *n
		c.Arg = replaceGroups(n.Arg, groups)
		return &c
	case *expr.Case:
		c := *n
		c.Whens = make([]expr.When, len(n.Whens))
		for i, w := range n.Whens {
			c.Whens[i] = expr.When{Cond: replaceGroups(w.Cond, groups), Result: replaceGroups(w.Result, groups)}
		}
		if n.Else != nil {
			c.Else = replaceGroups(n.Else, groups)
		}
		return &c
	}
	return e
}

// checkGrouped refuses columns of FROM that are neither grouped nor aggregated.
func (s *selecting) checkGrouped(e expr.Expr, delivered, from logical.Set) error {
	var err error
	expr.Walk(e, func(n expr.Expr) bool {
		c, ok := n.(*expr.Column)
		if ok && err == nil && from[c.ID] && !delivered[c.ID] {
			err = sqlerr.At(sqlerr.GroupingError, c.Span,
				"column %q must appear in the GROUP BY clause or be used in an aggregate function", s.nameOf(c.ID))
		}
		return err == nil
	})
	return err
}

func (s *selecting) nameOf(id expr.ColumnID) string {
	for _, c := range s.scope.cols {
		if r, ok := c.value.(*expr.Column); ok && r.ID == id {
			if c.table != "" {
				return c.table + "." + c.name
			}
			return c.name
		}
	}
	return "?"
}

// extend is a projection that passes every column of n on and adds computed ones.
func extend(n logical.Node, add []logical.Item) logical.Node {
	p := &logical.Project{Input: n}
	seen := logical.Set{}
	for _, c := range n.Columns() {
		if !seen[c.ID] {
			seen[c.ID] = true
			p.Items = append(p.Items, logical.Item{Col: c, Expr: c.Ref()})
		}
	}
	for _, it := range add {
		if !seen[it.Col.ID] {
			seen[it.Col.ID] = true
			p.Items = append(p.Items, it)
		}
	}
	return p
}
