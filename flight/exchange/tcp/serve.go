package tcp

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

// serving is one connection of a server. Its goroutine reads what the peer says; a
// second one sends the stream there is, if any.
type serving struct {
	server *Server
	link   *link
	stream *stream        // nil: none has begun
	wg     sync.WaitGroup // of the stream
}

// stream is what the reading and the sending goroutine share.
type stream struct {
	open   open
	credit atomic.Int64
	more   chan struct{} // credit has come
	over   atomic.Bool   // the last message is being sent: another request may follow
}

// run reads until the connection is lost, which ends its stream.
func (c *serving) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer c.wg.Wait()
	defer c.link.conn.Close()
	defer cancel()
	for {
		m, err := c.link.next()
		if err != nil {
			return err
		}
		payload, err := c.link.payload(m)
		if err != nil {
			return err
		}
		if err := c.heard(ctx, m.kind, payload); err != nil {
			return err
		}
	}
}

// heard acts on a message of the peer.
func (c *serving) heard(ctx context.Context, k kind, payload []byte) error {
	switch k {
	case msgOpen:
		o, err := parseOpen(payload)
		if err != nil {
			return err
		}
		if c.stream != nil && !c.stream.over.Load() {
			return corrupt("a request within a stream")
		}
		c.wg.Wait() // the last message is on its way
		s := &stream{open: o, more: make(chan struct{}, 1)}
		s.credit.Store(o.window)
		c.stream = s
		c.wg.Go(func() { // ends when the stream does, or the connection, for which run waits
			if err := c.send(ctx, s); err != nil {
				c.link.conn.Close() // wakes run
			}
		})
	case msgCredit:
		n, err := parseCredit(payload)
		if err != nil {
			return err
		}
		if s := c.stream; s != nil { // it may have ended meanwhile
			s.credit.Add(n)
			select {
			case s.more <- struct{}{}:
			default:
			}
		}
	case msgRange:
		return c.rangeOf(ctx, payload)
	case msgTable:
		return c.tableOf(ctx, payload)
	case msgPong:
	default:
		return corrupt("a client sent a message of kind %d", k)
	}
	return nil
}

// source gives the pieces that a stream sends.
type source struct {
	next func(ctx context.Context, cursor int) (exchange.Sealed, error)
	// broken is called when not everything that next gave has reached the peer.
	broken func()
}

// send sends a stream, and the error that it ends in; what it gives itself is a
// connection that is of no more use.
func (c *serving) send(ctx context.Context, s *stream) error {
	from, err := c.find(ctx, s.open)
	if err == nil {
		err = c.pieces(ctx, s, from)
		if err != nil {
			from.broken()
		}
	}
	if isLost(err) || ctx.Err() != nil {
		return err
	}
	s.over.Store(true)
	if err == nil {
		return c.link.send(msgEnd, nil)
	}
	return c.link.send(msgFailure, encodeError(err))
}

// find waits for the query and opens what is asked for.
func (c *serving) find(ctx context.Context, o open) (source, error) {
	limit := c.server.config.Limits.Start
	until := time.Now().Add(limit)
	var q *exchange.Query
	err := c.wait(ctx, func(ctx context.Context) (err error) {
		ctx, cancel := context.WithDeadlineCause(ctx, until,
			sqlerr.New(sqlerr.WorkerLost, "query %s was not begun within %v", o.Query, limit).WithHint("Run the query again."))
		defer cancel()
		q, err = c.server.hub.Await(ctx, o.Query)
		return err
	})
	if err != nil {
		return source{}, err
	}
	if o.Edge == ResultEdge {
		result := q.Attempt(o.Partition)
		if o.cursor != 0 || !result.Claim() {
			return source{}, sqlerr.New(sqlerr.WorkerLost, "the result of query %s has been read in part", o.Query).WithHint("Run the query again.")
		}
		return source{next: func(ctx context.Context, cursor int) (exchange.Sealed, error) {
			id, b, err := result.NextPart(ctx)
			if err != nil {
				return exchange.Sealed{}, err
			}
			piece := exchange.Sealed{ID: id, At: cursor} // empty: its rows are reordered from here on
			if b != nil {
				piece.Batches = []*vector.Batch{b}
			}
			return piece, nil
		}, broken: result.Close}, nil
	}
	edge, err := q.Edge(o.Edge)
	if err != nil { // it was complete when the reader was told of it: it has been freed as one of a lost query
		return source{}, sqlerr.New(sqlerr.WorkerLost, "query %s: %v any more", o.Query, err).WithHint("Run the query again.")
	}
	err = edge.Expect(o.Schema)
	return source{next: func(ctx context.Context, cursor int) (exchange.Sealed, error) {
		return edge.Piece(ctx, o.Partition, o.Part, cursor)
	}, broken: func() {}}, err
}

