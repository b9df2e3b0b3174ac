package parquet_test

import (
	"sync"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// cached opens a file whose columns are kept, at most limit bytes of them.
func cached(t *testing.T, path string, limit int64, ledger *memory.Ledger) (*parquet.File, *parquet.ColumnCache) {
	t.Helper()
	store := &object.Local{}
	files := parquet.NewCache(store, 1<<20)
	columns := parquet.NewColumnCache(limit, ledger.NewAccount("column cache"))
	files.KeepColumns(columns)
	info, err := store.Stat(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := files.Open(t.Context(), info)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		files.Close()
		columns.Close()
		if n := ledger.UsedBytes(); n != 0 {
			t.Errorf("%d bytes are still charged", n)
		}
	})
	return f, columns
}

func scanOf(f *parquet.File, pool *memory.Pool, ledger *memory.Ledger) *parquet.Scan {
	columns := all(len(f.Fields()))
	return &parquet.Scan{Columns: columns, Emit: columns, Pool: pool, Account: ledger.NewAccount("scan"), Metrics: &parquet.Metrics{}}
}

// Every file of every writer reads the same from the cache, whole or in part, and
// nothing is decompressed then that is kept.
func TestColumnsReadTheSameFromTheCache(t *testing.T) {
	fixtures(t, func(t *testing.T, path string, rows [][]any) {
		for _, limit := range []int64{1, 4 << 10, 64 << 10, 64 << 20} {
			ledger := memory.NewLedger(0)
			pool := memory.NewPoisonPool()
			f, columns := cached(t, path, limit, ledger)
			for pass := range 3 {
				s := scanOf(f, pool, ledger)
				compareRows(t, collect(t, f, s), rows)
				if n := s.Account.UsedBytes(); n != 0 {
					t.Errorf("limit %d: a scan leaves %d bytes on its account", limit, n)
				}
				if limit == 64<<20 && pass > 0 && s.Metrics.BytesRead.Load() > 0 {
					t.Errorf("pass %d decompressed %d bytes", pass, s.Metrics.BytesRead.Load())
				}
				// A chunk that is being read may be above the limit by itself.
				if limit == 64<<20 && columns.UsedBytes() == 0 && len(rows) > 0 {
					t.Error("nothing was kept")
				}
			}
		}
	})
}

// Under pressure what is kept goes, and scans that are reading it go on.
func TestPressureTakesBackWhatIsKept(t *testing.T) {
	fixtures(t, func(t *testing.T, path string, rows [][]any) {
		ledger := memory.NewLedger(1 << 30)
		pool := memory.NewPoisonPool()
		f, columns := cached(t, path, 64<<20, ledger)
		ledger.OnPressure(columns.Reclaim)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for range 5 {
					compareRows(t, collect(t, f, scanOf(f, pool, ledger)), rows)
				}
			})
		}
		query := ledger.NewAccount("query")
		for range 50 {
			if err := query.Reserve(1<<30 - 64<<20); err == nil {
				query.Release(1<<30 - 64<<20)
			}
			columns.Reclaim(1 << 10)
		}
		group.Wait()
		if err := query.Reserve(1 << 30); err != nil {
			t.Errorf("what is kept stands in the way of a query: %v", err)
		}
		query.Close()
	})
}

// More than fits, read round and round: some of it stays and is found again.
func TestWhatFitsStaysWhenAllIsReadInTurn(t *testing.T) {
	found := int64(0)
	fixtures(t, func(t *testing.T, path string, rows [][]any) {
		ledger := memory.NewLedger(0)
		pool := memory.NewPool()
		f, columns := cached(t, path, 32<<10, ledger)
		for range 6 {
			s := scanOf(f, pool, ledger)
			collect(t, f, s)
			found += s.Metrics.PagesCached.Load()
		}
		if n := columns.UsedBytes(); n > 1<<20 {
			t.Errorf("%d bytes are kept of 32 KiB", n)
		}
	})
	if found == 0 {
		t.Error("nothing was found again in any file")
	}
}
