package bind

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// groupingCall is a call of grouping(), whose value is a constant per grouping
// set: col delivers it.
type groupingCall struct {
	args []expr.Expr
	span sqlerr.Span
	col  logical.Column
}

// groupingCall binds grouping(a, b, …). Its arguments are looked up when the
// grouping sets are known.
func (x *exprs) groupingCall(f *sql.FuncCall) (expr.Expr, error) {
	if x.sel == nil || x.inAggregate {
		return nil, sqlerr.At(sqlerr.GroupingError, f.Span(), "grouping operations are not allowed in %s", x.clause())
	}
	if len(f.Args) > maxGroupingArgs {
		return nil, sqlerr.At(sqlerr.TooManyArguments, f.Span(), "GROUPING must have fewer than 32 arguments")
	}
	call := groupingCall{span: f.Span(), col: x.b.newColumn("grouping", expr.Of(expr.Int4), false)}
	for _, a := range f.Args {
		e, err := x.bind(a.Value)
		if err != nil {
			return nil, err
		}
		call.args = append(call.args, x.b.text(e))
	}
	x.sel.group.calls = append(x.sel.group.calls, call)
	ref := call.col.Ref()
	ref.Span = f.Span()
	return ref, nil
}

// value is what the call gives for a grouping set: a bit per argument, set where
// the set does not hold it.
func (c groupingCall) value(exprs []expr.Expr, set []int) (expr.Expr, error) {
	bits := int64(0)
	for _, a := range c.args {
		at := slices.IndexFunc(exprs, func(e expr.Expr) bool { return sameValue(e, a) })
		if at < 0 {
			return nil, sqlerr.At(sqlerr.GroupingError, a.Place().Union(c.span), "arguments to GROUPING must be grouping expressions of the associated query level")
		}
		bits <<= 1
		if !slices.Contains(set, at) {
			bits |= 1
		}
	}
	return &expr.Literal{Value: expr.Int(bits), Typ: c.col.Type, Span: c.span}, nil
}

// aggregatePlan puts the Aggregate of every grouping set into the plan. The items
// it gives say which column holds the value of which GROUP BY expression.
func (s *selecting) aggregatePlan() ([]logical.Item, error) {
	own := logical.Output(s.plan)
	items := make([]logical.Item, len(s.group.exprs))
	computed := false
	for i, e := range s.group.exprs {
		c, ok := e.(*expr.Column)
		if ok && own[c.ID] {
			items[i] = logical.Item{Col: logical.Column{ID: c.ID, Name: c.Name, Type: c.Typ, Nullable: c.Nullable}, Expr: e}
			continue
		}
		items[i] = logical.Item{Col: s.b.newColumn("", e.Type(), true), Expr: e}
		computed = true
	}
	if computed {
		s.plan = extend(s.plan, items)
	}
	if len(s.group.sets) > 1 {
		return s.groupingSets(items)
	}
	groups, seen := []logical.Column(nil), logical.Set{}
	for _, i := range s.group.sets[0] {
		if c := items[i].Col; !seen[c.ID] {
			seen[c.ID] = true
			groups = append(groups, c)
		}
	}
	s.plan = &logical.Aggregate{Input: s.plan, Groups: groups, Aggs: s.aggs}
	calls, err := s.groupingValues(s.group.sets[0])
	if err != nil || len(calls) == 0 {
		return items, err
	}
	s.plan = extend(s.plan, calls)
	return items, nil
}

func (s *selecting) groupingValues(set []int) ([]logical.Item, error) {
	var out []logical.Item
	for _, c := range s.group.calls {
		v, err := c.value(s.group.exprs, set)
		if err != nil {
			return nil, err
		}
		out = append(out, logical.Item{Col: c.col, Expr: v})
	}
	return out, nil
}

// groupingSets aggregates a shared plan once per set. In each branch the columns
// that its set does not group by are NULL; the union of all delivers a column for
// every GROUP BY expression, aggregate and call of grouping().
func (s *selecting) groupingSets(groups []logical.Item) ([]logical.Item, error) {
	s.b.lastShared++
	shared := &logical.Shared{ID: s.b.lastShared, Name: "grouping sets", Input: s.plan}
	out := &logical.SetOp{Kind: logical.UnionAll}
	items := make([]logical.Item, len(groups))
	for i, g := range groups {
		items[i] = logical.Item{Col: s.b.newColumn(g.Col.Name, g.Col.Type, true), Expr: g.Expr}
		out.Cols = append(out.Cols, items[i].Col)
	}
	for _, a := range s.aggs {
		out.Cols = append(out.Cols, a.Col)
	}
	for _, c := range s.group.calls {
		out.Cols = append(out.Cols, c.col)
	}
	for _, set := range s.group.sets {
		if err := s.b.ctx.Err(); err != nil {
			return nil, err
		}
		calls, err := s.groupingValues(set)
		if err != nil {
			return nil, err
		}
		branch, ids := s.groupingBranch(shared, groups, set, calls)
		out.Args, out.Maps = append(out.Args, branch), append(out.Maps, ids)
	}
	s.plan = out
	return items, nil
}

// groupingBranch is the rows of one grouping set, and its columns in the order
// of the union's.
func (s *selecting) groupingBranch(shared *logical.Shared, groups []logical.Item, set []int, calls []logical.Item) (logical.Node, []expr.ColumnID) {
	ref, own := s.b.reference(shared)
	agg := &logical.Aggregate{Input: ref}
	branch := &logical.Project{Input: agg}
	var ids []expr.ColumnID
	deliver := func(name string, e expr.Expr) {
		col := s.b.newColumn(name, e.Type(), true)
		branch.Items, ids = append(branch.Items, logical.Item{Col: col, Expr: e}), append(ids, col.ID)
	}
	grouped := logical.Set{}
	for i, g := range groups {
		if !slices.Contains(set, i) {
			deliver(g.Col.Name, expr.NullOf(g.Col.Type))
			continue
		}
		c := own[g.Col.ID].(*expr.Column)
		if !grouped[c.ID] {
			grouped[c.ID] = true
			agg.Groups = append(agg.Groups, logical.Column{ID: c.ID, Name: c.Name, Type: c.Typ, Nullable: c.Nullable})
		}
		deliver(g.Col.Name, c)
	}
	for _, a := range s.aggs {
		col := s.b.newColumn(a.Col.Name, a.Col.Type, a.Col.Nullable)
		replaced := logical.MapAggregate(a.Agg, func(e expr.Expr) expr.Expr { return logical.Substitute(e, own) })
		agg.Aggs = append(agg.Aggs, logical.AggItem{Col: col, Agg: replaced})
		deliver(a.Col.Name, col.Ref())
	}
	for _, c := range calls {
		deliver(c.Col.Name, c.Expr)
	}
	return branch, ids
}
