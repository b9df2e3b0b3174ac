package flight_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/flight/flighttest"
	"github.com/skein-query/skein/planner/expr"
)

// The results that BenchmarkWideNumericResult sends: 16 columns of 8 bytes, in batches
// of 8,192 rows.
const (
	wideColumns = 16
	wideRows    = 8192
	wideBatches = 256
)

// wide is an engine that has one batch, and gives it again and again.
type wide struct {
	*flighttest.Fake
	columns []expr.Field
	batch   arrow.RecordBatch
}

func newWide() *wide {
	w := &wide{Fake: &flighttest.Fake{}}
	for i := range wideColumns {
		kind := expr.Int8
		if i%2 == 1 {
			kind = expr.Float8
		}
		w.columns = append(w.columns, expr.Field{Name: string(rune('a' + i)), Type: expr.Of(kind), Nullable: true})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(expr.ArrowFields(w.columns), nil))
	defer b.Release()
	for row := range wideRows {
		for i := range wideColumns {
			switch f := b.Field(i).(type) {
			case *array.Int64Builder:
				f.Append(int64(row * i))
			case *array.Float64Builder:
				f.Append(float64(row) / float64(i))
			}
		}
	}
	w.batch = b.NewRecordBatch()
	return w
}

func (w *wide) Prepare(context.Context, *flight.Session, string) (flight.Prepared, error) {
	return w, nil
}
func (w *wide) Columns() []expr.Field   { return w.columns }
func (w *wide) Parameters() []expr.Type { return nil }
func (w *wide) IsUpdate() bool          { return false }
func (w *wide) Execute(context.Context, []expr.Value) (flight.Result, error) {
	return &wideResult{wide: w, left: wideBatches}, nil
}

func (w *wide) Update(ctx context.Context, _ [][]expr.Value) (flight.Result, error) {
	return w.Execute(ctx, nil)
}
func (w *wide) End(*flight.Session) {}

type wideResult struct {
	*wide
	left int
}

func (r *wideResult) QueryID() string       { return "wide" }
func (r *wideResult) Columns() []expr.Field { return nil }
func (r *wideResult) Affected() int64       { return -1 }
func (r *wideResult) Close() error          { return nil }

func (r *wideResult) Next(context.Context) (arrow.RecordBatch, error) {
	if r.left == 0 {
		return nil, io.EOF
	}
	r.left--
	r.batch.Retain()
	return r.batch, nil
}

// BenchmarkWideNumericResult is what encoding and the loopback take: the client counts
// bytes and decodes nothing.
func BenchmarkWideNumericResult(b *testing.B) {
	w := newWide()
	server := flight.New(flight.Config{Statements: w, Catalog: w, Sessions: w, Log: slog.New(slog.DiscardHandler)})
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go server.Serve(lis) // ends with Shutdown
	defer server.Shutdown(context.Background())
	c, err := flightsql.NewClient(lis.Addr().String(), nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	b.SetBytes(wideColumns * wideRows * wideBatches * 8)
	for b.Loop() {
		info, err := c.Execute(b.Context(), "wide")
		if err != nil {
			b.Fatal(err)
		}
		stream, err := c.Client.DoGet(b.Context(), info.Endpoint[0].Ticket)
		if err != nil {
			b.Fatal(err)
		}
		total := 0
		for {
			var data *arrowflight.FlightData
			if data, err = stream.Recv(); err != nil {
				break
			}
			total += len(data.DataBody)
		}
		if err != io.EOF || total < wideColumns*wideRows*wideBatches*8 {
			b.Fatalf("%d bytes, %v", total, err)
		}
	}
}
