package node

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/substrait-io/substrait"

	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/substrait/standard/standardtest"
)

var listCases = flag.Bool("list-cases", false, "print the function cases that are not right, and why")

// exceptionsFile lists the function cases that are not right, with the reason of each.
const exceptionsFile = "../../planner/substrait/standard/standardtest/testdata/exceptions.txt"

// TestTheSpecificationsFunctionCases runs every function case of Substrait's
// specification, with literals and with columns: at least 95 % are right, and the rest
// are those that are listed with a reason.
func TestTheSpecificationsFunctionCases(t *testing.T) {
	cases, err := standardtest.Load(substrait.GetSubstraitTestsFS())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := client.Open(t.Context(), start(t, Config{Workers: 1, Threads: 1}, "").Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	wrong := map[string]string{}
	for _, c := range cases {
		for _, columns := range []bool{false, true} {
			if c.Aggregate && columns {
				continue
			}
			if err := checkCase(t.Context(), conn, c, columns); err != nil {
				wrong[c.File+" "+c.Line] = err.Error()
				break
			}
		}
	}
	if *listCases {
		for _, line := range slices.Sorted(maps.Keys(wrong)) {
			fmt.Printf("%s\t%s\n", line, wrong[line])
		}
	}
	listed := exceptions(t)
	for line, why := range wrong {
		if !listed[line] {
			t.Errorf("%s: %s", line, why)
		}
	}
	for line := range listed {
		if wrong[line] == "" {
			t.Errorf("%s: is right, and listed as an exception", line)
		}
	}
	if len(cases) < 1000 || len(wrong)*20 > len(cases) {
		t.Errorf("%d of %d cases are right", len(cases)-len(wrong), len(cases))
	}
	t.Logf("%d of %d cases are right", len(cases)-len(wrong), len(cases))
}

// TestFunctionsWithoutCasesOfTheSpecification runs cases of our own, in its notation, of
// functions for which it has none.
func TestFunctionsWithoutCasesOfTheSpecification(t *testing.T) {
	cases, err := standardtest.Load(os.DirFS(filepath.Join(filepath.Dir(exceptionsFile), "cases")))
	if err != nil || len(cases) < 80 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	conn, err := client.Open(t.Context(), start(t, Config{Workers: 1, Threads: 1}, "").Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, c := range cases {
		for _, columns := range []bool{false, true} {
			if c.Aggregate && columns {
				continue
			}
			if err := checkCase(t.Context(), conn, c, columns); err != nil {
				t.Errorf("%s: %s: %v (columns: %t)", c.File, c.Line, err, columns)
			}
		}
	}
}

// TestEveryFunctionOfTheStandardIsKnown, but those of geometry, those that take lambdas, and
// windows: a call of each of them without arguments is refused for these.
func TestEveryFunctionOfTheStandardIsKnown(t *testing.T) {
	conn, err := client.Open(t.Context(), start(t, Config{Workers: 1, Threads: 1}, "").Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const call = `{"extensionUrns":[{"extensionUrnAnchor":1,"urn":"extension:io.substrait:%s"}],
		"extensions":[{"extensionFunction":{"extensionUrnReference":1,"functionAnchor":1,"name":"%s:any"}}],"relations":[{"root":{"names":["x"],"input":%s}}]}`
	const scalar = `{"project":{"common":{"emit":{"outputMapping":[0]}},"expressions":[{"scalarFunction":{"functionReference":1}}],"input":{"read":{"baseSchema":{"struct":{}},"virtualTable":{}}}}}`
	const aggregate = `{"aggregate":{"measures":[{"measure":{"functionReference":1}}],"input":{"read":{"baseSchema":{"struct":{}},"virtualTable":{}}}}}`
	name := regexp.MustCompile(`^(?:  - ?|    )name: "?(\w+)"?$`)
	files := substrait.GetSubstraitExtensionsFS()
	all, known := 0, 0
	for _, f := range []string{"arithmetic", "arithmetic_decimal", "boolean", "comparison", "datetime", "list", "logarithmic", "rounding", "rounding_decimal",
		"set", "string", "aggregate_generic", "aggregate_approx", "aggregate_decimal_output"} {
		text, err := fs.ReadFile(files, "extensions/functions_"+f+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		rel := ""
		for line := range strings.Lines(string(text)) {
			switch line = strings.TrimRight(line, "\n "); line {
			case "scalar_functions:":
				rel = scalar
			case "aggregate_functions:":
				rel = aggregate
			case "window_functions:":
				rel = ""
			}
			m := name.FindStringSubmatch(line)
			if m == nil || rel == "" {
				continue
			}
			all++
			rows, err := conn.QueryPlan(t.Context(), fmt.Appendf(nil, call, "functions_"+f, m[1], rel))
			if err == nil {
				_ = rows.Close()
			}
			lambda := f == "list" && slices.Contains([]string{"transform", "filter", "any_match", "all_match"}, m[1])
			unknown := err != nil && strings.Contains(err.Error(), "is not known")
			if unknown != lambda {
				t.Errorf("functions_%s: %s: %v", f, m[1], err)
			}
			for _, arg := range []string{`{"i64":"1"}`, `{"string":"x"}`, `{"date":1}`, `{"null":{"fp64":{}}}`} {
				for n := range 6 { // whatever is wrong with them, it is no bug
					args := `"functionReference":1,"arguments":[` + strings.TrimSuffix(strings.Repeat(`{"value":{"literal":`+arg+`}},`, n), ",") + "]"
					plan := fmt.Appendf(nil, call, "functions_"+f, m[1], strings.ReplaceAll(rel, `"functionReference":1`, args))
					if rows, err := conn.QueryPlan(t.Context(), plan); err != nil && sqlerr.CodeOf(err) == sqlerr.InternalError {
						t.Errorf("functions_%s: %s with %d arguments %s: %v", f, m[1], n, arg, err)
					} else if err == nil {
						_ = rows.Close()
					}
				}
			}
			if !unknown {
				known++
			}
		}
	}
	if known < 150 {
		t.Errorf("%d of %d functions are known", known, all)
	}
}

func exceptions(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(exceptionsFile)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out[line] = true
		}
	}
	return out
}

func checkCase(ctx context.Context, conn *client.Client, c standardtest.Case, columns bool) error {
	plan, err := c.Plan(columns)
	if err != nil {
		return err
	}
	rows, err := conn.QueryPlan(ctx, plan)
	if err == nil {
		result, fault := collect(rows)
		if err = fault; err == nil {
			if c.Error {
				return fmt.Errorf("%v instead of an error", result.Rows)
			}
			if c.Undefined {
				return nil
			}
			got, want := result.Rows[0][0], result.Rows[0][1]
			if got.Null != want.Null || !sameText(got.Text, want.Text, c.Result.Type) {
				return fmt.Errorf("got %v, want %v", got, want)
			}
			return nil
		}
	}
	if c.Error && !strings.Contains(err.Error(), "XS004") { // of the data, not of the plan
		return nil
	}
	return err
}

// sameText compares texts; floats may differ in their last digits.
func sameText(got, want, typ string) bool {
	near := map[string]float64{"fp32": 1e-6, "fp64": 1e-14}[strings.TrimSuffix(typ, "?")]
	if near == 0 || got == want {
		return got == want
	}
	g, err1 := strconv.ParseFloat(got, 64)
	w, err2 := strconv.ParseFloat(want, 64)
	return err1 == nil && err2 == nil && math.Abs(g-w) <= near*max(math.Abs(g), math.Abs(w))
}
