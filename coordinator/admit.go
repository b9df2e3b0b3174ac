package coordinator

import (
	"context"
	"slices"
	"sync"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/trace"
)

// Limits bound how many queries run at a time on a coordinator; zero is no bound.
type Limits struct {
	Running int // further ones wait, first come first served
	Queued  int // further ones are refused
	PerUser int // of one user that run; further ones of his wait, and let others pass
}

// admission lets queries in as the limits allow.
type admission struct {
	limits Limits

	mu      sync.Mutex
	running int
	users   map[string]int // how many of each run
	queue   []*waiter
}

// waiter is a query that waits.
type waiter struct {
	user     string
	admitted chan struct{} // closed when it may run
}

func newAdmission(l Limits) *admission { return &admission{limits: l, users: map[string]int{}} }

// enter waits until a query of a user may run. Whoever was let in leaves.
func (a *admission) enter(ctx context.Context, user string) error {
	a.mu.Lock()
	if a.fits(user) && !slices.ContainsFunc(a.queue, func(w *waiter) bool { return a.fits(w.user) }) {
		a.take(user)
		a.mu.Unlock()
		return nil
	}
	if a.limits.Queued > 0 && len(a.queue) >= a.limits.Queued {
		a.mu.Unlock()
		return sqlerr.New(sqlerr.ConfigurationLimit, "%d queries run and %d wait already", a.running, len(a.queue)).
			WithHint("Try again later, or raise --max-running or --max-queued.")
	}
	w := &waiter{user, make(chan struct{})}
	a.queue = append(a.queue, w)
	a.mu.Unlock()
	defer trace.From(ctx).Begin("wait").End()
	select {
	case <-w.admitted:
		return nil
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case <-w.admitted: // at the same moment
		a.release(user)
	default:
		a.queue = slices.DeleteFunc(a.queue, func(x *waiter) bool { return x == w })
	}
	return context.Cause(ctx)
}

// leave says that a query of a user that was let in has ended.
func (a *admission) leave(user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.release(user)
}

func (a *admission) release(user string) {
	a.running--
	if a.users[user]--; a.users[user] == 0 {
		delete(a.users, user)
	}
	for i := 0; i < len(a.queue); {
		w := a.queue[i]
		if !a.fits(w.user) {
			i++
			continue
		}
		a.take(w.user)
		a.queue = slices.Delete(a.queue, i, i+1)
		close(w.admitted)
	}
}

func (a *admission) fits(user string) bool {
	return (a.limits.Running <= 0 || a.running < a.limits.Running) && (a.limits.PerUser <= 0 || a.users[user] < a.limits.PerUser)
}

func (a *admission) take(user string) {
	a.running++
	a.users[user]++
}
