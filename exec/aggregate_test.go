package exec_test

import (
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// The aggregates' answers in testdata/aggregate.txt are PostgreSQL 15's. To make
// them again: SKEIN_PSQL='psql -h … -d …' go test ./exec -run TestAggregate
const answersFile = "testdata/aggregate.txt"

// aggregateTable is what all queries of the file run on.
var aggregateTable = exectest.Random("g int4?, h text?, k bool?, i2 int2?, i4 int4?, i8 int8?, n numeric(15,2)?, "+
	"w numeric(38,3)?, f4 float4?, f8 float8?, t text?, d date?, ts timestamp?, iv interval?, c bool?, x float8?", 90, 11)

// splittable are calls that run in phases too; whole ones do not.
var splittable = []string{
	"count(*)", "count(i4)", "count(t)", "count(*) filter (where c)", "sum(i4) filter (where c)", "avg(n) filter (where k)",
	"sum(i2)", "sum(i4)", "sum(i8)", "sum(n)", "sum(w)", "sum(f4)", "sum(f8)", "sum(iv)",
	"avg(i2)", "avg(i4)", "avg(i8)", "avg(n)", "avg(w)", "avg(f4)", "avg(f8)", "avg(iv)",
	"min(i2)", "min(i4)", "min(i8)", "min(n)", "min(w)", "min(f4)", "min(f8)", "min(t)", "min(d)", "min(ts)", "min(iv)",
	"max(i2)", "max(i4)", "max(i8)", "max(n)", "max(w)", "max(f4)", "max(f8)", "max(t)", "max(d)", "max(ts)", "max(iv)",
	"bool_and(c)", "bool_or(c)", "every(k)", "bit_and(i2)", "bit_or(i4)", "bit_xor(i8)",
	"stddev(i4)", "stddev_samp(n)", "stddev_pop(f8)", "stddev(w)", "var_samp(f4)", "var_pop(i8)",
	"corr(f8, x)", "covar_pop(f8, x)", "covar_samp(x, f8)", "regr_count(f8, x)", "regr_avgx(f8, x)", "regr_avgy(f8, x)",
	"regr_sxx(f8, x)", "regr_syy(f8, x)", "regr_sxy(f8, x)", "regr_slope(f8, x)", "regr_intercept(f8, x)", "regr_r2(f8, x)",
}

var whole = []string{
	"count(distinct i4)", "count(distinct t)", "count(distinct f8)", "sum(distinct n)", "avg(distinct w)", "max(distinct t)",
	"count(distinct iv) filter (where c)", "string_agg(distinct t, ',')", "string_agg(t, '-' order by t desc, i4)",
	"array_agg(i4 order by i4)", "array_agg(distinct i2 order by i2 desc)", "stddev(distinct i2)",
	"first(n order by d, n desc)", "first(t order by i4 desc, t)", "first(i8 order by f8, iv, w desc, i8) filter (where c)",
}

var groupings = [][]string{
	{}, {"g"}, {"h"}, {"k"}, {"g", "h"}, {"d", "k"}, {"n"}, {"w"}, {"f8"}, {"iv"}, {"h", "k", "i2"},
}

// call parses one of the calls above over the columns of a plan.
func call(t *testing.T, in physical.Node, text string) expr.Aggregate {
	t.Helper()
	m := regexp.MustCompile(`^(\w+)\((distinct )?(\w+|\*)(?:, '(.)')?(?:, (\w+))?(?: order by (.+?))?\)(?: filter \(where (\w+)\))?$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no call: %s", text)
	}
	named := func(name string) expr.Expr {
		for i, f := range in.Schema() {
			if f.Name == name {
				return column(in, i)
			}
		}
		t.Fatalf("no column %s", name)
		return nil
	}
	a := expr.Aggregate{Func: m[1], Distinct: m[2] != "", Typ: expr.Of(expr.Int8)}
	if m[3] != "*" {
		a.Args = []expr.Expr{named(m[3])}
		if m[4] != "" {
			a.Args = append(a.Args, expr.NewLiteral(expr.Str(m[4]), expr.Of(expr.Text)))
		}
		if m[5] != "" {
			a.Args = append(a.Args, named(m[5]))
		}
		a.Typ = resultOf(t, a.Func, a.Args)
	}
	if m[6] != "" {
		for k := range strings.SplitSeq(m[6], ", ") {
			name, desc := strings.CutSuffix(k, " desc")
			a.Order = append(a.Order, expr.SortKey{Expr: named(name), Desc: desc, NullsFirst: desc})
		}
	}
	if m[7] != "" {
		a.Filter = named(m[7])
	}
	return a
}

// resultOf is the type of an aggregate's result.
func resultOf(t *testing.T, fn string, args []expr.Expr) expr.Type {
	t.Helper()
	if fn == "first" { // no function of SQL
		return args[0].Type()
	}
	types := make([]expr.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	sig, err := expr.ResolveAggregate(fn, types, false)
	if err != nil {
		t.Fatal(err)
	}
	return sig.Result
}

// grouped makes an aggregate of one phase, or of two.
func grouped(t *testing.T, in physical.Node, keys, calls []string, phases int) physical.Node {
	n := &physical.Aggregate{Input: in}
	for _, k := range keys {
		for i, f := range in.Schema() {
			if f.Name == k {
				n.Groups, n.Names = append(n.Groups, column(in, i)), append(n.Names, k)
			}
		}
	}
	for _, c := range calls {
		n.Aggs, n.Names = append(n.Aggs, call(t, in, c)), append(n.Names, c)
	}
	if phases == 1 {
		return n
	}
	n.Phase = physical.Partial
	final := &physical.Aggregate{Input: n, Phase: physical.Final, Aggs: n.Aggs, Names: n.Names}
	for i := range n.Groups {
		final.Groups = append(final.Groups, column(n, i))
	}
	return final
}

func TestAggregatesAgreeWithPostgreSQL(t *testing.T) {
	answers := readAnswers(t)
	for i, keys := range groupings {
		for _, kind := range []struct {
			name   string
			calls  []string
			phases int
		}{{"one phase", splittable, 1}, {"two phases", splittable, 2}, {"distinct and ordered", whole, 1}} {
			if kind.phases == 2 && i%3 != 0 || len(kind.calls) == len(whole) && i%2 != 0 {
				continue // enough of them: the groups are found in the same way
			}
			name := fmt.Sprintf("by %s, %s", strings.Join(keys, ", "), kind.name)
			t.Run(name, func(t *testing.T) {
				want, ok := answers[query(keys, kind.calls)]
				if !ok {
					t.Fatalf("%s has no answer to %s", answersFile, query(keys, kind.calls))
				}
				exectest.Run(t, exectest.Case{
					Inputs:      []exectest.Table{aggregateTable},
					Plan:        func(in ...physical.Node) physical.Node { return grouped(t, in[0], keys, kind.calls, kind.phases) },
					Want:        want,
					Approximate: "PostgreSQL chooses other scales for averages; deviations are floats here",
				})
			})
		}
	}
}

// TestDeviationsAreExact compares all digits with PostgreSQL's, which are rounded
// here to the 16 that our type has.
func TestDeviationsAreExact(t *testing.T) {
	in := exectest.Table{Columns: "g int4, n int4?, q numeric(10,2), tiny numeric(12,4), wide numeric(38,3)"}
	for i := range 100 {
		g := 0
		if i >= 3 && i <= 5 {
			g = 1
		}
		step, _ := new(big.Int).SetString("123456789012345678901", 10)
		digits := fmt.Sprintf("%04d", step.Mul(step, big.NewInt(int64(i))))
		in.Rows = append(in.Rows, fmt.Sprintf("%d %d %d.%02d 0.%04d %s.%s", g, i, i/4, i%4*25, i, digits[:len(digits)-3], digits[len(digits)-3:]))
	}
	for _, c := range []struct {
		keys, calls []string
		want        []string
	}{
		{nil, []string{"stddev(n)", "stddev_pop(n)", "variance(n)", "var_pop(n)", "stddev(q)", "stddev_pop(q)", "variance(q)", "var_pop(q)"},
			[]string{"29.0114919758820171 28.8660700477221180 841.6666666666666667 833.2500000000000000 " +
				"7.2528729939705043 7.2165175119305295 52.6041666666666667 52.0781250000000000"}},
		{nil, []string{"stddev(tiny)", "stddev_pop(tiny)", "variance(tiny)", "var_pop(tiny)"},
			[]string{"0.0029011491975882 0.0028866070047722 0.0000084166666667 0.0000083325000000"}},
		{[]string{"g"}, []string{"stddev(tiny)", "stddev_pop(tiny)", "variance(tiny)", "var_pop(tiny)"},
			[]string{"0 0.0028306390059721 0.0028160102826893 0.0000080125171821 0.0000079299139122",
				"1 0.0001000000000000 0.0000816496580928 0.0000000100000000 0.0000000066666667"}},
	} {
		for _, phases := range []int{1, 2} {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{in},
				Plan:   func(in ...physical.Node) physical.Node { return grouped(t, in[0], c.keys, c.calls, phases) },
				Want:   c.want,
			})
		}
	}
	exectest.Run(t, exectest.Case{
		Inputs:      []exectest.Table{in},
		Plan:        func(in ...physical.Node) physical.Node { return grouped(t, in[0], nil, []string{"stddev(wide)"}, 2) },
		Want:        []string{"3581665643799825842.646146"},
		Approximate: "PostgreSQL gives fewer digits",
	})
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{in},
		Plan:   func(in ...physical.Node) physical.Node { return grouped(t, in[0], nil, []string{"variance(wide)"}, 2) },
		Code:   sqlerr.NumericValueOutOfRange,
	})
}

// TestFirstRowsAreReplaced gives ever better rows, so that the rows kept before are
// thrown away again and again.
func TestFirstRowsAreReplaced(t *testing.T) {
	in := exectest.Table{Columns: "g int4, v int4, t text?"}
	for v := range 300 {
		in.Rows = append(in.Rows, fmt.Sprintf("%d %d row_%d", v%2, 1000-v, v))
	}
	in.Rows = append(in.Rows, "0 0 NULL")
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{in},
		Plan: func(in ...physical.Node) physical.Node {
			return grouped(t, in[0], []string{"g"}, []string{"first(t order by v)", "first(v order by v)"}, 1)
		},
		Want: []string{"0 NULL 0", "1 row_299 701"},
	})
}

func TestAggregatesOverNoRows(t *testing.T) {
	none := exectest.Table{Columns: aggregateTable.Columns}
	answers := readAnswers(t)
	for _, phases := range []int{1, 2} {
		exectest.Run(t, exectest.Case{
			Inputs: []exectest.Table{none},
			Plan:   func(in ...physical.Node) physical.Node { return grouped(t, in[0], nil, splittable, phases) },
			Want:   answers[query(nil, splittable)+" where false"],
		})
		exectest.Run(t, exectest.Case{
			Inputs: []exectest.Table{none},
			Plan:   func(in ...physical.Node) physical.Node { return grouped(t, in[0], []string{"g"}, splittable, phases) },
		})
	}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{none},
		Plan:   func(in ...physical.Node) physical.Node { return grouped(t, in[0], nil, whole, 1) },
		Want:   answers[query(nil, whole)+" where false"],
	})
}

// query is the SQL of an aggregation, and its name in the file.
func query(keys, calls []string) string {
	return "select " + strings.Join(append(append([]string{}, keys...), calls...), ", ") + " from t"
}

// readAnswers reads the file: queries, each with its rows and an empty line after.
func readAnswers(t *testing.T) map[string][]string {
	t.Helper()
	if psql := os.Getenv("SKEIN_PSQL"); psql != "" {
		writeAnswers(t, strings.Fields(psql))
	}
	text, err := os.ReadFile(answersFile)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for block := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		lines := strings.Split(block, "\n")
		out[lines[0]] = lines[1:]
	}
	return out
}

func writeAnswers(t *testing.T, psql []string) {
	t.Helper()
	fields := exectest.Columns(aggregateTable.Columns)
	var defs, out strings.Builder
	for i, f := range fields {
		fmt.Fprintf(&defs, "%s%s %s", map[bool]string{true: ", "}[i > 0], f.Name, f.Type)
	}
	setup := "create temp table t (" + defs.String() + ");\n"
	for _, row := range aggregateTable.Tuples() {
		var values []string
		for i, v := range row {
			if months, days, micros := v.Interval(); fields[i].Type.Kind == expr.Interval && !v.Null {
				values = append(values, fmt.Sprintf("make_interval(months => %d, days => %d, secs => %d::numeric/1000000)", months, days, micros))
				continue
			}
			values = append(values, expr.FormatLiteral(v, fields[i].Type))
		}
		setup += "insert into t values (" + strings.Join(values, ", ") + ");\n"
	}
	// PostgreSQL has no such aggregate; the first element of an ordered array is the same.
	first := regexp.MustCompile(`\bfirst(\([^)]*\)(?: filter \([^)]*\))?)`)
	ask := func(keys, calls []string, where string) {
		sql := "select " + strings.Join(shown(fields, append(append([]string{}, keys...), calls...)), ", ") + " from t" + where
		sql = first.ReplaceAllString(sql, "(array_agg$1)[1]")
		if len(keys) > 0 {
			sql += " group by " + strings.Join(keys, ", ") + " order by " + strings.Join(keys, ", ")
		}
		cmd := exec.Command(psql[0], append(psql[1:], "-qXAt", "-F", "|", "-P", "null=NULL", "-v", "ON_ERROR_STOP=1")...)
		cmd.Stdin, cmd.Stderr = strings.NewReader(setup+sql), os.Stderr
		rows, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		out.WriteString(query(keys, calls) + where + "\n")
		for row := range strings.SplitSeq(strings.TrimSuffix(string(rows), "\n"), "\n") {
			out.WriteString(rewritten(row) + "\n")
		}
		out.WriteString("\n")
	}
	for _, keys := range groupings {
		ask(keys, splittable, "")
		ask(keys, whole, "")
	}
	ask(nil, splittable, " where false")
	ask(nil, whole, " where false")
	if err := os.WriteFile(answersFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shown makes intervals and booleans print as exectest writes them.
func shown(fields []expr.Field, columns []string) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c
		name := c
		if at := strings.IndexByte(c, '('); at >= 0 {
			name = strings.TrimSuffix(strings.SplitN(c[at+1:], ")", 2)[0], ")")
			if strings.HasPrefix(c, "count") {
				continue
			}
		}
		for _, f := range fields {
			switch {
			case f.Name != name:
			case f.Type.Kind == expr.Interval:
				out[i] = fmt.Sprintf("(extract(year from %[1]s)*12+extract(month from %[1]s))::int||'/'||extract(day from %[1]s)||'/'||"+
					"((extract(hour from %[1]s)*3600+extract(minute from %[1]s)*60)*1000000+extract(microseconds from %[1]s))::bigint", c)
			case f.Type.Kind == expr.Bool:
				out[i] = "(" + c + ")::text"
			}
		}
	}
	return out
}

// rewritten is a row of psql in exectest's form.
func rewritten(row string) string {
	words := strings.Split(row, "|")
	for i, w := range words {
		if w == "" || strings.ContainsRune(w, ' ') {
			words[i] = "'" + w + "'"
		}
	}
	return strings.Join(words, " ")
}
