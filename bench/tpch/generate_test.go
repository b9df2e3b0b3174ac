package tpch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquetText reads files back and prints their rows as WriteText does.
func parquetText(t *testing.T, table Table, names []string) string {
	t.Helper()
	var out bytes.Buffer
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range file.RowGroups() {
			rows := group.Rows()
			buffer := make([]parquet.Row, 512)
			for {
				n, err := rows.ReadRows(buffer)
				for _, row := range buffer[:n] {
					out.Write(rowText(table, file.Schema(), row))
				}
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out.String()
}

func rowText(table Table, schema *parquet.Schema, row parquet.Row) []byte {
	l := line{}
	for i, v := range row {
		field := schema.Fields()[i]
		logical := field.Type().String()
		switch {
		case field.Name() == "l_quantity":
			l = l.integer(v.Int64() / 100)
		case logical == "DECIMAL(15,2)":
			l = l.money(Cents(v.Int64()))
		case logical == "DATE":
			l = l.date(Date(v.Int32()))
		case v.Kind() == parquet.Int32:
			l = l.integer(int64(v.Int32()))
		case v.Kind() == parquet.Int64:
			l = l.integer(v.Int64())
		default:
			l = l.text(string(v.ByteArray()))
		}
	}
	return l.end()
}

func TestFilesHoldTheRows(t *testing.T) {
	holdPool(t)
	sf := scale(t, "0.002")
	// Not lz4: reading it back with parquet-go may return stale pages
	// (parquet-go issue 608).
	for _, c := range []struct {
		compression    string
		parts, threads int
	}{{"snappy", 1, 1}, {"zstd", 3, 2}, {"none", 1, 3}} {
		dir := t.TempDir()
		err := Generate(t.Context(), Options{
			ScaleFactor: sf, Out: dir, Parts: c.parts, Compression: c.compression, Threads: c.threads,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range Tables() {
			pattern := string(table) + ".parquet"
			if c.parts > 1 {
				pattern = filepath.Join(string(table), "part-*.parquet")
			}
			names, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil || len(names) == 0 {
				t.Fatalf("%s: %v, %v", pattern, names, err)
			}
			var want bytes.Buffer
			if err := WriteText(t.Context(), &want, table, sf, 0, 1); err != nil {
				t.Fatal(err)
			}
			if got := parquetText(t, table, names); got != want.String() {
				t.Errorf("%s, %d parts, %s: the files hold other rows", table, c.parts, c.compression)
			}
		}
	}
}

func TestColumnsHaveStatisticsAndPageIndex(t *testing.T) {
	holdPool(t)
	dir := t.TempDir()
	if err := Generate(t.Context(), Options{ScaleFactor: scale(t, "0.01"), Out: dir, Tables: []Table{LineItemTable}}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	// 60,175 rows: enough for parallel readers, not so many that groups get tiny.
	if n := len(file.RowGroups()); n != 4 {
		t.Errorf("%d row groups", n)
	}
	for _, group := range file.Metadata().RowGroups {
		for _, column := range group.Columns {
			stats := column.MetaData.Statistics
			if len(stats.MinValue) == 0 || len(stats.MaxValue) == 0 || column.ColumnIndexOffset == 0 || column.OffsetIndexOffset == 0 {
				t.Fatalf("column %v: %+v", column.MetaData.PathInSchema, column)
			}
		}
	}
}

func TestCompressionIsWhatWasAskedFor(t *testing.T) {
	holdPool(t)
	for name, want := range map[string]format.CompressionCodec{
		"": format.Snappy, "snappy": format.Snappy, "zstd": format.Zstd, "lz4": format.Lz4Raw, "none": format.Uncompressed,
	} {
		dir := t.TempDir()
		opt := Options{ScaleFactor: scale(t, "0.001"), Out: dir, Tables: []Table{SupplierTable}, Compression: name}
		if err := Generate(t.Context(), opt); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "supplier.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range file.Metadata().RowGroups[0].Columns {
			if column.MetaData.Codec != want {
				t.Errorf("%q: %v is %v", name, column.MetaData.PathInSchema, column.MetaData.Codec)
			}
		}
	}
}

func TestFailedRunLeavesWhatWasThere(t *testing.T) {
	holdPool(t)
	dir := t.TempDir()
	opt := Options{ScaleFactor: scale(t, "0.01"), Out: dir, Tables: []Table{LineItemTable}}
	if err := Generate(t.Context(), opt); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "lineitem.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	opt.ScaleFactor = scale(t, "0.05")
	opt.Progress = func(Progress) { cancel() }
	if err := Generate(ctx, opt); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled run: %v", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "lineitem.parquet"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file changed: %v", err)
	}
	if names := fileNames(t, dir); !slices.Equal(names, []string{"lineitem.parquet"}) {
		t.Errorf("left behind: %v", names)
	}
}

// A run with fewer parts, or with the other layout, must not leave files whose
// rows would count twice.
func TestNewLayoutReplacesTheOld(t *testing.T) {
	holdPool(t)
	dir := t.TempDir()
	for _, c := range []struct {
		parts int
		want  []string
	}{
		{1, []string{"supplier.parquet"}},
		{3, []string{"supplier/part-0000.parquet", "supplier/part-0001.parquet", "supplier/part-0002.parquet"}},
		{2, []string{"supplier/part-0000.parquet", "supplier/part-0001.parquet"}},
		{1, []string{"supplier.parquet"}},
	} {
		opt := Options{ScaleFactor: scale(t, "0.001"), Out: dir, Tables: []Table{SupplierTable}, Parts: c.parts}
		if err := Generate(t.Context(), opt); err != nil {
			t.Fatal(err)
		}
		if names := fileNames(t, dir); !slices.Equal(names, c.want) {
			t.Errorf("%d parts leave %v, want %v", c.parts, names, c.want)
		}
	}
}

func fileNames(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestProgressEndsAtTheTotal(t *testing.T) {
	holdPool(t)
	last := map[Table]Progress{}
	err := Generate(t.Context(), Options{
		ScaleFactor: scale(t, "0.01"), Out: t.TempDir(),
		Progress: func(p Progress) {
			if p.Done < last[p.Table].Done || p.Done > p.Total {
				t.Errorf("%+v after %+v", p, last[p.Table])
			}
			last[p.Table] = p
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for table, rows := range map[Table]int64{LineItemTable: 60_175, OrdersTable: 15_000, RegionTable: 5} {
		if want := (Progress{table, rows, rows}); last[table] != want {
			t.Errorf("%+v, want %+v", last[table], want)
		}
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	one := scale(t, "1")
	for name, opt := range map[string]Options{
		"no scale":    {},
		"compression": {ScaleFactor: one, Compression: "gzip"},
		"table":       {ScaleFactor: one, Tables: []Table{"lineitems"}},
		"parts":       {ScaleFactor: one, Parts: -1},
	} {
		opt.Out = t.TempDir()
		if err := Generate(t.Context(), opt); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if names := fileNames(t, opt.Out); len(names) > 0 {
			t.Errorf("%s: left %v", name, names)
		}
	}
}
