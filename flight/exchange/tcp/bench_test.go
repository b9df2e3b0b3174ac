package tcp

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
)

// The data of the benchmarks: pieces of batches of 16 columns of 8 bytes, 1 MiB each.
const (
	benchRows    = 8192
	benchColumns = 16
	benchBatches = 8 // of a piece
	benchPieces  = 16
	benchBytes   = benchRows * benchColumns * 8 * benchBatches * benchPieces
)

func wide() *vector.Batch {
	var cols []vector.Column
	for c := range benchColumns {
		values := make([]int64, benchRows)
		for i := range values {
			values[i] = int64(i * c)
		}
		cols = append(cols, vector.Flat(vector.Int64, values, nil))
	}
	return vector.New(cols, benchRows)
}

// cpu is what the process has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measured runs f b.N times and reports the best pass beside the mean: other programs
// take the machine's cores now and then, and cannot make a pass faster than it is.
func measured(b *testing.B, bytes int, f func()) {
	f() // connections and slabs are there
	b.SetBytes(int64(bytes))
	best, before := time.Duration(math.MaxInt64), cpu()
	b.ResetTimer()
	for range b.N {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	b.StopTimer()
	used := cpu() - before
	b.ReportMetric(float64(bytes)/best.Seconds()/1e6, "best-MB/s")
	b.ReportMetric(float64(used.Microseconds())/1e3/(float64(bytes)*float64(b.N)/1e9), "cpu-ms/GB")
}

func newBench(b *testing.B) (*stage, *memory.Account) {
	c := Config{Security: Security{Key: []byte("k")}, Log: slog.New(slog.DiscardHandler)}
	s := newStageWith(b, c, c)
	s.client.pool = memory.NewPool()
	return s, s.account
}

func (s *stage) pass(b *testing.B, r Request) {
	reader := s.open(r)
	defer reader.Close()
	n := 0
	for {
		batch, err := reader.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			b.Error(err)
			return
		}
		n += batch.Rows()
		batch.Release()
	}
	if n != benchRows*benchBatches*benchPieces {
		b.Errorf("%d rows", n)
	}
}

// BenchmarkWideBatches sends the same batches over the exchange and over Arrow Flight.
func BenchmarkWideBatches(b *testing.B) {
	batch := wide()
	s, _ := newBench(b)
	e, frames := exchange.NewEdge(1, false), exchange.NewEdge(1, false)
	for task := range benchPieces {
		var p, f exchange.Piece
		var enc exchange.Encoder
		for range benchBatches {
			p.Batches = append(p.Batches, batch.Share())
			frame, _ := enc.Append(nil, batch)
			f.Frames = append(f.Frames, frame)
		}
		e.Seal(exchange.PieceID{Task: task}, []exchange.Piece{p})
		frames.Seal(exchange.PieceID{Task: task}, []exchange.Piece{f})
	}
	e.Complete()
	frames.Complete()
	s.hub.Open("q", map[int]*exchange.Edge{0: e, 1: frames})
	b.Run("exchange", func(b *testing.B) { measured(b, benchBytes, func() { s.pass(b, Request{Query: "q"}) }) })
	b.Run("exchange, pieces of frames", func(b *testing.B) {
		measured(b, benchBytes, func() { s.pass(b, Request{Query: "q", Edge: 1}) })
	})
	for _, n := range []int{2, 8} {
		b.Run(fmt.Sprintf("exchange, %d streams", n), func(b *testing.B) {
			measured(b, n*benchBytes, func() {
				var wg sync.WaitGroup
				for range n {
					wg.Go(func() { s.pass(b, Request{Query: "q"}) })
				}
				wg.Wait()
			})
		})
	}
	client := newFlight(b, batch)
	b.Run("Arrow Flight DoGet", func(b *testing.B) { measured(b, benchBytes, func() { client.pass(b) }) })
	b.Run("Arrow Flight DoGet, 2 streams", func(b *testing.B) {
		measured(b, 2*benchBytes, func() {
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() { client.pass(b) })
			}
			wg.Wait()
		})
	})
	b.Run("bare TCP, one buffer", func(b *testing.B) { bare(b) })
}

