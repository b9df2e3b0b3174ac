package rule

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Unnest removes every dependent join: each correlated subquery becomes a plan
// that computes its result for all outer rows at once and is joined by the
// columns it was correlated with (Neumann & Kemper, "Unnesting Arbitrary
// Queries", BTW 2015). Where the subquery ties an outer column to one of its own
// by equality, that column stands for the outer one; only where it does not, the
// distinct outer values (the paper's D) are joined in.
//
// Errors: unsupported for correlated forms that have no plan; limit.go has
// the others.
func Unnest(n logical.Node, ids *IDs) (logical.Node, error) {
	u := &unnester{ids: ids}
	out := logical.Rewrite(n, u.node)
	return out, u.err
}

type unnester struct {
	ids *IDs
	err error
}

func (u *unnester) node(n logical.Node) logical.Node {
	j, ok := n.(*logical.Join)
	if !ok || !j.Dependent || u.err != nil {
		return n
	}
	return u.join(j)
}

// join turns one dependent join into a plain one. Its inputs hold no dependent
// joins that use only what is below them.
func (u *unnester) join(j *logical.Join) logical.Node {
	outer := logical.Output(j.Left)
	if exists(j) {
		if l := existsLimit(j.Right); l != nil {
			j = with(j, l, nil)
		}
		if oneRow(j.Right) {
			return with(j, &logical.Values{Rows: [][]expr.Value{nil}}, nil)
		}
	}
	right, conds := pullConditions(j.Right, outer, j.Kind)
	j = pullValues(with(j, right, conds), outer)
	free := logical.Free(j.Right)
	if !free.Meets(outer) {
		return j
	}
	if j.Kind == logical.Single || j.Kind == logical.Left || j.Kind == logical.Inner {
		if out := u.scalarAggregate(j, outer); out != nil {
			return out
		}
	}
	left, domain := u.domain(j.Left)
	r, ties := u.decorrelate(j.Right, outer, domain)
	if u.err != nil {
		return j
	}
	j = with(j, r, ties.conditions())
	j.Left = left()
	if ties.unique && j.Kind == logical.Single {
		j.Kind = logical.Left
	}
	return j
}

// with is j over another right side with more conditions, no longer dependent.
func with(j *logical.Join, right logical.Node, conds []expr.Expr) *logical.Join {
	c := *j
	c.Right, c.Dependent = right, false
	c.Conds = append(append([]expr.Expr(nil), j.Conds...), conds...)
	return &c
}

// exists reports whether a join only asks whether the right side has a row.
func exists(j *logical.Join) bool {
	if j.NullAware != nil || len(j.Conds) > 0 {
		return false
	}
	return j.Kind == logical.Semi || j.Kind == logical.Anti || j.Kind == logical.Mark
}

// existsLimit is what EXISTS looks at below a LIMIT that keeps at least one row.
func existsLimit(n logical.Node) logical.Node {
	switch n := n.(type) {
	case *logical.Limit:
		if n.Count != 0 && n.Offset == 0 {
			return n.Input
		}
	case *logical.Sort:
		return n.Input
	case *logical.Project:
		if in := existsLimit(n.Input); in != nil {
			return in
		}
	}
	return nil
}

// oneRow reports whether a plan is the value of an aggregate without groups, which
// has one row whatever it is correlated with.
func oneRow(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Project:
		return oneRow(n.Input)
	case *logical.Aggregate:
		return len(n.Groups) == 0
	}
	return false
}

// pullConditions takes conditions that use outer columns out of the filters at
// the top of the right side: as join conditions they mean the same for every kind
// of join, because right rows are only ever matched.
func pullConditions(n logical.Node, outer logical.Set, kind logical.JoinKind) (logical.Node, []expr.Expr) {
	switch n := n.(type) {
	case *logical.Filter:
		in, conds := pullConditions(n.Input, outer, kind)
		var keep []expr.Expr
		for _, c := range n.Conds {
			if logical.Used(c).Meets(outer) {
				conds = append(conds, c)
			} else {
				keep = append(keep, c)
			}
		}
		if len(keep) == 0 {
			return in, conds
		}
		return &logical.Filter{Input: in, Conds: keep}, conds
	case *logical.Project:
		in, conds := pullConditions(n.Input, outer, kind)
		if len(conds) == 0 {
			return n, nil
		}
		return passThrough(&logical.Project{Input: in, Items: n.Items}, conds), conds
	case *logical.Sort:
		in, conds := pullConditions(n.Input, outer, kind)
		return in, conds // the order of a join's right side is never seen
	case *logical.Join:
		switch n.Kind {
		case logical.Inner:
			if n.Dependent {
				return n, nil
			}
			l, lc := pullConditions(n.Left, outer, kind)
			r, rc := pullConditions(n.Right, outer, kind)
			var keep, pulled []expr.Expr
			for _, c := range n.Conds {
				if logical.Used(c).Meets(outer) {
					pulled = append(pulled, c)
				} else {
					keep = append(keep, c)
				}
			}
			c := *n
			c.Left, c.Right, c.Conds = l, r, keep
			return &c, append(append(lc, rc...), pulled...)
		case logical.Semi, logical.Anti, logical.Mark, logical.Left, logical.Single:
			l, lc := pullConditions(n.Left, outer, kind)
			if len(lc) == 0 {
				return n, nil
			}
			c := *n
			c.Left = l
			return &c, lc
		}
	}
	return n, nil
}

