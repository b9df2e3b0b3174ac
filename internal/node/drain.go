package node

import (
	"context"
	"time"

	"github.com/skein-query/skein/internal/cluster"
)

// Drain finishes what this process has begun, and takes nothing new: it says so to the
// others, waits until its coordinator has no query and its workers no part in any, or
// ctx ends.
func (s *Server) Drain(ctx context.Context) {
	s.draining.Store(true)
	if s.peers != nil {
		if m := s.peers.members.Load(); m != nil {
			if err := m.Update(func(i *cluster.Info) { i.State = cluster.Draining }); err != nil {
				s.config.Log.Warn("the others could not be told that this process drains", "error", err)
			}
		}
	}
	if s.coord != nil {
		s.coord.Drain(ctx)
	}
	for _, w := range s.workers {
		for s.peers != nil && !w.Idle() && ctx.Err() == nil {
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}
