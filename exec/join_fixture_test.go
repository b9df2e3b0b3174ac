package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// row is a tuple of a join test; nil is NULL, otherwise int64, float64 or string.
type row []any

// table is one input of a join test.
type table struct {
	fields []expr.Field
	rows   []row
}

// tables are the inputs of a fragment, by the Table of their Scan. All instances
// take batches from one queue.
type tables struct {
	inputs    map[string]table
	batchRows int

	mu  sync.Mutex // tasks open their scans at the same time
	rng *rand.Rand
}

type queue struct {
	mu   sync.Mutex
	rows []row
	rng  *rand.Rand
}

type tableScan struct {
	table  table
	queue  *queue
	size   int
	env    *exec.Env
	closed bool
}

func (s *tables) Scan(n *physical.Scan, env *exec.Env) (exec.Operator, error) {
	t := s.inputs[n.Table]
	s.mu.Lock()
	defer s.mu.Unlock()
	q := exec.State(env.Group, n, func() *queue {
		return &queue{rows: t.rows, rng: rand.New(rand.NewPCG(s.rng.Uint64(), 1))}
	})
	return &tableScan{table: t, queue: q, size: s.batchRows, env: env}, nil
}

func (s *tables) Receive(*physical.Receive, *exec.Env) (exec.Operator, error) {
	return nil, errors.New("no edges here")
}

func (s *tableScan) Schema() []expr.Field { return s.table.fields }

func (s *tableScan) Next(ctx context.Context) (*vector.Batch, error) {
	if s.closed {
		return nil, errors.New("Next after Close")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	if len(s.queue.rows) == 0 {
		return nil, io.EOF
	}
	n := min(len(s.queue.rows), s.size)
	rows := s.queue.rows[:n]
	s.queue.rows = s.queue.rows[n:]
	return makeBatch(s.env, s.table.fields, rows, s.queue.rng)
}

func (s *tableScan) Close() error {
	s.closed = true
	return nil
}

// makeBatch puts rows into a batch in slabs of the pool, by chance with a
// selection, dictionaries, constants and wide decimals in either width.
func makeBatch(env *exec.Env, fields []expr.Field, rows []row, rng *rand.Rand) (*vector.Batch, error) {
	var sel vector.Selection
	if rng.IntN(2) == 0 {
		var padded []row
		sel = vector.Selection{}
		for _, r := range rows {
			for rng.IntN(3) == 0 {
				padded = append(padded, rows[rng.IntN(len(rows))])
			}
			sel = append(sel, uint32(len(padded)))
			padded = append(padded, r)
		}
		rows = padded
	}
	b := vector.New(nil, len(rows))
	b.Sel = sel
	for i, f := range fields {
		values := make([]any, len(rows))
		for j, r := range rows {
			values[j] = r[i]
		}
		c := makeColumn(f.Type, values, rng)
		if err := intoSlabs(env, b, &c); err != nil {
			b.Release()
			return nil, err
		}
		b.Cols = append(b.Cols, c)
	}
	return b, nil
}

func makeColumn(t expr.Type, values []any, rng *rand.Rand) vector.Column {
	var valid vector.Bitmap
	for i, v := range values {
		if v == nil {
			if valid == nil {
				valid = vector.NewBitmapSet(len(values))
			}
			valid.Clear(i)
		}
	}
	if rng.IntN(3) == 0 {
		return dictColumn(t, values, valid, rng)
	}
	c := flatColumn(t, values, rng)
	c.Valid = valid
	return c
}

func flatColumn(t expr.Type, values []any, rng *rand.Rand) vector.Column {
	ints := make([]int64, len(values))
	var text vector.StringBuilder
	var floats []float64
	for i, v := range values {
		switch v := v.(type) {
		case int64:
			ints[i] = v
		case nil:
			ints[i] = int64(rng.IntN(5)) // what stands under a null is nobody's business
		}
		s, _ := v.(string)
		text.AppendString(s)
		f, _ := v.(float64)
		floats = append(floats, f)
	}
	switch t.Kind {
	case expr.Int2:
		return vector.Flat(vector.Int16, convert[int16](ints), nil)
	case expr.Int4, expr.Date:
		return vector.Flat(vector.Int32, convert[int32](ints), nil)
	case expr.Float8:
		return vector.Flat(vector.Float64, floats, nil)
	case expr.Text, expr.Char:
		return text.Column(nil)
	}
	c := vector.Flat(vector.Int64, ints, nil)
	if t.IsWide() && rng.IntN(2) == 0 {
		c = vector.Widen(&c)
	}
	return c
}

func convert[T int16 | int32](in []int64) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = T(v)
	}
	return out
}

func dictColumn(t expr.Type, values []any, valid vector.Bitmap, rng *rand.Rand) vector.Column {
	var entries []any
	codes := make([]uint8, len(values))
	for i, v := range values {
		if v == nil {
			continue
		}
		at := slices.Index(entries, v)
		if at < 0 {
			at = len(entries)
			entries = append(entries, v)
		}
		if at > 255 {
			c := flatColumn(t, values, rng)
			c.Valid = valid
			return c
		}
		codes[i] = uint8(at)
	}
	if len(entries) == 0 {
		c := flatColumn(t, values, rng)
		c.Valid = valid
		return c
	}
	dict := flatColumn(t, entries, rng)
	c := vector.Column{Kind: dict.Kind, Width: 1, Len: len(values), Valid: valid, Data: codes, Dict: &vector.Dict{Values: dict}}
	switch {
	case len(entries) == 1 && rng.IntN(2) == 0:
		c.Width, c.Data = 0, nil
	case rng.IntN(2) == 0:
		wide := make([]uint32, len(codes))
		for i, code := range codes {
			wide[i] = uint32(code)
		}
		c.Width, c.Data = 4, vector.BytesOf(wide)
	}
	return c
}

