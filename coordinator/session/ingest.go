package session

import (
	"context"
	"errors"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
)

// Ingest stores rows that a client brings as Arrow batches. It holds one batch at a time
// beside what the writer holds: the parts are made while the stream is read, and are the
// table's when it has ended well.
func (s *Statements) Ingest(ctx context.Context, session *flight.Session, into flight.Target, rows array.RecordReader) (int64, error) {
	have, d, err := s.ingestInto(session, into)
	if err != nil {
		return 0, err
	}
	brought, err := broughtFields(rows.Schema())
	if err != nil {
		return 0, err
	}
	if have != nil && into.IfExists == flight.AppendIfExists {
		var columns []string
		for _, f := range brought {
			columns = append(columns, f.Name)
		}
		if err := s.mayInsert(session, have, columns); err != nil {
			return 0, err
		}
		return s.ingestRows(ctx, session, have, brought, rows)
	}
	if err := s.mayDefine(session, &d, have); err != nil {
		return 0, err
	}
	d.fields = brought
	t, err := s.make(d)
	if err != nil {
		return 0, err
	}
	n, err := s.ingestRows(ctx, session, t, brought, rows)
	if err != nil {
		t.Memory.Drop()
		return 0, err
	}
	exists := catalog.Fail
	if into.IfExists == flight.ReplaceIfExists {
		exists = catalog.Replace
	}
	if _, err := s.name(ctx, session, t, exists); err != nil {
		return 0, err
	}
	return n, nil
}

// ingestInto finds the table that is meant, nil when there is none, and where it is to be
// made then.
func (s *Statements) ingestInto(session *flight.Session, into flight.Target) (*catalog.Table, definition, error) {
	d := definition{name: into.Table}
	for name := range into.Options {
		return nil, d, sqlerr.New(sqlerr.InvalidParameterValue, "option %q of ingestion is not known", name)
	}
	if into.Catalog != "" && into.Catalog != catalogName {
		return nil, d, sqlerr.New(sqlerr.InvalidParameterValue, "catalog %q does not exist", into.Catalog).WithHint("The only catalog is %q.", catalogName)
	}
	name := sql.Name{Parts: []sql.Ident{{Text: into.Table}}}
	if into.Schema != "" {
		name.Parts = append([]sql.Ident{{Text: into.Schema}}, name.Parts...)
	}
	d, err := s.place(session, name, into.Temporary)
	if err != nil {
		return nil, d, err
	}
	t, ok := s.Catalog.Lookup(d.schema, d.name)
	if !ok && into.IfMissing == flight.FailIfMissing && !into.Temporary { // it is not made: it may be found as in a query
		t, ok = s.named(session, name)
	}
	switch {
	case !ok && into.IfMissing == flight.FailIfMissing:
		return nil, d, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", into.Table).
			WithHint("%s", sqlerr.DidYouMean(into.Table, s.tableNames(session)))
	case !ok:
		return nil, d, nil
	case into.IfExists == flight.FailIfExists:
		return nil, d, sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", into.Table)
	case t.Memory == nil:
		return nil, d, sqlerr.New(sqlerr.WrongObjectType, "cannot change %q: it is an external table", into.Table)
	}
	d.schema = t.Schema
	return t, d, nil
}

// broughtFields are the columns of a client's schema as SQL has them.
func broughtFields(schema *arrow.Schema) ([]expr.Field, error) {
	seen := map[string]bool{}
	var out []expr.Field
	for _, f := range schema.Fields() {
		if seen[f.Name] {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", f.Name)
		}
		seen[f.Name] = true
		t, ok := expr.FromArrow(storageOf(f.Type))
		if !ok {
			return nil, sqlerr.New(sqlerr.FeatureNotSupported, "column %q is of Arrow type %s, which is not supported", f.Name, f.Type)
		}
		out = append(out, expr.Field{Name: f.Name, Type: t, Nullable: f.Nullable || f.Type.ID() == arrow.NULL})
	}
	return out, nil
}

func storageOf(t arrow.DataType) arrow.DataType {
	if e, ok := t.(arrow.ExtensionType); ok {
		return e.StorageType()
	}
	return t
}

// ingesting brings a client's batches to the columns of a table.
type ingesting struct {
	to       *writing
	account  *memory.Account
	brought  []expr.Field
	casts    []*eval.Evaluator // by field of the table; nil where the value is missing
	defaults *vector.Batch     // of one row; nil when all columns are brought
}

// ingestRows writes all rows of a stream into a table.
func (s *Statements) ingestRows(ctx context.Context, session *flight.Session, t *catalog.Table, brought []expr.Field, rows array.RecordReader) (int64, error) {
	fields, err := columnsOf(t)
	if err != nil {
		return 0, err
	}
	w, err := newWriting(t, fields)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	in := &ingesting{to: w, account: s.Memory.NewAccount(), brought: brought}
	defer in.account.Close()
	defer in.close()
	if err := in.match(t.Name); err != nil {
		return 0, err
	}
	if err := s.presets(ctx, session, t, in); err != nil {
		return 0, err
	}
	for rows.Next() {
		if err := in.record(ctx, rows.RecordBatch()); err != nil {
			return 0, err
		}
	}
	if err := rows.Err(); err != nil {
		return 0, broken(ctx, err)
	}
	if err := s.publish(ctx, session, t, w); err != nil {
		return 0, err
	}
	return w.Rows(), nil
}

