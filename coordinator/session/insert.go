package session

import (
	"context"
	"io"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/table"
)

// insert is a prepared INSERT.
type insert struct {
	statements *Statements
	session    *flight.Session
	text       string
	stmt       *sql.Insert
	params     []expr.Type
	returning  []expr.Field
}

func (s *Statements) insert(ctx context.Context, session *flight.Session, text string, stmt *sql.Insert) (flight.Prepared, error) {
	if stmt.OnConflict != nil {
		return nil, sqlerr.At(sqlerr.FeatureNotSupported, stmt.OnConflict.Span(), "ON CONFLICT is not supported")
	}
	i := &insert{statements: s, session: session, text: text, stmt: stmt}
	t, target, err := s.target(ctx, session, stmt.Table)
	if err != nil {
		return nil, err
	}
	if err := i.allowed(t); err != nil {
		return nil, err
	}
	l := s.lookup(session)
	l.typesOnly = true
	if i.params, err = planner.InsertParams(ctx, stmt, target, l, s.options(session)); err != nil {
		return nil, err
	}
	if len(stmt.Returning) > 0 {
		for _, item := range stmt.Returning {
			if sql.HasQuery(item.Value) {
				return nil, sqlerr.At(sqlerr.FeatureNotSupported, item.Value.Span(), "subqueries in RETURNING are not supported")
			}
		}
		p, err := planner.Prepare(ctx, i.query(), &returned{lookup: l, target: t, name: stmt.Table}, s.options(session))
		if err != nil {
			return nil, err
		}
		if len(p.Params) > 0 {
			return nil, sqlerr.At(sqlerr.FeatureNotSupported, stmt.Returning[0].Span(), "parameters in RETURNING are not supported")
		}
		i.returning = p.Fields
	}
	return i, nil
}

// target finds the table that rows are put into, and what the binder has to know of it.
func (s *Statements) target(ctx context.Context, session *flight.Session, name *sql.TableName) (*catalog.Table, planner.Target, error) {
	t, ok := s.named(session, name.Name)
	if !ok {
		return nil, planner.Target{}, s.noTable(ctx, session, name.Name)
	}
	if t.Memory == nil {
		return nil, planner.Target{}, sqlerr.At(sqlerr.WrongObjectType, name.Name.Span(), "cannot change %q: it is an external table", t.Name).
			WithHint("Tables that are written are made by CREATE TABLE.")
	}
	target, err := s.targetOf(t)
	return t, target, err
}

// targetOf is what the binder has to know of a table in memory.
func (s *Statements) targetOf(t *catalog.Table) (planner.Target, error) {
	target := planner.Target{Name: t.Name, Defaults: make([]sql.Expr, len(t.Fields))}
	var err error
	if target.Fields, err = columnsOf(t); err != nil {
		return target, err
	}
	for i, c := range t.Columns {
		if c.Default == "" {
			continue
		}
		if target.Defaults[i], err = sql.ParseExpr(c.Default); err != nil {
			return target, sqlerr.Wrap(err, "default of column %q", t.Fields[i].Name)
		}
	}
	return target, nil
}

// noTable is the error of a table that is to be changed and is not here.
func (s *Statements) noTable(ctx context.Context, session *flight.Session, name sql.Name) error {
	schema := ""
	if n := len(name.Parts); n > 1 {
		schema = name.Parts[n-2].Text
	}
	if e := s.askOthers(ctx, session, schema, name.Last().Text); e != nil {
		return sqlerr.At(sqlerr.FeatureNotSupported, name.Span(), "table %q is in the memory of another coordinator, and is changed only there", name.Last().Text).
			WithHint("Connect to grpc://%s.", e.By)
	}
	return sqlerr.At(sqlerr.UndefinedTable, name.Span(), "relation %q does not exist", name.String()).
		WithHint("%s", sqlerr.DidYouMean(name.Last().Text, s.tableNames(session)))
}

// allowed reports whether the session's user may fill the columns of the statement.
func (i *insert) allowed(t *catalog.Table) error {
	var columns []string
	for _, c := range i.stmt.Columns {
		columns = append(columns, c.Text)
	}
	if i.stmt.Columns == nil {
		for _, f := range t.Fields {
			columns = append(columns, f.Name)
		}
	}
	return sqlerr.AtSpan(i.statements.mayInsert(i.session, t, columns), i.stmt.Table.Name.Span())
}

func (i *insert) Columns() []expr.Field   { return i.returning }
func (i *insert) Parameters() []expr.Type { return i.params }
func (i *insert) IsUpdate() bool          { return true }

func (i *insert) Execute(context.Context, []expr.Value) (flight.Result, error) {
	return nil, errNotRead
}

// Update writes the rows of all executions and then makes them the table's.
func (i *insert) Update(ctx context.Context, rows [][]expr.Value) (flight.Result, error) {
	for _, args := range rows {
		if err := checkArgs(args, i.params); err != nil {
			return nil, err
		}
	}
	t, target, err := i.statements.target(ctx, i.session, i.stmt.Table)
	if err != nil {
		return nil, err
	}
	if err := i.allowed(t); err != nil {
		return nil, err
	}
	w, err := newWriting(t, target.Fields)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := i.write(ctx, w, target, rows); err != nil {
		return nil, err
	}
	return i.publish(ctx, w, t)
}

