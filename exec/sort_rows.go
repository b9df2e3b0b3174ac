package exec

import (
	"slices"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
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
	if sel == nil {
		sel = vector.All(rows)
	}
	if s.dicts == nil {
		s.dicts = make([]dictCopies, len(cols))
	}
	c := rowChunk{cols: make([]vector.Column, len(cols)), n: len(sel)}
	for i := range cols {
		var err error
		if c.cols[i], err = s.own(i, &cols[i], sel); err != nil {
			return err
		}
	}
	s.chunks = append(s.chunks, c)
	return nil
}

// own gathers rows of a column into memory that is the store's.
func (s *rowStore) own(i int, c *vector.Column, sel vector.Selection) (vector.Column, error) {
	// A dictionary much larger than its rows is not worth a copy.
	if c.Dict != nil && (c.Kind != vector.String || c.Dict.Values.Len == 0 || c.Dict.Values.Len > 4*len(sel)+64) {
		flat := vector.Flatten(c)
		c = &flat
	}
	out := vector.Gather(c, sel)
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

// gatherRows makes a batch of rows, in memory of its own; fields are the columns'.
func gatherRows(chunks []rowChunk, refs []rowRef, fields []expr.Field) *vector.Batch {
	cols := make([]vector.Column, len(fields))
	parts := make([]*vector.Column, len(chunks))
	for i := range fields {
		for j := range chunks {
			parts[j] = &chunks[j].cols[i]
		}
		if len(refs) == 0 {
			cols[i] = eval.ColumnOf(nil, fields[i].Type)
			continue
		}
		cols[i] = gatherColumnRows(parts, refs)
	}
	return vector.New(cols, len(refs))
}

// gatherColumnRows gathers one column of at least one row.
func gatherColumnRows(parts []*vector.Column, refs []rowRef) vector.Column {
	kind := parts[refs[0].chunk].Kind
	dict := parts[refs[0].chunk].Dict
	nulls := false
	for _, r := range refs {
		p := parts[r.chunk]
		nulls = nulls || p.Valid != nil
		if p.Dict != dict || dict != nil && p.Width != parts[refs[0].chunk].Width {
			dict = nil
		}
		if p.Kind == vector.Int128 {
			kind = vector.Int128 // decimals come in both widths
		}
	}
	out := vector.Column{Kind: kind, Len: len(refs)}
	if nulls {
		out.Valid = vector.NewBitmap(len(refs))
		for i, r := range refs {
			if !parts[r.chunk].IsNull(int(r.row)) {
				out.Valid.Set(i)
			}
		}
	}
	switch {
	case dict != nil:
		out.Dict, out.Width = dict, parts[refs[0].chunk].Width
		out.Data = gatherBytes(parts, refs, int(out.Width))
	case kind == vector.String:
		gatherTexts(parts, refs, &out)
	case kind == vector.List || kind == vector.Struct:
		one := make([]vector.Column, len(refs))
		for i, r := range refs {
			one[i] = parts[r.chunk].Slice(int(r.row), int(r.row)+1)
		}
		valid := out.Valid
		out = vector.Concat(one)
		out.Valid = valid
	case kind == vector.Int128:
		gatherWide(parts, refs, &out)
	default:
		out.Data = gatherBytes(parts, refs, kind.Size())
	}
	return out
}

func gatherBytes(parts []*vector.Column, refs []rowRef, width int) []byte {
	switch width {
	case 0:
		return nil
	case 1:
		return gatherRefs(parts, refs, (*vector.Column).Codes8)
	case 2:
		return vector.BytesOf(gatherRefs(parts, refs, (*vector.Column).Codes16))
	case 4:
		return vector.BytesOf(gatherRefs(parts, refs, (*vector.Column).Codes32))
	case 8:
		return vector.BytesOf(gatherRefs(parts, refs, (*vector.Column).Int64s))
	}
	return vector.BytesOf(gatherRefs(parts, refs, (*vector.Column).Int128s))
}

// gatherRefs copies values of one width, whatever they mean.
func gatherRefs[T any](parts []*vector.Column, refs []rowRef, values func(*vector.Column) []T) []T {
	out := make([]T, len(refs))
	for i, r := range refs {
		out[i] = values(parts[r.chunk])[r.row]
	}
	return out
}

func gatherWide(parts []*vector.Column, refs []rowRef, out *vector.Column) {
	values := make([]vector.I128, len(refs))
	for i, r := range refs {
		p := parts[r.chunk]
		if p.Kind == vector.Int128 {
			values[i] = p.Int128s()[r.row]
			continue
		}
		v := p.Int64s()[r.row]
		values[i] = vector.I128{Lo: uint64(v), Hi: v >> 63}
	}
	out.Data = vector.BytesOf(values)
}

func gatherTexts(parts []*vector.Column, refs []rowRef, out *vector.Column) {
	var b vector.StringBuilder
	for _, r := range refs {
		p := parts[r.chunk]
		if p.IsNull(int(r.row)) {
			b.Append(nil)
			continue
		}
		values, at := p.At(int(r.row))
		b.Append(values.Views()[at].Bytes(values.Buffers))
	}
	texts := b.Column(nil)
	out.Data, out.Buffers = texts.Data, texts.Buffers
}
