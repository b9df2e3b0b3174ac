package bind

import (
	"math"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// limit puts the LIMIT and OFFSET of a query onto its plan.
func (b *binder) limit(r relation, q *sql.Query) (relation, error) {
	if q.Limit == nil && q.Offset == nil {
		return r, nil
	}
	n := &logical.Limit{Input: r.plan, Count: -1}
	var err error
	if q.Limit != nil {
		if n.Count, err = b.count(q.Limit, "LIMIT", sqlerr.InvalidRowCountInLimit, -1); err != nil {
			return r, err
		}
	}
	if q.Offset != nil {
		if n.Offset, err = b.count(q.Offset, "OFFSET", sqlerr.InvalidRowCountInOffset, 0); err != nil {
			return r, err
		}
	}
	if n.Count >= 0 && n.Offset > math.MaxInt64-n.Count {
		n.Count = math.MaxInt64 - n.Offset
	}
	if q.WithTies {
		if b.opt.Args == nil { // only described: the count may be one that is refused
			b.needsArgs = true
		} else if n.Count < 0 {
			return r, sqlerr.At(sqlerr.InvalidRowCountInLimit, q.Limit.Span(), "row count cannot be null in FETCH FIRST ... WITH TIES clause")
		}
		return b.withTies(r, max(n.Count, 0), n.Offset, q.Span())
	}
	r.plan = n
	return r, nil
}

// count evaluates the expression of LIMIT or OFFSET, which must be constant. For
// NULL, and for a parameter of a statement that is only described, it gives none.
func (b *binder) count(e sql.Expr, what string, negative sqlerr.Code, none int64) (int64, error) {
	x := &exprs{b: b, scope: &scope{}, place: what}
	bound, err := x.bind(e)
	if sqlerr.CodeOf(err) == sqlerr.UndefinedColumn {
		return 0, sqlerr.At(sqlerr.InvalidColumnReference, e.Span(), "argument of %s must not contain variables", what)
	}
	if err != nil {
		return 0, err
	}
	if len(x.pending) > 0 {
		return 0, unsupported(e.Span(), "a subquery in %s is not supported", what)
	}
	int8 := expr.Of(expr.Int8)
	if t := bound.Type(); !expr.CanCast(t, int8, assignment) {
		return 0, sqlerr.At(sqlerr.DatatypeMismatch, e.Span(), "argument of %s must be type bigint, not type %s", what, typeWord(t))
	}
	if bound, err = b.coerce(bound, int8, assignment); err != nil {
		return 0, err
	}
	if b.described(bound) {
		return none, nil
	}
	val, err := eval.Constant(bound)
	if err != nil {
		return 0, sqlerr.AtSpan(err, e.Span())
	}
	if val.Null {
		return none, nil
	}
	if val.I < 0 {
		return 0, sqlerr.At(negative, e.Span(), "%s must not be negative", what)
	}
	return val.I, nil
}
