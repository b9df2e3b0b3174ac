package exec

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// sorter orders all rows.
//
// Every instance copies its input, with the keys that are no columns beside it, into a
// rowStore. When all have, the keys of all rows are looked at and become bits, as few
// as tell their values apart (sort_fit.go); every instance sorts references to its rows
// by them, digit by digit or by pattern-defeating quicksort. When all have, they merge
// the sorted runs and gather batches from all stores, block by block; one instance gives
// them out in order, the others have no rows (sort_output.go); where only groups of rows have
// to come in order, each instance gives out some (sort_whole.go). Memory: the rows, their
// keys and 24 bytes a row, 48 while they are sorted by digits; over budget the query
// fails unless there is a place to spill to: then sorted runs are written out and merged
// from files (sort_spill.go).
type sorter struct {
	node   *physical.Sort
	input  Operator
	env    *Env
	schema []expr.Field
	keys   []*eval.Evaluator
	fit    *fitShared
	shared *sortShared

	order   *sortOrder
	run     *sortRun
	spiller runSpiller
	spilled bool // the rows are in files (sort_spill.go)
	fitted  bool // the first barrier was met
	arrived bool // and the second
	closed  bool
	gives   bool // this instance gives out the rows
	merge   *runMerger
}

// sortShared is what the instances of a Sort or TopN have in common.
type sortShared struct {
	barrier *Barrier
	open    atomic.Int32 // instances not closed yet: the last one frees the runs
	mu      sync.Mutex
	runs    []*sortRun
	taken   bool        // an instance gives out the rows
	out     *sortOutput // of a Sort, from then on
	spans   *sortSpans  // of one that keeps groups whole
	spill   *sortSpill
}

func newSortShared(n int) *sortShared {
	s := &sortShared{barrier: NewBarrier(n), spill: newSortSpill(n)}
	s.open.Store(int32(n))
	return s
}

func newSort(n *physical.Sort, input Operator, env *Env) (Operator, error) {
	keys, err := newEvaluators(sortExprs(n.Keys), input.Schema(), evalOptions(env))
	if err != nil {
		return nil, err
	}
	s := &sorter{
		node: n, input: input, env: env, schema: n.Schema(), keys: keys, order: newSortOrder(n.Keys),
	}
	type both struct {
		fit    *fitShared
		shared *sortShared
	}
	state := State(env.Group, n, func() both {
		return both{&fitShared{barrier: NewBarrier(env.Group.Size())}, newSortShared(env.Group.Size())}
	})
	s.fit, s.shared = state.fit, state.shared
	s.spiller = runSpiller{shared: s.shared.spill, env: env, account: tableAccount(env), profile: env.spillProfile(n),
		keys: n.Keys, schema: input.Schema(), wanted: math.MaxInt64}
	s.run = s.newRun()
	return s, nil
}

func (s *sorter) newRun() *sortRun {
	run := newSortRun(s.order, keyColumns(s.node.Keys), &budget{account: s.spiller.account})
	run.late = true
	return run
}

func sortExprs(keys []expr.SortKey) []expr.Expr {
	out := make([]expr.Expr, len(keys))
	for i, k := range keys {
		out[i] = k.Expr
	}
	return out
}

func (s *sorter) Schema() []expr.Field { return s.schema }

func (s *sorter) Next(ctx context.Context) (*vector.Batch, error) {
	if !s.arrived {
		if err := s.consume(ctx); err != nil {
			return nil, err
		}
	}
	if s.spilled {
		return s.spiller.next(ctx)
	}
	if s.node.Whole > 0 {
		return s.nextWhole(ctx)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if s.gives {
		return s.shared.out.give(ctx, s.merge)
	}
	return nil, s.shared.out.help(ctx, s.merge)
}

func (s *sorter) consume(ctx context.Context) error {
	err := Drain(ctx, s.input, func(b *vector.Batch) error {
		defer b.Release()
		keys, err := evaluate(s.keys, b, nil)
		if err != nil {
			return err
		}
		if err := s.run.add(b, keys, b.Sel); err != nil || !s.spiller.crowded() {
			return err
		}
		full := s.run
		s.run = s.newRun()
		return s.spiller.write(ctx, full)
	})
	if err != nil {
		return err
	}
	if err := s.input.Close(); err != nil { // frees what is below
		return err
	}
	if s.spilled, err = s.spiller.finish(ctx, func() error { return s.spiller.write(ctx, s.run) }); s.spilled || err != nil {
		s.arrived, s.fitted = s.spilled, s.spilled // nobody waits at these barriers
		return err
	}
	s.fitted = true
	fit, err := s.fit.meet(ctx, s.run)
	if err != nil {
		return err
	}
	if s.env.Profile != nil {
		for _, note := range fit.describe(s.node.Keys) {
			s.env.note(s.node, "%s", note)
		}
	}
	if err := s.run.sortFitted(fit); err != nil {
		return err
	}
	s.arrived = true
	if s.gives, err = s.shared.meet(ctx, s.run); err != nil {
		return err
	}
	s.shared.mu.Lock()
	defer s.shared.mu.Unlock()
	if s.node.Whole > 0 {
		if s.shared.spans == nil {
			s.shared.spans = newSortSpans(s.shared.runs, s.node.Whole, s.env.Group.Size())
		}
		s.merge = newRunMerger(s.shared.runs, s.schema)
		s.merge.left = 0 // until it takes a span
		return nil
	}
	if s.shared.out == nil {
		s.shared.out = newSortOutput(s.shared.runs, s.env.Group.Size(), s.env.Rows(), s.run.b)
	}
	s.merge = newRunMerger(s.shared.runs, s.schema)
	return nil
}

func (s *sorter) Close() error {
	if !s.closed {
		s.closed = true
		if !s.fitted {
			s.fit.barrier.Leave()
		}
		if !s.arrived {
			s.shared.barrier.Leave()
		}
		s.spiller.close()
		closeEvaluators(s.keys)
		if s.gives && s.shared.out != nil {
			s.shared.out.stop()
		}
		s.shared.leave(s.run)
	}
	return s.input.Close()
}

// meet publishes a sorted run and waits for the others; the first to go on gives out
// the rows.
func (s *sortShared) meet(ctx context.Context, run *sortRun) (gives bool, err error) {
	s.mu.Lock()
	s.runs = append(s.runs, run)
	s.mu.Unlock()
	if err := s.barrier.Arrive(ctx); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	gives = !s.taken
	s.taken = true
	return gives, nil
}

// leave frees the runs when nobody can be reading them any more; own is that of the
// instance that leaves, which may not have been published.
func (s *sortShared) leave(own *sortRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.runs, own) {
		own.b.free()
	}
	if s.open.Add(-1) > 0 {
		return
	}
	for _, r := range s.runs {
		r.b.free()
	}
	s.runs = nil
	s.spill.free()
}
