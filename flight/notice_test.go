package flight_test

import (
	"net/url"
	"testing"
	"time"

	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/flight/flighttest"
)

func TestWarningsStandInTheSchemaAndInATrailer(t *testing.T) {
	c, _ := serve(t, nil)
	var trailer metadata.MD
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "warn a grüße is near", grpc.Trailer(&trailer)))
	schema, err := arrowflight.DeserializeSchema(info.GetSchema(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := schema.Metadata().GetValue(flight.WarningKey); got != "a grüße is near" || schema.NumFields() != 0 {
		t.Errorf("the schema says %q", got)
	}
	if got := trailer.Get(flight.WarningTrailer); len(got) != 1 || got[0] != url.PathEscape("a grüße is near") {
		t.Errorf("the trailer says %q", got)
	}
	if _, err := fetch(t, c, info); err != nil {
		t.Error(err)
	}
}

func TestASessionEndsOnceWithItsLastKey(t *testing.T) {
	ended := func(fake *flighttest.Fake, want int64) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); fake.Ended.Load() < want && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if got := fake.Ended.Load(); got != want {
			t.Errorf("%d sessions have ended, not %d", got, want)
		}
	}
	addr, fake := flighttest.Serve(t, nil)
	a, b := dial(t, addr), dial(t, addr)
	setOption(t, a, "schema", "mine") // by its connection and a cookie
	must[*arrowflight.FlightInfo](t)(b.Execute(t.Context(), "set schema other"))
	ended(fake, 0)
	must[*arrowflight.CloseSessionResult](t)(a.CloseSession(t.Context(), &arrowflight.CloseSessionRequest{}))
	ended(fake, 1)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	ended(fake, 2)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	ended(fake, 2)
}

func TestATicketOfASessionWithThingsOfItsOwnIsNoOtherSessions(t *testing.T) {
	addr, _ := flighttest.Serve(t, nil)
	c, other := dial(t, addr), dial(t, addr)
	must[int64](t)(c.ExecuteUpdate(t.Context(), "private"))
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "show schema"))
	setOption(t, c, "schema", "later")
	for range 2 { // the second time it is run again
		batches, err := fetch(t, other, info)
		if err != nil {
			t.Fatal(err)
		}
		if got := batches[0].Column(0).ValueStr(0); got != "public" && got != "later" {
			t.Errorf("got %s", got)
		}
	}
	must[*arrowflight.CloseSessionResult](t)(c.CloseSession(t.Context(), &arrowflight.CloseSessionRequest{}))
	_, err := fetch(t, other, info)
	wantError(t, err, codes.InvalidArgument, "[XS003]", "session", "has ended")
}
