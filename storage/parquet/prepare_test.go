package parquet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// remote is a file in a store that counts reads and lets every nth of them fail.
type remote struct {
	store *object.Faulty
	reads atomic.Int64
	fail  atomic.Int64 // 0: none
}

func newRemote(t *testing.T, path string) (*remote, *parquet.File) {
	t.Helper()
	r := &remote{store: &object.Faulty{Store: object.NewMem()}}
	r.store.Fault = func(_ context.Context, op object.Op) error {
		if op.Kind == object.OpRead {
			if n, every := r.reads.Add(1), r.fail.Load(); every > 0 && n%every == 0 {
				return errors.New("a read that fails")
			}
		}
		return nil
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = r.store.Put(context.Background(), path, data)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r, openFile(t, r.store, path)
}

// prepared reads all row groups, each prepared while the one before is read.
func prepared(ctx context.Context, f *parquet.File, s *parquet.Scan) (rows int, err error) {
	var next, r *parquet.RowGroupScan
	defer func() { next.Close(); r.Close() }()
	for g := range f.RowGroups() {
		if next == nil {
			if next, err = f.PrepareRowGroup(ctx, g, s, false); err != nil {
				return rows, err
			}
		}
		r.Close()
		r, next = next, nil
		if err := r.Start(ctx); err != nil {
			return rows, err
		}
		if g+1 < len(f.RowGroups()) {
			if next, err = f.PrepareRowGroup(ctx, g+1, s, g%2 == 0); err != nil {
				return rows, err
			}
		}
		for {
			b, err := r.Next(ctx)
			if err == io.EOF {
				break
			}
			if err != nil {
				return rows, err
			}
			rows += b.Rows()
			b.Release()
		}
	}
	return rows, nil
}

func TestRowGroupsReadTheSameWhenPrepared(t *testing.T) {
	fixtures(t, func(t *testing.T, path string, want [][]any) {
		r, f := newRemote(t, path)
		columns := all(len(f.Fields()))
		for _, every := range []int64{0, 2, 3} { // a read that fails is an error or is made again, never other rows
			r.fail.Store(every)
			account := memory.NewLedger(64 << 20).NewAccount("test")
			s := &parquet.Scan{Columns: columns, Emit: columns, Pool: memory.NewPoisonPool(), Account: account}
			rows, err := prepared(context.Background(), f, s)
			if every == 0 && err != nil || err == nil && rows != len(want) {
				t.Errorf("%d rows of %d where every read %d fails, %v", rows, len(want), every, err)
			}
			if left := account.UsedBytes(); left != 0 {
				t.Errorf("%d bytes were not given back", left)
			}
		}
	})
}

func TestPreparedRowGroupIsClosedWithoutStart(t *testing.T) {
	_, f := newRemote(t, "testdata/pyarrow_indexed.parquet")
	account := memory.NewLedger(64 << 20).NewAccount("test")
	s := &parquet.Scan{Columns: []int{0}, Emit: []int{0}, Pool: memory.NewPool(), Account: account}
	for range 20 {
		r, err := f.PrepareRowGroup(context.Background(), 0, s, true)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	if left := account.UsedBytes(); left != 0 {
		t.Errorf("%d bytes were not given back", left)
	}
}

// TestReadsOfSmallFileAreFew: one for the footer and the page indexes, one for the
// columns of a row group, predicates or not.
func TestReadsOfSmallFileAreFew(t *testing.T) {
	for predicates := range 3 {
		t.Run(fmt.Sprint(predicates, " predicates"), func(t *testing.T) {
			r, f := newRemote(t, "testdata/pyarrow_indexed.parquet")
			if n := r.reads.Swap(0); n != 1 {
				t.Errorf("opening takes %d reads", n)
			}
			columns := all(len(f.Fields()))
			s := &parquet.Scan{Columns: columns, Emit: columns, Pool: memory.NewPool(), Metrics: &parquet.Metrics{}}
			for range predicates {
				s.Predicates = append(s.Predicates, &condition{kind: parquet.ArrowKind(f.Fields()[0].Type), hi: &parquet.Scalar{I: 1 << 40}})
			}
			for g := range f.RowGroups() {
				drain(t, f, g, s, func(*vector.Batch) {})
			}
			if n := r.reads.Load(); n != s.Metrics.RowGroupsRead.Load() || n == 0 {
				t.Errorf("%d reads for %d row groups", n, s.Metrics.RowGroupsRead.Load())
			}
		})
	}
}
