// Package trace makes spans of what a statement does, and sends them to a collector of
// OpenTelemetry's.
//
// Invariants:
//
//  1. A nil Tracer begins nil Spans, and every method of a nil Span does nothing: where
//     nothing is traced, that check is all it costs.
//  2. Between calls and processes a span travels as the text of W3C's traceparent, so
//     that what carries it need not know this package. Whether a trace is kept is
//     decided where it begins, and kept to (sampled flag).
//  3. Spans hold no values of users: no literals of statements, no messages of errors,
//     of which the SQLSTATE is kept.
//  4. Ending a span waits for nobody: a collector that does not answer costs spans,
//     never queries.
//
// It is the only package that knows OpenTelemetry. Reading order: span.go, tracer.go,
// export.go.
package trace
