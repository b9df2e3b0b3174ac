package exchange

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// resultDepth is how many batches wait in a result before its producers do.
const resultDepth = 16

// ErrUnrepeatable is that rows of one attempt have been delivered and another begins.
var ErrUnrepeatable error = sqlerr.New(sqlerr.WorkerLost, "a worker was lost when part of the result had been delivered").
	WithHint("Run the query again.")

// Result is the stream of batches from the tasks of a root fragment to the one reader
// that serves the client. Push may be called from several goroutines.
//
// A task that is run again gives the same rows in the same order: what the attempt
// before it has delivered is passed over. Where that is not so (Unrepeatable), a second
// attempt is refused once there are rows of the first.
type Result struct {
	batches chan part
	done    chan struct{} // closed by Finish
	gone    chan struct{} // closed by Close: nobody will read
	once    sync.Once
	finish  sync.Once
	err     error
	claimed atomic.Bool

	mu           sync.Mutex
	tasks        map[int]*delivery
	unrepeatable bool
}

// part is a batch with the attempt of the task that it comes from. Without a batch it says
// that from here on the attempt's rows are in an order that only it has.
type part struct {
	id    PieceID
	batch *vector.Batch
}

// delivery is how far a task has come.
type delivery struct {
	turn      chan struct{} // has a token when nobody delivers
	attempt   int           // the latest that has pushed
	seen      int           // rows that this attempt has pushed
	delivered int           // rows that have been given to the reader
}

// NewResult makes an empty result.
func NewResult() *Result {
	return &Result{batches: make(chan part, resultDepth), done: make(chan struct{}), gone: make(chan struct{}), tasks: map[int]*delivery{}}
}

// Unrepeatable says that a second attempt of a task may give other rows, or in another
// order.
func (r *Result) Unrepeatable() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unrepeatable = true
}

// Push hands a batch of a task's attempt to the reader; it waits while the reader is
// slow. The batch is released when it cannot be delivered.
func (r *Result) Push(ctx context.Context, id PieceID, b *vector.Batch) error {
	d := r.task(id)
	select {
	case <-d.turn:
		defer func() { d.turn <- struct{}{} }()
	case <-ctx.Done():
		b.Release()
		return context.Cause(ctx)
	case <-r.gone:
		b.Release()
		return context.Canceled
	}
	rows := b.Rows()
	b, err := r.fresh(d, id, b)
	if b == nil {
		return err
	}
	select {
	case r.batches <- part{id, b}:
		d.seen += rows
		d.delivered = d.seen
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

// SayReordered puts into the stream of a task's attempt that its rows are from here on in an
// order that no other attempt has; NextPart gives it without a batch. It waits while the
// reader is slow.
func (r *Result) SayReordered(ctx context.Context, id PieceID) error {
	select {
	case r.batches <- part{id: id}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-r.gone:
		return context.Canceled
	}
}

// Reordered takes note of that: another attempt may not go on where this one ends, nor this
// one where another has: ErrUnrepeatable says that it would have to.
func (r *Result) Reordered(id PieceID) error {
	r.Unrepeatable()
	d := r.task(id)
	<-d.turn
	defer func() { d.turn <- struct{}{} }()
	if id.Attempt > d.attempt && d.delivered > 0 || id.Attempt == d.attempt && d.seen < d.delivered {
		return ErrUnrepeatable
	}
	return nil
}

// task is how far a task has come.
func (r *Result) task(id PieceID) *delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.tasks[id.Task]
	if d == nil {
		d = &delivery{turn: make(chan struct{}, 1), attempt: id.Attempt}
		d.turn <- struct{}{}
		r.tasks[id.Task] = d
	}
	return d
}

// fresh is what of a batch has not been delivered; nil when nothing is left of it, or
// it must not be delivered.
func (r *Result) fresh(d *delivery, id PieceID, b *vector.Batch) (*vector.Batch, error) {
	switch {
	case id.Attempt < d.attempt:
		b.Release()
		return nil, sqlerr.New(sqlerr.QueryCanceled, "attempt %d is over", id.Attempt)
	case id.Attempt > d.attempt:
		r.mu.Lock()
		refused := r.unrepeatable && d.delivered > 0
		r.mu.Unlock()
		if refused {
			b.Release()
			return nil, ErrUnrepeatable
		}
		d.attempt, d.seen = id.Attempt, 0
	}
	old := min(d.delivered-d.seen, b.Rows())
	if old <= 0 {
		return b, nil
	}
	if old == b.Rows() {
		d.seen += old
		b.Release()
		return nil, nil
	}
	if b.Sel == nil {
		b.Sel = vector.All(b.Len)
	}
	b.Sel = b.Sel[old:]
	return b, nil
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
	_, b, err := r.NextPart(ctx)
	return b, err
}

// NextPart is Next with the attempt of the task that the batch comes from. No batch and no
// error is what SayReordered says.
func (r *Result) NextPart(ctx context.Context) (PieceID, *vector.Batch, error) {
	select {
	case p := <-r.batches:
		return p.id, p.batch, nil
	case <-r.done:
	case <-r.gone:
		return PieceID{}, nil, r.why()
	case <-ctx.Done():
		return PieceID{}, nil, context.Cause(ctx)
	}
	if r.err != nil {
		return PieceID{}, nil, r.err
	}
	select {
	case p := <-r.batches:
		return p.id, p.batch, nil
	default:
		return PieceID{}, nil, io.EOF
	}
}

// why is the error of a reader after Close: that of Finish, if that was before.
func (r *Result) why() error {
	select {
	case <-r.done:
		if r.err != nil {
			return r.err
		}
	default:
	}
	return context.Canceled
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
		case p := <-r.batches:
			if p.batch != nil {
				p.batch.Release()
			}
		default:
			return
		}
	}
}
