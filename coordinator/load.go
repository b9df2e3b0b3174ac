package coordinator

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/physical"
)

// Load is what a coordinator has given a worker to do, and what the worker says of itself.
type Load struct {
	Runs, Tasks int
	State       *place.State // nil: it has not said anything yet
}

// observe asks the actor for the load of all workers. The channel has room for it.
type observe struct{ loads chan map[string]Load }

// Loads are those of all workers that have something to do or have said something, by name.
func (c *Coordinator) Loads(ctx context.Context) map[string]Load {
	m := &observe{make(chan map[string]Load, 1)}
	c.System.Send(c.self, m)
	ctx, cancel := context.WithTimeout(ctx, time.Second) // the actor may have ended
	defer cancel()
	select {
	case loads := <-m.loads:
		return loads
	case <-ctx.Done():
		return nil
	}
}

// heard takes note of what a worker says of itself.
func (c *Coordinator) heard(m *wire.Report) {
	state := place.NewState(m)
	c.mu.Lock()
	defer c.mu.Unlock()
	if slices.ContainsFunc(c.workers, func(w Worker) bool { return w.Name == m.Worker }) {
		c.states[m.Worker] = state
	}
}

// wholeOn is the member that runs the next query that runs whole: of this process if it
// has one, for then no row crosses a network.
func (c *Coordinator) wholeOn(members []place.Member, root physical.Node) int {
	var places, here []int
	running := make([]int, len(members))
	c.mu.Lock()
	for i, m := range members {
		running[i] = c.whole[m.Name]
		places = append(places, i)
		if m.Process == c.Process {
			here = append(here, i)
		}
	}
	c.mu.Unlock()
	if here != nil {
		places = here
	}
	var files []physical.File
	physical.Walk(root, func(n physical.Node) bool {
		if s, ok := n.(*physical.Scan); ok {
			files = append(files, s.Files...)
		}
		return true
	})
	return place.Best(members, places, running, files, int(c.turn.Add(1)))
}

// runsWhole counts a query that runs whole on a worker; the result ends that, once.
func (c *Coordinator) runsWhole(worker string) (ended func()) {
	add := func(n int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.whole[worker] += n; c.whole[worker] == 0 {
			delete(c.whole, worker)
		}
	}
	add(1)
	return sync.OnceFunc(func() { add(-1) })
}

func (c *Coordinator) observe() map[string]Load {
	loads := map[string]Load{}
	for _, q := range c.running {
		for _, r := range q.runs {
			l := loads[r.worker]
			loads[r.worker] = Load{Runs: l.Runs + 1, Tasks: l.Tasks + len(r.tasks)}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for worker, state := range c.states {
		l := loads[worker]
		l.State = state
		loads[worker] = l
	}
	return loads
}

// Drain takes no more queries, and waits until those that run have ended or ctx does.
func (c *Coordinator) Drain(ctx context.Context) {
	c.mu.Lock()
	c.draining = true
	c.mu.Unlock()
	for ctx.Err() == nil {
		idle := true
		c.active.Range(func(any, any) bool { idle = false; return false })
		if idle {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}
