package exec

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/skein-query/skein/exec/memory"
)

// mergeTogether is the number of groups, over all instances, up to which one
// instance merges them all: more partitions would cost more than they save.
const mergeTogether = 4096

// tableMerge is what the instances of an aggregate or a set operation have in
// common: their tables, once complete, and who merges which partition of them.
type tableMerge struct {
	barrier *Barrier
	mu      sync.Mutex
	open    int               // instances not closed yet: the last one frees the tables
	tables  []*aggregateTable // complete after the barrier
	parts   int               // partitions; 0 before the first instance has passed the barrier
	taken   int               // partitions taken
}

func newTableMerge(n int) *tableMerge { return &tableMerge{barrier: NewBarrier(n), open: n} }

// publish gives an instance's complete table to all and waits for theirs.
func (s *tableMerge) publish(ctx context.Context, t *aggregateTable) error {
	if err := t.grow(t.size()); err != nil { // the one group without keys, when no row has
		s.barrier.Leave()
		return err
	}
	s.mu.Lock()
	s.tables = append(s.tables, t)
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
		out = slices.MaxFunc(tables, func(a, b *aggregateTable) int { return a.size() - b.size() })
	} else {
		out, owned = newAggregateTable(p, account), true
	}
	for _, t := range tables {
		if t == out {
			continue
		}
		if err := out.merge(t, part, parts); err != nil {
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
func (s *tableMerge) take() (tables []*aggregateTable, part, parts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parts == 0 {
		total := 0
		for _, t := range s.tables {
			total += t.size()
		}
		s.parts = 1
		if total > mergeTogether {
			s.parts = len(s.tables)
		}
	}
	s.taken++
	return s.tables, s.taken - 1, s.parts
}

// leave frees the tables when nobody can be reading them any more; own is the
// table of the instance that leaves, which may not have been published.
func (s *tableMerge) leave(own *aggregateTable) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.tables, own) {
		own.b.free()
	}
	s.open--
	if s.open > 0 {
		return
	}
	for _, t := range s.tables {
		t.b.free()
	}
	s.tables = nil
}
