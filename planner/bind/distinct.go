package bind

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// projection is the select list while it is made: a projection that computes
// every value once.
type projection struct {
	b    *binder
	plan *logical.Project
	own  logical.Set // columns of the input
	seen logical.Set // of these, what the projection delivers
}

// deliver gives the column that holds e, under a name; without one it keeps the
// name it has.
func (p *projection) deliver(e expr.Expr, name string) logical.Column {
	if c, ok := e.(*expr.Column); ok && p.own[c.ID] {
		if name == "" {
			name = c.Name
		}
		col := logical.Column{ID: c.ID, Name: name, Type: c.Typ, Nullable: c.Nullable}
		if !p.seen[c.ID] {
			p.seen[c.ID] = true
			p.plan.Items = append(p.plan.Items, logical.Item{Col: col, Expr: e})
		}
		return col
	}
	for _, it := range p.plan.Items {
		if sameValue(it.Expr, e) {
			c := it.Col
			if name != "" {
				c.Name = name
			}
			return c
		}
	}
	col := p.b.newColumn(name, e.Type(), true)
	p.plan.Items = append(p.plan.Items, logical.Item{Col: col, Expr: e})
	return col
}

// finish projects the select list, removes duplicates and sorts.
func (s *selecting) finish() (relation, error) {
	p := &projection{b: s.b, plan: &logical.Project{Input: s.plan}, own: logical.Output(s.plan), seen: logical.Set{}}
	cols := make([]logical.Column, len(s.output))
	if s.stmt.Distinct {
		for i := range s.output {
			s.output[i] = s.b.text(s.output[i])
		}
	}
	for i, e := range s.output {
		cols[i] = p.deliver(e, s.names[i])
	}
	width := len(p.plan.Items)
	keys := make([]expr.SortKey, len(s.order))
	for i, k := range s.order {
		keys[i] = k
		keys[i].Expr = p.deliver(k.Expr, "").Ref()
	}
	r := relation{plan: p.plan, cols: cols}
	switch {
	case len(s.on) > 0:
		var err error
		if r, keys, err = s.firstRows(p, cols, keys); err != nil {
			return r, err
		}
	case s.stmt.Distinct && len(p.plan.Items) > width:
		return relation{}, sqlerr.At(sqlerr.InvalidColumnReference, s.orderPlace(width, p, keys),
			"for SELECT DISTINCT, ORDER BY expressions must appear in select list")
	case s.stmt.Distinct:
		r.plan = &logical.Aggregate{Input: p.plan, Groups: p.plan.Columns()}
	}
	if len(keys) > 0 {
		r.plan = &logical.Sort{Input: r.plan, Keys: keys}
	}
	return r, nil
}

// orderPlace is where the first ORDER BY expression stands that the first width
// columns of the projection do not deliver.
func (s *selecting) orderPlace(width int, p *projection, keys []expr.SortKey) sqlerr.Span {
	for i, k := range keys {
		id := k.Expr.(*expr.Column).ID
		if !slices.ContainsFunc(p.plan.Items[:width], func(it logical.Item) bool { return it.Col.ID == id }) {
			return s.order[i].Expr.Place()
		}
	}
	return s.stmt.Span()
}

// distinctOn binds the expressions of DISTINCT ON.
func (s *selecting) distinctOn() error {
	s.x.place = "DISTINCT ON"
	for _, o := range s.stmt.DistinctOn {
		e, err := s.outputExpr(o, "DISTINCT ON")
		if err != nil {
			return err
		}
		s.on = append(s.on, e)
	}
	return nil
}

// firstRows keeps of the rows that are equal in DISTINCT ON the one that ORDER BY
// has first: every other column becomes the aggregate first, ordered by the keys
// behind those of DISTINCT ON.
func (s *selecting) firstRows(p *projection, cols []logical.Column, keys []expr.SortKey) (relation, []expr.SortKey, error) {
	var groups []logical.Column
	grouped := logical.Set{}
	for _, e := range s.on {
		if c := p.deliver(e, ""); !grouped[c.ID] {
			grouped[c.ID] = true
			groups = append(groups, c)
		}
	}
	matched := logical.Set{}
	var rest []expr.SortKey
	for _, k := range keys {
		id := k.Expr.(*expr.Column).ID
		switch {
		case grouped[id] && len(rest) > 0 && !matched[id]:
			return relation{}, nil, s.unmatchedOn(p, id)
		case grouped[id]:
			matched[id] = true
		default:
			rest = append(rest, k)
		}
	}
	for _, g := range groups {
		if len(rest) > 0 && !matched[g.ID] {
			return relation{}, nil, s.unmatchedOn(p, g.ID)
		}
	}
	agg := &logical.Aggregate{Input: p.plan, Groups: groups}
	now := map[expr.ColumnID]logical.Column{}
	for _, c := range p.plan.Columns() {
		if grouped[c.ID] || now[c.ID].ID != 0 {
			continue
		}
		first := s.b.newColumn(c.Name, c.Type, c.Nullable)
		now[c.ID] = first
		agg.Aggs = append(agg.Aggs, logical.AggItem{Col: first,
			Agg: expr.Aggregate{Func: "first", Args: []expr.Expr{c.Ref()}, Order: rest, Typ: c.Type}})
	}
	moved := func(c logical.Column) logical.Column {
		if to, ok := now[c.ID]; ok {
			to.Name = c.Name
			return to
		}
		return c
	}
	out := relation{plan: agg, cols: make([]logical.Column, len(cols))}
	for i, c := range cols {
		out.cols[i] = moved(c)
	}
	sorted := slices.Clone(keys)
	for i, k := range keys {
		c := k.Expr.(*expr.Column)
		if to, ok := now[c.ID]; ok {
			sorted[i].Expr = to.Ref()
		}
	}
	return out, sorted, nil
}

// unmatchedOn is the error for a DISTINCT ON expression that ORDER BY does not
// begin with.
func (s *selecting) unmatchedOn(p *projection, id expr.ColumnID) error {
	span := s.stmt.DistinctOn[0].Span()
	for i, e := range s.on {
		if p.deliver(e, "").ID == id {
			span = s.stmt.DistinctOn[i].Span()
		}
	}
	return sqlerr.At(sqlerr.InvalidColumnReference, span, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions")
}
