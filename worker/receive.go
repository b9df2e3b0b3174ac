package worker

import (
	"context"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// receive is the leaf operator over one partition of an edge.
type receive struct {
	node   *physical.Receive
	reader *exchange.Reader
}

func (r *receive) Schema() []expr.Field { return r.node.Fields }

func (r *receive) Next(ctx context.Context) (*vector.Batch, error) { return r.reader.Next(ctx) }

func (r *receive) Close() error {
	r.reader.Close()
	return nil
}
