package exec

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// groupRun is rows with their keys, and the groups they belong to. Once arranged the rows
// of a group stand together, in order, and what comes behind is not arranged.
type groupRun struct {
	wanted int64    // rows of a group
	b      *budget  // of all but rows
	groups *groups  // nil without columns to divide by: there is one group
	rows   *sortRun // by group as far as arranged, and by key in it
	gids   []uint32 // of rows
	starts []int    // by group, as far as arranged: its first row; and where the last ends

	seen scratch
	ids  []uint32         // scratch: the groups of a batch
	bits []sortRow        // scratch: the key bits of a batch
	sel  vector.Selection // scratch: its rows that are taken
}

func newGroupRun(n *physical.GroupTopN, wanted int64, account *memory.Account) *groupRun {
	r := &groupRun{wanted: wanted, b: &budget{account: account},
		rows: newSortRun(newSortOrder(n.Keys), keyColumns(n.Keys), &budget{account: account})}
	if len(n.By) == 0 {
		return r
	}
	types, nullable := make([]expr.Type, len(n.By)), make([]bool, len(n.By))
	for i, e := range n.By {
		types[i], nullable[i] = e.Type(), true
	}
	r.groups = newGroups(types, nullable, r.b)
	return r
}

// size is the number of groups.
func (r *groupRun) size() int {
	if r.groups == nil {
		return 1
	}
	return r.groups.n
}

func (r *groupRun) free() {
	r.b.free()
	r.rows.b.free()
}

// add takes the rows of a batch that may be among the wanted.
func (r *groupRun) add(b *vector.Batch, by, keys []vector.Column) error {
	gids, sel := r.seen.zero(b.Rows()), b.Sel
	if r.groups != nil {
		var err error
		if r.ids, err = r.groups.assign(by, b.Len, b.Sel, r.ids); err != nil {
			return err
		}
		gids = r.ids
	}
	if len(r.starts) > 0 {
		gids, sel = r.below(b, keys, gids)
	}
	if err := r.rows.add(b, keys, sel); err != nil {
		return err
	}
	from := len(r.gids)
	var err error
	if r.gids, err = grown(r.b, r.gids, from+len(gids)); err == nil {
		copy(r.gids[from:], gids)
	}
	return err
}

// below is the selected rows of b that are below the bounds of their groups, and
// those groups, both valid until the next call.
func (r *groupRun) below(b *vector.Batch, keys []vector.Column, gids []uint32) ([]uint32, vector.Selection) {
	n := b.Rows()
	if cap(r.bits) < n {
		r.bits, r.sel, r.ids = make([]sortRow, n), make(vector.Selection, 0, n), resize(&r.ids, n)
	}
	bits, order := r.bits[:n], r.rows.order
	order.normalize(keys, b.Len, b.Sel, bits)
	exact := order.rest == len(order.keys)
	sel, left := r.sel[:0], r.ids[:0] // which may be gids
	for i := range bits {
		g := int(gids[i])
		if g+1 < len(r.starts) && int64(r.starts[g+1]-r.starts[g]) == r.wanted {
			x, bound := &bits[i], &r.rows.rows[r.starts[g+1]-1]
			if x.hi > bound.hi || x.hi == bound.hi && (x.lo > bound.lo || x.lo == bound.lo && exact) {
				continue
			}
		}
		left = append(left, uint32(g))
		sel = append(sel, uint32(selected(b.Sel, i)))
	}
	return left, sel
}

// cut leaves the first rows of every group and frees the memory of the others, where
// that is worth a copy.
func (r *groupRun) cut() error {
	before := len(r.rows.rows)
	if err := r.arrange(); err != nil {
		return err
	}
	if len(r.rows.rows) > before/4*3 {
		return nil
	}
	temporary := &budget{account: r.b.account}
	defer temporary.free()
	if err := temporary.reserve(int64(len(r.rows.rows)) * int64(unsafe.Sizeof(rowRef{}))); err != nil {
		return err
	}
	old := r.rows
	refs := make([]rowRef, len(old.rows))
	for i := range old.rows {
		refs[i] = old.rows[i].ref
	}
	run := newSortRun(old.order, old.at, &budget{account: r.b.account})
	if err := old.copyTo(run, refs); err != nil {
		return err
	}
	old.b.free()
	r.rows = run
	return nil
}

// arrange deals the rows out by group, sorts those of each, and leaves the wanted. Of
// equal rows those come first that came first.
func (r *groupRun) arrange() error {
	temporary := &budget{account: r.b.account}
	defer temporary.free()
	dealt, err := r.deal(temporary)
	if err != nil {
		return err
	}
	run, kept := r.rows, 0
	order := func(a, b sortRow) int {
		if a.hi != b.hi {
			return cmp.Compare(a.hi, b.hi)
		}
		if c := run.compare(&a, run, &b); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.ref.chunk, b.ref.chunk), cmp.Compare(a.ref.row, b.ref.row))
	}
	for g := range r.size() {
		part := dealt[r.starts[g]:r.starts[g+1]]
		slices.SortFunc(part, order)
		part = part[:min(int64(len(part)), r.wanted)]
		r.starts[g] = kept
		for _, row := range part {
			run.rows[kept], r.gids[kept] = row, uint32(g)
			kept++
		}
	}
	r.starts[r.size()] = kept
	run.rows, r.gids = run.rows[:kept], r.gids[:kept]
	return nil
}

// deal is the rows by group, in memory that b pays for; starts says where each group
// begins.
func (r *groupRun) deal(b *budget) ([]sortRow, error) {
	n := r.size()
	var err error
	if r.starts, err = grown(r.b, r.starts, n+1); err != nil {
		return nil, err
	}
	if err := b.reserve(int64(len(r.gids)) * int64(unsafe.Sizeof(sortRow{}))); err != nil {
		return nil, err
	}
	clear(r.starts)
	for _, g := range r.gids {
		r.starts[g]++
	}
	for g := range n {
		r.starts[g+1] += r.starts[g] // where the group ends
	}
	dealt := make([]sortRow, len(r.gids))
	for i := len(r.gids) - 1; i >= 0; i-- { // from the end of a group down
		g := r.gids[i]
		r.starts[g]--
		dealt[r.starts[g]] = r.rows.rows[i]
	}
	return dealt, nil
}
