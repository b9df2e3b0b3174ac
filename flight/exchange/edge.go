package exchange

import (
	"context"
	"io"
	"sync"

	"github.com/skein-query/skein/exec/vector"
)

// PieceID names a piece within an edge and partition.
type PieceID struct {
	Task    int
	Attempt int
}

// Edge carries the pieces of one fragment's output to the partitions of its
// consumer. Safe for concurrent use.
type Edge struct {
	broadcast bool

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at every change
	parts    [][]Piece
	taken    map[int]int // task → attempt whose pieces are in the log
	complete bool
	err      error
}

// Piece is what one task sends to one partition: batches, or the frames that one
// Encoder wrote of them.
type Piece struct {
	Batches []*vector.Batch
	Frames  []byte
	// Freed is called once, when the batches have been released and the frames are
	// not needed any more; nil: nobody wants to know.
	Freed func()
}

// Empty reports whether there is nothing in the piece.
func (p *Piece) Empty() bool { return len(p.Batches) == 0 && len(p.Frames) == 0 }

// Free gives up what the piece holds.
func (p *Piece) Free() {
	releaseAll(p.Batches)
	p.Batches, p.Frames = nil, nil
	if p.Freed != nil {
		p.Freed()
		p.Freed = nil
	}
}

func freeAll(pieces []Piece) {
	for i := range pieces {
		pieces[i].Free()
	}
}

// NewEdge makes an edge to n partitions; with broadcast there is one log that every
// partition reads.
func NewEdge(partitions int, broadcast bool) *Edge {
	if broadcast {
		partitions = 1
	}
	return &Edge{broadcast: broadcast, changed: make(chan struct{}), parts: make([][]Piece, partitions), taken: map[int]int{}}
}

// Seal makes the output of a task visible: pieces[p] goes to partition p, and the
// edge owns it. A second sealing of a task is ignored, and its pieces freed; it
// reports false then.
func (e *Edge) Seal(id PieceID, pieces []Piece) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, again := e.taken[id.Task]; again || e.err != nil {
		freeAll(pieces)
		return false
	}
	e.taken[id.Task] = id.Attempt
	for p := range pieces {
		if pieces[p].Empty() {
			pieces[p].Free()
			continue
		}
		e.parts[p] = append(e.parts[p], pieces[p])
	}
	e.wake()
	return true
}

// Complete says that every task of the producer has sealed its pieces.
func (e *Edge) Complete() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.complete = true
	e.wake()
}

// Close fails all readers with err and frees what is left.
func (e *Edge) Close(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return
	}
	e.err = err
	for p, pieces := range e.parts {
		freeAll(pieces)
		e.parts[p] = nil
	}
	e.wake()
}

func (e *Edge) wake() {
	close(e.changed)
	e.changed = make(chan struct{})
}

func releaseAll(batches []*vector.Batch) {
	for _, b := range batches {
		b.Release()
	}
}

// Reader reads one partition of an edge, piece by piece.
type Reader struct {
	edge      *Edge
	partition int
	cursor    int
	current   []*vector.Batch
	frames    []byte  // of the current piece, not read yet
	decoder   Decoder // of the current piece
}

// Reader opens partition p. Pieces stay in the edge until it is closed, so that a
// consumer that is run again finds them; what was taken from a piece of frames may
// be read on after that.
func (e *Edge) Reader(p int) *Reader {
	if e.broadcast {
		p = 0
	}
	return &Reader{edge: e, partition: p}
}

// Next gives a share of the next batch, which the caller owns; it waits for pieces
// to be sealed. io.EOF ends.
func (r *Reader) Next(ctx context.Context) (*vector.Batch, error) {
	for len(r.current) == 0 && len(r.frames) == 0 {
		if err := r.advance(ctx); err != nil {
			return nil, err
		}
	}
	if len(r.frames) > 0 {
		b, rest, err := r.decoder.Decode(r.frames)
		r.frames = rest
		return b, err
	}
	b := r.current[0]
	r.current = r.current[1:]
	return b, nil
}

func (r *Reader) advance(ctx context.Context) error {
	e := r.edge
	for {
		e.mu.Lock()
		if e.err != nil {
			defer e.mu.Unlock()
			return e.err
		}
		log := e.parts[r.partition]
		if r.cursor < len(log) {
			for _, b := range log[r.cursor].Batches {
				r.current = append(r.current, b.Share())
			}
			r.frames, r.decoder = log[r.cursor].Frames, Decoder{}
			r.cursor++
			e.mu.Unlock()
			return nil
		}
		complete, changed := e.complete, e.changed
		e.mu.Unlock()
		if complete {
			return io.EOF
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Close frees what was taken and not read.
func (r *Reader) Close() {
	releaseAll(r.current)
	r.current, r.frames = nil, nil
}
