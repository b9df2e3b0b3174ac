package key

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/skein-query/skein/exec/vector"
)

// packStrings writes the ids of a string key, and keeps the hashes of the strings.
func (e *Encoder) packStrings(i int, c *vector.Column, sel vector.Selection, out *Block, lookup bool) error {
	f := &e.layout.fields[i]
	e.ids = slices.Grow(e.ids[:0], out.N)[:out.N]
	e.hashes[i] = slices.Grow(e.hashes[i][:0], out.N)[:out.N]
	ids, hashes := e.ids, e.hashes[i]
	var err error
	switch {
	case c.Dict == nil:
		err = e.flatIDs(f, c, sel, ids, hashes, lookup)
	case c.Dict.Values.Len == 0: // nothing but NULLs
		clear(ids)
	case c.IsConst():
		err = e.constIDs(f, c, ids, hashes, lookup)
	default:
		err = e.dictIDs(i, c, sel, ids, hashes, lookup)
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
			hashes[row] = nullHash
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

func (e *Encoder) flatIDs(f *field, c *vector.Column, sel vector.Selection, ids []uint32, hashes []uint64, lookup bool) (err error) {
	if f.form == formString {
		return e.textIDs(c, sel, ids, hashes, lookup)
	}
	for i := range ids {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		if c.IsNull(row) {
			continue
		}
		if ids[i], hashes[i], err = e.id(f, c, row, lookup); err != nil {
			return err
		}
	}
	return nil
}

// textIDs is the ids of plain strings, all of a batch hashed before any is looked up.
func (e *Encoder) textIDs(c *vector.Column, sel vector.Selection, ids []uint32, hashes []uint64, lookup bool) error {
	views := c.Views()
	for i := range ids {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		hashes[i] = 0
		if !c.IsNull(row) {
			hashes[i] = HashBytes(views[row].Bytes(c.Buffers))
		}
	}
	if s := e.strings; !lookup && len(s.shards) > 1 {
		return e.internShared(c, sel, ids, hashes)
	}
	e.near = slices.Grow(e.near[:0], len(ids))[:len(ids)]
	e.strings.near(hashes, e.near)
	for i := range ids {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		if c.IsNull(row) {
			ids[i] = 0
			continue
		}
		if err := e.textID(c, row, i, ids, hashes, lookup); err != nil {
			return err
		}
	}
	return nil
}

// textID is the id of the string in row of a column, number i of a batch, of which e.near
// has the slot.
func (e *Encoder) textID(c *vector.Column, row, i int, ids []uint32, hashes []uint64, lookup bool) (err error) {
	s, hash, v := e.strings, hashes[i], &c.Views()[row]
	switch {
	case s.isAt(e.near[i], hash, v, c.Buffers):
		ids[i] = uint32(e.near[i])
	case lookup:
		ids[i] = s.Lookup(v.Bytes(c.Buffers), hash)
	default:
		ids[i], err = s.intern(s.shardOf(hash), v.Bytes(c.Buffers), hash)
	}
	return err
}

// internShared interns the strings of a batch shard by shard, so that each is locked once.
func (e *Encoder) internShared(c *vector.Column, sel vector.Selection, ids []uint32, hashes []uint64) error {
	s, n := e.strings, len(ids)
	if n == 0 {
		return nil
	}
	e.near = slices.Grow(e.near[:0], n)[:n]
	e.byShard = slices.Grow(e.byShard[:0], n)[:n]
	var bounds [1<<mostShardBits + 1]int
	for _, hash := range hashes {
		bounds[s.shardOf(hash).number+1]++
	}
	for k := range s.shards {
		bounds[k+1] += bounds[k]
	}
	next := bounds
	for i, hash := range hashes {
		k := s.shardOf(hash).number
		e.byShard[next[k]] = uint32(i)
		next[k]++
	}
	first := int(hashes[0] % uint64(len(s.shards))) // goroutines begin at different ones
	for k := range s.shards {
		k = (first + k) % len(s.shards)
		if err := e.internShard(&s.shards[k], c, sel, ids, hashes, e.byShard[bounds[k]:bounds[k+1]]); err != nil {
			return err
		}
	}
	return nil
}

// internShard interns the strings of some rows, which are all of one shard.
func (e *Encoder) internShard(h *shard, c *vector.Column, sel vector.Selection, ids []uint32, hashes []uint64, rows []uint32) error {
	if len(rows) == 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, i := range rows {
		e.near[i] = 0
		if len(h.slots) > 0 {
			e.near[i] = h.slots[hashes[i]&uint64(len(h.slots)-1)]
		}
	}
	for _, i := range rows {
		row := int(i)
		if sel != nil {
			row = int(sel[i])
		}
		if c.IsNull(row) {
			ids[i] = 0
			continue
		}
		if err := e.textID(c, row, int(i), ids, hashes, false); err != nil {
			return err
		}
	}
	return nil
}

func (e *Encoder) constIDs(f *field, c *vector.Column, ids []uint32, hashes []uint64, lookup bool) error {
	if len(ids) == 0 {
		return nil
	}
	id, hash, err := e.id(f, &c.Dict.Values, 0, lookup)
	for i := range ids {
		ids[i], hashes[i] = id, hash
	}
	return err
}

func (e *Encoder) dictIDs(i int, c *vector.Column, sel vector.Selection, ids []uint32, hashes []uint64, lookup bool) error {
	known, err := e.dicts[i].find(c.Dict, e.strings)
	if err != nil {
		return err
	}
	f := &e.layout.fields[i]
	for i, code := range e.codes(c, sel, len(ids)) {
		k := &known[code]
		if k.id == 0 {
			if k.id, k.hash, err = e.id(f, &c.Dict.Values, int(code), lookup); err != nil {
				return err
			}
		}
		ids[i], hashes[i] = k.id, k.hash
	}
	return nil
}

// find gives what is remembered of a dictionary. The cache keeps the Dict alive,
// so that its address cannot come to mean another one.
func (c *dictCache) find(d *vector.Dict, s *Strings) ([]knownString, error) {
	for i := range c.dicts {
		if c.dicts[i] == d {
			return c.known[i], nil
		}
	}
	at := c.next
	c.next = (at + 1) % len(c.dicts)
	if cap(c.known[at]) < d.Values.Len {
		if err := s.reserve(int64(16 * (d.Values.Len - cap(c.known[at])))); err != nil {
			return nil, err
		}
		c.known[at] = make([]knownString, d.Values.Len)
	}
	c.dicts[at], c.known[at] = d, c.known[at][:d.Values.Len]
	clear(c.known[at])
	return c.known[at], nil
}

// id is the id of row row of a flat column, and the hash of the string.
func (e *Encoder) id(f *field, c *vector.Column, row int, lookup bool) (id uint32, hash uint64, err error) {
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
	hash = HashBytes(b)
	if lookup {
		return e.strings.Lookup(b, hash), hash, nil
	}
	id, err = e.strings.Intern(b, hash)
	return id, hash, err
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
