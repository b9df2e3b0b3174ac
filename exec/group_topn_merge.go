package exec

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// takenGroups is how many groups an instance takes at a time when rows are given out.
const takenGroups = 256

// groupTopShared is what the instances of a GroupTopN have in common. Each publishes
// its run; then one of them, while the others wait, finds out which groups of the runs
// are the same, and all of them give out rows. The runs do not change any more, but for
// the groups of the largest, to which those of the others are added.
type groupTopShared struct {
	barrier *Barrier
	open    atomic.Int32 // instances not closed yet: the last one frees the runs
	mu      sync.Mutex
	runs    []*groupRun
	spill   *sortSpill

	merging Once
	b       *budget
	size    int        // groups of all runs
	own     [][]uint32 // per run, by group of all: its number there + 1; 0: the run has none
	chunks  []rowChunk // of all runs
	base    []uint32   // per run: its first chunk among all
	taken   atomic.Int64
}

func newGroupTopShared(n int) *groupTopShared {
	s := &groupTopShared{barrier: NewBarrier(n), spill: newSortSpill(n)}
	s.open.Store(int32(n))
	return s
}

// meet publishes an arranged run and waits for the others.
func (s *groupTopShared) meet(ctx context.Context, run *groupRun) error {
	if run.groups != nil {
		run.groups.leaveIndex()
	}
	s.mu.Lock()
	s.runs = append(s.runs, run)
	s.mu.Unlock()
	if err := s.barrier.Arrive(ctx); err != nil {
		return err
	}
	return s.merging.Do(ctx, s.merge)
}

// leave frees the runs when nobody can be reading them any more; own is that of the
// instance that leaves, which may not have been published.
func (s *groupTopShared) leave(own *groupRun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.runs, own) {
		own.free()
	}
	if s.open.Add(-1) > 0 {
		return
	}
	for _, r := range s.runs {
		r.free()
	}
	if s.b != nil {
		s.b.free()
	}
	s.runs, s.own, s.chunks = nil, nil, nil
	s.spill.free()
}

// merge numbers the groups of all runs.
func (s *groupTopShared) merge() error {
	for _, r := range s.runs {
		s.base = append(s.base, uint32(len(s.chunks)))
		s.chunks = append(s.chunks, r.rows.store.chunks...)
	}
	largest := slices.MaxFunc(s.runs, func(a, b *groupRun) int { return a.size() - b.size() })
	s.b = &budget{account: largest.b.account}
	s.size = largest.size()
	if largest.groups == nil || len(s.runs) == 1 {
		return nil
	}
	numbers := make([][]uint32, len(s.runs)) // per run, by group there
	for i, r := range s.runs {
		var err error
		if numbers[i], err = s.numbers(r, largest); err != nil {
			return err
		}
	}
	s.size = largest.size()
	for i := range s.runs {
		if err := s.b.reserve(int64(s.size) * 4); err != nil {
			return err
		}
		own := make([]uint32, s.size)
		for local, g := range numbers[i] {
			own[g] = uint32(local) + 1
		}
		s.own = append(s.own, own)
		s.b.giveBack(int64(len(numbers[i])) * 4)
		numbers[i] = nil
	}
	return nil
}

// numbers is what the groups of from are called in the largest run.
func (s *groupTopShared) numbers(from, largest *groupRun) ([]uint32, error) {
	n := len(from.starts) - 1 // the largest may have more by now
	if err := s.b.reserve(int64(n) * 4); err != nil {
		return nil, err
	}
	if from == largest {
		return numbered(0, n), nil
	}
	if err := from.groups.hashAll(); err != nil {
		return nil, err
	}
	to := make([]uint32, n)
	strings := largest.groups.translation(from.groups, n)
	for lo := 0; lo < n; lo += vector.MaxRows {
		hi := min(n, lo+vector.MaxRows)
		if err := largest.groups.merge(from.groups, numbered(lo, hi), to[lo:hi], strings); err != nil {
			return nil, err
		}
	}
	return to, nil
}

// groupMerger gives out the rows of the groups that its instance takes.
type groupMerger struct {
	shared *groupTopShared
	offset int64 // ranks, from 1: passed are those above offset,
	upTo   int64 // the last of them this one
	fields []expr.Field
	cols   []rowColumn // of all runs

	group, end int         // groups taken
	heads      []groupHead // of the group that is given out now
	rank       int64       // of its last row
	refs       []rowRef    // scratch
}

// groupHead is the rows of a group that a run still has.
type groupHead struct {
	run  int
	rows []sortRow
}

func newGroupMerger(s *groupTopShared, offset, upTo int64, fields []expr.Field) *groupMerger {
	m := &groupMerger{shared: s, offset: offset, upTo: upTo, fields: fields}
	if len(s.chunks) > 0 {
		m.cols = rowColumns(s.chunks, len(fields))
	}
	return m
}

// next gathers the next rows into a batch, nil when there are none.
func (m *groupMerger) next(ctx context.Context, rows int) (*vector.Batch, error) {
	m.refs = m.refs[:0]
	for n := 0; len(m.refs) < rows; n++ {
		if n%vector.MaxRows == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if len(m.heads) == 0 || m.rank == m.upTo {
			if !m.nextGroup() {
				break
			}
			continue
		}
		run, row := m.pop()
		if m.rank++; m.rank > m.offset {
			m.refs = append(m.refs, rowRef{row.ref.chunk + m.shared.base[run], row.ref.row})
		}
	}
	if len(m.refs) == 0 {
		return nil, nil
	}
	return gatherBatch(m.cols, m.refs, m.fields), nil
}

// nextGroup turns to the next group, which may have no rows; false when there is none.
func (m *groupMerger) nextGroup() bool {
	s := m.shared
	m.heads, m.rank = m.heads[:0], 0
	if m.group == m.end {
		m.end = int(s.taken.Add(takenGroups))
		m.group = m.end - takenGroups
		m.end = min(m.end, s.size)
	}
	if m.group >= m.end {
		m.group = m.end
		return false
	}
	for i, r := range s.runs {
		g := m.group
		if s.own != nil {
			g = int(s.own[i][g]) - 1
		}
		if g < 0 {
			continue
		}
		if rows := r.rows.rows[r.starts[g]:r.starts[g+1]]; len(rows) > 0 {
			m.heads = append(m.heads, groupHead{i, rows})
		}
	}
	m.group++
	if len(m.heads) == 1 { // nothing to merge: the offset is a step
		h := &m.heads[0]
		m.rank = min(m.offset, int64(len(h.rows)))
		if h.rows = h.rows[m.rank:]; len(h.rows) == 0 {
			m.heads = m.heads[:0]
		}
	}
	return true
}

// pop takes the first row of the group.
func (m *groupMerger) pop() (run int, row *sortRow) {
	least := 0
	for i := 1; i < len(m.heads); i++ {
		a, b := &m.heads[i], &m.heads[least]
		if m.shared.runs[a.run].rows.compare(&a.rows[0], m.shared.runs[b.run].rows, &b.rows[0]) < 0 {
			least = i
		}
	}
	h := &m.heads[least]
	run, row = h.run, &h.rows[0]
	if h.rows = h.rows[1:]; len(h.rows) == 0 {
		m.heads = slices.Delete(m.heads, least, least+1)
	}
	return run, row
}
