package exec

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// windowValue is the functions whose value is an argument's in another row.
type windowValue struct {
	arg windowArg
}

func (*windowValue) begin(*windowBlock) error { return nil }
func (*windowValue) end(*windowBlock) error   { return nil }
func (*windowValue) close()                   {}

// pick is the argument's values in the rows at the given positions; otherwise, on the
// view's own rows, where the position is noRow: nil means NULL.
func (w *windowValue) pick(v *windowView, at []int, otherwise *vector.Column) (vector.Column, error) {
	var chunks []rowChunk
	chunkOf := map[int]uint32{} // by page
	use := func(page int) (uint32, error) {
		if c, ok := chunkOf[page]; ok {
			return c, nil
		}
		c, err := w.arg.of(v.windowBlock, page)
		if err != nil {
			return 0, err
		}
		chunkOf[page] = uint32(len(chunks))
		chunks = append(chunks, rowChunk{cols: []vector.Column{c}, n: c.Len})
		if page != v.number {
			if v.lent == nil {
				v.lent = map[int]bool{}
			}
			v.lent[page] = true
		}
		return chunkOf[page], nil
	}
	refs := make([]rowRef, len(at))
	missing := 0
	page, from, to, chunk := -1, 0, 0, uint32(0)
	for i, pos := range at {
		if pos == noRow {
			missing++
			continue
		}
		if page < 0 || pos < from || pos >= to {
			page = v.at(pos)
			from, to = v.pages[page].start, v.pages[page].start+v.pages[page].n
			var err error
			if chunk, err = use(page); err != nil {
				return vector.Column{}, err
			}
		}
		refs[i] = rowRef{chunk, uint32(pos - from)}
	}
	if missing == len(at) && otherwise == nil {
		return vector.Const(eval.ColumnOf([]expr.Value{expr.Null}, w.arg.typ), v.n), nil
	}
	if missing > 0 {
		if otherwise != nil {
			chunk = uint32(len(chunks))
			chunks = append(chunks, rowChunk{cols: []vector.Column{*otherwise}, n: v.n})
		}
		some := refs[present(at)] // NULLs are made of any row
		for i, pos := range at {
			if pos == noRow && otherwise != nil {
				refs[i] = rowRef{chunk, uint32(i)}
			} else if pos == noRow {
				refs[i] = some
			}
		}
	}
	out := rowColumns(flatChunks(chunks), 1)[0].gather(refs)
	if missing > 0 && otherwise == nil {
		if out.Valid == nil {
			out.Valid = vector.NewBitmapSet(len(at))
		}
		for i, pos := range at {
			if pos == noRow {
				out.Valid.Clear(i)
			}
		}
	}
	return out, nil
}

// none is the argument on no rows.
func (w *windowValue) none(v *windowView) (vector.Column, error) {
	return eval.ColumnOf(nil, w.arg.typ), nil
}

// present is the first row that has a position.
func present(at []int) int {
	for i, pos := range at {
		if pos != noRow {
			return i
		}
	}
	return 0
}

// flatChunks is chunks whose columns have a dictionary in texts only, and there no constant.
func flatChunks(chunks []rowChunk) []rowChunk {
	for i := range chunks {
		if c := &chunks[i].cols[0]; c.Dict != nil && (c.Kind != vector.String || c.IsConst()) {
			*c = vector.Flatten(c)
		}
	}
	return chunks
}

// windowNth is first_value, last_value and nth_value.
type windowNth struct {
	windowValue
	windowFrame
	n      int        // see frameRows.nth
	number *windowArg // from 1; nil: n it is
}

func (w *windowNth) column(v *windowView) (vector.Column, error) {
	rows, err := w.rows(v)
	if err != nil {
		return vector.Column{}, err
	}
	at := make([]int, v.n)
	if w.number == nil {
		for i := range at {
			at[i] = rows.nth(i, w.n)
		}
		return w.pick(v, at, nil)
	}
	number, err := w.number.of(v.windowBlock, v.number)
	if err != nil {
		return vector.Column{}, err
	}
	for i := range at {
		if at[i] = noRow; number.IsNull(i) {
			continue
		}
		c, row := number.At(i)
		n := int(c.Int32s()[row])
		if n <= 0 {
			return vector.Column{}, sqlerr.New(sqlerr.InvalidArgumentForNth, "argument of nth_value must be greater than zero")
		}
		at[i] = rows.nth(i, n-1)
	}
	return w.pick(v, at, nil)
}

func (w *windowNth) close() { w.windowFrame.close() }

// windowShift is lag and lead.
type windowShift struct {
	windowValue
	args      []windowArg // value, offset, default: as many as were given
	direction int
}

func (w *windowShift) column(v *windowView) (vector.Column, error) {
	at, null := make([]int, v.n), []int(nil)
	if len(w.args) == 1 {
		w.shift(v, at, func(int) int { return w.direction })
	} else {
		offsets, err := w.args[1].of(v.windowBlock, v.number)
		if err != nil {
			return vector.Column{}, err
		}
		w.shift(v, at, func(i int) int {
			c, row := offsets.At(i)
			return w.direction * int(c.Int32s()[row])
		})
		for i := range at {
			if offsets.IsNull(i) {
				at[i], null = noRow, append(null, i)
			}
		}
	}
	var otherwise *vector.Column
	if len(w.args) == 3 {
		c, err := w.args[2].of(v.windowBlock, v.number)
		if err != nil {
			return vector.Column{}, err
		}
		otherwise = &c
	}
	out, err := w.pick(v, at, otherwise)
	if err == nil && len(null) > 0 && otherwise != nil { // by no number of rows there is not even a default
		if out.Valid == nil {
			out.Valid = vector.NewBitmapSet(v.n)
		}
		for _, i := range null {
			out.Valid.Clear(i)
		}
	}
	return out, err
}

// shift finds the rows that are by so many behind the view's own in their partition.
func (w *windowShift) shift(v *windowView, at []int, by func(i int) int) {
	v.partitions(func(r windowRun) {
		low, high := v.parts[r.index], v.partEnd(r.index)
		for i := r.from; i < r.to; i++ {
			if at[i] = v.start + i + by(i); at[i] < low || at[i] >= high {
				at[i] = noRow
			}
		}
	})
}
