package bind

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// window is the calls of a SELECT over the same partitions in the same order.
type window struct {
	partition []expr.Expr
	order     []expr.SortKey
	calls     []logical.WindowItem
}

// windowCall binds a call with OVER; its value is the column that a Window node will
// deliver.
func (x *exprs) windowCall(f *sql.FuncCall) (expr.Expr, error) {
	if err := x.mayHoldWindow(f); err != nil {
		return nil, err
	}
	name := f.Name.Last().Text
	aggregate := expr.IsAggregate(name)
	inner := x.inside()
	inner.inWindow = true
	args := make([]expr.Expr, len(f.Args))
	for i, a := range f.Args {
		var err error
		if args[i], err = inner.bind(a.Value); err != nil {
			return nil, err
		}
	}
	if !aggregate && !expr.IsWindowFunction(name) {
		return nil, noWindowFunction(f, name, args)
	}
	if err := windowForm(f, name, aggregate); err != nil {
		return nil, err
	}
	sig, err := expr.ResolveWindow(name, types(args))
	if err != nil {
		return nil, sqlerr.AtSpan(err, f.Span())
	}
	call := expr.Window{Func: sig.Name, Args: args, Typ: sig.Result, Span: f.Span()}
	for i := range args {
		if args[i], err = x.b.coerce(args[i], sig.Args[i], implicit); err != nil {
			return nil, err
		}
	}
	if f.Filter != nil {
		inner.place = "FILTER"
		if call.Filter, err = inner.condition(f.Filter); err != nil {
			return nil, err
		}
	}
	def, err := x.definition(f.Over)
	if err != nil {
		return nil, err
	}
	x.pending = append(x.pending, inner.pending...)
	call.Frame = def.frame
	return x.sel.windowColumn(def, call), nil
}

// inside is for expressions that belong to this one's query.
func (x *exprs) inside() *exprs {
	return &exprs{b: x.b, scope: x.scope, sel: x.sel, place: x.place, trial: x.trial, params: x.params}
}

// mayHoldWindow refuses window functions where PostgreSQL does.
func (x *exprs) mayHoldWindow(f *sql.FuncCall) error {
	switch {
	case x.place == "FILTER" || x.place == "HAVING":
	case x.inAggregate:
		return sqlerr.At(sqlerr.GroupingError, f.Span(), "aggregate function calls cannot contain window function calls")
	case x.inWindow:
		return sqlerr.At(sqlerr.WindowingError, f.Span(), "window function calls cannot be nested")
	case x.inFrame:
		return sqlerr.At(sqlerr.WindowingError, f.Span(), "window functions are not allowed in %s", windowPlace)
	case x.sel != nil && x.place != windowPlace:
		return nil
	}
	return sqlerr.At(sqlerr.WindowingError, f.Span(), "window functions are not allowed in %s", x.clause())
}

// windowForm refuses what a call of an aggregate may have without OVER only.
func windowForm(f *sql.FuncCall, name string, aggregate bool) error {
	switch {
	case f.WithinGroup && !expr.IsOrderedSet(name):
		return sqlerr.At(sqlerr.WrongObjectType, f.Span(), "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP", name)
	case f.WithinGroup || expr.IsOrderedSet(name) || name == "median":
		return unsupported(f.Span(), "OVER is not supported for ordered-set aggregate %s", name)
	case f.Distinct:
		return unsupported(f.Span(), "DISTINCT is not implemented for window functions")
	case aggregate && !f.Star && len(f.Args) == 0 && name == "count":
		return sqlerr.At(sqlerr.WrongObjectType, f.Span(), "%s(*) must be used to call a parameterless aggregate function", name)
	case aggregate && f.Star && name != "count":
		return sqlerr.At(sqlerr.UndefinedFunction, f.Span(), "function %s() does not exist", name).
			WithHint("Only count takes * for its argument.")
	case len(f.OrderBy) > 0:
		return unsupported(f.Span(), "aggregate ORDER BY is not implemented for window functions")
	case f.Variadic:
		return unsupported(f.Span(), "VARIADIC arguments are not supported")
	case !aggregate && f.Filter != nil:
		return unsupported(f.Span(), "FILTER is not implemented for non-aggregate window functions")
	}
	return nil
}

// noWindowFunction is the error for OVER behind a function of another sort, or behind none.
func noWindowFunction(f *sql.FuncCall, name string, args []expr.Expr) error {
	if _, err := expr.Resolve(name, types(args)); err != nil {
		return sqlerr.AtSpan(err, f.Span())
	}
	return sqlerr.At(sqlerr.WrongObjectType, f.Span(), "OVER specified, but %s is not a window function nor an aggregate function", name)
}

