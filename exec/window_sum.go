package exec

import (
	"math"
	"math/bits"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// windowSum is count, and sum and avg of integers and of numerics up to 18 digits: the
// differences of running sums over a block, which are exact.
type windowSum struct {
	windowFrame
	fn     string
	arg    *windowArg // nil: count(*)
	filter *windowArg // nil: all rows
	typ    expr.Type  // of the argument
	result expr.Type
	finish finisher // of avg

	b      budget
	counts []int64       // by position: rows before it that count; nil: all do
	narrow []int64       // by position: the sum before it,
	wide   []vector.I128 // or this where that could overflow
	// What the first partition's rows in earlier blocks come to:
	carriedRows int64
	carriedSum  vector.I128
	carries     bool // the block's first partition has some
}

func (w *windowSum) begin(b *windowBlock) (err error) {
	if w.carries = b.parts[0] < 0; !w.carries {
		w.carriedRows, w.carriedSum = 0, vector.I128{}
	}
	counts, narrow, err := w.scan(b)
	if err != nil {
		return err
	}
	w.counts, w.narrow, w.wide = w.counts[:0], w.narrow[:0], w.wide[:0]
	if counts {
		if w.counts, err = grown(&w.b, w.counts, b.rows+1); err != nil {
			return err
		}
		w.counts[0] = 0
	}
	switch {
	case w.fn == "count":
	case narrow:
		if w.narrow, err = grown(&w.b, w.narrow, b.rows+1); err == nil {
			w.narrow[0] = 0
		}
	default:
		if w.wide, err = grown(&w.b, w.wide, b.rows+1); err == nil {
			w.wide[0] = vector.I128{}
		}
	}
	for i := range b.pages {
		if err == nil {
			err = w.add(b, i)
		}
	}
	return err
}

// scan reports whether rows have to be counted and whether 64 bits hold all sums.
func (w *windowSum) scan(b *windowBlock) (counts, narrow bool, err error) {
	counts = w.filter != nil
	most := uint64(0)
	for i := range b.pages {
		if w.arg == nil {
			break
		}
		c, err := w.arg.of(b, i)
		if err != nil {
			return false, false, err
		}
		counts = counts || c.Valid != nil
		if w.fn == "count" {
			continue
		}
		if c.Dict != nil {
			c = vector.Flatten(&c)
		}
		o := operand{n: c.Len}
		switch c.Kind {
		case vector.Int16:
			most |= magnitude(c.Int16s(), &o)
		case vector.Int32:
			most |= magnitude(c.Int32s(), &o)
		case vector.Int64:
			most |= magnitude(c.Int64s(), &o)
		default:
			most = math.MaxUint64 // wide values that come 128 bits wide
		}
	}
	hi, lo := bits.Mul64(most+1, uint64(b.rows))
	return counts, hi == 0 && lo < math.MaxInt64 && most < math.MaxInt64, nil
}

// add continues the running sums over a page.
func (w *windowSum) add(b *windowBlock, page int) error {
	p := &b.pages[page]
	start, n := p.start, p.n
	var c vector.Column
	var err error
	if w.arg != nil {
		if c, err = w.arg.of(b, page); err != nil {
			return err
		}
		if c.Dict != nil && w.fn != "count" {
			c = vector.Flatten(&c)
		}
	}
	pass, err := passing(w.filter, b, page)
	if err != nil {
		return err
	}
	valid := vector.And(c.Valid, pass, n)
	if len(w.counts) > 0 {
		runCounts(w.counts[start:start+n+1], valid)
	}
	switch {
	case w.fn == "count":
	case len(w.narrow) > 0:
		runNarrow(w.narrow[start:start+n+1], &c, valid)
	default:
		runWide(w.wide[start:start+n+1], &c, valid)
	}
	return nil
}

// passing is the rows of a page on which a filter is true; nil: all of them.
func passing(filter *windowArg, b *windowBlock, page int) (vector.Bitmap, error) {
	if filter == nil {
		return nil, nil
	}
	c, err := filter.of(b, page)
	if err != nil {
		return nil, err
	}
	pass := vector.NewBitmap(max(c.Len, 1))
	for i := range c.Len {
		if values, at := c.At(i); !c.IsNull(i) && values.Data[at]&1 != 0 {
			pass.Set(i)
		}
	}
	return pass, nil
}

func runCounts(out []int64, valid vector.Bitmap) {
	n := out[0]
	for i := range out[1:] {
		if valid == nil || valid.Get(i) {
			n++
		}
		out[i+1] = n
	}
}

func runNarrow(out []int64, c *vector.Column, valid vector.Bitmap) {
	switch c.Kind {
	case vector.Int16:
		runInts(out, c.Int16s(), valid)
	case vector.Int32:
		runInts(out, c.Int32s(), valid)
	default:
		runInts(out, c.Int64s(), valid)
	}
}

func runInts[T int16 | int32 | int64](out []int64, values []T, valid vector.Bitmap) {
	sum := out[0]
	out = out[1:]
	values = values[:len(out)]
	if valid == nil {
		for i, v := range values {
			sum += int64(v)
			out[i] = sum
		}
		return
	}
	for i, v := range values {
		if valid.Get(i) {
			sum += int64(v)
		}
		out[i] = sum
	}
}

func runWide(out []vector.I128, c *vector.Column, valid vector.Bitmap) {
	sum := out[0]
	for i := range out[1:] {
		if valid == nil || valid.Get(i) {
			sum = wrapAdd(sum, integerAt(c, i))
		}
		out[i+1] = sum
	}
}

func integerAt(c *vector.Column, i int) vector.I128 {
	switch c.Kind {
	case vector.Int16:
		return kernel.From64(int64(c.Int16s()[i]))
	case vector.Int32:
		return kernel.From64(int64(c.Int32s()[i]))
	}
	return kernel.From64(c.Int64s()[i])
}

// wrapAdd and wrapSub count modulo 2^128: differences come out right whatever the sums.
func wrapAdd(a, b vector.I128) vector.I128 {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	hi, _ := bits.Add64(uint64(a.Hi), uint64(b.Hi), carry)
	return vector.I128{Lo: lo, Hi: int64(hi)}
}

func wrapSub(a, b vector.I128) vector.I128 {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	hi, _ := bits.Sub64(uint64(a.Hi), uint64(b.Hi), borrow)
	return vector.I128{Lo: lo, Hi: int64(hi)}
}

// rowsIn and sumIn are those of rows [low, high), of which the first may be in an earlier
// block.
func (w *windowSum) rowsIn(low, high int) int64 {
	n := int64(0)
	if low < 0 {
		n, low = w.carriedRows, 0
	}
	if len(w.counts) == 0 {
		return n + int64(high-low)
	}
	return n + w.counts[high] - w.counts[low]
}

func (w *windowSum) sumIn(low, high int) vector.I128 {
	s := vector.I128{}
	if low < 0 {
		s, low = w.carriedSum, 0
	}
	if len(w.wide) == 0 {
		return wrapAdd(s, kernel.From64(w.narrow[high]-w.narrow[low]))
	}
	return wrapAdd(s, wrapSub(w.wide[high], w.wide[low]))
}

func (w *windowSum) column(v *windowView) (vector.Column, error) {
	rows, err := w.rows(v)
	if err != nil {
		return vector.Column{}, err
	}
	counts := make([]int64, v.n)
	for i := range counts {
		if rows.without == nil {
			if rows.low[i] < rows.high[i] {
				counts[i] = w.rowsIn(rows.low[i], rows.high[i])
			}
			continue
		}
		rows.ranges(i, func(low, high int) { counts[i] += w.rowsIn(low, high) })
	}
	if w.fn == "count" {
		return vector.Flat(vector.Int64, counts, nil), nil
	}
	sums, err := w.sums(v, rows, counts)
	if err != nil || w.finish == nil {
		return sums, err
	}
	return w.finish([]vector.Column{sums, vector.Flat(vector.Int64, counts, nil)})
}

// sums is the column of sums, as wide as they need.
func (w *windowSum) sums(v *windowView, rows *frameRows, counts []int64) (vector.Column, error) {
	var valid vector.Bitmap
	for i, n := range counts {
		if n == 0 {
			if valid == nil {
				valid = vector.NewBitmapSet(v.n)
			}
			valid.Clear(i)
		}
	}
	if len(w.wide) == 0 && !w.carries && rows.without == nil {
		out := make([]int64, v.n)
		low, high := rows.low[:v.n], rows.high[:v.n]
		for i := range out {
			out[i] = w.narrow[high[i]] - w.narrow[low[i]]
		}
		return vector.Flat(vector.Int64, out, valid), nil
	}
	out := make([]vector.I128, v.n)
	for i := range out {
		rows.ranges(i, func(low, high int) { out[i] = wrapAdd(out[i], w.sumIn(low, high)) })
	}
	if w.result.IsWide() || w.finish != nil {
		return vector.Flat(vector.Int128, out, valid), nil
	}
	narrow := make([]int64, v.n)
	for i, s := range out {
		if !kernel.Fits64(s) {
			return vector.Column{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", w.result)
		}
		narrow[i] = int64(s.Lo)
	}
	return vector.Flat(vector.Int64, narrow, valid), nil
}

func (w *windowSum) end(b *windowBlock) error {
	from := last(b.parts)
	rows, sum := w.rowsIn(from, b.rows), vector.I128{}
	if w.fn != "count" {
		sum = w.sumIn(from, b.rows)
	}
	w.carriedRows, w.carriedSum = rows, sum
	return nil
}

func (w *windowSum) close() {
	w.windowFrame.close()
	w.b.free()
}
