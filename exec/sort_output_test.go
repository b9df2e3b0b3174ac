package exec

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// sortedRuns is runs of one integer column, some of them empty, and all values in order.
func sortedRuns(t *testing.T, n, rows int, values int64) (runs []*sortRun, all []int64) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(n), uint64(values)))
	keys := []expr.SortKey{{Expr: &expr.Column{Typ: expr.Of(expr.Int8)}}}
	for i := range n {
		some := make([]int64, r.IntN(1+i*rows))
		for j := range some {
			some[j] = r.Int64N(values)
		}
		all = append(all, some...)
		run := newSortRun(newSortOrder(keys), keyColumns(keys), &budget{})
		c := vector.Flat(vector.Int64, some, nil)
		if err := run.add(vector.New([]vector.Column{c}, len(some)), []vector.Column{c}, nil); err != nil {
			t.Fatal(err)
		}
		run.sort()
		runs = append(runs, run)
	}
	slices.Sort(all)
	return runs, all
}

var oneBigint = []expr.Field{{Name: "k", Type: expr.Of(expr.Int8)}}

// given drains an output by the instance that gives it out.
func given(t *testing.T, o *sortOutput) (out []int64) {
	t.Helper()
	m := newRunMerger(o.runs, oneBigint)
	for {
		b, err := o.give(t.Context(), m)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Cols[0].Int64s()...)
		b.Release()
	}
}

// Runs are cut at any number of rows such that all rows before the cut come before all
// behind it, also where most are equal.
func TestRunsAreCutIntoBlocks(t *testing.T) {
	for n := 1; n <= 5; n++ {
		for _, values := range []int64{1, 3, 1000} {
			runs, all := sortedRuns(t, n, 300, values)
			for _, block := range []int{1, 7, 256} {
				at, left := make([]int, n), len(all)
				m, got := newRunMerger(runs, oneBigint), []int64{}
				for left > 0 {
					size := min(block, left)
					b := sortBlock{from: at, to: advance(runs, at, size)}
					batch := m.block(&b)
					if batch.Len != size {
						t.Fatalf("%d runs: a block has %d rows, not %d", n, batch.Len, size)
					}
					got = append(got, batch.Cols[0].Int64s()...)
					at, left = b.to, left-size
				}
				if !slices.Equal(got, all) {
					t.Errorf("%d runs of %d values in blocks of %d: wrong order", n, values, block)
				}
			}
		}
	}
}

// What instances merge ahead is given out in order, and where there is no memory for it
// merged again.
func TestBlocksMergedAheadAreGivenOutInOrder(t *testing.T) {
	for _, limit := range []int64{0, 1, 1500} {
		runs, all := sortedRuns(t, 3, 2000, 500)
		account := memory.NewLedger(limit).NewAccount("test")
		b := &budget{account: account}
		o := newSortOutput(runs, 3, 100, b)
		done := make(chan error)
		for range 2 {
			go func() { done <- o.help(t.Context(), newRunMerger(runs, oneBigint)) }()
		}
		if got := given(t, o); !slices.Equal(got, all) {
			t.Errorf("limit %d: wrong order", limit)
		}
		for range 2 {
			if err := <-done; !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		}
		if used := account.UsedBytes(); used != 0 {
			t.Errorf("limit %d: %d bytes are left", limit, used)
		}
	}
}

// An instance that is far ahead waits until blocks are given out, and no longer when
// nobody will.
func TestAnInstanceThatIsAheadWaits(t *testing.T) {
	for name, end := range map[string]func(*sortOutput, context.CancelFunc){
		"stopped":   func(o *sortOutput, _ context.CancelFunc) { o.stop() },
		"cancelled": func(_ *sortOutput, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runs, _ := sortedRuns(t, 3, 2000, 500)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				o := newSortOutput(runs, 2, 10, &budget{})
				var err error
				go func() { err = o.help(ctx, newRunMerger(runs, oneBigint)) }()
				synctest.Wait()
				if o.next != o.window || err != nil {
					t.Fatalf("%d blocks are taken, not %d; error %v", o.next, o.window, err)
				}
				end(o, cancel)
				synctest.Wait()
				if err == nil {
					t.Error("it still waits")
				}
			})
		})
	}
}
