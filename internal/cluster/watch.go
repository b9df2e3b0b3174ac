package cluster

import (
	"context"
	"slices"
	"sync"
)

// Watch is a stream of events. It begins with everyone who is a member as Joined. What
// is not read yet is kept as what it comes to, member by member: it holds at most two
// events for each, and never holds up whoever reports them.
type Watch struct {
	members *Members
	ready   chan struct{} // has a token when something is pending or the end has come

	mu      sync.Mutex
	order   []string // nodes with something pending, in the order they got it
	pending map[string][]Event
	closed  bool
}

func newWatch(m *Members) *Watch {
	return &Watch{members: m, ready: make(chan struct{}, 1), pending: map[string][]Event{}}
}

// Next is the next event; it waits for one until ctx ends. After Close, of the watch
// or of Members, and when all has been read, the error is ErrClosed.
func (w *Watch) Next(ctx context.Context) (Event, error) {
	for {
		w.mu.Lock()
		if len(w.order) > 0 {
			e := w.take()
			w.mu.Unlock()
			return e, nil
		}
		closed := w.closed
		w.mu.Unlock()
		if closed {
			return Event{}, ErrClosed
		}
		select {
		case <-w.ready:
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

func (w *Watch) take() Event {
	node := w.order[0]
	e := w.pending[node][0]
	if rest := w.pending[node][1:]; len(rest) > 0 {
		w.pending[node] = rest
	} else {
		delete(w.pending, node)
		w.order = w.order[1:]
	}
	e.Member = e.Member.clone()
	return e
}

// put adds an event; it does not wait.
func (w *Watch) put(e Event) {
	node := e.Member.node()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	before := w.pending[node]
	after := coalesce(before, e)
	switch {
	case len(after) == 0:
		delete(w.pending, node)
		w.order = slices.DeleteFunc(w.order, func(n string) bool { return n == node })
		return
	case len(before) == 0:
		w.order = append(w.order, node)
	}
	w.pending[node] = after
	w.signal()
}

func (w *Watch) signal() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// coalesce is what the pending events of a member come to with one more.
func coalesce(pending []Event, e Event) []Event {
	if len(pending) == 0 {
		return []Event{e}
	}
	last := pending[len(pending)-1]
	rest := pending[:len(pending)-1]
	switch {
	case e.Kind == Updated: // Joined or Updated, with what is known now
		return append(rest, Event{Kind: last.Kind, Member: e.Member})
	case e.Kind == Left && last.Kind == Joined: // nobody has heard of it, or of its return
		return rest
	case e.Kind == Left:
		return append(rest, e)
	}
	return append(pending, e) // Joined after Left: both are to be known
}

// Close ends the stream.
func (w *Watch) Close() {
	w.members.forget(w)
	w.end()
}

func (w *Watch) end() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.signal()
}
