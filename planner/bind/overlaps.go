package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// overlaps binds (a, b) OVERLAPS (c, d) by comparisons. As in PostgreSQL, a period
// starts at the lesser of its ends, or at the one that is not NULL; an interval
// in place of an end is a length; and the answer is, for starts s and ends e,
//
//	s1 > s2 and (s1 < e2 or e1 < e2) or s2 > s1 and (s2 < e1 or e2 < e1) or
//	s1 = s2 and (e1 <> e2 or e1 = e2)
func (b *binder) overlaps(span sqlerr.Span, args []expr.Expr) (expr.Expr, error) {
	undefined := func() error {
		_, err := expr.Resolve("overlaps", types(args))
		return sqlerr.AtSpan(err, span)
	}
	if len(args) != 4 {
		return nil, undefined()
	}
	ends := append([]expr.Expr(nil), args...)
	for i := 0; i < 4; i += 2 {
		if ends[i+1].Type().Kind != expr.Interval {
			continue
		}
		end, err := b.operator(expr.OpAdd, span, ends[i], ends[i+1])
		if err != nil {
			return nil, undefined()
		}
		ends[i+1] = end
	}
	t, err := b.unify("OVERLAPS", ends)
	if err != nil {
		return nil, undefined()
	}
	switch t.Kind {
	case expr.Date, expr.Time, expr.Timestamp, expr.TimestampTZ:
	default:
		return nil, undefined()
	}
	s1, e1 := period(ends[0], ends[1])
	s2, e2 := period(ends[2], ends[3])
	is := func(op string, l, r expr.Expr) expr.Expr {
		return &expr.Call{Name: op, Args: []expr.Expr{l, r}, Typ: expr.Of(expr.Bool), Span: span}
	}
	within := func(s, e, start, end expr.Expr) expr.Expr {
		return is(expr.OpAnd, is(expr.OpGt, s, start), is(expr.OpOr, is(expr.OpLt, s, end), is(expr.OpLt, e, end)))
	}
	same := is(expr.OpAnd, is(expr.OpEq, s1, s2), is(expr.OpOr, is(expr.OpNe, e1, e2), is(expr.OpEq, e1, e2)))
	return &expr.Call{Name: expr.OpOr, Args: []expr.Expr{within(s1, e1, s2, e2), within(s2, e2, s1, e1), same},
		Typ: expr.Of(expr.Bool), Span: span}, nil
}

// period is the start and the end of a period; the end is NULL when one of the two
// is not known.
func period(a, b expr.Expr) (start, end expr.Expr) {
	t := a.Type()
	null := func(e expr.Expr) expr.Expr {
		return &expr.Call{Name: expr.OpIsNull, Args: []expr.Expr{e}, Typ: expr.Of(expr.Bool), Span: e.Place()}
	}
	start = &expr.Call{Name: expr.FnLeast, Args: []expr.Expr{a, b}, Typ: t, Span: a.Place()}
	open := &expr.Call{Name: expr.OpOr, Args: []expr.Expr{null(a), null(b)}, Typ: expr.Of(expr.Bool), Span: b.Place()}
	end = &expr.Case{Whens: []expr.When{{Cond: open, Result: expr.NullOf(t)}}, Typ: t, Span: b.Place(),
		Else: &expr.Call{Name: expr.FnGreatest, Args: []expr.Expr{a, b}, Typ: t, Span: b.Place()}}
	return start, end
}
