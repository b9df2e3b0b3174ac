package exec

import (
	"context"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Operator is one running operator of one instance of a fragment. It is used by
// one goroutine at a time.
type Operator interface {
	// Schema is the columns of every batch.
	Schema() []expr.Field
	// Next gives the next batch, which the caller owns and must release or hand
	// on; io.EOF when there are no more. It returns soon after ctx is cancelled.
	Next(ctx context.Context) (*vector.Batch, error)
	// Close frees what the operator holds, its inputs' included.
	Close() error
}
