package tcp

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

// Reader reads one partition of an edge from all peers that may have pieces of it, in
// the order of tasks, or a result from the one that has it, as it comes. A task that
// several peers have is taken from the one that is first.
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
	waited  int              // of these, those of which nothing has arrived that was not taken
	err     error            // of the first that failed
	changed chan struct{}
}

// arrival is a piece that has come whole.
type arrival struct {
	from    *fetcher
	id      exchange.PieceID
	batches []*vector.Batch
	bytes   int64 // on the wire
}

// Open begins to read from peers. The account pays for what has been read until the
// batches are released.
func (c *Client) Open(peers []string, request Request, account *memory.Account) *Reader {
	ctx, cancel := context.WithCancel(context.Background())
	window := max(1, c.config.Limits.WindowBytes/int64(max(1, len(peers))))
	r := &Reader{client: c, request: request, account: account, window: window, cancel: cancel,
		taken: map[int]struct{}{}, reading: len(peers), waited: len(peers), changed: make(chan struct{}, 1)}
	for _, peer := range peers {
		f := &fetcher{reader: r, peer: peer}
		r.wg.Go(func() { // ends when the peer has no more, or after cancel; Close waits for it
			r.ended(f, f.run(ctx))
		})
	}
	return r
}

// Next gives the next batch, which the caller owns; it waits for pieces. io.EOF ends.
func (r *Reader) Next(ctx context.Context) (*vector.Batch, error) {
	for len(r.current) == 0 {
		s, err := r.Piece(ctx)
		if err != nil {
			return nil, err
		}
		r.current = s.Batches
	}
	b := r.current[0]
	r.current = r.current[1:]
	return b, nil
}

// Piece gives the next piece, which the caller owns; it waits until every peer that has
// not ended has sent one that was not taken. io.EOF ends.
func (r *Reader) Piece(ctx context.Context) (exchange.Sealed, error) {
	for {
		r.mu.Lock()
		switch {
		case r.err != nil:
			defer r.mu.Unlock()
			return exchange.Sealed{}, r.err
		case len(r.arrived) > 0 && r.waited == 0:
			a := r.pick()
			r.mu.Unlock()
			a.from.consumed(a.bytes)
			return exchange.Sealed{ID: a.id, Batches: a.batches}, nil
		case r.reading == 0:
			r.mu.Unlock()
			return exchange.Sealed{}, io.EOF
		}
		r.mu.Unlock()
		select {
		case <-r.changed:
		case <-ctx.Done():
			return exchange.Sealed{}, context.Cause(ctx)
		}
	}
}

// pick takes the piece of the lowest task out of what has arrived; each peer's are in
// order.
func (r *Reader) pick() arrival {
	first := 0
	for i := range r.arrived {
		if r.request.Edge != ResultEdge && r.arrived[i].id.Task < r.arrived[first].id.Task {
			first = i
		}
	}
	a := r.arrived[first]
	r.arrived = slices.Delete(r.arrived, first, first+1)
	if a.from.arrived--; a.from.arrived == 0 && !a.from.ended {
		r.waited++
	}
	return a
}

// deliver takes a piece over from a fetcher. It never waits: what may arrive is bounded
// by windows.
func (r *Reader) deliver(a arrival) {
	r.mu.Lock()
	_, again := r.taken[a.id.Task]
	again = again && r.request.Edge != ResultEdge
	if !again && r.err == nil {
		r.taken[a.id.Task] = struct{}{}
		r.arrived = append(r.arrived, a)
		if a.from.arrived++; a.from.arrived == 1 {
			r.waited--
		}
		r.wake()
		r.mu.Unlock()
		return
	}
	r.mu.Unlock()
	release(a.batches)
	a.from.consumed(a.bytes)
}

// ended notes that a fetcher has ended.
func (r *Reader) ended(f *fetcher, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reading--
	if f.ended = true; f.arrived == 0 {
		r.waited--
	}
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
