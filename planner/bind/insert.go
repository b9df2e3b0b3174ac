package bind

import (
	"context"
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// Target is a table that rows are inserted into.
type Target struct {
	Name     string
	Fields   []expr.Field
	Defaults []sql.Expr // by field, nil where it is NULL; bound without a place in the text
}

// Insert binds the rows that INSERT makes: its output has the target's columns in their
// order, cast by assignment, with defaults where there is no value. What strings and
// NULLs a column takes is for whoever stores them: strings come in whatever length.
//
// With opt.Rows the parameters have a value for each of those rows, in the types
// opt.Params, and the result has the rows of all of them; ManyRows says of which
// statements.
func Insert(ctx context.Context, stmt *sql.Insert, t Target, catalog Catalog, opt Options) (*Query, error) {
	b := &binder{ctx: ctx, catalog: catalog, opt: opt, params: append([]expr.Type(nil), opt.Params...)}
	columns, err := insertColumns(stmt, t)
	if err != nil {
		return nil, err
	}
	in := &inserting{b: b, target: t, columns: columns}
	r, err := in.rows(stmt)
	if err == nil {
		r, err = in.assign(r)
	}
	if err != nil {
		return nil, err
	}
	out := &Query{Plan: r.plan, Params: b.params, Next: b.lastID + 1, Shared: b.lastShared + 1, Clock: b.clock, NeedsArgs: b.needsArgs}
	for _, c := range r.cols {
		out.Names = append(out.Names, c.Name)
		out.Output = append(out.Output, c.ID)
	}
	return out, nil
}

// ManyRows reports whether a statement may be bound with opt.Rows: its rows are VALUES
// without subqueries.
func ManyRows(stmt *sql.Insert) bool {
	if stmt.With != nil || stmt.Query == nil {
		return false
	}
	v, ok := plainValues(stmt.Query)
	return ok && !sql.HasQuery(v)
}

// plainValues is a query that is VALUES and nothing else.
func plainValues(q *sql.Query) (*sql.Values, bool) {
	v, ok := q.Body.(*sql.Values)
	return v, ok && q.With == nil && q.OrderBy == nil && q.Limit == nil && q.Offset == nil
}

// insertColumns are the fields that a statement names, in its order; without names all.
func insertColumns(stmt *sql.Insert, t Target) ([]int, error) {
	var out []int
	for _, name := range stmt.Columns {
		at := slices.IndexFunc(t.Fields, func(f expr.Field) bool { return f.Name == name.Text })
		if at < 0 {
			var names []string
			for _, f := range t.Fields {
				names = append(names, f.Name)
			}
			return nil, sqlerr.At(sqlerr.UndefinedColumn, name.Span(), "column %q of relation %q does not exist", name.Text, t.Name).
				WithHint("%s", sqlerr.DidYouMean(name.Text, names))
		}
		if slices.Contains(out, at) {
			return nil, sqlerr.At(sqlerr.DuplicateColumn, name.Span(), "column %q specified more than once", name.Text)
		}
		out = append(out, at)
	}
	if stmt.Columns == nil {
		for i := range t.Fields {
			out = append(out, i)
		}
	}
	return out, nil
}

// inserting is the state of binding an INSERT.
type inserting struct {
	b       *binder
	target  Target
	columns []int // fields that the statement gives values for, until rows is done
}

// rows binds what is inserted: a relation with a column for each of in.columns.
func (in *inserting) rows(stmt *sql.Insert) (relation, error) {
	if stmt.Query == nil { // DEFAULT VALUES
		in.columns = nil
		return relation{plan: one()}, nil
	}
	var ctes *cteScope
	if stmt.With != nil {
		var err error
		if ctes, err = in.b.with(stmt.With, nil, nil); err != nil {
			return relation{}, err
		}
	}
	if v, ok := plainValues(stmt.Query); ok {
		return in.values(v, len(stmt.Columns) > 0, ctes)
	}
	r, err := in.b.query(stmt.Query, nil, ctes)
	if err != nil {
		return r, err
	}
	return r, in.fit(len(r.cols), len(stmt.Columns) > 0, stmt.Query.Span())
}

// fit compares the number of values with that of columns; without names for these the
// last may be left out.
func (in *inserting) fit(values int, named bool, span sqlerr.Span) error {
	switch {
	case values > len(in.columns):
		return sqlerr.At(sqlerr.SyntaxError, span, "INSERT has more expressions than target columns")
	case values < len(in.columns) && named:
		return sqlerr.At(sqlerr.SyntaxError, span, "INSERT has more target columns than expressions")
	}
	in.columns = in.columns[:values]
	return nil
}

// values binds VALUES. Other than in a query, each value by itself takes its column's
// type, and DEFAULT may stand for one.
func (in *inserting) values(v *sql.Values, named bool, ctes *cteScope) (relation, error) {
	width := len(v.Rows[0].Values)
	for _, row := range v.Rows {
		if len(row.Values) != width {
			return relation{}, sqlerr.At(sqlerr.SyntaxError, row.Span(), "VALUES lists must all be the same length")
		}
	}
	span := v.Rows[0].Span()
	if width > len(in.columns) {
		span = v.Rows[0].Values[len(in.columns)].Span()
	}
	if err := in.fit(width, named, span); err != nil {
		return relation{}, err
	}
	x := &exprs{b: in.b, scope: &scope{ctes: ctes}, place: "VALUES"}
	base := in.parameters(x)
	rows := make([][]expr.Expr, len(v.Rows))
	for i, row := range v.Rows {
		for c, e := range row.Values {
			bound, err := in.value(x, e, in.columns[c])
			if err != nil {
				return relation{}, err
			}
			rows[i] = append(rows[i], bound)
		}
	}
	cols := make([]logical.Column, width)
	for c, field := range in.columns {
		cols[c] = in.b.newColumn(in.target.Fields[field].Name, unbounded(in.target.Fields[field].Type), true)
	}
	if base == nil {
		return relation{plan: in.b.valuesPlan(x, rows, cols), cols: cols}, nil
	}
	return relation{plan: in.b.forEach(base, rows, cols), cols: cols}, nil
}

// parameters is a relation of the rows that the parameters stand for; nil when there is
// one row of values, or none yet.
func (in *inserting) parameters(x *exprs) logical.Node {
	if in.b.opt.Rows == nil {
		return nil
	}
	out := &logical.Values{Rows: in.b.opt.Rows}
	for i, t := range in.b.opt.Params {
		out.Cols = append(out.Cols, in.b.newColumn(columnName(i), t, true))
	}
	x.params = out.Cols
	return out
}

// forEach is every row of expressions for every row of a relation.
func (b *binder) forEach(base logical.Node, rows [][]expr.Expr, cols []logical.Column) logical.Node {
	if len(rows) == 1 {
		return &logical.Project{Input: base, Items: items(cols, rows[0])}
	}
	b.lastShared++
	shared := &logical.Shared{ID: b.lastShared, Name: "parameters", Input: base}
	union := &logical.SetOp{Kind: logical.UnionAll, Cols: cols}
	for _, row := range rows {
		ref := &logical.Reference{Plan: shared}
		swap := map[expr.ColumnID]logical.Column{}
		for _, c := range base.Columns() {
			own := b.newColumn(c.Name, c.Type, true)
			ref.Source, ref.Cols = append(ref.Source, c.ID), append(ref.Cols, own)
			swap[c.ID] = own
		}
		project := &logical.Project{Input: ref}
		var ids []expr.ColumnID
		for i, c := range cols {
			own := b.newColumn(c.Name, c.Type, true)
			value := expr.Rewrite(row[i], func(e expr.Expr) expr.Expr {
				if c, ok := e.(*expr.Column); ok {
					return swap[c.ID].Ref()
				}
				return e
			})
			project.Items, ids = append(project.Items, logical.Item{Col: own, Expr: value}), append(ids, own.ID)
		}
		union.Args, union.Maps = append(union.Args, project), append(union.Maps, ids)
	}
	return union
}

// value binds one of VALUES for a field.
func (in *inserting) value(x *exprs, e sql.Expr, field int) (expr.Expr, error) {
	if _, ok := e.(*sql.Default); ok {
		return in.otherwise(field)
	}
	bound, err := x.bind(e)
	if err != nil {
		return nil, err
	}
	return in.coerce(bound, field)
}

// otherwise is a field's value when there is none.
func (in *inserting) otherwise(field int) (expr.Expr, error) {
	f := in.target.Fields[field]
	if field >= len(in.target.Defaults) || in.target.Defaults[field] == nil {
		return &expr.Literal{Value: expr.Null, Typ: unbounded(f.Type)}, nil
	}
	e, err := in.b.defaultValue(in.target.Defaults[field], f)
	if err != nil { // its places are not of this statement
		return nil, sqlerr.New(sqlerr.CodeOf(err), "default of column %q: %v", f.Name, err)
	}
	return e, nil
}

// coerce casts a value by assignment to a field's type.
func (in *inserting) coerce(e expr.Expr, field int) (expr.Expr, error) {
	return in.b.assigned(e, in.target.Fields[field])
}

func (b *binder) assigned(e expr.Expr, f expr.Field) (expr.Expr, error) {
	to := unbounded(f.Type)
	out, err := b.coerce(e, to, assignment)
	if err != nil && sqlerr.CodeOf(err) == sqlerr.DatatypeMismatch {
		return nil, sqlerr.At(sqlerr.DatatypeMismatch, e.Place(), "column %q is of type %s but expression is of type %s",
			f.Name, typeWord(f.Type), typeWord(e.Type())).WithHint("You will need to rewrite or cast the expression.")
	}
	return out, err
}

// unbounded is a type without a bound on the length of its strings.
func unbounded(t expr.Type) expr.Type {
	if t.IsString() {
		t.Length = 0
	}
	return t
}

// assign gives the relation the target's columns: those there are cast, the others get
// their defaults.
func (in *inserting) assign(r relation) (relation, error) {
	project := &logical.Project{Input: r.plan}
	out := relation{plan: project}
	for field, f := range in.target.Fields {
		var e expr.Expr
		var err error
		if at := slices.Index(in.columns, field); at >= 0 {
			e, err = in.coerce(in.b.columnValue(r.plan, r.cols[at]), field)
		} else {
			e, err = in.otherwise(field)
		}
		if err != nil {
			return out, err
		}
		col := in.b.newColumn(f.Name, unbounded(f.Type), true)
		project.Items = append(project.Items, logical.Item{Col: col, Expr: e})
		out.cols = append(out.cols, col)
	}
	return out, nil
}

// defaultValue binds the value of DEFAULT for a field.
func (b *binder) defaultValue(e sql.Expr, f expr.Field) (expr.Expr, error) {
	x := &exprs{b: b, scope: &scope{}, place: "DEFAULT", constant: true}
	bound, err := x.bind(e)
	if err != nil {
		return nil, err
	}
	out, err := b.assigned(bound, f)
	if sqlerr.CodeOf(err) == sqlerr.DatatypeMismatch {
		return nil, sqlerr.At(sqlerr.DatatypeMismatch, e.Span(), "column %q is of type %s but default expression is of type %s",
			f.Name, typeWord(f.Type), typeWord(bound.Type())).WithHint("You will need to rewrite or cast the expression.")
	}
	return out, err
}

// Default checks the value of DEFAULT for a column.
func Default(ctx context.Context, e sql.Expr, f expr.Field, opt Options) error {
	b := &binder{ctx: ctx, opt: opt}
	_, err := b.defaultValue(e, f)
	if err == nil && len(b.params) > 0 {
		return sqlerr.At(sqlerr.UndefinedParameter, e.Span(), "there is no parameter $1")
	}
	return err
}

// looseNumeric is the type of a column that is numeric without digits: an Arrow column
// has one scale.
var looseNumeric = expr.NumericOf(expr.MaxPrecision, 16)

// ColumnType is the type of a column of CREATE TABLE.
func ColumnType(t sql.TypeName) (expr.Type, error) {
	elem := t
	elem.Dims = nil
	out, err := typeOf(elem)
	switch {
	case err != nil:
		return out, err
	case len(t.Dims) > 1:
		return out, unsupported(t.Span(), "arrays of several dimensions are not supported")
	case out.Kind == expr.Numeric && out.Precision == 0:
		out = looseNumeric
	case out.Kind == expr.Interval && (t.Fields != "" || len(t.Modifiers) > 0):
		return out, unsupported(t.Span(), "a column of type interval with fields or digits is not supported")
	case len(t.Dims) == 1 && out.HasSeconds() && out.Digits() < expr.MaxDigits:
		return out, unsupported(t.Span(), "arrays of %s are not supported: those of %s are", out, out.WithoutDigits())
	}
	if len(t.Dims) == 1 {
		return expr.ListOf(out), nil
	}
	return out, nil
}
