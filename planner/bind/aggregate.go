package bind

import (
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// aggregateCall binds a call of an aggregate function; its value is the column
// that the Aggregate node will deliver.
func (x *exprs) aggregateCall(f *sql.FuncCall) (expr.Expr, error) {
	name := f.Name.Last().Text
	if at := x.ownerOf(f); at != nil {
		x = &exprs{b: x.b, scope: at, sel: at.user.sel, inAggregate: at.user.inAggregate, place: at.user.place}
	}
	if x.sel == nil || x.inAggregate {
		if x.inAggregate {
			return nil, sqlerr.At(sqlerr.GroupingError, f.Span(), "aggregate function calls cannot be nested")
		}
		return nil, sqlerr.At(sqlerr.GroupingError, f.Span(), "aggregate functions are not allowed in %s", x.clause())
	}
	inner := &exprs{b: x.b, scope: x.scope, sel: x.sel, inAggregate: true, place: x.place}
	agg := expr.Aggregate{Func: name, Distinct: f.Distinct, Span: f.Span()}
	types := []expr.Type{}
	for _, a := range aggregated(f) {
		e, err := inner.bind(a)
		if err != nil {
			return nil, err
		}
		agg.Args = append(agg.Args, e)
		types = append(types, e.Type())
	}
	if err := direct(f, agg.Args); err != nil {
		return nil, err
	}
	if f.Star && name != "count" {
		return nil, sqlerr.At(sqlerr.UndefinedFunction, f.Span(), "function %s() does not exist", name).
			WithHint("Only count takes * for its argument.")
	}
	if !f.Star && len(f.Args) == 0 && name == "count" {
		return nil, sqlerr.At(sqlerr.WrongObjectType, f.Span(), "%s(*) must be used to call a parameterless aggregate function", name)
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
	if name == "median" {
		agg.Order = []expr.SortKey{{Expr: agg.Args[0]}}
	}
	for i, o := range f.OrderBy {
		e, err := inner.bind(o.Value)
		if f.WithinGroup && i == 0 {
			e = agg.Args[0] // as it is compared
		}
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

// ownerOf is the scope of the query around this one that an aggregate belongs to;
// nil when it is this query's own. It is the innermost whose columns the aggregate
// reads (PostgreSQL 15, 4.2.7). One that reads a subquery is this query's own: to
// bind those twice would take time to the power of their depth.
func (x *exprs) ownerOf(f *sql.FuncCall) *scope {
	around := x.scope.parent
	for around != nil && around.user == nil {
		around = around.parent
	}
	if around == nil {
		return nil
	}
	used, ok := x.reads(f)
	if !ok {
		return nil
	}
	for at := x.scope; at != nil; at = at.parent {
		have := logical.Set{}
		for _, c := range at.cols {
			expr.Columns(c.value, have)
		}
		if used.Meets(have) {
			if at == x.scope || at.user == nil {
				return nil
			}
			return at
		}
	}
	return nil
}

// reads are the columns that an aggregate reads; ok is false where it has a
// subquery or a fault.
func (x *exprs) reads(f *sql.FuncCall) (used logical.Set, ok bool) {
	var parts []sql.Expr
	for _, a := range f.Args {
		parts = append(parts, a.Value)
	}
	for _, o := range f.OrderBy {
		parts = append(parts, o.Value)
	}
	if f.Filter != nil {
		parts = append(parts, f.Filter)
	}
	trial := &exprs{b: x.b, scope: x.scope, sel: x.sel, inAggregate: true, trial: true, place: x.place}
	used = logical.Set{}
	for _, p := range parts {
		e, err := trial.bind(p)
		if err != nil {
			return nil, false
		}
		expr.Columns(e, used)
	}
	return used, true
}

// aggregated are the arguments of an aggregate as its signature has them: what WITHIN GROUP
// orders by comes before the direct arguments.
func aggregated(f *sql.FuncCall) []sql.Expr {
	var out []sql.Expr
	if f.WithinGroup {
		for _, o := range f.OrderBy {
			out = append(out, o.Value)
		}
	}
	for _, a := range f.Args {
		out = append(out, a.Value)
	}
	return out
}

// direct refuses fractions of ordered-set aggregates that differ from row to row.
func direct(f *sql.FuncCall, args []expr.Expr) error {
	if !f.WithinGroup {
		return nil
	}
	for _, a := range args[len(f.OrderBy):] {
		used := logical.Set{}
		expr.Columns(a, used)
		if len(used) > 0 || expr.VolatilityOf(a) == expr.Volatile {
			return unsupported(f.Span(), "a direct argument of %s that is no constant is not supported", f.Name.Last().Text)
		}
	}
	return nil
}

// withinGroup is the error for WITHIN GROUP where it does not belong, or is missing.
func (x *exprs) withinGroup(f *sql.FuncCall) error {
	name := f.Name.Last().Text
	switch {
	case name == "rank" || name == "dense_rank" || name == "percent_rank" || name == "cume_dist":
		return unsupported(f.Span(), "hypothetical-set aggregate %s is not supported", name)
	case f.Star || expr.IsAggregate(name) && !expr.IsOrderedSet(name) && len(f.Args) == 0:
		return sqlerr.At(sqlerr.WrongObjectType, f.Span(), "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name)
	}
	var types []string
	for _, a := range aggregated(f) {
		e, err := x.bind(a)
		if err != nil {
			return err
		}
		types = append(types, typeWord(e.Type()))
	}
	return sqlerr.At(sqlerr.UndefinedFunction, f.Span(), "function %s(%s) does not exist", name, strings.Join(types, ", "))
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
