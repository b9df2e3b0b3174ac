package client

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.uber.org/goleak"

	"github.com/skein-query/skein/flight/flighttest"
	"github.com/skein-query/skein/internal/sqlerr"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) (*Client, *flighttest.Fake) {
	t.Helper()
	addr, fake := flighttest.Serve(t, nil)
	c, err := Open(t.Context(), "grpc://"+addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, fake
}

// read runs a statement and gives its number of rows.
func read(ctx context.Context, c *Client, sql string, params arrow.RecordBatch) (n int64, err error) {
	rows, err := c.QueryWith(ctx, sql, params)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for batch, err := range rows.Batches() {
		if err != nil {
			return n, err
		}
		n += batch.NumRows()
		batch.Release()
	}
	return n, nil
}

func TestQueryReadsAllRows(t *testing.T) {
	c, _ := open(t)
	for _, want := range []int64{0, 1, 12345} {
		if n, err := read(t.Context(), c, fmt.Sprint("rows ", want), nil); n != want || err != nil {
			t.Errorf("%d rows of %d, %v", n, want, err)
		}
	}
}

func TestExecRunsOnceAndCounts(t *testing.T) {
	c, fake := open(t)
	if n, err := c.Exec(t.Context(), "create a"); n != -1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := c.Exec(t.Context(), "returning b"); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if got := fmt.Sprint(fake.Effects()); got != "[create a returning b]" {
		t.Errorf("effects: %s", got)
	}
}

func TestQueryWithBindsEveryRow(t *testing.T) {
	c, fake := open(t)
	column, _, err := array.FromJSON(memory.DefaultAllocator, arrow.PrimitiveTypes.Int64, strings.NewReader("[1, 2, 3]"))
	if err != nil {
		t.Fatal(err)
	}
	defer column.Release()
	params := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{{Name: "1", Type: column.DataType()}}, nil), []arrow.Array{column}, 3)
	defer params.Release()
	if n, err := read(t.Context(), c, "echo bigint", params); n != 3 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	if _, err := read(t.Context(), c, "insert", params); err != nil || len(fake.Effects()) != 3 {
		t.Errorf("%v, %v", fake.Effects(), err)
	}
}

func TestErrorIsTheServersOwn(t *testing.T) {
	c, _ := open(t)
	_, err := c.Query(t.Context(), "  rowz 1")
	want := &sqlerr.Error{Code: sqlerr.SyntaxError, Span: sqlerr.Span{Start: 2, End: 6},
		Msg: `syntax error at or near "rowz"`, Hint: "Did you mean “rows”?"}
	if !reflect.DeepEqual(err, want) {
		t.Errorf("got %#v", err)
	}
	n, err := read(t.Context(), c, "fail", nil)
	if e, ok := errors.AsType[*sqlerr.Error](err); n != 1 || !ok || e.Code != sqlerr.DivisionByZero || e.Span != (sqlerr.Span{End: 4}) {
		t.Errorf("%d rows, %#v", n, err)
	}
	for _, text := range []string{"panic", "panic prepare"} {
		if _, err := read(t.Context(), c, text, nil); sqlerr.CodeOf(err) != sqlerr.InternalError {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestUnreachableServer(t *testing.T) {
	c, err := Open(t.Context(), "127.0.0.1:1")
	if err == nil {
		defer c.Close()
		_, err = c.Query(t.Context(), "rows 1")
	}
	if sqlerr.CodeOf(err) != ConnectionFailure {
		t.Errorf("got %v", err)
	}
}

func TestCancelEndsTheQuery(t *testing.T) {
	c, fake := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(30*time.Millisecond, cancel)
	if _, err := read(ctx, c, "wait", nil); sqlerr.CodeOf(err) != sqlerr.QueryCanceled {
		t.Errorf("got %v", err)
	}
	for end := time.Now().Add(time.Minute); fake.Open.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the query still runs")
		}
	}
}

func TestRowsMayBeClosedBeforeTheirEnd(t *testing.T) {
	c, _ := open(t)
	rows, err := c.Query(t.Context(), "rows 1000000")
	if err != nil {
		t.Fatal(err)
	}
	batch, err := rows.Next()
	if err != nil {
		t.Fatal(err)
	}
	batch.Release()
	if err := errors.Join(rows.Close(), rows.Close()); err != nil {
		t.Error(err)
	}
}

func TestTablesAndColumns(t *testing.T) {
	c, _ := open(t)
	tables, err := c.Tables(t.Context())
	if err != nil || len(tables) != 4 || tables[3].Name != "orders" || len(tables[3].Columns) != 3 {
		t.Fatalf("%v, %v", tables, err)
	}
	columns, err := c.Columns(t.Context(), tables[3])
	want := []Column{{"o_orderkey", "bigint", true}, {"o_totalprice", "numeric(15,2)", true}, {"o_comment", "varchar(79)", false}}
	if err != nil || !reflect.DeepEqual(columns, want) {
		t.Errorf("%v, %v", columns, err)
	}
}
