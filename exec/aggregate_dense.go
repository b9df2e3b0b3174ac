package exec

import (
	"math"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

const (
	maxCodeSpace  = 1 << 14 // combinations of dictionary codes
	denseAlways   = 1 << 20 // ranges of integers that are worth an array from the start
	densePerGroup = 8       // larger ones must have a group for as many values
	maxExpected   = 1 << 22 // groups that an estimate alone may make room for
)

// codeCache remembers the group of each combination of dictionary codes, as long
// as the dictionaries of the keys stay the same.
type codeCache struct {
	dicts []*vector.Dict // per key; nil for booleans
	sizes []int          // per key: codes and one for NULL
	gids  []uint32       // by combined code: group number + 1, 0 not met yet
	index []uint32       // scratch: combined codes of a batch
}

// assign answers a batch whose keys are all dictionary codes, constants or
// booleans with few combinations; done is false for any other.
func (c *codeCache) assign(g *groups, cols []vector.Column, n int, sel vector.Selection, gids []uint32) (done bool, err error) {
	space := 1
	for i := range cols {
		size := codeSize(&cols[i])
		if size == 0 || space*size > maxCodeSpace {
			return false, nil
		}
		space *= size
	}
	if err := c.reset(g, cols, space); err != nil {
		return true, err
	}
	index := resize(&c.index, len(gids))
	clear(index)
	for i := range cols {
		addCodes(&cols[i], sel, index, uint32(c.sizes[i]))
	}
	missing := c.missing(index)
	if len(missing) > 0 {
		// The rows of new combinations go through the hash table, the others by the array.
		found := make([]uint32, len(missing))
		rows := make(vector.Selection, len(missing))
		for i, at := range missing {
			rows[i] = at
			if sel != nil {
				rows[i] = sel[at]
			}
		}
		done := false
		if len(cols) == 1 { // the array of values shall know all groups
			if done, err = g.dense.assign(g, &cols[0], rows, found); err != nil {
				return true, err
			}
		}
		if !done {
			if err := g.assignHashed(cols, n, rows, found); err != nil {
				return true, err
			}
		}
		for i, at := range missing {
			c.gids[index[at]] = found[i] + 1
		}
	}
	for i, code := range index {
		gids[i] = c.gids[code] - 1
	}
	return true, nil
}

// codeSize is the number of codes of a key and one for NULL; 0 when it has none.
func codeSize(c *vector.Column) int {
	switch {
	case c.Dict != nil && (c.IsConst() || c.Dict.Values.Len <= maxCodeSpace):
		return max(c.Dict.Values.Len, 1) + 1
	case c.Dict == nil && c.Kind == vector.Bool:
		return 3
	}
	return 0
}

// reset forgets everything when the dictionaries are not those of the last batch.
func (c *codeCache) reset(g *groups, cols []vector.Column, space int) error {
	same := len(c.dicts) == len(cols) && len(c.gids) == space
	for i := range cols {
		same = same && c.dicts[i] == cols[i].Dict
	}
	if same {
		return nil
	}
	c.dicts, c.sizes = c.dicts[:0], c.sizes[:0]
	for i := range cols {
		c.dicts = append(c.dicts, cols[i].Dict)
		c.sizes = append(c.sizes, codeSize(&cols[i]))
	}
	if space > cap(c.gids) {
		if err := g.b.reserve(int64(space-cap(c.gids)) * 4); err != nil {
			return err
		}
		c.gids = make([]uint32, space)
	}
	c.gids = c.gids[:space]
	clear(c.gids)
	return nil
}

// addCodes appends a key's codes to the combined ones as their last digit.
func addCodes(c *vector.Column, sel vector.Selection, index []uint32, size uint32) {
	switch {
	case c.Dict == nil:
		appendDigit(c.Bools(), sel, index, size)
	case c.Width == 1:
		appendDigit(c.Codes8(), sel, index, size)
	case c.Width == 2:
		appendDigit(c.Codes16(), sel, index, size)
	case c.Width == 4:
		appendDigit(c.Codes32(), sel, index, size)
	default:
		for i := range index {
			index[i] *= size
		}
	}
	if c.Valid == nil {
		return
	}
	for i := range index {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		if !c.Valid.Get(row) {
			index[i] += size - 1 - index[i]%size
		}
	}
}

func appendDigit[T uint8 | uint16 | uint32](codes []T, sel vector.Selection, index []uint32, size uint32) {
	// A value under a NULL may be anything: it must stay a digit.
	last := size - 1
	if sel == nil {
		for i := range index {
			index[i] = index[i]*size + min(uint32(codes[i]), last)
		}
		return
	}
	for i, row := range sel {
		index[i] = index[i]*size + min(uint32(codes[row]), last)
	}
}

// missing gives one row, counted in the selection, for each combination that has
// no group yet.
func (c *codeCache) missing(index []uint32) []uint32 {
	const pending = math.MaxUint32
	var out []uint32
	for i, code := range index {
		if c.gids[code] == 0 {
			c.gids[code] = pending
			out = append(out, uint32(i))
		}
	}
	return out
}

// denseCache is the group of each value of a single integer key in [low, low+len).
// While it is on it knows every group, so a value without one is new, and the hash
// table need not be kept.
type denseCache struct {
	off   bool
	low   int64
	gids  []uint32 // by value - low: group number + 1
	null  uint32   // group of NULL + 1
	known int      // groups it knows

	expected        int    // groups that the plan expects; 0 when it does not say
	least, greatest int64  // of all values
	width           uint64 // from the least to the greatest value of the last batch
}

// inOrder reports whether values rise or fall over the batches: each brings only a
// part of those that have been met.
func (d *denseCache) inOrder() bool {
	return d.width < (uint64(d.greatest)-uint64(d.least))/4
}

// reach makes the array cover the values from low to high, if that is worth it.
func (d *denseCache) reach(g *groups, low, high int64) {
	if !d.off && low <= high {
		d.cover(g, low, high, 0)
	}
}

func isDenseType(t expr.Type) bool {
	switch t.Kind {
	case expr.Int2, expr.Int4, expr.Int8, expr.Date:
		return true
	}
	return t.Kind == expr.Numeric && !t.IsWide()
}

// assign answers a batch; done is false when the values are spread too far for an
// array, or groups were made without it, and then for good.
func (d *denseCache) assign(g *groups, c *vector.Column, sel vector.Selection, gids []uint32) (done bool, err error) {
	if d.off {
		return false, nil
	}
	o := operand{values: c, rows: sel, n: len(gids)}
	o.resolve(c, &g.rows)
	if o.rows == nil {
		o.rows = g.rows.all(o.n)
	}
	nulls := nullRows(c, sel, o.n)
	if d.known == g.n {
		switch o.values.Kind {
		case vector.Int16:
			done = assignDense(d, g, o.values.Int16s(), o.rows, nulls, gids)
		case vector.Int32:
			done = assignDense(d, g, o.values.Int32s(), o.rows, nulls, gids)
		case vector.Int64:
			done = assignDense(d, g, o.values.Int64s(), o.rows, nulls, gids)
		}
	}
	if !done {
		d.leave(g)
		return false, nil
	}
	return true, d.append(g, c, sel)
}

func (d *denseCache) leave(g *groups) {
	g.b.giveBack(int64(len(d.gids)) * 4)
	d.off, d.gids = true, nil
}

// nullRows says which rows, counted in the selection, are NULL; nil: none.
func nullRows(c *vector.Column, sel vector.Selection, n int) vector.Bitmap {
	var out vector.Bitmap
	if c.Valid == nil {
		return nil
	}
	for i := range n {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		if !c.Valid.Get(row) {
			if out == nil {
				out = vector.NewBitmap(n)
			}
			out.Set(i)
		}
	}
	return out
}

// assignDense is assign over values of a type; g.fresh is then the rows that
// brought a new group.
func assignDense[T int16 | int32 | int64](d *denseCache, g *groups, values []T, rows []uint32, nulls vector.Bitmap, gids []uint32) bool {
	low, high, any := span(values, rows, nulls)
	if any {
		if !d.cover(g, low, high, len(gids)) {
			return false
		}
		if g.n == 0 || d.least > d.greatest {
			d.least, d.greatest = low, high
		}
		d.least, d.greatest, d.width = min(d.least, low), max(d.greatest, high), uint64(high)-uint64(low)
	}
	g.fresh = g.fresh[:0]
	next := uint32(g.n)
	for i, row := range rows {
		at := &d.null
		if nulls == nil || !nulls.Get(i) {
			at = &d.gids[int64(values[row])-d.low]
		}
		if *at == 0 {
			next++
			*at = next
			g.fresh = append(g.fresh, uint32(i))
		}
		gids[i] = *at - 1
	}
	return true
}

// span is the least and the greatest value that is not NULL; any is false when
// there is none.
func span[T int16 | int32 | int64](values []T, rows []uint32, nulls vector.Bitmap) (low, high int64, any bool) {
	low, high = math.MaxInt64, math.MinInt64
	if nulls == nil {
		for _, row := range rows {
			v := int64(values[row])
			low, high = min(low, v), max(high, v)
		}
		return low, high, len(rows) > 0
	}
	for i, row := range rows {
		if !nulls.Get(i) {
			v := int64(values[row])
			low, high, any = min(low, v), max(high, v), true
		}
	}
	return low, high, any
}

// cover makes the array reach from low to high, or says that it is not worth it.
func (d *denseCache) cover(g *groups, low, high int64, rows int) bool {
	end := d.low + int64(len(d.gids)) // one past the last value
	if len(d.gids) > 0 {
		if low >= d.low && high < end {
			return true
		}
		low, high = min(low, d.low), max(high, end-1)
	}
	size := uint64(high) - uint64(low) // one less than the values
	if size >= denseAlways && size/densePerGroup >= uint64(max(g.n+rows, d.expected)) {
		return false
	}
	// Room in the direction of growth, so that a key that rises batch by batch is
	// copied only a few times.
	room := int64(min(size, 1<<30))
	switch {
	case len(d.gids) == 0:
		room = 0
	case low < d.low && low-math.MinInt64 > room:
		low -= room
	case high >= end && math.MaxInt64-1-high > room:
		high += room
	}
	size = uint64(high) - uint64(low) + 1
	more := int64(size-uint64(len(d.gids))) * 4
	if g.b.account != nil && !g.b.account.Affords(more) || g.b.reserve(more) != nil {
		return false // the hash table may do with less
	}
	wider := make([]uint32, size)
	if len(d.gids) > 0 {
		copy(wider[d.low-low:], d.gids)
	}
	d.low, d.gids = low, wider
	return true
}

// append makes the groups of the rows in g.fresh.
func (d *denseCache) append(g *groups, c *vector.Column, sel vector.Selection) error {
	if len(g.fresh) > 0 {
		rows := make(vector.Selection, len(g.fresh))
		for i, at := range g.fresh {
			rows[i] = at
			if sel != nil {
				rows[i] = sel[at]
			}
		}
		g.encoder.EncodeWords([]vector.Column{*c}, c.Len, rows, &g.block)
		if err := g.appendWords(g.block.Words); err != nil {
			return err
		}
	}
	d.known = g.n
	return nil
}
