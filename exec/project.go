package exec

import (
	"context"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// project computes one column per expression over its input's batches. Plain
// column references pass through without a copy.
type project struct {
	input  Operator
	schema []expr.Field
	exprs  []*eval.Evaluator
}

func newProject(n *physical.Project, input Operator, env *Env) (Operator, error) {
	p := &project{input: input, schema: n.Schema(), exprs: make([]*eval.Evaluator, len(n.Exprs))}
	for i, e := range n.Exprs {
		ev, err := eval.New(e, input.Schema(), evalOptions(env))
		if err != nil {
			return nil, err
		}
		p.exprs[i] = ev
	}
	return p, nil
}

func (p *project) Schema() []expr.Field { return p.schema }

func (p *project) Next(ctx context.Context) (*vector.Batch, error) {
	b, err := p.input.Next(ctx)
	if err != nil {
		return nil, err
	}
	cols := make([]vector.Column, len(p.exprs))
	for i, e := range p.exprs {
		if cols[i], err = e.Eval(b); err != nil {
			b.Release()
			return nil, err
		}
	}
	b.Cols = cols
	return b, nil
}

func (p *project) Close() error {
	closeEvaluators(p.exprs)
	return p.input.Close()
}
