package parquet

import (
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

// builder puts pieces of a flat column behind each other: ranges that span pages,
// or the few rows that survived of several ranges. Pieces with the same dictionary
// stay codes; a piece without makes the whole flat.
type builder struct {
	arena arena
	col   vector.Column
	room  int  // rows there is memory for
	own   bool // string bytes are copied, so that the pages under them can go
	held  []*memory.Slab
}

func newBuilder(s *Scan, rows int, own bool) *builder {
	return &builder{arena: newArena(s), room: rows, own: own}
}

// add appends the rows of src that sel names (nil: all). The slabs under src
// become the builder's, whatever happens.
func (b *builder) add(src *vector.Column, sel vector.Selection, slabs []*memory.Slab) error {
	keep, err := b.append(src, sel)
	if keep {
		b.held = append(b.held, slabs...)
		return err
	}
	for _, s := range slabs {
		s.Release()
	}
	return err
}

// append reports whether the builder's column still needs the memory of src.
func (b *builder) append(src *vector.Column, sel vector.Selection) (keep bool, err error) {
	n := src.Len
	if sel != nil {
		n = len(sel)
	}
	if b.col.Kind == vector.Invalid {
		b.col = vector.Column{Kind: src.Kind, Dict: src.Dict, Width: src.Width}
		if b.col.Data, err = b.arena.bytes(b.room * b.size()); err != nil {
			return false, err
		}
	}
	if b.col.Dict != nil && b.col.Dict != src.Dict {
		if err := b.flatten(); err != nil {
			return false, err
		}
	}
	if err := b.appendValid(src, sel, n); err != nil {
		return false, err
	}
	from := b.col.Len
	b.col.Len += n
	switch {
	case b.col.Dict != nil:
		b.copyValues(from, src.Data, sel, n)
		return true, nil
	case src.Dict == nil:
		b.copyValues(from, src.Data, sel, n)
	default:
		gatherCodes(b.col.Data, b.size(), from, src, sel)
		src = &src.Dict.Values
	}
	if b.col.Kind != vector.String {
		return false, nil
	}
	if b.own {
		return false, b.copyStrings(from, src.Buffers)
	}
	return true, b.moveStrings(from, src.Buffers)
}

func (b *builder) size() int {
	if b.col.Dict != nil {
		return int(b.col.Width)
	}
	return b.col.Kind.Size()
}

func (b *builder) copyValues(from int, src []byte, sel vector.Selection, n int) {
	size := b.size()
	dst := b.col.Data[from*size:]
	if sel == nil {
		copy(dst[:n*size], src)
		return
	}
	most := len(src) / size
	switch size {
	case 1:
		pick(dst, src, sel)
	case 2:
		pick(cast[uint16](dst, n), cast[uint16](src, most), sel)
	case 4:
		pick(cast[uint32](dst, n), cast[uint32](src, most), sel)
	case 8:
		pick(cast[uint64](dst, n), cast[uint64](src, most), sel)
	default:
		pick(cast[rawView](dst, n), cast[rawView](src, most), sel)
	}
}

func pick[T any](dst, src []T, sel vector.Selection) {
	dst = dst[:len(sel)]
	for i, row := range sel {
		dst[i] = src[row]
	}
}

// gatherCodes writes the dictionary values of rows of src at row from of dst.
func gatherCodes(dst []byte, size, from int, src *vector.Column, sel vector.Selection) {
	switch src.Width {
	case 1:
		gatherSized(dst, size, from, src.Dict, src.Codes8(), sel)
	case 2:
		gatherSized(dst, size, from, src.Dict, src.Codes16(), sel)
	default:
		gatherSized(dst, size, from, src.Dict, src.Codes32(), sel)
	}
}

func gatherSized[C code](dst []byte, size, from int, dict *vector.Dict, codes []C, sel vector.Selection) {
	values, n, entries := dict.Values.Data, len(codes), dict.Values.Len
	if sel != nil {
		n = len(sel)
	}
	dst = dst[from*size:]
	switch size {
	case 1:
		gather(dst[:n], values[:entries], codes, sel)
	case 2:
		gather(cast[uint16](dst, n), cast[uint16](values, entries), codes, sel)
	case 4:
		gather(cast[uint32](dst, n), cast[uint32](values, entries), codes, sel)
	case 8:
		gather(cast[uint64](dst, n), cast[uint64](values, entries), codes, sel)
	default:
		gather(cast[rawView](dst, n), cast[rawView](values, entries), codes, sel)
	}
}

func gather[T any, C code](dst, values []T, codes []C, sel vector.Selection) {
	if sel == nil {
		dst = dst[:len(codes)]
		for i, c := range codes {
			dst[i] = values[c]
		}
		return
	}
	dst = dst[:len(sel)]
	for i, row := range sel {
		dst[i] = values[codes[row]]
	}
}

// flatten turns the codes so far into values.
func (b *builder) flatten() error {
	flat := vector.Column{Kind: b.col.Kind, Len: b.col.Len, Valid: b.col.Valid}
	data, err := b.arena.bytes(b.room * flat.Kind.Size())
	if err != nil {
		return err
	}
	gatherCodes(data, flat.Kind.Size(), 0, &b.col, nil)
	buffers := b.col.Dict.Values.Buffers
	flat.Data = data
	b.col = flat
	if flat.Kind != vector.String {
		return nil
	}
	if b.own {
		return b.copyStrings(0, buffers)
	}
	return b.moveStrings(0, buffers)
}

// moveStrings makes the views from row from on, which point into buffers, point
// into the builder's own list of buffers.
func (b *builder) moveStrings(from int, buffers [][]byte) error {
	base := uint32(len(b.col.Buffers))
	b.col.Buffers = append(b.col.Buffers[:base:base], buffers...)
	if base == 0 {
		return nil
	}
	views := b.col.Views()[from:]
	for i := range views {
		views[i] = views[i].Move(base)
	}
	return nil
}

// copyStrings copies what the views from row from on point to.
func (b *builder) copyStrings(from int, buffers [][]byte) error {
	views := b.col.Views()[from:]
	total := 0
	for i := range views {
		if !views[i].Inline() {
			total += int(views[i].Len)
		}
	}
	if total == 0 {
		return nil
	}
	buf, err := b.arena.bytes(total)
	if err != nil {
		return err
	}
	number := uint32(len(b.col.Buffers))
	b.col.Buffers = append(b.col.Buffers, buf)
	pos := 0
	for i := range views {
		if views[i].Inline() {
			continue
		}
		n := copy(buf[pos:], views[i].Bytes(buffers))
		views[i] = vector.MakeView(buf[pos:pos+n], number, uint32(pos))
		pos += n
	}
	return nil
}

// appendValid appends n validity bits; the bitmap begins with the first null.
func (b *builder) appendValid(src *vector.Column, sel vector.Selection, n int) error {
	at := b.col.Len
	if b.col.Valid == nil {
		if src.Valid == nil {
			return nil
		}
		words, err := b.arena.words(vector.Words(b.room))
		if err != nil {
			return err
		}
		clear(words)
		setBits(words, 0, at)
		b.col.Valid = words
	}
	switch {
	case src.Valid == nil:
		setBits(b.col.Valid, at, at+n)
	case sel == nil:
		orBits(b.col.Valid, at, vector.BytesOf(src.Valid), n)
	default:
		for i, row := range sel {
			if src.Valid.Get(int(row)) {
				b.col.Valid.Set(at + i)
			}
		}
	}
	return nil
}

// finish gives the column and the slabs under it; the builder is done.
func (b *builder) finish() (vector.Column, []*memory.Slab) {
	slabs := append(b.arena.slabs, b.held...)
	b.arena.slabs, b.held = nil, nil
	return b.col, slabs
}

// discard gives up what was built.
func (b *builder) discard() {
	_, slabs := b.finish()
	for _, s := range slabs {
		s.Release()
	}
}
