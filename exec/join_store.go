package exec

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// joinStore is the build rows of a join, every column in one piece, so that
// fetching a value is one indexed load.
type joinStore struct {
	rows int
	cols []vector.Column // by slot of the joinShape
	part []storePart
	held budget
}

// storePart is the rows of one instance: rows base … base+rows-1 of the store.
type storePart struct {
	base, rows int
	buffers    []columnBuffer // by slot
	bases      []uint32       // by slot: number of the part's first string buffer
	codes      [][]uint16     // by slot: the part's codes → the store's
}

// newJoinStore allocates the columns for all parts. Then every part is copied by
// copyPart, several at a time if need be.
func newJoinStore(fields []expr.Field, parts []storePart, held budget) (*joinStore, error) {
	s := &joinStore{cols: make([]vector.Column, len(fields)), part: parts, held: held}
	for i := range parts {
		if parts[i].buffers == nil { // of an instance that left before it read anything
			parts[i].buffers = make([]columnBuffer, len(fields))
		}
		parts[i].base = s.rows
		parts[i].bases = make([]uint32, len(fields))
		parts[i].codes = make([][]uint16, len(fields))
		s.rows += parts[i].rows
	}
	for slot, f := range fields {
		if err := s.allocate(slot, f.Type); err != nil {
			s.held.free()
			return nil, err
		}
	}
	return s, nil
}

func (s *joinStore) allocate(slot int, t expr.Type) error {
	c := &s.cols[slot]
	c.Len = s.rows
	nulls, coded := false, true
	for i := range s.part {
		b := &s.part[i].buffers[slot]
		if b.rows == 0 {
			continue
		}
		nulls = nulls || len(b.nulls) > 0
		coded = coded && b.dict != nil
		if c.Kind != vector.Int128 { // a wide decimal may come in both widths
			c.Kind = b.kind
		}
	}
	if s.rows == 0 {
		c.Kind = eval.Layout(t)
	}
	if nulls {
		if err := s.held.reserve(int64(vector.Words(s.rows)) * 8); err != nil {
			return err
		}
		c.Valid = vector.NewBitmapSet(s.rows)
		for i := range s.part {
			for _, row := range s.part[i].buffers[slot].nulls {
				c.Valid.Clear(s.part[i].base + int(row))
			}
		}
	}
	switch {
	case s.rows == 0:
		return nil
	case c.Kind == vector.List || c.Kind == vector.Struct:
		return s.concatNested(slot)
	case c.Kind == vector.String && coded && s.mergeDicts(slot):
	case c.Kind == vector.String:
		if err := s.gatherTexts(slot); err != nil {
			return err
		}
	}
	size := s.rows * columnWidth(c)
	if err := s.held.reserve(int64(size)); err != nil {
		return err
	}
	c.Data = make([]byte, size)
	return nil
}

// concatNested finishes a nested column here and now: nothing is left to copyPart.
func (s *joinStore) concatNested(slot int) error {
	var all []vector.Column
	bytes := int64(0)
	for i := range s.part {
		b := &s.part[i].buffers[slot]
		all = append(all, b.nested...)
		for j := range b.nested {
			bytes += columnBytes(&b.nested[j])
		}
		b.nested = nil
	}
	if err := s.held.reserve(bytes); err != nil {
		return err
	}
	s.cols[slot] = vector.Concat(all)
	return nil
}

// mergeDicts makes one dictionary of those of all parts, unless it becomes too
// large.
func (s *joinStore) mergeDicts(slot int) bool {
	merged := &dictBuffer{codes: map[string]uint16{}}
	for i := range s.part {
		b := &s.part[i].buffers[slot]
		if b.rows == 0 {
			continue
		}
		entries := b.dict.entries.Column(nil)
		codes := make([]uint16, max(1, entries.Len))
		for e := range entries.Len {
			code, ok := merged.code(entries.StringAt(e))
			if !ok {
				return false
			}
			codes[e] = code
		}
		s.part[i].codes[slot] = codes
	}
	if merged.entries.Len() == 0 {
		merged.entries.Append(nil) // the codes under nulls must name an entry
	}
	c := &s.cols[slot]
	c.Dict = &vector.Dict{Values: merged.entries.Column(nil)}
	c.Width = 2
	if c.Dict.Values.Len <= 256 {
		c.Width = 1
	}
	return true
}

