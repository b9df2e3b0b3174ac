package node

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/skein-query/skein/flight/value"
)

// answer runs a statement and gives its rows as text, a row a word with commas.
func answer(t *testing.T, c *sqlConn, sql string) string {
	t.Helper()
	r, err := c.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var rows []string
	for _, row := range r.Rows {
		var cells []string
		for _, v := range row {
			cells = append(cells, v.Text)
		}
		rows = append(rows, strings.Join(cells, ","))
	}
	return strings.Join(rows, " ")
}

// prepared is a statement handle that lives on.
type prepared struct {
	adbc.Statement
	t *testing.T
}

func connection(t *testing.T, s *Server, user string) adbc.Connection {
	t.Helper()
	options := map[string]string{adbc.OptionKeyURI: "grpc://" + s.Addr()}
	if user != "" {
		options[adbc.OptionKeyUsername], options[adbc.OptionKeyPassword] = user, "x"
	}
	db, err := flightsql.NewDriver(memory.DefaultAllocator).NewDatabase(options)
	if err != nil {
		t.Fatal(err)
	}
	c, err := db.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); db.Close() })
	return c
}

func prepare(t *testing.T, c adbc.Connection, sql string) prepared {
	t.Helper()
	st, err := c.NewStatement()
	if err == nil {
		if err = st.SetSqlQuery(sql); err == nil {
			err = st.Prepare(t.Context())
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	t.Cleanup(func() { st.Close() })
	return prepared{st, t}
}

// with executes the statement with values: int64, string or nil for a NULL int64.
func (p prepared) with(args ...any) (string, error) {
	if len(args) > 0 {
		var fields []arrow.Field
		for i, a := range args {
			var typ arrow.DataType = arrow.PrimitiveTypes.Int64
			if _, ok := a.(string); ok {
				typ = arrow.BinaryTypes.String
			}
			fields = append(fields, arrow.Field{Name: fmt.Sprint(i), Type: typ, Nullable: true})
		}
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
		for i, a := range args {
			switch a := a.(type) {
			case int:
				b.Field(i).(*array.Int64Builder).Append(int64(a))
			case string:
				b.Field(i).(*array.StringBuilder).Append(a)
			default:
				b.Field(i).AppendNull()
			}
		}
		if err := p.Bind(p.t.Context(), b.NewRecordBatch()); err != nil {
			return "", err
		}
	}
	r, _, err := p.ExecuteQuery(p.t.Context())
	if err != nil {
		return "", err
	}
	defer r.Release()
	var rows []string
	for r.Next() {
		for i := range int(r.RecordBatch().NumRows()) {
			var cells []string
			for j := range int(r.RecordBatch().NumCols()) {
				v, typ, err := value.At(r.RecordBatch().Column(j), i)
				if err != nil {
					return "", err
				}
				cells = append(cells, text(v, typ))
			}
			rows = append(rows, strings.Join(cells, ","))
		}
	}
	return strings.Join(rows, " "), r.Err()
}

func (p prepared) must(args ...any) string {
	p.t.Helper()
	out, err := p.with(args...)
	if err != nil {
		p.t.Fatalf("with %v: %v", args, err)
	}
	return out
}

// copyFile replaces a file as a writer would: by a rename.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to + ".tmp")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = io.Copy(out, in); err == nil {
		err = out.Close()
	}
	if err == nil {
		err = os.Rename(to+".tmp", to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func planned(t *testing.T, c *sqlConn, sql string) string {
	t.Helper()
	_, rest, _ := strings.Cut(answer(t, c, "explain analyze "+sql), " ms, plan ")
	for _, how := range []string{"from the cache", "made anew", "made for this execution"} {
		if strings.HasPrefix(rest, how) {
			return how
		}
	}
	t.Fatalf("EXPLAIN ANALYZE of %s does not say where the plan came from", sql)
	return ""
}

func TestAPlanIsMadeOnceForAText(t *testing.T) {
	s := start(t, Config{Workers: 2, Threads: 2}, tables)
	c := connect(t, s)
	defer c.Close()
	for _, test := range []struct{ sql, again string }{
		{"select count(*) from numbers", "from the cache"},
		{"select d.name from employees e join departments d using (dept_id) where e.salary > 10", "from the cache"},
		{"select random() < 2 from numbers", "from the cache"},
		{"select count(*) from numbers where now() > timestamptz '2020-01-01'", "made for this execution"},
		{"select current_date", "made for this execution"},
		{"select count(*) from information_schema.tables", "made anew"},
		{"select count(*) from read_parquet('" + tables + "/numbers.parquet')", "from the cache"},
	} {
		if first := planned(t, c, test.sql); first == "from the cache" {
			t.Errorf("%s: the first plan comes %s", test.sql, first)
		}
		for range 2 {
			if again := planned(t, c, test.sql); again != test.again {
				t.Errorf("%s: planned again, it is %s, want %s", test.sql, again, test.again)
			}
		}
	}
}

// TestValuesOfParametersDecideTheAnswer executes handles with values and the same
// queries with the values in their text.
func TestValuesOfParametersDecideTheAnswer(t *testing.T) {
	queries := []string{
		"select n, word from numbers where n = ? order by n",
		"select n from numbers where n > ? order by n limit 4",
		"select n from numbers where ? <= n and n < 30 order by n",
		"select n from numbers where n <> ? order by n limit 5",
		"select count(*), sum(cube) from numbers where n = ? or n = 50",
		"select n from numbers where n in (?, 7, 50) order by n",
		"select n from numbers order by n limit ?",
		"select n from numbers where n between ? and 40 order by n desc limit 3",
		"select n + ? from numbers where n < 4 order by 1",
		"select n % 5, count(*) from numbers group by n % 5 having count(*) > ? order by 1",
		"select e.name from employees e join departments d using (dept_id) where d.dept_id = ? order by 1",
		"select name from employees where dept_id in (select dept_id from departments where budget > ?) order by 1 limit 5",
		"select sum(g) from generate_series(1, ?) as s(g)",
		"select case when n = ? then 'this' else 'that' end from numbers where n < 4 order by n",
		"select n from numbers where n is not distinct from ? order by n",
		"select n from numbers where n = ? and n = 50",
		"select n from numbers where cube > ? order by n limit 3",
		"select n from numbers where quarter >= ? order by n limit 3",
	}
	for _, config := range configurations()[2:] { // distributed, by single rows, as on a network
		t.Run(config.name, func(t *testing.T) {
			s := start(t, config.Config, tables)
			c := connect(t, s)
			defer c.Close()
			conn := connection(t, s, "")
			for _, sql := range queries {
				st := prepare(t, conn, sql)
				for _, v := range []any{50, 3, nil, 1, 99, 50, 1000} {
					in := fmt.Sprint(v)
					if v == nil {
						in = "null"
					}
					want := answer(t, c, strings.Replace(sql, "?", in, 1))
					if got := st.must(v); got != want {
						t.Errorf("%s with %s: %s, want %s", sql, in, got, want)
					}
				}
			}
		})
	}
}

func TestTextsAreParametersToo(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, tables)
	c := connect(t, s)
	defer c.Close()
	const sql = "select count(*) from employees where name = ?"
	st := prepare(t, connection(t, s, ""), sql)
	for _, name := range []string{answer(t, c, "select max(name) from employees"), "", answer(t, c, "select min(name) from employees"), "nobody"} {
		want := answer(t, c, strings.Replace(sql, "?", "'"+name+"'", 1))
		if got := st.must(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestTablesMayChangeBetweenExecutions(t *testing.T) {
	s := start(t, Config{Workers: 2, Threads: 2}, tables)
	c := connect(t, s)
	defer c.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "t.parquet")
	copyFile(t, tables+"/departments.parquet", file)
	answer(t, c, "create external table t stored as parquet location '"+file+"'")
	const count, first = "select count(*) from t", "select name from t order by name limit 1"
	read := "select count(*) from read_parquet('" + file + "')"
	star := "select * from read_parquet('" + file + "') order by 1 limit 1"
	handle := prepare(t, connection(t, s, ""), count)
	check := func(when, want string) {
		t.Helper()
		for _, sql := range []string{count, count, read, read} {
			if got := answer(t, c, sql); got != want {
				t.Errorf("%s: %s gives %s, want %s", when, sql, got, want)
			}
		}
		if got := handle.must(); got != want {
			t.Errorf("%s: the handle gives %s, want %s", when, got, want)
		}
	}
	check("at first", "6")
	before := answer(t, c, first) + answer(t, c, star)
	copyFile(t, tables+"/employees.parquet", file)
	check("the file was rewritten", "40")
	if after := answer(t, c, first) + answer(t, c, star); after == before {
		t.Errorf("the rewritten file reads as it was: %s", after)
	}
	answer(t, c, "create or replace external table t stored as parquet location '"+tables+"/numbers.parquet'")
	if got := answer(t, c, count) + " " + handle.must(); got != "100 100" {
		t.Errorf("replaced: %s", got)
	}
	answer(t, c, "drop table t")
	if _, err := handle.with(); err == nil || !strings.Contains(err.Error(), `"t" does not exist`) {
		t.Errorf("dropped: %v", err)
	}
	if _, err := c.Query(t.Context(), count); err == nil {
		t.Error("the same text still finds the dropped table")
	}
	answer(t, c, "create external table t stored as parquet location '"+tables+"/truth.parquet'")
	if got := answer(t, c, count) + " " + handle.must(); got != "9 9" {
		t.Errorf("created again: %s", got)
	}
}

func TestAHandleWhoseColumnsHaveChangedSaysSo(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1}, tables)
	c := connect(t, s)
	defer c.Close()
	answer(t, c, "create external table t stored as parquet location '"+tables+"/departments.parquet'")
	const sql = "select * from t order by 1 limit 1"
	old := prepare(t, connection(t, s, ""), sql)
	old.must()
	answer(t, c, "drop table t")
	answer(t, c, "create external table t stored as parquet location '"+tables+"/one_row.parquet'")
	if got := answer(t, c, sql); strings.Count(got, ",") != 1 {
		t.Errorf("the same text gives %s", got)
	}
	for range 2 {
		_, err := old.with()
		if err == nil || !strings.Contains(err.Error(), "the columns of the prepared statement have changed") ||
			!strings.Contains(err.Error(), "dept_id integer") {
			t.Errorf("the handle of the old columns: %v", err)
		}
	}
	answer(t, c, "create or replace external table t stored as parquet location '"+tables+"/departments.parquet'")
	if got := old.must(); got != answer(t, c, sql) {
		t.Errorf("with its columns back, the handle gives %s", got)
	}
	typed := prepare(t, connection(t, s, ""), "select count(*) from t where name = ?")
	typed.must("x")
	answer(t, c, "create or replace external table t stored as parquet location '"+tables+"/numbers.parquet'")
	if _, err := typed.with("x"); err == nil || !strings.Contains(err.Error(), `"name"`) {
		t.Errorf("a column is gone: %v", err)
	}
}

func TestTheSearchPathAndTheUserArePartOfAQuery(t *testing.T) {
	s := start(t, Config{Workers: 2, Threads: 2}, tables)
	c := connect(t, s)
	defer c.Close()
	answer(t, c, "create schema other")
	answer(t, c, "create external table other.numbers stored as parquet location '"+tables+"/truth.parquet'")
	const sql = "select current_schema, count(*) from numbers"
	conn := connection(t, s, "")
	handle := prepare(t, conn, sql)
	for range 2 {
		for schema, want := range map[string]string{"public": "public,100", "other": "other,9"} {
			answer(t, c, "set search_path = '"+schema+"'")
			if got := answer(t, c, sql); got != want {
				t.Errorf("in %s: %s", schema, got)
			}
			prepare(t, conn, "set search_path = '"+schema+"'").ExecuteUpdate(t.Context())
			if got := handle.must(); got != want {
				t.Errorf("the handle in %s: %s", schema, got)
			}
		}
	}
	ada, bob := connection(t, s, "ada"), connection(t, s, "bob")
	for range 2 {
		if got := prepare(t, ada, "select current_user").must() + prepare(t, bob, "select current_user").must(); got != "adabob" {
			t.Errorf("the users are %s", got)
		}
	}
}

func TestSettingsOfARunDoNotStickToAPlan(t *testing.T) {
	s := start(t, Config{Workers: 3, Threads: 3}, tables)
	c := connect(t, s)
	defer c.Close()
	const sql = "select n % 3, count(*) from numbers group by 1 order by 1"
	want := answer(t, c, sql)
	for _, set := range []string{"distribution = 'always'", "batch_rows = 1", "fragment_form = 'substrait'", "workers = 2", "distribution = 'local'"} {
		answer(t, c, "set "+set)
		if got := answer(t, c, sql); got != want {
			t.Errorf("after SET %s: %s, want %s", set, got, want)
		}
		distributed := strings.Contains(answer(t, c, "explain "+sql), "Fragment 1")
		if distributed == strings.Contains(set, "local") {
			t.Errorf("after SET %s: distributed is %v", set, distributed)
		}
	}
}

func TestTheClockGoesOnBetweenExecutions(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1}, tables)
	c := connect(t, s)
	defer c.Close()
	conn := connection(t, s, "")
	for _, sql := range []string{"select now()", "select current_timestamp", "select clock_timestamp() from one_row", "select random()",
		"select max(random()) from numbers", "select localtime"} {
		handle := prepare(t, conn, sql)
		a, b := handle.must(), answer(t, c, sql)
		time.Sleep(time.Millisecond)
		if d, e := handle.must(), answer(t, c, sql); a == d || b == e || d == e {
			t.Errorf("%s stands still: %s %s, then %s %s", sql, a, b, d, e)
		}
	}
	if got := answer(t, c, "select now() = now(), current_date = current_date"); got != "t,t" && got != "true,true" {
		t.Errorf("within a statement: %s", got)
	}
}

// TestManyClientsShareAPlanWhileItsTableChanges: every answer is one that some table
// of the name gives.
func TestManyClientsShareAPlanWhileItsTableChanges(t *testing.T) {
	s := start(t, Config{Workers: 2, Threads: 2}, tables)
	c := connect(t, s)
	defer c.Close()
	create := func(to string) string {
		return "create or replace external table t stored as parquet location '" + tables + "/" + to + ".parquet'"
	}
	answer(t, c, create("numbers"))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 8 {
		st := prepare(t, connection(t, s, ""), "select count(*) from t")
		by := prepare(t, connection(t, s, ""), "select n from numbers where n = ?")
		wg.Go(func() { // ends with ctx
			for n := i; ctx.Err() == nil; n++ {
				if got, err := st.with(); err != nil || got != "100" && got != "40" {
					t.Errorf("%s, %v", got, err)
				}
				if got, err := by.with(1 + n%90); err != nil || got != fmt.Sprint(1+n%90) {
					t.Errorf("%d: %s, %v", 1+n%90, got, err)
				}
			}
		})
	}
	for i := range 40 {
		answer(t, c, create([]string{"numbers", "employees"}[i%2]))
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	wg.Wait()
}
