package bind

import (
	"errors"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// tableFunction binds the functions that give tables.
func (b *binder) tableFunction(t *sql.TableFunction) (logical.Node, []scopeColumn, error) {
	if len(t.Calls) != 1 || t.Ordinality || len(t.Columns) > 0 {
		return nil, nil, unsupported(t.Span(), "ROWS FROM, WITH ORDINALITY and column definitions are not supported")
	}
	f, ok := t.Calls[0].Call.(*sql.FuncCall)
	if !ok {
		return nil, nil, unsupported(t.Span(), "this function in FROM is not supported")
	}
	name := f.Name.Last().Text
	switch name {
	case "read_parquet":
		return b.readParquet(t, f)
	case "generate_series":
		return b.generateSeries(t, f)
	}
	return b.scalarFunction(t, f)
}

// scalarFunction is a function that gives one value as a table of one row.
func (b *binder) scalarFunction(t *sql.TableFunction, f *sql.FuncCall) (logical.Node, []scopeColumn, error) {
	name := f.Name.Last().Text
	x := &exprs{b: b, scope: &scope{}, place: "functions in FROM"}
	e, err := x.call(f)
	if err != nil {
		near := sqlerr.DidYouMean(name, []string{"read_parquet", "generate_series"})
		if known, ok := errors.AsType[*sqlerr.Error](err); ok && known.Code == sqlerr.UndefinedFunction && near != "" {
			err = known.WithHint("%s", near)
		}
		return nil, nil, err
	}
	if len(x.pending) > 0 {
		return nil, nil, unsupported(f.Span(), "a subquery in a function in FROM is not supported")
	}
	if !t.Alias.Name.IsZero() {
		name = t.Alias.Name.Text
	}
	e = b.text(e)
	plan := &logical.Project{Input: one(), Items: []logical.Item{{Col: b.newColumn(name, e.Type(), true), Expr: e}}}
	cols, err := aliased(t.Alias, name, plan.Columns())
	return plan, cols, err
}

func (b *binder) readParquet(t *sql.TableFunction, f *sql.FuncCall) (logical.Node, []scopeColumn, error) {
	if len(f.Args) != 1 {
		return nil, nil, sqlerr.At(sqlerr.UndefinedFunction, f.Span(), "read_parquet takes one argument, the location")
	}
	l, ok := f.Args[0].Value.(*sql.Literal)
	if !ok || l.Kind != sql.String {
		return nil, nil, sqlerr.At(sqlerr.DatatypeMismatch, f.Args[0].Value.Span(), "the location of read_parquet must be a string literal")
	}
	table, err := b.catalog.Parquet(b.ctx, l.Text)
	if err != nil {
		return nil, nil, sqlerr.AtSpan(err, l.Span())
	}
	plan := b.read(table)
	cols, err := aliased(t.Alias, "read_parquet", plan.Columns())
	return plan, cols, err
}

// maxSeries bounds generate_series, whose rows are made at plan time.
const maxSeries = 1 << 20

func (b *binder) generateSeries(t *sql.TableFunction, f *sql.FuncCall) (logical.Node, []scopeColumn, error) {
	if len(f.Args) < 2 || len(f.Args) > 3 {
		return nil, nil, sqlerr.At(sqlerr.UndefinedFunction, f.Span(), "generate_series takes two or three arguments")
	}
	typ, bounds, known, err := b.seriesBounds(f)
	if err != nil {
		return nil, nil, err
	}
	if !known {
		bounds = [3]int64{1, 0, 1}
	}
	from, to, step := bounds[0], bounds[1], bounds[2]
	if step == 0 {
		return nil, nil, sqlerr.At(sqlerr.InvalidParameterValue, f.Span(), "step size cannot equal zero")
	}
	rows := [][]expr.Value{}
	for v := from; step > 0 && v <= to || step < 0 && v >= to; {
		if len(rows) == maxSeries {
			return nil, nil, unsupported(f.Span(), "generate_series of more than %d rows is not supported", maxSeries)
		}
		rows = append(rows, []expr.Value{expr.Int(v)})
		next := v + step
		if (next > v) != (step > 0) {
			break // past the greatest integer
		}
		v = next
	}
	name := "generate_series"
	if !t.Alias.Name.IsZero() {
		name = t.Alias.Name.Text
	}
	plan := &logical.Values{Cols: []logical.Column{b.newColumn(name, typ, false)}, Rows: rows}
	cols, err := aliased(t.Alias, "generate_series", plan.Cols)
	return plan, cols, err
}

// seriesBounds are start, end and step of generate_series, which must be constant.
// They are not known when one is NULL or a parameter that has no value yet.
func (b *binder) seriesBounds(f *sql.FuncCall) (typ expr.Type, bounds [3]int64, known bool, err error) {
	bounds[2], known = 1, true
	x := &exprs{b: b, scope: &scope{}, place: "generate_series"}
	args := make([]expr.Expr, len(f.Args))
	for i, a := range f.Args {
		if args[i], err = x.bind(a.Value); err != nil {
			return typ, bounds, false, err
		}
	}
	typ, err = expr.CommonType("generate_series", append(types(args), expr.Of(expr.Int4))...)
	if err != nil || !typ.IsInteger() || len(x.pending) > 0 {
		return typ, bounds, false, unsupported(f.Span(), "generate_series of other than constant integers is not supported")
	}
	for i, e := range args {
		if e, err = b.coerce(e, typ, implicit); err != nil {
			return typ, bounds, false, err
		}
		if b.described(e) {
			known = false
			continue
		}
		v, err := eval.Constant(e)
		if err != nil {
			return typ, bounds, false, sqlerr.AtSpan(err, e.Place())
		}
		bounds[i], known = v.I, known && !v.Null
	}
	return typ, bounds, known, nil
}

// described reports whether an expression has parameters without values, because
// the statement is only described.
func (b *binder) described(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(n expr.Expr) bool {
		_, ok := n.(*expr.Param)
		found = found || ok
		return !found
	})
	found = found && b.opt.Args == nil
	b.needsArgs = b.needsArgs || found
	return found
}
