package choose

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/physical"
)

// maxTopN is the most rows a TopN keeps; larger limits sort everything.
const maxTopN = 100_000

// Choose makes the physical plan that delivers the output columns under the names.
func Choose(n logical.Node, output []expr.ColumnID, names []string, est *cost.Estimator) (physical.Node, error) {
	c := &chooser{est: est, shared: map[*logical.Shared]sharedPlan{}}
	need := logical.Set{}
	for _, id := range output {
		need[id] = true
	}
	p, at, err := c.node(n, need)
	if err != nil {
		return nil, err
	}
	return c.deliver(p, at, n, output, names)
}

// layout says which logical column each ordinal of an operator's output holds.
type layout []expr.ColumnID

type sharedPlan struct {
	node *physical.Shared
	at   layout
}

type chooser struct {
	est        *cost.Estimator
	shared     map[*logical.Shared]sharedPlan
	lastFilter int
}

// deliver puts the output columns into order under their names.
func (c *chooser) deliver(p physical.Node, at layout, n logical.Node, output []expr.ColumnID, names []string) (physical.Node, error) {
	fields := p.Schema()
	proj := &physical.Project{Est: physical.Est{RowCount: p.Rows()}, Input: p, Names: names}
	same := len(output) == len(fields)
	for i, id := range output {
		ord := slices.Index(at, id)
		if ord < 0 {
			return nil, sqlerr.New(sqlerr.InternalError, "output column %d is missing from the plan", id)
		}
		same = same && ord == i && fields[i].Name == names[i]
		proj.Exprs = append(proj.Exprs, column(fields, ord))
	}
	if same {
		return p, nil
	}
	return proj, nil
}

func column(fields []expr.Field, ord int) *expr.Column {
	f := fields[ord]
	return &expr.Column{ID: expr.ColumnID(ord), Typ: f.Type, Nullable: f.Nullable, Name: f.Name}
}

// place rewrites logical columns to ordinals.
func (at layout) place(e expr.Expr, fields []expr.Field) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok {
			return x
		}
		d := *c
		if ord := slices.Index(at, c.ID); ord >= 0 {
			d.ID, d.Nullable = expr.ColumnID(ord), fields[ord].Nullable
			return &d
		}
		d.ID = -1 // found by the check in fail
		return &d
	})
}

func (at layout) all(list []expr.Expr, fields []expr.Field) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = at.place(e, fields)
	}
	return out
}

func (c *chooser) rows(n logical.Node) physical.Est {
	return physical.Est{RowCount: c.est.Estimate(n).Rows}
}

// node chooses the operators of a plan; need are the columns read above it.
func (c *chooser) node(n logical.Node, need logical.Set) (physical.Node, layout, error) {
	switch n := n.(type) {
	case *logical.Scan:
		return c.scan(n, need)
	case *logical.Values:
		return c.values(n)
	case *logical.Filter:
		return c.filter(n, need)
	case *logical.Project:
		return c.project(n, need)
	case *logical.Join:
		if n.Dependent {
			return nil, nil, sqlerr.New(sqlerr.FeatureNotSupported, "this correlated subquery is not supported")
		}
		return c.join(n, need)
	case *logical.Aggregate:
		return c.aggregate(n)
	case *logical.Sort:
		return c.sort(n, need)
	case *logical.Limit:
		return c.limit(n, need)
	case *logical.GroupTopN:
		return c.groupTopN(n, need)
	case *logical.Window:
		return c.window(n, need)
	case *logical.SetOp:
		return c.setOp(n)
	case *logical.Reference:
		return c.reference(n)
	}
	return nil, nil, sqlerr.New(sqlerr.InternalError, "no operator for %T", n)
}

func (c *chooser) scan(n *logical.Scan, need logical.Set) (physical.Node, layout, error) {
	s := &physical.Scan{Est: c.rows(n), Table: n.Table.Name, Files: n.Table.Files}
	var all, at layout
	for i, col := range n.Cols {
		s.Columns = append(s.Columns, n.Table.Fields[n.Fields[i]].Name)
		s.Fields = append(s.Fields, expr.Field{Name: col.Name, Type: col.Type, Nullable: col.Nullable})
		all = append(all, col.ID)
		if need[col.ID] {
			s.Emit = append(s.Emit, i)
			at = append(at, col.ID)
		}
	}
	s.Filter = failingLast(all.all(n.Filter, s.Fields))
	return s, at, nil
}

