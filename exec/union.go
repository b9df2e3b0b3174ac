package exec

import (
	"context"
	"errors"
	"io"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// union gives out its inputs' batches one input after the other, and closes each
// input when it ends. It copies nothing and holds no memory.
type union struct {
	fields []expr.Field
	inputs []Operator
	at     int // the input that is read now
}

func newUnion(n *physical.Union, inputs []Operator, _ *Env) Operator {
	return &union{fields: n.Fields, inputs: inputs}
}

func (u *union) Schema() []expr.Field { return u.fields }

func (u *union) Next(ctx context.Context) (*vector.Batch, error) {
	for u.at < len(u.inputs) {
		b, err := u.inputs[u.at].Next(ctx)
		if !errors.Is(err, io.EOF) {
			return b, err
		}
		if err := u.inputs[u.at].Close(); err != nil {
			return nil, err
		}
		u.at++
	}
	return nil, io.EOF
}

func (u *union) Close() error { return closeAll(u.inputs) }
