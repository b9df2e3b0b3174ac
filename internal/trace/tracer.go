package trace

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracer begins spans. Nil begins none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// Process is what is told of the process whose spans they are.
type Process struct {
	Name    string // may be empty
	Version string
}

// New gives the spans that have ended to a processor. OTEL_SERVICE_NAME,
// OTEL_RESOURCE_ATTRIBUTES and OTEL_TRACES_SAMPLER are followed.
func New(p Process, to sdk.SpanProcessor) *Tracer {
	about := []attribute.KeyValue{attribute.String("service.name", "skein"), attribute.String("service.version", p.Version)}
	if p.Name != "" {
		about = append(about, attribute.String("service.instance.id", p.Name))
	}
	// What cannot be found out of the machine is left out.
	r, _ := resource.New(context.Background(), resource.WithTelemetrySDK(), resource.WithHost(), resource.WithProcessPID(),
		resource.WithAttributes(about...), resource.WithFromEnv())
	provider := sdk.NewTracerProvider(sdk.WithResource(r), sdk.WithSpanProcessor(to))
	return &Tracer{provider, provider.Tracer("github.com/skein-query/skein", trace.WithInstrumentationVersion(p.Version))}
}

// Begin begins a span that belongs to one of another process or call, by its
// traceparent. Without one, or when it makes no sense, it is the first of a trace.
func (t *Tracer) Begin(parent, name string) *Span {
	if t == nil {
		return nil
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{traceparent: parent})
	return t.begin(ctx, name, trace.SpanKindServer)
}

func (t *Tracer) begin(ctx context.Context, name string, kind trace.SpanKind) *Span {
	_, s := t.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	return &Span{t, s}
}

// Close sends what has not been sent, until ctx ends. No spans begin any more.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
