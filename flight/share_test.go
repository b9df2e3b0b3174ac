package flight_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/skein-query/skein/flight"
)

func TestSeveralEndpointsComeOnlyWhenAskedFor(t *testing.T) {
	c, fake := serve(t, nil)
	if info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "rows 10")); len(info.Endpoint) != 1 {
		t.Errorf("%d endpoints", len(info.Endpoint))
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), flight.EndpointsHeader, "4")
	started := fake.Started.Load()
	info := must[*arrowflight.FlightInfo](t)(c.Execute(ctx, "rows 10"))
	if len(info.Endpoint) != 4 || info.Ordered || fake.Started.Load() != started {
		t.Fatalf("%d endpoints, ordered %v, %d queries started", len(info.Endpoint), info.Ordered, fake.Started.Load()-started)
	}
	var got []int64
	for _, e := range slices.Backward(info.Endpoint) { // in any order
		reader := must[*arrowflight.Reader](t)(c.DoGet(t.Context(), e.Ticket))
		for reader.Next() {
			got = append(got, reader.RecordBatch().Column(0).(*array.Int64).Int64Values()...)
		}
		if reader.Err() != nil || len(e.Location) != 0 {
			t.Errorf("%v, %v", e.Location, reader.Err())
		}
		reader.Release()
	}
	slices.Sort(got)
	if !slices.Equal(got, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("got %v", got)
	}
	for _, text := range []string{"types", "returning x", "create y"} { // what cannot be shared
		if info := must[*arrowflight.FlightInfo](t)(c.Execute(ctx, text)); len(info.Endpoint) != 1 {
			t.Errorf("%s: %d endpoints", text, len(info.Endpoint))
		}
	}
	must[*arrowflight.CancelFlightInfoResult](t)(c.CancelFlightInfo(t.Context(), &arrowflight.CancelFlightInfoRequest{Info: info}))
	_, err := c.DoGet(t.Context(), info.Endpoint[2].Ticket)
	wantError(t, err, codes.Canceled, "[57014]")
}

func TestEndpointsAreSpreadOverTheServersThatTakeAnyTicket(t *testing.T) {
	c, _ := serve(t, func(config *flight.Config) {
		config.Locations = func() []string { return []string{"grpc://a:1", "grpc://b:1"} }
	})
	ctx := metadata.AppendToOutgoingContext(t.Context(), flight.EndpointsHeader, "2")
	info := must[*arrowflight.FlightInfo](t)(c.Execute(ctx, "rows 10"))
	var got []string
	for _, e := range info.Endpoint {
		var uris []string
		for _, l := range e.Location {
			uris = append(uris, l.Uri)
		}
		got = append(got, strings.Join(uris, " "))
	}
	wantLines(t, got, "grpc://a:1 grpc://b:1 arrow-flight-reuse-connection://?", "grpc://b:1 grpc://a:1 arrow-flight-reuse-connection://?")
	if info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "rows 10")); len(info.Endpoint[0].Location) != 0 {
		t.Errorf("a client that asks for one endpoint gets %v", info.Endpoint[0].Location)
	}
}
