package flight_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"

	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/skein-query/skein/flight/flighttest"
)

func TestDoPutWithoutCommandIsRefused(t *testing.T) {
	c, _ := serve(t, nil)
	for _, first := range []*arrowflight.FlightData{{}, {FlightDescriptor: &arrowflight.FlightDescriptor{}},
		{FlightDescriptor: &arrowflight.FlightDescriptor{Cmd: []byte("\xff\xff")}}, {DataHeader: []byte("junk")}, nil} {
		stream := must[arrowflight.FlightService_DoPutClient](t)(c.Client.DoPut(t.Context()))
		if first != nil {
			if err := stream.Send(first); err != nil {
				t.Fatal(err)
			}
		}
		stream.CloseSend()
		_, err := stream.Recv()
		wantError(t, err, codes.InvalidArgument, "[08P01]")
	}
	if _, err := c.Execute(t.Context(), "rows 1"); err != nil {
		t.Errorf("the server does not go on: %v", err)
	}
}

func TestGarbageTicketsAreTypedErrors(t *testing.T) {
	c, _ := serve(t, nil)
	info := must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "rows 1"))
	good := info.Endpoint[0].Ticket.Ticket
	for i := bytes.IndexByte(good, '/'); i < len(good); i++ { // the host in front names nothing
		bad := append([]byte{}, good...)
		bad[i] ^= 0x20
		reader, err := c.DoGet(t.Context(), &arrowflight.Ticket{Ticket: bad})
		if err == nil {
			t.Errorf("byte %d of %d: accepted", i, len(good))
			reader.Release()
			continue
		}
		wantError(t, err, codes.InvalidArgument, "[")
	}
	_, err := c.DoGet(t.Context(), &arrowflight.Ticket{})
	wantError(t, err, codes.InvalidArgument, "[XS003]")
}

func TestHandshakeTakesBasicAndBearerAndNothing(t *testing.T) {
	addr, _ := flighttest.Serve(t, nil)
	c, err := arrowflight.NewClientWithMiddleware(addr, nil, nil, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	basic := base64.StdEncoding.EncodeToString([]byte("joe:secret"))
	for header, want := range map[string]string{"": "", "Basic " + basic: "Bearer ", "basic " + strings.TrimRight(basic, "="): "Bearer ",
		"Bearer token": "Bearer token", "bearer token": "Bearer token"} {
		ctx := t.Context()
		if header != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", header)
		}
		stream := must[arrowflight.FlightService_HandshakeClient](t)(c.Handshake(ctx))
		stream.CloseSend()
		headers := must[metadata.MD](t)(stream.Header())
		if _, err := stream.Recv(); err != io.EOF {
			t.Errorf("%q: %v", header, err)
		}
		for _, md := range []metadata.MD{headers, stream.Trailer()} {
			if got := strings.Join(md.Get("authorization"), ""); !strings.HasPrefix(got, want) || want == "" && got != "" {
				t.Errorf("%q: got %q", header, got)
			}
		}
	}
	for _, header := range []string{"Basic", "Basic !!!", "Basic bm9jb2xvbg", "Negotiate x"} {
		stream := must[arrowflight.FlightService_HandshakeClient](t)(c.Handshake(metadata.AppendToOutgoingContext(t.Context(), "authorization", header)))
		stream.CloseSend()
		_, err := stream.Recv()
		wantError(t, err, codes.Unauthenticated, "[28000]")
	}
}

func TestListActionsNamesTheSessionActions(t *testing.T) {
	c, _ := serve(t, nil)
	stream := must[arrowflight.FlightService_ListActionsClient](t)(c.Client.ListActions(t.Context(), &arrowflight.Empty{}))
	var names []string
	for {
		a, err := stream.Recv()
		if err != nil {
			break
		}
		names = append(names, a.Type)
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "SetSessionOptions GetSessionOptions CloseSession") {
		t.Errorf("got %s", got)
	}
}

func TestHealth(t *testing.T) {
	addr, _ := flighttest.Serve(t, nil)
	cc, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer cc.Close()
	r, err := grpc_health_v1.NewHealthClient(cc).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || r.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("%v, %v", r, err)
	}
}

func setOption(t *testing.T, c *flightsql.Client, name string, value any, opts ...grpc.CallOption) *arrowflight.SetSessionOptionsResult {
	t.Helper()
	options, err := arrowflight.NewSessionOptionValues(map[string]any{name: value})
	if err != nil {
		t.Fatal(err)
	}
	return must[*arrowflight.SetSessionOptionsResult](t)(c.SetSessionOptions(t.Context(), &arrowflight.SetSessionOptionsRequest{SessionOptions: options}, opts...))
}

func showSchema(t *testing.T, c *flightsql.Client) string {
	t.Helper()
	batches, err := fetch(t, c, must[*arrowflight.FlightInfo](t)(c.Execute(t.Context(), "show schema")))
	if err != nil {
		t.Fatal(err)
	}
	return batches[0].Column(0).ValueStr(0)
}

func TestSessionBelongsToItsConnection(t *testing.T) {
	addr, _ := flighttest.Serve(t, nil)
	a, b := dial(t, addr), dial(t, addr)
	setOption(t, a, "schema", "mine")
	if got := showSchema(t, a) + " " + showSchema(t, b); got != "mine public" {
		t.Errorf("got %s", got)
	}
	must[*arrowflight.FlightInfo](t)(b.Execute(t.Context(), "set schema other"))
	if got := showSchema(t, a) + " " + showSchema(t, b); got != "mine other" {
		t.Errorf("got %s", got)
	}
	must[*arrowflight.CloseSessionResult](t)(a.CloseSession(t.Context(), &arrowflight.CloseSessionRequest{}))
	if got := showSchema(t, a); got != "public" {
		t.Errorf("after closing: %s", got)
	}
}

func TestSessionFollowsItsCookieOverConnections(t *testing.T) {
	addr, _ := flighttest.Serve(t, nil)
	var headers metadata.MD
	setOption(t, dial(t, addr), "schema", "mine", grpc.Header(&headers))
	cookie := strings.Join(headers.Get("set-cookie"), "")
	with := func(cookie string) string {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "cookie", cookie)
		options := must[*arrowflight.GetSessionOptionsResult](t)(dial(t, addr).GetSessionOptions(ctx, &arrowflight.GetSessionOptionsRequest{}))
		return options.SessionOptions["schema"].GetStringValue()
	}
	if got := with(cookie) + " " + with("arrow_flight_session_id=guess"); got != "mine public" {
		t.Errorf("cookie %q: got %s", cookie, got)
	}
}

func TestSessionOptionErrorsNameTheirOptions(t *testing.T) {
	c, _ := serve(t, nil)
	for _, test := range []struct {
		name  string
		value any
		want  string
	}{{"nonsense", "x", "INVALID_NAME"}, {"batch_size", "x", "INVALID_VALUE"}, {"batch_size", int64(5), ""}} {
		got := ""
		for name, e := range setOption(t, c, test.name, test.value).Errors {
			got = fmt.Sprint(e.Value)
			if name != test.name {
				t.Errorf("error about %s", name)
			}
		}
		if got != test.want {
			t.Errorf("%s=%v: got %q", test.name, test.value, got)
		}
	}
}
