package exec

import (
	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
)

// windowFeed gives the values of an argument row by row, in order, where they count: for
// calls whose frames' ends only ever move on.
type windowFeed struct {
	arg    windowArg
	filter *windowArg // nil: all rows
	block  *windowBlock
	page   int // -1: none
	from   int // its rows are positions [from, to) of the block
	to     int
	counts vector.Bitmap // rows that count; nil: all
	column vector.Column
}

func (f *windowFeed) begin(b *windowBlock) { f.block, f.page, f.from, f.to = b, -1, 0, 0 }

// load has the page with a position; it is read on from there.
func (f *windowFeed) load(pos int) error {
	if pos >= f.from && pos < f.to {
		return nil
	}
	f.page = f.block.at(pos)
	p := &f.block.pages[f.page]
	f.from, f.to = p.start, p.start+p.n
	c, err := f.arg.of(f.block, f.page)
	if err != nil {
		return err
	}
	pass, err := passing(f.filter, f.block, f.page)
	if err != nil {
		return err
	}
	if c.Dict != nil {
		c = vector.Flatten(&c)
	}
	f.counts, f.column = vector.And(c.Valid, pass, c.Len), c
	return nil
}

// keys is the page's values as integers that rise with them.
func (f *windowFeed) keys(out []int64) []int64 {
	out = out[:0]
	switch f.column.Kind {
	case vector.Int16:
		return appendInts(out, f.column.Int16s())
	case vector.Int32:
		return appendInts(out, f.column.Int32s())
	case vector.Int64:
		return append(out, f.column.Int64s()...)
	case vector.Float32:
		for _, v := range f.column.Float32s() {
			out = append(out, kernel.OrderedKey(float64(v)))
		}
	case vector.Float64:
		for _, v := range f.column.Float64s() {
			out = append(out, kernel.OrderedKey(v))
		}
	}
	return out
}

func appendInts[T int16 | int32](out []int64, values []T) []int64 {
	for _, v := range values {
		out = append(out, int64(v))
	}
	return out
}

// floats is the page's values.
func (f *windowFeed) floats(out []float64) []float64 {
	if f.column.Kind == vector.Float64 {
		return f.column.Float64s()
	}
	out = out[:0]
	for _, v := range f.column.Float32s() {
		out = append(out, float64(v))
	}
	return out
}