// windowColumn is the column of a call, which is computed once.
func (s *selecting) windowColumn(def *definition, call expr.Window) expr.Expr {
	at := slices.IndexFunc(s.windows, func(w *window) bool { return w.is(def) })
	if at < 0 {
		at = len(s.windows)
		s.windows = append(s.windows, &window{partition: slices.Clone(def.partition), order: slices.Clone(def.order)})
	}
	w := s.windows[at]
	for _, c := range w.calls {
		if expr.EqualWindows(c.Call, call) {
			return placed(c.Col.Ref(), call.Span)
		}
	}
	col := s.b.newColumn(call.Func, call.Typ, call.NullsPossible())
	w.calls = append(w.calls, logical.WindowItem{Col: col, Call: call})
	return placed(col.Ref(), call.Span)
}

// is reports whether a definition has the window's partitions and order.
func (w *window) is(def *definition) bool {
	return slices.EqualFunc(w.partition, def.partition, sameValue) &&
		slices.EqualFunc(w.order, def.order, func(a, b expr.SortKey) bool {
			return sameValue(a.Expr, b.Expr) && a.Desc == b.Desc && a.NullsFirst == b.NullsFirst
		})
}

// each calls change for every expression of the window, to be replaced.
func (w *window) each(change func(*expr.Expr) error) error {
	for i := range w.partition {
		if err := change(&w.partition[i]); err != nil {
			return err
		}
	}
	for i := range w.order {
		if err := change(&w.order[i].Expr); err != nil {
			return err
		}
	}
	for i := range w.calls {
		call := &w.calls[i].Call
		call.Args = slices.Clone(call.Args)
		for j := range call.Args {
			if err := change(&call.Args[j]); err != nil {
				return err
			}
		}
		if call.Filter != nil {
			if err := change(&call.Filter); err != nil {
				return err
			}
		}
	}
	return nil
}

// readsWindow reports whether an expression is made of the value of a window function.
func (s *selecting) readsWindow(e expr.Expr) bool { return logical.Used(e).Meets(s.windowColumns()) }

func (s *selecting) windowColumns() logical.Set {
	out := logical.Set{}
	for _, w := range s.windows {
		for _, c := range w.calls {
			out[c.Col.ID] = true
		}
	}
	return out
}

// aroundWindows parts the waiting subqueries into those that window functions may read
// and those that compare with their values.
func (s *selecting) aroundWindows() (before, after []subquery) {
	made := s.windowColumns()
	for _, p := range s.x.pending {
		used := logical.Set{}
		for _, e := range conds2(p.cond, p.nullAware) {
			expr.Columns(e, used)
		}
		if used.Meets(made) {
			after = append(after, p)
		} else {
			before = append(before, p)
		}
	}
	return before, after
}

// addsToKey reports whether some frame's ends are looked up by the value of the order's key.
func (w *window) addsToKey() bool {
	return slices.ContainsFunc(w.calls, func(c logical.WindowItem) bool { return c.Call.AddsToKey() })
}

// windowPlan puts the Window nodes into the plan, over a projection with what they read
// that is no column.
func (s *selecting) windowPlan() {
	if len(s.windows) == 0 {
		return
	}
	own := logical.Output(s.plan)
	var computed []logical.Item
	for _, w := range s.windows {
		_ = w.each(func(e *expr.Expr) error {
			if c, ok := (*e).(*expr.Column); ok && own[c.ID] {
				return nil
			}
			if _, ok := (*e).(*expr.Literal); ok && !w.addsToKey() {
				return nil
			}
			at := slices.IndexFunc(computed, func(it logical.Item) bool { return sameValue(it.Expr, *e) })
			if at < 0 {
				at = len(computed)
				computed = append(computed, logical.Item{Col: s.b.newColumn("", (*e).Type(), true), Expr: *e})
			}
			*e = computed[at].Col.Ref()
			return nil
		})
	}
	if len(computed) > 0 {
		s.plan = extend(s.plan, computed)
	}
	for _, w := range s.windows {
		n := &logical.Window{Input: s.plan, Calls: w.calls}
		for _, e := range w.partition {
			if _, constant := e.(*expr.Literal); !constant {
				n.Partition = append(n.Partition, e)
			}
		}
		for _, k := range w.order {
			if _, constant := k.Expr.(*expr.Literal); !constant {
				n.Order = append(n.Order, k)
			}
		}
		s.plan = n
	}
}
