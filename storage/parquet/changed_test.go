package parquet_test

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// changedFile overwrites a file in place before and during a scan.
func changedFile(t *testing.T, ctx context.Context, store object.Store, path string, data []byte) {
	if err := store.Put(ctx, path, data); err != nil {
		t.Fatal(err)
	}
	overwrite := func(n int) {
		if _, ok := store.(*object.Local); !ok {
			if err := store.Put(ctx, path, data[:n]); err != nil {
				t.Fatal(err)
			}
			return
		}
		if err := os.WriteFile(path, data[:n], 0o644); err != nil { // the same inode
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	f := openFile(t, store, path)
	columns := all(len(f.Fields()))
	s := &parquet.Scan{Columns: columns, Emit: columns, BatchRows: 10, Pool: memory.NewPool()}
	r, err := f.ScanRowGroup(ctx, 0, s)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := r.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	overwrite(0)
	for err == nil {
		if b, err = r.Next(ctx); err == nil {
			b.Release()
		}
	}
	if mem := func() bool { _, ok := store.(*object.Mem); return ok }(); err != io.EOF || !mem {
		if sqlerr.CodeOf(err) != sqlerr.FileChanged {
			t.Errorf("the scan of a file cut off under it ends in %v", err)
		}
	}
	overwrite(len(data))
	if _, err := f.ScanRowGroup(ctx, 0, s); sqlerr.CodeOf(err) != sqlerr.FileChanged {
		t.Errorf("a scan of a file written again begins with %v", err)
	}
}
