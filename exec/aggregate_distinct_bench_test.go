package exec_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// shared gives out columns in batches to whichever instance asks first.
type shared struct {
	*replay
	next atomic.Int64
}

type sharedScan struct {
	replayScan
	from *shared
}

func (s *shared) Scan(n *physical.Scan, _ *exec.Env) (exec.Operator, error) {
	return &sharedScan{replayScan{fields: n.Fields, cols: s.cols[n.Table]}, s}, nil
}

func (s *sharedScan) Next(ctx context.Context) (*vector.Batch, error) {
	s.replayScan.next = int(s.from.next.Add(vector.MaxRows)) - vector.MaxRows
	if s.replayScan.next >= s.cols[0].Len {
		return nil, io.EOF
	}
	return s.replayScan.Next(ctx)
}

// runInstances runs a plan in several instances and gives the number of rows.
func runInstances(b *testing.B, node physical.Node, cols map[string][]vector.Column, instances int) int64 {
	sources, ledger := &shared{replay: &replay{cols: cols}}, memory.NewLedger(0)
	group, pool, account := exec.NewGroup(instances), memory.NewPool(), ledger.NewAccount("bench")
	var wg sync.WaitGroup
	var rows atomic.Int64
	for i := range instances {
		op, err := exec.Build(node, &exec.Env{Instance: i, Group: group, Fragment: group, Sources: sources, Pool: pool, Account: account})
		if err != nil {
			b.Fatal(err)
		}
		wg.Go(func() {
			err := exec.Drain(b.Context(), op, func(batch *vector.Batch) error {
				rows.Add(int64(batch.Rows()))
				batch.Release()
				return nil
			})
			if err != nil {
				b.Error(err)
			}
			if err := op.Close(); err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return rows.Load()
}

// BenchmarkCountDistinct counts the distinct values of groups in a million rows, in
// two instances.
func BenchmarkCountDistinct(b *testing.B) {
	const rows = 1 << 20
	rng := rand.New(rand.NewPCG(1, 2))
	for _, shape := range []struct {
		groups, values int
		spread         int64
	}{
		{1, rows, 1}, {1, rows, 1_000_003}, {1, 1000, 1}, {100, 1000, 1}, {100, rows, 1}, {100, rows, 1_000_003},
		{30_000, 100_000, 1}, {30_000, 100_000, 1_000_003}, {30_000, 3, 1}, {1000, 300, 1},
	} {
		keys, values := make([]int64, rows), make([]int64, rows)
		for i := range keys {
			keys[i], values[i] = rng.Int64N(int64(shape.groups)), rng.Int64N(int64(shape.values))*shape.spread
		}
		fields := []expr.Field{{Name: "g", Type: expr.Of(expr.Int8)}, {Name: "i8", Type: expr.Of(expr.Int8)}}
		cols := map[string][]vector.Column{"t": {vector.Flat(vector.Int64, keys, nil), vector.Flat(vector.Int64, values, nil)}}
		node := &physical.Aggregate{Input: scanOf("t", fields)}
		arg := &expr.Column{ID: 1, Typ: expr.Of(expr.Int8)}
		node.Groups, node.Names = []expr.Expr{&expr.Column{ID: 0, Typ: expr.Of(expr.Int8)}}, []string{"g", "n"}
		node.Aggs = []expr.Aggregate{{Func: "count", Distinct: true, Typ: expr.Of(expr.Int8), Args: []expr.Expr{arg}}}
		b.Run(fmt.Sprintf("groups=%d/values=%d/spread=%d", shape.groups, shape.values, shape.spread), func(b *testing.B) {
			for b.Loop() {
				if got := runInstances(b, node, cols, 2); got != int64(shape.groups) {
					b.Fatalf("%d groups", got)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
