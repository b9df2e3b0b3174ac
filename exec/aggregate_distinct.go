package exec

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// distinct is an aggregate over distinct arguments: it keeps the set of (group,
// arguments), and feeds what is in it to the plain aggregate when the result is
// asked for, so that sets of several instances can be merged before.
type distinct struct {
	b        *budget
	set      *groups
	groups   int
	args     int                // arguments; the order keys that follow are among them
	order    []int              // which argument each order key is
	nulls    bool               // rows whose first argument is NULL count too
	newInner func() accumulator // the plain aggregate
	inner    accumulator        // made when the set is complete
	byRow    []uint32           // scratch: the group of each row of a batch
	found    []uint32           // scratch
}

func newDistinct(b *budget, args []expr.Type, nulls bool, newInner func() accumulator) *distinct {
	types := append([]expr.Type{expr.Of(expr.Int4)}, args...)
	nullable := make([]bool, len(types))
	for i := range args {
		nullable[i+1] = true
	}
	return &distinct{b: b, set: newGroups(types, nullable, b), args: len(args), nulls: nulls, newInner: newInner}
}

func (a *distinct) grow(n int) error {
	a.groups = max(a.groups, n)
	return nil
}

func (a *distinct) add(in *addition) error {
	sel, gids := in.sel, in.gids
	if !a.nulls && in.cols[0].Valid != nil {
		o := operand{rows: in.sel, gids: in.gids, n: in.n}
		o.dropNulls(&in.cols[0], in.scratch)
		sel, gids = o.rows, o.gids
	}
	n := in.cols[0].Len
	cols := make([]vector.Column, 1, a.args+1)
	if gids == nil {
		cols[0] = vector.Const(vector.Flat(vector.Int32, []int32{0}, nil), n)
	} else {
		byRow := resize(&a.byRow, n)
		a.byRow = byRow
		for i, g := range gids {
			byRow[selected(sel, i)] = g
		}
		cols[0] = vector.Flat(vector.Int32, byRow, nil)
	}
	cols = append(cols, in.cols[:a.args]...)
	var err error
	a.found, err = a.set.assign(cols, n, sel, a.found)
	return err
}

func (a *distinct) merge(from accumulator, at, to []uint32) error {
	f := from.(*distinct)
	moved := make([]uint32, f.groups) // by group of from: its number here + 1
	for i, g := range at {
		moved[g] = to[i] + 1
	}
	for lo := 0; lo < f.set.n; lo += vector.MaxRows {
		n := min(vector.MaxRows, f.set.n-lo)
		cols, err := f.set.columns(lo, lo+n)
		if err != nil {
			return err
		}
		gids := make([]uint32, n)
		sel := make(vector.Selection, 0, n)
		for i, g := range cols[0].Codes32() {
			if moved[g] > 0 {
				gids[i] = moved[g] - 1
				sel = append(sel, uint32(i))
			}
		}
		cols[0] = vector.Flat(vector.Int32, gids, nil)
		if a.found, err = a.set.assign(cols, n, sel, a.found); err != nil {
			return err
		}
	}
	return nil
}

func (a *distinct) columns(from, to int) ([]vector.Column, error) {
	if a.inner == nil {
		if err := a.feed(); err != nil {
			return nil, err
		}
	}
	return a.inner.columns(from, to)
}

// feed gives the whole set to the plain aggregate.
func (a *distinct) feed() error {
	inner, s := a.newInner(), &scratch{}
	if err := inner.grow(a.groups); err != nil {
		return err
	}
	for lo := 0; lo < a.set.n; lo += vector.MaxRows {
		n := min(vector.MaxRows, a.set.n-lo)
		cols, err := a.set.columns(lo, lo+n)
		if err != nil {
			return err
		}
		for _, arg := range a.order {
			cols = append(cols, cols[1+arg])
		}
		in := addition{cols: cols[1:], n: n, gids: cols[0].Codes32(), scratch: s}
		if err := inner.add(&in); err != nil {
			return err
		}
	}
	a.inner = inner
	return nil
}
