package flight_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/flight/flighttest"
)

// load is how often a test of load does what it does: few times in a normal run, as
// often as SKEIN_LOAD says in a long one.
func load(t *testing.T, usual int) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("SKEIN_LOAD")); err == nil && n > 0 {
		return n
	}
	return usual
}

// ownConnection opens a connection of its own.
func ownConnection(t *testing.T, addr string, options ...grpc.DialOption) *flightsql.Client {
	t.Helper()
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	return must[*flightsql.Client](t)(flightsql.NewClient(addr, nil, nil, options...))
}

// steady runs a load and holds that goroutines, queries and memory come back to what
// they were after one round of it.
func steady(t *testing.T, fake *flighttest.Fake, round func()) {
	t.Helper()
	round()
	settle(t, fake)
	goroutines, heap := runtime.NumGoroutine(), heapBytes()
	round()
	settle(t, fake)
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines+10; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines became %d", goroutines, runtime.NumGoroutine())
		}
	}
	if after := heapBytes(); after > heap+heap/2+(32<<20) {
		t.Errorf("%d MiB became %d", heap>>20, after>>20)
	}
}

func settle(t *testing.T, fake *flighttest.Fake) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); fake.Open.Load() != 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d queries are left", fake.Open.Load())
		}
	}
}

