package parquet_test

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowmem "github.com/apache/arrow-go/v18/arrow/memory"
	arrowparquet "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	parquetgo "github.com/parquet-go/parquet-go"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// scanBytes reads the rows of a file in memory.
func scanBytes(t *testing.T, data []byte) [][]any {
	t.Helper()
	store := object.NewMem()
	if err := store.Put(context.Background(), "f", data); err != nil {
		t.Fatal(err)
	}
	f := openFile(t, store, "f")
	columns := all(len(f.Fields()))
	return collect(t, f, &parquet.Scan{Columns: columns, Emit: columns, BatchRows: 100, Pool: memory.NewPoisonPool()})
}

// goRow has the tags by which parquet-go chooses types and encodings.
type goRow struct {
	ID     int64                `parquet:"id,delta"`
	Name   string               `parquet:"name,dict,zstd"`
	Prefix string               `parquet:"prefix,delta"`
	Long   string               `parquet:"long,lz4"`
	Maybe  *int32               `parquet:"maybe,optional"`
	Price  int64                `parquet:"price,decimal(2:15),snappy"`
	Flag   bool                 `parquet:"flag"`
	Score  float64              `parquet:"score,split,gzip"`
	Tags   []string             `parquet:"tags,list"`
	Plain  []int64              `parquet:"plain"`
	Props  map[string]int32     `parquet:"props"`
	Inner  struct{ A, B int32 } `parquet:"inner"`
}

func TestFilesOfParquetGo(t *testing.T) {
	for _, version := range []int{1, 2} {
		t.Run(fmt.Sprint("data pages ", version), func(t *testing.T) {
			var buf bytes.Buffer
			w := parquetgo.NewGenericWriter[goRow](&buf, parquetgo.DataPageVersion(version), parquetgo.PageBufferSize(700), parquetgo.MaxRowsPerRowGroup(400))
			var want [][]any
			for i := range 1000 {
				s := strconv.Itoa
				row := goRow{ID: int64(i * i), Name: "name " + s(i%7), Prefix: "common prefix " + s(i), Long: "a string that differs " + s(i),
					Price: int64(i) * 101, Flag: i%3 == 0, Score: float64(i) / 8, Inner: struct{ A, B int32 }{int32(i), -int32(i)}}
				tags, plain, props, maybe := []any{}, []any{}, []any{}, any(nil)
				for k := range i % 4 {
					row.Tags = append(row.Tags, "tag "+s(k))
					row.Plain = append(row.Plain, int64(k))
					tags, plain = append(tags, "tag "+s(k)), append(plain, s(k))
				}
				if i%2 == 0 {
					row.Props = map[string]int32{"p" + s(i): int32(i)}
					props = append(props, []any{"p" + s(i), s(i)})
					v := int32(-i)
					row.Maybe, maybe = &v, s(-i)
				}
				if _, err := w.Write([]goRow{row}); err != nil {
					t.Fatal(err)
				}
				want = append(want, []any{s(i * i), row.Name, row.Prefix, row.Long, maybe, fmt.Sprintf("%d.%02d", i*101/100, i*101%100),
					strconv.FormatBool(row.Flag), float64Bits(row.Score), tags, plain, props, []any{s(i), s(-i)}})
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			compareRows(t, scanBytes(t, buf.Bytes()), want)
		})
	}
}

func TestFilesOfArrowGo(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "i", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "s", Type: arrow.BinaryTypes.String},
		{Name: "d", Type: &arrow.Decimal128Type{Precision: 15, Scale: 2}},
		{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32), Nullable: true},
	}, nil)
	for _, codec := range []compress.Compression{compress.Codecs.Uncompressed, compress.Codecs.Snappy, compress.Codecs.Zstd, compress.Codecs.Gzip, compress.Codecs.Brotli, compress.Codecs.Lz4Raw} {
		for _, version := range []arrowparquet.DataPageVersion{arrowparquet.DataPageV1, arrowparquet.DataPageV2} {
			t.Run(fmt.Sprint(codec, version), func(t *testing.T) {
				b := array.NewRecordBuilder(arrowmem.DefaultAllocator, schema)
				defer b.Release()
				var want [][]any
				for i := range 700 {
					var number any = strconv.Itoa(i)
					if i%5 == 0 {
						number = nil
						b.Field(0).AppendNull()
					} else {
						b.Field(0).(*array.Int64Builder).Append(int64(i))
					}
					text := fmt.Sprintf("text number %d", i%90)
					b.Field(1).(*array.StringBuilder).Append(text)
					if err := b.Field(2).AppendValueFromString(fmt.Sprintf("%d.25", i)); err != nil {
						t.Fatal(err)
					}
					list := b.Field(3).(*array.ListBuilder)
					list.Append(true)
					elems := []any{}
					for k := range i % 3 {
						list.ValueBuilder().(*array.Int32Builder).Append(int32(k))
						elems = append(elems, strconv.Itoa(k))
					}
					want = append(want, []any{number, text, fmt.Sprintf("%d.25", i), elems})
				}
				record := b.NewRecordBatch()
				defer record.Release()
				var buf bytes.Buffer
				props := arrowparquet.NewWriterProperties(arrowparquet.WithCompression(codec), arrowparquet.WithDataPageVersion(version),
					arrowparquet.WithDataPageSize(500), arrowparquet.WithBatchSize(64), arrowparquet.WithMaxRowGroupLength(300))
				w, err := pqarrow.NewFileWriter(schema, &buf, props, pqarrow.DefaultWriterProps())
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Write(record); err != nil {
					t.Fatal(err)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				compareRows(t, scanBytes(t, buf.Bytes()), want)
			})
		}
	}
}
