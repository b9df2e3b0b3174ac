package exec_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// column is a reference to column number i of a plan's output.
func column(n physical.Node, i int) *expr.Column {
	f := n.Schema()[i]
	return &expr.Column{ID: expr.ColumnID(i), Typ: f.Type, Nullable: f.Nullable, Name: f.Name}
}

// orders are the four ways to order by a key.
var orders = []struct {
	name             string
	desc, nullsFirst bool
}{
	{"asc nulls last", false, false},
	{"asc nulls first", false, true},
	{"desc nulls last", true, false},
	{"desc nulls first", true, true},
}

// sorted is a table's rows, ordered by keys with eval.Compare, with their columns.
func sorted(table exectest.Table, keys []expr.SortKey) []string {
	fields, tuples := exectest.Columns(table.Columns), table.Tuples()
	slices.SortStableFunc(tuples, func(a, b []expr.Value) int {
		for _, k := range keys {
			c := k.Expr.(*expr.Column)
			x, y := a[c.ID], b[c.ID]
			if x.Null != y.Null {
				if x.Null == k.NullsFirst {
					return -1
				}
				return 1
			}
			if n := eval.Compare(x, y, c.Typ); n != 0 {
				if k.Desc {
					n = -n
				}
				return n
			}
		}
		return 0
	})
	out := make([]string, len(tuples))
	for i, t := range tuples {
		out[i] = exectest.Format(t, fields)
	}
	return out
}

func TestSortOrdersByOneKeyOfEveryType(t *testing.T) {
	tables := map[string]exectest.Table{
		"bool":          {Columns: "k bool?", Rows: []string{"true", "NULL", "false"}},
		"int2":          {Columns: "k int2?", Rows: []string{"3", "-32768", "NULL", "32767", "0"}},
		"int4":          {Columns: "k int4?", Rows: []string{"3", "-2147483648", "NULL", "2147483647", "0"}},
		"int8":          {Columns: "k int8?", Rows: []string{"3", "-9223372036854775808", "NULL", "9223372036854775807", "0", "2"}},
		"int8 not null": {Columns: "k int8", Rows: []string{"3", "-9223372036854775808", "9223372036854775807", "0", "2"}},
		"numeric":       {Columns: "k numeric(15,2)?", Rows: []string{"3.10", "-3.11", "NULL", "3.11", "0.00"}},
		"wide numeric": {Columns: "k numeric(38,2)?", Rows: []string{"1.00", "-1.00", "NULL", "123456789012345678901234567890.12",
			"-123456789012345678901234567890.12", "123456789012345678901234567890.13"}},
		"float4":    {Columns: "k float4?", Rows: []string{"1.5", "NaN", "NULL", "-Infinity", "Infinity", "0", "-2"}},
		"float8":    {Columns: "k float8?", Rows: []string{"1.5", "NaN", "NULL", "-Infinity", "Infinity", "0", "-2", "1e-300"}},
		"date":      {Columns: "k date?", Rows: []string{"1992-01-02", "1969-12-31", "NULL", "1998-12-01"}},
		"timestamp": {Columns: "k timestamp?", Rows: []string{"'1992-01-02 00:00:00'", "'1969-12-31 23:59:59.5'", "NULL"}},
		"interval":  {Columns: "k interval?", Rows: []string{"1/0/0", "0/29/0", "NULL", "0/31/0", "-1/0/0", "0/30/1"}},
		"text": {Columns: "k text?", Rows: []string{"''", "a", "NULL", "ab", "'ab c'", "B", "sixteen_bytes_12", "sixteen_bytes_12a", "sixteen_bytes_12b",
			"é", "twelve_bytes", "thirteen_bytes_and_more"}},
		"char":  {Columns: "k char(20)?", Rows: []string{"a", "'b '", "NULL", "ab", "B"}},
		"bytea": {Columns: "k bytea?", Rows: []string{"a", "b", "NULL"}},
	}
	for name, table := range tables {
		for i, o := range orders {
			if (i == 1 || i == 2) && name != "int8" && name != "text" {
				continue // where NULLs go does not depend on the type
			}
			t.Run(name+" "+o.name, func(t *testing.T) {
				key := func(n physical.Node) []expr.SortKey {
					return []expr.SortKey{{Expr: column(n, 0), Desc: o.desc, NullsFirst: o.nullsFirst}}
				}
				scan := &physical.Scan{Fields: exectest.Columns(table.Columns), Emit: []int{0}}
				exectest.Run(t, exectest.Case{
					Inputs:  []exectest.Table{table},
					Plan:    func(in ...physical.Node) physical.Node { return &physical.Sort{Input: in[0], Keys: key(in[0])} },
					Want:    sorted(table, key(scan)),
					Ordered: true,
				})
			})
		}
	}
}

func TestSortOrdersBySeveralKeys(t *testing.T) {
	columns := "a int2?, b text?, c bool?, d numeric(30,2)?, e int4?, id int4"
	for seed := range uint64(6) {
		table := exectest.Random("a int2?, b text?, c bool?, d numeric(30,2)?, e int4?", 60, seed)
		for i := range table.Rows { // a last key without ties makes the order total
			table.Rows[i] += fmt.Sprint(" ", i)
		}
		table.Columns = columns
		keys := func(n physical.Node) []expr.SortKey {
			var out []expr.SortKey
			for _, i := range [][]int{{0, 2, 4, 1, 3}, {1, 0}, {3, 4}, {4, 0, 2}, {2, 1, 0}, {}}[seed] {
				o := orders[(i+int(seed))%4]
				out = append(out, expr.SortKey{Expr: column(n, i), Desc: o.desc, NullsFirst: o.nullsFirst})
			}
			return append(out, expr.SortKey{Expr: column(n, 5)})
		}
		scan := &physical.Scan{Fields: exectest.Columns(columns), Emit: []int{0, 1, 2, 3, 4, 5}}
		want := sorted(table, keys(scan))
		t.Run(fmt.Sprint("all rows, seed ", seed), func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs:  []exectest.Table{table},
				Plan:    func(in ...physical.Node) physical.Node { return &physical.Sort{Input: in[0], Keys: keys(in[0])} },
				Want:    want,
				Ordered: true,
			})
		})
		for _, cut := range []struct{ offset, count int }{{0, 1}, {0, 10}, {5, 7}, {55, 10}, {60, 1}, {3, 0}} {
			t.Run(fmt.Sprintf("offset %d limit %d, seed %d", cut.offset, cut.count, seed), func(t *testing.T) {
				exectest.Run(t, exectest.Case{
					Inputs: []exectest.Table{table},
					Plan: func(in ...physical.Node) physical.Node {
						return &physical.TopN{Input: in[0], Keys: keys(in[0]), Offset: int64(cut.offset), Count: int64(cut.count)}
					},
					Want:    want[min(cut.offset, 60):min(cut.offset+cut.count, 60)],
					Ordered: true,
				})
			})
		}
	}
}
