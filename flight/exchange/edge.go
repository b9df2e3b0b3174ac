package exchange

import (
	"context"
	"io"
	"sync"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
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
	schema   string
}

// Piece is what one task sends to one partition: batches, or the frames that one
// Encoder wrote of them.
type Piece struct {
	Batches []*vector.Batch
	Frames  []byte
	// Freed is called once, when the batches have been released and the frames are
	// not needed any more; nil: nobody wants to know.
	Freed func()

	id PieceID // since it was sealed
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
		pieces[p].id = id
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

// Describe says what the columns of the edge are, in words that producer and consumer
// of one plan have in common.
func (e *Edge) Describe(schema string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.schema = schema
}

// Expect reports an error when the edge has been described in other words.
func (e *Edge) Expect(schema string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if schema != "" && e.schema != "" && schema != e.schema {
		return sqlerr.New(sqlerr.InvalidPlan, "the columns are %s, not %s", e.schema, schema)
	}
	return nil
}

// log is the number of the log that consumer partition p reads.
func (e *Edge) log(p int) (int, error) {
	if e.broadcast {
		p = 0
	}
	if p < 0 || p >= len(e.parts) {
		return 0, sqlerr.New(sqlerr.InvalidPlan, "partition %d of %d", p, len(e.parts))
	}
	return p, nil
}

// Sealed is a share of a sealed piece: batches, which the receiver owns, or frames,
// which must not be changed.
type Sealed struct {
	ID      PieceID
	Batches []*vector.Batch
	Frames  []byte
}

// Release frees the share.
func (s *Sealed) Release() { releaseAll(s.Batches) }

// Piece gives a share of piece number cursor of a partition, in the order in which
// pieces were sealed; it waits for it to be. io.EOF ends.
func (e *Edge) Piece(ctx context.Context, partition, cursor int) (Sealed, error) {
	p, err := e.log(partition)
	if err != nil {
		return Sealed{}, err
	}
	for {
		e.mu.Lock()
		if e.err != nil {
			defer e.mu.Unlock()
			return Sealed{}, e.err
		}
		if log := e.parts[p]; cursor < len(log) {
			defer e.mu.Unlock()
			s := Sealed{ID: log[cursor].id, Frames: log[cursor].Frames}
			for _, b := range log[cursor].Batches {
				s.Batches = append(s.Batches, b.Share())
			}
			return s, nil
		}
		complete, changed := e.complete, e.changed
		e.mu.Unlock()
		if complete {
			return Sealed{}, io.EOF
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Sealed{}, context.Cause(ctx)
		}
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
	s, err := r.edge.Piece(ctx, r.partition, r.cursor)
	if err != nil {
		return err
	}
	r.current, r.frames, r.decoder = s.Batches, s.Frames, Decoder{}
	r.cursor++
	return nil
}

// Close frees what was taken and not read.
func (r *Reader) Close() {
	releaseAll(r.current)
	r.current, r.frames = nil, nil
}
