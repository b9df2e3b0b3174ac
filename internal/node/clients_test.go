package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	adbcflight "github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	_ "github.com/apache/arrow-go/v18/arrow/flight/flightsql/driver" // registers "flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// TestGoClientADBC drives a whole server by ADBC's Go driver.
func TestGoClientADBC(t *testing.T) {
	s := start(t, Config{Workers: 2, Threads: 2}, tables)
	db, err := adbcflight.NewDriver(memory.DefaultAllocator).NewDatabase(map[string]string{adbc.OptionKeyURI: "grpc://" + s.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for name, check := range map[string]func(*testing.T, adbc.Connection){
		"query": adbcQuery, "parameters": adbcParameters, "prepared": adbcPrepared, "objects": adbcObjects, "partitions": adbcPartitions,
		"incremental": adbcIncremental, "error": adbcError, "cancel": adbcCancel, "options": adbcOptions, "schema": adbcSchema,
	} {
		t.Run(name, func(t *testing.T) { check(t, conn) })
	}
}

func adbcStatement(t *testing.T, conn adbc.Connection, text string) adbc.Statement {
	t.Helper()
	st, err := conn.NewStatement()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if err := st.SetSqlQuery(text); err != nil {
		t.Fatal(err)
	}
	return st
}

func adbcRows(t *testing.T, st adbc.Statement) (rows int64) {
	t.Helper()
	r, _, err := st.ExecuteQuery(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	for r.Next() {
		rows += r.RecordBatch().NumRows()
	}
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	return rows
}

func adbcQuery(t *testing.T, conn adbc.Connection) {
	if n := adbcRows(t, adbcStatement(t, conn, "select n from numbers where n <= 50")); n != 51 && n != 50 {
		t.Errorf("%d rows", n)
	}
}

func adbcParameters(t *testing.T, conn adbc.Connection) {
	st := adbcStatement(t, conn, "select cast($1 as bigint), cast($2 as text), cast($3 as timestamp)")
	schema := arrow.NewSchema([]arrow.Field{{Name: "1", Type: arrow.PrimitiveTypes.Uint8}, {Name: "2", Type: arrow.BinaryTypes.StringView},
		{Name: "3", Type: arrow.FixedWidthTypes.Timestamp_ns}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range 5 {
		b.Field(0).(*array.Uint8Builder).Append(uint8(i))
		b.Field(1).(*array.StringViewBuilder).Append(fmt.Sprint(i))
		b.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(int64(i) * 1e9))
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	if err := st.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := st.Bind(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if n := adbcRows(t, st); n != 5 {
		t.Errorf("%d rows", n)
	}
}

func adbcPrepared(t *testing.T, conn adbc.Connection) {
	st := adbcStatement(t, conn, "select n from numbers where n = $1")
	if err := st.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	params, err := st.GetParameterSchema()
	if err != nil || params.NumFields() != 1 {
		t.Errorf("%v, %v", params, err)
	}
	for key := range int64(10) {
		column, _, err := array.FromJSON(memory.DefaultAllocator, arrow.PrimitiveTypes.Int64, strings.NewReader(fmt.Sprintf("[%d]", key+1)))
		if err != nil {
			t.Fatal(err)
		}
		batch := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "0", Type: column.DataType()}}, nil), []arrow.Array{column}, 1)
		if err := st.Bind(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		if n := adbcRows(t, st); n != 1 {
			t.Errorf("%d rows for %d", n, key+1)
		}
		batch.Release()
		column.Release()
	}
}

func adbcObjects(t *testing.T, conn adbc.Connection) {
	name := "numb_rs"
	r, err := conn.GetObjects(t.Context(), adbc.ObjectDepthAll, nil, nil, &name, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	found := false
	for r.Next() {
		text, err := r.RecordBatch().MarshalJSON()
		found = found || err == nil && strings.Contains(string(text), `"table_name":"numbers"`)
	}
	if !found || r.Err() != nil {
		t.Errorf("the table is not listed, %v", r.Err())
	}
	schema, err := conn.GetTableSchema(t.Context(), nil, nil, "numbers")
	if err != nil || schema.Field(0).Name != "n" {
		t.Errorf("%v, %v", schema, err)
	}
}

func adbcPartitions(t *testing.T, conn adbc.Connection) {
	_, parts, _, err := adbcStatement(t, conn, "select n from numbers").ExecutePartitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for _, id := range parts.PartitionIDs {
		r, err := conn.ReadPartition(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for r.Next() {
			rows += r.RecordBatch().NumRows()
		}
		r.Release()
	}
	if want := adbcRows(t, adbcStatement(t, conn, "select n from numbers")); rows != want {
		t.Errorf("%d rows of %d", rows, want)
	}
}

func adbcIncremental(t *testing.T, conn adbc.Connection) {
	st := adbcStatement(t, conn, "select count(*) from numbers a, numbers b, numbers c")
	if err := st.SetOption(adbc.OptionKeyIncremental, adbc.OptionValueEnabled); err != nil {
		t.Fatal(err)
	}
	rows, last := int64(0), 0.0
	for range 1000 {
		_, parts, _, err := st.ExecutePartitions(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(parts.PartitionIDs) == 0 && last == 1 { // the driver has begun anew
			break
		}
		progress, err := st.(adbc.GetSetOptions).GetOptionDouble(adbc.OptionKeyProgress)
		if err != nil || progress < last || progress > 1 {
			t.Fatalf("progress %v after %v, %v", progress, last, err)
		}
		last = progress
		for _, id := range parts.PartitionIDs {
			r, err := conn.ReadPartition(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			for r.Next() {
				rows += r.RecordBatch().NumRows()
			}
			r.Release()
		}
	}
	if rows != 1 || last != 1 {
		t.Errorf("%d rows, progress %v", rows, last)
	}
}

func adbcError(t *testing.T, conn adbc.Connection) {
	_, _, err := adbcStatement(t, conn, "select * from nowhere").ExecuteQuery(t.Context())
	e, ok := errors.AsType[adbc.Error](err)
	if !ok || e.Code != adbc.StatusNotFound || !strings.Contains(e.Msg, "[42P01]") || len(e.Details) == 0 {
		t.Errorf("got %#v", err)
	}
}

func adbcCancel(t *testing.T, conn adbc.Connection) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	st := adbcStatement(t, conn, "select count(*) from numbers a, numbers b, numbers c, numbers d, numbers e")
	r, _, err := st.ExecuteQuery(ctx)
	if err == nil {
		for r.Next() {
		}
		err = r.Err()
		r.Release()
	}
	if err == nil {
		t.Error("the query came to its end")
	}
}

func adbcOptions(t *testing.T, conn adbc.Connection) {
	options := conn.(adbc.GetSetOptions)
	if v, err := options.GetOption(adbc.OptionKeyCurrentDbSchema); err != nil || v != "public" {
		t.Errorf("%q, %v", v, err)
	}
	if err := options.SetOptionInt("adbc.flight.sql.session.option.batch_rows", 77); err != nil {
		t.Fatal(err)
	}
	if n, err := options.GetOptionInt("adbc.flight.sql.session.option.batch_rows"); err != nil || n != 77 {
		t.Errorf("%d, %v", n, err)
	}
}

func adbcSchema(t *testing.T, conn adbc.Connection) {
	schema, err := adbcStatement(t, conn, "select n, 'x' as t from numbers").(adbc.StatementExecuteSchema).ExecuteSchema(t.Context())
	if err != nil || schema.NumFields() != 2 {
		t.Errorf("%v, %v", schema, err)
	}
}

// TestGoClientDatabaseSQL drives a whole server by arrow-go's driver for database/sql.
func TestGoClientDatabaseSQL(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, tables)
	db, err := sql.Open("flightsql", "flightsql://"+s.Addr()+"?timeout=30s")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := t.Context()
	var n int64
	var text string
	var when time.Time
	// The driver binds numbers and texts only: a timestamp goes as a text.
	row := db.QueryRowContext(ctx, "select cast(? as bigint), cast(? as text), cast(cast(? as text) as timestamp)", 7, "x", "2020-01-02T03:04:05Z")
	if err := row.Scan(&n, &text, &when); err != nil || n != 7 || text != "x" || when.Year() != 2020 || when.Second() != 5 {
		t.Errorf("%d %q %v, %v", n, text, when, err)
	}
	rows, err := db.QueryContext(ctx, "select n from numbers order by n")
	if err != nil {
		t.Fatal(err)
	}
	last, count := int64(-1<<62), 0
	for rows.Next() {
		var v sql.NullInt64
		if err := rows.Scan(&v); err != nil || v.Valid && v.Int64 < last {
			t.Fatalf("%v after %d, %v", v, last, err)
		}
		last = v.Int64
		count++
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || count == 0 {
		t.Errorf("%d rows, %v", count, err)
	}
	for _, text := range []string{"create schema of_go", "drop schema of_go"} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			t.Error(err)
		}
	}
	if _, err := db.QueryContext(ctx, "selec 1"); err == nil || !strings.Contains(err.Error(), "[42601]") {
		t.Errorf("got %v", err)
	}
}

// TestEverySystemRelationCanBeRead reads all that information_schema says there is.
func TestEverySystemRelationCanBeRead(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, tables)
	db, err := sql.Open("flightsql", "flightsql://"+s.Addr()+"?timeout=30s")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "select table_schema || '.' || table_name from information_schema.tables where table_schema in ('information_schema', 'pg_catalog')")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		var count int64
		if err := db.QueryRowContext(t.Context(), "select count(*) from (select * from "+name+") r").Scan(&count); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		n++
	}
	if rows.Err() != nil || n < 60 {
		t.Errorf("%d relations, %v", n, rows.Err())
	}
}

// TestSharesOfAResultAreItsRows reads results by several endpoints, last ones first.
func TestSharesOfAResultAreItsRows(t *testing.T) {
	s := start(t, Config{Workers: 2, Threads: 2}, tables)
	db, err := adbcflight.NewDriver(memory.DefaultAllocator).NewDatabase(map[string]string{adbc.OptionKeyURI: "grpc://" + s.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(adbc.GetSetOptions).SetOptionInt("adbc.flight.sql.session.option.endpoints", 3); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		sql   string
		parts int
	}{
		{"select n from numbers", 3}, {"select n + 1 as m from numbers where n > 10", 3}, {"select * from one_row", 1},
		{"select n from numbers order by n", 1}, {"select n from numbers limit 5", 1}, {"select count(*) from numbers", 1},
		{"select n, now() from numbers", 1}, {"select n, random() from numbers", 1}, {"select distinct n from numbers", 1},
	} {
		t.Run(test.sql, func(t *testing.T) {
			_, parts, _, err := adbcStatement(t, conn, test.sql).ExecutePartitions(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(parts.PartitionIDs) != test.parts {
				t.Errorf("%d endpoints", len(parts.PartitionIDs))
			}
			rows := int64(0)
			for _, id := range slices.Backward(parts.PartitionIDs) {
				r, err := conn.ReadPartition(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				for r.Next() {
					rows += r.RecordBatch().NumRows()
				}
				if r.Err() != nil {
					t.Error(r.Err())
				}
				r.Release()
			}
			if want := adbcRows(t, adbcStatement(t, conn, "select 1 from ("+test.sql+") q")); rows != want {
				t.Errorf("%d rows of %d", rows, want)
			}
		})
	}
}
