package exchange

import (
	"context"
	"io"
	"slices"
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

// Stored reads a batch that is kept outside of memory, which the caller then owns; it may
// be called as often as wanted until the piece is freed.
type Stored func() (*vector.Batch, error)

// Piece is what one task sends to one partition: batches, those that are stored first, or
// the frames that one Encoder wrote of them.
type Piece struct {
	Stored  []Stored
	Batches []*vector.Batch
	Frames  [][]byte
	// Freed is called once, when the batches have been released and the frames are
	// not needed any more; nil: nobody wants to know.
	Freed func()

	id PieceID // since it was sealed
}

// Empty reports whether there is nothing in the piece.
func (p *Piece) Empty() bool { return len(p.Stored) == 0 && len(p.Batches) == 0 && len(p.Frames) == 0 }

// Free gives up what the piece holds.
func (p *Piece) Free() {
	releaseAll(p.Batches)
	p.Stored, p.Batches, p.Frames = nil, nil, nil
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
// edge owns it. A second sealing of a task is ignored, as is one after Complete, and its
// pieces freed; it reports false then.
func (e *Edge) Seal(id PieceID, pieces []Piece) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, again := e.taken[id.Task]; again || e.complete || e.err != nil {
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

// Complete says that no more pieces come. From now on the edge does not change, and its
// pieces are in the order of tasks, in whatever order they were sealed.
func (e *Edge) Complete() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, log := range e.parts {
		slices.SortFunc(log, func(a, b Piece) int { return a.id.Task - b.id.Task })
	}
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

// Sealed is a share of a sealed piece: batches, which the receiver owns, those that are
// stored first, or frames, which must not be changed.
type Sealed struct {
	ID      PieceID
	At      int // its place in the partition
	Stored  []Stored
	Batches []*vector.Batch
	Frames  [][]byte
	held    bool // a Merged has it
}

// Release frees the share.
func (s *Sealed) Release() { releaseAll(s.Batches) }

// stored reads a batch of the edge. One that was freed meanwhile fails for the reason why
// the edge was closed: that decides whether the query goes on.
func (e *Edge) stored(read Stored) Stored {
	return func() (*vector.Batch, error) {
		b, err := read()
		if err != nil {
			e.mu.Lock()
			defer e.mu.Unlock()
			if e.err != nil {
				return nil, e.err
			}
		}
		return b, err
	}
}

// Part is what one of several readers of a partition reads of it: the pieces of every
// Of-th task. The zero value reads all.
type Part struct{ Number, Of int }

// Has reports whether the pieces of a task belong to the part.
func (p Part) Has(task int) bool { return p.Of < 2 || task%p.Of == p.Number }

// Piece gives a share of the first piece of a partition's part that stands at the cursor
// or behind it, counted over all of the partition; it waits until the edge is complete.
// io.EOF ends.
func (e *Edge) Piece(ctx context.Context, partition int, part Part, cursor int) (Sealed, error) {
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
		log := e.parts[p]
		for e.complete && cursor < len(log) && !part.Has(log[cursor].id.Task) {
			cursor++
		}
		if e.complete && cursor < len(log) {
			defer e.mu.Unlock()
			s := Sealed{ID: log[cursor].id, At: cursor, Frames: log[cursor].Frames}
			for _, read := range log[cursor].Stored {
				s.Stored = append(s.Stored, e.stored(read))
			}
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

// Reader is the Source of one partition of an edge.
type Reader struct {
	edge      *Edge
	partition int
	part      Part
	cursor    int
}

// Reader opens partition p. Pieces stay in the edge until it is closed, so that a
// consumer that is run again finds them.
func (e *Edge) Reader(p int, part Part) *Reader { return &Reader{edge: e, partition: p, part: part} }

// Piece gives a share of the next piece, which the caller owns.
func (r *Reader) Piece(ctx context.Context) (Sealed, error) {
	s, err := r.edge.Piece(ctx, r.partition, r.part, r.cursor)
	if err == nil {
		r.cursor = s.At + 1
	}
	return s, err
}

// Close does nothing: whoever has taken a piece releases it.
func (r *Reader) Close() {}
