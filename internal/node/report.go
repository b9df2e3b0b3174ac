package node

import (
	"context"
	"reflect"
	"slices"
	"time"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/wire"
)

// How often coordinators are told of the load of workers that has changed, and how often
// of one that has not: they may have come later.
const (
	reportEvery = time.Second
	repeatEvery = 10 * time.Second
)

// report tells the coordinators what the workers of this process say of themselves.
func (s *Server) report(ctx context.Context, m *cluster.Members) {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	said := make([]*wire.Report, len(s.workers))
	when := make([]time.Time, len(s.workers))
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for i, w := range s.workers {
			r := w.Report()
			if now := time.Now(); differs(said[i], r) || now.Sub(when[i]) >= repeatEvery {
				said[i], when[i] = r, now
				s.tellCoordinators(m, r)
			}
		}
	}
}

func (s *Server) tellCoordinators(m *cluster.Members, r *wire.Report) {
	for _, other := range m.Members() {
		if slices.Contains(other.Roles, roleCoordinator) {
			s.system.Send(other.ActorAddress(coordinator.ActorName), r)
		}
	}
}

// differs reports whether a report says what matters for placement: a quarter of a thread, a
// sixteenth of the memory, another file or row group that is held.
func differs(said, r *wire.Report) bool {
	if said == nil {
		return true
	}
	return abs(int64(r.BusyMilli-said.BusyMilli)) >= 250 || abs(r.FreeBytes-said.FreeBytes) > r.LimitBytes/16 || !reflect.DeepEqual(r.Held, said.Held)
}

func abs(n int64) int64 { return max(n, -n) }
