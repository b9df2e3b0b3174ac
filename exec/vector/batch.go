package vector

import (
	"github.com/skein-query/skein/exec/memory"
)

// MaxRows is the most rows of a batch; scans and operators aim at it.
const MaxRows = 8192

// Selection is the selected rows of a batch, ascending. nil selects all rows.
type Selection = []uint32

// Batch is Len rows of several columns, of which those in Sel count.
type Batch struct {
	Cols []Column
	Len  int       // rows in every column
	Sel  Selection // nil: all Len rows
	held []*memory.Slab
}

// New makes a batch over columns of n rows; it holds no slabs yet.
func New(cols []Column, n int) *Batch { return &Batch{Cols: cols, Len: n} }

// Rows is the number of selected rows.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.Len
}

// Hold makes the batch responsible for one reference of each slab: it releases
// them when it is released.
func (b *Batch) Hold(slabs ...*memory.Slab) { b.held = append(b.held, slabs...) }

// Take moves everything that other holds into b, and so consumes other: b's
// columns may then share other's memory.
func (b *Batch) Take(other *Batch) {
	b.held = append(b.held, other.held...)
	other.held = nil
}

// Share gives a second batch over the same columns, with its own header and
// references of its own; the selection is shared and must be replaced, not
// changed, by whoever narrows it.
func (b *Batch) Share() *Batch {
	for _, s := range b.held {
		s.Retain()
	}
	c := &Batch{Cols: append([]Column(nil), b.Cols...), Len: b.Len, Sel: b.Sel}
	c.held = append(c.held, b.held...)
	return c
}

// Release gives up the batch: its columns must not be read afterwards.
func (b *Batch) Release() {
	if b == nil {
		return
	}
	for _, s := range b.held {
		s.Release()
	}
	b.held = nil
	b.Cols, b.Sel, b.Len = nil, nil, 0
}

// Slice is rows [from, to) of the selected rows of b as a batch of its own that
// shares memory with b and holds references of its own.
func (b *Batch) Slice(from, to int) *Batch {
	s := b.Share()
	if b.Sel != nil {
		s.Sel = b.Sel[from:to:to]
		return s
	}
	for i := range s.Cols {
		s.Cols[i] = b.Cols[i].Slice(from, to)
	}
	s.Len = to - from
	return s
}
