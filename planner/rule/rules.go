package rule

import (
	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Step is one rewrite of a whole plan, by the name that tests know it by.
type Step struct {
	Name string
	Run  func(n logical.Node, q *Query) (logical.Node, error)
}

// Query is what steps know of the query besides its plan.
type Query struct {
	Output []expr.ColumnID // the columns it delivers
	IDs    *IDs
	Est    *cost.Estimator
}

// Steps are all rewrites in their order.
func Steps() []Step {
	plain := func(f func(logical.Node, *Query) logical.Node) func(logical.Node, *Query) (logical.Node, error) {
		return func(n logical.Node, q *Query) (logical.Node, error) { return f(n, q), nil }
	}
	prune := plain(func(n logical.Node, q *Query) logical.Node { return Prune(n, q.Output) })
	return []Step{
		{"simplify", plain(func(n logical.Node, _ *Query) logical.Node { return Simplify(n) })},
		{"unnest", func(n logical.Node, q *Query) (logical.Node, error) { return Unnest(n, q.IDs) }},
		{"inline", plain(func(n logical.Node, q *Query) logical.Node { return InlineSingle(n, q.IDs) })},
		{"push", plain(func(n logical.Node, q *Query) logical.Node { return Push(n, q.IDs) })},
		{"eliminate", plain(func(n logical.Node, _ *Query) logical.Node { return Eliminate(n) })},
		{"statistics", plain(func(n logical.Node, _ *Query) logical.Node { return FromStatistics(n) })},
		{"sums", plain(func(n logical.Node, q *Query) logical.Node { return Sums(n, q.IDs) })},
		{"reuse", plain(func(n logical.Node, q *Query) logical.Node { return Reuse(n, q.Est, q.IDs) })},
		{"share", plain(func(n logical.Node, q *Query) logical.Node { return Share(n, q.Est, q.IDs) })},
		{"share-scans", plain(func(n logical.Node, q *Query) logical.Node { return ShareScans(n, q.Est, q.IDs) })},
		{"prune", prune},
		{"distinct", plain(func(n logical.Node, q *Query) logical.Node { return SplitDistinct(n, q.Est, q.IDs) })},
		{"order", plain(func(n logical.Node, q *Query) logical.Node { return Order(n, q.Est, q.IDs) })},
		{"prune again", prune},
	}
}

// Rewrite brings a bound plan into the shape that physical operators are chosen
// from. output are the columns the query delivers.
func Rewrite(n logical.Node, output []expr.ColumnID, ids *IDs) (logical.Node, error) {
	q := &Query{Output: output, IDs: ids, Est: cost.NewEstimator()}
	var err error
	for _, s := range Steps() {
		if n, err = s.Run(n, q); err != nil {
			return nil, err
		}
	}
	return n, nil
}