// pullValues computes right columns that are made of outer columns in the join's
// conditions instead, for the kinds of join whose right columns nobody else sees.
func pullValues(j *logical.Join, outer logical.Set) *logical.Join {
	p, ok := j.Right.(*logical.Project)
	if !ok || j.Kind != logical.Semi && j.Kind != logical.Anti && j.Kind != logical.Mark {
		return j
	}
	by := map[expr.ColumnID]expr.Expr{}
	below := &logical.Project{Input: p.Input}
	for _, it := range p.Items {
		if logical.Used(it.Expr).Meets(outer) && !isVolatile(it.Expr) && !expr.CanFail(it.Expr) {
			by[it.Col.ID] = it.Expr
		} else {
			below.Items = append(below.Items, it)
		}
	}
	if len(by) == 0 {
		return j
	}
	var needed []expr.Expr
	for _, e := range by {
		needed = append(needed, e)
	}
	out := logical.MapExprs(j, func(e expr.Expr) expr.Expr { return logical.Substitute(e, by) }).(*logical.Join)
	out.Right = passThrough(below, needed)
	return out
}

// passThrough adds the columns that conditions use to a projection, as far as its
// input delivers them.
func passThrough(p *logical.Project, conds []expr.Expr) *logical.Project {
	have := logical.Output(p)
	items := append([]logical.Item(nil), p.Items...)
	used := logical.Set{}
	for _, c := range conds {
		expr.Columns(c, used)
	}
	for _, col := range p.Input.Columns() {
		if used[col.ID] && !have[col.ID] {
			items = append(items, logical.Item{Col: col, Expr: col.Ref()})
		}
	}
	return &logical.Project{Input: p.Input, Items: items}
}

// scalarAggregate handles the common form: the value of an aggregate without
// groups. It is grouped by what ties it to the outer row and joined from the
// left; a row without a group gets what the aggregate gives over no rows. nil
// when the form is another.
func (u *unnester) scalarAggregate(j *logical.Join, outer logical.Set) logical.Node {
	var above []*logical.Project
	n := j.Right
	for {
		p, ok := n.(*logical.Project)
		if !ok {
			break
		}
		above, n = append(above, p), p.Input
	}
	agg, ok := n.(*logical.Aggregate)
	if !ok || len(agg.Groups) > 0 || len(j.Conds) > 0 {
		return nil
	}
	left, domain := u.domain(j.Left)
	in, t := u.decorrelate(agg.Input, outer, domain)
	if u.err != nil {
		return j
	}
	var args []expr.Expr
	used := logical.Set{}
	logical.Exprs(agg, func(e expr.Expr) {
		args = append(args, e)
		expr.Columns(e, used)
	})
	in, t, _ = u.tieMissing(in, t, used, outer, args, domain)
	by := t.substitution()
	agg = logical.MapExprs(agg, func(e expr.Expr) expr.Expr { return logical.Substitute(e, by) }).(*logical.Aggregate)
	grouped := &logical.Aggregate{Input: in, Groups: t.columns()}
	// The columns of the right side are computed above the join; below it their
	// names would be taken.
	values := map[expr.ColumnID]expr.Expr{}
	for _, a := range agg.Aggs {
		fresh := u.ids.Column(a.Col.Name, a.Col.Type, true)
		grouped.Aggs = append(grouped.Aggs, logical.AggItem{Col: fresh, Agg: a.Agg})
		values[a.Col.ID] = orOverNothing(fresh, a.Agg)
	}
	for i := len(above) - 1; i >= 0; i-- {
		next := map[expr.ColumnID]expr.Expr{}
		for _, it := range above[i].Items {
			next[it.Col.ID] = logical.Substitute(it.Expr, values)
		}
		values = next
	}
	p := &logical.Project{Input: &logical.Join{Kind: logical.Left, Left: left(), Right: grouped, Conds: t.conditions()}}
	for _, c := range j.Left.Columns() {
		p.Items = append(p.Items, logical.Item{Col: c, Expr: c.Ref()})
	}
	for _, c := range j.Right.Columns() {
		c.Nullable = true
		p.Items = append(p.Items, logical.Item{Col: c, Expr: values[c.ID]})
	}
	return p
}

// orOverNothing reads an aggregate's column where an outer join may have filled in
// NULL for a group without rows.
func orOverNothing(c logical.Column, a expr.Aggregate) expr.Expr {
	if v, ok := overNothing(a); ok {
		return &expr.Call{Name: expr.FnCoalesce, Args: []expr.Expr{c.Ref(), v}, Typ: a.Typ}
	}
	return c.Ref()
}

// overNothing is what an aggregate gives over no rows, when that is not NULL.
func overNothing(a expr.Aggregate) (expr.Expr, bool) {
	if a.Func == "count" || a.Func == "regr_count" {
		return expr.NewLiteral(expr.Int(0), a.Typ), true
	}
	return nil, false
}

func unsupportedCorrelation(what string) error {
	return sqlerr.New(sqlerr.FeatureNotSupported, "a correlated subquery with %s is not supported", what)
}
