package exec

import (
	"slices"
	"sync"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// distinct is an aggregate over distinct arguments: it keeps the pairs of group and
// arguments, and feeds those that are left when equal ones are dropped to the plain
// aggregate when the result is asked for.
//
// What other instances kept is not copied when it is merged: the entries of a group
// are compared where they stand, and only then (dedupe). Memory: the pairs, once more
// while they are sorted by group.
type distinct struct {
	b        *budget
	set      *pairs
	strings  *key.Strings
	groups   int
	args     int                // arguments; the order keys that follow are among them
	order    []int              // which argument each order key is
	nulls    bool               // rows whose first argument is NULL count too
	newInner func() accumulator // the plain aggregate
	merged   []mergedPairs

	// Instances merge partitions of a table while others give out groups of it.
	mu     sync.Mutex
	sorted bool // set is sorted, and changes no more
	failed error
	inner  accumulator // made when the result is asked for
}

// mergedPairs is pairs of another instance: those of its group at[i] are of group
// to[i] here.
type mergedPairs struct {
	set    *pairs
	at, to []uint32
}

func newDistinct(b *budget, args []expr.Type, nulls bool, newInner func() accumulator) *distinct {
	nullable := make([]bool, len(args))
	for i := range args {
		nullable[i] = nulls || i > 0
	}
	a := &distinct{b: b, strings: key.NewStrings(b.account), args: len(args), nulls: nulls, newInner: newInner}
	a.set = newPairs(args, nullable, a.strings, &budget{account: b.account})
	b.owns(func() {
		a.set.b.free()
		a.strings.Close()
	})
	return a
}

func (a *distinct) grow(n int) error {
	a.groups = max(a.groups, n)
	return nil
}

func (a *distinct) add(in *addition) error {
	o := operand{rows: in.sel, gids: in.gids, n: in.n}
	if !a.nulls && in.cols[0].Valid != nil {
		o.dropNulls(&in.cols[0], in.scratch)
	}
	if o.n == 0 {
		return nil
	}
	if o.gids == nil {
		o.gids = in.scratch.zero(o.n)
	}
	return a.set.add(in.cols[:a.args], in.cols[0].Len, o.rows, o.gids)
}

func (a *distinct) merge(from accumulator, at, to []uint32) error {
	f := from.(*distinct)
	f.mu.Lock()
	err := f.sort()
	f.mu.Unlock()
	if err != nil {
		return err
	}
	if err := a.b.reserve(int64(len(at)+len(to)) * 4); err != nil {
		return err
	}
	a.merged = append(a.merged, mergedPairs{f.set, slices.Clone(at), slices.Clone(to)})
	return a.mergeMerged(f, at, to)
}

// mergeMerged takes over what f has merged itself: f's groups at[i] are groups to[i] here.
func (a *distinct) mergeMerged(f *distinct, at, to []uint32) error {
	if len(f.merged) == 0 {
		return nil
	}
	target := make([]uint32, f.groups) // by group of f: one here, and 1
	for i, g := range at {
		target[g] = to[i] + 1
	}
	for _, m := range f.merged {
		here := mergedPairs{set: m.set}
		for i, g := range m.to {
			if t := target[g]; t > 0 {
				here.at, here.to = append(here.at, m.at[i]), append(here.to, t-1)
			}
		}
		if err := a.b.reserve(int64(len(here.at)+len(here.to)) * 4); err != nil {
			return err
		}
		a.merged = append(a.merged, here)
	}
	return nil
}

// sort sorts the set by group, once; a.mu is held.
func (a *distinct) sort() error {
	if !a.sorted {
		a.sorted, a.failed = true, a.set.sort(a.groups)
	}
	return a.failed
}

func (a *distinct) columns(from, to int) ([]vector.Column, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.inner == nil && a.failed == nil {
		a.failed = a.complete()
	}
	if a.failed != nil {
		return nil, a.failed
	}
	return a.inner.columns(from, to)
}

// describe says how equal pairs are found.
func (a *distinct) describe() string {
	if a.set.unique {
		return "distinct by hash"
	}
	return "distinct by comparison within groups"
}

// complete gives every distinct pair to the plain aggregate; a.mu is held.
func (a *distinct) complete() error {
	inner := a.newInner()
	if err := inner.grow(a.groups); err != nil {
		return err
	}
	f := &feeder{distinct: a, inner: inner}
	f.counts, _ = inner.(*counts)
	var err error
	switch {
	case len(a.merged) == 0 && a.set.unique && !a.sorted:
		err = f.all(a.set)
	default:
		err = f.dedupe()
	}
	if err != nil {
		return err
	}
	a.inner = inner
	return nil
}

// feeder gives pairs to the plain aggregate of a distinct one.
type feeder struct {
	*distinct
	inner   accumulator
	counts  *counts // the plain aggregate, if it counts: pairs then need no values
	scratch scratch
}

// all gives pairs that are not sorted.
func (f *feeder) all(set *pairs) error {
	if f.counts != nil {
		for _, g := range set.gids[:set.n] {
			f.counts.n[g]++
		}
		return nil
	}
	for lo := 0; lo < set.n; lo += vector.MaxRows {
		hi := min(set.n, lo+vector.MaxRows)
		if err := f.give(set, numbered(lo, hi), set.gids[lo:hi]); err != nil {
			return err
		}
	}
	return nil
}

// give gives a batch of pairs at most.
func (f *feeder) give(set *pairs, entries, gids []uint32) error {
	cols, err := set.columns(entries)
	if err != nil {
		return err
	}
	for _, arg := range f.order {
		cols = append(cols, cols[arg])
	}
	return f.inner.add(&addition{cols: cols, n: len(gids), gids: gids, scratch: &f.scratch})
}
