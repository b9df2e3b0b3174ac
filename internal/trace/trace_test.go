package trace_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/trace"
)

func TestNothingIsDoneWhereNothingIsTraced(t *testing.T) {
	var tracer *trace.Tracer
	cost := testing.AllocsPerRun(100, func() {
		span := tracer.Begin("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "statement")
		ctx := trace.With(t.Context(), span)
		span = trace.From(ctx).Begin("plan")
		span.Text("key", "value")
		span.Int("key", 1)
		span.Fail(context.Canceled)
		span.EndIf(context.Canceled)
		span.End()
		if span.Recording() || span.Traceparent() != "" {
			t.Error("a nil span is a span")
		}
	})
	if cost > 1 { // t.Context is one, at times
		t.Errorf("%v allocations", cost)
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestASpanBelongsToTheOneThatIsNamed(t *testing.T) {
	r := tracetest.NewSpanRecorder()
	tracer := trace.New(trace.Process{Name: "p", Version: "1"}, r)
	const id = "0af7651916cd43dd8448eb211c80319c"
	for _, c := range []struct {
		parent string
		same   bool
	}{{"00-" + id + "-b7ad6b7169203331-01", true}, {"", false}, {"nonsense", false}, {"00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", false}} {
		first := tracer.Begin(c.parent, "first")
		second := tracer.Begin(first.Traceparent(), "second")
		second.Fail(sqlerr.New(sqlerr.DivisionByZero, "secret"))
		second.End()
		first.Text("cut", strings.Repeat("ä", 10_000)[:9_999])
		first.Fail(sqlerr.New(sqlerr.QueryCanceled, "cancelled"))
		first.EndIf(errors.New("after it there is nothing"))
		first.End()
		ended := r.Ended()
		a, b := ended[len(ended)-1], ended[len(ended)-2]
		if b.Parent().SpanID() != a.SpanContext().SpanID() || (a.SpanContext().TraceID().String() == id) != c.same {
			t.Errorf("%q: %s, %s", c.parent, a.SpanContext().TraceID(), b.Parent().SpanID())
		}
		if b.Status().Description != "SQLSTATE 22012" {
			t.Errorf("%+v", b.Status())
		}
	}
}

func TestNoCollectorIsNoTracer(t *testing.T) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		t.Setenv(name, "")
	}
	if tracer, err := trace.Open(t.Context(), trace.Process{}, "", slog.New(slog.DiscardHandler)); tracer != nil || err != nil {
		t.Errorf("%v, %v", tracer, err)
	}
	for _, wrong := range []string{"127.0.0.1:4318", "grpc://127.0.0.1:4317", "http://"} {
		if _, err := trace.Open(t.Context(), trace.Process{}, wrong, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s is an endpoint", wrong)
		}
	}
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
	if _, err := trace.Open(t.Context(), trace.Process{}, "http://127.0.0.1:1", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "http/json") {
		t.Error(err)
	}
}

func TestSpansReachTheCollectorByGRPC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 10)
	collector := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(s)
		got <- method
		return s.SendMsg(&emptypb.Empty{})
	}))
	go func() { _ = collector.Serve(l) }() // ends with Stop
	defer collector.Stop()
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	tracer, err := trace.Open(t.Context(), trace.Process{}, "http://"+l.Addr().String(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	tracer.Begin("", "statement").End()
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if method := <-got; method != "/opentelemetry.proto.collector.trace.v1.TraceService/Export" {
		t.Error(method)
	}
}

func TestSpansReachTheCollector(t *testing.T) {
	got := make(chan string, 10)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Method + " " + r.URL.Path }))
	defer collector.Close()
	for _, by := range []string{"flag", "environment"} {
		endpoint := collector.URL
		if by == "environment" {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
			endpoint = ""
		}
		tracer, err := trace.Open(t.Context(), trace.Process{}, endpoint, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		tracer.Begin("", "statement").End()
		if err := tracer.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if request := <-got; request != "POST /v1/traces" {
			t.Errorf("by %s: %s", by, request)
		}
	}
}
