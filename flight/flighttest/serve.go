package flighttest

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/skein-query/skein/flight"
)

// Serve runs a server over a new Fake on a local port for the length of a test and
// gives its address, HOST:PORT. The test fails when a query is left open at its
// end. The configuration may be changed before the server starts.
func Serve(t testing.TB, change func(*flight.Config)) (addr string, fake *Fake) {
	t.Helper()
	fake = &Fake{}
	config := flight.Config{Statements: fake, Catalog: fake, Sessions: fake,
		About: flight.About{Version: "test", Keywords: []string{"rows"}},
		Log:   slog.New(slog.NewTextHandler(io.Discard, nil))}
	if change != nil {
		change(&config)
	}
	server := flight.New(config)
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(lis) }() // ends with Shutdown, awaited below
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		server.Shutdown(ctx)
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if n := fake.Open.Load(); n != 0 {
			t.Errorf("%d queries were left open", n)
		}
	})
	return lis.Addr().String(), fake
}
