package coordinator

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/fragment"
)

// State is what becomes of a query.
type State string

// The states.
const (
	Queued    State = "queued"
	Executing State = "running"
	Finished  State = "finished"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// Info is what a coordinator knows of a query.
type Info struct {
	ID, User, Text string
	State          State
	Created        time.Time
	Started        time.Time // zero: it has not
	Ended          time.Time // zero: it has not
	Err            error     // Failed and Cancelled: why
	Whole          bool      // it runs in one worker
	Workers        []string  // that it may use
	Tasks, Done    int       // all, and those that have ended
	Runs           int       // messages that have started tasks, those of lost workers' again
	Lost           int       // workers it has lost
	Plan           *fragment.Plan
	Fragments      []Progress // of the plan's fragments
}

// Progress is how far a fragment is.
type Progress struct{ Tasks, Done int }

// Running is how long the query has run, or did.
func (i Info) Running(now time.Time) time.Duration {
	switch {
	case i.Started.IsZero():
		return 0
	case i.Ended.IsZero():
		return now.Sub(i.Started)
	}
	return i.Ended.Sub(i.Started)
}

// maxRemembered is how many queries that have ended are remembered.
const maxRemembered = 200

// registry knows the queries that wait and run, and the last ones that have ended.
type registry struct {
	mu     sync.Mutex
	live   map[string]*registered
	ended  []Info // oldest first
	counts map[State]int64
}

type registered struct {
	Info
	cancel context.CancelCauseFunc // of one that waits
}

func newRegistry() *registry {
	return &registry{live: map[string]*registered{}, counts: map[State]int64{}}
}

// add notes a query that has come.
func (r *registry) add(i Info, cancel context.CancelCauseFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i.State, i.Created = Queued, time.Now()
	r.live[i.ID] = &registered{i, cancel}
}

// change changes what is known of a query that has not ended.
func (r *registry) change(id string, f func(*Info)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q := r.live[id]; q != nil {
		f(&q.Info)
	}
}

// end notes that a query has ended; only the first call counts.
func (r *registry) end(id string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.live[id]
	if q == nil {
		return
	}
	delete(r.live, id)
	q.Ended, q.Err, q.State = time.Now(), err, Failed
	switch {
	case err == nil:
		q.State = Finished
	case sqlerr.CodeOf(err) == sqlerr.QueryCanceled:
		q.State = Cancelled
	}
	r.counts[q.State]++
	r.ended = append(r.ended, q.Info)
	r.ended = r.ended[max(0, len(r.ended)-maxRemembered):]
}

// stop cancels a query that waits; false when none of that ID does.
func (r *registry) stop(id string, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.live[id]
	if q == nil || q.State != Queued {
		return false
	}
	q.cancel(err)
	return true
}

// Queries are those that wait and run, oldest first, and then the last ones that have
// ended, the latest first.
func (c *Coordinator) Queries() []Info {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Info
	for _, q := range r.live {
		out = append(out, q.Info)
	}
	slices.SortFunc(out, func(a, b Info) int { return a.Created.Compare(b.Created) })
	for _, q := range slices.Backward(r.ended) {
		out = append(out, q)
	}
	return out
}

// Info is what is known of a query that has not been forgotten.
func (c *Coordinator) Info(id string) (Info, bool) {
	for _, q := range c.Queries() {
		if q.ID == id {
			return q, true
		}
	}
	return Info{}, false
}

// Counts is how many queries have ended, by how.
func (c *Coordinator) Counts() map[State]int64 {
	r := c.registry
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[State]int64{}
	for s, n := range r.counts {
		out[s] = n
	}
	return out
}
