package coordinator

import (
	"context"
	"time"
)

// Load is what a coordinator has given a worker to do.
type Load struct{ Runs, Tasks int }

// observe asks the actor for the load of all workers. The channel has room for it.
type observe struct{ loads chan map[string]Load }

// Loads are those of all workers that have something to do, by name.
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

func (c *Coordinator) observe() map[string]Load {
	loads := map[string]Load{}
	for _, q := range c.running {
		for _, r := range q.runs {
			l := loads[r.worker]
			loads[r.worker] = Load{l.Runs + 1, l.Tasks + len(r.tasks)}
		}
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