// failingLast keeps the order of conditions but puts those that can fail behind.
func failingLast(conds []expr.Expr) []expr.Expr {
	slices.SortStableFunc(conds, func(a, b expr.Expr) int {
		fa, fb := expr.CanFail(a), expr.CanFail(b)
		switch {
		case fa == fb:
			return 0
		case fa:
			return 1
		}
		return -1
	})
	return conds
}

func (c *chooser) values(n *logical.Values) (physical.Node, layout, error) {
	v := &physical.Values{Est: c.rows(n), Tuples: n.Rows}
	var at layout
	for _, col := range n.Cols {
		v.Fields = append(v.Fields, expr.Field{Name: col.Name, Type: col.Type, Nullable: true})
		at = append(at, col.ID)
	}
	return v, at, nil
}

func (c *chooser) filter(n *logical.Filter, need logical.Set) (physical.Node, layout, error) {
	in, at, err := c.node(n.Input, plus(need, n.Conds...))
	if err != nil {
		return nil, nil, err
	}
	conds := failingLast(at.all(n.Conds, in.Schema()))
	return &physical.Filter{Est: c.rows(n), Input: in, Conjuncts: conds}, at, nil
}

func plus(need logical.Set, exprs ...expr.Expr) logical.Set {
	out := logical.Set{}
	out.Add(need)
	for _, e := range exprs {
		expr.Columns(e, out)
	}
	return out
}

func (c *chooser) project(n *logical.Project, need logical.Set) (physical.Node, layout, error) {
	var used []expr.Expr
	var items []logical.Item
	rename := true
	for _, it := range n.Items {
		if need[it.Col.ID] {
			items = append(items, it)
			used = append(used, it.Expr)
			_, plain := it.Expr.(*expr.Column)
			rename = rename && plain
		}
	}
	in, at, err := c.node(n.Input, plus(logical.Set{}, used...))
	if err != nil {
		return nil, nil, err
	}
	if rename {
		if out, ok := at.rename(items); ok {
			return in, out, nil
		}
	}
	if below, ok := in.(*physical.Project); ok && passes(below) { // made for what nobody above reads
		at, in = widened(at, below), below.Input
	}
	fields := in.Schema()
	p := &physical.Project{Est: c.rows(n), Input: in}
	var out layout
	for _, it := range items {
		p.Exprs = append(p.Exprs, at.place(it.Expr, fields))
		p.Names = append(p.Names, it.Col.Name)
		out = append(out, it.Col.ID)
	}
	return p, out, nil
}

// rename is the layout after a projection that only passes columns on, each once:
// it needs no operator.
func (at layout) rename(items []logical.Item) (layout, bool) {
	out := make(layout, len(at))
	for i := range out {
		out[i] = -1
	}
	for _, it := range items {
		ord := slices.Index(at, it.Expr.(*expr.Column).ID)
		if ord < 0 || out[ord] >= 0 {
			return nil, false
		}
		out[ord] = it.Col.ID
	}
	return out, true
}

func (c *chooser) aggregate(n *logical.Aggregate) (physical.Node, layout, error) {
	used := logical.Set{}
	for _, g := range n.Groups {
		used[g.ID] = true
	}
	logical.Exprs(n, func(e expr.Expr) { expr.Columns(e, used) })
	in, at, err := c.node(n.Input, used)
	if err != nil {
		return nil, nil, err
	}
	fields := in.Schema()
	a := &physical.Aggregate{Est: c.rows(n), Input: in}
	var out layout
	for _, g := range n.Groups {
		a.Groups = append(a.Groups, at.place(g.Ref(), fields))
		a.Names = append(a.Names, g.Name)
		out = append(out, g.ID)
	}
	for _, item := range n.Aggs {
		a.Aggs = append(a.Aggs, logical.MapAggregate(item.Agg, func(e expr.Expr) expr.Expr { return at.place(e, fields) }))
		a.Names = append(a.Names, item.Col.Name)
		out = append(out, item.Col.ID)
	}
	return a, out, nil
}

func keyExprs(keys []expr.SortKey) []expr.Expr {
	out := make([]expr.Expr, len(keys))
	for i, k := range keys {
		out[i] = k.Expr
	}
	return out
}

