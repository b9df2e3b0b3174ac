package exec

import (
	"context"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// filter passes the rows on which every conjunct is true by narrowing the
// selection of its input's batches; it copies nothing and holds no memory.
type filter struct {
	input Operator
	cond  *eval.Filter
}

func newFilter(n *physical.Filter, input Operator, env *Env) (Operator, error) {
	cond, err := eval.NewFilter(n.Conjuncts, input.Schema(), evalOptions(env))
	if err != nil {
		return nil, err
	}
	return &filter{input: input, cond: cond}, nil
}

func (f *filter) Schema() []expr.Field { return f.input.Schema() }

func (f *filter) Next(ctx context.Context) (*vector.Batch, error) {
	for {
		b, err := f.input.Next(ctx)
		if err != nil {
			return nil, err
		}
		if err := f.cond.Apply(b); err != nil {
			b.Release()
			return nil, err
		}
		if b.Rows() > 0 {
			return b, nil
		}
		b.Release()
	}
}

func (f *filter) Close() error {
	f.cond.Close()
	return f.input.Close()
}

func evalOptions(env *Env) eval.Options {
	return eval.Options{Pool: env.Pool, Account: env.Account}
}
