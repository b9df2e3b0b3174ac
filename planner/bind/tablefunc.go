package bind

import (
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
	return nil, nil, sqlerr.At(sqlerr.UndefinedFunction, f.Span(), "table function %s does not exist", name).
		WithHint("%s", sqlerr.DidYouMean(name, []string{"read_parquet", "generate_series"}))
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
	bounds := []int64{0, 0, 1}
	for i, a := range f.Args {
		v, null, err := b.integer(a.Value)
		if err != nil {
			return nil, nil, err
		}
		if null {
			bounds = []int64{1, 0, 1}
			break
		}
		bounds[i] = v
	}
	from, to, step := bounds[0], bounds[1], bounds[2]
	if step == 0 {
		return nil, nil, sqlerr.At(sqlerr.InvalidParameterValue, f.Span(), "step size cannot equal zero")
	}
	rows := [][]expr.Value{}
	for v := from; step > 0 && v <= to || step < 0 && v >= to; v += step {
		if len(rows) == maxSeries {
			return nil, nil, unsupported(f.Span(), "generate_series of more than %d rows is not supported", maxSeries)
		}
		rows = append(rows, []expr.Value{expr.Int(v)})
	}
	typ := expr.Of(expr.Int4)
	if from != int64(int32(from)) || to != int64(int32(to)) {
		typ = expr.Of(expr.Int8)
	}
	name := "generate_series"
	if !t.Alias.Name.IsZero() {
		name = t.Alias.Name.Text
	}
	plan := &logical.Values{Cols: []logical.Column{b.newColumn(name, typ, false)}, Rows: rows}
	cols, err := aliased(t.Alias, "generate_series", plan.Cols)
	return plan, cols, err
}
