package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Hub knows the edges and results of the queries that run in this process.
type Hub struct {
	mu      sync.Mutex
	queries map[string]*Query
	opened  chan struct{} // closed and replaced when a query is opened
}

// Query is what a query moves through this process.
type Query struct {
	Result *Result
	edges  map[int]*Edge

	mu      sync.Mutex
	closed  bool
	onClose []func()
}

// NewHub makes an empty hub.
func NewHub() *Hub { return &Hub{queries: map[string]*Query{}, opened: make(chan struct{})} }

// Open makes room for a query with the given edges.
func (h *Hub) Open(query string, edges map[int]*Edge) *Query {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := &Query{Result: NewResult(), edges: edges}
	h.queries[query] = q
	close(h.opened)
	h.opened = make(chan struct{})
	return q
}

// Await finds a query, and waits for it to be opened when it is not.
func (h *Hub) Await(ctx context.Context, query string) (*Query, error) {
	for {
		h.mu.Lock()
		q, ok := h.queries[query]
		opened := h.opened
		h.mu.Unlock()
		if ok {
			return q, nil
		}
		select {
		case <-opened:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Query finds a query that was opened and not closed.
func (h *Hub) Query(query string) (*Query, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	q, ok := h.queries[query]
	if !ok {
		return nil, sqlerr.New(sqlerr.QueryCanceled, "query %s has ended", query)
	}
	return q, nil
}

// Edge is an edge of the query.
func (q *Query) Edge(id int) (*Edge, error) {
	e, ok := q.edges[id]
	if !ok {
		return nil, fmt.Errorf("edge %d is not part of the query", id)
	}
	return e, nil
}

// OnClose has f run when the query is closed and holds nothing any more; at once
// when that is so already.
func (q *Query) OnClose(f func()) {
	q.mu.Lock()
	closed := q.closed
	if !closed {
		q.onClose = append(q.onClose, f)
	}
	q.mu.Unlock()
	if closed {
		f()
	}
}

// Len is the number of queries that were opened and not closed.
func (h *Hub) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.queries)
}

// Close ends a query: readers fail with err, everything kept is freed.
func (h *Hub) Close(query string, err error) {
	h.mu.Lock()
	q, ok := h.queries[query]
	delete(h.queries, query)
	h.mu.Unlock()
	if !ok {
		return
	}
	if err == nil {
		err = sqlerr.New(sqlerr.QueryCanceled, "query %s has ended", query)
	}
	for _, e := range q.edges {
		e.Close(err)
	}
	q.Result.Close()
	q.mu.Lock()
	q.closed = true
	onClose := q.onClose
	q.onClose = nil
	q.mu.Unlock()
	for _, f := range onClose {
		f()
	}
}

// CloseAll closes every query.
func (h *Hub) CloseAll(err error) {
	h.mu.Lock()
	ids := slices.Collect(maps.Keys(h.queries))
	h.mu.Unlock()
	for _, id := range ids {
		h.Close(id, err)
	}
}
