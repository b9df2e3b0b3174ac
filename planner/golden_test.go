package planner

import (
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/skein-query/skein/bench/tpch"
)

// TestPlans shows what each rule and the choice of operators make of queries over
// the tables of testdata/*.tables. A record is
//
//	plan [rule=NAME] [before]
//	SELECT …
//	----
//
// and expects the plan after the named step of package rule, or the physical plan;
// before shows the plan that the step was given as well. Instead of "plan" and a
// text, "tpch N" takes query N of TPC-H.
func TestPlans(t *testing.T) {
	catalog := loadTables(t, "small", "tpch")
	datadriven.Walk(t, "testdata/plans", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			step, text := "physical", d.Input
			d.MaybeScanArgs(t, "rule", &step)
			switch d.Cmd {
			case "plan":
			case "tpch":
				n, err := strconv.Atoi(d.CmdArgs[0].Key)
				if err != nil {
					d.Fatalf(t, "which query? %v", err)
				}
				text = tpch.Query(n, nil)
			default:
				d.Fatalf(t, "unknown command %s", d.Cmd)
			}
			q, err := parseQuery(text)
			if err != nil || q == nil {
				d.Fatalf(t, "not a query: %v", err)
			}
			stages, err := plans(t, q, catalog)
			for i, s := range stages {
				if s.name != step {
					continue
				}
				before := stages[max(0, i-1)].plan
				switch {
				case s.plan == before:
					return "unchanged\n" + s.plan
				case d.HasArg("before"):
					return before + "=>\n" + s.plan
				}
				return s.plan
			}
			if err == nil {
				d.Fatalf(t, "no step %s", step)
			}
			return "error: " + strings.TrimSpace(err.Error()) + "\n"
		})
	})
}
