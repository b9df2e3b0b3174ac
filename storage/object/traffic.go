package object

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
)

// Traffic counts what a store asks over a network. Safe for concurrent use.
type Traffic struct {
	Requests atomic.Int64 // each attempt is one
	Bytes    atomic.Int64 // received, of the answers' bodies
	Retries  atomic.Int64 // attempts because the one before has failed
	Errors   atomic.Int64 // requests without a good answer; that nothing is there, or another version, is one
}

// trafficKey is where a context has its *Traffic.
type trafficKey struct{}

// Counted is a context for which stores count their requests in t, beside where they
// count all of theirs. Stores that make no requests count nothing.
func Counted(ctx context.Context, t *Traffic) context.Context {
	return context.WithValue(ctx, trafficKey{}, t)
}

// count adds to a counter of all the store's traffic and of the context's.
func (t *Traffic) count(ctx context.Context, counter func(*Traffic) *atomic.Int64, n int64) {
	counter(t).Add(n)
	if own, ok := ctx.Value(trafficKey{}).(*Traffic); ok {
		counter(own).Add(n)
	}
}

// The counters, for Traffic.count.
func requests(t *Traffic) *atomic.Int64 { return &t.Requests }
func received(t *Traffic) *atomic.Int64 { return &t.Bytes }
func retries(t *Traffic) *atomic.Int64  { return &t.Retries }
func failures(t *Traffic) *atomic.Int64 { return &t.Errors }

// counting counts the requests that pass through it: only here are those seen that
// the client makes by itself, for pages of a listing and regions of buckets.
type counting struct {
	next http.RoundTripper
	all  *Traffic
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.all.count(r.Context(), requests, 1)
	response, err := c.next.RoundTrip(r)
	if err != nil {
		c.failed(r)
		return response, err
	}
	switch s := response.StatusCode; {
	case s == http.StatusNotFound, s == http.StatusPreconditionFailed, s < http.StatusBadRequest:
	default:
		c.all.count(r.Context(), failures, 1)
	}
	response.Body = &countedBody{ReadCloser: response.Body, counting: c, request: r}
	return response, nil
}

// failed counts a request that broke off, unless nobody wants its answer any more.
func (c *counting) failed(r *http.Request) {
	if ctx := r.Context(); ctx.Err() == nil || context.Cause(ctx) == errStalled {
		c.all.count(ctx, failures, 1)
	}
}

// countedBody counts the bytes of an answer as they come.
type countedBody struct {
	io.ReadCloser
	counting *counting
	request  *http.Request
}

func (b *countedBody) Read(buf []byte) (int, error) {
	n, err := b.ReadCloser.Read(buf)
	b.counting.all.count(b.request.Context(), received, int64(n))
	if err != nil && err != io.EOF {
		b.counting.failed(b.request)
	}
	return n, err
}
