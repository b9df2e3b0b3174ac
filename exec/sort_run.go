package exec

import (
	"cmp"
	"slices"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// sortRun is rows with their keys, and their order.
type sortRun struct {
	b     *budget
	order *sortOrder
	at    []int // per key: the column that it is, or -1; nil: none is one
	width int   // columns of a row; keys that are none of them stand behind in the store
	store rowStore
	keys  [][]vector.Column // by chunk of the store
	rows  []sortRow
	late  bool // rows get their bits when all are known (sortFit)
	rest  int  // see sortOrder
}

func newSortRun(order *sortOrder, at []int, b *budget) *sortRun {
	return &sortRun{b: b, order: order, at: at, store: rowStore{b: b}, rest: order.rest}
}

// keyColumns says which keys are columns of the input, for newSortRun.
func keyColumns(keys []expr.SortKey) []int {
	at := make([]int, len(keys))
	for i, k := range keys {
		at[i] = -1
		if c, ok := k.Expr.(*expr.Column); ok {
			at[i] = int(c.ID)
		}
	}
	return at
}

// add takes rows of a batch in; sel is the selection, which may be narrower than
// the batch's own. The batch stays the caller's.
func (r *sortRun) add(b *vector.Batch, keys []vector.Column, sel vector.Selection) error {
	n := b.Len
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return nil
	}
	r.width = len(b.Cols)
	cols := slices.Clone(b.Cols)
	for k := range keys {
		if r.at == nil || r.at[k] < 0 {
			cols = append(cols, keys[k])
		}
	}
	chunk := uint32(len(r.store.chunks))
	if err := r.store.add(cols, b.Len, sel); err != nil {
		return err
	}
	r.keys = append(r.keys, r.keysOf(r.store.chunks[chunk].cols))
	from := len(r.rows)
	var err error
	if r.rows, err = grown(r.b, r.rows, from+n); err != nil {
		return err
	}
	if !r.late {
		r.order.normalize(keys, b.Len, sel, r.rows[from:])
	}
	for i := range n {
		r.rows[from+i].ref = rowRef{chunk, uint32(i)}
	}
	return nil
}

// keysOf is the keys of rows of the store.
func (r *sortRun) keysOf(cols []vector.Column) []vector.Column {
	if r.at == nil {
		return cols[r.width:]
	}
	keys, next := make([]vector.Column, len(r.at)), r.width
	for k, at := range r.at {
		if at >= 0 {
			keys[k] = cols[at]
			continue
		}
		keys[k] = cols[next]
		next++
	}
	return keys
}

// copyTo adds rows of r to a run of the same order, in memory of its own, so that r may be
// freed. Of a run that got an error nothing stays reserved.
func (r *sortRun) copyTo(run *sortRun, refs []rowRef) error {
	if len(refs) == 0 {
		return nil
	}
	fields := make([]expr.Field, len(r.store.chunks[0].cols))
	cols := rowColumns(r.store.chunks, len(fields)) // once: there may be as many chunks as rows
	for part := range slices.Chunk(refs, vector.MaxRows) {
		b := gatherBatch(cols, part, fields)
		keys := r.keysOf(b.Cols)
		b.Cols = b.Cols[:r.width:r.width]
		if err := run.add(b, keys, nil); err != nil {
			run.b.free()
			return err
		}
	}
	return nil
}

func (r *sortRun) sort() {
	if r.rest == len(r.order.keys) {
		slices.SortFunc(r.rows, func(a, b sortRow) int {
			if a.hi != b.hi {
				return cmp.Compare(a.hi, b.hi)
			}
			return cmp.Compare(a.lo, b.lo)
		})
		return
	}
	slices.SortFunc(r.rows, func(a, b sortRow) int { return r.compare(&a, r, &b) })
}

// sortFitted sorts rows that have no bits yet.
func (r *sortRun) sortFitted(fit *sortFit) error {
	if err := r.recode(fit); err != nil {
		return err
	}
	r.rest = fit.rest
	from := 0
	var words []uint64
	for i, chunk := range r.store.chunks {
		words = slices.Grow(words[:0], chunk.n)[:chunk.n]
		fit.normalize(r.keys[i], words, r.rows[from:from+chunk.n])
		from += chunk.n
	}
	if r.rest < len(r.order.keys) || !radixSort(r.rows, fit.used, r.b) {
		r.sort()
	}
	return nil
}

// compare orders a row of r and one of another run.
func (r *sortRun) compare(a *sortRow, other *sortRun, b *sortRow) int {
	if a.hi != b.hi {
		return cmp.Compare(a.hi, b.hi)
	}
	if a.lo != b.lo {
		return cmp.Compare(a.lo, b.lo)
	}
	if r.rest == len(r.order.keys) {
		return 0
	}
	return r.order.compareRest(r.rest, r.keys[a.ref.chunk], int(a.ref.row), other.keys[b.ref.chunk], int(b.ref.row))
}
