package exectest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// patience is how long a run may take before it counts as waiting for ever.
const patience = 20 * time.Second

// errPatience is the cause of a run that took too long.
var errPatience = errors.New("exectest: the run does not end")

// result is what came out of a run.
type result struct {
	rows    []string
	sources int // instances that gave rows
	err     error
	spilled bool
}

// run executes a case once and checks what must hold whatever comes out.
func (c Case) run(t *testing.T, tables []tableRows, v variation) result {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	timer := time.AfterFunc(patience, func() { cancel(errPatience) })
	defer timer.Stop()

	in := &inputs{tables: tables, v: v, cancel: cancel}
	plan := c.Plan(in.scans()...)
	ledger := memory.NewLedger(v.limitBytes)
	ledger.LimitShares(v.spillBytes)
	account := ledger.NewAccount("test")
	files := &Store{failAt: int64(v.spillFails), err: sqlerr.New(v.spillError, "exectest: the spill store fails")}
	group := exec.NewGroup(v.instances)
	pool := memory.NewPoisonPool()

	runners := make([]*runner, v.instances)
	var wg sync.WaitGroup
	for i := range runners {
		env := &exec.Env{Instance: i, Group: group, Fragment: group, Sources: in, Pool: pool, Account: account, BatchRows: v.batchRows}
		if v.spillBytes > 0 {
			env.Spill = files
		}
		runners[i] = &runner{plan: plan, env: env, stop: -1}
		if i == 0 && v.stopAfter > 0 {
			runners[i].stop = v.stopAfter - 1
		}
		wg.Go(func() {
			if err := runners[i].run(ctx); err != nil {
				runners[i].err = err
				cancel(err)
			}
		})
	}
	wg.Wait()
	r := collect(runners)
	if errors.Is(context.Cause(ctx), errPatience) {
		t.Fatalf("the run does not end within %s (error: %v)", patience, r.err)
	}
	if used := account.UsedBytes(); used != 0 {
		t.Errorf("%d bytes are left in the account after Close (error: %v)", used, r.err)
	}
	if open := files.Open(); open != 0 {
		t.Errorf("%d files are left after Close (error: %v)", open, r.err)
	}
	r.spilled = files.Writes() > 0
	return r
}

// collect puts the instances' results together. The first failure counts, not the
// cancellations that follow from it.
func collect(runners []*runner) result {
	var r result
	for _, run := range runners {
		if len(run.rows) > 0 {
			r.sources++
		}
		r.rows = append(r.rows, run.rows...)
		if run.err != nil && (r.err == nil || errors.Is(r.err, context.Canceled)) {
			r.err = run.err
		}
	}
	return r
}

// runner is one instance.
type runner struct {
	plan physical.Node
	env  *exec.Env
	stop int // batches after which it stops; negative: never
	rows []string
	err  error
}

func (r *runner) run(ctx context.Context) (err error) {
	op, err := exec.Build(r.plan, r.env)
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	defer func() {
		// Twice: Close is idempotent.
		for range 2 {
			if closeErr := op.Close(); closeErr != nil && err == nil {
				err = closeErr
			}
		}
	}()
	schema := op.Schema()
	for n := 0; n != r.stop; n++ {
		b, err := op.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = r.take(b, schema)
		b.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// take checks a batch and notes its rows.
func (r *runner) take(b *vector.Batch, schema []expr.Field) error {
	if len(b.Cols) != len(schema) {
		return fmt.Errorf("exectest: a batch has %d columns, the schema %d", len(b.Cols), len(schema))
	}
	if b.Rows() > r.env.BatchRows {
		return fmt.Errorf("exectest: a batch has %d rows, the most allowed is %d", b.Rows(), r.env.BatchRows)
	}
	for i, f := range schema {
		c := &b.Cols[i]
		if kind := eval.Layout(f.Type); c.Kind != kind && !(f.Type.IsWide() && c.Kind == vector.Int64) {
			return fmt.Errorf("exectest: column %s of %s is laid out as %s", f.Name, f.Type, c.Kind)
		}
		if c.Len != b.Len {
			return fmt.Errorf("exectest: column %s has %d rows, the batch %d", f.Name, c.Len, b.Len)
		}
	}
	for _, row := range b.Selected() {
		values := make([]expr.Value, len(schema))
		for i, f := range schema {
			values[i] = eval.ValueAt(&b.Cols[i], int(row), f.Type)
			if values[i].Null && !f.Nullable {
				return fmt.Errorf("exectest: NULL in column %s, which is not nullable", f.Name)
			}
		}
		r.rows = append(r.rows, formatRow(values, schema))
	}
	return nil
}
