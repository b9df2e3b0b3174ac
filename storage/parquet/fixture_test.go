package parquet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// fixtures calls test for every file of testdata with the rows that are in it.
func fixtures(t *testing.T, test func(t *testing.T, path string, rows [][]any)) {
	paths, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".parquet")
		t.Run(name, func(t *testing.T) {
			stem, _, _ := strings.Cut(name, "+")
			text, err := os.ReadFile("testdata/" + stem + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var rows [][]any
			if err := json.Unmarshal(text, &rows); err != nil {
				t.Fatal(err)
			}
			test(t, path, rows)
		})
	}
}

func openFile(t testing.TB, store object.Store, path string) *parquet.File {
	t.Helper()
	ctx := context.Background()
	info, err := store.Stat(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	cache := parquet.NewCache(store, 1<<20)
	t.Cleanup(cache.Close)
	f, err := cache.Open(ctx, info)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// collect reads all row groups; the rows are those of the fields in emit.
func collect(t testing.TB, f *parquet.File, s *parquet.Scan) [][]any {
	t.Helper()
	var rows [][]any
	fields := f.Fields()
	for g := range f.RowGroups() {
		drain(t, f, g, s, func(b *vector.Batch) {
			if most := s.BatchRows; most > 0 && b.Len > most {
				t.Fatalf("a batch of %d rows, at most %d were wanted", b.Len, most)
			}
			for _, i := range b.Selected() {
				row := make([]any, len(s.Emit))
				for k, pos := range s.Emit {
					row[k] = cell(&b.Cols[k], fields[s.Columns[pos]].Type, int(i))
				}
				rows = append(rows, row)
			}
		})
	}
	return rows
}

func compareRows(t testing.TB, got, want [][]any) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if !reflect.DeepEqual(got[i], want[i]) {
			for k := range want[i] {
				if !reflect.DeepEqual(got[i][k], want[i][k]) {
					t.Fatalf("row %d column %d is %v, want %v", i, k, got[i][k], want[i][k])
				}
			}
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestFilesOfAllWritersReadAsTheirRows(t *testing.T) {
	fixtures(t, func(t *testing.T, path string, want [][]any) {
		mem := object.NewMem() // takes the path of remote stores
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := mem.Put(context.Background(), path, data); err != nil {
			t.Fatal(err)
		}
		for _, store := range []object.Store{&object.Local{}, mem} {
			f := openFile(t, store, path)
			columns := all(len(f.Fields()))
			for _, batch := range []int{1, 3, 1000, 8192} {
				ledger := memory.NewLedger(64 << 20)
				account := ledger.NewAccount("test")
				s := &parquet.Scan{Columns: columns, Emit: columns, BatchRows: batch, Pool: memory.NewPoisonPool(), Account: account}
				compareRows(t, collect(t, f, s), want)
				if left := account.UsedBytes(); left != 0 {
					t.Fatalf("%d bytes were not given back", left)
				}
			}
		}
	})
}

func TestEveryColumnAloneReadsAsItsValues(t *testing.T) {
	fixtures(t, func(t *testing.T, path string, want [][]any) {
		f := openFile(t, &object.Local{}, path)
		for i, field := range f.Fields() {
			s := &parquet.Scan{Columns: []int{i}, Emit: []int{0}, Pool: memory.NewPoisonPool()}
			single := make([][]any, len(want))
			for r := range want {
				single[r] = []any{want[r][i]}
			}
			t.Run(field.Name, func(t *testing.T) { compareRows(t, collect(t, f, s), single) })
		}
	})
}

// TestBatchesOutliveTheirScan holds all batches until the scan is closed.
func TestBatchesOutliveTheirScan(t *testing.T) {
	fixtures(t, func(t *testing.T, path string, want [][]any) {
		ctx := context.Background()
		f := openFile(t, &object.Local{}, path)
		columns := all(len(f.Fields()))
		s := &parquet.Scan{Columns: columns, Emit: columns, BatchRows: 77, Pool: memory.NewPoisonPool()}
		var batches []*vector.Batch
		for g := range f.RowGroups() {
			r, err := f.ScanRowGroup(ctx, g, s)
			if err != nil {
				t.Fatal(err)
			}
			for {
				b, err := r.Next(ctx)
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				batches = append(batches, b)
			}
			r.Close()
		}
		var rows [][]any
		for _, b := range batches {
			for i := range b.Len {
				row := make([]any, len(columns))
				for k, field := range f.Fields() {
					row[k] = cell(&b.Cols[k], field.Type, i)
				}
				rows = append(rows, row)
			}
			b.Release()
		}
		compareRows(t, rows, want)
	})
}

func ExampleFile_Fields() {
	store := &object.Local{}
	info, _ := store.Stat(context.Background(), "testdata/tpchgen_nation.parquet")
	f, _ := parquet.NewCache(store, 1<<20).Open(context.Background(), info)
	for _, field := range f.Fields() {
		fmt.Println(field.Name, field.Type, field.Nullable)
	}
	// Output:
	// n_nationkey int64 false
	// n_name utf8 false
	// n_regionkey int64 false
	// n_comment utf8 false
}
