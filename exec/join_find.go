package exec

import (
	"slices"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
)

// joinFinder looks the keys of probe batches up in a joinIndex. Each instance has
// its own; the index must be sealed.
type joinFinder struct {
	index   *joinIndex
	encoder *key.Encoder // not ints
	block   key.Block
	keys    []uint64 // scratch of ints that do not come flat, or are hashed
	hashes  []uint64
	usable  []uint32
}

func newJoinFinder(x *joinIndex) *joinFinder {
	f := &joinFinder{index: x}
	if !x.ints {
		f.encoder = key.NewEncoder(x.layout, x.strings)
	}
	return f
}

// find writes the rows of a batch that have a partner to at, ascending, and their
// first partner to rows (a bitmap leaves rows alone); both must have room for all
// selected rows. It gives their number.
func (f *joinFinder) find(cols []vector.Column, n int, sel vector.Selection, at, rows []uint32) (int, error) {
	if f.index.keyed == 0 {
		return 0, nil
	}
	if f.index.ints {
		return f.findInts(&cols[0], n, sel, at, rows), nil
	}
	return f.findWords(cols, n, sel, at, rows)
}

func (f *joinFinder) findInts(c *vector.Column, n int, sel vector.Selection, at, rows []uint32) int {
	t := &f.index.table
	if c.Valid != nil {
		f.usable = withoutNulls(f.usable[:0], c, explicit(sel, n))
		sel = f.usable
	}
	if c.Dict == nil && t.slots == nil {
		switch c.Kind {
		case vector.Bool:
			return findFlat(t, c.Bools(), sel, at, rows)
		case vector.Int16:
			return findFlat(t, c.Int16s(), sel, at, rows)
		case vector.Int32:
			return findFlat(t, c.Int32s(), sel, at, rows)
		default:
			return findFlat(t, c.Int64s(), sel, at, rows)
		}
	}
	sel = explicit(sel, n)
	f.keys = slices.Grow(f.keys[:0], len(sel))[:len(sel)]
	readInts(f.keys, c, sel)
	if t.slots == nil {
		return f.findDirect(f.keys, sel, at, rows)
	}
	f.hashes = slices.Grow(f.hashes[:0], len(sel))[:len(sel)]
	for i, k := range f.keys {
		f.hashes[i] = hashInt(k)
	}
	return t.findHashed(f.keys, f.hashes, sel, at, rows)
}

func (f *joinFinder) findWords(cols []vector.Column, n int, sel vector.Selection, at, rows []uint32) (int, error) {
	b := &f.block
	if err := f.encoder.Lookup(cols, n, sel, b); err != nil {
		return 0, err
	}
	places := explicit(sel, n)
	nulls := b.Nulls
	if f.index.nullEqual {
		nulls = nil
	}
	if nulls != nil || b.Misses != nil {
		f.usable = append(f.usable[:0], places...)
		places = f.usable[:dropRows(b, f.index.width, nulls, b.Misses, f.usable)]
	}
	if f.index.table.slots == nil {
		return f.findDirect(b.Words, places, at, rows), nil
	}
	return f.index.table.findHashed(b.Words, b.Hashes, places, at, rows), nil
}

func (f *joinFinder) findDirect(keys []uint64, places, at, rows []uint32) int {
	if f.index.table.bits != nil {
		return f.index.table.findBits(keys, places, at)
	}
	return f.index.table.findDense(keys, places, at, rows)
}

// identity is what a batch without selection selects.
var identity = vector.All(vector.MaxRows)

// explicit is a selection as row numbers; it must not be written to.
func explicit(sel vector.Selection, n int) vector.Selection {
	switch {
	case sel != nil:
		return sel
	case n <= len(identity):
		return identity[:n]
	}
	return vector.All(n)
}
