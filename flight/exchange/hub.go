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
	// Result is what the client gets; read in the process of the query's coordinator.
	Result *Result

	mu       sync.Mutex
	edges    map[int]*Edge
	attempts map[int]*Result // of root fragments that run here for another process
	closed   error           // why the query was closed; nil: it is open
	empty    bool            // it is closed and holds nothing any more
	onClose  []func()
}

// NewHub makes an empty hub.
func NewHub() *Hub { return &Hub{queries: map[string]*Query{}, opened: make(chan struct{})} }

// Open makes room for a query with the given edges.
func (h *Hub) Open(query string, edges map[int]*Edge) *Query {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open(query, edges)
}

func (h *Hub) open(query string, edges map[int]*Edge) *Query {
	if edges == nil {
		edges = map[int]*Edge{}
	}
	q := &Query{Result: NewResult(), edges: edges, attempts: map[int]*Result{}}
	h.queries[query] = q
	close(h.opened)
	h.opened = make(chan struct{})
	return q
}

// Join is a query of another process's, made when it is not there: edges and results
// come as its parts do.
func (h *Hub) Join(query string) *Query {
	h.mu.Lock()
	defer h.mu.Unlock()
	if q, ok := h.queries[query]; ok {
		return q
	}
	return h.open(query, nil)
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
	q.mu.Lock()
	defer q.mu.Unlock()
	e, ok := q.edges[id]
	if !ok {
		return nil, fmt.Errorf("edge %d is not part of the query", id)
	}
	return e, nil
}

// Ensure is an edge of the query, made when it is not there. It fails when the query has
// been closed.
func (q *Query) Ensure(id, partitions int, broadcast bool) (*Edge, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed != nil {
		return nil, q.closed
	}
	e, ok := q.edges[id]
	if !ok {
		e = NewEdge(partitions, broadcast)
		q.edges[id] = e
	}
	return e, nil
}

// Free frees an edge that nobody will read any more, if it is there.
func (q *Query) Free(id int) {
	q.mu.Lock()
	e := q.edges[id]
	q.mu.Unlock()
	if e != nil {
		e.Close(sqlerr.New(sqlerr.InternalError, "edge %d has been freed", id))
	}
}

// Attempt is the result of an attempt at the root fragment that runs here for another
// process; the one who fills it and the one who reads it may come in either order.
func (q *Query) Attempt(n int) *Result {
	q.mu.Lock()
	defer q.mu.Unlock()
	r, ok := q.attempts[n]
	if !ok {
		r = NewResult()
		if q.closed != nil {
			r.Finish(q.closed)
			r.Close()
		}
		q.attempts[n] = r
	}
	return r
}

// OnClose has f run when the query is closed and holds nothing any more; at once
// when that is so already.
func (q *Query) OnClose(f func()) {
	q.mu.Lock()
	empty := q.empty
	if !empty {
		q.onClose = append(q.onClose, f)
	}
	q.mu.Unlock()
	if empty {
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
	q.mu.Lock()
	q.closed = err
	edges, attempts := slices.Collect(maps.Values(q.edges)), slices.Collect(maps.Values(q.attempts))
	q.mu.Unlock()
	for _, e := range edges {
		e.Close(err)
	}
	for _, r := range attempts {
		r.Finish(err) // for who reads it; the run that fills it may say so later
		r.Close()
	}
	q.Result.Close()
	q.mu.Lock()
	q.empty = true
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
