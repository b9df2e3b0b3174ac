package place

import (
	"cmp"
	"slices"

	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/physical"
)

// State is what a worker has said of itself last. It never changes.
type State struct {
	Busy      float64 // threads that had something to do, on average
	FreeBytes int64   // of memory, with what caches would give up
	scarce    bool    // less than an eighth is free
	held      map[string][]int
}

// NewState is the state that a report says.
func NewState(r *wire.Report) *State {
	s := &State{Busy: float64(r.BusyMilli) / 1000, FreeBytes: r.FreeBytes, scarce: r.FreeBytes < r.LimitBytes/8, held: map[string][]int{}}
	for _, h := range r.Held {
		s.held[h.Path] = h.Groups
	}
	return s
}

// Held is how many row groups a worker has columns of in memory.
func (s *State) Held() (n int) {
	for _, groups := range s.held {
		n += len(groups)
	}
	return n
}

// holds is how many row groups of files a worker has columns of in memory.
func (s *State) holds(files []physical.File) (n int) {
	if s == nil {
		return 0
	}
	for _, f := range files {
		held := s.held[f.Path]
		if f.RowGroups == nil {
			n += len(held)
			continue
		}
		for _, g := range f.RowGroups {
			if _, ok := slices.BinarySearch(held, g); ok {
				n++
			}
		}
	}
	return n
}

// weights say how much of a query each member gets: by its threads, less where others keep
// them busy or memory is short. What is but half a thread more than elsewhere is the noise
// of one query after the other.
func weights(members []Member) []float64 {
	least := -1.0
	for _, m := range members {
		if b := m.busy(); least < 0 || b < least {
			least = b
		}
	}
	out := make([]float64, len(members))
	for i, m := range members {
		threads := float64(max(1, m.Threads))
		out[i] = threads
		if more := m.busy() - least; more > threads/2 {
			out[i] = threads * threads / (threads + more)
		}
		if m.State != nil && m.State.scarce {
			out[i] /= 2
		}
	}
	return out
}

func (m Member) busy() float64 {
	if m.State == nil {
		return 0
	}
	return m.State.Busy
}

// quotas divide n by weights; they add up to n (largest remainders).
func quotas(n int, weights []float64) []int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	out, order := make([]int, len(weights)), make([]int, len(weights))
	lack := make([]float64, len(weights))
	left := n
	for i, w := range weights {
		share := w / sum * float64(n)
		out[i] = int(share + 1e-9)
		lack[i], order[i] = share-float64(out[i]), i
		left -= out[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if d := lack[b] - lack[a]; d > 1e-9 || d < -1e-9 {
			return cmp.Compare(lack[b], lack[a])
		}
		return 0
	})
	for _, i := range order[:left] {
		out[i]++
	}
	return out
}

// Best is the member of those at the places given that a query which reads files should
// run whole on: with the fewest others there, and of these with most of the files'
// columns in memory; of equals the one that turn says. running is what the caller has
// given to each that has not ended.
func Best(members []Member, places []int, running []int, files []physical.File, turn int) int {
	load := func(i int) int { // of a thread, in halves: less does not count
		m := members[i]
		threads := float64(max(1, m.Threads))
		load := int(2 * max(m.busy(), float64(running[i])) / threads)
		if m.State != nil && m.State.scarce {
			load += 2
		}
		return load
	}
	best := -1
	for k := range places {
		i := places[(turn+k)%len(places)]
		if best < 0 || load(i) < load(best) ||
			load(i) == load(best) && members[i].State.holds(files) > members[best].State.holds(files) {
			best = i
		}
	}
	return best
}
