package tcp

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

const (
	firstWait = 20 * time.Millisecond
	maxWait   = time.Second
)

// fetcher brings the pieces of one peer to a reader.
type fetcher struct {
	reader *Reader
	peer   string
	cursor int      // pieces that were taken
	server instance // that the cursor belongs to
	opened bool     // a request has been sent

	// Guarded by the reader's lock.
	arrived int  // pieces of it that were not taken
	ended   bool // there will be no more

	mu   sync.Mutex
	link *link // of the stream; nil between connections
	held int64 // bytes that have arrived and were not consumed
}

// run fetches all pieces. A connection that is lost is replaced as long as pieces
// come, or for a while.
func (f *fetcher) run(ctx context.Context) error {
	var until time.Time // to give up
	wait := firstWait
	for reused := true; ; {
		before := f.cursor
		err := f.stream(ctx, &reused)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if sqlerr.CodeOf(err) == sqlerr.WorkerLost {
			return gone(f.peer, err)
		}
		if !isLost(err) {
			return err
		}
		// Where nobody listens the process is gone, and with it what it had.
		if f.opened && f.reader.request.Edge == ResultEdge || errors.Is(err, syscall.ECONNREFUSED) {
			return gone(f.peer, err)
		}
		now := time.Now()
		if f.cursor > before || until.IsZero() {
			until, wait = now.Add(f.reader.client.config.Limits.Retry), firstWait
		}
		if reused { // it may have been lost long ago
			continue
		}
		if now.After(until) {
			return gone(f.peer, err)
		}
		select {
		case <-time.After(wait/2 + rand.N(wait)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		wait = min(2*wait, maxWait)
	}
}

// stream opens a stream on a connection and takes what comes. The connection is kept
// when the stream has come to its end, or to an error of the peer.
func (f *fetcher) stream(ctx context.Context, reused *bool) error {
	client := f.reader.client
	fresh := !*reused || f.reader.request.Edge == ResultEdge
	l, old, err := client.connect(ctx, f.peer, fresh)
	*reused = old
	if err != nil {
		return refused(f.peer, err)
	}
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	err = f.begin(l)
	for err == nil {
		err = f.take(l)
	}
	f.mu.Lock()
	f.link = nil
	f.mu.Unlock()
	failure, ended := errors.AsType[*endOfStream](err)
	if !stop() || !ended {
		l.conn.Close()
		return err
	}
	client.park(f.peer, l)
	return failure.cause
}

// refused says who it was that could not be talked to.
func refused(peer string, err error) error {
	if isLost(err) {
		return err
	}
	return sqlerr.Wrap(err, "exchange with %s", peer)
}

// endOfStream is how a stream ends well for its connection: without a cause, or with
// the error that the peer has sent.
type endOfStream struct{ cause error }

func (e *endOfStream) Error() string { return "end of stream" }

// begin asks for the pieces from the cursor on.
func (f *fetcher) begin(l *link) error {
	if f.opened && f.server != l.instance {
		err := sqlerr.New(sqlerr.WorkerLost, "%s has been started anew", f.peer).WithHint("Run the query again.")
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	o := open{Request: f.reader.request, cursor: f.cursor, window: f.reader.window - f.held}
	payload := o.encode()
	if len(payload) > maxRequest {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "a request of %d bytes is too large", len(payload))
	}
	f.opened, f.server, f.link = true, l.instance, l
	return l.send(msgOpen, payload)
}

// consumed grants the peer as many bytes again as a piece had.
func (f *fetcher) consumed(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held -= bytes
	if f.link == nil {
		return
	}
	if err := f.link.send(msgCredit, number(nil, int(bytes))); err != nil {
		f.link.conn.Close() // who reads it learns of it
	}
}

// take takes the next piece, or gives an endOfStream.
func (f *fetcher) take(l *link) error {
	m, err := f.message(l)
	if err != nil {
		return err
	}
	payload, err := l.payload(m)
	if err != nil {
		return err
	}
	switch m.kind {
	case msgEnd:
		return &endOfStream{}
	case msgPiece:
	default:
		return corrupt("a message of kind %d between pieces", m.kind)
	}
	head, err := parsePiece(payload)
	if err != nil {
		return err
	}
	if part := f.reader.request.Part; head.cursor < f.cursor || head.cursor > f.cursor && part.Of < 2 || !part.Has(head.id.Task) {
		return corrupt("piece %d, of task %d, was sent, not %d", head.cursor, head.id.Task, f.cursor)
	}
	a, err := f.piece(l, head)
	if err != nil {
		return err
	}
	f.cursor = head.cursor + 1
	f.mu.Lock()
	f.held += a.bytes
	f.mu.Unlock()
	f.reader.deliver(a)
	return nil
}

// message gives the next message that is no ping; a failure is an endOfStream.
func (f *fetcher) message(l *link) (message, error) {
	for {
		m, err := l.next()
		if err != nil || m.kind != msgPing && m.kind != msgFailure {
			return m, err
		}
		payload, err := l.payload(m)
		if err != nil {
			return m, err
		}
		if m.kind == msgFailure {
			failure, err := parseError(payload)
			if err != nil {
				return m, err
			}
			return m, &endOfStream{failure}
		}
		if err := l.send(msgPong, nil); err != nil {
			return m, err
		}
	}
}

// piece reads the frames of a piece. Each batch holds its slab, and those with the
// dictionaries that came before it.
func (f *fetcher) piece(l *link, head pieceHead) (a arrival, err error) {
	var dec exchange.Decoder
	var dicts []*memory.Slab
	var tail pieceTail
	a = arrival{from: f, id: head.id}
	defer func() {
		for _, s := range dicts {
			s.Release()
		}
		if err != nil {
			release(a.batches)
		}
	}()
	for range head.frames {
		known := dec.Dictionaries()
		b, slab, err := f.frame(l, &dec, &tail)
		if err != nil {
			return a, err
		}
		for _, s := range dicts {
			s.Retain()
			b.Hold(s)
		}
		if dec.Dictionaries() > known {
			slab.Retain()
			dicts = append(dicts, slab)
		}
		a.batches = append(a.batches, b)
	}
	m, err := f.message(l)
	if err != nil {
		return a, err
	}
	if m.kind != msgPieceEnd {
		return a, corrupt("a message of kind %d where a piece should end", m.kind)
	}
	payload, err := l.payload(m)
	if err != nil {
		return a, err
	}
	said, err := parsePieceEnd(payload)
	if err == nil && said != tail {
		err = corrupt("a piece of %d bytes with checksum %#x came as %d with %#x", said.bytes, said.sum, tail.bytes, tail.sum)
	}
	a.bytes = tail.bytes
	return a, err
}

// frame reads one frame into a slab, which its batch holds.
func (f *fetcher) frame(l *link, dec *exchange.Decoder, tail *pieceTail) (*vector.Batch, *memory.Slab, error) {
	m, err := f.message(l)
	if err != nil {
		return nil, nil, err
	}
	if m.kind != msgFrame {
		return nil, nil, corrupt("a message of kind %d within a piece", m.kind)
	}
	slab, err := f.reader.client.pool.Get(m.length, f.reader.account)
	if err != nil {
		return nil, nil, err
	}
	data := slab.Bytes()[:m.length:m.length]
	var b *vector.Batch
	var rest []byte
	if err = l.fill(data); err == nil {
		if b, rest, err = dec.Decode(data); err != nil {
			err = lost(err)
		} else if len(rest) > 0 {
			err = corrupt("%d bytes behind a frame", len(rest))
		}
	}
	if err != nil {
		slab.Release()
		return nil, nil, err
	}
	b.Hold(slab)
	tail.add(exchange.FrameChecksum(data), m.length)
	return b, slab, nil
}
