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

// TestOtherCoordinatorsReadTablesInMemory has a coordinator answer about a table that another
// one has, and say who that is when it is to be changed.
func TestOtherCoordinatorsReadTablesInMemory(t *testing.T) {
	c := Config{Threads: 1, Version: "1.0.0"}
	c.Cluster = &Cluster{Name: "c1", Coordinator: true, Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t)}
	first := start(t, c, "")
	c.Cluster = &Cluster{Name: "c2", Coordinator: true, Worker: true, Gossip: "127.0.0.1:0", Key: clusterKey(t), Join: []string{first.peers.members.Load().Address()}}
	second := start(t, c, "")
	eventually(t, "they know each other", func() bool { return first.coord.Workers() == 2 && second.coord.Workers() == 2 })
	a, b := connection(t, first, ""), connection(t, second, "")
	run(t, a, "create table numbers (i bigint primary key, word varchar(5) not null, at timestamp(0))", "create temp table mine (n int)")
	const all = "select count(*), count(distinct word), min(at) from numbers"
	answers(t, b, all, "0,0,(null)")
	run(t, a, "insert into numbers select g, 'w' || g % 10, timestamp '2024-01-01 00:00:00.7' from generate_series(1, 50000) s(g)")
	answers(t, b, all, "50000,10,2024-01-01T00:00:01")
	answers(t, b, "select n.word, count(*) from numbers n join (values (7), (17), (50001)) v(x) on n.i = v.x group by 1", "w7,2")
	run(t, b, "set distribution = always")
	answers(t, b, "select word, count(*) from numbers where i <= 1000 and word < 'w2' group by word order by 1", "w0,100;w1,100")
	run(t, b, "reset distribution")
	for range 20 { // parts come and are merged while the other reads
		run(t, a, "insert into numbers select max(i) + 1, 'x', null from numbers")
		run(t, b, all)
	}
	answers(t, b, "select count(*) from public.numbers", "50020")
	for _, sql := range []string{"insert into numbers values (1, 'x')", "truncate numbers", "drop table numbers"} {
		refuses(t, b, sql, "0A000", "in the memory of another coordinator")
		refuses(t, b, sql, "0A000", first.Addr())
	}
	refuses(t, b, "select * from mine", "42P01", "does not exist")
	refuses(t, b, "select * from nowhere", "42P01", "does not exist")
	run(t, b, "create table numbers as select 1 as own")
	answers(t, b, "select * from numbers", "1")
	answers(t, a, "select count(*) from numbers", "50020")
	run(t, b, "drop table numbers")
	run(t, a, "drop table numbers")
	refuses(t, b, all, "42P01", "does not exist")
}
