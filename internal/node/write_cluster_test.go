//go:build !race

package node

import (
	"strings"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/skein-query/skein/coordinator/place"
)

// sequence is rows i = from … from+n-1 with i % 7 as text beside them.
func sequence(from, n int) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "i", Type: arrow.PrimitiveTypes.Int64}, {Name: "seventh", Type: arrow.BinaryTypes.String}}, nil))
	defer b.Release()
	for i := from; i < from+n; i++ {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		b.Field(1).(*array.StringBuilder).Append(string(rune('a' + i%7)))
	}
	return b.NewRecordBatch()
}

// TestOtherProcessesReadTablesInMemory has workers of other processes read a table that
// is in the memory of the coordinator's.
func TestOtherProcessesReadTablesInMemory(t *testing.T) {
	s, workers := startCluster(t, Config{Distribution: place.Always}, 2, "")
	c := connection(t, s, "")
	const rows, step = 400_000, 50_000
	var records []arrow.RecordBatch
	for from := 0; from < rows; from += step {
		records = append(records, sequence(from, step))
	}
	if n, err := ingest(t, c, bulk{table: "numbers", mode: adbc.OptionValueIngestModeCreate}, records...); err != nil || n != rows {
		t.Fatalf("%d rows, %v", n, err)
	}
	answers(t, c, "select count(*), sum(i), min(seventh), max(seventh) from numbers", "400000,79999800000,a,g")
	answers(t, c, "select seventh, count(*) from numbers where i < 70000 group by seventh order by 1",
		"a,10000;b,10000;c,10000;d,10000;e,10000;f,10000;g,10000")
	answers(t, c, "select count(*) from numbers a join numbers b on a.i = b.i where b.seventh = 'c'", "57143")
	plan, err := ask(t, c, "explain analyze select seventh, count(*) from numbers group by seventh")
	if err != nil || !strings.Contains(plan, "worker-1, worker-2") {
		t.Errorf("it did not run on both workers: %s %v", plan, err)
	}
	for _, w := range workers {
		if w.tables != nil {
			t.Errorf("%s has a place for tables, and takes no statements", w.config.Cluster.Name)
		}
	}
	if _, err := ask(t, c, "insert into numbers select i + 400000, seventh from numbers"); err != nil {
		t.Fatal(err)
	}
	answers(t, c, "select count(*), count(distinct i) from numbers", "800000,800000")
	if _, err := ask(t, c, "drop table numbers"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the table's memory is free", func() bool { return s.tables.UsedBytes() == 0 })
}
