package sqlerr

import (
	"context"
	"errors"
	"fmt"
)

// Span is the half-open byte range [Start, End) of a statement's text.
// The zero Span means that no place is known.
type Span struct {
	Start, End int32
}

// IsZero reports whether the span names no place.
func (s Span) IsZero() bool { return s.End <= s.Start }

// Union is the smallest span that covers s and o; a zero span adds nothing.
func (s Span) Union(o Span) Span {
	switch {
	case s.IsZero():
		return o
	case o.IsZero():
		return s
	}
	return Span{min(s.Start, o.Start), max(s.End, o.End)}
}

// Error is an error as a user sees it.
type Error struct {
	Code Code   // SQLSTATE, five characters
	Span Span   // where in the statement, zero when unknown
	Msg  string // what is wrong, naming the thing
	Hint string // what to do about it, may be empty
	Err  error  // what caused it, may be nil
}

// Error gives the message with its cause, without code, span and hint.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New is an error without a place in the statement.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// At is an error about a span of the statement.
func At(code Code, span Span, format string, args ...any) *Error {
	return &Error{Code: code, Span: span, Msg: fmt.Sprintf(format, args...)}
}

// WithHint gives the error a hint and returns it.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Wrap says what was being done when err happened. Code, span and hint of err
// are kept; an err without a code counts as internal. A nil err stays nil.
func Wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	e := &Error{Code: CodeOf(err), Msg: fmt.Sprintf(format, args...), Err: err}
	if inner, ok := errors.AsType[*Error](err); ok {
		e.Span, e.Hint = inner.Span, inner.Hint
	}
	return e
}

// CodeOf is the SQLSTATE of err: that of the nearest Error in its chain,
// query_canceled for a cancelled context, internal_error for anything else.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	switch {
	case errors.Is(err, context.Canceled):
		return QueryCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return QueryCanceled
	}
	return InternalError
}

// AtSpan gives err the span when it has none yet: an operator that knows which
// expression failed calls it on the way out.
func AtSpan(err error, span Span) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Span.IsZero() {
		c := *e
		c.Span = span
		return &c
	}
	return err
}
