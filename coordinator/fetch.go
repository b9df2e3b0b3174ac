package coordinator

import (
	"context"
	"io"

	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/wire"
)

// fetch reads what a run of the root fragment gives out in another process into the
// query's result.
func (c *Coordinator) fetch(q *following, peer string, attempt int) {
	ctx, cancel := context.WithCancel(context.Background())
	q.fetches[attempt] = cancel
	source := c.Results.Open(peer, q.p.ID, attempt)
	root := len(q.p.Plan.Fragments) - 1
	c.fetches.Go(func() { // ends with the run, when it is dropped, or when the query is closed; Close waits for it
		defer cancel()
		defer source.Close()
		if err := pour(ctx, source, q.open.Result, attempt); err != nil {
			c.System.Send(c.self, &wire.Failed{Query: q.p.ID, Attempt: attempt, Fragment: root, Err: err})
			return
		}
		c.System.Send(c.self, &drained{q.p.ID, attempt})
	})
}

// pour hands everything that a source gives to a result.
func pour(ctx context.Context, source exchange.Source, result *exchange.Result, attempt int) error {
	for {
		piece, err := source.Piece(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if len(piece.Batches) == 0 {
			if err := result.Reordered(exchange.PieceID{Task: piece.ID.Task, Attempt: attempt}); err != nil {
				return err
			}
		}
		for i, b := range piece.Batches {
			if err := result.Push(ctx, exchange.PieceID{Task: piece.ID.Task, Attempt: attempt}, b); err != nil {
				rest := exchange.Sealed{Batches: piece.Batches[i+1:]}
				rest.Release()
				return err
			}
		}
	}
}

// drop ends a fetch.
func (q *following) drop(attempt int) {
	if cancel := q.fetches[attempt]; cancel != nil {
		cancel()
		delete(q.fetches, attempt)
	}
}
