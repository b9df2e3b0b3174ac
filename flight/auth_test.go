package flight_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/flight/flighttest"
	"github.com/skein-query/skein/internal/auth"
	"github.com/skein-query/skein/internal/sqlerr"
)

// two users, whose password is "secret" and whose credentials can change.
type two struct{ stamp, open atomic.Bool }

func (u *two) Required() bool { return !u.open.Load() }

func (u *two) Password(_ context.Context, user, password, peer string) (auth.Identity, error) {
	if (user == "alice" || user == "bob") && password == "secret" && peer == "127.0.0.1" {
		return auth.Identity{User: user, Stamp: "s"}, nil
	}
	return auth.Identity{}, sqlerr.New(sqlerr.InvalidPassword, "password authentication failed for user %q", user)
}

func (u *two) Token(_ context.Context, token, _ string) (auth.Identity, error) {
	if token == "outside" {
		return auth.Identity{User: "alice", Roles: []string{"r"}}, nil
	}
	return auth.Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "the token is not good here")
}

func (u *two) Certificate(*x509.Certificate) (auth.Identity, error) {
	return auth.Identity{}, sqlerr.New(sqlerr.InvalidAuthorization, "no certificates")
}

func (u *two) Refresh(id auth.Identity) (auth.Identity, error) {
	if u.stamp.Load() {
		return id, sqlerr.New(sqlerr.InvalidAuthorization, "the token is no longer good")
	}
	return id, nil
}

func protected(t *testing.T, change func(*flight.Config)) (string, *two) {
	t.Helper()
	u := &two{}
	addr, _ := flighttest.Serve(t, func(c *flight.Config) {
		c.Auth = u
		if change != nil {
			change(c)
		}
	})
	return addr, u
}

func basicHeader(user string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":secret"))
}

func withHeader(ctx context.Context, header ...string) context.Context {
	for _, h := range header {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", h)
	}
	return ctx
}