func heapBytes() uint64 {
	runtime.GC()
	runtime.GC() // pools give up what they hold at the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// selectRows executes a statement and reads it to its end.
func selectRows(ctx context.Context, c *flightsql.Client, text string) (rows int64, err error) {
	info, err := c.Execute(ctx, text)
	if err != nil {
		return 0, err
	}
	reader, err := c.DoGet(ctx, info.Endpoint[0].Ticket)
	if err != nil {
		return 0, err
	}
	defer reader.Release()
	for reader.Next() {
		rows += reader.RecordBatch().NumRows()
	}
	return rows, reader.Err()
}

func TestTwoHundredConnectionsWithShortQueries(t *testing.T) {
	addr, fake := flighttest.Serve(t, nil)
	each := max(3, load(t, 3)/200)
	steady(t, fake, func() {
		var wg sync.WaitGroup
		for range 200 {
			c := ownConnection(t, addr)
			wg.Go(func() { // ends with its queries
				defer c.Close()
				for i := range each {
					if n, err := selectRows(t.Context(), c, fmt.Sprint("rows ", i)); n != int64(i) || err != nil {
						t.Errorf("%d rows of %d, %v", n, i, err)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestAbandonedStreamsLeaveNothing(t *testing.T) {
	addr, fake := flighttest.Serve(t, func(c *flight.Config) { c.Lease = time.Second })
	c := ownConnection(t, addr)
	defer c.Close()
	steady(t, fake, func() {
		var wg sync.WaitGroup
		streams := make(chan int)
		for range 16 {
			wg.Go(func() { // ends with the channel
				for i := range streams {
					abandon(t, c, i)
				}
			})
		}
		for i := range load(t, 400) {
			streams <- i
		}
		close(streams)
		wg.Wait()
	})
	if n, err := selectRows(t.Context(), c, "rows 5"); n != 5 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
}

// abandon begins a query and leaves it: before it is fetched, before its first batch,
// after that, or while it is waited for.
func abandon(t *testing.T, c *flightsql.Client, i int) {
	text := "rows 1000000"
	if i%4 == 3 {
		text = "wait"
	}
	info, err := c.Execute(t.Context(), text)
	if err != nil {
		t.Error(err)
		return
	}
	if i%4 == 0 {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, err := c.DoGet(ctx, info.Endpoint[0].Ticket)
	if err != nil && strings.Contains(err.Error(), "[XS003]") {
		return // on a busy machine the lease may have run out
	}
	if err != nil {
		t.Error(err)
		return
	}
	if i%4 == 2 {
		reader.Next()
	}
	cancel()
	reader.Release()
}

func TestSlowReadersHoldNobodyUp(t *testing.T) {
	addr, _ := flighttest.Serve(t, nil)
	slow := ownConnection(t, addr)
	defer slow.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := heapBytes()
	for range 50 {
		info := must[*arrowflight.FlightInfo](t)(slow.Execute(ctx, "wide 100000000 1000"))
		reader := must[*arrowflight.Reader](t)(slow.DoGet(ctx, info.Endpoint[0].Ticket))
		defer reader.Release()
		if !reader.Next() {
			t.Fatal(reader.Err())
		}
	}
	quick := ownConnection(t, addr)
	defer quick.Close()
	for range 50 {
		limited, done := context.WithTimeout(t.Context(), 20*time.Second)
		if n, err := selectRows(limited, quick, "rows 1000"); n != 1000 || err != nil {
			t.Errorf("%d rows, %v", n, err)
		}
		done()
	}
	// Of a result of 100 GB each of 50 readers has: a batch of 8 MB and its messages at the
	// server, which are the batch's own buffers until they have left, and a window of HTTP/2
	// and a message at the client.
	if after := heapBytes(); after > before+50*(20<<20) {
		t.Errorf("%d MiB became %d", before>>20, after>>20)
	}
}

func TestClientsKilledInTheMiddleOfAStreamLeaveNothing(t *testing.T) {
	addr, fake := flighttest.Serve(t, nil)
	steady(t, fake, func() {
		for range max(20, load(t, 20)/100) {
			var mu sync.Mutex
			var conns []net.Conn
			c := ownConnection(t, addr, grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
				mu.Lock()
				defer mu.Unlock()
				conns = append(conns, conn)
				return conn, err
			}))
			info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "wide 10000000 100"))
			reader := must[*arrowflight.Reader](t)(c.DoGet(t.Context(), info.Endpoint[0].Ticket))
			reader.Next()
			mu.Lock()
			for _, conn := range conns {
				_ = conn.(*net.TCPConn).SetLinger(0) // it resets, as a killed process' does
				conn.Close()
			}
			mu.Unlock()
			reader.Release()
			c.Close()
		}
	})
}

// randomBytes are bytes that are no message, or a message of the protocol with some of
// its bytes changed.
func randomBytes(r *rand.Rand, valid [][]byte) []byte {
	if r.IntN(3) == 0 {
		out := make([]byte, r.IntN(200))
		for i := range out {
			out[i] = byte(r.Uint32())
		}
		return out
	}
	out := append([]byte{}, valid[r.IntN(len(valid))]...)
	for range r.IntN(4) {
		if len(out) > 0 {
			out[r.IntN(len(out))] = byte(r.Uint32())
		}
	}
	if len(out) > 0 && r.IntN(4) == 0 {
		out = out[:r.IntN(len(out))]
	}
	return out
}

// messages are the commands of the protocol, packed as clients send them.
func messages(t *testing.T) (out [][]byte) {
	t.Helper()
	for _, m := range []proto.Message{
		&pb.CommandStatementQuery{Query: "rows 3"}, &pb.CommandStatementUpdate{Query: "create x"}, &pb.CommandPreparedStatementQuery{PreparedStatementHandle: []byte("h")},
		&pb.CommandPreparedStatementUpdate{PreparedStatementHandle: []byte("h")}, &pb.CommandGetTables{IncludeSchema: true}, &pb.CommandGetSqlInfo{Info: []uint32{0, 8}},
		&pb.CommandGetDbSchemas{}, &pb.CommandGetCatalogs{}, &pb.CommandGetXdbcTypeInfo{}, &pb.CommandGetCrossReference{PkTable: "a", FkTable: "b"},
		&pb.TicketStatementQuery{StatementHandle: []byte("h")}, &pb.CommandStatementIngest{Table: "t"}, &pb.CommandStatementSubstraitPlan{Plan: &pb.SubstraitPlan{Plan: []byte("p")}},
		&pb.ActionCreatePreparedStatementRequest{Query: "rows 1"}, &pb.ActionClosePreparedStatementRequest{PreparedStatementHandle: []byte("h")},
		&pb.ActionBeginTransactionRequest{}, &pb.ActionEndTransactionRequest{TransactionId: []byte("x")},
	} {
		var packed anypb.Any
		if err := packed.MarshalFrom(m); err != nil {
			t.Fatal(err)
		}
		out = append(out, must[[]byte](t)(proto.Marshal(&packed)))
	}
	return append(out, must[[]byte](t)(proto.Marshal(&pb.CancelFlightInfoRequest{Info: &pb.FlightInfo{Endpoint: []*pb.FlightEndpoint{{Ticket: &pb.Ticket{Ticket: []byte("t")}}}}})))
}

func TestRandomBytesAreRefused(t *testing.T) {
	addr, _ := flighttest.Serve(t, func(c *flight.Config) { c.Lease = time.Second })
	conn := must[*grpc.ClientConn](t)(grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer conn.Close()
	c := pb.NewFlightServiceClient(conn)
	r := rand.New(rand.NewPCG(1, 2))
	valid := messages(t)
	actions := []string{"CreatePreparedStatement", "ClosePreparedStatement", "CancelFlightInfo", "CancelQuery", "RenewFlightEndpoint",
		"SetSessionOptions", "GetSessionOptions", "CloseSession", "BeginTransaction", "EndSavepoint", "CreatePreparedSubstraitPlan", "x"}
	for range load(t, 1500) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		data := randomBytes(r, valid)
		desc := &pb.FlightDescriptor{Type: pb.FlightDescriptor_DescriptorType(r.IntN(3)), Cmd: data}
		switch r.IntN(6) {
		case 0:
			_, _ = c.GetFlightInfo(ctx, desc)
		case 1:
			_, _ = c.PollFlightInfo(ctx, desc)
		case 2:
			_, _ = c.GetSchema(ctx, desc)
		case 3:
			if stream, err := c.DoGet(ctx, &pb.Ticket{Ticket: data}); err == nil {
				drainStream(stream.Recv)
			}
		case 4:
			if stream, err := c.DoAction(ctx, &pb.Action{Type: actions[r.IntN(len(actions))], Body: data}); err == nil {
				drainStream(stream.Recv)
			}
		default:
			putRandom(ctx, c, r, desc, data)
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("no answer to %x", data)
		}
		cancel()
	}
	client := ownConnection(t, addr)
	defer client.Close()
	if n, err := selectRows(t.Context(), client, "rows 5"); n != 5 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
}

// putRandom sends a few messages, some without a descriptor.
func putRandom(ctx context.Context, c pb.FlightServiceClient, r *rand.Rand, desc *pb.FlightDescriptor, data []byte) {
	stream, err := c.DoPut(ctx)
	if err != nil {
		return
	}
	for i := range r.IntN(3) + 1 {
		m := &pb.FlightData{DataHeader: data, DataBody: data}
		if i == 0 && r.IntN(3) > 0 {
			m.FlightDescriptor = desc
		}
		if stream.Send(m) != nil {
			break
		}
	}
	_ = stream.CloseSend() // the server may have ended it
	drainStream(stream.Recv)
}

func drainStream[T any](recv func() (T, error)) {
	for {
		if _, err := recv(); err != nil {
			return
		}
	}
}

func TestLargeHeadersAreTaken(t *testing.T) {
	addr, _ := flighttest.Serve(t, nil)
	c := ownConnection(t, addr)
	defer c.Close()
	for _, size := range []int{1 << 10, 8 << 10, 64 << 10} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-padding", strings.Repeat("x", size))
		if n, err := selectRows(ctx, c, "rows 5"); n != 5 || err != nil {
			t.Errorf("%d bytes: %d rows, %v", size, n, err)
		}
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-padding", strings.Repeat("x", 1<<20))
	if _, err := selectRows(ctx, c, "rows 5"); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a megabyte of headers: %v", err)
	}
	if n, err := selectRows(t.Context(), c, "rows 5"); n != 5 || err != nil {
		t.Errorf("after that: %d rows, %v", n, err)
	}
}