// publish makes the rows that were written the table's, after RETURNING has run over them.
func (i *insert) publish(ctx context.Context, w *writing, t *catalog.Table) (flight.Result, error) {
	if len(i.stmt.Returning) == 0 {
		return written{w.Rows()}, gone(i.statements.publish(ctx, i.session, t, w), i.stmt.Table)
	}
	parts, err := w.Parts()
	if err != nil {
		return nil, err
	}
	out, err := i.returned(ctx, t, parts)
	if err != nil {
		return nil, err
	}
	out.affected = w.Rows()
	if err := gone(i.statements.publish(ctx, i.session, t, w), i.stmt.Table); err != nil {
		_ = out.Close() // never fails
		return nil, err
	}
	return out, nil
}

// gone says of which table it is that it has been dropped meanwhile.
func gone(err error, name *sql.TableName) error {
	if sqlerr.CodeOf(err) == sqlerr.UndefinedTable {
		return sqlerr.At(sqlerr.UndefinedTable, name.Name.Span(), "relation %q does not exist", name.Name.String())
	}
	return err
}

// write puts the rows of all executions into a writer.
func (i *insert) write(ctx context.Context, w *writing, target planner.Target, rows [][]expr.Value) error {
	s := i.statements
	put := func(b *vector.Batch) error { return w.Write(ctx, b) }
	opt := s.options(i.session)
	if len(rows) > 1 && len(i.params) > 0 && planner.ManyRows(i.stmt) && !digits(i.params, rows) {
		opt.Params, opt.Rows = i.params, rows
		return s.pour(ctx, i.session, i.text, func() (*planner.Plan, error) {
			return planner.Insert(ctx, i.stmt, target, s.lookup(i.session), opt)
		}, put)
	}
	for _, args := range rows {
		types, values, _, err := exact(i.params, args)
		if err != nil {
			return err
		}
		opt.Params, opt.Args = types, values
		err = s.pour(ctx, i.session, i.text, func() (*planner.Plan, error) {
			return planner.Insert(ctx, i.stmt, target, s.lookup(i.session), opt)
		}, put)
		if err != nil {
			return err
		}
	}
	return nil
}

// digits reports whether a numeric comes by its digits, which its parameter's type may
// not hold.
func digits(params []expr.Type, rows [][]expr.Value) bool {
	for i, p := range params {
		if p.Kind != expr.Numeric {
			continue
		}
		for _, args := range rows {
			if _, ok := expr.DigitsType(args[i]); ok {
				return true
			}
		}
	}
	return false
}

// query is RETURNING as a query of the table.
func (i *insert) query() *sql.Query {
	body := &sql.Select{Loc: i.stmt.Loc, Items: i.stmt.Returning, From: []sql.TableExpr{i.stmt.Table}}
	return &sql.Query{Loc: i.stmt.Loc, Body: body}
}

// returned runs RETURNING over parts that nobody sees yet, to its end: what fails in it
// fails the statement.
func (i *insert) returned(ctx context.Context, t *catalog.Table, parts []object.Info) (*returning, error) {
	s := i.statements
	out := &returning{store: s.Memory, schema: arrow.NewSchema(expr.ArrowFields(i.returning), nil)}
	l := &returned{lookup: s.lookup(i.session), target: t, name: i.stmt.Table, parts: parts}
	err := s.pour(ctx, i.session, "", func() (*planner.Plan, error) { return planner.Query(ctx, i.query(), l, s.options(i.session)) },
		func(b *vector.Batch) error {
			record, err := vector.ToArrow(b, out.schema)
			if err != nil {
				return err
			}
			out.batches = append(out.batches, record)
			bytes := recordBytes(record)
			if err := s.Memory.Reserve(bytes); err != nil {
				return err
			}
			out.held += bytes
			return nil
		})
	if err != nil {
		_ = out.Close() // never fails
		return nil, err
	}
	return out, nil
}

// recordBytes is what a record's buffers hold.
func recordBytes(r arrow.RecordBatch) int64 {
	n := int64(0)
	for _, c := range r.Columns() {
		n += dataBytes(c.Data())
	}
	return n
}

func dataBytes(d arrow.ArrayData) int64 {
	n := int64(0)
	for _, b := range d.Buffers() {
		if b != nil {
			n += int64(b.Len())
		}
	}
	for _, c := range d.Children() {
		n += dataBytes(c)
	}
	return n
}

// returning is the rows of RETURNING.
type returning struct {
	store    *table.Store
	held     int64 // charged to the store
	schema   *arrow.Schema
	batches  []arrow.RecordBatch
	affected int64
	once     sync.Once
}

func (r *returning) QueryID() string       { return "" }
func (r *returning) Columns() []expr.Field { return nil }
func (r *returning) Affected() int64       { return r.affected }

func (r *returning) Next(context.Context) (arrow.RecordBatch, error) {
	if len(r.batches) == 0 {
		return nil, io.EOF
	}
	b := r.batches[0]
	r.batches = r.batches[1:]
	return b, nil
}

func (r *returning) Close() error {
	r.once.Do(func() {
		for _, b := range r.batches {
			b.Release()
		}
		r.batches = nil
		r.store.Release(r.held)
	})
	return nil
}

// returned is the catalog of RETURNING: its table has the rows that are inserted.
type returned struct {
	*lookup
	target *catalog.Table
	name   *sql.TableName
	parts  []object.Info
}

// Table gives the target for its name. Nothing else can be named: there are no
// subqueries.
func (r *returned) Table(context.Context, string, string) (*logical.Table, error) {
	t := r.target
	guard, err := guard(t, t.Fields, r.statements.rights(r.session).Table(t.Schema, t.Name, t.Owner))
	if err != nil {
		return nil, err
	}
	out, err := describeTable(t, &catalog.Files{Infos: r.parts})
	if err != nil {
		return nil, err
	}
	out.Guard = guard
	return out, nil
}
