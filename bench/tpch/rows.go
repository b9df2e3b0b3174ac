package tpch

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"math/bits"
)

// generator makes ranges of rows of one data set.
type generator struct {
	sf   ScaleFactor
	pool *textPool
	keys orderKeys
}

func newGenerator(sf ScaleFactor) *generator {
	return &generator{sf: sf, pool: sharedPool.get()}
}

// rows yields the rows of the units [first, end) of a table.
func (g *generator) rows(table Table, first, end int64) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		switch table {
		case RegionTable:
			g.regions(first, end, yield)
		case NationTable:
			g.nations(first, end, yield)
		case SupplierTable:
			g.suppliers(first, end, yield)
		case CustomerTable:
			g.customers(first, end, yield)
		case PartTable:
			g.parts(first, end, yield)
		case PartSuppTable:
			g.partSupps(first, end, yield)
		case OrdersTable:
			g.orders(first, end, yield)
		case LineItemTable:
			g.lineItems(first, end, yield)
		}
	}
}

// Rows yields part number part, counted from 0, of parts of a table. The Row
// may be reused for the next one; its strings may be kept. Panics when there is
// no such part.
func Rows(table Table, sf ScaleFactor, part, parts int) iter.Seq[Row] {
	if part < 0 || part >= parts {
		panic(fmt.Sprintf("tpch: part %d of %d", part, parts))
	}
	units := table.units(sf)
	return newGenerator(sf).rows(table, share(units, part, parts), share(units, part+1, parts))
}

// share is where part of parts begins in n units, each part as large as the
// others to within one unit.
func share(n int64, part, parts int) int64 {
	hi, lo := bits.Mul64(uint64(n), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(parts))
	return int64(q)
}

// WriteText writes a part of a table in the reference generator's format, the
// lines of a .tbl file.
func WriteText(ctx context.Context, w io.Writer, table Table, sf ScaleFactor, part, parts int) error {
	return writeRows(ctx, w, Rows(table, sf, part, parts))
}

func writeRows(ctx context.Context, w io.Writer, rows iter.Seq[Row]) error {
	const bufferBytes = 1 << 16
	out := bufio.NewWriterSize(w, bufferBytes)
	var text []byte
	for row := range rows {
		text = row.AppendText(text[:0])
		if _, err := out.Write(text); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return out.Flush()
}
