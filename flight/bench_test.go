package flight_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/ipc"
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

// plain is arrow-go's Flight server as it comes, with the same batches.
type plain struct {
	arrowflight.BaseFlightServer
	batch arrow.RecordBatch
}

func (p *plain) DoGet(_ *arrowflight.Ticket, stream arrowflight.FlightService_DoGetServer) error {
	w := arrowflight.NewRecordWriter(stream, ipc.WithSchema(p.batch.Schema()))
	defer w.Close()
	for range wideBatches {
		if err := w.Write(p.batch); err != nil {
			return err
		}
	}
	return nil
}

// servePlain starts a plain server, which ends with the benchmark.
func servePlain(b *testing.B, batch arrow.RecordBatch, options ...grpc.ServerOption) string {
	s := arrowflight.NewServerWithMiddleware(nil, options...)
	if err := s.Init("127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	s.RegisterFlightService(&plain{batch: batch})
	go s.Serve() // ends with Shutdown
	b.Cleanup(s.Shutdown)
	return s.Addr().String()
}

// BenchmarkWideNumericResult is what encoding and the loopback take, beside what arrow-go's
// plain server takes, in turn with it: the client counts bytes and decodes nothing. Plain
// servers have gRPC's default buffers, or those that are best for it.
func BenchmarkWideNumericResult(b *testing.B) {
	w := newWide()
	server := flight.New(flight.Config{Statements: w, Catalog: w, Sessions: w, Log: slog.New(slog.DiscardHandler)})
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go server.Serve(lis) // ends with Shutdown
	defer server.Shutdown(context.Background())
	usual := servePlain(b, w.batch)
	tuned := servePlain(b, w.batch, grpc.WriteBufferSize(1<<20), grpc.ReadBufferSize(1<<20), grpc.InitialWindowSize(16<<20), grpc.InitialConnWindowSize(64<<20))
	for _, client := range []struct {
		name    string
		options []grpc.DialOption
	}{
		{"default", nil},
		{"windows", []grpc.DialOption{grpc.WithReadBufferSize(1 << 20), grpc.WithInitialWindowSize(16 << 20), grpc.WithInitialConnWindowSize(64 << 20)}},
	} {
		b.Run("client="+client.name, func(b *testing.B) {
			options := append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, client.options...)
			took, used := [3]time.Duration{}, [3]time.Duration{}
			var clients [3]*flightsql.Client
			for i, addr := range []string{lis.Addr().String(), usual, tuned} {
				if clients[i], err = flightsql.NewClient(addr, nil, nil, options...); err != nil {
					b.Fatal(err)
				}
				defer clients[i].Close()
				fetchWide(b, clients[i], i == 0) // its windows have grown
			}
			b.ResetTimer()
			for n := 0; b.Loop(); n++ {
				for k := range clients {
					i := (n + k) % len(clients)
					began, before := time.Now(), processorTime(b)
					fetchWide(b, clients[i], i == 0)
					took[i] += time.Since(began)
					used[i] += processorTime(b) - before
				}
			}
			gigabytes := wideColumns * wideRows * wideBatches * 8 * float64(b.N) / 1e9
			for i, of := range []string{"", "-plain", "-tuned"} {
				b.ReportMetric(1000*gigabytes/took[i].Seconds(), "MB/s"+of)
				b.ReportMetric(used[i].Seconds()/gigabytes, "cpu-s/GB"+of)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// processorTime is what the process has used of processors, client and server.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// fetchWide reads all batches without decoding them.
func fetchWide(b *testing.B, c *flightsql.Client, isQuery bool) {
	ticket := &arrowflight.Ticket{}
	if isQuery {
		info, err := c.Execute(b.Context(), "wide")
		if err != nil {
			b.Fatal(err)
		}
		ticket = info.Endpoint[0].Ticket
	}
	stream, err := c.Client.DoGet(b.Context(), ticket)
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
