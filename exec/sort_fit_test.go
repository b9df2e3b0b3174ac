package exec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// sortKeys is the columns named, each with an order of its own; "-a" is descending and
// "a!" has NULLs first.
func sortKeys(t *testing.T, n physical.Node, names string) []expr.SortKey {
	t.Helper()
	var out []expr.SortKey
	for name := range strings.FieldsSeq(names) {
		bare := strings.Trim(name, "-!")
		for i, f := range n.Schema() {
			if f.Name == bare {
				out = append(out, expr.SortKey{Expr: column(n, i), Desc: name[0] == '-', NullsFirst: strings.HasSuffix(name, "!")})
			}
		}
	}
	if len(out) != len(strings.Fields(names)) {
		t.Fatalf("no columns %s", names)
	}
	return out
}

// runSorted sorts a table by keys, which determine the order.
func runSorted(t *testing.T, table exectest.Table, names, large string) {
	fields := exectest.Columns(table.Columns)
	scan := &physical.Scan{Fields: fields}
	for i := range fields {
		scan.Emit = append(scan.Emit, i)
	}
	exectest.Run(t, exectest.Case{
		Inputs: []exectest.Table{table},
		Plan: func(in ...physical.Node) physical.Node {
			return &physical.Sort{Input: in[0], Keys: sortKeys(t, in[0], names)}
		},
		Want:    sorted(table, sortKeys(t, scan, names)),
		Ordered: true,
		Large:   large,
	})
}

// Keys of all types take as many bits as their values differ in, or more than there are.
func TestSortOrdersManyRows(t *testing.T) {
	table := exectest.Random("a int2?, b text?, c bool?, d numeric(30,2)?, e int4?, f float8?, g date?, h char(30)?, i interval?, "+
		"j numeric(9,2)", 1500, 5)
	table.Columns += ", id int4"
	for i := range table.Rows {
		table.Rows[i] += fmt.Sprint(" ", (i*7919)%1500-700)
	}
	for _, keys := range []string{
		"id", "-id", "a id", "-a! id", "c! -e id", "a -c e! g -id", "f -j id", "-f! g! id", "d id", "a -d! e id", "b id",
		"-b! -id", "c b -a id", "a e c g j f d i id", "h id", "-h! c id", "i! id", "a -i id", "c c id", "id b", "id -h a",
	} {
		t.Run(keys, func(t *testing.T) { runSorted(t, table, keys, "rows are sorted by digits from 64 on") })
	}
}

// Texts are compared by what they do not share, their lengths included.
func TestSortOrdersTexts(t *testing.T) {
	for name, text := range map[string]func(i int) string{
		"of one length":           func(i int) string { return fmt.Sprintf("Customer#%09d", i) },
		"of several lengths":      func(i int) string { return fmt.Sprintf("Customer#%d", i) },
		"one begins another":      func(i int) string { return "Cust" + strings.Repeat("o", i%13) },
		"with zeros":              func(i int) string { return "a" + strings.Repeat("\x00", i%5) + strings.Repeat("b", i%3) },
		"empty or not":            func(i int) string { return strings.Repeat("x", i%2) },
		"empty":                   func(int) string { return "" },
		"one":                     func(int) string { return "the only one there is" },
		"long":                    func(i int) string { return fmt.Sprintf("Customer %d of the others, %d", i%3, i) },
		"fifteen bytes and zeros": func(i int) string { return "123456789012345"[:15-i%2] + strings.Repeat("\x00", i%3) },
	} {
		for _, keys := range []string{"t id", "-t id", "k -t! id", "-t k! id"} {
			t.Run(name+", "+keys, func(t *testing.T) {
				table := exectest.Table{Columns: "k int4, t text?, id int4"}
				for i := range 200 {
					value := "'" + text(i*77%200) + "'"
					if i%17 == 0 {
						value = "NULL"
					}
					table.Rows = append(table.Rows, fmt.Sprintf("%d %s %d", i%3, value, i))
				}
				runSorted(t, table, keys, "")
			})
		}
	}
}

// Texts of groups come as codes, each instance's of a dictionary of its own.
func TestSortOrdersTextsByRank(t *testing.T) {
	kinds := []string{"STANDARD ANODIZED TIN", "STANDARD ANODIZED STEEL", "", "SMALL", "STANDARD", "a"}
	const rows, ids = 3000, 600
	table := exectest.Table{Columns: "a text?, b text, id int4"}
	seen := map[string]bool{}
	out := exectest.Table{Columns: "a text?, b text, id int4, n int8"}
	for i := range rows {
		id := i % ids
		a := "'" + kinds[id*7%5] + "'"
		if id%11 == 0 {
			a = "NULL"
		}
		row := fmt.Sprintf("%s '%s' %d", a, kinds[id%6], id)
		table.Rows = append(table.Rows, row)
		if !seen[row] {
			seen[row] = true
			out.Rows = append(out.Rows, row+fmt.Sprint(" ", rows/ids))
		}
	}
	scan := &physical.Scan{Fields: exectest.Columns(out.Columns), Emit: []int{0, 1, 2, 3}}
	for _, keys := range []string{"a b id", "-a! b id", "n -b a! id", "b -b id", "id"} {
		t.Run(keys, func(t *testing.T) {
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{table},
				Plan: func(in ...physical.Node) physical.Node {
					groups := grouped(t, in[0], []string{"a", "b", "id"}, []string{"count(*)"}, 1).(*physical.Aggregate)
					groups.Names[3] = "n"
					return &physical.Sort{Input: groups, Keys: sortKeys(t, groups, keys)}
				},
				Want:    sorted(out, sortKeys(t, scan, keys)),
				Ordered: true,
				Large:   "texts must repeat in many groups",
			})
		})
	}
}