func raw(t *testing.T, addr string) arrowflight.Client {
	t.Helper()
	c, err := arrowflight.NewClientWithMiddleware(addr, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// handshake logs in and gives the header to send from then on.
func handshake(ctx context.Context, c arrowflight.Client) (header string, err error) {
	stream, err := c.Handshake(ctx)
	if err != nil {
		return "", err
	}
	_ = stream.CloseSend()
	headers, _ := stream.Header()
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return "", err
	}
	if got := strings.Join(headers.Get("authorization"), ","); got != strings.Join(stream.Trailer().Get("authorization"), ",") {
		return got, errors.New("header and trailer differ")
	}
	return strings.Join(headers.Get("authorization"), ","), nil
}

func TestWhoIsRefusedIsNotReadFirst(t *testing.T) {
	addr, _ := protected(t, nil)
	conn := must[*grpc.ClientConn](t)(grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, method := range []string{"GetFlightInfo", "PollFlightInfo", "GetSchema", "DoPut", "DoAction", "ListActions"} {
		stream := must[grpc.ClientStream](t)(conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/arrow.flight.protocol.FlightService/"+method))
		var answer arrowflight.FlightData
		if err := stream.RecvMsg(&answer); status.Code(err) != codes.Unauthenticated { // nothing has been sent yet
			t.Errorf("%s: %v", method, err)
		}
	}
	var waiting []grpc.ClientStream
	refused := 0
	for range 20 { // tickets are read, of few at a time
		stream := must[grpc.ClientStream](t)(conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/arrow.flight.protocol.FlightService/DoGet"))
		waiting = append(waiting, stream)
	}
	answers := make(chan error, len(waiting))
	for _, stream := range waiting {
		go func() { // ends with its stream
			var answer arrowflight.FlightData
			answers <- stream.RecvMsg(&answer)
		}()
	}
	for range len(waiting) - 4 {
		if err := <-answers; status.Code(err) == codes.Unauthenticated {
			refused++
		}
	}
	if refused != len(waiting)-4 {
		t.Errorf("%d of %d are refused at once", refused, len(waiting))
	}
	cancel()
	for range 4 {
		<-answers
	}
}

func TestNothingButLoginsAndHealthWithoutCredentials(t *testing.T) {
	addr, _ := protected(t, nil)
	c := raw(t, addr)
	ctx := t.Context()
	desc := &arrowflight.FlightDescriptor{Type: arrowflight.DescriptorCMD, Cmd: []byte("x")}
	stream := func(recv func() error, err error) error {
		if err != nil {
			return err
		}
		return recv()
	}
	calls := map[string]func() error{
		"GetFlightInfo":  func() error { _, err := c.GetFlightInfo(ctx, desc); return err },
		"PollFlightInfo": func() error { _, err := c.PollFlightInfo(ctx, desc); return err },
		"GetSchema":      func() error { _, err := c.GetSchema(ctx, desc); return err },
		"Handshake":      func() error { _, err := handshake(ctx, c); return err },
		"ListFlights": func() error {
			s, err := c.ListFlights(ctx, &arrowflight.Criteria{})
			return stream(func() error { _, err := s.Recv(); return err }, err)
		},
		"ListActions": func() error {
			s, err := c.ListActions(ctx, &arrowflight.Empty{})
			return stream(func() error { _, err := s.Recv(); return err }, err)
		},
		"DoGet": func() error {
			s, err := c.DoGet(ctx, &arrowflight.Ticket{Ticket: []byte("x")})
			return stream(func() error { _, err := s.Recv(); return err }, err)
		},
		"DoAction": func() error {
			s, err := c.DoAction(ctx, &arrowflight.Action{Type: "CloseSession"})
			return stream(func() error { _, err := s.Recv(); return err }, err)
		},
		"DoPut": func() error {
			s, err := c.DoPut(ctx)
			return stream(func() error { _, err := s.Recv(); return err }, err)
		},
		"DoExchange": func() error {
			s, err := c.DoExchange(ctx)
			return stream(func() error { _, err := s.Recv(); return err }, err)
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { wantError(t, call(), codes.Unauthenticated, "[28000]", "credentials are required") })
	}
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Errorf("health: %v", err)
	}
}

func TestEveryCallTakesEveryScheme(t *testing.T) {
	addr, _ := protected(t, nil)
	c := dial(t, addr)
	basic := basicHeader("alice")
	token, err := handshake(withHeader(t.Context(), basic), c.Client)
	if err != nil || !strings.HasPrefix(token, "Bearer ") {
		t.Fatalf("%q, %v", token, err)
	}
	if got, err := handshake(withHeader(t.Context(), token), c.Client); got != token || err != nil {
		t.Errorf("Handshake with a token: %q, %v", got, err)
	}
	for _, header := range []string{basic, strings.ToLower(basic[:5]) + strings.TrimRight(basic[5:], "="), "BASIC  " + basic[6:], token, "bearer" + token[6:], "Bearer outside"} {
		ctx := withHeader(t.Context(), header)
		info, err := c.Execute(ctx, "rows 1")
		if err != nil {
			t.Errorf("%.10q: %v", header, err)
			continue
		}
		reader, err := c.DoGet(ctx, info.Endpoint[0].Ticket)
		if err != nil {
			t.Errorf("%.10q: %v", header, err)
			continue
		}
		reader.Release()
	}
}

func TestMalformedCredentialsAreCleanErrors(t *testing.T) {
	addr, _ := protected(t, nil)
	c := dial(t, addr)
	secret := base64.StdEncoding.EncodeToString([]byte("alice:hunter2"))
	for _, headers := range [][]string{{"Basic"}, {"Basic "}, {"Basic !!!"}, {"Basic " + base64.StdEncoding.EncodeToString([]byte("nocolon"))}, {"Bearer"}, {"Bearer "}, {"Bearer x"},
		{"Basic " + secret}, {"Basic " + secret[:9]}, {secret}, {"Digest x"}, {" "}, {"Basic " + base64.StdEncoding.EncodeToString([]byte("\xff:\xff"))}, {"Basic " + base64.StdEncoding.EncodeToString([]byte("a\x00:b"))},
		{basicHeader("alice"), basicHeader("bob")}, {"Bearer " + strings.Repeat("A", 60000)}, {"Negotiate"}, {basicHeader("alice") + ",x"}} {
		ctx := withHeader(t.Context(), headers...)
		for name, call := range map[string]func() error{
			"Execute":   func() error { _, err := c.Execute(ctx, "rows 1"); return err },
			"Handshake": func() error { _, err := handshake(ctx, c.Client); return err },
		} {
			err := call()
			wantError(t, err, codes.Unauthenticated, "[28")
			for _, hidden := range []string{"hunter2", secret, secret[:9], strings.Repeat("A", 100)} {
				if err != nil && strings.Contains(err.Error(), hidden) {
					t.Errorf("%s %.20q: the error repeats the credentials: %v", name, headers, err)
				}
			}
		}
	}
}

func TestWhatIsOnesOwnIsNotAnothers(t *testing.T) {
	addr, _ := protected(t, nil)
	c := dial(t, addr)
	alice, bob := withHeader(t.Context(), basicHeader("alice")), withHeader(t.Context(), basicHeader("bob"))
	info := must[*arrowflight.FlightInfo](t)(c.Execute(alice, "rows 3"))
	refused := func(what string, err error) {
		t.Helper()
		t.Run(what, func(t *testing.T) { wantError(t, err, codes.PermissionDenied, "[42501]", "another user's") })
	}
	_, err := c.DoGet(bob, info.Endpoint[0].Ticket)
	refused("DoGet", err)
	_, err = c.CancelFlightInfo(bob, &arrowflight.CancelFlightInfoRequest{Info: info})
	refused("CancelFlightInfo", err)
	_, err = c.RenewFlightEndpoint(bob, &arrowflight.RenewFlightEndpointRequest{Endpoint: info.Endpoint[0]})
	refused("RenewFlightEndpoint", err)
	p, err := c.Prepare(alice, "rows 1")
	if err != nil {
		t.Fatal(err)
	}
	theirs := flightsql.NewPreparedStatement(c, p.Handle())
	_, err = theirs.Execute(bob)
	refused("a prepared statement", err)
	refused("closing it", theirs.Close(bob))
	for range 2 { // once from the lease, once run again
		reader, err := c.DoGet(alice, info.Endpoint[0].Ticket)
		if err != nil {
			t.Fatal(err)
		}
		reader.Release()
	}
	// Two users of one connection have a session each.
	run := func(ctx context.Context, text string) error {
		_, err := c.ExecuteUpdate(ctx, text)
		return err
	}
	if err := errors.Join(run(alice, "set schema red"), run(bob, "set schema blue")); err != nil {
		t.Fatal(err)
	}
	for ctx, want := range map[context.Context]string{bob: "blue", alice: "red"} {
		info := must[*arrowflight.FlightInfo](t)(c.Execute(ctx, "show schema"))
		batches, err := fetchAs(ctx, t, c, info)
		if err != nil || !strings.Contains(batches, want) {
			t.Errorf("%s, %v; want %s", batches, err, want)
		}
	}
}

func fetchAs(ctx context.Context, t *testing.T, c *flightsql.Client, info *arrowflight.FlightInfo) (string, error) {
	t.Helper()
	reader, err := c.DoGet(ctx, info.Endpoint[0].Ticket)
	if err != nil {
		return "", err
	}
	defer reader.Release()
	out := ""
	for reader.Next() {
		text, err := reader.RecordBatch().MarshalJSON()
		if err != nil {
			return "", err
		}
		out += string(text)
	}
	return out, reader.Err()
}

func TestTokensEndAndAreRenewedWhileTheyAreUsed(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	short := func(c *flight.Config) { c.Key, c.TokenTTL = key, 10*time.Minute }
	addr, users := protected(t, short)
	other, _ := protected(t, func(c *flight.Config) { c.Key, c.TokenTTL = key, time.Hour })
	stranger, _ := protected(t, nil)
	token, err := handshake(withHeader(t.Context(), basicHeader("alice")), raw(t, addr))
	if err != nil {
		t.Fatal(err)
	}
	var header metadata.MD
	if _, err := dial(t, addr).Execute(withHeader(t.Context(), token), "rows 1", grpc.Header(&header)); err != nil || header.Get("authorization") != nil {
		t.Errorf("a new token: %v, %v", err, header)
	}
	// On a coordinator whose tokens live longer it is in its second half.
	if _, err := dial(t, other).Execute(withHeader(t.Context(), token), "rows 1", grpc.Header(&header)); err != nil || len(header.Get("authorization")) != 1 {
		t.Fatalf("a token of another coordinator: %v, %v", err, header)
	}
	if _, err := dial(t, addr).Execute(withHeader(t.Context(), header.Get("authorization")...), "rows 1"); err != nil {
		t.Errorf("the renewed token: %v", err)
	}
	_, err = dial(t, stranger).Execute(withHeader(t.Context(), token), "rows 1")
	wantError(t, err, codes.Unauthenticated, "[28000]")
	users.stamp.Store(true)
	_, err = dial(t, addr).Execute(withHeader(t.Context(), token), "rows 1")
	wantError(t, err, codes.Unauthenticated, "no longer good")
	ended, _ := protected(t, func(c *flight.Config) { c.Key, c.TokenTTL = key, time.Nanosecond })
	token, err = handshake(withHeader(t.Context(), basicHeader("alice")), raw(t, ended))
	if err != nil {
		t.Fatal(err)
	}
	_, err = dial(t, ended).Execute(withHeader(t.Context(), token), "rows 1")
	wantError(t, err, codes.Unauthenticated, "expired")
}

func TestTokensAndSessionsOfAnOpenServerEndWithTheFirstUser(t *testing.T) {
	addr, users := protected(t, nil)
	users.open.Store(true)
	c := dial(t, addr)
	root := base64.StdEncoding.EncodeToString([]byte("alice:whatever"))
	token, err := handshake(withHeader(t.Context(), "Basic "+root), c.Client)
	if err != nil {
		t.Fatal(err)
	}
	info, err := c.Execute(t.Context(), "rows 1")
	if err != nil {
		t.Fatal(err)
	}
	update, err := c.Execute(t.Context(), "create a")
	if err != nil {
		t.Fatal(err)
	}
	returning, err := c.Execute(t.Context(), "returning")
	if err != nil {
		t.Fatal(err)
	}
	users.open.Store(false)
	_, err = c.Execute(withHeader(t.Context(), token), "rows 1")
	wantError(t, err, codes.Unauthenticated, "[28000]")
	for _, lost := range []*arrowflight.FlightInfo{info, returning} {
		_, err = fetchAs(t.Context(), t, c, lost)
		wantError(t, err, codes.Unauthenticated, "[28000]")
	}
	if _, err := fetchAs(t.Context(), t, c, update); err != nil {
		t.Errorf("the confirmation of an effect: %v", err)
	}
	_, err = fetchAs(withHeader(t.Context(), basicHeader("alice")), t, c, info)
	wantError(t, err, codes.PermissionDenied, "another user's")
}
