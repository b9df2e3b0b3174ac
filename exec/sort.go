package exec

import (
	"cmp"
	"context"
	"io"
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
// Every instance copies its input, with the evaluated keys beside it, into a
// rowStore and sorts references to the rows by pattern-defeating quicksort over
// their first 128 key bits (sort_key.go). When all have, one instance merges the
// sorted runs and gathers its batches from all stores; the others have no rows.
// Memory: the rows, their keys and 24 bytes a row; over budget the query fails.
// Spilling would write out a sorted run, which the merge reads from its front.
type sorter struct {
	input  Operator
	env    *Env
	schema []expr.Field
	keys   []*eval.Evaluator
	shared *sortShared

	run     *sortRun
	arrived bool
	closed  bool
	merge   *runMerger // of the instance that gives out the rows
}

// sortShared is what the instances of a Sort or TopN have in common.
type sortShared struct {
	barrier *Barrier
	open    atomic.Int32 // instances not closed yet: the last one frees the runs
	mu      sync.Mutex
	runs    []*sortRun
	taken   bool // an instance merges
}

func newSortShared(n int) *sortShared {
	s := &sortShared{barrier: NewBarrier(n)}
	s.open.Store(int32(n))
	return s
}

func newSort(n *physical.Sort, input Operator, env *Env) (Operator, error) {
	keys, err := newEvaluators(sortExprs(n.Keys), input.Schema(), evalOptions(env))
	if err != nil {
		return nil, err
	}
	return &sorter{
		input: input, env: env, schema: n.Schema(), keys: keys,
		shared: State(env.Group, n, func() *sortShared { return newSortShared(env.Group.Size()) }),
		run:    newSortRun(newSortOrder(n.Keys), &budget{account: env.Account}),
	}, nil
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
	if s.merge == nil {
		return nil, io.EOF
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	b := s.merge.next(s.env.Rows(), s.schema)
	if b == nil {
		return nil, io.EOF
	}
	return b, nil
}

func (s *sorter) consume(ctx context.Context) error {
	err := Drain(ctx, s.input, func(b *vector.Batch) error {
		defer b.Release()
		keys, err := evaluate(s.keys, b, nil)
		if err != nil {
			return err
		}
		return s.run.add(b, keys, b.Sel)
	})
	if err != nil {
		return err
	}
	s.run.sort()
	if err := s.input.Close(); err != nil { // frees what is below
		return err
	}
	s.arrived = true
	s.merge, err = s.shared.meet(ctx, s.run)
	return err
}

func (s *sorter) Close() error {
	if !s.closed {
		s.closed = true
		if !s.arrived {
			s.shared.barrier.Leave()
		}
		closeEvaluators(s.keys)
		s.shared.leave(s.run)
	}
	return s.input.Close()
}

// meet publishes a sorted run and waits for the others; the first to go on gets the
// merger of all runs.
func (s *sortShared) meet(ctx context.Context, run *sortRun) (*runMerger, error) {
	s.mu.Lock()
	s.runs = append(s.runs, run)
	s.mu.Unlock()
	if err := s.barrier.Arrive(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken {
		return nil, nil
	}
	s.taken = true
	return newRunMerger(s.runs), nil
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
}

// sortRun is rows with their keys, and their order.
type sortRun struct {
	b     *budget
	order *sortOrder
	width int // columns of a row; its keys stand behind them in the store
	store rowStore
	rows  []sortRow
}

func newSortRun(order *sortOrder, b *budget) *sortRun {
	return &sortRun{b: b, order: order, store: rowStore{b: b}}
}

// add takes rows of a batch in; sel is the selection, which may be narrower than
// the batch's own. The batch stays the caller's.
func (r *sortRun) add(b *vector.Batch, keys []vector.Column, sel vector.Selection) error {
	n := b.Len
	if sel != nil {
		n = len(sel)
	}
	if n == 0 {
		return nil
	}
	r.width = len(b.Cols)
	chunk := uint32(len(r.store.chunks))
	if err := r.store.add(slices.Concat(b.Cols, keys), b.Len, sel); err != nil {
		return err
	}
	from := len(r.rows)
	var err error
	if r.rows, err = grown(r.b, r.rows, from+n); err != nil {
		return err
	}
	r.order.normalize(keys, b.Len, sel, r.rows[from:])
	for i := range n {
		r.rows[from+i].ref = rowRef{chunk, uint32(i)}
	}
	return nil
}

func (r *sortRun) sort() {
	slices.SortFunc(r.rows, func(a, b sortRow) int { return r.compare(&a, r, &b) })
}

// compare orders a row of r and one of another run.
func (r *sortRun) compare(a *sortRow, other *sortRun, b *sortRow) int {
	if a.hi != b.hi {
		return cmp.Compare(a.hi, b.hi)
	}
	if a.lo != b.lo {
		return cmp.Compare(a.lo, b.lo)
	}
	if r.order.rest == len(r.order.keys) {
		return 0
	}
	return r.order.compareRest(r.keys(a.ref), int(a.ref.row), other.keys(b.ref), int(b.ref.row))
}

func (r *sortRun) keys(ref rowRef) []vector.Column { return r.store.chunks[ref.chunk].cols[r.width:] }

// runMerger merges sorted runs. There are as many as instances, so the least head
// is found by looking at all of them.
type runMerger struct {
	runs   []*sortRun
	at     []int      // per run: the next row
	base   []uint32   // per run: its first chunk among all
	chunks []rowChunk // of all runs
	refs   []rowRef   // scratch
	left   int64      // rows still to be given out
}

func newRunMerger(runs []*sortRun) *runMerger {
	m := &runMerger{at: make([]int, len(runs)), runs: runs}
	for _, r := range runs {
		m.base = append(m.base, uint32(len(m.chunks)))
		m.chunks = append(m.chunks, r.store.chunks...)
		m.left += int64(len(r.rows))
	}
	return m
}

// next gathers the next rows into a batch, nil when there are none.
func (m *runMerger) next(rows int, schema []expr.Field) *vector.Batch {
	m.refs = m.refs[:0]
	for range min(int64(rows), m.left) {
		r, at := m.pop()
		ref := m.runs[r].rows[at].ref
		ref.chunk += m.base[r]
		m.refs = append(m.refs, ref)
	}
	m.left -= int64(len(m.refs))
	if len(m.refs) == 0 {
		return nil
	}
	return gatherRows(m.chunks, m.refs, schema)
}

// pop gives the run and the position of the next row.
func (m *runMerger) pop() (run, at int) {
	run = -1
	for i, r := range m.runs {
		if m.at[i] == len(r.rows) {
			continue
		}
		if run < 0 || r.compare(&r.rows[m.at[i]], m.runs[run], &m.runs[run].rows[m.at[run]]) < 0 {
			run = i
		}
	}
	m.at[run]++
	return run, m.at[run] - 1
}

// cut leaves out the first rows, and all from number to on.
func (m *runMerger) cut(from, to int64) {
	m.left = min(m.left, to)
	for range min(from, m.left) {
		m.pop()
	}
	m.left -= min(from, m.left)
}
