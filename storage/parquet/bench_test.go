package parquet_test

import (
	"context"
	"io"
	"os"
	"testing"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// BenchmarkScanColumn reads one column after the other of the file that
// SKEIN_PARQUET names (lineitem as tpchgen-cli or DuckDB writes it) with one
// goroutine and reports nanoseconds per value.
func BenchmarkScanColumn(b *testing.B) {
	path := os.Getenv("SKEIN_PARQUET")
	if path == "" {
		b.Skip("SKEIN_PARQUET names no file")
	}
	ctx := context.Background()
	store := &object.Local{}
	info, err := store.Stat(ctx, path)
	if err != nil {
		b.Fatal(err)
	}
	cache := parquet.NewCache(store, 1<<30)
	defer cache.Close()
	f, err := cache.Open(ctx, info)
	if err != nil {
		b.Fatal(err)
	}
	pool := memory.NewPool()
	for i, field := range f.Fields() {
		b.Run(field.Name, func(b *testing.B) {
			start := time.Now()
			for range b.N {
				s := &parquet.Scan{Columns: []int{i}, Emit: []int{0}, Pool: pool}
				for g := range f.RowGroups() {
					drain(b, f, g, s, func(*vector.Batch) {})
				}
			}
			b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(b.N)/float64(f.Rows()), "ns/value")
		})
	}
}

// drain reads a row group to its end and shows every batch.
func drain(t testing.TB, f *parquet.File, rowGroup int, s *parquet.Scan, show func(*vector.Batch)) {
	t.Helper()
	ctx := context.Background()
	r, err := f.ScanRowGroup(ctx, rowGroup, s)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		batch, err := r.Next(ctx)
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		show(batch)
		batch.Release()
	}
}
