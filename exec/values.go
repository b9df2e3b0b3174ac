package exec

import (
	"context"
	"io"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// values gives out constant rows, on the first instance only. It makes each batch
// when it is asked for.
type values struct {
	node *physical.Values
	rows int // most rows of a batch
	at   int // the next tuple
}

func newValues(n *physical.Values, env *Env) Operator {
	v := &values{node: n, rows: env.Rows()}
	if env.Instance != 0 {
		v.at = len(n.Tuples)
	}
	return v
}

func (v *values) Schema() []expr.Field { return v.node.Fields }

func (v *values) Next(ctx context.Context) (*vector.Batch, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	tuples := v.node.Tuples[v.at:min(v.at+v.rows, len(v.node.Tuples))]
	if len(tuples) == 0 {
		return nil, io.EOF
	}
	v.at += len(tuples)
	cols := make([]vector.Column, len(v.node.Fields))
	column := make([]expr.Value, len(tuples))
	for i, f := range v.node.Fields {
		for j, t := range tuples {
			column[j] = t[i]
		}
		cols[i] = eval.ColumnOf(column, f.Type)
	}
	return vector.New(cols, len(tuples)), nil
}

func (v *values) Close() error { return nil }
