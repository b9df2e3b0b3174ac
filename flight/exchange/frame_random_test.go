package exchange

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/skein-query/skein/exec/vector"
)

// random makes batches of every kind, encoding and nesting.
type random struct {
	*rand.Rand
	dicts []*vector.Dict // that later columns may use again
}

func newRandom(seed uint64) *random { return &random{Rand: rand.New(rand.NewPCG(seed, 7))} }

func (r *random) batch(rows int) *vector.Batch {
	cols := make([]vector.Column, r.IntN(6))
	for i := range cols {
		cols[i] = r.column(vector.Kind(1+r.IntN(int(vector.Struct))), rows, 2)
	}
	b := vector.New(cols, rows)
	if r.IntN(2) == 0 {
		b.Sel = vector.Selection{}
		for i := range rows {
			if r.IntN(3) > 0 {
				b.Sel = append(b.Sel, uint32(i))
			}
		}
	}
	return b
}

// column makes n rows of a kind, perhaps as a slice of a longer column.
func (r *random) column(kind vector.Kind, n, depth int) vector.Column {
	if r.IntN(4) == 0 {
		from, more := r.IntN(70), r.IntN(5)
		long := r.whole(kind, from+n+more, depth)
		return long.Slice(from, from+n)
	}
	return r.whole(kind, n, depth)
}

func (r *random) whole(kind vector.Kind, n, depth int) vector.Column {
	var c vector.Column
	nested := kind == vector.List || kind == vector.Struct // which come in no dictionaries
	switch way := r.IntN(4); {
	case way == 0:
		c = vector.Const(r.flat(kind, 1, depth), n)
	case way == 1 && !nested:
		c = r.coded(kind, n)
	default:
		c = r.flat(kind, n, depth)
	}
	if r.IntN(2) == 0 {
		c.Valid = vector.NewBitmap(n)
		for i := range n {
			if r.IntN(4) > 0 {
				c.Valid.Set(i)
			}
		}
		clearNullViews(&c)
	}
	return c
}

// clearNullViews keeps the invariant that a view under a null is the zero view.
func clearNullViews(c *vector.Column) {
	if c.Kind != vector.String || c.Dict != nil {
		return
	}
	for i := range c.Len {
		if c.IsNull(i) {
			c.Views()[i] = vector.View{}
		}
	}
}

func (r *random) coded(kind vector.Kind, n int) vector.Column {
	d := &vector.Dict{Values: r.flat(kind, 1+r.IntN(300), 0)}
	if old := len(r.dicts); old > 0 && r.IntN(2) == 0 && r.dicts[old-1].Values.Kind == kind {
		d = r.dicts[old-1]
	}
	r.dicts = append(r.dicts, d)
	c := vector.Column{Kind: kind, Len: n, Dict: d}
	switch size := d.Values.Len; {
	case size <= 256 && r.IntN(2) == 0:
		c.Width, c.Data = 1, vector.BytesOf(codes[uint8](r, n, size))
	case r.IntN(2) == 0:
		c.Width, c.Data = 2, vector.BytesOf(codes[uint16](r, n, size))
	default:
		c.Width, c.Data = 4, vector.BytesOf(codes[uint32](r, n, size))
	}
	return c
}

func codes[T uint8 | uint16 | uint32](r *random, n, size int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = T(r.IntN(size))
	}
	return out
}

func (r *random) flat(kind vector.Kind, n, depth int) vector.Column {
	switch kind {
	case vector.String:
		var b vector.StringBuilder
		for range n {
			b.AppendString(strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(30)))
		}
		return b.Column(nil)
	case vector.List:
		offsets := make([]int32, 1, n+1)
		for range n {
			offsets = append(offsets, offsets[len(offsets)-1]+int32(r.IntN(4)))
		}
		child := r.column(r.inner(depth), int(offsets[n]), depth-1)
		return vector.Column{Kind: kind, Len: n, Data: vector.BytesOf(offsets), Children: []vector.Column{child}}
	case vector.Struct:
		c := vector.Column{Kind: kind, Len: n}
		for range r.IntN(4) {
			c.Children = append(c.Children, r.column(r.inner(depth), n, depth-1))
		}
		return c
	}
	words := make([]uint64, (n*kind.Size()+7)/8+1)
	for i := range words {
		words[i] = r.Uint64()
	}
	data := vector.BytesOf(words)
	if kind == vector.Bool {
		for i := range data {
			data[i] &= 1
		}
	}
	return vector.Column{Kind: kind, Len: n, Data: data}
}

// inner is the kind of a nested column's child.
func (r *random) inner(depth int) vector.Kind {
	if depth == 0 {
		return vector.Kind(1 + r.IntN(int(vector.Interval)))
	}
	return vector.Kind(1 + r.IntN(int(vector.Struct)))
}

// rowsOf are the selected rows of a batch as text that says every bit of them.
func rowsOf(b *vector.Batch) []string {
	out := make([]string, 0, b.Rows())
	for _, row := range b.Selected() {
		var s strings.Builder
		for i := range b.Cols {
			s.WriteString(cell(&b.Cols[i], int(row)) + " ")
		}
		out = append(out, s.String())
	}
	return out
}

func cell(c *vector.Column, row int) string {
	if c.IsNull(row) {
		return "null"
	}
	flat, i := c.At(row)
	if flat != c && flat.IsNull(i) {
		return "null entry"
	}
	switch c.Kind {
	case vector.String:
		return fmt.Sprintf("%q", flat.StringAt(i))
	case vector.List:
		s := "["
		for j := flat.Offsets()[i]; j < flat.Offsets()[i+1]; j++ {
			s += cell(&flat.Children[0], int(j)) + ","
		}
		return s + "]"
	case vector.Struct:
		s := "("
		for f := range flat.Children {
			s += cell(&flat.Children[f], i) + ","
		}
		return s + ")"
	}
	width := c.Kind.Size()
	return fmt.Sprintf("%x", flat.Data[i*width:(i+1)*width])
}
