package exec

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// limit passes Count rows after skipping Offset, counted over all instances of
// the group: whichever rows come first. Which rows they are is not defined unless
// the input is sorted, and then only one instance delivers rows.
type limit struct {
	node  *physical.Limit
	input Operator
	seen  *atomic.Int64 // rows that reached any instance so far
	done  bool
}

func newLimit(n *physical.Limit, input Operator, env *Env) Operator {
	return &limit{node: n, input: input, seen: State(env.Group, n, func() *atomic.Int64 { return new(atomic.Int64) })}
}

func (l *limit) Schema() []expr.Field { return l.input.Schema() }

func (l *limit) Next(ctx context.Context) (*vector.Batch, error) {
	for !l.done {
		if l.node.Count >= 0 && l.seen.Load() >= l.node.Offset+l.node.Count {
			break
		}
		b, err := l.input.Next(ctx)
		if err != nil {
			return nil, err
		}
		rows := int64(b.Rows())
		first := l.seen.Add(rows) - rows // the number of this batch's first row
		from := min(max(l.node.Offset-first, 0), rows)
		to := rows
		if l.node.Count >= 0 {
			to = min(max(l.node.Offset+l.node.Count-first, 0), rows)
		}
		if from >= to {
			b.Release()
			continue
		}
		if from > 0 || to < rows {
			part := b.Slice(int(from), int(to))
			b.Release()
			b = part
		}
		return b, nil
	}
	if !l.done {
		l.done = true
		// The siblings must not wait for this instance any more.
		if err := l.input.Close(); err != nil {
			return nil, err
		}
	}
	return nil, io.EOF
}

func (l *limit) Close() error { return l.input.Close() }
