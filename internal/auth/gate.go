package auth

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// Delays of logins after failures: nothing after the first, then a tenth of a second,
// twice that with every further one, and at most five seconds. A client that has more
// than this queued is refused at once.
const (
	firstDelay = 100 * time.Millisecond
	maxDelay   = 5 * time.Second
	maxQueued  = 10 * time.Second
	forget     = 15 * time.Minute
	maxTracked = 10_000
	peerGrace  = 20 // failures of a peer before all its logins wait: many users may share one
)

// gate delays logins of whoever has failed. Safe for concurrent use.
type gate struct {
	now func() time.Time

	mu    sync.Mutex
	byKey map[string]*list.Element
	order list.List // of *failures, failed last in front
}

// failures are those of a key since its last success.
type failures struct {
	key   string
	count int
	last  time.Time
	next  time.Time // when the next attempt may begin
}

func newGate() *gate { return &gate{now: time.Now, byKey: map[string]*list.Element{}} }

// keys are what a login's failures are counted by, with how many of them are free.
func keys(user, peer string) map[string]int {
	return map[string]int{"login " + user + "\x00" + peer: 1, "peer " + peer: peerGrace}
}

// wait returns when a login may be tried: attempts at once come one after the other.
// It is false when too many are waiting.
func (g *gate) wait(ctx context.Context, user, peer string) bool {
	d, ok := g.reserve(user, peer)
	if !ok {
		return false
	}
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g *gate) reserve(user, peer string) (time.Duration, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	wait := time.Duration(0)
	for key := range keys(user, peer) {
		if e := g.byKey[key]; e != nil {
			wait = max(wait, e.Value.(*failures).next.Sub(now))
		}
	}
	if wait > maxQueued {
		return 0, false
	}
	for key, free := range keys(user, peer) {
		if e := g.byKey[key]; e != nil {
			if f := e.Value.(*failures); f.count >= free {
				f.next = now.Add(wait + delay(f.count-free))
			}
		}
	}
	return wait, true
}

// delay is how long after the n-th failure that counts.
func delay(n int) time.Duration {
	if n < 0 {
		return 0
	}
	if n > 10 {
		return maxDelay
	}
	return min(firstDelay<<n, maxDelay)
}

func (g *gate) failed(user, peer string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for key, free := range keys(user, peer) {
		e := g.byKey[key]
		if e == nil {
			e = g.order.PushFront(&failures{key: key})
			g.byKey[key] = e
		}
		g.order.MoveToFront(e)
		f := e.Value.(*failures)
		f.count, f.last = f.count+1, now
		if next := now.Add(delay(f.count - free)); next.After(f.next) {
			f.next = next
		}
	}
	for e := g.order.Back(); e != nil && (g.order.Len() > maxTracked || now.Sub(e.Value.(*failures).last) > forget); e = g.order.Back() {
		g.drop(e)
	}
}

func (g *gate) succeeded(user, peer string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, free := range keys(user, peer) {
		if free > 1 {
			continue // one right password does not make a peer's guesses good
		}
		if e := g.byKey[key]; e != nil {
			g.drop(e)
		}
	}
}

func (g *gate) drop(e *list.Element) {
	g.order.Remove(e)
	delete(g.byKey, e.Value.(*failures).key)
}
