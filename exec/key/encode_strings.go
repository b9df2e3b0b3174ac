package key

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/skein-query/skein/exec/vector"
)

// packStrings writes the ids of a string key, and keeps them for the hash.
func (e *Encoder) packStrings(i int, c *vector.Column, sel vector.Selection, out *Block, lookup bool) error {
	f := &e.layout.fields[i]
	ids := slices.Grow(e.ids[i][:0], out.N)[:out.N]
	e.ids[i] = ids
	var err error
	switch {
	case c.Dict == nil:
		err = e.flatIDs(f, c, sel, ids, lookup)
	case c.Dict.Values.Len == 0: // nothing but NULLs
		clear(ids)
	case c.IsConst():
		err = e.constIDs(f, c, ids, lookup)
	default:
		err = e.dictIDs(i, c, sel, ids, lookup)
	}
	if err != nil {
		return err
	}
	if c.Valid != nil {
		forNulls(c, sel, out.N, func(i int) { ids[i] = 0 })
	}
	w, stride := f.word, e.layout.words
	for row, id := range ids {
		switch id {
		case 0:
			setRow(&out.Nulls, row, out.N)
		case Missing:
			setRow(&out.Misses, row, out.N)
		default:
			out.Words[w] |= uint64(id) << f.shift
		}
		w += stride
	}
	return nil
}

func (e *Encoder) flatIDs(f *field, c *vector.Column, sel vector.Selection, ids []uint32, lookup bool) error {
	if f.form == formString {
		return e.textIDs(c, sel, ids, lookup)
	}
	for i := range ids {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		if c.IsNull(row) {
			continue
		}
		var err error
		if ids[i], err = e.id(f, c, row, lookup); err != nil {
			return err
		}
	}
	return nil
}

// textIDs is the ids of plain strings, all of a batch hashed before any is looked up.
func (e *Encoder) textIDs(c *vector.Column, sel vector.Selection, ids []uint32, lookup bool) error {
	n := len(ids)
	e.hashes, e.near = slices.Grow(e.hashes[:0], n)[:n], slices.Grow(e.near[:0], n)[:n]
	views := c.Views()
	for i := range ids {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		e.hashes[i] = 0
		if !c.IsNull(row) {
			e.hashes[i] = HashBytes(views[row].Bytes(c.Buffers))
		}
	}
	s := e.strings
	s.near(e.hashes, e.near)
	for i, hash := range e.hashes {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		if c.IsNull(row) {
			ids[i] = 0
			continue
		}
		if s.isAt(e.near[i], hash, &views[row], c.Buffers) {
			ids[i] = uint32(e.near[i])
			continue
		}
		b := views[row].Bytes(c.Buffers)
		if lookup {
			ids[i] = s.Lookup(b, hash)
			continue
		}
		var err error
		if ids[i], err = s.Intern(b, hash); err != nil {
			return err
		}
	}
	return nil
}

func (e *Encoder) constIDs(f *field, c *vector.Column, ids []uint32, lookup bool) error {
	if len(ids) == 0 {
		return nil
	}
	id, err := e.id(f, &c.Dict.Values, 0, lookup)
	for i := range ids {
		ids[i] = id
	}
	return err
}

func (e *Encoder) dictIDs(i int, c *vector.Column, sel vector.Selection, ids []uint32, lookup bool) error {
	known, err := e.dicts[i].find(c.Dict, e.strings)
	if err != nil {
		return err
	}
	f := &e.layout.fields[i]
	for i, code := range e.codes(c, sel, len(ids)) {
		id := known[code]
		if id == 0 {
			if id, err = e.id(f, &c.Dict.Values, int(code), lookup); err != nil {
				return err
			}
			known[code] = id
		}
		ids[i] = id
	}
	return nil
}

// find gives the remembered ids of a dictionary. The cache keeps the Dict alive,
// so that its address cannot come to mean another one.
func (c *dictCache) find(d *vector.Dict, s *Strings) ([]uint32, error) {
	for i := range c.dicts {
		if c.dicts[i] == d {
			return c.ids[i], nil
		}
	}
	at := c.next
	c.next = (at + 1) % len(c.dicts)
	if cap(c.ids[at]) < d.Values.Len {
		if err := s.reserve(int64(4 * (d.Values.Len - cap(c.ids[at])))); err != nil {
			return nil, err
		}
		c.ids[at] = make([]uint32, d.Values.Len)
	}
	c.dicts[at], c.ids[at] = d, c.ids[at][:d.Values.Len]
	clear(c.ids[at])
	return c.ids[at], nil
}

// id is the id of row row of a flat column.
func (e *Encoder) id(f *field, c *vector.Column, row int, lookup bool) (uint32, error) {
	var b []byte
	switch f.form {
	case formNested:
		e.bytes = AppendValue(e.bytes[:0], c, row)
		b = e.bytes
	case formChar:
		b = bytes.TrimRight(c.Views()[row].Bytes(c.Buffers), " ")
	default:
		b = c.Views()[row].Bytes(c.Buffers)
	}
	hash := HashBytes(b)
	if lookup {
		return e.strings.Lookup(b, hash), nil
	}
	return e.strings.Intern(b, hash)
}

// AppendValue serialises row row of any column such that equal values give equal
// bytes and different ones different bytes.
func AppendValue(out []byte, c *vector.Column, row int) []byte {
	if c.IsNull(row) {
		return append(out, 0)
	}
	out = append(out, 1)
	c, row = c.At(row)
	switch c.Kind {
	case vector.Bool:
		return append(out, c.Data[row])
	case vector.Int16:
		return binary.LittleEndian.AppendUint16(out, uint16(c.Int16s()[row]))
	case vector.Int32:
		return binary.LittleEndian.AppendUint32(out, uint32(c.Int32s()[row]))
	case vector.Int64: // as wide as Int128: a decimal may come either way
		v := c.Int64s()[row]
		return appendWide(out, vector.I128{Lo: uint64(v), Hi: v >> 63})
	case vector.Int128:
		return appendWide(out, c.Int128s()[row])
	case vector.Float32:
		return binary.LittleEndian.AppendUint32(out, float32Bits(c.Float32s()[row]))
	case vector.Float64:
		return binary.LittleEndian.AppendUint64(out, float64Bits(c.Float64s()[row]))
	case vector.Interval:
		return appendWide(out, Span(c.Intervals()[row]))
	case vector.String:
		b := c.Views()[row].Bytes(c.Buffers)
		out = binary.AppendUvarint(out, uint64(len(b)))
		return append(out, b...)
	case vector.List:
		from, to := c.Offsets()[row], c.Offsets()[row+1]
		out = binary.AppendUvarint(out, uint64(to-from))
		for ; from < to; from++ {
			out = AppendValue(out, &c.Children[0], int(from))
		}
	case vector.Struct:
		for i := range c.Children {
			out = AppendValue(out, &c.Children[i], row)
		}
	}
	return out
}

func appendWide(out []byte, v vector.I128) []byte {
	out = binary.LittleEndian.AppendUint64(out, v.Lo)
	return binary.LittleEndian.AppendUint64(out, uint64(v.Hi))
}
