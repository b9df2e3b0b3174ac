package trace

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Span is a part of a trace that goes on. Its methods may be called from any goroutine;
// after End they do nothing.
type Span struct {
	tracer *Tracer
	span   trace.Span
}

// Begin begins a span within this one.
func (s *Span) Begin(name string) *Span {
	if s == nil {
		return nil
	}
	return s.tracer.begin(trace.ContextWithSpan(context.Background(), s.span), name, trace.SpanKindInternal)
}

// Recording reports whether somebody will see what is said of the span: what costs
// something to find out need not be otherwise.
func (s *Span) Recording() bool { return s != nil && s.span.IsRecording() }

// maxTextBytes bounds the texts of a span.
const maxTextBytes = 8 << 10

// Text says something of the span.
func (s *Span) Text(key, value string) {
	if s.Recording() {
		s.span.SetAttributes(attribute.String(key, strings.ToValidUTF8(value[:min(len(value), maxTextBytes)], "…")))
	}
}

// Int says a number of the span.
func (s *Span) Int(key string, value int64) {
	if s.Recording() {
		s.span.SetAttributes(attribute.Int64(key, value))
	}
}

// Number is a number that an event has.
type Number struct {
	Key   string
	Value int64
}

// Event says something that has no duration of its own.
func (s *Span) Event(name string, numbers ...Number) {
	if !s.Recording() {
		return
	}
	attributes := make([]attribute.KeyValue, len(numbers))
	for i, n := range numbers {
		attributes[i] = attribute.Int64(n.Key, n.Value)
	}
	s.span.AddEvent(name, trace.WithAttributes(attributes...))
}

// Fail says by what the span ended; nil says nothing. Of an error only the code is kept:
// its message may quote values. What was cancelled has not failed.
func (s *Span) Fail(err error) {
	if err == nil || !s.Recording() {
		return
	}
	code := sqlerr.CodeOf(err)
	s.span.SetAttributes(attribute.String("db.response.status_code", string(code)))
	if code != sqlerr.QueryCanceled {
		s.span.SetAttributes(attribute.String("error.type", string(code)))
		s.span.SetStatus(codes.Error, "SQLSTATE "+string(code))
	}
}

// End ends the span; only the first call counts.
func (s *Span) End() {
	if s != nil {
		s.span.End()
	}
}

// EndIf ends the span when there is an error, by which it failed.
func (s *Span) EndIf(err error) {
	if err != nil {
		s.Fail(err)
		s.End()
	}
}

// traceparent is the name of W3C's header.
const traceparent = "traceparent"

// Traceparent is the span as others name it as their parent; empty for nil.
func (s *Span) Traceparent() string {
	if s == nil {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpan(context.Background(), s.span), carrier)
	return carrier[traceparent]
}

// spanKey is where a context has its *Span.
type spanKey struct{}

// With is a context in which what is done belongs to a span.
func With(ctx context.Context, s *Span) context.Context {
	if s == nil {
		return ctx
	}
	return context.WithValue(ctx, spanKey{}, s)
}

// From is the span that what is done in a context belongs to; nil when there is none.
func From(ctx context.Context) *Span {
	s, _ := ctx.Value(spanKey{}).(*Span)
	return s
}
