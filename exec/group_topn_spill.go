package exec

import (
	"context"
	"math"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// A GroupTopN whose run finds no room writes it out and begins another, as a sort by the
// columns of the groups and then by the keys does (sort_spill.go): a run is arranged, so
// only its groups have to be put in order. One instance merges the files and counts the
// rows of each group while they go by. Partitions by a hash of the groups, as an aggregate
// has them, would be merged by all instances, but one group may be too large for memory.

// groupTopFiles is one instance's part in it.
type groupTopFiles struct {
	spiller runSpiller
	group   *sortOrder // by the columns of the groups
	at      []int      // these columns
	before  *vector.Batch
	rank    int64 // of the last row of before
}

func newGroupTopFiles(n *physical.GroupTopN, shared *sortSpill, env *Env) groupTopFiles {
	by := make([]expr.SortKey, len(n.By))
	for i, e := range n.By {
		by[i] = expr.SortKey{Expr: e}
	}
	return groupTopFiles{
		group: newSortOrder(by), at: keyColumns(by),
		spiller: runSpiller{shared: shared, env: env, account: tableAccount(env), profile: env.spillProfile(n),
			keys: append(by[:len(by):len(by)], n.Keys...), schema: n.Schema(), wanted: lastRank(0, -1)},
	}
}

// makeRoom cuts the run if that leaves half of its rows at most: then the bounds stay.
// Else it writes it.
func (t *groupTopN) makeRoom(ctx context.Context) error {
	before := len(t.run.rows.rows)
	if t.wanted < math.MaxInt64 {
		if err := t.cut(); err != nil {
			return err
		}
	}
	if len(t.run.rows.rows) <= before/2 {
		return nil
	}
	return t.write(ctx)
}

// write puts the run into a file and begins another.
func (t *groupTopN) write(ctx context.Context) error {
	run, f := t.run, &t.files
	t.begin()
	defer run.free()
	f.spiller.shared.on.Store(true)
	if len(run.rows.rows) == 0 {
		return nil
	}
	rows := run.rows.blockRows()
	if err := run.arrange(); err != nil {
		return err
	}
	temporary := &budget{account: f.spiller.account}
	defer temporary.free()
	groups, err := run.inOrder(f.group, temporary)
	if err != nil {
		return err
	}
	m := &groupWriter{run: run, groups: groups, fields: f.spiller.schema, cols: rowColumns(run.rows.store.chunks, len(f.spiller.schema))}
	return f.spiller.collect(ctx, func() (*vector.Batch, error) { return m.next(rows), nil })
}

// inOrder is the groups of the run in the order of their columns, in memory that b pays
// for.
func (r *groupRun) inOrder(order *sortOrder, b *budget) ([]sortRow, error) {
	if r.groups == nil {
		return make([]sortRow, 1), nil
	}
	at := make([]int, len(order.keys))
	for i := range at {
		at[i] = i
	}
	sorted := newSortRun(order, at, b)
	for from := 0; from < r.size(); from += vector.MaxRows {
		to := min(from+vector.MaxRows, r.size())
		cols, err := r.groups.columns(from, to)
		if err != nil {
			return nil, err
		}
		if err := sorted.add(vector.New(cols, to-from), cols, nil); err != nil {
			return nil, err
		}
	}
	sorted.sort()
	return sorted.rows, nil
}

// groupWriter gives out the rows of an arranged run, group by group.
type groupWriter struct {
	run    *groupRun
	groups []sortRow // not begun; chunks of them are batches of vector.MaxRows
	rows   []sortRow // of the group under way
	cols   []rowColumn
	fields []expr.Field
	refs   []rowRef // scratch
}

// next gathers the next rows into a batch, nil when there are none.
func (w *groupWriter) next(rows int) *vector.Batch {
	w.refs = w.refs[:0]
	for len(w.refs) < rows {
		if len(w.rows) == 0 {
			if len(w.groups) == 0 {
				break
			}
			g := int(w.groups[0].ref.chunk)*vector.MaxRows + int(w.groups[0].ref.row)
			w.rows, w.groups = w.run.rows.rows[w.run.starts[g]:w.run.starts[g+1]], w.groups[1:]
			continue
		}
		w.refs = append(w.refs, w.rows[0].ref)
		w.rows = w.rows[1:]
	}
	if len(w.refs) == 0 {
		return nil
	}
	return gatherBatch(w.cols, w.refs, w.fields)
}

// next gives the next rows of the merged files that are ranked above offset, up to rank
// upTo.
func (f *groupTopFiles) next(ctx context.Context, offset, upTo int64) (*vector.Batch, error) {
	for {
		b, err := f.spiller.next(ctx)
		if err != nil {
			return nil, err
		}
		b.Sel = f.ranked(b, offset, upTo)
		if len(b.Sel) > 0 {
			return b, nil
		}
		b.Release()
	}
}

// ranked is the rows of a batch that are ranked above offset, up to rank upTo.
func (f *groupTopFiles) ranked(b *vector.Batch, offset, upTo int64) vector.Selection {
	sel := make(vector.Selection, 0, b.Len)
	group := f.columns(b)
	last, at := group, -1
	if f.before != nil {
		last, at = f.columns(f.before), f.before.Len-1
	}
	for i := range b.Len {
		f.rank++
		if at < 0 || f.group.compareRest(0, last, at, group, i) != 0 {
			f.rank = 1
		}
		if f.rank > offset && f.rank <= upTo {
			sel = append(sel, uint32(i))
		}
		last, at = group, i
	}
	f.before.Release()
	f.before = b.Share()
	return sel
}

// columns is the columns of the groups.
func (f *groupTopFiles) columns(b *vector.Batch) []vector.Column {
	out := make([]vector.Column, len(f.at))
	for i, at := range f.at {
		out[i] = b.Cols[at]
	}
	return out
}

func (f *groupTopFiles) close() {
	f.spiller.close()
	f.before.Release()
	f.before = nil
}
