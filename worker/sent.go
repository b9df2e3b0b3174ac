package worker

import (
	"sync"

	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/physical"
)

// sent counts what the tasks of a run give to the partitions of its edges.
type sent struct {
	mu    sync.Mutex
	edges []wire.OutputEdge
	bytes [][]int64 // by edge and partition
}

// newSent counts for the edges that divide by hash: the others are even.
func newSent(outputs []wire.OutputEdge) *sent {
	s := &sent{}
	for _, o := range outputs {
		if o.Exchange.Kind == physical.HashSplit && o.Partitions > 1 {
			s.edges, s.bytes = append(s.edges, o), append(s.bytes, make([]int64, o.Partitions))
		}
	}
	return s
}

// add counts what a task has given out.
func (s *sent) add(from *sender) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.edges {
		if e.Edge == from.out.Edge {
			for p, b := range from.pieces {
				s.bytes[i][p] += b.sent
			}
		}
	}
}

// heavy is how many times what partitions got on average one must have got to be told of.
const heavy = 2

// report is what the coordinator is told.
func (s *sent) report() []wire.Sent {
	var out []wire.Sent
	for i, e := range s.edges {
		r := wire.Sent{Edge: e.Edge}
		for _, n := range s.bytes[i] {
			r.Bytes += n
		}
		for p, n := range s.bytes[i] {
			if n > heavy*r.Bytes/int64(e.Partitions) {
				r.Heavy, r.HeavyBytes = append(r.Heavy, p), append(r.HeavyBytes, n)
			}
		}
		out = append(out, r)
	}
	return out
}
