package flight

import (
	"context"

	"google.golang.org/grpc/metadata"

	"github.com/skein-query/skein/internal/trace"
)

// begin begins the span of a call that prepares or executes a statement, below the one
// that the client names. It belongs to the context that is returned; that of a statement
// ends with its query, which may be long after the call.
func (s *Server) begin(ctx context.Context, name string) (context.Context, *trace.Span) {
	if s.config.Trace == nil {
		return ctx, nil
	}
	parent := ""
	md, _ := metadata.FromIncomingContext(ctx)
	if named := md.Get("traceparent"); len(named) > 0 {
		parent = named[0]
	}
	span := s.config.Trace.Begin(parent, name)
	return trace.With(ctx, span), span
}

// statementSpan is the name of the span of a statement that is executed.
const statementSpan = "statement"
