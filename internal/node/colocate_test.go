package node

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/logictest"
)

// keyed is a row whose columns are one key in several types, and its number.
type keyed struct {
	K *int64   `parquet:"k,optional"`
	D *int32   `parquet:"d,optional,date"`
	N *int64   `parquet:"n,optional,decimal(2:15)"`
	S *string  `parquet:"s,optional"`
	F *float64 `parquet:"F,optional"`
	V int64    `parquet:"v"`
}

func key(k int, null bool, v int) keyed {
	r := keyed{V: int64(v)}
	if null {
		return r
	}
	i, d, s, f := int64(k), int32(k), fmt.Sprintf("key %05d", k), float64(k)
	r.K, r.D, r.N, r.S, r.F = &i, &d, &i, &s, &f
	return r
}

// writeKeyed writes rows into a file of a table, so many to a row group.
func writeKeyed(t *testing.T, dir, table, part string, rows []keyed, group int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, table), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, table, part+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := parquet.NewGenericWriter[keyed](f)
	for chunk := range slices.Chunk(rows, group) {
		if _, err := w.Write(chunk); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// clusteredTables makes tables of the keys 0 … 999: facts has each four times, in
// order, with NULLs among them and keys that stand on both sides of a border; the
// others every second one, differently laid out.
func clusteredTables(t *testing.T) string {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	var facts, dims, whole []keyed
	for i := range 4000 {
		facts = append(facts, key(i/4, i%17 == 0, i))
		whole = append(whole, key(i/4, false, i))
	}
	for i := range 500 {
		dims = append(dims, key(2*i, i%13 == 0, i))
	}
	writeKeyed(t, dir, "facts", "0", facts[:1501], 333)
	writeKeyed(t, dir, "facts", "1", facts[1501:1501], 333)
	writeKeyed(t, dir, "facts", "2", facts[1501:], 333)
	writeKeyed(t, dir, "untorn", "0", whole, 400)
	writeKeyed(t, dir, "dims", "0", dims[:250], 60)
	writeKeyed(t, dir, "dims", "1", dims[250:], 60)
	var singles []keyed // a row group to a key: some lie at the end of a range of facts
	for i := range 150 {
		singles = append(singles, key(2*i, false, i))
	}
	writeKeyed(t, dir, "singles", "0", singles, 1)
	down := slices.Clone(dims)
	slices.Reverse(down)
	writeKeyed(t, dir, "down", "0", down, 60)
	loose := slices.Clone(dims)
	random.Shuffle(len(loose), func(i, j int) { loose[i], loose[j] = loose[j], loose[i] })
	writeKeyed(t, dir, "loose", "0", loose, 60)
	var odd, even []keyed // each in order, but over the same range
	for i, r := range dims {
		if i%2 == 0 {
			even = append(even, r)
		} else {
			odd = append(odd, r)
		}
	}
	writeKeyed(t, dir, "zipped", "0", even, 60)
	writeKeyed(t, dir, "zipped", "1", odd, 60)
	writeKeyed(t, dir, "none", "0", nil, 60)
	return dir
}

// clusteredJoins are queries over facts and another table that meet on a key.
var clusteredJoins = []string{
	"select count(*), sum(f.v), sum(d.v), min(d.v) from facts f join %[1]s d on f.%[2]s = d.%[2]s",
	"select count(*), sum(f.v), sum(d.v) from facts f left join %[1]s d on f.%[2]s = d.%[2]s and f.v %% 3 = d.v %% 3",
	"select count(*), sum(f.v), sum(d.v) from facts f right join %[1]s d on f.%[2]s = d.%[2]s and f.v %% 3 = d.v %% 3",
	"select count(*), sum(f.v), sum(d.v) from facts f full join %[1]s d on f.%[2]s = d.%[2]s",
	"select count(*), sum(v) from facts f where exists (select 1 from %[1]s d where f.%[2]s = d.%[2]s and f.v > d.v)",
	"select count(*), sum(v) from %[1]s d where exists (select 1 from facts f where f.%[2]s = d.%[2]s and f.v > d.v + 40)",
	"select count(*), sum(v) from facts f where not exists (select 1 from %[1]s d where f.%[2]s = d.%[2]s)",
	"select count(*), sum(v) from %[1]s d where not exists (select 1 from facts f where f.%[2]s = d.%[2]s and f.v > d.v + 40)",
	"select count(*), sum(v) from %[1]s d where %[2]s not in (select %[2]s from facts f where %[2]s is not null and v %% 3 = 1)",
	"select exists (select 1 from %[1]s d where f.%[2]s = d.%[2]s) as e, count(*) from facts f group by 1",
	"select d.%[2]s, count(*), sum(f.v) from facts f join %[1]s d on f.%[2]s = d.%[2]s group by d.%[2]s",
	"select count(*), sum(d.v), sum(e.v) from facts f join %[1]s d on f.%[2]s = d.%[2]s join dims e on d.%[2]s = e.%[2]s where e.v < 400",
	"select count(*), sum(f.v) from facts f join (select d.%[2]s as k, e.v from %[1]s d join dims e on d.%[2]s = e.%[2]s) x on f.%[2]s = x.k",
	"select %[2]s, count(*), sum(v) from untorn group by %[2]s having count(*) > 3",
	"select count(*), sum(d.v), sum(x.n) from %[1]s d join (select %[2]s as k, count(distinct v) as n from untorn group by %[2]s) x on d.%[2]s = x.k",
}

// ledByBuild are queries whose joins go by their build side, which holds fewer rows: one on
// another, with a table that all tasks of a worker share, and beside a filter of a task's own.
var ledByBuild = []string{
	"select count(*), sum(v) from %[1]s d where not exists (select 1 from facts f where f.%[2]s = d.%[2]s and f.v > d.v + 40)",
	"select count(*), sum(v) from %[1]s d where exists (select 1 from facts f where f.%[2]s = d.%[2]s and f.v > d.v + 40) and not exists (select 1 from untorn u where u.%[2]s = d.%[2]s and u.v %% 7 = d.v %% 7)",
	"select count(*), sum(d.v), sum(e.v) from %[1]s d join dims e on d.%[2]s = e.%[2]s where exists (select 1 from facts f where f.%[2]s = d.%[2]s and f.v <> d.v)",
	"select count(*), sum(d.v), min(u.m) from %[1]s d join (values (0), (1), (3)) as u(m) on u.m = d.v %% 5 where not exists (select 1 from facts f where f.%[2]s = d.%[2]s and f.v > d.v + 40)",
}

// TestJoinsOfClusteredTablesAnswerAsInOneWorker compares with the same query run
// whole, under several numbers of workers.
func TestJoinsOfClusteredTablesAnswerAsInOneWorker(t *testing.T) {
	dir := clusteredTables(t)
	want := map[string][]string{}
	for _, c := range []configuration{
		{"local", Config{Workers: 1, Threads: 1, Distribution: place.Local}},
		{"two", Config{Workers: 2, Threads: 4, Distribution: place.Always}},
		{"three", Config{Workers: 3, Threads: 3, Distribution: place.Always}},
		{"five", Config{Workers: 5, Threads: 5, Distribution: place.Always, BatchRows: 7}},
		{"network-form", Config{Workers: 3, Threads: 3, Distribution: place.Always, Encode: true, Frames: true}},
	} {
		conn := connect(t, start(t, c.Config, dir))
		for _, table := range []string{"dims", "singles", "down", "loose", "zipped", "none"} {
			for _, column := range []string{"k", "d", "n", "s", `"F"`} {
				for _, q := range slices.Concat(clusteredJoins, ledByBuild) {
					q = fmt.Sprintf(q, table, column)
					got := rowsOf(t, conn, q)
					if c.name == "local" {
						want[q] = got
					} else if !slices.Equal(got, want[q]) {
						t.Errorf("%s: %s:\n%v, not\n%v", c.name, q, got, want[q])
					}
				}
			}
		}
		conn.Close()
	}
}

// rowsOf are the rows of a query as text, in order.
func rowsOf(t *testing.T, conn *sqlConn, q string) []string {
	t.Helper()
	result, err := conn.Query(t.Context(), q)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return inOrder(result)
}

func inOrder(r *logictest.Result) []string {
	out := []string{}
	for _, row := range r.Rows {
		var words []string
		for _, v := range row {
			words = append(words, fmt.Sprintf("%v", v))
		}
		out = append(out, strings.Join(words, "|"))
	}
	slices.Sort(out)
	return out
}

// explained is what EXPLAIN says of a query.
func explained(t *testing.T, conn *sqlConn, q string) string {
	t.Helper()
	result, err := conn.Query(t.Context(), "explain "+q)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	var b strings.Builder
	for _, row := range result.Rows {
		b.WriteString(row[0].Text + "\n")
	}
	return b.String()
}

func TestOnlyTablesInOrderAreJoinedWhereTheyAre(t *testing.T) {
	conn := connect(t, start(t, Config{Workers: 3, Threads: 3, Distribution: place.Always}, clusteredTables(t)))
	defer conn.Close()
	for _, c := range []struct {
		table, column string
		want          bool
	}{
		{"dims", "k", true}, {"dims", "d", true}, {"dims", "n", true}, {"dims", "s", true}, {"down", "k", true}, {"singles", "k", true},
		{"dims", `"F"`, false}, {"loose", "k", false}, {"zipped", "k", false}, {"none", "k", false},
	} {
		for i, q := range ledByBuild {
			plan := explained(t, conn, fmt.Sprintf(q, c.table, c.column))
			if strings.Contains(plan, "by the build side") != c.want {
				t.Errorf("%s on %s, query %d that goes by the build side: %t expected:\n%s", c.table, c.column, i, c.want, plan)
			}
		}
		for _, i := range []int{0, 1, 2, 4, 5, 6, 7} { // the kinds of joins, but for a full one
			plan := explained(t, conn, fmt.Sprintf(clusteredJoins[i], c.table, c.column))
			if strings.Contains(plan, "co-located") != c.want {
				t.Errorf("%s on %s, query %d: %t expected:\n%s", c.table, c.column, i, c.want, plan)
			}
		}
	}
}

// TestTPCHJoinsOrdersWhereTheyAre: orders and lineitem lie in the order of the key by
// which they meet. At this scale factor both have several row groups; the answers
// are those of one worker.
func TestTPCHJoinsOrdersWhereTheyAre(t *testing.T) {
	sf, err := tpch.ParseScaleFactor("0.05")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := tpch.Generate(t.Context(), tpch.Options{ScaleFactor: sf, Out: dir, Parts: 1}); err != nil {
		t.Fatal(err)
	}
	text := func(q int) string { return tpch.Query(q, tpch.Validation(q, sf)) }
	local := connect(t, start(t, Config{Workers: 1, Threads: 2, Distribution: place.Local}, dir))
	defer local.Close()
	want := map[int][]string{}
	for q := 1; q <= tpch.Queries; q++ {
		want[q] = rowsOf(t, local, text(q))
	}
	located := regexp.MustCompile(`HashJoin .* co-located on [lo]_orderkey.*\n(.*\n)*?.*─ Scan (orders|lineitem) (.*\n)*?.*─ Scan (orders|lineitem) `)
	for _, workers := range []int{2, 3, 5} {
		conn := connect(t, start(t, Config{Workers: workers, Threads: workers, Distribution: place.Always, Encode: workers == 3}, dir))
		defer conn.Close()
		for q := 1; q <= tpch.Queries; q++ {
			if got := rowsOf(t, conn, text(q)); !slices.Equal(got, want[q]) {
				t.Errorf("query %d, %d workers:\n%v, not\n%v", q, workers, got, want[q])
			}
		}
		for _, q := range []int{3, 4, 12} {
			for _, fragment := range strings.Split(explained(t, conn, text(q)), "Fragment ") {
				if strings.Contains(fragment, "Scan lineitem") && !located.MatchString(fragment) {
					t.Errorf("query %d, %d workers: lineitem does not meet orders in\n%s", q, workers, fragment)
				}
			}
		}
	}
}

// TestASortByRangesIsInOrder: tasks sort a range each; NULLs, and rows that are equal in the
// first key, are where they belong.
func TestASortByRangesIsInOrder(t *testing.T) {
	dir := clusteredTables(t)
	local := connect(t, start(t, Config{Workers: 1, Threads: 1, Distribution: place.Local}, dir))
	defer local.Close()
	for _, c := range []Config{{Workers: 2, Threads: 2}, {Workers: 3, Threads: 3, Encode: true, Frames: true}, {Workers: 2, Threads: 4, SpillBytes: 10_000, SpillFolder: "spill"}} {
		c.Distribution = place.Always
		conn := connect(t, start(t, c, dir))
		defer conn.Close()
		for _, order := range []string{"k, v", "k desc, v desc", "k nulls first, v", "k desc nulls last, v", "d desc, v % 7, v", "v"} {
			for _, from := range []string{"facts", "loose", "facts where k % 3 = 1", "none", "(select f.k, f.d, f.v from facts f join dims e on f.k = e.k) x"} {
				q := fmt.Sprintf("select k, d, v from %s order by %s", from, order)
				want, err := local.Query(t.Context(), q)
				if err != nil {
					t.Fatalf("%s: %v", q, err)
				}
				got, err := conn.Query(t.Context(), q)
				if err != nil {
					t.Fatalf("%s: %v", q, err)
				}
				if !slices.EqualFunc(got.Rows, want.Rows, slices.Equal[[]logictest.Value]) {
					t.Errorf("%d workers: %s is in another order", c.Workers, q)
				}
			}
			if q := "select k, d, v from facts order by " + order; !strings.Contains(explained(t, conn, q), "(range)") {
				t.Errorf("%s is not divided by ranges", q)
			}
		}
	}
}
