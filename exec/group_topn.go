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

// groupTopN gives the first rows of every group in an order.
//
// Every instance numbers the groups it meets, as an aggregate does, and keeps its rows
// in a run of the sorter (group_topn_run.go). When the run has twice as many rows as the
// last time, it is arranged: rows are dealt out by the number of their group, sorted
// within it, and cut to those that can still be wanted. The last row left of a full group
// is its bound: rows at or above it are dropped batch by batch before anything of them
// is copied. When all have, every instance takes groups and merges their rows from all
// runs (group_topn_merge.go). Sorting by the groups' columns and then by the keys needs
// no table of groups, but knows no bounds, compares groups wherever it compares keys,
// and leaves the merge to one instance.
//
// One instance alone gives the same rows in the same order however its input is cut into
// batches: groups in the order in which they came, and of equal rows the first ones.
//
// Memory: the columns of all groups, about twice the wanted rows of the groups there
// are, and 28 bytes for each of these rows, 52 while they are arranged. Where that does
// not fit, runs are written out and merged from files (group_topn_spill.go).
type groupTopN struct {
	node   *physical.GroupTopN
	input  Operator
	env    *Env
	by     []*eval.Evaluator // of the groups
	keys   []*eval.Evaluator // of the order
	wanted int64             // Offset + Count
	shared *groupTopShared

	run     *groupRun
	cutAt   int // rows at which the run is cut
	arrived bool
	closed  bool
	merge   *groupMerger
	files   groupTopFiles
}

func newGroupTopN(n *physical.GroupTopN, input Operator, env *Env) (Operator, error) {
	by, err := newEvaluators(n.By, input.Schema(), evalOptions(env))
	if err != nil {
		return nil, err
	}
	keys, err := newEvaluators(sortExprs(n.Keys), input.Schema(), evalOptions(env))
	if err != nil {
		closeEvaluators(by)
		return nil, err
	}
	t := &groupTopN{
		node: n, input: input, env: env, by: by, keys: keys, wanted: lastRank(n.Offset, n.Count),
		shared: State(env.Group, n, func() *groupTopShared { return newGroupTopShared(env.Group.Size()) }),
	}
	t.files = newGroupTopFiles(n, t.shared.spill, env)
	t.begin()
	return t, nil
}

// begin has the instance begin a run.
func (t *groupTopN) begin() {
	t.run, t.cutAt = newGroupRun(t.node, t.wanted, t.files.spiller.account), topPruneRows
}

func (t *groupTopN) Schema() []expr.Field { return t.input.Schema() }

func (t *groupTopN) Next(ctx context.Context) (*vector.Batch, error) {
	if !t.arrived {
		if err := t.consume(ctx); err != nil {
			return nil, err
		}
	}
	if t.merge == nil {
		return t.files.next(ctx, t.node.Offset, t.wanted)
	}
	b, err := t.merge.next(ctx, t.env.Rows())
	if b == nil && err == nil {
		err = io.EOF
	}
	return b, err
}

func (t *groupTopN) consume(ctx context.Context) error {
	if t.wanted > t.node.Offset { // else nothing is, and the input need not run
		err := Drain(ctx, t.input, func(b *vector.Batch) error {
			if err := t.add(b); err != nil || !t.files.spiller.crowded() {
				return err
			}
			return t.makeRoom(ctx)
		})
		if err != nil {
			return err
		}
	}
	if err := t.input.Close(); err != nil { // frees what is below
		return err
	}
	spilled, err := t.files.spiller.finish(ctx, func() error { return t.write(ctx) })
	if spilled || err != nil {
		t.arrived = spilled // nobody waits at that barrier
		return err
	}
	if err := t.run.arrange(); err != nil {
		return err
	}
	t.arrived = true
	if err := t.shared.meet(ctx, t.run); err != nil {
		return err
	}
	t.merge = newGroupMerger(t.shared, t.node.Offset, t.wanted, t.Schema())
	return nil
}

func (t *groupTopN) add(b *vector.Batch) error {
	defer b.Release()
	by, err := evaluate(t.by, b, nil)
	if err != nil {
		return err
	}
	keys, err := evaluate(t.keys, b, nil)
	if err != nil {
		return err
	}
	if err := t.run.add(b, by, keys); err != nil {
		return err
	}
	if t.wanted == math.MaxInt64 || len(t.run.rows.rows) < t.cutAt {
		return nil
	}
	return t.cut()
}

// cut leaves of the run what can still be wanted.
func (t *groupTopN) cut() error {
	err := t.run.cut()
	t.cutAt = topPruneRows + 2*len(t.run.rows.rows)
	return err
}

func (t *groupTopN) Close() error {
	if !t.closed {
		t.closed = true
		if !t.arrived {
			t.shared.barrier.Leave()
		}
		t.files.close()
		closeEvaluators(t.by)
		closeEvaluators(t.keys)
		t.shared.leave(t.run)
	}
	return t.input.Close()
}
