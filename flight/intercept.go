package flight

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc"

	"github.com/skein-query/skein/internal/sqlerr"
)

// guard wraps every call, outermost: it turns a panic into an error and an error
// into a status with a SQLSTATE. gRPC itself lets a panic kill the process.
type guard struct{ log *slog.Logger }

func (g guard) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, g.panicked(p, info.FullMethod)
		}
		if err != nil {
			trailer, st := toStatus(err)
			_ = grpc.SetTrailer(ctx, trailer) // fails only when the client is gone
			resp, err = nil, st
		}
	}()
	return handler(ctx, req)
}

func (g guard) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = g.panicked(p, info.FullMethod)
		}
		if err != nil {
			trailer, st := toStatus(err)
			ss.SetTrailer(trailer)
			err = st
		}
	}()
	err = handler(srv, ss)
	if errors.Is(err, io.EOF) { // a stream that ended before its first message
		err = sqlerr.New(protocolViolation, "the request ended before its first message")
	}
	return err
}

func (g guard) panicked(p any, method string) error {
	g.log.Error("panic in a call", "method", method, "panic", p, "stack", string(debug.Stack()))
	return sqlerr.New(sqlerr.InternalError, "internal error: %v", p).
		WithHint("This is a bug; the server's log has the stack.")
}