// gatherTexts puts the string buffers of all parts behind each other.
func (s *joinStore) gatherTexts(slot int) error {
	c := &s.cols[slot]
	for i := range s.part {
		b := &s.part[i].buffers[slot]
		s.part[i].codes[slot] = nil
		if b.dict != nil {
			if err := b.leaveDict(); err != nil {
				return err
			}
		}
		s.part[i].bases[slot] = uint32(len(c.Buffers))
		text := b.text.Column(nil)
		c.Buffers = append(c.Buffers, text.Buffers...)
	}
	return nil
}

// copyPart fills the rows of one part and drops its buffers.
func (s *joinStore) copyPart(p *storePart) {
	for slot := range s.cols {
		c, b := &s.cols[slot], &p.buffers[slot]
		if b.rows > 0 && len(c.Data) > 0 && c.Kind != vector.List {
			width := columnWidth(c)
			b.copyTo(c, c.Data[p.base*width:(p.base+p.rows)*width], p.bases[slot], p.codes[slot])
		}
		views := b.text.Bytes()
		for _, buf := range b.text.Column(nil).Buffers {
			views -= int64(cap(buf))
		}
		b.lasting.giveBack(views)
		b.chunks, b.dict, b.nulls, b.text = chunks{}, nil, nil, vector.StringBuilder{}
		b.passing.free()
	}
}

func (b *columnBuffer) copyTo(c *vector.Column, dst []byte, base uint32, codes []uint16) {
	if b.kind == vector.String && c.Dict == nil {
		text := b.text.Column(nil)
		views := typed[vector.View](dst)
		for i, v := range text.Views() {
			views[i] = v.Move(base)
		}
		return
	}
	b.chunks.each(func(piece []byte) {
		switch {
		case c.Dict != nil && c.Width == 1:
			for i, code := range typed[uint16](piece) {
				dst[i] = uint8(codes[code])
			}
			dst = dst[len(piece)/2:]
		case c.Dict != nil:
			for i, code := range typed[uint16](piece) {
				typed[uint16](dst)[i] = codes[code]
			}
			dst = dst[len(piece):]
		case c.Kind == vector.Int128 && b.kind == vector.Int64:
			wide := typed[vector.I128](dst)
			for i, v := range typed[int64](piece) {
				wide[i] = vector.I128{Lo: uint64(v), Hi: v >> 63}
			}
			dst = dst[len(piece)*2:]
		default:
			dst = dst[copy(dst, piece):]
		}
	})
}

// at is row row of a slot as a flat column of length one.
func (s *joinStore) at(slot int, row int) vector.Column {
	return entryOf(&s.cols[slot], row)
}

// entryOf is one row of a column as a flat column of length one.
func entryOf(c *vector.Column, row int) vector.Column {
	flat, i := c.At(row)
	entry := flat.Slice(i, i+1)
	entry.Valid = nil
	if c.IsNull(row) {
		entry.Valid = vector.NewBitmap(1)
	}
	return entry
}

// release gives the memory of the store and of parts not copied yet back.
func (s *joinStore) release() {
	for i := range s.part {
		releaseBuffers(s.part[i].buffers)
	}
	s.held.free()
}

func releaseBuffers(buffers []columnBuffer) {
	for i := range buffers {
		buffers[i].passing.free()
		buffers[i].lasting.free()
	}
}

// nullColumn is n NULLs of a type.
func nullColumn(t expr.Type, n int) vector.Column {
	entry := zeroColumn(t)
	entry.Valid = vector.NewBitmap(1)
	return vector.Const(entry, n)
}

// zeroColumn is one row of a type with some value.
func zeroColumn(t expr.Type) vector.Column {
	c := vector.Column{Kind: eval.Layout(t), Len: 1}
	c.Data = make([]byte, 16)
	switch t.Kind {
	case expr.List:
		c.Children = []vector.Column{emptyColumn(t.Nested.Elem)}
	case expr.Map:
		c.Children = []vector.Column{emptyColumn(expr.Type{Kind: expr.Struct, Nested: t.Nested})}
	case expr.Struct:
		for _, f := range t.Nested.Fields {
			c.Children = append(c.Children, zeroColumn(f.Type))
		}
	}
	return c
}

func emptyColumn(t expr.Type) vector.Column {
	c := zeroColumn(t)
	return c.Slice(0, 0)
}
