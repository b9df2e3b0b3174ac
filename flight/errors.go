package flight

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/skein-query/skein/internal/sqlerr"
)

// The trailers of a failed call, for clients that read no status details. The hint
// is escaped as in a URL path, since headers are ASCII.
const (
	SQLStateTrailer = "skein-sqlstate"
	SpanTrailer     = "skein-span" // "START:END", bytes of the statement
	HintTrailer     = "skein-hint"
	QueryTrailer    = "skein-query" // the id of the query that failed, where there is one
)

// ErrorDomain is the domain of the google.rpc.ErrorInfo in a status' details. Its
// reason is the SQLSTATE, its metadata has "message" and, where known, "span"
// ("START:END"), "hint" and "query".
const ErrorDomain = "skein"

// maxMessage bounds each text of an error, in bytes: all of them travel in HTTP/2
// trailers, of which many clients take 8 KB.
const maxMessage = 1500

// Codes of PostgreSQL that only this package gives.
const (
	undefinedObject   sqlerr.Code = "42704"
	protocolViolation sqlerr.Code = "08P01"
)

// statementError is an error together with the text its span counts in.
type statementError struct {
	err  error
	text string
}

func (e *statementError) Error() string { return e.err.Error() }

func (e *statementError) Unwrap() error { return e.err }

// withText gives err the statement it is about, for the caret.
func withText(err error, text string) error {
	if err == nil {
		return nil
	}
	return &statementError{err, text}
}

// queryError is an error of a query that has an id.
type queryError struct {
	err error
	id  string
}

func (e *queryError) Error() string { return e.err.Error() }

func (e *queryError) Unwrap() error { return e.err }

// failed is an error of the query's rows, with its text and id.
func (q *query) failed(err error) error {
	return &queryError{withText(causeOf(q.ctx, err), q.text), q.result.QueryID()}
}

// toStatus is err as a gRPC status that carries its SQLSTATE in the message and in
// the details, with the trailers that say the same.
func toStatus(err error) (metadata.MD, error) {
	if err == nil {
		return nil, nil
	}
	e, text, code := describe(err)
	msg := fmt.Sprintf("[%s] %s", e.Code, cut(e.Error()))
	if caret := sqlerr.Caret(text, e.Span); caret != "" {
		msg += "\n" + caret
	}
	info := &errdetails.ErrorInfo{Reason: string(e.Code), Domain: ErrorDomain,
		Metadata: map[string]string{"message": cut(e.Error())}}
	trailer := metadata.Pairs(SQLStateTrailer, string(e.Code))
	if !e.Span.IsZero() {
		span := strconv.Itoa(int(e.Span.Start)) + ":" + strconv.Itoa(int(e.Span.End))
		info.Metadata["span"] = span
		trailer.Set(SpanTrailer, span)
	}
	if e.Hint != "" {
		msg += "\nHINT: " + cut(e.Hint)
		info.Metadata["hint"] = cut(e.Hint)
		trailer.Set(HintTrailer, url.PathEscape(cut(e.Hint)))
	}
	if q, ok := errors.AsType[*queryError](err); ok && q.id != "" {
		info.Metadata["query"] = q.id
		trailer.Set(QueryTrailer, q.id)
	}
	st := status.New(code, strings.ToValidUTF8(msg, "\uFFFD"))
	if detailed, derr := st.WithDetails(info); derr == nil {
		st = detailed
	}
	return trailer, st.Err()
}

// describe finds what err has to say: the error for the user, the statement, and
// the gRPC code.
func describe(err error) (e *sqlerr.Error, text string, code codes.Code) {
	if s, ok := errors.AsType[*statementError](err); ok {
		text = s.text
	}
	if inner, ok := errors.AsType[*sqlerr.Error](err); ok {
		e = &sqlerr.Error{Code: inner.Code, Span: inner.Span, Msg: err.Error(), Hint: inner.Hint}
		return e, text, grpcCode(e.Code)
	}
	if st, ok := status.FromError(err); ok {
		return &sqlerr.Error{Code: sqlState(st.Code()), Msg: st.Message()}, text, st.Code()
	}
	e = &sqlerr.Error{Code: sqlerr.CodeOf(err), Msg: err.Error()}
	if errors.Is(err, context.DeadlineExceeded) {
		return e, text, codes.DeadlineExceeded
	}
	return e, text, grpcCode(e.Code)
}

// cut shortens a text to what headers take, at a character's border.
func cut(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}

// grpcCode is the gRPC code nearest to a SQLSTATE. Clients choose their own error
// class and whether to try again by it.
func grpcCode(code sqlerr.Code) codes.Code {
	switch code {
	case sqlerr.FeatureNotSupported:
		return codes.Unimplemented
	case sqlerr.UndefinedTable, sqlerr.InvalidSchemaName, sqlerr.UndefinedPrepared, sqlerr.UndefinedFile,
		undefinedObject:
		return codes.NotFound
	case sqlerr.DuplicateTable, sqlerr.DuplicateSchema:
		return codes.AlreadyExists
	case sqlerr.InsufficientPrivilege:
		return codes.PermissionDenied
	case sqlerr.QueryCanceled:
		return codes.Canceled
	case sqlerr.AdminShutdown, sqlerr.WorkerLost:
		return codes.Unavailable
	case sqlerr.FileChanged:
		return codes.Aborted
	case sqlerr.DataCorrupted:
		return codes.DataLoss
	}
	if len(code) != 5 {
		return codes.Internal
	}
	switch code[:2] {
	case "08", "21", "22", "23", "26", "34", "42", "3D", "3F", "XS":
		return codes.InvalidArgument
	case "25", "40", "55":
		return codes.FailedPrecondition
	case "28":
		return codes.Unauthenticated
	case "53", "54":
		return codes.ResourceExhausted
	}
	return codes.Internal
}

// sqlState is the SQLSTATE of an error that the protocol layer below us made.
func sqlState(code codes.Code) sqlerr.Code {
	switch code {
	case codes.InvalidArgument:
		return protocolViolation
	case codes.NotFound:
		return sqlerr.InvalidTicket
	case codes.Unimplemented:
		return sqlerr.FeatureNotSupported
	case codes.Canceled, codes.DeadlineExceeded:
		return sqlerr.QueryCanceled
	case codes.Unauthenticated:
		return sqlerr.InvalidAuthorization
	case codes.PermissionDenied:
		return sqlerr.InsufficientPrivilege
	case codes.ResourceExhausted:
		return sqlerr.ConfigurationLimit
	case codes.Unavailable:
		return sqlerr.AdminShutdown
	}
	return sqlerr.InternalError
}
