package flight_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/flight/flighttest"
)

// dial gives the raw client of arrow-go, which is close to what is on the wire.
func dial(t *testing.T, addr string) *flightsql.Client {
	t.Helper()
	c, err := flightsql.NewClient(addr, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func serve(t *testing.T, change func(*flight.Config)) (*flightsql.Client, *flighttest.Fake) {
	addr, fake := flighttest.Serve(t, change)
	return dial(t, addr), fake
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// fetch reads the one endpoint of a FlightInfo and checks what holds of every
// result: no locations, and the schema that was promised.
func fetch(t *testing.T, c *flightsql.Client, info *arrowflight.FlightInfo) (batches []arrow.RecordBatch, err error) {
	t.Helper()
	if len(info.Endpoint) != 1 || len(info.Endpoint[0].Location) != 0 {
		t.Fatalf("endpoints: %v", info.Endpoint)
	}
	reader, err := c.DoGet(t.Context(), info.Endpoint[0].Ticket)
	if err != nil {
		return nil, err
	}
	defer reader.Release()
	promised, err := arrowflight.DeserializeSchema(info.Schema, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	if !promised.Equal(reader.Schema()) {
		t.Errorf("promised %s, got %s", promised, reader.Schema())
	}
	for reader.Next() {
		batch := reader.RecordBatch()
		batch.Retain()
		t.Cleanup(batch.Release)
		batches = append(batches, batch)
	}
	return batches, reader.Err()
}

func count(batches []arrow.RecordBatch) (n int64) {
	for _, b := range batches {
		n += b.NumRows()
	}
	return n
}

func params(t *testing.T, columns ...arrow.Array) arrow.RecordBatch {
	fields := make([]arrow.Field, len(columns))
	for i, c := range columns {
		fields[i] = arrow.Field{Name: fmt.Sprint(i), Type: c.DataType(), Nullable: true}
	}
	b := array.NewRecordBatch(arrow.NewSchema(fields, nil), columns, int64(columns[0].Len()))
	t.Cleanup(b.Release)
	return b
}

func fromJSON(t *testing.T, typ arrow.DataType, text string) arrow.Array {
	t.Helper()
	a, _, err := array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Release)
	return a
}

func wantError(t *testing.T, err error, code codes.Code, texts ...string) {
	t.Helper()
	if status.Code(err) != code {
		t.Errorf("got %v, want code %s", err, code)
	}
	for _, text := range texts {
		if !strings.Contains(fmt.Sprint(err), text) {
			t.Errorf("error %v does not say %q", err, text)
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Errorf("never: %s", what)
}

func TestQueryStreamsAllRows(t *testing.T) {
	c, _ := serve(t, nil)
	for _, n := range []int{0, 1, 999, 5000} {
		info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), fmt.Sprintf("rows %d", n)))
		batches, err := fetch(t, c, info)
		if err != nil || count(batches) != int64(n) {
			t.Errorf("rows %d: %d rows, %v", n, count(batches), err)
		}
	}
}

func TestEveryResultColumnIsNullable(t *testing.T) {
	c, _ := serve(t, nil)
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "types"))
	batches, err := fetch(t, c, info)
	if err != nil || count(batches) != 2 {
		t.Fatal(err)
	}
	for _, f := range batches[0].Schema().Fields() {
		if name, _ := (&flightsql.ColumnMetadata{Data: &f.Metadata}).TypeName(); !f.Nullable || name == "" {
			t.Errorf("%s is not nullable or has no SQL type name", f)
		}
	}
}

func TestMessagesStayBelowFourMiB(t *testing.T) {
	addr, _ := flighttest.Serve(t, nil)
	c, err := flightsql.NewClient(addr, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(4<<20)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "wide 1500 20000")) // 20 MB a batch
	batches, err := fetch(t, c, info)
	if err != nil || count(batches) != 1500 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
	if len(batches) > 20 {
		t.Errorf("cut into %d messages", len(batches))
	}
}

