package choose

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/physical"
)

// sides is a join with its columns placed: probe first, then build.
type sides struct {
	probe, build     physical.Node
	probeAt, buildAt layout
	fields           []expr.Field
	at               layout
}

func (c *chooser) join(n *logical.Join, need logical.Set) (physical.Node, layout, error) {
	conds := n.Conds
	if n.NullAware != nil {
		conds = append(append([]expr.Expr(nil), conds...), n.NullAware)
	}
	all := plus(need, conds...)
	l, lat, err := c.node(n.Left, all)
	if err != nil {
		return nil, nil, err
	}
	r, rat, err := c.node(n.Right, all)
	if err != nil {
		return nil, nil, err
	}
	swap := c.buildLeft(n)
	s := sides{probe: l, build: r, probeAt: lat, buildAt: rat}
	if swap {
		s = sides{probe: r, build: l, probeAt: rat, buildAt: lat}
	}
	s.at = append(append(layout{}, s.probeAt...), s.buildAt...)
	s.fields = append(append([]expr.Field{}, s.probe.Schema()...), s.build.Schema()...)
	kind := joinKind(n.Kind, swap)
	emit, at := s.emit(kind, need)
	if kind == physical.ProbeMark {
		at = append(at, n.MarkCol.ID)
	}
	k := s.keys(n)
	if len(k.probe) == 0 || k.nested {
		if swap { // the nested loop join knows no Build kinds
			return c.nested(n, l, r, lat, rat, need)
		}
		return c.nested(n, s.probe, s.build, s.probeAt, s.buildAt, need)
	}
	j := &physical.HashJoin{Est: c.rows(n), Kind: kind, Probe: s.probe, Build: s.build, ProbeKeys: k.probe, BuildKeys: k.build,
		NullEqual: k.nullEqual, NullAware: n.NullAware != nil, Emit: emit, MarkName: n.MarkCol.Name}
	if len(k.residual) > 0 {
		j.Residual = expr.And(failingLast(k.residual)...)
	}
	j.BuildUnique = unique(s.build, k.build)
	c.runtimeFilters(j, n, swap)
	return j, at, nil
}

// buildLeft decides whether the logical left side is the one held in memory.
func (c *chooser) buildLeft(n *logical.Join) bool {
	left, right := c.est.Estimate(n.Left).Rows, c.est.Estimate(n.Right).Rows
	switch n.Kind {
	case logical.Inner, logical.Full:
		return left < right
	case logical.Semi, logical.Left:
		return left < right
	case logical.Anti:
		return n.NullAware == nil && left < right
	}
	return false
}

func joinKind(k logical.JoinKind, swap bool) physical.JoinKind {
	switch k {
	case logical.Left:
		if swap {
			return physical.BuildOuter
		}
		return physical.ProbeOuter
	case logical.Full:
		return physical.FullOuter
	case logical.Semi:
		if swap {
			return physical.BuildSemi
		}
		return physical.ProbeSemi
	case logical.Anti:
		if swap {
			return physical.BuildAnti
		}
		return physical.ProbeAnti
	case logical.Mark:
		return physical.ProbeMark
	case logical.Single:
		return physical.ProbeSingle
	}
	return physical.Inner
}

// emit are the ordinals given out, and what they hold.
func (s sides) emit(kind physical.JoinKind, need logical.Set) (ords []int, at layout) {
	from, to := 0, len(s.at)
	switch kind {
	case physical.ProbeSemi, physical.ProbeAnti, physical.ProbeMark:
		to = len(s.probeAt)
	case physical.BuildSemi, physical.BuildAnti:
		from = len(s.probeAt)
	}
	for i := from; i < to; i++ {
		if need[s.at[i]] {
			ords = append(ords, i)
			at = append(at, s.at[i])
		}
	}
	return ords, at
}

// keys is a join condition taken apart.
type keys struct {
	probe, build []expr.Expr
	residual     []expr.Expr
	nullEqual    bool
	nested       bool // needs a nested loop after all
}

// keys takes the conditions apart. An equality that can fail is a key only where no
// other can be: beside one it runs on the pairs that the key leaves.
func (s sides) keys(n *logical.Join) keys {
	k := s.keysOf(n, expr.CanFail)
	if len(k.probe) == 0 || k.nested {
		k = s.keysOf(n, func(expr.Expr) bool { return false })
	}
	return k
}

