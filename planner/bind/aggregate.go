package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// aggregateCall binds a call of an aggregate function; its value is the column
// that the Aggregate node will deliver.
func (x *exprs) aggregateCall(f *sql.FuncCall) (expr.Expr, error) {
	name := f.Name.Last().Text
	if x.sel == nil || x.inAggregate {
		if x.inAggregate {
			return nil, sqlerr.At(sqlerr.GroupingError, f.Span(), "aggregate function calls cannot be nested")
		}
		return nil, sqlerr.At(sqlerr.GroupingError, f.Span(), "aggregate functions are not allowed in %s", x.place)
	}
	inner := &exprs{b: x.b, scope: x.scope, sel: x.sel, inAggregate: true, place: x.place}
	agg := expr.Aggregate{Func: name, Distinct: f.Distinct, Span: f.Span()}
	types := []expr.Type{}
	for _, a := range f.Args {
		e, err := inner.bind(a.Value)
		if err != nil {
			return nil, err
		}
		agg.Args = append(agg.Args, e)
		types = append(types, e.Type())
	}
	if f.Star && name != "count" {
		return nil, sqlerr.At(sqlerr.WrongObjectType, f.Span(), "%s(*) is not supported", name)
	}
	if !f.Star && len(f.Args) == 0 && name == "count" {
		return nil, sqlerr.At(sqlerr.WrongObjectType, f.Span(), "%s(*) must be used to call a parameterless aggregate function", name)
	}
	if f.WithinGroup {
		return nil, unsupported(f.Span(), "ordered-set aggregates are not supported")
	}
	sig, err := expr.ResolveAggregate(name, types, f.Distinct)
	if err != nil {
		return nil, sqlerr.AtSpan(err, f.Span())
	}
	for i := range agg.Args {
		if agg.Args[i], err = x.b.coerce(agg.Args[i], sig.Args[i], implicit); err != nil {
			return nil, err
		}
	}
	if f.Filter != nil {
		inner.place = "FILTER"
		if agg.Filter, err = inner.condition(f.Filter); err != nil {
			return nil, err
		}
	}
	for _, o := range f.OrderBy {
		e, err := inner.bind(o.Value)
		if err != nil {
			return nil, err
		}
		k, err := sortKey(o, x.b.text(e))
		if err != nil {
			return nil, err
		}
		if agg.Distinct && !isArg(agg.Args, k.Expr) {
			return nil, sqlerr.At(sqlerr.InvalidColumnReference, o.Span(), "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
		}
		agg.Order = append(agg.Order, k)
	}
	x.sel.plan = x.b.attach(x.sel.plan, inner.pending)
	agg.Func, agg.Typ = sig.Name, sig.Result
	switch agg.Func {
	case "min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or", "any_value":
		agg.Distinct = false // changes nothing
	}
	for _, have := range x.sel.aggs {
		if equalAggregates(have.Agg, agg) {
			return have.Col.Ref(), nil
		}
	}
	col := x.b.newColumn(name, agg.Typ, agg.Func != "count")
	x.sel.aggs = append(x.sel.aggs, logical.AggItem{Col: col, Agg: agg})
	ref := col.Ref()
	ref.Span = f.Span()
	return ref, nil
}

func isArg(args []expr.Expr, e expr.Expr) bool {
	for _, a := range args {
		if expr.Equal(a, e) {
			return true
		}
	}
	return false
}

func equalAggregates(a, b expr.Aggregate) bool {
	if a.Func != b.Func || a.Distinct != b.Distinct || len(a.Args) != len(b.Args) || len(a.Order) != len(b.Order) {
		return false
	}
	for i := range a.Args {
		if !expr.Equal(a.Args[i], b.Args[i]) {
			return false
		}
	}
	for i := range a.Order {
		if !expr.Equal(a.Order[i].Expr, b.Order[i].Expr) || a.Order[i].Desc != b.Order[i].Desc || a.Order[i].NullsFirst != b.Order[i].NullsFirst {
			return false
		}
	}
	return expr.Equal(a.Filter, b.Filter) || a.Filter == nil && b.Filter == nil
}

// aggregate puts the Aggregate node into the plan and makes select list, HAVING
// and ORDER BY read its output.
func (s *selecting) aggregate() error {
	groups := make([]logical.Column, len(s.groups))
	var items []logical.Item
	computed := false
	seen := logical.Set{}
	out := groups[:0]
	for _, g := range s.groups {
		col := logical.Column{Type: g.Type(), Nullable: true}
		if c, ok := g.(*expr.Column); ok {
			col = logical.Column{ID: c.ID, Name: c.Name, Type: c.Typ, Nullable: c.Nullable}
		} else {
			col = s.b.newColumn("", g.Type(), true)
			computed = true
		}
		items = append(items, logical.Item{Col: col, Expr: g})
		if !seen[col.ID] {
			seen[col.ID] = true
			out = append(out, col)
		}
	}
	if computed {
		s.plan = extend(s.plan, items)
	}
	s.plan = &logical.Aggregate{Input: s.plan, Groups: out, Aggs: s.aggs}

	delivered := logical.Output(s.plan)
	from := logical.Set{}
	from.Add(s.below)
	for _, c := range s.scope.cols {
		expr.Columns(c.value, from)
	}
	over := func(e expr.Expr) (expr.Expr, error) {
		e = replaceGroups(e, items)
		return e, s.checkGrouped(e, delivered, from)
	}
	var err error
	for i := range s.output {
		if s.output[i], err = over(s.output[i]); err != nil {
			return err
		}
	}
	for i := range s.order {
		if s.order[i].Expr, err = over(s.order[i].Expr); err != nil {
			return err
		}
	}
	if s.having != nil {
		if s.having, err = over(s.having); err != nil {
			return err
		}
	}
	for i := range s.x.pending {
		p := &s.x.pending[i]
		for id := range p.columns() {
			delivered[id] = true
		}
		for id := range logical.Free(p.plan) {
			if from[id] && !delivered[id] {
				return sqlerr.At(sqlerr.GroupingError, p.span, "subquery uses ungrouped column %q from outer query", s.nameOf(id))
			}
		}
		for _, e := range []*expr.Expr{&p.nullAware, &p.cond} {
			if *e != nil {
				if *e, err = over(*e); err != nil {
					return err
				}
			}
		}
	}
	return nil
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