// broken is the error of a stream that has not ended well.
func broken(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if _, ok := errors.AsType[*sqlerr.Error](err); ok {
		return err
	}
	return sqlerr.New("08P01", "the rows cannot be read: %v", err)
}

// match finds the brought columns by name and compiles what makes the table's of them.
func (in *ingesting) match(table string) error {
	names := map[string]int{}
	for i, f := range in.to.fields {
		names[f.Name] = i
	}
	in.casts = make([]*eval.Evaluator, len(in.to.fields))
	pool := memory.NewPool()
	for i, from := range in.brought {
		at, ok := names[from.Name]
		if !ok {
			var known []string
			for _, f := range in.to.fields {
				known = append(known, f.Name)
			}
			return sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", from.Name, table).
				WithHint("%s", sqlerr.DidYouMean(from.Name, known))
		}
		to := in.to.fields[at].Type
		if to.IsString() {
			to.Length = 0 // writing sees to it
		}
		if !from.Type.Equal(to) && !expr.CanCast(from.Type, to, expr.Assignment) {
			return sqlerr.New(sqlerr.DatatypeMismatch, "column %q is of type %s but the data is of type %s", from.Name, to, from.Type)
		}
		var e expr.Expr = &expr.Column{ID: expr.ColumnID(i), Name: from.Name, Typ: from.Type, Nullable: true}
		if !from.Type.Equal(to) {
			e = &expr.Cast{Arg: e, To: to}
		}
		var err error
		if in.casts[at], err = eval.New(e, in.brought, eval.Options{Pool: pool, Account: in.account}); err != nil {
			return sqlerr.Wrap(err, "column %q", from.Name)
		}
	}
	return nil
}

// presets computes the defaults of the columns that are not brought, once for all rows.
func (s *Statements) presets(ctx context.Context, session *flight.Session, t *catalog.Table, in *ingesting) error {
	missing := false
	for _, c := range in.casts {
		missing = missing || c == nil
	}
	if !missing {
		return nil
	}
	target, err := s.targetOf(t)
	if err != nil {
		return err
	}
	plan := func() (*planner.Plan, error) {
		return planner.Insert(ctx, &sql.Insert{}, target, s.lookup(session), s.options(session))
	}
	return s.pour(ctx, session, "", plan, func(b *vector.Batch) error {
		in.defaults = vector.Compact(b.Share())
		return nil
	})
}

func (in *ingesting) close() {
	for _, c := range in.casts {
		if c != nil {
			c.Close()
		}
	}
	in.defaults.Release()
}

// record writes a record in batches of the engine's size.
func (in *ingesting) record(ctx context.Context, r arrow.RecordBatch) error {
	bytes := recordBytes(r)
	if err := in.account.Reserve(bytes); err != nil {
		return err
	}
	defer in.account.Release(bytes)
	for from := int64(0); from < r.NumRows(); from += vector.MaxRows {
		part := r.NewSlice(from, min(from+vector.MaxRows, r.NumRows()))
		err := in.batch(ctx, part)
		part.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *ingesting) batch(ctx context.Context, r arrow.RecordBatch) error {
	rows := int(r.NumRows())
	b := vector.New(make([]vector.Column, len(in.brought)), rows)
	defer b.Release()
	for i, c := range r.Columns() {
		var err error
		if b.Cols[i], err = vector.FromArrow(c); err != nil {
			return sqlerr.New(codeOfArrow(err), "column %q: %v", in.brought[i].Name, err)
		}
	}
	out := make([]vector.Column, len(in.to.fields))
	for i, f := range in.to.fields {
		if in.casts[i] == nil {
			entry := in.defaults.Cols[i]
			entry = vector.Flatten(&entry)
			out[i] = vector.Const(entry.Slice(0, 1), rows)
			continue
		}
		var err error
		if out[i], err = in.casts[i].Eval(b); err != nil {
			return sqlerr.Wrap(err, "column %q", f.Name)
		}
	}
	return in.to.Write(ctx, vector.New(out, rows))
}

// codeOfArrow is the SQLSTATE of a value that SQL's type does not hold.
func codeOfArrow(err error) sqlerr.Code {
	switch msg := err.Error(); {
	case strings.HasPrefix(msg, "numeric"):
		return sqlerr.NumericValueOutOfRange
	case strings.Contains(msg, "out of range"):
		return sqlerr.DatetimeFieldOverflow
	case strings.HasPrefix(msg, "invalid byte"):
		return "22021"
	}
	return sqlerr.FeatureNotSupported
}