func TestTicketRunsAReadAgain(t *testing.T) {
	c, fake := serve(t, nil)
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "rows 10"))
	for range 3 {
		if batches, err := fetch(t, c, info); err != nil || count(batches) != 10 {
			t.Errorf("%d rows, %v", count(batches), err)
		}
	}
	if n := fake.Started.Load(); n != 3 {
		t.Errorf("started %d queries", n)
	}
}

func TestTicketKeepsBoundParameters(t *testing.T) {
	c, _ := serve(t, nil)
	p := must[*flightsql.PreparedStatement](t)(c.Prepare(t.Context(), "echo bigint, text, double precision"))
	defer p.Close(t.Context())
	p.SetParameters(params(t, fromJSON(t, arrow.PrimitiveTypes.Int64, "[9007199254740993]"),
		fromJSON(t, arrow.BinaryTypes.String, `["naïve"]`), fromJSON(t, arrow.PrimitiveTypes.Float64, "[0.1]")))
	info := must[*arrowflight.FlightInfo](t)(p.Execute(t.Context()))
	for range 2 {
		batches, err := fetch(t, c, info)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := batches[0].MarshalJSON(); !strings.Contains(string(got), `"a":9007199254740993,"b":"naïve","c":0.1`) {
			t.Errorf("got %s", got)
		}
	}
}

func TestTicketExpires(t *testing.T) {
	c, fake := serve(t, func(config *flight.Config) { config.Lease = 30 * time.Millisecond })
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "rows 10"))
	eventually(t, "the query nobody fetches ends", func() bool { return fake.Open.Load() == 0 })
	_, err := fetch(t, c, info)
	wantError(t, err, codes.InvalidArgument, "[XS003]", "expired")
}

func TestRenewedEndpointOutlivesItsFirstLease(t *testing.T) {
	c, _ := serve(t, func(config *flight.Config) { config.Lease = 200 * time.Millisecond })
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "rows 10"))
	for range 3 {
		time.Sleep(120 * time.Millisecond)
		info.Endpoint[0] = must[*arrowflight.FlightEndpoint](t)(c.RenewFlightEndpoint(t.Context(),
			&arrowflight.RenewFlightEndpointRequest{Endpoint: info.Endpoint[0]}))
	}
	if batches, err := fetch(t, c, info); err != nil || count(batches) != 10 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
}

func TestQueryEndsWhenItsReaderGoes(t *testing.T) {
	c, fake := serve(t, nil)
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "wait"))
	ctx, cancel := context.WithCancel(t.Context())
	reader := must[*arrowflight.Reader](t)(c.DoGet(ctx, info.Endpoint[0].Ticket))
	defer reader.Release()
	cancel()
	eventually(t, "the query ends", func() bool { return fake.Open.Load() == 0 && fake.Cancelled.Load() == 1 })
}

func TestCancelFlightInfo(t *testing.T) {
	c, fake := serve(t, nil)
	for _, reading := range []bool{false, true} {
		info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "wait"))
		ended := make(chan error, 1)
		if reading {
			go func() {
				_, err := fetch(t, c, info)
				ended <- err
			}()
			time.Sleep(50 * time.Millisecond)
		}
		result, err := c.CancelFlightInfo(t.Context(), &arrowflight.CancelFlightInfoRequest{Info: info})
		if err != nil || result.Status != arrowflight.CancelStatusCancelled {
			t.Errorf("reading %v: %v, %v", reading, result, err)
		}
		if reading {
			wantError(t, <-ended, codes.Canceled, "[57014]", "user request")
		}
		eventually(t, "the query ends", func() bool { return fake.Open.Load() == 0 })
		_, err = c.CancelFlightInfo(t.Context(), &arrowflight.CancelFlightInfoRequest{Info: info})
		wantError(t, err, codes.NotFound, "ended or is not known")
	}
}

