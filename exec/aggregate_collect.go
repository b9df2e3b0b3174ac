package exec

import (
	"slices"
	"sync"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// collected is string_agg and array_agg: it keeps the arguments of all rows, and
// sorts them by group and ORDER BY when the result is asked for; without ORDER BY
// rows of one instance keep the order they came in.
type collected struct {
	b      *budget
	args   int
	list   bool // array_agg; else string_agg, or what orderedSet makes of it
	elem   expr.Type
	groups int
	run    *sortRun // arguments, with the group and the order keys as keys
	starts []int    // per group, once sorted: its first row

	sorting sync.Once // several instances may ask for groups of one table
}

func newCollected(a expr.Aggregate, b *budget) (accumulator, error) {
	c := &collected{b: b, args: len(a.Args), list: a.Func == "array_agg", elem: a.Args[0].Type()}
	if a.Func == "string_agg" && len(a.Args) != 2 {
		return nil, sqlerr.New(sqlerr.InternalError, "string_agg takes 2 arguments, not %d", len(a.Args))
	}
	group := expr.SortKey{Expr: &expr.Column{Typ: expr.Of(expr.Int4)}}
	c.run = newSortRun(newSortOrder(append([]expr.SortKey{group}, a.Order...)), nil, b)
	return c, nil
}

func (a *collected) grow(n int) error {
	a.groups = max(a.groups, n)
	return nil
}

func (a *collected) add(in *addition) error {
	o := operand{rows: in.sel, gids: in.gids, n: in.n}
	if !a.list && in.cols[0].Valid != nil { // only array_agg keeps NULLs
		o.dropNulls(&in.cols[0], in.scratch)
	}
	rows, gids := o.explicit(in.scratch)
	byRow := make([]int32, in.cols[0].Len)
	for i, row := range rows {
		byRow[row] = int32(gids[i])
	}
	keys := append([]vector.Column{vector.Flat(vector.Int32, byRow, nil)}, in.cols[a.args:]...)
	return a.run.add(vector.New(in.cols[:a.args], len(byRow)), keys, rows)
}

func (a *collected) merge(from accumulator, at, to []uint32) error {
	f := from.(*collected)
	moved := make([]uint32, f.groups) // by group of from: its number here + 1
	for i, g := range at {
		moved[g] = to[i] + 1
	}
	for _, chunk := range f.run.store.chunks {
		byRow := make([]int32, chunk.n)
		sel := make(vector.Selection, 0, chunk.n)
		for i, g := range chunk.cols[a.args].Int32s() {
			if moved[g] > 0 {
				byRow[i] = int32(moved[g] - 1)
				sel = append(sel, uint32(i))
			}
		}
		keys := append([]vector.Column{vector.Flat(vector.Int32, byRow, nil)}, chunk.cols[a.args+1:]...)
		if err := a.run.add(vector.New(chunk.cols[:a.args], chunk.n), keys, sel); err != nil {
			return err
		}
	}
	return nil
}

func (a *collected) columns(from, to int) ([]vector.Column, error) {
	a.sorting.Do(a.sort)
	if a.list {
		c, err := a.lists(from, to)
		return []vector.Column{c}, err
	}
	return []vector.Column{a.texts(from, to)}, nil
}

// sort orders the rows by group and keys.
func (a *collected) sort() {
	r := a.run
	slices.SortStableFunc(r.rows, func(x, y sortRow) int { return r.compare(&x, r, &y) })
	a.starts = make([]int, a.groups+1)
	for i := range r.rows {
		ref := r.rows[i].ref
		a.starts[r.keys[ref.chunk][0].Int32s()[ref.row]+1]++
	}
	for g := range a.groups {
		a.starts[g+1] += a.starts[g]
	}
}

// texts is string_agg: values with each one's delimiter before it, but the first.
func (a *collected) texts(from, to int) vector.Column {
	var out vector.StringBuilder
	has := make([]bool, to-from)
	var text []byte
	for g := from; g < to; g++ {
		text = text[:0]
		for i := a.starts[g]; i < a.starts[g+1]; i++ {
			ref := a.run.rows[i].ref
			cols := a.run.store.chunks[ref.chunk].cols
			if i > a.starts[g] {
				text = appendText(text, &cols[1], int(ref.row))
			}
			text = appendText(text, &cols[0], int(ref.row))
			has[g-from] = true
		}
		out.Append(text)
	}
	return out.Column(validOf(has))
}

func appendText(out []byte, c *vector.Column, row int) []byte {
	if c.IsNull(row) {
		return out
	}
	values, at := c.At(row)
	return append(out, values.Views()[at].Bytes(values.Buffers)...)
}

// lists is array_agg.
func (a *collected) lists(from, to int) (vector.Column, error) {
	has := make([]bool, to-from)
	offsets := make([]int32, to-from+1)
	var refs []rowRef
	for g := from; g < to; g++ {
		has[g-from] = a.starts[g+1] > a.starts[g]
		offsets[g-from+1] = int32(a.starts[g+1] - a.starts[from])
		for i := a.starts[g]; i < a.starts[g+1]; i++ {
			refs = append(refs, a.run.rows[i].ref)
		}
	}
	child := gatherRows(a.run.store.chunks, refs, []expr.Field{{Type: a.elem}}).Cols[0]
	return vector.Column{Kind: vector.List, Len: to - from, Valid: validOf(has),
		Data: vector.BytesOf(offsets), Children: []vector.Column{child}}, nil
}
