package exec

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// A sort, or the first rows of one or of its groups, whose run finds no room writes it out
// in order and begins another (external merge sort; Knuth, TAOCP 3, 5.4). When all
// instances have written theirs, one of them merges the files, so many at a time, and
// gives out the rows. Rows that are equal by the keys come in another order than in memory.

const (
	// crowdedRun is the part of the room that a run may fill.
	crowdedRun = 0.6
	// fanIn is how many files are merged at a time: each is read block by block.
	fanIn = 32
)

// sortSpill is what the instances of a spilling sort have in common.
type sortSpill struct {
	on      atomic.Bool
	agree   *Barrier // every instance has read its input
	written *Barrier // every run is in a file
	mu      sync.Mutex
	files   []SpillFile
	taken   bool // an instance merges
}

func newSortSpill(instances int) *sortSpill {
	return &sortSpill{agree: NewBarrier(instances), written: NewBarrier(instances)}
}

func (s *sortSpill) free() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		f.Free()
	}
	s.files = nil
}

// runSpiller is one instance's part in it.
type runSpiller struct {
	shared  *sortSpill
	env     *Env
	account *memory.Account // of the run
	profile *SpillProfile
	keys    []expr.SortKey
	schema  []expr.Field
	wanted  int64 // of the first rows of a run
	met     int   // barriers
	merge   *fileMerge
}

// crowded reports whether the run is to be written.
func (r *runSpiller) crowded() bool { return r.env.Spill != nil && r.account.Crowded(crowdedRun) }

// write puts a run into a file, in order, and frees it.
func (r *runSpiller) write(ctx context.Context, run *sortRun) error {
	r.shared.on.Store(true)
	defer run.b.free()
	if len(run.rows) == 0 {
		return nil
	}
	rows := run.blockRows()
	if err := sortAlone(ctx, run); err != nil {
		return err
	}
	m := newRunMerger([]*sortRun{run}, r.schema)
	m.cut(0, r.wanted)
	return r.collect(ctx, func() (*vector.Batch, error) { return m.next(rows), nil })
}

// blockRows is how many rows of a run, which has some, are written at a time.
func (r *sortRun) blockRows() int {
	return min(max(spillBytes*len(r.rows)/int(max(r.b.held, 1)), 16), vector.MaxRows)
}

// sortAlone sorts a run that is fitted to its own rows.
func sortAlone(ctx context.Context, run *sortRun) error {
	if !run.late {
		run.sort()
		return nil
	}
	fit, err := (&fitShared{barrier: NewBarrier(1)}).meet(ctx, run)
	if err != nil {
		return err
	}
	return run.sortFitted(fit)
}

// collect writes what next gives, until that is nil, into a file of the run's own.
func (r *runSpiller) collect(ctx context.Context, next func() (*vector.Batch, error)) error {
	f := r.env.Spill.Create()
	r.shared.mu.Lock()
	r.shared.files = append(r.shared.files, f)
	r.shared.mu.Unlock()
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b, err := next()
		if b == nil || err != nil {
			return err
		}
		if err := appendSpilled(f, b, r.profile); err != nil {
			return err
		}
	}
}

// finish waits for the others and reports whether the sort has spilled; then write puts
// the last run into a file, and one of the instances has a merge of all files.
func (r *runSpiller) finish(ctx context.Context, write func() error) (spilled bool, err error) {
	if r.env.Spill == nil {
		return false, nil
	}
	r.met = 1
	if err := r.shared.agree.Arrive(ctx); err != nil || !r.shared.on.Load() {
		return false, err
	}
	if err := write(); err != nil {
		return true, err
	}
	r.met = 2
	if err := r.shared.written.Arrive(ctx); err != nil {
		return true, err
	}
	r.shared.mu.Lock()
	first := !r.shared.taken
	r.shared.taken = true
	r.shared.mu.Unlock()
	if !first {
		return true, nil
	}
	return true, r.open(ctx)
}

// open begins to merge all files; where these are too many, some become one before.
func (r *runSpiller) open(ctx context.Context) error {
	for len(r.shared.files) > fanIn {
		some := slices.Clone(r.shared.files[:fanIn])
		m, err := newFileMerge(r, some)
		if err == nil {
			err = r.collect(ctx, func() (*vector.Batch, error) { return m.next(vector.MaxRows / 4) })
		}
		m.close()
		if err != nil {
			return err
		}
		r.shared.mu.Lock()
		r.shared.files = r.shared.files[fanIn:]
		r.shared.mu.Unlock()
		for _, f := range some {
			f.Free()
		}
	}
	var err error
	r.merge, err = newFileMerge(r, r.shared.files)
	return err
}

