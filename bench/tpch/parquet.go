package tpch

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/lz4"
)

const (
	batchRows   = 1024
	pageRows    = 16 * batchRows
	pageBytes   = 1 << 20
	dictBytes   = 256 << 10 // a larger dictionary makes the rest of the chunk PLAIN
	minGroups   = 8         // of a table that has the rows for them, so that readers find parallel work
	minGroupRow = 15_000
)

// span is a range of units of a table, see Table.units.
type span struct{ first, end int64 }

// rowGroups cuts a part of a table into row groups of about 7 MiB.
func rowGroups(table Table, sf ScaleFactor, part, parts int) []span {
	units := table.units(sf)
	groups := (units + table.groupUnits() - 1) / table.groupUnits()
	groups = max(1, groups, min(minGroups, EstimateRows(table, sf)/minGroupRow))
	perPart := int((groups + int64(parts) - 1) / int64(parts))
	spans := make([]span, perPart)
	for i := range spans {
		spans[i] = span{
			share(units, part*perPart+i, parts*perPart),
			share(units, part*perPart+i+1, parts*perPart),
		}
	}
	return spans
}

func (t Table) groupUnits() int64 {
	switch t {
	case LineItemTable:
		return 28_250 // 113,000 rows
	case PartSuppTable:
		return 12_500 // 50,000 rows
	case OrdersTable:
		return 93_750
	case CustomerTable:
		return 37_500
	default:
		return 50_000
	}
}

// codec finds the compression that a user named.
func codec(name string) (compress.Codec, error) {
	switch name {
	case "", "snappy":
		return &parquet.Snappy, nil
	case "zstd":
		return &parquet.Zstd, nil
	case "lz4":
		return &lz4.Codec{Level: lz4.Fastest}, nil
	case "none":
		return &parquet.Uncompressed, nil
	}
	return nil, fmt.Errorf("tpch: compression %q: want snappy, zstd, lz4 or none", name)
}

// fileWriter writes Parquet files of one table.
type fileWriter struct {
	table   Table
	gen     *generator
	codec   compress.Codec
	threads int
	written func(rows int64) // told of every row group that is in the file
}

// write makes one file of the row groups. They are generated and encoded side
// by side, as many as there are threads, and put into the file in order; no
// more than that are in memory.
func (f *fileWriter) write(ctx context.Context, out io.Writer, groups []span) error {
	file := parquet.NewGenericWriter[any](out, f.table.schema(), &parquet.WriterConfig{
		CreatedBy:          "skein tpch",
		Compression:        f.codec,
		PageBufferSize:     pageBytes,
		DataPageStatistics: true,
		DictionaryMaxBytes: dictBytes,
	})
	var encoders sync.WaitGroup
	defer encoders.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()

	// The encoders in flight are those in the queue and the one that is waited
	// for below.
	queue := make(chan chan encoded, f.threads-1)
	encoders.Go(func() {
		defer close(queue)
		for _, group := range groups {
			done := make(chan encoded, 1)
			select {
			case queue <- done:
			case <-ctx.Done():
				return
			}
			rowGroup := file.BeginRowGroup()
			encoders.Go(func() {
				rows, err := encode(ctx, rowGroup, f.table, f.gen.rows(f.table, group.first, group.end))
				done <- encoded{rowGroup, rows, err}
			})
		}
	})
	for done := range queue {
		group := <-done
		if group.err != nil {
			return group.err
		}
		if _, err := group.rowGroup.Commit(); err != nil {
			return err
		}
		f.written(group.rows)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return file.Close()
}

type encoded struct {
	rowGroup *parquet.ConcurrentRowGroupWriter
	rows     int64
	err      error
}

// encode fills a row group, flushing all columns every pageRows rows so that
// the pages of different columns begin at the same rows.
func encode(ctx context.Context, group *parquet.ConcurrentRowGroupWriter, table Table, rows iter.Seq[Row]) (int64, error) {
	writers := group.ColumnWriters()
	cols := newColumns(table, batchRows)
	total := int64(0)
	for row := range rows {
		cols.add(row)
		total++
		if cols.rows < batchRows {
			continue
		}
		if err := cols.writeTo(writers); err != nil {
			return total, err
		}
		if total%pageRows == 0 {
			if err := group.Flush(); err != nil {
				return total, err
			}
		}
		if err := ctx.Err(); err != nil {
			return total, err
		}
	}
	if err := cols.writeTo(writers); err != nil {
		return total, err
	}
	return total, group.Flush()
}
