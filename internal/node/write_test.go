package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/sqlerr"
)

func run(t *testing.T, c adbc.Connection, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := ask(t, c, sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func refuses(t *testing.T, c adbc.Connection, sql, code, words string) {
	t.Helper()
	_, err := ask(t, c, sql)
	if err == nil || !strings.Contains(err.Error(), code) || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: %v, not %s with %q", sql, err, code, words)
	}
}

func TestTemporaryTablesAreTheirSessionsAlone(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, "")
	a, b := connection(t, s, ""), connection(t, s, "")
	run(t, a, "create table t (n int)", "insert into t values (1)")
	answers(t, b, "select n from t", "1") // seen at once
	const text = "select n from t order by n"
	answers(t, a, text, "1")
	run(t, a, "create temp table t (n int)", "insert into t values (2), (3)")
	answers(t, a, text, "2;3") // although the plan is remembered
	answers(t, b, text, "1")
	answers(t, a, "select n from public.t", "1")
	answers(t, a, "select n from pg_temp.t order by n", "2;3")
	refuses(t, b, "select n from pg_temp.t", "42P01", "does not exist")
	run(t, b, "create temporary table t as select 4 as n")
	answers(t, b, text, "4")
	answers(t, a, text, "2;3")
	if _, err := ingest(t, b, bulk{table: "mine", mode: adbc.OptionValueIngestModeCreate, temporary: true}, persons("x")); err != nil {
		t.Fatal(err)
	}
	answers(t, b, "select name from mine", "x")
	refuses(t, a, "select name from mine", "42P01", "does not exist")
	const listed = "select table_schema, table_name, table_type from information_schema.tables where table_name in ('t', 'mine') order by 1, 2"
	answers(t, a, listed, "pg_temp,t,LOCAL TEMPORARY;public,t,BASE TABLE")
	answers(t, b, listed, "pg_temp,mine,LOCAL TEMPORARY;pg_temp,t,LOCAL TEMPORARY;public,t,BASE TABLE")
	run(t, a, "drop table t")
	answers(t, a, text, "1")
	answers(t, b, text, "4")
	used := s.tables.UsedBytes()
	if err := b.Close(); err != nil { // CloseSession
		t.Fatal(err)
	}
	eventually(t, "what the session had is free", func() bool { return s.tables.UsedBytes() < used })
	c := connection(t, s, "")
	run(t, c, "create temp table t (n int)")
	refuses(t, c, "create temp table public.t (n int)", "42P16", "temporary relation")
	refuses(t, c, "create temp table t (n int)", "42P07", "already exists")
}

func TestRowsOfParametersAreInsertedTogetherOrNotAtAll(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, "")
	c := connection(t, s, "")
	run(t, c, "create table t (n int not null, name varchar(5), p numeric(6,2) default 7)")
	insert := func(sql string, record arrow.RecordBatch) (int64, error) {
		st := prepare(t, c, sql)
		if err := st.Bind(t.Context(), record); err != nil {
			t.Fatal(err)
		}
		return st.ExecuteUpdate(t.Context())
	}
	if n, err := insert("insert into t (name, n) values ($1, $2)", persons("a", "b", "c")); err != nil || n != 3 {
		t.Errorf("%d rows, %v", n, err)
	}
	if n, err := insert("insert into t (name, n) values (upper($1), $2 * 10), ($1, $2 + 100)", persons("x", "y")); err != nil || n != 4 {
		t.Errorf("%d rows, %v", n, err)
	}
	if n, err := insert("insert into t (name, n) select $1, $2::int + count(*)::int from t", persons("q", "r")); err != nil || n != 2 {
		t.Errorf("%d rows, %v", n, err)
	}
	const all = "select string_agg(name || ' ' || n, ' ' order by n, name), count(*), sum(p) from t"
	answers(t, c, all, "a 1 b 2 c 3 q 8 r 9 X 10 Y 20 x 101 y 102,9,63")
	for _, names := range [][]string{{"fine", "too long"}, {"too long", "fine"}} {
		_, err := insert("insert into t (name, n) values ($1, $2)", persons(names...))
		fails(t, err, "22001", "value too long")
	}
	_, err := insert("insert into t (name, n) select $1, 10 / ($2::int - 2) from t where n = 1", persons("a", "b"))
	fails(t, err, "22012", "division by zero")
	answers(t, c, "select count(*) from t", "9")
}

