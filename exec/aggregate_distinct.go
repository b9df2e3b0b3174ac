package exec

import (
	"slices"
	"sync"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// distinct is an aggregate over distinct arguments: it keeps the set of (group,
// arguments), and feeds what is in it to the plain aggregate when the result is
// asked for, so that sets of several instances can be merged before.
//
// Where nearly every row brings a new entry the set takes rows as they come: they are
// looked up only once, when the sets are merged or the result is asked for.
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

	seen  int  // rows
	loose bool // the set may hold entries twice

	sorting sync.Once
	failed  error
	members []uint32 // of the complete set: its entries by group, those of group g in
	bounds  []uint32 // members[bounds[g]:bounds[g+1]]
}

func newDistinct(b *budget, args []expr.Type, nulls bool, newInner func() accumulator) *distinct {
	types := append([]expr.Type{expr.Of(expr.Int4)}, args...)
	nullable := make([]bool, len(types))
	for i := range args {
		nullable[i+1] = nulls || i > 0
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
	if a.loose {
		return a.set.appendAll(cols, n, sel)
	}
	var err error
	a.found, err = a.set.assign(cols, n, sel, a.found)
	a.seen += len(a.found)
	a.loose = a.set.n >= looseFrom && float64(a.seen) < hardly*float64(a.set.n)
	return err
}

const (
	// looseFrom is the number of entries at which a set is judged, and hardly the rows
	// for each of them up to which looking rows up is not worth it.
	looseFrom = 1 << 13
	hardly    = 1.1
)

// tighten looks up what came loosely.
func (a *distinct) tighten() error {
	if !a.loose {
		return nil
	}
	a.loose = false
	from := a.set
	a.set = newGroups(from.types, from.nullable, a.b)
	for lo := 0; lo < from.n; lo += vector.MaxRows {
		n := min(vector.MaxRows, from.n-lo)
		cols, err := from.columns(lo, lo+n)
		if err != nil {
			return err
		}
		if a.found, err = a.set.assign(cols, n, nil, a.found); err != nil {
			return err
		}
	}
	from.forget()
	return nil
}

func (a *distinct) merge(from accumulator, at, to []uint32) error {
	f := from.(*distinct)
	if err := a.tighten(); err != nil {
		return err
	}
	f.sorting.Do(func() { f.failed = f.sort() })
	if f.failed != nil {
		return f.failed
	}
	var entries, gids []uint32
	flush := func() error {
		cols, err := f.set.pick(entries, a.set.rows.all(len(entries)))
		if err != nil {
			return err
		}
		cols[0] = vector.Flat(vector.Int32, gids, nil)
		a.found, err = a.set.assign(cols, len(gids), nil, a.found)
		entries, gids = entries[:0], gids[:0]
		return err
	}
	for i, g := range at {
		if int(g)+1 >= len(f.bounds) {
			continue // no row of it had a value
		}
		for _, entry := range f.members[f.bounds[g]:f.bounds[g+1]] {
			entries, gids = append(entries, entry), append(gids, to[i])
			if len(entries) == vector.MaxRows {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return flush()
}

// sort sorts the entries of the complete set by group: partitions of the groups are
// merged one by one.
func (a *distinct) sort() error {
	if err := a.b.reserve(int64(a.set.n+a.groups) * 4); err != nil {
		return err
	}
	a.members, a.bounds = make([]uint32, a.set.n), make([]uint32, a.groups+1)
	each := func(visit func(entry int, g uint32)) {
		for lo := 0; lo < a.set.n; lo += vector.MaxRows {
			n := min(vector.MaxRows, a.set.n-lo)
			c := a.set.keyColumn(lo, lo+n)
			for i, g := range c.Codes32() {
				visit(lo+i, g)
			}
		}
	}
	each(func(_ int, g uint32) { a.bounds[g+1]++ })
	for g := range a.groups {
		a.bounds[g+1] += a.bounds[g]
	}
	next := slices.Clone(a.bounds)
	each(func(entry int, g uint32) {
		a.members[next[g]] = uint32(entry)
		next[g]++
	})
	return nil
}

func (a *distinct) columns(from, to int) ([]vector.Column, error) {
	if a.inner == nil {
		if err := a.tighten(); err != nil {
			return nil, err
		}
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
