package exec

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// columnReader gives the rows of a columnBuffer from the first on, some at a time, in
// short-lived memory: unlike a joinStore it never has a column twice.
type columnReader struct {
	kind    vector.Kind
	pieces  [][]byte
	at      int // in the first piece
	isNull  func(row int) bool
	nulls   bool
	row     int
	text    vector.Column // String without dictionary
	dict    *vector.Dict
	nested  vector.Column
	layouts vector.Kind // of a column without rows
}

func newColumnReader(b *columnBuffer, t expr.Type) *columnReader {
	r := &columnReader{kind: b.kind, isNull: newNullCursor(b.nulls), nulls: len(b.nulls) > 0, layouts: eval.Layout(t)}
	b.chunks.each(func(piece []byte) { r.pieces = append(r.pieces, piece) })
	switch {
	case b.kind == vector.List || b.kind == vector.Struct:
		r.nested = vector.Concat(b.nested)
	case b.dict != nil:
		if b.dict.entries.Len() == 0 {
			b.dict.entries.Append(nil) // the codes under nulls must name an entry
		}
		r.dict = &vector.Dict{Values: b.dict.entries.Column(nil)}
	case b.kind == vector.String:
		r.text = b.text.Column(nil)
	}
	return r
}

// next is the next n rows.
func (r *columnReader) next(n int) vector.Column {
	c := vector.Column{Kind: r.kind, Len: n, Dict: r.dict}
	from := r.row
	r.row += n
	switch {
	case r.kind == vector.List || r.kind == vector.Struct:
		return r.nested.Slice(from, r.row)
	case r.dict != nil:
		c.Width, c.Data = 2, r.bytes(n*2)
	case r.kind == vector.String:
		c = r.text.Slice(from, r.row)
	default:
		c.Data = r.bytes(n * r.kind.Size())
	}
	if r.nulls {
		c.Valid = vector.NewBitmapSet(n)
		for i := range n {
			if r.isNull(from + i) {
				c.Valid.Clear(i)
			}
		}
	}
	return c
}

// bytes copies the next n bytes out of the pieces.
func (r *columnReader) bytes(n int) []byte {
	out := vector.BytesOf(make([]uint64, (n+7)/8))[:0]
	for len(out) < n {
		piece := r.pieces[0][r.at:]
		piece = piece[:min(len(piece), n-len(out))]
		out = append(out, piece...)
		if r.at += len(piece); r.at == len(r.pieces[0]) {
			r.pieces, r.at = r.pieces[1:], 0
		}
	}
	return out
}

// keyReader gives back the key columns of the rows of an indexPart. A NULL among
// several keys that match nothing then is not known to be that of one or the other; it
// is said to be the first's.
type keyReader struct {
	index  *joinIndex
	types  []expr.Type
	words  columnReader
	isSkip func(row int) bool
	skips  bool
	lossy  []*columnReader // by key: of those that words cannot give back; else nil
	row    int
}

func newKeyReader(x *joinIndex, part int, types []expr.Type, kept []columnBuffer) *keyReader {
	p := &x.parts[part]
	r := &keyReader{index: x, types: types, isSkip: newNullCursor(p.skip), skips: len(p.skip) > 0, lossy: make([]*columnReader, len(types))}
	p.keys.each(func(piece []byte) { r.words.pieces = append(r.words.pieces, piece) })
	for i := range kept {
		if kept[i].rows > 0 {
			r.lossy[i] = newColumnReader(&kept[i], types[i])
		}
	}
	return r
}

// next is the keys of the next n rows.
func (r *keyReader) next(n int) []vector.Column {
	words := typed[uint64](r.words.bytes(n * r.index.width * 8))
	cols := make([]vector.Column, len(r.types))
	for i, t := range r.types {
		switch {
		case r.index.ints:
			cols[i] = columnOfInts(words, t)
		case r.lossy[i] != nil:
			cols[i] = r.lossy[i].next(n)
		default:
			cols[i] = r.index.layout.Column(i, words, n, r.index.strings)
		}
	}
	if r.skips {
		valid := vector.NewBitmapSet(n)
		for i := range n {
			if r.isSkip(r.row+i) || cols[0].IsNull(i) {
				valid.Clear(i)
			}
		}
		cols[0].Valid = valid
	}
	r.row += n
	return cols
}

// columnOfInts is integer-like values in the layout of their type.
func columnOfInts(words []uint64, t expr.Type) vector.Column {
	switch kind := eval.Layout(t); kind {
	case vector.Bool:
		return vector.Flat(kind, mapped(words, func(w uint64) uint8 { return uint8(w & 1) }), nil)
	case vector.Int16:
		return vector.Flat(kind, mapped(words, func(w uint64) int16 { return int16(w) }), nil)
	case vector.Int32:
		return vector.Flat(kind, mapped(words, func(w uint64) int32 { return int32(w) }), nil)
	default:
		return vector.Flat(kind, mapped(words, func(w uint64) int64 { return int64(w) }), nil)
	}
}
