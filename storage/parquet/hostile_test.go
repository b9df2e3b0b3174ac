package parquet_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// readAnything reads all of a file of any bytes, with everything a scan can do. It
// fails the test unless that ends in rows or in an error of the expected kinds.
func readAnything(t testing.TB, data []byte) error {
	ctx := context.Background()
	store := object.NewMem()
	if err := store.Put(ctx, "mem", data); err != nil {
		t.Fatal(err)
	}
	info, err := store.Stat(ctx, "mem")
	if err != nil {
		t.Fatal(err)
	}
	cache := parquet.NewCache(store, 1<<20)
	defer cache.Close()
	f, err := cache.Open(ctx, info)
	if err != nil {
		return checkError(t, err)
	}
	account := memory.NewLedger(32 << 20).NewAccount("fuzz")
	pool := memory.NewPool()
	var first error
	for k, field := range f.Fields() {
		p := &condition{column: 0, kind: parquet.ArrowKind(field.Type), lo: &parquet.Scalar{}, hi: &parquet.Scalar{I: 1 << 40, Wide: vector.I128{Hi: 1}, F: 1e9, S: "s"}}
		nested := p.kind == vector.List || p.kind == vector.Struct || p.kind == vector.Interval
		for g := range f.RowGroups() {
			f.Stats(g, k)
			if _, err := f.DistinctFromDictionary(ctx, g, k); err != nil {
				checkError(t, err)
			}
			s := &parquet.Scan{Columns: []int{k}, Emit: []int{0}, Pool: pool, Account: account}
			first = errors.Join(first, checkError(t, readRowGroup(f, g, s)))
			if !nested {
				s.Predicates = []parquet.Predicate{p}
				checkError(t, readRowGroup(f, g, s))
			}
		}
	}
	if left := account.UsedBytes(); left != 0 {
		t.Fatalf("%d bytes were not given back", left)
	}
	return first
}

// readRowGroup touches every value; at most some, since a row group of nulls may
// truly have billions.
func readRowGroup(f *parquet.File, g int, s *parquet.Scan) error {
	ctx := context.Background()
	r, err := f.ScanRowGroup(ctx, g, s)
	if err != nil {
		return err
	}
	defer r.Close()
	for range 20 {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for k, pos := range s.Emit {
			for _, i := range b.Selected() {
				cell(&b.Cols[k], f.Fields()[s.Columns[pos]].Type, int(i))
			}
		}
		b.Release()
	}
	return nil
}

func checkError(t testing.TB, err error) error {
	t.Helper()
	switch code := sqlerr.CodeOf(err); {
	case err == nil, code == sqlerr.DataCorrupted, code == sqlerr.FeatureNotSupported, code == sqlerr.OutOfMemory, code == sqlerr.DatetimeFieldOverflow:
	default:
		t.Fatalf("an error of code %s: %v", code, err)
	}
	if err != nil && !strings.Contains(err.Error(), "mem") {
		t.Fatalf("an error that does not name the file: %v", err)
	}
	return err
}

func FuzzReadFile(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.parquet")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 8<<10 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { readAnything(t, data) })
}

func TestDamagedFilesEndInErrors(t *testing.T) {
	fixtures(t, func(t *testing.T, path string, _ [][]any) {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(7, uint64(len(whole))))
		for range 10 {
			if readAnything(t, whole[:r.IntN(len(whole))]) == nil {
				t.Fatal("a truncated file was read")
			}
		}
		for range 12 {
			data := slices.Clone(whole)
			for range 1 + r.IntN(4) {
				at := r.IntN(len(data))
				if r.IntN(2) == 0 { // the footer is small and decides more
					at = len(data) - 1 - r.IntN(min(len(data), 1500))
				}
				data[at] = byte(r.Uint32())
			}
			readAnything(t, data)
		}
	})
}

// TestLyingFilesNameWhatIsWrong damages one thing at a time.
func TestLyingFilesNameWhatIsWrong(t *testing.T) {
	whole, err := os.ReadFile("testdata/tpchgen_nation.parquet")
	if err != nil {
		t.Fatal(err)
	}
	n := len(whole)
	cases := map[string]struct {
		damage func(b []byte) []byte
		want   string
	}{
		"empty":           {func(b []byte) []byte { return nil }, "not a Parquet file"},
		"another format":  {func(b []byte) []byte { return []byte("id,name\n1,one\n2,two\n") }, "not a Parquet file"},
		"cut off":         {func(b []byte) []byte { return b[:n/2] }, "not a Parquet file"},
		"footer too long": {func(b []byte) []byte { b[n-5] = 0x7f; return b }, "a footer of"},
		"footer of garbage": {func(b []byte) []byte {
			size := int(whole[n-8]) | int(whole[n-7])<<8
			clear(b[n-8-size : n-8])
			return b
		}, "footer"},
		"a name that is not text": {func(b []byte) []byte {
			footer := b[n-8-int(whole[n-8])-int(whole[n-7])<<8:]
			copy(footer[bytes.Index(footer, []byte("n_comment")):], "n_\xff\xfe")
			return b
		}, "UTF-8"},
		"encrypted":  {func(b []byte) []byte { b[n-1] = 'E'; return b }, "encrypted"},
		"first page": {func(b []byte) []byte { clear(b[4:40]); return b }, `row group 0 column "n_nationkey"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := readAnything(t, c.damage(slices.Clone(whole)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v, want one about %q", err, c.want)
			}
		})
	}
}