// bare is what the machine gives without frames and checksums.
func bare(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	const part = benchBytes / benchBatches / benchPieces
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { // ends with the connection
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		out, ask := make([]byte, part), make([]byte, 1)
		for {
			if _, err := io.ReadFull(c, ask); err != nil {
				return
			}
			for range benchBatches * benchPieces {
				if _, err := c.Write(out); err != nil {
					return
				}
			}
		}
	})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	in := make([]byte, part)
	measured(b, benchBytes, func() {
		_, _ = c.Write([]byte{1})
		for range benchBatches * benchPieces {
			if _, err := io.ReadFull(c, in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// flightSide serves the batches by DoGet.
type flightSide struct {
	flight.BaseFlightServer
	batch  *vector.Batch
	schema *arrow.Schema
}

func (f *flightSide) DoGet(_ *flight.Ticket, stream flight.FlightService_DoGetServer) error {
	record, err := vector.ToArrow(f.batch, f.schema)
	if err != nil {
		return err
	}
	defer record.Release()
	w := flight.NewRecordWriter(stream, ipc.WithSchema(f.schema))
	defer w.Close()
	for range benchBatches * benchPieces {
		if err := w.Write(record); err != nil {
			return err
		}
	}
	return nil
}

type flightClient struct{ flight.Client }

func newFlight(b *testing.B, batch *vector.Batch) flightClient {
	var fields []arrow.Field
	for c := range benchColumns {
		fields = append(fields, arrow.Field{Name: fmt.Sprint("c", c), Type: arrow.PrimitiveTypes.Int64})
	}
	server := flight.NewServerWithMiddleware(nil)
	if err := server.Init("127.0.0.1:0"); err != nil {
		b.Fatal(err)
	}
	server.RegisterFlightService(&flightSide{batch: batch, schema: arrow.NewSchema(fields, nil)})
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve() }) // ends with Shutdown
	client, err := flight.NewClientWithMiddleware(server.Addr().String(), nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)), grpc.WithInitialWindowSize(16<<20), grpc.WithInitialConnWindowSize(16<<20))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		client.Close()
		server.Shutdown()
		wg.Wait()
	})
	return flightClient{client}
}

func (f flightClient) pass(b *testing.B) {
	stream, err := f.DoGet(context.Background(), &flight.Ticket{Ticket: []byte("q")})
	if err != nil {
		b.Error(err)
		return
	}
	r, err := flight.NewRecordReader(stream)
	if err != nil {
		b.Error(err)
		return
	}
	defer r.Release()
	n := int64(0)
	for r.Next() {
		n += r.RecordBatch().NumRows()
	}
	if n != benchRows*benchBatches*benchPieces || r.Err() != nil {
		b.Errorf("%d rows, %v", n, r.Err())
	}
}

// BenchmarkStream is what a stream of one small piece costs, on a connection that is
// there and on a new one.
func BenchmarkStream(b *testing.B) {
	for _, parked := range []bool{true, false} {
		b.Run(map[bool]string{true: "parked connection", false: "new connection"}[parked], func(b *testing.B) {
			s, _ := newBench(b)
			e := s.edge("q")
			seal(e, 0, numbers(1, 2, 3))
			e.Complete()
			for range b.N {
				r := s.open(Request{Query: "q", Edge: 3})
				if _, err := drain(context.Background(), r); err != nil {
					b.Fatal(err)
				}
				r.Close()
				if !parked {
					s.client.Close()
					s.client.closed = false
				}
			}
		})
	}
}

// BenchmarkHeldStreams is the memory that a stream costs while it waits.
func BenchmarkHeldStreams(b *testing.B) {
	s, _ := newBench(b)
	s.edge("q")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	const n = 500
	for range b.N {
		var readers []*Reader
		for range n {
			readers = append(readers, s.open(Request{Query: "q", Edge: 3}))
			for len(readers)-s.connections() > 16 {
				time.Sleep(time.Millisecond)
			}
		}
		for s.connections() < n {
			time.Sleep(time.Millisecond)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/n, "B/stream")
		for _, r := range readers {
			r.Close()
		}
	}
}
