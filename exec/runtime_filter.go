package exec

import (
	"sync"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// RuntimeFilter says which values of a join key can find a partner. It may pass a
// value that cannot, never reject one that can. It may be used from several
// goroutines. Columns it is given have the type of the join key.
type RuntimeFilter interface {
	// Bounds are the smallest and the largest key; ok is false when they are not
	// known or there is no key.
	Bounds() (lo, hi expr.Value, ok bool)
	// Dictionary has a set bit for each entry of a dictionary (a flat column
	// without nulls) that passes.
	Dictionary(dict *vector.Column) vector.Bitmap
	// Select keeps the rows of sel (nil: all of rows) that pass, in fresh memory;
	// NULL never passes. The result is not nil.
	Select(col *vector.Column, rows int, sel vector.Selection) vector.Selection
	// Keys is about how many distinct keys there are.
	Keys() int
}

// FilterSet is the runtime filters of a query that are complete. A filter that is
// not there yet, or never will be, filters nothing. A nil set stays empty.
//
// Those of joins that every task builds for itself are the task's: a set ForTask.
type FilterSet struct {
	mu      sync.RWMutex
	filters map[int]RuntimeFilter
	whole   *FilterSet // of the fragment, in the set of a task
}

// NewFilterSet makes an empty set.
func NewFilterSet() *FilterSet { return &FilterSet{filters: map[int]RuntimeFilter{}} }

// ForTask is the set of a task: what all tasks know, and what is its own.
func (s *FilterSet) ForTask() *FilterSet {
	return &FilterSet{filters: map[int]RuntimeFilter{}, whole: s}
}

// forAll is the set that all tasks of the fragment see.
func (s *FilterSet) forAll() *FilterSet {
	if s != nil && s.whole != nil {
		return s.whole
	}
	return s
}

// Publish makes a filter known under its ID. It must cover the whole build side that
// whoever sees the set can meet: all instances, and, unless every task builds its own, all
// tasks and workers.
func (s *FilterSet) Publish(id int, f RuntimeFilter) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.filters[id] = f
}

// Get is the filter of an ID, if it has been published.
func (s *FilterSet) Get(id int) (RuntimeFilter, bool) {
	if s == nil {
		return nil, false
	}
	s.mu.RLock()
	f, ok := s.filters[id]
	s.mu.RUnlock()
	if !ok {
		return s.whole.Get(id)
	}
	return f, ok
}

// bloom is a register-blocked Bloom filter: a key sets four bits of one 64-bit
// word, so that a test is one load and one comparison (Putze, Sanders and Singler,
// "Cache-, Hash- and Space-Efficient Bloom Filters", 2007). About 12 to 24 bits a
// key, of which below one in a hundred wrong keys passes.
type bloom []uint64

// bloomWords is the size for n keys: a power of two.
func bloomWords(n int) int {
	words := 1
	for words*64 < n*12 {
		words *= 2
	}
	return words
}

func bloomMask(hash uint64) uint64 {
	return 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63) | 1<<(hash>>18&63)
}

func (b bloom) add(hash uint64) { b[hash>>24&uint64(len(b)-1)] |= bloomMask(hash) }

func (b bloom) has(hash uint64) bool {
	mask := bloomMask(hash)
	return b[hash>>24&uint64(len(b)-1)]&mask == mask
}
