package rule

import (
	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Rewrite brings a bound plan into the shape that physical operators are chosen
// from. output are the columns the query delivers.
func Rewrite(n logical.Node, output []expr.ColumnID, ids *IDs) (logical.Node, error) {
	var err error
	n = Simplify(n)
	if n, err = Unnest(n, ids); err != nil {
		return nil, err
	}
	n = InlineSingle(n, ids)
	n = Push(n, ids)
	n = Prune(n, output)
	n = Share(n, ids)
	n = Order(n, cost.NewEstimator(), ids)
	return Prune(n, output), nil
}
