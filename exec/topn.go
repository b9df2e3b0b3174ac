package exec

import (
	"context"
	"io"
	"math"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// topPruneRows is how many rows beyond twice the wanted ones are collected before
// the best are picked.
const topPruneRows = 1024

// topN gives the first rows of an order.
//
// Every instance keeps a run of candidates; when it holds twice as many as can be
// wanted, it is sorted and cut, and the key bits of the last row left become a
// bound: rows at or above it are dropped batch by batch before anything of them is
// copied. When all have, one instance merges the runs as sorter does. Memory: about
// twice Offset+Count rows; where that does not fit sorted runs are written out and
// merged from files (sort_spill.go).
type topN struct {
	node   *physical.TopN
	input  Operator
	env    *Env
	keys   []*eval.Evaluator
	shared *sortShared

	run     *sortRun
	wanted  int64 // Offset + Count
	bounded bool
	first   *topBound // nil: nobody below asks for it
	bound   sortRow   // rows at or above it are not among the wanted
	scratch []sortRow // key bits of a batch
	arrived bool
	closed  bool
	merge   *runMerger // of the instance that gives out the rows
	order   *sortOrder
	spiller runSpiller
	spilled bool
}

func newTopN(n *physical.TopN, input Operator, env *Env) (Operator, error) {
	keys, err := newEvaluators(sortExprs(n.Keys), input.Schema(), evalOptions(env))
	if err != nil {
		return nil, err
	}
	wanted := lastRank(n.Offset, n.Count)
	t := &topN{
		node: n, input: input, env: env, keys: keys, wanted: wanted, order: newSortOrder(n.Keys),
		shared: State(env.Group, n, func() *sortShared { return newSortShared(env.Group.Size()) }),
	}
	if n.RuntimeFilter != 0 {
		t.first = State(env.Fragment, topBoundOf{n}, func() *topBound { return newTopBound(n.Keys[0]) })
	}
	t.spiller = runSpiller{shared: t.shared.spill, env: env, account: tableAccount(env), profile: env.spillProfile(n),
		keys: n.Keys, schema: input.Schema(), wanted: wanted}
	t.run = t.newRun()
	return t, nil
}

// lastRank is the number, from 1, of the last row that an offset and a count let through.
func lastRank(offset, count int64) int64 {
	if count >= 0 && offset < math.MaxInt64-count {
		return offset + count
	}
	return math.MaxInt64
}

func (t *topN) newRun() *sortRun {
	return newSortRun(t.order, keyColumns(t.node.Keys), &budget{account: t.spiller.account})
}

func (t *topN) Schema() []expr.Field { return t.input.Schema() }

func (t *topN) Next(ctx context.Context) (*vector.Batch, error) {
	if !t.arrived {
		if err := t.consume(ctx); err != nil {
			return nil, err
		}
	}
	if t.spilled {
		return t.spiller.next(ctx)
	}
	if t.merge == nil {
		return nil, io.EOF
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	b := t.merge.next(t.env.Rows())
	if b == nil {
		return nil, io.EOF
	}
	return b, nil
}

func (t *topN) consume(ctx context.Context) error {
	if t.wanted > t.node.Offset { // else nothing is, and the input need not run
		err := Drain(ctx, t.input, func(b *vector.Batch) error {
			if err := t.add(b); err != nil || !t.spiller.crowded() {
				return err
			}
			full := t.run
			t.run = t.newRun()
			return t.spiller.write(ctx, full)
		})
		if err != nil {
			return err
		}
	}
	if err := t.input.Close(); err != nil { // frees what is below
		return err
	}
	var err error
	if t.spilled, err = t.spiller.finish(ctx, func() error { return t.spiller.write(ctx, t.run) }); t.spilled || err != nil {
		t.arrived = t.spilled // nobody waits at that barrier
		if err == nil && t.spiller.merge != nil {
			err = t.spiller.merge.skip(t.node.Offset)
		}
		return err
	}
	t.run.sort()
	t.arrived = true
	gives, err := t.shared.meet(ctx, t.run)
	if gives {
		t.merge = newRunMerger(t.shared.runs, t.Schema())
		t.merge.cut(t.node.Offset, t.wanted)
	}
	return err
}

func (t *topN) Close() error {
	if !t.closed {
		t.closed = true
		if !t.arrived {
			t.shared.barrier.Leave()
		}
		t.spiller.close()
		closeEvaluators(t.keys)
		t.shared.leave(t.run)
	}
	return t.input.Close()
}

// add takes the rows of a batch that may be among the wanted.
func (t *topN) add(b *vector.Batch) error {
	defer b.Release()
	keys, err := evaluate(t.keys, b, nil)
	if err != nil {
		return err
	}
	if err := t.run.add(b, keys, t.below(b, keys)); err != nil {
		return err
	}
	if int64(len(t.run.rows))-topPruneRows > t.wanted && int64(len(t.run.rows))/2 > t.wanted {
		return t.prune()
	}
	return nil
}

// below is the selected rows of b that are below the bound.
func (t *topN) below(b *vector.Batch, keys []vector.Column) vector.Selection {
	if !t.bounded {
		return b.Sel
	}
	n := b.Rows()
	if cap(t.scratch) < n {
		t.scratch = make([]sortRow, n)
	}
	rows := t.scratch[:n]
	t.run.order.normalize(keys, b.Len, b.Sel, rows)
	exact := t.run.order.rest == len(t.run.order.keys)
	sel := vector.Selection{}
	for i := range rows {
		r := &rows[i]
		if r.hi < t.bound.hi || r.hi == t.bound.hi && (r.lo < t.bound.lo || r.lo == t.bound.lo && !exact) {
			sel = append(sel, uint32(selected(b.Sel, i)))
		}
	}
	return sel
}

// publish tells the scans below which rows are not wanted, by the last row of a run that is.
func (t *topN) publish(run *sortRun, last rowRef) {
	if t.first == nil {
		return
	}
	key := &run.keys[last.chunk][0]
	if key.IsNull(int(last.row)) { // NULL comes last: fewer rows than are wanted have a value
		return
	}
	value := make([]uint64, 1)
	readInts(value, key, []uint32{last.row})
	if t.first.tighten(int64(value[0])) {
		t.env.Filters.forAll().Publish(t.node.RuntimeFilter, t.first)
	}
}

// prune keeps the wanted rows only, in memory of their own.
func (t *topN) prune() error {
	t.run.sort()
	old := t.run
	rows := old.rows[:t.wanted]
	refs := make([]rowRef, len(rows))
	for i := range rows {
		refs[i] = rows[i].ref
	}
	run := t.newRun()
	if err := old.copyTo(run, refs); err != nil {
		return err
	}
	t.bound, t.bounded = rows[len(rows)-1], true
	t.publish(old, t.bound.ref)
	old.b.free()
	t.run = run
	return nil
}
