package flight_test

import (
	"testing"
	"time"

	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/skein-query/skein/flight"
)

// pollFor is PollFlightInfo of a statement.
func pollFor(t *testing.T, c *flightsql.Client, text string) (*arrowflight.PollInfo, error) {
	t.Helper()
	var command anypb.Any
	if err := command.MarshalFrom(&pb.CommandStatementQuery{Query: text}); err != nil {
		t.Fatal(err)
	}
	cmd := must[[]byte](t)(proto.Marshal(&command))
	return c.Client.PollFlightInfo(t.Context(), &arrowflight.FlightDescriptor{Type: arrowflight.DescriptorCMD, Cmd: cmd})
}

func TestPollOfAShortQueryIsDoneAtOnce(t *testing.T) {
	c, _ := serve(t, nil)
	info := must[*arrowflight.PollInfo](t)(pollFor(t, c, "rows 2500"))
	if info.FlightDescriptor != nil || info.GetProgress() != 1 || info.ExpirationTime != nil {
		t.Errorf("got %v", info)
	}
	if batches, err := fetch(t, c, info.Info); err != nil || count(batches) != 2500 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
}

func TestPollOfALongQuerySaysHowFarItIs(t *testing.T) {
	c, fake := serve(t, nil)
	info := must[*arrowflight.PollInfo](t)(pollFor(t, c, "wait"))
	if info.FlightDescriptor == nil || info.GetProgress() != 0.5 || info.ExpirationTime == nil || len(info.Info.Endpoint) != 0 ||
		string(info.Info.AppMetadata) != "q1" || len(info.Info.Schema) == 0 {
		t.Fatalf("got %v", info)
	}
	again := must[*arrowflight.PollInfo](t)(c.Client.PollFlightInfo(t.Context(), info.FlightDescriptor))
	if again.FlightDescriptor == nil || again.GetProgress() < info.GetProgress() {
		t.Errorf("got %v", again)
	}
	result := must[*arrowflight.CancelFlightInfoResult](t)(c.CancelFlightInfo(t.Context(), &arrowflight.CancelFlightInfoRequest{Info: again.Info}))
	if result.Status != arrowflight.CancelStatusCancelled {
		t.Errorf("got %v", result)
	}
	_, err := c.Client.PollFlightInfo(t.Context(), info.FlightDescriptor)
	wantError(t, err, codes.InvalidArgument, "[XS003]")
	for end := time.Now().Add(10 * time.Second); fake.Open.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the query still runs")
		}
	}
}

func TestPollFailsAsTheQueryDoes(t *testing.T) {
	c, _ := serve(t, nil)
	_, err := pollFor(t, c, "rowz")
	wantError(t, err, codes.InvalidArgument, "[42601]")
	_, err = pollFor(t, c, "panic")
	wantError(t, err, codes.Internal, "[XX000]")
	info := must[*arrowflight.PollInfo](t)(pollFor(t, c, "fail")) // after its first row
	_, err = fetch(t, c, info.Info)
	wantError(t, err, codes.InvalidArgument, "[22012]")
}

func TestPollOfAnUpdateRunsItOnce(t *testing.T) {
	c, fake := serve(t, nil)
	info := must[*arrowflight.PollInfo](t)(pollFor(t, c, "returning x"))
	if batches, err := fetch(t, c, info.Info); err != nil || count(batches) != 1 || info.Info.TotalRecords != 1 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
	if got := fake.Effects(); len(got) != 1 {
		t.Errorf("effects: %q", got)
	}
}

func TestAPolledQueryThatNobodyAsksForEnds(t *testing.T) {
	c, fake := serve(t, func(config *flight.Config) { config.Lease = 300 * time.Millisecond })
	info := must[*arrowflight.PollInfo](t)(pollFor(t, c, "wait"))
	for end := time.Now().Add(10 * time.Second); fake.Open.Load() != 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the query still runs")
		}
	}
	_, err := c.Client.PollFlightInfo(t.Context(), info.FlightDescriptor)
	wantError(t, err, codes.InvalidArgument, "[XS003]")
}

func TestATicketOfACancelledQueryRunsNothing(t *testing.T) {
	c, fake := serve(t, nil)
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "rows 3"))
	must[*arrowflight.CancelFlightInfoResult](t)(c.CancelFlightInfo(t.Context(), &arrowflight.CancelFlightInfoRequest{Info: info}))
	_, err := c.DoGet(t.Context(), info.Endpoint[0].Ticket)
	wantError(t, err, codes.Canceled, "[57014]")
	if n := fake.Started.Load(); n != 1 {
		t.Errorf("%d queries were started", n)
	}
}
