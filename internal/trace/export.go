package trace

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// Open sends spans to a collector by OTLP: to the one at endpoint, a URL, or to the one
// that OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT names. Without
// any there is nothing to trace for: the Tracer is nil. Whether it goes over http or gRPC
// is said by OTEL_EXPORTER_OTLP_PROTOCOL; headers, certificates and timeouts by its kin.
// What goes wrong later is logged.
func Open(ctx context.Context, p Process, endpoint string, log *slog.Logger) (*Tracer, error) {
	if endpoint == "" && first("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT") == "" {
		return nil, nil
	}
	if disabled := os.Getenv("OTEL_SDK_DISABLED"); strings.EqualFold(disabled, "true") {
		return nil, nil
	}
	if u, err := url.Parse(endpoint); endpoint != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is not a URL of the form http://host:port or https://host:port", endpoint)
	}
	exporter, err := exporter(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are not sent", "error", err) }))
	return New(p, sdk.NewBatchSpanProcessor(exporter)), nil
}

// exporter is for the protocol that the environment names, http/protobuf by default as
// OpenTelemetry has it.
func exporter(ctx context.Context, endpoint string) (*otlptrace.Exporter, error) {
	switch protocol := first("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"); protocol {
	case "grpc":
		var options []otlptracegrpc.Option
		if endpoint != "" {
			options = append(options, otlptracegrpc.WithEndpointURL(endpoint))
		}
		return otlptracegrpc.New(ctx, options...)
	case "", "http/protobuf":
		var options []otlptracehttp.Option
		if endpoint != "" {
			options = append(options, otlptracehttp.WithEndpointURL(strings.TrimSuffix(endpoint, "/")+"/v1/traces"))
		}
		return otlptracehttp.New(ctx, options...)
	default:
		return nil, fmt.Errorf("the protocol %q of OTEL_EXPORTER_OTLP_PROTOCOL is not one of grpc, http/protobuf", protocol)
	}
}

// first is the first environment variable that is set.
func first(names ...string) string {
	for _, name := range names {
		if v := os.Getenv(name); v != "" {
			return v
		}
	}
	return ""
}
