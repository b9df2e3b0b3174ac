package exec

import (
	"cmp"
	"math"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// thisBatch is the chunk of a rowRef that names a row of the batch at hand.
const thisBatch = math.MaxUint32

// firstRow is "first": the argument of each group's first row by the order, a NULL
// like any other value. Of rows that are equal by the order the earliest to come
// in stays, so that several calls with one order take their values from one row.
//
// It keeps one row a group, argument and order keys, and the rows that better ones
// have replaced since the store was written anew.
type firstRow struct {
	b      *budget
	order  *sortOrder
	fields []expr.Field // of the store: the argument, then the order keys
	store  rowStore
	held   *budget   // of the store
	stored int       // rows in the store
	best   []sortRow // by group
	has    []bool
	rows   []sortRow        // scratch: the rows of a batch
	won    []uint32         // scratch: groups whose best row is of this batch
	sel    vector.Selection // scratch: those rows
}

func newFirstRow(a expr.Aggregate, b *budget) *firstRow {
	f := &firstRow{b: b, order: newSortOrder(a.Order), fields: []expr.Field{{Type: a.Args[0].Type(), Nullable: true}}}
	for _, k := range a.Order {
		f.fields = append(f.fields, expr.Field{Type: k.Expr.Type(), Nullable: true})
	}
	f.held = &budget{account: b.account}
	f.store.b = f.held
	b.owns(func() { f.held.free() })
	return f
}

func (a *firstRow) grow(n int) (err error) {
	if a.has, err = grown(a.b, a.has, n); err != nil {
		return err
	}
	a.best, err = grown(a.b, a.best, n)
	return err
}

func (a *firstRow) add(in *addition) error {
	o := operand{rows: in.sel, gids: in.gids, n: in.n}
	rows, gids := o.explicit(in.scratch)
	return a.take(in.cols, rows, gids)
}

// take lets the rows of a batch compete, and copies those that are best now.
func (a *firstRow) take(cols []vector.Column, rows, gids []uint32) error {
	if cap(a.rows) < len(rows) {
		a.rows = make([]sortRow, len(rows))
	}
	bits := a.rows[:len(rows)]
	a.order.normalize(cols[1:], len(rows), rows, bits)
	a.won = a.won[:0]
	for i, row := range rows {
		g, candidate := gids[i], bits[i]
		candidate.ref = rowRef{chunk: thisBatch, row: row}
		if a.has[g] && a.compare(&candidate, &a.best[g], cols) >= 0 {
			continue
		}
		if !a.has[g] || a.best[g].ref.chunk != thisBatch {
			a.won = append(a.won, g)
		}
		a.has[g], a.best[g] = true, candidate
	}
	if len(a.won) == 0 {
		return nil
	}
	a.sel = a.sel[:0]
	chunk := uint32(len(a.store.chunks))
	for i, g := range a.won {
		a.sel = append(a.sel, a.best[g].ref.row)
		a.best[g].ref = rowRef{chunk: chunk, row: uint32(i)}
	}
	if err := a.store.add(cols[:len(a.fields)], cols[0].Len, a.sel); err != nil {
		return err
	}
	a.stored += len(a.won)
	return a.compact()
}

// compare orders two rows; one in this batch has its keys in cols.
func (a *firstRow) compare(x, y *sortRow, cols []vector.Column) int {
	if c := cmp.Or(cmp.Compare(x.hi, y.hi), cmp.Compare(x.lo, y.lo)); c != 0 || a.order.rest == len(a.order.keys) {
		return c
	}
	keys := func(r rowRef) []vector.Column {
		if r.chunk == thisBatch {
			return cols[1:]
		}
		return a.store.chunks[r.chunk].cols[1:]
	}
	return a.order.compareRest(a.order.rest, keys(x.ref), int(x.ref.row), keys(y.ref), int(y.ref.row))
}

// compact writes the store anew when most of it is of rows that were replaced, or
// when it lies in many small pieces.
func (a *firstRow) compact() error {
	groups := len(a.best)
	if a.stored < 2*groups+vector.MaxRows && len(a.store.chunks) < 64+groups/64 {
		return nil
	}
	var refs []rowRef
	var at []uint32
	for g := range a.best {
		if a.has[g] {
			refs = append(refs, a.best[g].ref)
			at = append(at, uint32(g))
		}
	}
	held := &budget{account: a.b.account}
	store := rowStore{b: held}
	for from := 0; from < len(refs); from += vector.MaxRows {
		to := min(from+vector.MaxRows, len(refs))
		b := gatherRows(a.store.chunks, refs[from:to], a.fields)
		if err := store.add(b.Cols, b.Len, nil); err != nil {
			held.free()
			return err
		}
		for i, g := range at[from:to] {
			a.best[g].ref = rowRef{chunk: uint32(len(store.chunks) - 1), row: uint32(i)}
		}
	}
	a.held.free()
	a.store, a.held, a.stored = store, held, len(refs)
	return nil
}

func (a *firstRow) merge(from accumulator, at, to []uint32) error {
	f := from.(*firstRow)
	for first := 0; first < len(at); first += vector.MaxRows {
		last := min(first+vector.MaxRows, len(at))
		var refs []rowRef
		var gids []uint32
		for i := first; i < last; i++ {
			if f.has[at[i]] {
				refs, gids = append(refs, f.best[at[i]].ref), append(gids, to[i])
			}
		}
		if len(refs) == 0 {
			continue
		}
		b := gatherRows(f.store.chunks, refs, f.fields)
		if err := a.take(b.Cols, vector.All(b.Len), gids); err != nil {
			return err
		}
	}
	return nil
}

func (a *firstRow) columns(from, to int) ([]vector.Column, error) {
	var refs []rowRef
	at := make([]uint32, to-from)
	for g := from; g < to; g++ {
		if a.has[g] {
			at[g-from] = uint32(len(refs))
			refs = append(refs, a.best[g].ref)
		}
	}
	if len(refs) == 0 {
		return []vector.Column{vector.Const(eval.ColumnOf([]expr.Value{expr.Null}, a.fields[0].Type), to-from)}, nil
	}
	c := gatherRows(a.store.chunks, refs, a.fields[:1]).Cols[0]
	if len(refs) == to-from {
		return []vector.Column{c}, nil
	}
	c = vector.Gather(&c, at)
	if c.Valid == nil {
		c.Valid = vector.NewBitmapSet(to - from)
	}
	for g := from; g < to; g++ {
		if !a.has[g] {
			c.Valid.Clear(g - from)
		}
	}
	return []vector.Column{c}, nil
}
