package exec

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// runMerger merges sorted runs, or ranges of them. There are as many as instances, so
// the least head is found by looking at all of them. It is one instance's.
type runMerger struct {
	runs   []*sortRun
	at     []int       // per run: the next row,
	end    []int       // and the one after the last
	base   []uint32    // per run: its first chunk among all
	cols   []rowColumn // of all runs
	fields []expr.Field
	refs   []rowRef // scratch
	left   int64    // rows still to be given out
}

func newRunMerger(runs []*sortRun, fields []expr.Field) *runMerger {
	m := &runMerger{at: make([]int, len(runs)), runs: runs, fields: fields}
	var chunks []rowChunk
	for _, r := range runs {
		m.base = append(m.base, uint32(len(chunks)))
		m.end = append(m.end, len(r.rows))
		chunks = append(chunks, r.store.chunks...)
		m.left += int64(len(r.rows))
	}
	if len(chunks) > 0 {
		m.cols = rowColumns(chunks, len(fields))
	}
	return m
}

// seek limits the merger to rows [from[i], to[i]) of each run.
func (m *runMerger) seek(from, to []int) {
	copy(m.at, from)
	copy(m.end, to)
	m.left = 0
	for i := range from {
		m.left += int64(to[i] - from[i])
	}
}

// next gathers the next rows into a batch, nil when there are none.
func (m *runMerger) next(rows int) *vector.Batch {
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
	return gatherBatch(m.cols, m.refs, m.fields)
}

// pop gives the run and the position of the next row. Of equal rows that of the first
// run comes first.
func (m *runMerger) pop() (run, at int) {
	run = -1
	for i, r := range m.runs {
		if m.at[i] == m.end[i] {
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

// advance gives the positions after n more rows than at, which the runs have. It is a
// binary search in all runs at once: of the run whose range is widest the middle row is
// looked up in the others, and tells of each range one part that it does not end in
// (Varman et al., "Merging multiple lists on hierarchical-memory multiprocessors",
// 1991, with the pivots taken in turn).
func advance(runs []*sortRun, at []int, n int) []int {
	low, high, cut := make([]int, len(runs)), make([]int, len(runs)), make([]int, len(runs))
	for i, r := range runs {
		low[i], high[i] = at[i], min(at[i]+n, len(r.rows))
	}
	for {
		widest := 0
		for i := range runs {
			if high[i]-low[i] > high[widest]-low[widest] {
				widest = i
			}
		}
		if low[widest] == high[widest] {
			return low
		}
		middle, before := (low[widest]+high[widest])/2, 0
		for i, r := range runs {
			cut[i] = middle
			if i != widest {
				cut[i] = r.countBefore(low[i], high[i], runs[widest], middle, i < widest)
			}
			before += cut[i] - at[i]
		}
		if before > n {
			copy(high, cut)
			continue
		}
		copy(low, cut)
		if before == n {
			return low
		}
		low[widest]++ // the middle row itself
	}
}

// countBefore is the first position in [low, high) whose row comes after row at of
// another run; equal ones come before it if ties is set.
func (r *sortRun) countBefore(low, high int, other *sortRun, at int, ties bool) int {
	for low < high {
		middle := (low + high) / 2
		c := r.compare(&r.rows[middle], other, &other.rows[at])
		if c < 0 || c == 0 && ties {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}