// intoSlabs moves the buffers of a column into slabs that the batch holds, so that
// a poisoning pool finds readers of released memory.
func intoSlabs(env *exec.Env, b *vector.Batch, c *vector.Column) error {
	move := func(data []byte) ([]byte, error) {
		if len(data) == 0 {
			return data, nil
		}
		slab, err := env.Pool.Get(len(data), env.Account)
		if err != nil {
			return nil, err
		}
		b.Hold(slab)
		return slab.Bytes()[:copy(slab.Bytes(), data)], nil
	}
	var err error
	if c.Data, err = move(c.Data); err != nil {
		return err
	}
	c.Buffers = slices.Clone(c.Buffers)
	for i := range c.Buffers {
		if c.Buffers[i], err = move(c.Buffers[i]); err != nil {
			return err
		}
	}
	if c.Dict != nil {
		d := *c.Dict
		c.Dict = &d
		return intoSlabs(env, b, &d.Values)
	}
	return nil
}

// show is a row of a batch as text.
func show(b *vector.Batch, i int) string {
	parts := make([]string, len(b.Cols))
	for c := range b.Cols {
		col := &b.Cols[c]
		if col.IsNull(i) {
			parts[c] = "-"
			continue
		}
		flat, at := col.At(i)
		switch flat.Kind {
		case vector.Bool:
			parts[c] = strconv.FormatBool(flat.Data[at] != 0)
		case vector.Int16:
			parts[c] = strconv.Itoa(int(flat.Int16s()[at]))
		case vector.Int32:
			parts[c] = strconv.Itoa(int(flat.Int32s()[at]))
		case vector.Int64:
			parts[c] = strconv.FormatInt(flat.Int64s()[at], 10)
		case vector.Int128:
			parts[c] = strconv.FormatInt(int64(flat.Int128s()[at].Lo), 10)
		case vector.Float64:
			parts[c] = fmt.Sprint(flat.Float64s()[at])
		case vector.String:
			parts[c] = strconv.Quote(flat.StringAt(at))
		}
	}
	return strings.Join(parts, " ")
}

func showRow(r row) string {
	parts := make([]string, len(r))
	for i, v := range r {
		switch v := v.(type) {
		case nil:
			parts[i] = "-"
		case string:
			parts[i] = strconv.Quote(v)
		default:
			parts[i] = fmt.Sprint(v)
		}
	}
	return strings.Join(parts, " ")
}

// fragment is a plan ready to run in several instances.
type fragment struct {
	node      physical.Node
	sources   exec.Sources
	instances int
	batchRows int
	limit     int64 // bytes, 0: none
	spill     int64 // bytes of an operator from which it spills, 0: none does
	spilled   *int  // if asked: the batches that were spilled
	filters   *exec.FilterSet
}

// run runs all instances to their end and gives the rows, sorted. It fails the
// test when memory is not given back.
func (f fragment) run(t *testing.T) ([]string, error) {
	t.Helper()
	ledger := memory.NewLedger(f.limit)
	ledger.LimitShares(f.spill)
	account := ledger.NewAccount("test")
	files := &exectest.Store{}
	group := exec.NewGroup(f.instances)
	pool := memory.NewPoisonPool()
	var mu sync.Mutex
	var out []string
	var first error
	var all sync.WaitGroup
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	ops := make([]exec.Operator, f.instances)
	for i := range ops {
		env := &exec.Env{Instance: i, Group: group, Fragment: group, Sources: f.sources, Pool: pool,
			Account: account, BatchRows: f.batchRows, Filters: f.filters}
		if f.spill > 0 {
			env.Spill = files
		}
		op, err := exec.Build(f.node, env)
		if err != nil {
			t.Fatal(err)
		}
		ops[i] = op
	}
	for _, op := range ops {
		all.Go(func() {
			err := exec.Drain(ctx, op, func(b *vector.Batch) error {
				mu.Lock()
				defer mu.Unlock()
				if b.Rows() == 0 {
					t.Error("an empty batch came out")
				}
				if len(b.Cols) != len(op.Schema()) {
					t.Errorf("%d columns, schema has %d", len(b.Cols), len(op.Schema()))
				}
				for _, row := range b.Selected() {
					out = append(out, show(b, int(row)))
				}
				b.Release()
				return nil
			})
			if err != nil {
				mu.Lock()
				if first == nil {
					first = err
				}
				mu.Unlock()
				cancel(err)
			}
			if err := op.Close(); err != nil {
				t.Error(err)
			}
			if err := op.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	group.Close()
	if used := account.UsedBytes(); used != 0 {
		t.Errorf("%d bytes are still reserved", used)
	}
	if files.Open() != 0 {
		t.Errorf("%d files are left", files.Open())
	}
	if f.spilled != nil {
		*f.spilled += files.Writes()
	}
	slices.Sort(out)
	return out, first
}