func TestErrorCarriesStateSpanAndHint(t *testing.T) {
	c, _ := serve(t, nil)
	var trailer metadata.MD
	_, err := c.Execute(t.Context(), "\n  grüße 10", grpc.Trailer(&trailer))
	wantError(t, err, codes.InvalidArgument, "[42601] syntax error at or near \"grüße\"", "LINE 2:   grüße 10", "^^^^^", "HINT:")
	if got := fmt.Sprint(trailer.Get(flight.SQLStateTrailer), trailer.Get(flight.SpanTrailer), trailer.Get(flight.HintTrailer)); got !=
		"[42601] [3:10] [Did%20you%20mean%20%E2%80%9Crows%E2%80%9D%3F]" {
		t.Errorf("trailers: %s", got)
	}
	if details := status.Convert(err).Details(); len(details) != 1 {
		t.Errorf("details: %v", details)
	}
}

func TestErrorInTheMiddleOfAResult(t *testing.T) {
	c, _ := serve(t, nil)
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "fail"))
	batches, err := fetch(t, c, info)
	wantError(t, err, codes.InvalidArgument, "[22012] division by zero", "^^^^")
	if count(batches) != 1 {
		t.Errorf("%d rows before the error", count(batches))
	}
}

func TestHugeStatementFailsSmall(t *testing.T) {
	c, _ := serve(t, nil)
	_, err := c.Execute(t.Context(), strings.Repeat("y", 2<<20))
	wantError(t, err, codes.InvalidArgument, "[42601]")
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "rows 5 "+strings.Repeat(" ", 3<<20)))
	if len(info.Endpoint[0].Ticket.Ticket) > 1000 {
		t.Error("the ticket carries a text too long for it")
	}
	if batches, err := fetch(t, c, info); err != nil || count(batches) != 5 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
	_, err = fetch(t, c, info)
	wantError(t, err, codes.InvalidArgument, "[XS003]", "too long")
}

func TestPanicsBecomeErrors(t *testing.T) {
	c, _ := serve(t, nil)
	_, err := c.Execute(t.Context(), "panic prepare")
	wantError(t, err, codes.Internal, "[XX000]", "asked to panic")
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "panic"))
	_, err = fetch(t, c, info)
	wantError(t, err, codes.Internal, "[XX000]", "asked to panic")
}

func TestUpdateRunsOnceAndNeverInDoGet(t *testing.T) {
	c, fake := serve(t, nil)
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "create a"))
	if got := fmt.Sprint(fake.Effects()); got != "[create a]" {
		t.Errorf("after GetFlightInfo: %s", got)
	}
	if batches, err := fetch(t, c, info); err != nil || count(batches) != 0 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
	_, err := fetch(t, c, info)
	wantError(t, err, codes.InvalidArgument, "[XS003]", "does not run again")
	must[int64](t)(c.ExecuteUpdate(t.Context(), "create b"))
	info = must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "returning c"))
	if batches, err := fetch(t, c, info); err != nil || count(batches) != 1 || info.TotalRecords != 1 {
		t.Errorf("returning: %d rows of %d, %v", count(batches), info.TotalRecords, err)
	}
	if got := fmt.Sprint(fake.Effects()); got != "[create a create b returning c]" {
		t.Errorf("effects: %s", got)
	}
}

func TestPollFlightInfoIsDoneAtOnce(t *testing.T) {
	c, _ := serve(t, nil)
	poll, err := c.ExecutePoll(t.Context(), "rows 10", nil)
	if err != nil || poll.GetFlightDescriptor() != nil || poll.GetProgress() != 1 {
		t.Fatalf("%v, %v", poll, err)
	}
	if batches, err := fetch(t, c, poll.GetInfo()); err != nil || count(batches) != 10 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
}

func TestTransactionsAreRefusedCleanly(t *testing.T) {
	c, _ := serve(t, nil)
	_, err := c.BeginTransaction(t.Context())
	wantError(t, err, codes.Unimplemented, "[0A000] transactions")
}
