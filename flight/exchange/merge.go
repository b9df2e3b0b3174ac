package exchange

import (
	"context"
	"io"

	"github.com/skein-query/skein/exec/vector"
)

// Source gives the pieces of one partition that one place has, in the order of tasks.
type Source interface {
	// Piece gives the next piece, which the caller owns; io.EOF ends.
	Piece(ctx context.Context) (Sealed, error)
	// Close frees what was not taken; idempotent.
	Close()
}

// Merged is the batches of one partition from all places that have pieces of it, in the
// order of tasks. So whoever reads it again sees the same rows in the same order,
// wherever the pieces have been made in the meantime. A task that several places have
// is taken from one of them.
type Merged struct {
	sources []Source
	heads   []Sealed // by source: its next piece
	filled  bool
	last    int      // task that is being read or was read; -1 before the first
	stored  []Stored // of the current piece: read first
	current []*vector.Batch
	frames  [][]byte
	decoder Decoder // of the current piece
}

// Merge reads sources, which it owns.
func Merge(sources ...Source) *Merged {
	return &Merged{sources: sources, heads: make([]Sealed, len(sources)), last: -1}
}

// Next gives the next batch, which the caller owns; io.EOF ends.
func (m *Merged) Next(ctx context.Context) (*vector.Batch, error) {
	for len(m.stored) == 0 && len(m.current) == 0 && len(m.frames) == 0 {
		if err := m.advance(ctx); err != nil {
			return nil, err
		}
	}
	if len(m.stored) > 0 {
		b, err := m.stored[0]()
		m.stored = m.stored[1:]
		return b, err
	}
	if len(m.frames) > 0 {
		b, _, err := m.decoder.Decode(m.frames[0])
		m.frames = m.frames[1:]
		return b, err
	}
	b := m.current[0]
	m.current = m.current[1:]
	return b, nil
}

// advance makes the piece of the lowest task the current one.
func (m *Merged) advance(ctx context.Context) error {
	for i := 0; !m.filled && i < len(m.heads); i++ {
		if m.sources[i] == nil || m.heads[i].held {
			continue // it was filled before an earlier call failed
		}
		if err := m.fill(ctx, i); err != nil {
			return err
		}
	}
	m.filled = true
	first := -1
	for i := range m.heads {
		if m.sources[i] != nil && (first < 0 || m.heads[i].ID.Task < m.heads[first].ID.Task) {
			first = i
		}
	}
	if first < 0 {
		return io.EOF
	}
	head := m.heads[first]
	m.heads[first], m.filled = Sealed{}, false
	if head.ID.Task == m.last {
		head.Release()
		return nil
	}
	m.last = head.ID.Task
	m.stored, m.current, m.frames, m.decoder = head.Stored, head.Batches, head.Frames, Decoder{}
	return nil
}

// fill asks source i for its next piece; one that has no more is closed.
func (m *Merged) fill(ctx context.Context, i int) error {
	head, err := m.sources[i].Piece(ctx)
	if err == io.EOF {
		m.sources[i].Close()
		m.sources[i] = nil
		return nil
	}
	if err != nil {
		return err
	}
	head.held = true
	m.heads[i] = head
	return nil
}

// Close frees what was taken and not read, and closes the sources; idempotent.
func (m *Merged) Close() {
	releaseAll(m.current)
	m.stored, m.current, m.frames = nil, nil, nil
	for i, s := range m.sources {
		m.heads[i].Release()
		m.heads[i] = Sealed{}
		if s != nil {
			s.Close()
			m.sources[i] = nil
		}
	}
}
