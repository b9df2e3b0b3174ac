package exec

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// rowColumn is one column of the chunks of a rowStore, or of several, to be gathered
// from by one instance.
type rowColumn struct {
	parts []*vector.Column // by chunk
	alike bool             // all have one kind and one encoding
	nulls bool             // some may have NULLs
	views any              // their values as [][]T, once one was gathered
}

// rowColumns is the first n columns of chunks.
func rowColumns(chunks []rowChunk, n int) []rowColumn {
	out := make([]rowColumn, n)
	for i := range out {
		c := &out[i]
		c.parts, c.alike = make([]*vector.Column, len(chunks)), true
		for j := range chunks {
			p := &chunks[j].cols[i]
			c.parts[j] = p
			c.nulls = c.nulls || p.Valid != nil
			c.alike = c.alike && p.Dict == c.parts[0].Dict && p.Width == c.parts[0].Width && p.Kind == c.parts[0].Kind
		}
	}
	return out
}

// gatherRows makes a batch of rows, in memory of its own; fields are the columns'.
func gatherRows(chunks []rowChunk, refs []rowRef, fields []expr.Field) *vector.Batch {
	return gatherBatch(rowColumns(chunks, len(fields)), refs, fields)
}

func gatherBatch(from []rowColumn, refs []rowRef, fields []expr.Field) *vector.Batch {
	cols := make([]vector.Column, len(fields))
	for i := range fields {
		if len(refs) == 0 {
			cols[i] = eval.ColumnOf(nil, fields[i].Type)
			continue
		}
		cols[i] = from[i].gather(refs)
	}
	return vector.New(cols, len(refs))
}

// gather copies at least one row.
func (c *rowColumn) gather(refs []rowRef) vector.Column {
	head := c.parts[refs[0].chunk]
	kind, dict, nulls := head.Kind, head.Dict, c.nulls
	if !c.alike {
		kind, dict, nulls = c.common(refs)
	}
	out := vector.Column{Kind: kind, Len: len(refs)}
	if nulls {
		out.Valid = vector.NewBitmap(len(refs))
		for i, r := range refs {
			if !c.parts[r.chunk].IsNull(int(r.row)) {
				out.Valid.Set(i)
			}
		}
	}
	switch {
	case dict != nil:
		out.Dict, out.Width = dict, head.Width
		out.Data = c.bytes(refs, int(out.Width))
	case kind == vector.String:
		gatherTexts(c.parts, refs, &out)
	case kind == vector.List || kind == vector.Struct:
		one := make([]vector.Column, len(refs))
		for i, r := range refs {
			one[i] = c.parts[r.chunk].Slice(int(r.row), int(r.row)+1)
		}
		valid := out.Valid
		out = vector.Concat(one)
		out.Valid = valid
	case kind == vector.Int128 && !c.alike:
		gatherWide(c.parts, refs, &out)
	default:
		out.Data = c.bytes(refs, kind.Size())
	}
	return out
}

// common is what the rows have in common where not all chunks are alike: the kind that
// holds all, their dictionary if it is one, and whether NULLs are possible.
func (c *rowColumn) common(refs []rowRef) (kind vector.Kind, dict *vector.Dict, nulls bool) {
	head := c.parts[refs[0].chunk]
	kind, dict = head.Kind, head.Dict
	for _, r := range refs {
		p := c.parts[r.chunk]
		nulls = nulls || p.Valid != nil
		if p.Dict != dict || dict != nil && p.Width != head.Width {
			dict = nil
		}
		if p.Kind == vector.Int128 {
			kind = vector.Int128 // decimals come in both widths
		}
	}
	return kind, dict, nulls
}

func (c *rowColumn) bytes(refs []rowRef, width int) []byte {
	switch width {
	case 0:
		return nil
	case 1:
		return gatherRefs(c, refs, (*vector.Column).Codes8)
	case 2:
		return vector.BytesOf(gatherRefs(c, refs, (*vector.Column).Codes16))
	case 4:
		return vector.BytesOf(gatherRefs(c, refs, (*vector.Column).Codes32))
	case 8:
		return vector.BytesOf(gatherRefs(c, refs, (*vector.Column).Int64s))
	}
	return vector.BytesOf(gatherRefs(c, refs, (*vector.Column).Int128s))
}

// gatherRefs copies values of one width, whatever they mean.
func gatherRefs[T any](c *rowColumn, refs []rowRef, values func(*vector.Column) []T) []T {
	out := make([]T, len(refs))
	if !c.alike {
		for i, r := range refs {
			out[i] = values(c.parts[r.chunk])[r.row]
		}
		return out
	}
	views, ok := c.views.([][]T)
	if !ok {
		views = make([][]T, len(c.parts))
		for i, p := range c.parts {
			views[i] = values(p)
		}
		c.views = views
	}
	for i, r := range refs {
		out[i] = views[r.chunk][r.row]
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