func (c *chooser) sort(n *logical.Sort, need logical.Set) (physical.Node, layout, error) {
	in, at, err := c.node(n.Input, plus(need, keyExprs(n.Keys)...))
	if err != nil {
		return nil, nil, err
	}
	fields := in.Schema()
	keys := logical.MapKeys(n.Keys, func(e expr.Expr) expr.Expr { return at.place(e, fields) })
	return &physical.Sort{Est: c.rows(n), Input: in, Keys: keys}, at, nil
}

func (c *chooser) limit(n *logical.Limit, need logical.Set) (physical.Node, layout, error) {
	in, at, err := c.node(n.Input, need)
	if err != nil {
		return nil, nil, err
	}
	if s, ok := in.(*physical.Sort); ok && n.Count >= 0 && n.Offset+n.Count <= maxTopN {
		top := &physical.TopN{Est: c.rows(n), Input: s.Input, Keys: s.Keys, Offset: n.Offset, Count: n.Count}
		c.boundFilter(top)
		return top, at, nil
	}
	return &physical.Limit{Est: c.rows(n), Input: in, Offset: n.Offset, Count: n.Count}, at, nil
}

func (c *chooser) groupTopN(n *logical.GroupTopN, need logical.Set) (physical.Node, layout, error) {
	in, at, err := c.node(n.Input, plus(plus(need, n.By...), keyExprs(n.Keys)...))
	if err != nil {
		return nil, nil, err
	}
	fields := in.Schema()
	out := &physical.GroupTopN{Est: c.rows(n), Input: in, Offset: n.Offset, Count: n.Count}
	for _, e := range n.By {
		out.By = append(out.By, at.place(e, fields))
	}
	out.Keys = logical.MapKeys(n.Keys, func(e expr.Expr) expr.Expr { return at.place(e, fields) })
	return out, at, nil
}

func (c *chooser) setOp(n *logical.SetOp) (physical.Node, layout, error) {
	var fields []expr.Field
	var at layout
	for _, col := range n.Cols {
		fields = append(fields, expr.Field{Name: col.Name, Type: col.Type, Nullable: true})
		at = append(at, col.ID)
	}
	args := make([]physical.Node, len(n.Args))
	for i, a := range n.Args {
		need := logical.Set{}
		for _, id := range n.Maps[i] {
			need[id] = true
		}
		p, have, err := c.node(a, need)
		if err != nil {
			return nil, nil, err
		}
		names := make([]string, len(fields))
		for j, f := range fields {
			names[j] = f.Name
		}
		if args[i], err = c.deliver(p, have, a, n.Maps[i], names); err != nil {
			return nil, nil, err
		}
	}
	if n.Kind == logical.UnionAll {
		return &physical.Union{Est: c.rows(n), All: args, Fields: fields}, at, nil
	}
	s := &physical.SetOp{Est: c.rows(n), Left: args[0], Right: args[1], Fields: fields}
	if n.Kind == logical.Except || n.Kind == logical.ExceptAll {
		s.Kind = physical.Except
	}
	s.All = n.Kind == logical.IntersectAll || n.Kind == logical.ExceptAll
	return s, at, nil
}

func (c *chooser) reference(n *logical.Reference) (physical.Node, layout, error) {
	s, ok := c.shared[n.Plan]
	if !ok {
		need := logical.Output(n.Plan.Input)
		in, at, err := c.node(n.Plan.Input, need)
		if err != nil {
			return nil, nil, err
		}
		s = sharedPlan{physical.NewShared(n.Plan.ID, in), at}
		c.shared[n.Plan] = s
	}
	fields := s.node.Schema()
	p := &physical.Project{Est: c.rows(n), Input: s.node}
	var out layout
	at := make(layout, len(s.at))
	for i := range at {
		at[i] = -1
	}
	plain := true
	for i, col := range n.Cols {
		ord := slices.Index(s.at, n.Source[i])
		if ord < 0 {
			return nil, nil, sqlerr.New(sqlerr.InternalError, "shared plan %d lacks a column", n.Plan.ID)
		}
		plain = plain && at[ord] < 0
		at[ord] = col.ID
		p.Exprs = append(p.Exprs, column(fields, ord))
		p.Names = append(p.Names, col.Name)
		out = append(out, col.ID)
	}
	if plain {
		return s.node, at, nil
	}
	return p, out, nil
}
