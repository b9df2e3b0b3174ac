package eval

import (
	"unsafe"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

// frame is one evaluation: the input's columns and the memory of intermediate
// results. Slabs that the result turns out to use are handed to the batch, the
// others are released at the end.
type frame struct {
	cols  []vector.Column
	n     int
	opts  Options
	slabs []*memory.Slab
}

// single is a frame of one row over no columns, for work on constants. It hands
// its slabs to f when the caller calls absorb.
func (f *frame) single() *frame { return &frame{cols: f.cols, n: 1, opts: f.opts} }

func (f *frame) absorb(o *frame) { f.slabs = append(f.slabs, o.slabs...) }

// raw is n bytes, not zeroed.
func (f *frame) raw(n int) ([]byte, error) {
	if f.opts.Pool == nil || n == 0 {
		return make([]byte, n), nil
	}
	s, err := f.opts.Pool.Get(n, f.opts.Account)
	if err != nil {
		return nil, err
	}
	f.slabs = append(f.slabs, s)
	return s.Bytes()[:n], nil
}

// alloc is memory for n values, not zeroed.
func alloc[T any](f *frame, n int) ([]T, error) {
	var t T
	b, err := f.raw(n * int(unsafe.Sizeof(t)))
	if err != nil || n == 0 {
		return nil, err
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n), nil
}

// zeroed is memory for n zero values.
func zeroed[T any](f *frame, n int) ([]T, error) {
	s, err := alloc[T](f, n)
	clear(s)
	return s, err
}

// selection is room for every row.
func (f *frame) selection(sel vector.Selection) (vector.Selection, error) {
	n := f.count(sel)
	if n == 0 {
		return vector.Selection{}, nil // nil would mean all rows
	}
	return alloc[uint32](f, n)
}

// count is the number of rows of sel.
func (f *frame) count(sel vector.Selection) int {
	if sel != nil {
		return len(sel)
	}
	return f.n
}

// bitmap is a bitmap over the rows with every bit set.
func (f *frame) bitmap() (vector.Bitmap, error) {
	b, err := alloc[uint64](f, vector.Words(f.n))
	for i := range b {
		b[i] = ^uint64(0)
	}
	return b, err
}

// and is the rows valid in both; nil means all.
func (f *frame) and(a, b vector.Bitmap) (vector.Bitmap, error) {
	switch {
	case a == nil:
		return b, nil
	case b == nil:
		return a, nil
	}
	out, err := alloc[uint64](f, vector.Words(f.n))
	if err != nil {
		return nil, err
	}
	kernel.AndBits(a, b, out)
	return out, nil
}

// flat is the column without codes: a flat one as it is, a constant as its one
// value, a dictionary looked up on the selected rows.
func (f *frame) flat(c *vector.Column, sel vector.Selection) (vector.Column, error) {
	if c.Dict == nil {
		return *c, nil
	}
	if c.Width == 0 {
		v := c.Dict.Values
		v.Valid = nil
		return v, nil
	}
	out := vector.Column{Kind: c.Kind, Len: c.Len, Valid: c.Valid, Buffers: c.Dict.Values.Buffers}
	d := &c.Dict.Values
	var err error
	switch c.Kind.Size() {
	case 1:
		out.Data, err = lookup(f, c, d.Bools(), sel)
	case 2:
		out.Data, err = lookup(f, c, d.Int16s(), sel)
	case 4:
		if c.Kind == vector.List {
			return vector.Flatten(c), nil
		}
		out.Data, err = lookup(f, c, fixed[uint32](d), sel)
	case 8:
		out.Data, err = lookup(f, c, fixed[uint64](d), sel)
	case 16:
		out.Data, err = lookup(f, c, fixed[[2]uint64](d), sel)
	default:
		return vector.Flatten(c), nil
	}
	return out, err
}

// fixed is the values of a flat column as plain words of the right width.
func fixed[T any](c *vector.Column) []T {
	if c.Len == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(c.Data))), c.Len)
}

func lookup[T any](f *frame, c *vector.Column, entries []T, sel vector.Selection) ([]byte, error) {
	var out []T
	var err error
	if c.Kind == vector.String && sel != nil {
		out, err = zeroed[T](f, c.Len) // views outside the selection stay readable
	} else {
		out, err = alloc[T](f, c.Len)
	}
	if err != nil {
		return nil, err
	}
	switch c.Width {
	case 1:
		kernel.Lookup(c.Codes8(), entries, sel, out)
	case 2:
		kernel.Lookup(c.Codes16(), entries, sel, out)
	default:
		kernel.Lookup(c.Codes32(), entries, sel, out)
	}
	return vector.BytesOf(out), nil
}

// keep hands the slabs that the columns and the selection use to the batch and
// releases the others.
func (f *frame) keep(b *vector.Batch, sel vector.Selection, cols ...*vector.Column) {
	for _, s := range f.slabs {
		buf := s.Bytes()
		from := uintptr(unsafe.Pointer(unsafe.SliceData(buf)))
		in := within{from, from + uintptr(len(buf))}
		used := holds(in, sel)
		for _, c := range cols {
			used = used || in.column(c)
		}
		if used {
			b.Hold(s)
		} else {
			s.Release()
		}
	}
	f.slabs = f.slabs[:0]
}

// drop releases everything, after an error.
func (f *frame) drop() {
	for _, s := range f.slabs {
		s.Release()
	}
	f.slabs = f.slabs[:0]
}

// within is a range of addresses.
type within struct{ from, to uintptr }

func holds[T any](w within, s []T) bool {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	return cap(s) > 0 && p >= w.from && p < w.to
}

func (w within) column(c *vector.Column) bool {
	if holds(w, c.Data) || holds(w, c.Valid) {
		return true
	}
	for _, b := range c.Buffers {
		if holds(w, b) {
			return true
		}
	}
	for i := range c.Children {
		if w.column(&c.Children[i]) {
			return true
		}
	}
	return c.Dict != nil && w.column(&c.Dict.Values)
}
