package rule

import (
	"slices"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// tie says which column of a decorrelated plan stands for an outer column.
type tie struct {
	outer    logical.Column // as far as known: ID, type, name
	column   logical.Column // of the plan
	equality bool           // tied by "=" in the query: a NULL outer value matches nothing
}

// ties are the ties of a plan, ordered by outer column.
type ties struct {
	list   []tie
	unique bool // the plan has at most one row per combination of tied values
}

func (t ties) find(id expr.ColumnID) (tie, bool) {
	for _, x := range t.list {
		if x.outer.ID == id {
			return x, true
		}
	}
	return tie{}, false
}

func (t *ties) add(x tie) {
	t.list = append(t.list, x)
	slices.SortFunc(t.list, func(a, b tie) int { return int(a.outer.ID - b.outer.ID) })
}

func (t ties) columns() []logical.Column {
	var out []logical.Column
	seen := logical.Set{}
	for _, x := range t.list {
		if !seen[x.column.ID] {
			seen[x.column.ID] = true
			out = append(out, x.column)
		}
	}
	return out
}

// conditions compare the outer columns with those that stand for them.
func (t ties) conditions() []expr.Expr {
	var out []expr.Expr
	for _, x := range t.list {
		op := expr.OpEq
		if !x.equality && x.outer.Nullable {
			op = expr.OpIsNotDistinct
		}
		out = append(out, expr.Compare(op, x.outer.Ref(), x.column.Ref()))
	}
	return out
}

// substitution reads the standing columns instead of the outer ones.
func (t ties) substitution() map[expr.ColumnID]expr.Expr {
	m := map[expr.ColumnID]expr.Expr{}
	for _, x := range t.list {
		m[x.outer.ID] = x.column.Ref()
	}
	return m
}

// domainFunc joins the distinct values of outer columns to a plan that does not
// tie them itself, and gives the columns that hold them.
type domainFunc func(n logical.Node, missing []logical.Column) (logical.Node, []logical.Column)

// domain makes the source of distinct outer values from the left side of a
// dependent join. When it was used, the left side is a shared plan, which left
// reads in the left side's place.
func (u *unnester) domain(leftPlan logical.Node) (left func() logical.Node, domain domainFunc) {
	var shared *logical.Shared
	inside := map[expr.ColumnID]expr.ColumnID{} // the shared plan has IDs of its own
	read := func(from, as []logical.Column) *logical.Reference {
		ref := &logical.Reference{Plan: shared, Cols: as}
		for _, c := range from {
			ref.Source = append(ref.Source, inside[c.ID])
		}
		return ref
	}
	domain = func(n logical.Node, missing []logical.Column) (logical.Node, []logical.Column) {
		if shared == nil {
			p := &logical.Project{Input: leftPlan}
			for _, c := range leftPlan.Columns() {
				fresh := u.ids.Column(c.Name, c.Type, c.Nullable)
				inside[c.ID] = fresh.ID
				p.Items = append(p.Items, logical.Item{Col: fresh, Expr: c.Ref()})
			}
			shared = &logical.Shared{ID: u.ids.SharedID(), Name: "outer rows", Input: p}
		}
		var cols []logical.Column
		for _, c := range missing {
			cols = append(cols, u.ids.Column(c.Name, c.Type, c.Nullable))
		}
		distinct := &logical.Aggregate{Input: read(missing, cols), Groups: cols}
		return &logical.Join{Kind: logical.Inner, Left: distinct, Right: n}, cols
	}
	left = func() logical.Node {
		if shared == nil {
			return leftPlan
		}
		return read(leftPlan.Columns(), leftPlan.Columns())
	}
	return left, domain
}

// decorrelate gives a plan with the rows of n for every combination of the outer
// columns n uses, and a column for each of those. Without a domain it gives nil
// when n does not tie all of them itself.
func (u *unnester) decorrelate(n logical.Node, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	if !logical.Free(n).Meets(outer) {
		return n, ties{}
	}
	switch n := n.(type) {
	case *logical.Filter:
		return u.filter(n, outer, domain)
	case *logical.Project:
		return u.project(n, outer, domain)
	case *logical.Aggregate:
		return u.aggregate(n, outer, domain)
	case *logical.Join:
		if n.Kind == logical.Full {
			return u.fullJoin(n, outer, domain)
		}
		return u.innerJoin(n, outer, domain)
	case *logical.SetOp:
		return u.setOp(n, outer, domain)
	case *logical.Sort:
		return u.decorrelate(n.Input, outer, domain)
	case *logical.Limit:
		return u.limit(n, outer, domain)
	case *logical.GroupTopN:
		return u.groupTopN(n, outer, domain)
	case *logical.Window:
		return u.window(n, outer, domain)
	case *logical.Reference:
		return u.decorrelate(Inline(n, u.ids), outer, domain)
	default:
		u.err = unsupportedCorrelation("this form")
	}
	return nil, ties{}
}

// tieMissing adds the domain for outer columns that expressions use and nothing
// ties yet.
func (u *unnester) tieMissing(n logical.Node, t ties, used, outer logical.Set, exprs []expr.Expr, domain domainFunc) (logical.Node, ties, bool) {
	var missing []logical.Column
	seen := logical.Set{}
	for _, e := range exprs {
		expr.Walk(e, func(x expr.Expr) bool {
			c, ok := x.(*expr.Column)
			if ok && used[c.ID] && outer[c.ID] && !seen[c.ID] {
				seen[c.ID] = true
				if _, tied := t.find(c.ID); !tied {
					missing = append(missing, logical.Column{ID: c.ID, Name: c.Name, Type: c.Typ, Nullable: c.Nullable})
				}
			}
			return true
		})
	}
	if len(missing) == 0 {
		return n, t, true
	}
	if domain == nil {
		return nil, t, false
	}
	out, cols := domain(n, missing)
	for i, c := range missing {
		t.add(tie{outer: c, column: cols[i]})
	}
	return out, t, true
}

func (u *unnester) filter(n *logical.Filter, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	in, t := u.decorrelate(n.Input, outer, domain)
	if in == nil {
		return nil, t
	}
	used := logical.Set{}
	for _, c := range n.Conds {
		expr.Columns(c, used)
	}
	var rest []expr.Expr
	var computed []logical.Item
	own := logical.Output(in)
	for _, c := range n.Conds {
		o, value := equality(c, outer, own)
		if o == nil {
			rest = append(rest, c)
			continue
		}
		if _, tied := t.find(o.ID); tied {
			rest = append(rest, c)
			continue
		}
		var col logical.Column
		if r, ok := value.(*expr.Column); ok {
			col, _ = logical.Find(in, r.ID)
		} else {
			col = u.ids.Column("key", value.Type(), true)
			computed = append(computed, logical.Item{Col: col, Expr: value})
		}
		t.add(tie{outer: logical.Column{ID: o.ID, Name: o.Name, Type: o.Typ, Nullable: o.Nullable}, column: col, equality: true})
	}
	if len(computed) > 0 {
		p := &logical.Project{Input: in}
		for _, c := range in.Columns() {
			p.Items = append(p.Items, logical.Item{Col: c, Expr: c.Ref()})
		}
		p.Items = append(p.Items, computed...)
		in = p
	}
	in, t, ok := u.tieMissing(in, t, used, outer, rest, domain)
	if !ok {
		return nil, t
	}
	if len(rest) == 0 {
		return in, t
	}
	by := t.substitution()
	for i := range rest {
		rest[i] = logical.Substitute(rest[i], by)
	}
	return &logical.Filter{Input: in, Conds: rest}, t
}

// equality takes "outer = own expression" apart.
func equality(c expr.Expr, outer, own logical.Set) (*expr.Column, expr.Expr) {
	call, ok := c.(*expr.Call)
	if !ok || call.Name != expr.OpEq {
		return nil, nil
	}
	for i := range 2 {
		o, ok := call.Args[i].(*expr.Column)
		value := call.Args[1-i]
		if ok && outer[o.ID] && o.Typ.Equal(value.Type()) && own.Has(logical.Used(value)) && len(logical.Used(value)) > 0 {
			return o, value
		}
	}
	return nil, nil
}

func (u *unnester) project(n *logical.Project, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	in, t := u.decorrelate(n.Input, outer, domain)
	if in == nil {
		return nil, t
	}
	var values []expr.Expr
	used := logical.Set{}
	for _, it := range n.Items {
		values = append(values, it.Expr)
		expr.Columns(it.Expr, used)
	}
	in, t, ok := u.tieMissing(in, t, used, outer, values, domain)
	if !ok {
		return nil, t
	}
	by := t.substitution()
	p := &logical.Project{Input: in}
	have := logical.Set{}
	for _, it := range n.Items {
		have[it.Col.ID] = true
		p.Items = append(p.Items, logical.Item{Col: it.Col, Expr: logical.Substitute(it.Expr, by)})
	}
	for _, c := range t.columns() {
		if !have[c.ID] {
			p.Items = append(p.Items, logical.Item{Col: c, Expr: c.Ref()})
		}
	}
	return p, t
}

// aggregate groups by the tied columns as well. Without groups of its own it has
// a row for every outer row, also for those nothing is tied to: the domain
// delivers them.
func (u *unnester) aggregate(n *logical.Aggregate, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	if len(n.Groups) == 0 && domain == nil {
		return nil, ties{}
	}
	in, t := u.decorrelate(n.Input, outer, domain)
	if in == nil {
		return nil, t
	}
	var args []expr.Expr
	used := logical.Set{}
	logical.Exprs(n, func(e expr.Expr) {
		args = append(args, e)
		expr.Columns(e, used)
	})
	in, t, ok := u.tieMissing(in, t, used, outer, args, domain)
	if !ok {
		return nil, t
	}
	by := t.substitution()
	out := logical.MapExprs(n, func(e expr.Expr) expr.Expr { return logical.Substitute(e, by) }).(*logical.Aggregate)
	out.Input = in
	out.Groups = append([]logical.Column(nil), n.Groups...)
	have := logical.Output(&logical.Aggregate{Groups: n.Groups})
	for _, c := range t.columns() {
		if !have[c.ID] {
			have[c.ID] = true
			out.Groups = append(out.Groups, c)
		}
	}
	if len(n.Groups) > 0 {
		return out, t
	}
	return u.everyOuterRow(n, out, t, domain)
}

// everyOuterRow joins the domain from the left to a grouped scalar aggregate.
func (u *unnester) everyOuterRow(n, grouped *logical.Aggregate, t ties, domain domainFunc) (logical.Node, ties) {
	var missing []logical.Column
	for _, x := range t.list {
		missing = append(missing, x.outer)
	}
	joined, cols := domain(grouped, missing)
	j := *joined.(*logical.Join)
	j.Kind = logical.Left
	p := &logical.Project{}
	inner := map[expr.ColumnID]logical.Column{}
	for i := range grouped.Aggs { // the projection below takes the names over
		fresh := u.ids.Column(grouped.Aggs[i].Col.Name, grouped.Aggs[i].Col.Type, true)
		inner[grouped.Aggs[i].Col.ID] = fresh
		grouped.Aggs[i].Col = fresh
	}
	next := ties{unique: true}
	for i, x := range t.list {
		op := expr.OpIsNotDistinct
		if x.equality || !x.outer.Nullable {
			op = expr.OpEq
		}
		j.Conds = append(j.Conds, expr.Compare(op, cols[i].Ref(), x.column.Ref()))
		next.add(tie{outer: x.outer, column: cols[i]})
		p.Items = append(p.Items, logical.Item{Col: cols[i], Expr: cols[i].Ref()})
	}
	for _, a := range n.Aggs {
		p.Items = append(p.Items, logical.Item{Col: a.Col, Expr: orOverNothing(inner[a.Col.ID], a.Agg)})
	}
	p.Input = &j
	return p, next
}

func (u *unnester) innerJoin(n *logical.Join, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	l, lt := u.decorrelate(n.Left, outer, domain)
	if l == nil {
		return nil, lt
	}
	r, rt := u.decorrelate(n.Right, outer, domain)
	if r == nil {
		return nil, rt
	}
	j := *n
	var extra []expr.Expr
	if n.Kind == logical.Inner || n.Kind == logical.Left {
		lt.unique = false // a left row may come many times
	}
	// What the right side is tied by, the left side must deliver, unless the join
	// passes the right side's columns on for every row.
	for _, x := range rt.list {
		if have, ok := lt.find(x.outer.ID); ok {
			op := expr.OpEq
			if !x.equality && x.outer.Nullable {
				op = expr.OpIsNotDistinct
			}
			extra = append(extra, expr.Compare(op, have.column.Ref(), x.column.Ref()))
			continue
		}
		if n.Kind == logical.Inner {
			lt.add(x)
			continue
		}
		if domain == nil {
			return nil, lt
		}
		var cols []logical.Column
		l, cols = domain(l, []logical.Column{x.outer})
		lt.add(tie{outer: x.outer, column: cols[0]})
		op := expr.OpEq
		if !x.equality && x.outer.Nullable {
			op = expr.OpIsNotDistinct
		}
		extra = append(extra, expr.Compare(op, cols[0].Ref(), x.column.Ref()))
	}
	conds := append([]expr.Expr(nil), n.Conds...)
	if n.NullAware != nil {
		conds = append(conds, n.NullAware)
	}
	used := logical.Set{}
	for _, c := range conds {
		expr.Columns(c, used)
	}
	l, lt, ok := u.tieMissing(l, lt, used, outer, conds, domain)
	if !ok {
		return nil, lt
	}
	by := lt.substitution()
	j.Left, j.Right = l, r
	j.Conds = nil
	for _, c := range n.Conds {
		j.Conds = append(j.Conds, logical.Substitute(c, by))
	}
	if n.NullAware != nil {
		j.NullAware = logical.Substitute(n.NullAware, by)
	}
	j.Conds = append(j.Conds, extra...)
	return &j, lt
}

// fullJoin ties both sides to every outer column that either uses; a row that only
// one side has takes the values of that side.
func (u *unnester) fullJoin(n *logical.Join, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	if domain == nil {
		return nil, ties{}
	}
	needed := outerColumns(n, outer)
	side := func(in logical.Node) (logical.Node, ties) {
		in, t := u.decorrelate(in, outer, domain)
		if in == nil {
			return nil, t
		}
		var missing []logical.Column
		for _, c := range needed {
			if _, ok := t.find(c.ID); !ok {
				missing = append(missing, c)
			}
		}
		if len(missing) > 0 {
			var cols []logical.Column
			in, cols = domain(in, missing)
			for i, c := range missing {
				t.add(tie{outer: c, column: cols[i]})
			}
		}
		return in, t
	}
	l, lt := side(n.Left)
	if l == nil {
		return nil, lt
	}
	r, rt := side(n.Right)
	if r == nil {
		return nil, rt
	}
	by := lt.substitution()
	j := &logical.Join{Kind: logical.Full, Left: l, Right: r}
	for _, c := range n.Conds {
		j.Conds = append(j.Conds, logical.Substitute(c, by))
	}
	p := &logical.Project{Input: j}
	for _, c := range n.Columns() {
		p.Items = append(p.Items, logical.Item{Col: c, Expr: c.Ref()})
	}
	t := ties{}
	for _, c := range needed {
		a, _ := lt.find(c.ID)
		b, _ := rt.find(c.ID)
		j.Conds = append(j.Conds, expr.Compare(expr.OpIsNotDistinct, a.column.Ref(), b.column.Ref()))
		col := u.ids.Column(c.Name, c.Type, c.Nullable)
		either := &expr.Call{Name: expr.FnCoalesce, Args: []expr.Expr{a.column.Ref(), b.column.Ref()}, Typ: c.Type}
		p.Items = append(p.Items, logical.Item{Col: col, Expr: either})
		t.add(tie{outer: c, column: col})
	}
	return p, t
}

// outerColumns are the outer columns that a plan uses, in the order of its nodes.
func outerColumns(n logical.Node, outer logical.Set) []logical.Column {
	free := logical.Free(n)
	var needed []logical.Column
	seen := logical.Set{}
	logical.Walk(n, func(m logical.Node) bool {
		logical.Exprs(m, func(e expr.Expr) {
			expr.Walk(e, func(x expr.Expr) bool {
				if c, ok := x.(*expr.Column); ok && free[c.ID] && outer[c.ID] && !seen[c.ID] {
					seen[c.ID] = true
					needed = append(needed, logical.Column{ID: c.ID, Name: c.Name, Type: c.Typ, Nullable: c.Nullable})
				}
				return true
			})
		})
		return true
	})
	return needed
}

func (u *unnester) setOp(n *logical.SetOp, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	if domain == nil {
		return nil, ties{}
	}
	needed := outerColumns(n, outer)
	out := *n
	out.Args = make([]logical.Node, len(n.Args))
	out.Maps = make([][]expr.ColumnID, len(n.Args))
	out.Cols = append([]logical.Column(nil), n.Cols...)
	t := ties{}
	for _, c := range needed {
		col := u.ids.Column(c.Name, c.Type, c.Nullable)
		out.Cols = append(out.Cols, col)
		t.add(tie{outer: c, column: col})
	}
	for i, arg := range n.Args {
		in, at := u.decorrelate(arg, outer, domain)
		if in == nil {
			return nil, t
		}
		out.Maps[i] = append([]expr.ColumnID(nil), n.Maps[i]...)
		for _, c := range needed {
			have, ok := at.find(c.ID)
			if !ok {
				var cols []logical.Column
				in, cols = domain(in, []logical.Column{c})
				have.column = cols[0]
			}
			out.Maps[i] = append(out.Maps[i], have.column.ID)
		}
		out.Args[i] = in
	}
	return &out, t
}
