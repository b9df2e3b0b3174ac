package bind

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// join binds JOIN. A right join is a left join of exchanged sides.
func (b *binder) join(t *sql.Join, left, outer *scope, ctes *cteScope) (logical.Node, []scopeColumn, bool, error) {
	lplan, lcols, ldep, err := b.table(t.Left, left, outer, ctes)
	if err != nil {
		return nil, nil, false, err
	}
	inner := &scope{parent: left.parent, cols: append(append([]scopeColumn(nil), left.cols...), lcols...)}
	rplan, rcols, rdep, err := b.table(t.Right, inner, outer, ctes)
	if err != nil {
		return nil, nil, false, err
	}
	usesLeft := rdep && logical.Free(rplan).Meets(logical.Output(lplan))
	dependent := ldep || rdep && logical.Free(rplan).Meets(scopeSet(left))
	if usesLeft && (t.Kind == sql.RightJoin || t.Kind == sql.FullJoin) {
		return nil, nil, false, sqlerr.At(sqlerr.InvalidColumnReference, t.Right.Span(), "the combining JOIN type must be INNER or LEFT for a LATERAL reference")
	}
	j := &logical.Join{Left: lplan, Right: rplan, Dependent: usesLeft}
	switch t.Kind {
	case sql.LeftJoin:
		j.Kind = logical.Left
		rcols = nullable(rcols)
	case sql.RightJoin:
		j.Kind = logical.Left
		j.Left, j.Right = rplan, lplan
		lcols = nullable(lcols)
	case sql.FullJoin:
		j.Kind = logical.Full
		lcols, rcols = nullable(lcols), nullable(rcols)
	}
	cols := append(append([]scopeColumn(nil), lcols...), rcols...)
	using := t.Using
	if t.Natural {
		using = common(lcols, rcols)
	}
	if len(using) > 0 {
		if cols, err = b.using(j, t, using, lcols, rcols); err != nil {
			return nil, nil, false, err
		}
	}
	if t.On != nil {
		if err := b.on(j, t, cols, outer, ctes, left); err != nil {
			return nil, nil, false, err
		}
	}
	if !t.Alias.Name.IsZero() {
		cols = slices.DeleteFunc(cols, func(c scopeColumn) bool { return c.merged })
		if err := checkColumnAliases(t.Alias.Name.Text, t.Alias.Columns, len(cols)); err != nil {
			return nil, nil, false, err
		}
		for i := range cols {
			cols[i].table = t.Alias.Name.Text
			if i < len(t.Alias.Columns) {
				cols[i].name = t.Alias.Columns[i].Text
			}
		}
	}
	return j, cols, dependent, nil
}

// on binds the ON condition. Its subqueries are computed beside the side they use.
func (b *binder) on(j *logical.Join, t *sql.Join, cols []scopeColumn, outer *scope, ctes *cteScope, left *scope) error {
	x := &exprs{b: b, scope: &scope{parent: left.parent, cols: cols, ctes: ctes}, place: "JOIN/ON"}
	cond, err := x.condition(t.On)
	if err != nil {
		return err
	}
	var both []subquery
	for _, p := range x.pending {
		used := logical.Free(p.plan)
		for _, e := range []expr.Expr{p.nullAware, p.cond} {
			if e != nil {
				expr.Columns(e, used)
			}
		}
		l, r := used.Meets(logical.Output(j.Left)), used.Meets(logical.Output(j.Right))
		switch {
		case !l: // also what uses neither side: the right side may be extended by any join kind
			j.Right = b.attach(j.Right, []subquery{p})
		case !r && j.Kind != logical.Full:
			j.Left = b.attach(j.Left, []subquery{p})
		case j.Kind == logical.Full:
			return unsupported(p.span, "a subquery in the ON of a FULL JOIN that uses columns of both sides is not supported")
		default:
			both = append(both, p)
		}
	}
	conds := append(j.Conds, expr.Conjuncts(cond)...)
	if len(both) > 0 { // as if the right side were LATERAL and the condition its WHERE
		j.Right = &logical.Filter{Input: b.attach(j.Right, both), Conds: conds}
		j.Dependent, conds = true, nil
	}
	j.Conds = conds
	return nil
}

// common are the columns both sides of a NATURAL JOIN have.
func common(l, r []scopeColumn) []sql.Ident {
	var out []sql.Ident
	for _, c := range l {
		if c.merged {
			continue
		}
		for _, d := range r {
			if c.name == d.name && !d.merged {
				out = append(out, sql.Ident{Text: c.name})
				break
			}
		}
	}
	return out
}

// using joins on equal columns of the same name, which become one column each, in
// front of all others.
func (b *binder) using(j *logical.Join, t *sql.Join, names []sql.Ident, l, r []scopeColumn) ([]scopeColumn, error) {
	var merged []scopeColumn
	l, r = append([]scopeColumn(nil), l...), append([]scopeColumn(nil), r...)
	for _, name := range names {
		span := name.Span()
		if span.IsZero() {
			span = t.Span()
		}
		lc, err := only(l, name.Text, "left", span)
		if err != nil {
			return nil, err
		}
		rc, err := only(r, name.Text, "right", span)
		if err != nil {
			return nil, err
		}
		for _, c := range []scopeColumn{l[lc], r[rc]} {
			if err := b.mayRead(c, span); err != nil {
				return nil, err
			}
		}
		eq, err := b.operator(expr.OpEq, span, l[lc].value, r[rc].value)
		if err != nil {
			return nil, err
		}
		j.Conds = append(j.Conds, eq)
		both := []expr.Expr{l[lc].value, r[rc].value}
		if _, err := b.unify("JOIN/USING", both); err != nil {
			return nil, sqlerr.AtSpan(err, span)
		}
		value := both[0]
		switch t.Kind {
		case sql.RightJoin:
			value = both[1]
		case sql.FullJoin:
			if value, err = b.function(expr.FnCoalesce, span, l[lc].value, r[rc].value); err != nil {
				return nil, err
			}
		}
		merged = append(merged, scopeColumn{name: name.Text, value: value, table: t.UsingAlias.Text})
		l[lc].merged, r[rc].merged = true, true
	}
	return append(append(merged, l...), r...), nil
}

func only(cols []scopeColumn, name, side string, span sqlerr.Span) (int, error) {
	found := -1
	for i, c := range cols {
		if c.name == name && !c.merged {
			if found >= 0 {
				return 0, sqlerr.At(sqlerr.AmbiguousColumn, span, "common column name %q appears more than once in %s table", name, side)
			}
			found = i
		}
	}
	if found < 0 {
		return 0, sqlerr.At(sqlerr.UndefinedColumn, span, "column %q specified in USING clause does not exist in %s table", name, side)
	}
	return found, nil
}
