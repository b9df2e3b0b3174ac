package exectest

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// errInput is the failure of an input.
var errInput = sqlerr.New(sqlerr.IOError, "the input of the test fails")

// inputs implements exec.Sources over a case's tables.
type inputs struct {
	exec.Sources // no edges
	tables       []tableRows
	v            variation
	cancel       context.CancelCauseFunc
}

// tableRows is a parsed Table.
type tableRows struct {
	fields []expr.Field
	rows   [][]expr.Value
}

func parseTables(tables []Table) []tableRows {
	out := make([]tableRows, len(tables))
	for i, t := range tables {
		out[i].fields = Columns(t.Columns)
		for _, row := range t.Rows {
			out[i].rows = append(out[i].rows, parseRow(row, out[i].fields))
		}
	}
	return out
}

// scans are the plan nodes that stand for the tables.
func (s *inputs) scans() []physical.Node {
	out := make([]physical.Node, len(s.tables))
	for i, t := range s.tables {
		n := &physical.Scan{Table: strconv.Itoa(i), Fields: t.fields}
		n.RowCount = float64(len(t.rows))
		for j := range t.fields {
			n.Emit = append(n.Emit, j)
		}
		out[i] = n
	}
	return out
}

// queue is what is left of a table, for the instances to take from.
type queue struct {
	mu      sync.Mutex
	rows    [][]expr.Value
	batches int // taken
}

func (s *inputs) Scan(n *physical.Scan, env *exec.Env) (exec.Operator, error) {
	number, err := strconv.Atoi(n.Table)
	if err != nil {
		return nil, err
	}
	table := s.tables[number]
	seed := s.v.seed<<16 | uint64(number)<<8 | uint64(env.Instance)
	return &source{
		fields: table.fields, env: env, v: s.v, cancel: s.cancel,
		queue: exec.State(env.Group, n, func() *queue { return &queue{rows: table.rows} }),
		shape: newShaper(table, rand.New(rand.NewPCG(seed, 3)), env, s.v.plain),
	}, nil
}

// source is one instance's scan of a table.
type source struct {
	fields []expr.Field
	queue  *queue
	shape  *shaper
	env    *exec.Env
	v      variation
	cancel context.CancelCauseFunc
	closed bool
}

func (s *source) Schema() []expr.Field { return s.fields }

func (s *source) Next(ctx context.Context) (*vector.Batch, error) {
	if s.closed {
		return nil, errors.New("exectest: Next of a closed input")
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	rows, number := s.take()
	if number == s.v.failAfter {
		return nil, errInput
	}
	if number == s.v.cancelAt {
		s.cancel(context.Canceled)
	}
	if rows == nil {
		return nil, io.EOF
	}
	return s.shape.batch(rows)
}

func (s *source) take() (rows [][]expr.Value, number int) {
	q := s.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.rows) == 0 {
		return nil, -1
	}
	n := min(len(q.rows), s.v.batchRows)
	if !s.v.plain {
		n = s.shape.r.IntN(n + 1) // empty batches too
	}
	rows = q.rows[:n:n]
	q.rows = q.rows[n:]
	q.batches++
	return rows, q.batches
}

func (s *source) Close() error {
	if !s.closed {
		s.closed = true
		s.shape.close()
	}
	return nil
}
