package exec

import (
	"slices"

	"github.com/skein-query/skein/exec/vector"
)

// rowStore keeps rows in memory of its own, as columns in chunks of the batches
// they came in: rows that are sorted or replaced are named by chunk and row, where
// a join looks rows up in columns of one piece (columnBuffer, joinStore). Dictionary columns keep their codes, over one copy per dictionary.
type rowStore struct {
	b      *budget
	chunks []rowChunk
	dicts  []dictCopies // per column
}

// rowChunk is rows of one batch.
type rowChunk struct {
	cols []vector.Column
	n    int
}

// dictCopies is the dictionaries a column met last and the store's copies of them.
type dictCopies struct {
	from, own [4]*vector.Dict
	next      int
}

// rowRef names a row of a store.
type rowRef struct {
	chunk, row uint32
}

// add copies the selected rows of columns of rows rows in.
func (s *rowStore) add(cols []vector.Column, rows int, sel vector.Selection) error {
	if s.dicts == nil {
		s.dicts = make([]dictCopies, len(cols))
	}
	c := rowChunk{cols: make([]vector.Column, len(cols)), n: rows}
	if sel != nil {
		c.n = len(sel)
	}
	for i := range cols {
		var err error
		if c.cols[i], err = s.own(i, &cols[i], c.n, sel); err != nil {
			return err
		}
	}
	s.chunks = append(s.chunks, c)
	return nil
}

// own gathers n rows of a column into memory that is the store's.
func (s *rowStore) own(i int, c *vector.Column, n int, sel vector.Selection) (vector.Column, error) {
	// A dictionary much larger than its rows is not worth a copy.
	if c.Dict != nil && (c.Kind != vector.String || c.Dict.Values.Len == 0 || c.Dict.Values.Len > 4*n+64) {
		flat := vector.Flatten(c)
		c = &flat
	}
	out := copied(c, n, sel)
	if err := s.b.reserve(int64(len(out.Data)) + int64(len(out.Valid))*8); err != nil {
		return out, err
	}
	switch {
	case c.Dict != nil:
		d, err := s.dicts[i].find(s.b, c.Dict)
		out.Dict = d
		return out, err
	case c.Kind == vector.String:
		texts, err := ownTexts(s.b, &out)
		texts.Valid = out.Valid
		return texts, err
	case c.Kind == vector.List || c.Kind == vector.Struct:
		return ownNested(s.b, &out)
	}
	return out, nil
}

// copied is the rows of a column, all n of them without a selection, whose strings stay
// where they are.
func copied(c *vector.Column, n int, sel vector.Selection) vector.Column {
	width := c.Kind.Size()
	if c.Dict != nil {
		width = int(c.Width)
	}
	switch {
	case sel != nil:
		return vector.Gather(c, sel)
	case c.Dict == nil && (c.Kind == vector.List || c.Kind == vector.Struct):
		return vector.Gather(c, vector.All(n))
	}
	out := *c
	out.Len, out.Data = n, slices.Clone(c.Data[:n*width])
	if c.Valid != nil {
		out.Valid = slices.Clone(c.Valid[:vector.Words(n)])
	}
	return out
}

// find gives the copy of a dictionary, made now when it is new.
func (c *dictCopies) find(b *budget, d *vector.Dict) (*vector.Dict, error) {
	if at := slices.Index(c.from[:], d); at >= 0 {
		return c.own[at], nil
	}
	values, err := ownTexts(b, &d.Values)
	if err != nil {
		return nil, err
	}
	at := c.next
	c.next = (at + 1) % len(c.from)
	c.from[at], c.own[at] = d, &vector.Dict{Values: values}
	return c.own[at], nil
}

// ownTexts copies the strings of a flat column, those under NULLs as empty ones.
func ownTexts(b *budget, c *vector.Column) (vector.Column, error) {
	size := int64(0)
	views := c.Views()
	for i := range views {
		if !views[i].Inline() && !c.IsNull(i) {
			size += int64(views[i].Len)
		}
	}
	if err := b.reserve(size + int64(len(views))*16); err != nil {
		return vector.Column{}, err
	}
	out := slices.Clone(views)
	bytes := make([]byte, 0, size)
	for i := range views {
		switch {
		case c.IsNull(i):
			out[i] = vector.View{}
		case !views[i].Inline():
			off := len(bytes)
			bytes = append(bytes, views[i].Bytes(c.Buffers)...)
			out[i] = vector.MakeView(bytes[off:], 0, uint32(off))
		}
	}
	return vector.Column{Kind: vector.String, Len: len(out), Data: vector.BytesOf(out), Buffers: [][]byte{bytes}}, nil
}
