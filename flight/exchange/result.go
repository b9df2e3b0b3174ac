package exchange

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/vector"
)

// resultDepth is how many batches wait in a result before its producers do.
const resultDepth = 16

// Result is the stream of batches from the instances of a root fragment to the one
// reader that serves the client. Push may be called from several goroutines.
type Result struct {
	batches chan *vector.Batch
	done    chan struct{} // closed by Finish
	gone    chan struct{} // closed by Close: nobody will read
	once    sync.Once
	finish  sync.Once
	err     error
	claimed atomic.Bool
}

// NewResult makes an empty result.
func NewResult() *Result {
	return &Result{batches: make(chan *vector.Batch, resultDepth), done: make(chan struct{}), gone: make(chan struct{})}
}

// Push hands a batch to the reader; it waits while the reader is slow. The batch
// is released when it cannot be delivered.
func (r *Result) Push(ctx context.Context, b *vector.Batch) error {
	select {
	case r.batches <- b:
		select {
		case <-r.gone: // Close may have looked before the batch was there
			r.free()
			return context.Canceled
		default:
			return nil
		}
	case <-ctx.Done():
		b.Release()
		return context.Cause(ctx)
	case <-r.gone:
		b.Release()
		return context.Canceled
	}
}

// Finish says that no more batches come, and why when err is not nil. Only the
// first call counts; all Push calls must have returned.
func (r *Result) Finish(err error) {
	r.finish.Do(func() {
		r.err = err
		close(r.done)
	})
}

// Claim reports whether nobody has claimed the result before: a reader that cannot be
// sure to be the only one asks.
func (r *Result) Claim() bool { return !r.claimed.Swap(true) }

// Next gives the next batch, which the caller owns; io.EOF after the last, or the
// error the query failed with, as soon as it has failed.
func (r *Result) Next(ctx context.Context) (*vector.Batch, error) {
	select {
	case b := <-r.batches:
		return b, nil
	case <-r.done:
	case <-r.gone:
		return nil, context.Canceled
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if r.err != nil {
		return nil, r.err
	}
	select {
	case b := <-r.batches:
		return b, nil
	default:
		return nil, io.EOF
	}
}

// Close says that nobody reads any more and frees what waits; idempotent.
func (r *Result) Close() {
	r.once.Do(func() { close(r.gone) })
	r.free()
}

// free releases what waits.
func (r *Result) free() {
	for {
		select {
		case b := <-r.batches:
			b.Release()
		default:
			return
		}
	}
}
