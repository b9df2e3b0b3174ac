package exec

import (
	"context"
	"slices"
	"sync"
)

// Group is what the instances of a fragment have in common.
type Group struct {
	size    int
	mu      sync.Mutex
	states  map[any]any
	closers []func()
}

// NewGroup makes the group of size instances.
func NewGroup(size int) *Group { return &Group{size: size, states: map[any]any{}} }

// Size is the number of instances.
func (g *Group) Size() int { return g.size }

// OnClose has f run when the group is closed: it frees what instances share and
// none of them owns.
func (g *Group) OnClose(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closers = append(g.closers, f)
}

// Close runs what OnClose was given, last first, when all instances have closed.
// It is idempotent.
func (g *Group) Close() {
	g.mu.Lock()
	closers := g.closers
	g.closers = nil
	g.mu.Unlock()
	for _, f := range slices.Backward(closers) {
		f()
	}
}

// State gives the state that the instances share under key (a plan node, as a
// rule), made by the first that asks. make must not block.
func State[T any](g *Group, key any, make func() T) T {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s, ok := g.states[key]; ok {
		return s.(T)
	}
	s := make()
	g.states[key] = s
	return s
}

// Barrier lets the instances of a group wait for each other once.
type Barrier struct {
	mu      sync.Mutex
	missing int
	open    chan struct{}
}

// NewBarrier makes a barrier for n instances.
func NewBarrier(n int) *Barrier { return &Barrier{missing: n, open: make(chan struct{})} }

// Arrive says that this instance is here and waits until every other has arrived
// or left.
func (b *Barrier) Arrive(ctx context.Context) error {
	b.pass()
	select {
	case <-b.open:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Leave says that this instance will not come. An instance calls Arrive or Leave,
// once; operators call Leave from Close when they did not arrive.
func (b *Barrier) Leave() { b.pass() }

func (b *Barrier) pass() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.missing--
	if b.missing == 0 {
		close(b.open)
	}
}

// Once runs a function once for all that share it and gives all of them its
// error; the others wait, or stop waiting when their context ends.
type Once struct {
	mu   sync.Mutex
	done chan struct{}
	err  error
}

// Do runs f if nobody has, and waits for its end.
func (o *Once) Do(ctx context.Context, f func() error) error {
	o.mu.Lock()
	if o.done != nil {
		o.mu.Unlock()
		select {
		case <-o.done:
			return o.err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	o.done = make(chan struct{})
	o.mu.Unlock()
	defer close(o.done)
	o.err = f()
	return o.err
}