// keysOf is keys without the equalities that are left out.
func (s sides) keysOf(n *logical.Join, leaveOut func(expr.Expr) bool) keys {
	k := keys{}
	probe, build := ids(s.probeAt), ids(s.buildAt)
	var distinct [][2]expr.Expr
	var distinctConds []expr.Expr
	for _, c := range n.Conds {
		p, b, op := equality(c, probe, build)
		switch {
		case p == nil || leaveOut(c):
			k.residual = append(k.residual, s.at.place(c, s.fields))
		case op == expr.OpEq || notNull(p) || notNull(b):
			k.probe = append(k.probe, s.probeAt.place(p, s.probe.Schema()))
			k.build = append(k.build, s.buildAt.place(b, s.build.Schema()))
		default:
			distinct = append(distinct, [2]expr.Expr{p, b})
			distinctConds = append(distinctConds, c)
		}
	}
	if len(k.probe) == 0 && n.NullAware == nil {
		for _, d := range distinct {
			k.nullEqual = true
			k.probe = append(k.probe, s.probeAt.place(d[0], s.probe.Schema()))
			k.build = append(k.build, s.buildAt.place(d[1], s.build.Schema()))
		}
	} else {
		for _, c := range distinctConds {
			k.residual = append(k.residual, s.at.place(c, s.fields))
		}
	}
	if n.NullAware != nil {
		p, b, op := equality(n.NullAware, probe, build)
		if p == nil || op != expr.OpEq || leaveOut(n.NullAware) {
			k.nested = true
			return k
		}
		k.probe = append(k.probe, s.probeAt.place(p, s.probe.Schema()))
		k.build = append(k.build, s.buildAt.place(b, s.build.Schema()))
	}
	return k
}

func notNull(e expr.Expr) bool {
	c, ok := e.(*expr.Column)
	return ok && !c.Nullable
}

func ids(at layout) logical.Set {
	s := logical.Set{}
	for _, id := range at {
		s[id] = true
	}
	return s
}

// equality takes "probe expression = build expression" apart.
func equality(c expr.Expr, probe, build logical.Set) (p, b expr.Expr, op string) {
	call, ok := c.(*expr.Call)
	if !ok || call.Name != expr.OpEq && call.Name != expr.OpIsNotDistinct {
		return nil, nil, ""
	}
	x, y := call.Args[0], call.Args[1]
	ux, uy := logical.Used(x), logical.Used(y)
	if len(ux) == 0 || len(uy) == 0 || !x.Type().Equal(y.Type()) && !sameLayout(x.Type(), y.Type()) {
		return nil, nil, ""
	}
	switch {
	case probe.Has(ux) && build.Has(uy):
		return x, y, call.Name
	case probe.Has(uy) && build.Has(ux):
		return y, x, call.Name
	}
	return nil, nil, ""
}

// sameLayout reports whether equal values of two types have equal representations.
func sameLayout(a, b expr.Type) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case expr.Text, expr.Char:
		return true
	case expr.Numeric:
		return a.Scale == b.Scale && a.IsWide() == b.IsWide()
	}
	return false
}

// nested is a nested loop join with the logical left side as probe side.
func (c *chooser) nested(n *logical.Join, l, r physical.Node, lat, rat layout, need logical.Set) (physical.Node, layout, error) {
	kind := joinKind(n.Kind, false)
	if n.Kind == logical.Inner && c.est.Estimate(n.Left).Rows < c.est.Estimate(n.Right).Rows {
		l, r, lat, rat = r, l, rat, lat
	}
	s := sides{probe: l, build: r, probeAt: lat, buildAt: rat}
	s.at = append(append(layout{}, lat...), rat...)
	s.fields = append(append([]expr.Field{}, l.Schema()...), r.Schema()...)
	j := &physical.NestedLoopJoin{Est: c.rows(n), Kind: kind, Probe: l, Build: r, MarkName: n.MarkCol.Name}
	var at layout
	j.Emit, at = s.emit(kind, need)
	if kind == physical.ProbeMark {
		at = append(at, n.MarkCol.ID)
	}
	if len(n.Conds) > 0 {
		j.Cond = expr.And(failingLast(s.at.all(n.Conds, s.fields))...)
	}
	if n.NullAware != nil {
		j.NullAware = s.at.place(n.NullAware, s.fields)
	}
	return j, at, nil
}

// unique reports whether the keys are proven unique: they are the groups of an
// aggregate.
func unique(n physical.Node, keys []expr.Expr) bool {
	switch n := n.(type) {
	case *physical.Filter:
		return unique(n.Input, keys)
	case *physical.Aggregate:
		seen := map[expr.ColumnID]bool{}
		for _, k := range keys {
			c, ok := k.(*expr.Column)
			if ok && int(c.ID) < len(n.Groups) {
				seen[c.ID] = true
			}
		}
		return len(seen) == len(n.Groups)
	}
	return false
}
