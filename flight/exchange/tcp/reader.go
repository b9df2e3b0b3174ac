package tcp

import (
	"context"
	"io"
	"sync"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// Reader reads one partition of an edge from all peers that may have pieces of it, or
// a result from the one that has it. Pieces come in the order in which each peer
// sealed them; a task that several peers have is taken from the one that is first.
//
// Memory: a window, which the peers share, and one piece of each, charged to the
// account. Next and Close are for one goroutine.
type Reader struct {
	client  *Client
	request Request
	account *memory.Account
	window  int64           // of each peer
	current []*vector.Batch // of the piece being read
	cancel  context.CancelFunc
	wg      sync.WaitGroup // of the fetchers

	mu      sync.Mutex
	arrived []arrival
	taken   map[int]struct{} // tasks of an edge
	reading int              // fetchers that have not ended
	err     error            // of the first that failed
	changed chan struct{}
}

// arrival is a piece that has come whole.
type arrival struct {
	from    *fetcher
	task    int
	batches []*vector.Batch
	bytes   int64 // on the wire
}

// Open begins to read from peers. The account pays for what has been read until the
// batches are released.
func (c *Client) Open(peers []string, request Request, account *memory.Account) *Reader {
	ctx, cancel := context.WithCancel(context.Background())
	window := max(1, c.config.Limits.WindowBytes/int64(max(1, len(peers))))
	r := &Reader{client: c, request: request, account: account, window: window, cancel: cancel,
		taken: map[int]struct{}{}, reading: len(peers), changed: make(chan struct{}, 1)}
	for _, peer := range peers {
		f := &fetcher{reader: r, peer: peer}
		r.wg.Go(func() { // ends when the peer has no more, or after cancel; Close waits for it
			r.ended(f.run(ctx))
		})
	}
	return r
}

// Next gives the next batch, which the caller owns; it waits for pieces. io.EOF ends.
func (r *Reader) Next(ctx context.Context) (*vector.Batch, error) {
	for len(r.current) == 0 {
		a, err := r.piece(ctx)
		if err != nil {
			return nil, err
		}
		r.current = a.batches
		a.from.consumed(a.bytes)
	}
	b := r.current[0]
	r.current = r.current[1:]
	return b, nil
}

// piece waits for the next piece.
func (r *Reader) piece(ctx context.Context) (arrival, error) {
	for {
		r.mu.Lock()
		switch {
		case r.err != nil:
			defer r.mu.Unlock()
			return arrival{}, r.err
		case len(r.arrived) > 0:
			defer r.mu.Unlock()
			a := r.arrived[0]
			r.arrived[0] = arrival{}
			r.arrived = r.arrived[1:]
			return a, nil
		case r.reading == 0:
			r.mu.Unlock()
			return arrival{}, io.EOF
		}
		r.mu.Unlock()
		select {
		case <-r.changed:
		case <-ctx.Done():
			return arrival{}, context.Cause(ctx)
		}
	}
}

// deliver takes a piece over from a fetcher. It never waits: what may arrive is bounded
// by windows.
func (r *Reader) deliver(a arrival) {
	r.mu.Lock()
	_, again := r.taken[a.task]
	again = again && r.request.Edge != ResultEdge
	if !again && r.err == nil {
		r.taken[a.task] = struct{}{}
		r.arrived = append(r.arrived, a)
		r.wake()
		r.mu.Unlock()
		return
	}
	r.mu.Unlock()
	release(a.batches)
	a.from.consumed(a.bytes)
}

// ended notes that a fetcher has ended.
func (r *Reader) ended(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reading--
	if err != nil {
		r.fail(err)
	}
	r.wake()
}

// fail makes err what Next gives, if there is none yet.
func (r *Reader) fail(err error) {
	if r.err != nil {
		return
	}
	r.err = err
	for _, a := range r.arrived {
		release(a.batches)
	}
	r.arrived = nil
	r.cancel()
}

func (r *Reader) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Close ends the reading and frees what was not read; idempotent.
func (r *Reader) Close() {
	r.mu.Lock()
	r.fail(sqlerr.New(sqlerr.QueryCanceled, "the reader has been closed"))
	r.mu.Unlock()
	r.cancel()
	r.wg.Wait()
	release(r.current)
	r.current = nil
}

func release(batches []*vector.Batch) {
	for _, b := range batches {
		b.Release()
	}
}
