package main

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// engine knows the statements of the scenarios and what each must give.
type engine struct{ polled atomic.Bool }

// statement is one of them.
type statement struct {
	engine  *engine
	name    string
	columns []expr.Field
	params  []expr.Type
	update  bool
	count   int64 // rows an update changed
	rows    []int64
}

func statements() map[string]statement {
	id := []expr.Field{{Name: "id", Type: expr.Of(expr.Int8), Nullable: true}}
	number := []expr.Field{{Name: "number", Type: expr.Of(expr.Int4), Nullable: true}}
	return map[string]statement{
		"SELECT STATEMENT":          {columns: id},
		"UPDATE STATEMENT":          {update: true, count: 10000},
		"SELECT PREPARED STATEMENT": {columns: id, params: []expr.Type{expr.Of(expr.Int8)}},
		"UPDATE PREPARED STATEMENT": {update: true, count: 20000},
		"ordered":                   {columns: number, rows: []int64{1, 2, 3, 10, 20, 30, 100, 200, 300}},
		"expiration_time":           {columns: number, rows: []int64{0, 1, 2}},
		"foobar":                    {columns: number},
		"heavy query":               {columns: number, rows: []int64{1}},
	}
}

// Prepare finds a statement by its text.
func (e *engine) Prepare(_ context.Context, _ *flight.Session, text string) (flight.Prepared, error) {
	s, ok := statements()[text]
	if !ok {
		return nil, sqlerr.New(sqlerr.SyntaxError, "no scenario has the statement %q", text)
	}
	s.engine, s.name = e, text
	return &s, nil
}

// PrepareSubstrait refuses: no scenario that is run has plans.
func (e *engine) PrepareSubstrait(context.Context, *flight.Session, []byte, string) (flight.Prepared, error) {
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "plans are not part of these scenarios")
}

// Cancel knows no query that the server does not hold.
func (e *engine) Cancel(context.Context, string) (bool, error) { return false, nil }

// Progress notes that somebody asked, for which the heavy query waits.
func (e *engine) Progress(string) (done, total int) {
	e.polled.Store(true)
	return 1, 2
}

// End has nothing to drop.
func (e *engine) End(*flight.Session) {}

// Share divides nothing.
func (e *engine) Share(ctx context.Context, s *flight.Session, text string, _ []expr.Value, _ flight.Share) (flight.Prepared, flight.Share, error) {
	p, err := e.Prepare(ctx, s, text)
	return p, flight.Share{Of: 1}, err
}

// Columns are the result's.
func (s *statement) Columns() []expr.Field { return s.columns }

// Parameters are those of a prepared statement.
func (s *statement) Parameters() []expr.Type { return s.params }

// IsUpdate says that there are no rows.
func (s *statement) IsUpdate() bool { return s.update }

// Execute starts it.
func (s *statement) Execute(context.Context, []expr.Value) (flight.Result, error) {
	return &result{statement: s}, nil
}

// Update executes it.
func (s *statement) Update(ctx context.Context, _ [][]expr.Value) (flight.Result, error) {
	return s.Execute(ctx, nil)
}

// result gives the rows in one batch.
type result struct {
	*statement
	given bool
}

// QueryID is the statement: a scenario looks whether it comes back.
func (r *result) QueryID() string { return r.name }

// Columns are those announced.
func (r *result) Columns() []expr.Field { return nil }

// Affected is what the scenario counts.
func (r *result) Affected() int64 {
	if !r.update {
		return -1
	}
	return r.count
}

// Close has nothing to free.
func (r *result) Close() error { return nil }

// Next gives the batch; that of the heavy query is there when its progress was asked for.
func (r *result) Next(ctx context.Context) (arrow.RecordBatch, error) {
	for r.name == "heavy query" && !r.engine.polled.Load() {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(time.Millisecond):
		}
	}
	if r.given || len(r.rows) == 0 {
		return nil, io.EOF
	}
	r.given = true
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(expr.ArrowFields(r.columns), nil))
	defer b.Release()
	for _, n := range r.rows {
		b.Field(0).(*array.Int32Builder).Append(int32(n))
	}
	return b.NewRecordBatch(), nil
}

// Schemas lists none.
func (e *engine) Schemas(context.Context, *flight.Session) ([]flight.Schema, error) { return nil, nil }

// Tables lists none.
func (e *engine) Tables(context.Context, *flight.Session) ([]flight.Table, error) { return nil, nil }

// SetOption takes every option but those with the name or value of the scenario.
func (e *engine) SetOption(_ context.Context, s *flight.Session, name string, value any) error {
	switch {
	case name == "lol_invalid":
		return sqlerr.New(sqlerr.UndefinedObject, "unrecognized configuration parameter %q", name)
	case value == "lol_invalid":
		return sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for parameter %q", name)
	case value == nil:
		s.Set(name, "")
		return nil
	}
	text, err := json.Marshal(value)
	s.Set(name, strings.TrimSuffix(typeTag(value)+string(text), "\n"))
	return err
}

// typeTag keeps numbers of the two kinds apart.
func typeTag(value any) string {
	if _, ok := value.(int64); ok {
		return "i"
	}
	return "v"
}

// Options are those set.
func (e *engine) Options(_ context.Context, s *flight.Session) (map[string]any, error) {
	out := map[string]any{}
	for name, text := range s.Options() {
		var err error
		switch {
		case text[0] == 'i':
			var n int64
			err = json.Unmarshal([]byte(text[1:]), &n)
			out[name] = n
		case text[1] == '[':
			var list []string
			err = json.Unmarshal([]byte(text[1:]), &list)
			out[name] = list
		default:
			var v any
			err = json.Unmarshal([]byte(text[1:]), &v)
			out[name] = v
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Ingest counts the rows, if they are meant for where the scenario sends them.
func (e *engine) Ingest(_ context.Context, _ *flight.Session, into flight.Target, rows array.RecordReader) (n int64, err error) {
	for rows.Next() {
		n += rows.RecordBatch().NumRows()
	}
	want := flight.Target{Catalog: "test_catalog", Schema: "test_schema", Table: "test_table", Temporary: true,
		IfMissing: flight.CreateIfMissing, IfExists: flight.ReplaceIfExists}
	got := into
	got.Options = nil
	if got.Catalog != want.Catalog || got.Schema != want.Schema || got.Table != want.Table || !got.Temporary ||
		got.IfMissing != want.IfMissing || got.IfExists != want.IfExists || into.Options["key1"] != "val1" {
		return 0, sqlerr.New(sqlerr.InternalError, "the rows are meant for %+v", into)
	}
	return n, rows.Err()
}
