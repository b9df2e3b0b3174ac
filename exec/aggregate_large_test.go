package exec_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// manyGroups is rows of (key, value) with a count and a sum per key, for keys that
// key makes of a number.
func manyGroups(columns string, rows, keys int, key func(int) string) (exectest.Table, []string) {
	r := rand.New(rand.NewPCG(uint64(rows), uint64(keys)))
	table := exectest.Table{Columns: columns}
	count, sum := map[int]int{}, map[int]int{}
	for range rows {
		k, v := r.IntN(keys), r.IntN(1000)
		count[k]++
		sum[k] += v
		table.Rows = append(table.Rows, fmt.Sprintf("%s %d", key(k), v))
	}
	var want []string
	for k := range count {
		want = append(want, fmt.Sprintf("%s %d %d", key(k), count[k], sum[k]))
	}
	return table, want
}

func TestManyGroupsAreMergedByPartition(t *testing.T) {
	for name, c := range map[string]struct {
		columns string
		key     func(int) string
	}{
		"dense integers": {"k int4?, v int4", func(k int) string {
			if k == 0 {
				return "NULL"
			}
			return fmt.Sprint(k - 3000)
		}},
		"sparse integers": {"k int8, v int4", func(k int) string { return fmt.Sprint(int64(k) * 1_000_003_000_007) }},
		"strings":         {"k text, v int4", func(k int) string { return fmt.Sprintf("a_key_of_some_length_%d", k) }},
		"lossy":           {"k interval, v int4", func(k int) string { return fmt.Sprintf("%d/%d/0", k, k) }},
	} {
		t.Run(name, func(t *testing.T) {
			table, want := manyGroups(c.columns, 10_000, 5_000, c.key)
			for _, phases := range []int{1, 2} {
				exectest.Run(t, exectest.Case{
					Inputs: []exectest.Table{table},
					Plan: func(in ...physical.Node) physical.Node {
						return grouped(t, in[0], []string{"k"}, []string{"count(*)", "sum(v)"}, phases)
					},
					Want:  want,
					Large: "few groups are merged by one instance",
				})
			}
		})
	}
}

func TestPartialHandsOnWhatItCannotReduce(t *testing.T) {
	table, want := manyGroups("k int8?, v int4", 70_000, 1<<30, func(k int) string { return fmt.Sprint(k) })
	if len(want) < 69_000 {
		t.Fatalf("only %d groups", len(want))
	}
	// One instance, so that it alone passes the threshold of rows looked at.
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			n := grouped(t, in[0], []string{"k"}, []string{"count(*)", "sum(v)"}, 2)
			return n
		},
		Want:        want,
		Large:       "the judgement is made after 65536 rows",
		OneInstance: "the rows are too many to try more often",
	})
}

func TestTopNPrunesItsCandidates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	table := exectest.Table{Columns: "k text?, id int4"}
	for i := range 20_000 {
		table.Rows = append(table.Rows, fmt.Sprintf("a_long_common_prefix_%d %d", r.IntN(5000), i))
	}
	keys := func(n physical.Node) []expr.SortKey {
		return []expr.SortKey{{Expr: column(n, 0), Desc: true, NullsFirst: true}, {Expr: column(n, 1)}}
	}
	scan := &physical.Scan{Fields: exectest.Columns(table.Columns), Emit: []int{0, 1}}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			return &physical.TopN{Input: in[0], Keys: keys(in[0]), Offset: 3, Count: 12}
		},
		Want:    sorted(table, keys(scan))[3:15],
		Ordered: true,
		Large:   "candidates are pruned from 4096 on",
	})
}

func TestSumsThatDoNotFit(t *testing.T) {
	// What PostgreSQL 15 says: sum(bigint) is numeric, sum(integer) a bigint.
	for _, c := range []struct {
		name, columns, value, agg string
		typ                       expr.Type
		rows                      int
		want                      string
		code                      sqlerr.Code
	}{
		{name: "int8 past 64 bits", columns: "a int8", value: "9223372036854775807", agg: "sum", typ: expr.NumericOf(38, 0),
			rows: 3, want: "27670116110564327421"},
		{name: "negative int8 past 64 bits", columns: "a int8", value: "-9223372036854775808", agg: "sum", typ: expr.NumericOf(38, 0),
			rows: 3, want: "-27670116110564327424"},
		{name: "avg past 64 bits", columns: "a int8", value: "9223372036854775807", agg: "avg", typ: expr.NumericOf(38, 16),
			rows: 3, want: "9223372036854775807.0000000000000000"},
		{name: "38 digits", columns: "a numeric(38,0)", value: "99999999999999999999999999999999999999", agg: "sum",
			typ: expr.NumericOf(38, 0), rows: 1, want: "99999999999999999999999999999999999999"},
		{name: "39 digits", columns: "a numeric(38,0)", value: "99999999999999999999999999999999999999", agg: "sum",
			typ: expr.NumericOf(38, 0), rows: 2, code: sqlerr.NumericValueOutOfRange},
		{name: "128 bits", columns: "a numeric(38,0)", value: "99999999999999999999999999999999999999", agg: "sum",
			typ: expr.NumericOf(38, 0), rows: 5, code: sqlerr.NumericValueOutOfRange},
		{name: "float8", columns: "a float8", value: "1e308", agg: "sum", typ: expr.Of(expr.Float8), rows: 2, code: sqlerr.NumericValueOutOfRange},
		{name: "float4", columns: "a float4", value: "3e+38", agg: "sum", typ: expr.Of(expr.Float4), rows: 2, code: sqlerr.NumericValueOutOfRange},
		{name: "infinite float8", columns: "a float8", value: "Infinity", agg: "sum", typ: expr.Of(expr.Float8), rows: 2, want: "Infinity"},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := exectest.Table{Columns: c.columns}
			for range c.rows {
				table.Rows = append(table.Rows, c.value)
			}
			test := exectest.Case{
				Inputs: []exectest.Table{table},
				Plan: func(in ...physical.Node) physical.Node {
					return &physical.Aggregate{Input: in[0], Names: []string{"s"},
						Aggs: []expr.Aggregate{{Func: c.agg, Args: []expr.Expr{column(in[0], 0)}, Typ: c.typ}}}
				},
				Want: []string{c.want}, Code: c.code,
			}
			exectest.Run(t, test)
		})
	}
}

func TestLongStringsInMinAndMax(t *testing.T) {
	// Rising values replace each other: the arena must not keep all of them.
	table := exectest.Table{Columns: "g int4, s text"}
	pad := fmt.Sprintf("%01000d", 0)
	for i := range 10_000 {
		table.Rows = append(table.Rows, fmt.Sprintf("%d k%06d%s", i%2, i, pad))
	}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			return grouped(t, in[0], []string{"g"}, []string{"min(s)", "max(s)", "count(*)"}, 1)
		},
		Want: []string{
			fmt.Sprintf("0 k000000%s k009998%s 5000", pad, pad),
			fmt.Sprintf("1 k000001%s k009999%s 5000", pad, pad),
		},
		Large:       "the arena is compacted from 4 MiB on",
		OneInstance: "the rows are too many to try more often",
	})
}

func TestUnsupportedAggregatesAreRefused(t *testing.T) {
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{{Columns: "a text", Rows: []string{"x"}}},
		Plan: func(in ...physical.Node) physical.Node {
			return &physical.Aggregate{Input: in[0], Names: []string{"s"},
				Aggs: []expr.Aggregate{{Func: "sum", Args: []expr.Expr{column(in[0], 0)}, Typ: expr.Of(expr.Text)}}}
		},
		Code: sqlerr.FeatureNotSupported,
	})
}
