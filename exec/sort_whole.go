package exec

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/skein-query/skein/exec/vector"
)

const (
	// leastSpan and mostSpan bound how many rows an instance takes of sorted runs at a
	// time, whole groups aside, and spansEach is how often each comes for more if it can.
	leastSpan, mostSpan = vector.MaxRows, 1 << 17
	spansEach           = 8
)

// sortSpans is sorted runs that are given out by all instances: each takes a span of the
// order, with all rows of every group of rows that are equal in the first keys, and merges
// it on its own.
type sortSpans struct {
	runs   []*sortRun
	whole  int // keys
	target int // rows of a span

	mu   sync.Mutex
	at   []int // per run: where the next span begins
	left int64
}

func newSortSpans(runs []*sortRun, whole, instances int) *sortSpans {
	s := &sortSpans{runs: runs, whole: whole, at: make([]int, len(runs))}
	for _, r := range runs {
		s.left += int64(len(r.rows))
	}
	s.target = int(min(max(s.left/int64(instances*spansEach), leastSpan), mostSpan))
	return s
}

// take gives the next span as positions in the runs, false when there is none.
func (s *sortSpans) take() (from, to []int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 {
		return nil, nil, false
	}
	from = s.at
	to = advance(s.runs, s.at, int(min(int64(s.target), s.left)))
	last := s.last(from, to)
	for i, r := range s.runs {
		to[i] = r.firstBehind(to[i], s.runs[last], to[last]-1, s.whole)
	}
	s.at = to
	for i := range to {
		s.left -= int64(to[i] - from[i])
	}
	return from, slices.Clone(to), true
}

// last is the run with the last row of a span, which has some.
func (s *sortSpans) last(from, to []int) int {
	last := -1
	for i, r := range s.runs {
		if to[i] == from[i] {
			continue
		}
		if last < 0 || r.compare(&r.rows[to[i]-1], s.runs[last], &s.runs[last].rows[to[last]-1]) > 0 {
			last = i
		}
	}
	return last
}

// firstBehind is the first position from low on whose row is not equal in the first keys
// to row at of another run, which no row from low on comes before.
func (r *sortRun) firstBehind(low int, other *sortRun, at, keys int) int {
	step := 1
	for low+step <= len(r.rows) && r.equalKeys(low+step-1, other, at, keys) {
		low += step
		step *= 2
	}
	high := min(low+step-1, len(r.rows))
	for low < high {
		if middle := (low + high) / 2; r.equalKeys(middle, other, at, keys) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// equalKeys reports whether two rows are equal in the first keys.
func (r *sortRun) equalKeys(row int, other *sortRun, at, keys int) bool {
	a, b := r.rows[row].ref, other.rows[at].ref
	first := sortOrder{keys: r.order.keys[:keys]}
	return first.compareRest(0, r.keys[a.chunk], int(a.row), other.keys[b.chunk], int(b.row)) == 0
}

// nextWhole gives the next rows of a span, and takes another when it has ended.
func (s *sorter) nextWhole(ctx context.Context) (*vector.Batch, error) {
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if b := s.merge.next(s.env.Rows()); b != nil {
			return b, nil
		}
		from, to, ok := s.shared.spans.take()
		if !ok {
			return nil, io.EOF
		}
		s.merge.seek(from, to)
	}
}