// pieces sends pieces from the cursor on, while there is credit.
func (c *serving) pieces(ctx context.Context, s *stream, from source) error {
	for cursor := s.open.cursor; ; {
		for s.credit.Load() <= 0 {
			if err := c.wait(ctx, func(ctx context.Context) error {
				select {
				case <-s.more:
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}); err != nil {
				return err
			}
		}
		var piece exchange.Sealed
		err := c.wait(ctx, func(ctx context.Context) (err error) {
			piece, err = from.next(ctx, cursor)
			return err
		})
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		n, err := c.piece(&piece)
		cursor = piece.At + 1
		piece.Release()
		if err != nil {
			return err
		}
		s.credit.Add(-n)
	}
}

// errBeat ends a wait that has to be interrupted for a ping.
var errBeat = errors.New("a ping is due")

// wait runs f, again and again with a ping between as long as it waits.
func (c *serving) wait(ctx context.Context, f func(ctx context.Context) error) error {
	for {
		beat, cancel := context.WithTimeoutCause(ctx, c.server.config.Limits.Idle/4, errBeat)
		err := f(beat)
		cancel()
		if err != errBeat {
			return err
		}
		if err := c.link.send(msgPing, nil); err != nil {
			return err
		}
	}
}

// piece sends one piece and gives its length.
func (c *serving) piece(p *exchange.Sealed) (int64, error) {
	head := pieceHead{cursor: p.At, id: p.ID, frames: len(p.Stored) + len(p.Batches) + len(p.Frames)}
	if err := c.link.send(msgPiece, head.encode()); err != nil {
		return 0, err
	}
	tail, last := pieceTail{}, time.Now()
	frame := func(parts [][]byte, length int) error {
		tail.add(exchange.FrameChecksum(parts[0]), length)
		if now := time.Now(); now.Sub(last) > c.server.config.Limits.Idle/4 { // it answers, and so shows that it lives
			if last = now; c.link.send(msgPing, nil) != nil {
				return lost(io.ErrClosedPipe)
			}
		}
		return c.link.sendFrame(parts, length)
	}
	var enc exchange.Encoder
	batch := func(b *vector.Batch) error {
		parts, length, err := enc.Vectors(b)
		if err != nil {
			return err
		}
		return frame(parts, length)
	}
	for _, read := range p.Stored {
		b, err := read()
		if err != nil {
			return 0, err
		}
		err = batch(b)
		b.Release()
		if err != nil {
			return 0, err
		}
	}
	for _, b := range p.Batches {
		if err := batch(b); err != nil {
			return 0, err
		}
	}
	for _, one := range p.Frames {
		if err := frame([][]byte{one}, len(one)); err != nil {
			return 0, err
		}
	}
	return tail.bytes, c.link.send(msgPieceEnd, tail.encode())
}

// add counts a frame.
func (p *pieceTail) add(sum uint32, length int) {
	var word [4]byte
	binary.LittleEndian.PutUint32(word[:], sum)
	p.sum = crc32.Update(p.sum, castagnoli, word[:])
	p.bytes += int64(length)
}
