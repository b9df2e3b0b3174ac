package exec

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/skein-query/skein/exec/memory"
)

const (
	// mergeTogether is the number of groups, over all instances, up to which one
	// instance merges them all: more partitions would cost more than they save.
	mergeTogether = 4096
	// partGroups is how many groups, counted once per table, a partition should
	// have at most: its hash table stays in the processor's cache.
	partGroups = 1 << 15
)

// tableMerge is what the instances of an aggregate or a set operation have in
// common: their tables, once complete, and who merges which partition of them.
type tableMerge struct {
	barrier   *Barrier
	mu        sync.Mutex
	open      int       // instances not closed yet: the last one frees the tables
	tables    []*sealed // complete after the barrier
	instances int
	parts     int // partitions; 0 before the first instance has passed the barrier
	taken     int // partitions taken
}

func newTableMerge(n int) *tableMerge {
	return &tableMerge{barrier: NewBarrier(n), open: n, instances: n}
}

// publish gives an instance's complete tables to all and waits for theirs. They are
// this structure's to free from now on.
func (s *tableMerge) publish(ctx context.Context, tables []*sealed) error {
	s.mu.Lock()
	s.tables = append(s.tables, tables...)
	s.mu.Unlock()
	return s.barrier.Arrive(ctx)
}

// next merges a partition that nobody has taken yet; io.EOF when there is none
// left. The caller frees the result when it is owned.
func (s *tableMerge) next(p *aggregatePlan, account *memory.Account) (out *aggregateTable, owned bool, err error) {
	tables, part, parts := s.take()
	if part >= parts {
		return nil, false, io.EOF
	}
	if parts == 1 {
		// Everything goes into the largest table, which nobody else reads any more.
		out = slices.MaxFunc(tables, func(a, b *sealed) int { return a.size() - b.size() }).aggregateTable
	} else {
		out, owned = newAggregateTable(p, account), true
	}
	for _, t := range tables {
		if t.aggregateTable == out {
			continue
		}
		if err := out.merge(t.aggregateTable, t.partition(part, parts)); err != nil {
			if owned {
				out.b.free()
			}
			return nil, false, err
		}
	}
	return out, owned, nil
}

// take gives the number of a partition that nobody has taken yet, and of how many
// it is one.
func (s *tableMerge) take() (tables []*sealed, part, parts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts == 0 {
		total := 0
		for _, t := range s.tables {
			total += t.size()
		}
		s.parts = 1
		if total > mergeTogether {
			for s.parts < finest && (s.parts < s.instances || total > s.parts*partGroups) {
				s.parts *= 2
			}
		}
	}
	s.taken++
	return s.tables, s.taken - 1, s.parts
}

// leave frees the tables when nobody can be reading them any more.
func (s *tableMerge) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.open > 0 {
		return
	}
	for _, t := range s.tables {
		t.b.free()
	}
	s.tables = nil
}