// next gives the next rows of a spilled sort; io.EOF to all instances but one.
func (r *runSpiller) next(ctx context.Context) (*vector.Batch, error) {
	if r.merge == nil {
		return nil, io.EOF
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	b, err := r.merge.next(r.env.Rows())
	if b == nil && err == nil {
		err = io.EOF
	}
	return b, err
}

func (r *runSpiller) close() {
	if r.met < 1 {
		r.shared.agree.Leave()
	}
	if r.met < 2 {
		r.shared.written.Leave()
	}
	r.met = 2
	r.merge.close()
	r.merge = nil
}

// fileMerge merges sorted files: a heap of the runs by their first rows.
type fileMerge struct {
	order  *sortOrder
	schema []expr.Field
	keys   []*eval.Evaluator
	runs   []*fileRun // a heap
	all    []*fileRun
	left   int64 // rows still to be given out
	chunks []rowChunk
	refs   []rowRef
	ended  []*vector.Batch // batches that rows of this output came from
}

// fileRun is where a merge stands in one file.
type fileRun struct {
	reader *spillReader
	batch  *vector.Batch
	keys   []vector.Column
	rows   []sortRow // key bits of the batch
	at     int
	chunk  int // of the output under way; -1: none yet
}

func newFileMerge(r *runSpiller, files []SpillFile) (*fileMerge, error) {
	m := &fileMerge{order: newSortOrder(r.keys), schema: r.schema, left: r.wanted}
	var err error
	if m.keys, err = newEvaluators(sortExprs(r.keys), r.schema, evalOptions(r.env)); err != nil {
		return nil, err
	}
	for _, f := range files {
		run := &fileRun{reader: newSpillReader(f, r.schema, r.env)}
		m.all = append(m.all, run)
		more, err := m.load(run)
		if err != nil {
			return m, err
		}
		if more {
			m.runs = append(m.runs, run)
		}
	}
	heap.Init(m)
	return m, nil
}

// load reads the next batch of a run, false when there is none.
func (m *fileMerge) load(r *fileRun) (bool, error) {
	if r.batch != nil {
		m.ended = append(m.ended, r.batch)
		r.batch = nil
	}
	b, err := r.reader.Next(context.Background())
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	r.batch, r.at, r.chunk = vector.Compact(b), 0, -1
	if r.keys, err = evaluate(m.keys, r.batch, nil); err != nil {
		return false, err
	}
	if cap(r.rows) < r.batch.Len {
		r.rows = make([]sortRow, r.batch.Len)
	}
	r.rows = r.rows[:r.batch.Len]
	m.order.normalize(r.keys, r.batch.Len, nil, r.rows)
	return true, nil
}

// pop moves on from the first row of all; take makes it part of the output.
func (m *fileMerge) pop(take bool) error {
	r := m.runs[0]
	if take {
		if r.chunk < 0 {
			r.chunk = len(m.chunks)
			m.chunks = append(m.chunks, rowChunk{cols: r.batch.Cols, n: r.batch.Len})
		}
		m.refs = append(m.refs, rowRef{uint32(r.chunk), uint32(r.at)})
	}
	r.at++
	if r.at == r.batch.Len {
		more, err := m.load(r)
		if err != nil {
			return err
		}
		if !more {
			heap.Pop(m)
			return nil
		}
	}
	heap.Fix(m, 0)
	return nil
}

// skip leaves out the first rows.
func (m *fileMerge) skip(n int64) error {
	for ; n > 0 && m.left > 0 && len(m.runs) > 0; n-- {
		if err := m.pop(false); err != nil {
			return err
		}
		m.left--
		m.release()
	}
	return nil
}

// next gives the next rows, nil behind the last.
func (m *fileMerge) next(rows int) (*vector.Batch, error) {
	m.chunks, m.refs = m.chunks[:0], m.refs[:0]
	for _, r := range m.runs {
		r.chunk = -1
	}
	for len(m.refs) < rows && m.left > 0 && len(m.runs) > 0 {
		if err := m.pop(true); err != nil {
			return nil, err
		}
		m.left--
	}
	if len(m.refs) == 0 {
		return nil, nil
	}
	b := gatherRows(m.chunks, m.refs, m.schema)
	for _, e := range m.ended { // texts stay where they are
		b.Take(e)
	}
	m.ended = m.ended[:0]
	for _, r := range m.runs {
		if r.chunk >= 0 {
			b.Take(r.batch.Share())
		}
	}
	return b, nil
}

func (m *fileMerge) release() {
	for _, b := range m.ended {
		b.Release()
	}
	m.ended = m.ended[:0]
}

// close gives the batches back; nil has none.
func (m *fileMerge) close() {
	if m == nil {
		return
	}
	m.release()
	for _, r := range m.all {
		r.batch.Release()
		r.batch = nil
		_ = r.reader.Close()
	}
	m.runs = nil
	closeEvaluators(m.keys)
}

// Len, Less, Swap, Push and Pop are container/heap's.
func (m *fileMerge) Len() int { return len(m.runs) }

func (m *fileMerge) Less(i, j int) bool {
	a, b := m.runs[i], m.runs[j]
	x, y := &a.rows[a.at], &b.rows[b.at]
	c := cmp.Or(cmp.Compare(x.hi, y.hi), cmp.Compare(x.lo, y.lo))
	if c == 0 && m.order.rest < len(m.order.keys) {
		c = m.order.compareRest(m.order.rest, a.keys, a.at, b.keys, b.at)
	}
	return c < 0
}

func (m *fileMerge) Swap(i, j int) { m.runs[i], m.runs[j] = m.runs[j], m.runs[i] }
func (m *fileMerge) Push(r any)    { m.runs = append(m.runs, r.(*fileRun)) }

func (m *fileMerge) Pop() any {
	last := m.runs[len(m.runs)-1]
	m.runs = m.runs[:len(m.runs)-1]
	return last
}