func TestWhatIsDescribedIsWhatIsDone(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, "")
	c := connection(t, s, "")
	run(t, c, "create table t (n int)")
	st, err := c.NewStatement()
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.SetSqlQuery("insert into t values (1), (2) returning n * 2 as twice"); err != nil {
		t.Fatal(err)
	}
	for i := range 2 { // prepared and not, each executed once
		if i == 1 {
			if err := st.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		r, n, err := st.ExecuteQuery(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n != 2 || r.Schema().Field(0).Name != "twice" || !r.Next() || r.RecordBatch().NumRows() != 2 {
			t.Errorf("%d rows, %s", n, r.Schema())
		}
		r.Release()
	}
	answers(t, c, "select count(*) from t", "4")
	refuses(t, c, "insert into t values (1), (0) returning 1 / n", "22012", "division by zero")
	answers(t, c, "select count(*) from t", "4")
}

func TestTheClientIsWarnedThatATableIsInMemory(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, "")
	c, err := client.Open(t.Context(), s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for sql, want := range map[string]string{
		"create table t (n int)":               `table "t" is in the memory of this process: it is gone when that ends`,
		"create temp table u (n int)":          "",
		"create table if not exists t (m int)": `relation "t" already exists, skipping`,
		"drop table if exists v":               `table "v" does not exist, skipping`,
		"create table w as select 1 as n":      `table "w" is in the memory of this process: it is gone when that ends`,
	} {
		if sql == "create table if not exists t (m int)" {
			run(t, connection(t, s, ""), "create table if not exists t (n int)")
		}
		rows, err := c.Query(t.Context(), sql)
		if err != nil {
			if sqlerr.CodeOf(err) == sqlerr.DuplicateTable {
				continue // made for another statement of the map
			}
			t.Fatalf("%s: %v", sql, err)
		}
		if got := strings.Join(rows.Warnings(), "\n"); got != want {
			t.Errorf("%s warns %q, not %q", sql, got, want)
		}
		rows.Close()
	}
}

func TestManyWritersAtOnceLoseNothing(t *testing.T) {
	s := start(t, Config{Workers: 2, Threads: 2}, "")
	run(t, connection(t, s, ""), "create table t (writer int, n int)")
	const writers, each = 10, 30
	var wg sync.WaitGroup
	errs := make(chan error, 2*writers)
	for w := range writers {
		c, err := client.Open(t.Context(), s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		wg.Go(func() {
			for i := range each {
				n, err := c.Exec(t.Context(), fmt.Sprintf("insert into t values (%d, %d), (%d, %d)", w, 2*i, w, 2*i+1))
				if err != nil || n != 2 {
					errs <- fmt.Errorf("insert: %d rows, %w", n, err)
					return
				}
				if err := wholePairs(t.Context(), c); err != nil { // while others write and merge
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	answers(t, connection(t, s, ""), "select count(*), count(distinct writer * 1000 + n), min(n), max(n) from t", "600,600,0,59")
}

// wholePairs finds the rows of the table to be whole statements'.
func wholePairs(ctx context.Context, c *client.Client) error {
	rows, err := c.Query(ctx, "select count(*) from (select writer, n / 2 from t group by 1, 2 having count(*) <> 2) x")
	if err != nil {
		return err
	}
	defer rows.Close()
	for b, err := range rows.Batches() {
		if err != nil {
			return err
		}
		half := b.Column(0).(*array.Int64).Value(0)
		b.Release()
		if half != 0 {
			return fmt.Errorf("%d statements are seen in part", half)
		}
	}
	return nil
}

func TestKeysAreKeptByManyWritersAtOnce(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, "")
	run(t, connection(t, s, ""), "create table k (id int primary key, by int)")
	var wg sync.WaitGroup
	var mu sync.Mutex
	inserted := 0
	for w := range 4 {
		c := connection(t, s, "")
		wg.Go(func() { // ends with its statements
			for i := range 15 { // of each pair of neighbours one can go in
				_, err := ask(t, c, fmt.Sprintf("insert into k values (%d, %d), (%d, %d)", i, w, i+1, w))
				mu.Lock()
				if err == nil {
					inserted += 2
				} else if !strings.Contains(err.Error(), "23505") || !strings.Contains(err.Error(), "Key (id)=(") {
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	answers(t, connection(t, s, ""), "select count(*), count(distinct id) from k", fmt.Sprintf("%d,%d", inserted, inserted))
	_, err := ingest(t, connection(t, s, ""), bulk{table: "people", mode: adbc.OptionValueIngestModeCreate}, persons("a"))
	if err != nil {
		t.Fatal(err)
	}
	c := connection(t, s, "")
	run(t, c, "create table unique_people (name text primary key, n bigint)")
	if _, err := ingest(t, c, bulk{table: "unique_people", mode: adbc.OptionValueIngestModeAppend}, persons("a", "b")); err != nil {
		t.Error(err)
	}
	if _, err := ingest(t, c, bulk{table: "unique_people", mode: adbc.OptionValueIngestModeAppend}, persons("c", "b")); err == nil || !strings.Contains(err.Error(), "23505") {
		t.Errorf("ingested twice: %v", err)
	}
	answers(t, c, "select count(*) from unique_people", "2")
}

func TestDroppedTablesAreReadToTheirEnd(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1}, "")
	c, other := connection(t, s, ""), connection(t, s, "")
	run(t, c, "create table t as select i, 'some text that is long enough to fill pages ' || i as name from generate_series(1, 200000) s(i)")
	st, err := c.NewStatement()
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.SetSqlQuery("select i, name from t"); err != nil {
		t.Fatal(err)
	}
	r, _, err := st.ExecuteQuery(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	run(t, other, "drop table t", "create table t (n int)")
	rows := int64(0)
	for r.Next() {
		rows += r.RecordBatch().NumRows()
	}
	if rows != 200_000 || r.Err() != nil {
		t.Errorf("%d rows, %v", rows, r.Err())
	}
	answers(t, c, "select count(*) from t", "0")
	eventually(t, "what was dropped is free", func() bool { return s.tables.UsedBytes() == 0 })
}

// TestAFloodIsRefusedAndTheServerGoesOn ingests more than --memory has room for.
func TestAFloodIsRefusedAndTheServerGoesOn(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2, MemoryBytes: 160 << 20}, "")
	c := connection(t, s, "")
	run(t, c, "create table t (n bigint, text text)", "insert into t values (1, 'kept')")
	flood := make([]arrow.RecordBatch, 40)
	for i := range flood {
		flood[i] = noise(uint64(i), 1024, 2000) // 2 MB, which no encoding makes smaller
	}
	for _, mode := range []string{adbc.OptionValueIngestModeAppend, adbc.OptionValueIngestModeReplace} {
		_, err := ingest(t, c, bulk{table: "t", mode: mode}, flood...)
		fails(t, err, "53200", "out of memory")
		answers(t, c, "select n, text from t", "1,kept")
	}
	if _, err := ingest(t, c, bulk{table: "v", mode: adbc.OptionValueIngestModeCreate}, flood[0]); err != nil {
		t.Fatal(err)
	}
	var err error
	for doubled := 0; err == nil && doubled < 10; doubled++ { // by SQL, of what is there
		_, err = ask(t, c, "insert into v select * from v")
	}
	fails(t, err, "53200", "out of memory")
	answers(t, c, "select count(*) % 1024, count(*) > 1024 from v", "0,true")
	refuses(t, c, "create table u as select a.n, b.text from v a join v b on a.n = b.n", "53200", "out of memory")
	refuses(t, c, "select count(*) from u", "42P01", "does not exist")
	run(t, c, "drop table v")
	if n, err := ingest(t, c, bulk{table: "v", mode: adbc.OptionValueIngestModeCreate}, flood[0]); err != nil || n != 1024 {
		t.Errorf("after the drop: %d rows, %v", n, err)
	}
	run(t, c, "drop table v", "drop table t")
	eventually(t, "nothing is held", func() bool { return s.tables.UsedBytes() == 0 })
}

// noise is rows of texts that do not compress.
func noise(seed uint64, rows, width int) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Int64}, {Name: "text", Type: arrow.BinaryTypes.String}}, nil))
	defer b.Release()
	state := seed
	text := make([]byte, width)
	for i := range rows {
		for k := range text {
			state = state*6364136223846793005 + 1442695040888963407
			text[k] = byte(state>>57) & 0x7F
		}
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		b.Field(1).(*array.StringBuilder).Append(string(text))
	}
	return b.NewRecordBatch()
}

func TestAnInsertThatIsCancelledLeavesNothing(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1}, "")
	c := connection(t, s, "")
	run(t, c, "create table t (n bigint)")
	ctx, cancel := context.WithCancel(t.Context())
	st, err := c.NewStatement()
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.SetSqlQuery("insert into t select i from generate_series(1, 1000000) s(i), generate_series(1, 1000) r(k)"); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() { // ends when the statement does
		_, err := st.ExecuteUpdate(ctx)
		failed <- err
	}()
	eventually(t, "rows are written", func() bool { return s.tables.UsedBytes() > 1<<20 })
	cancel()
	if err := <-failed; err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the insert ended with %v", err)
	}
	eventually(t, "nothing is left", func() bool { return s.tables.UsedBytes() == 0 })
	answers(t, c, "select count(*) from t", "0")
}
