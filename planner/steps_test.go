package planner

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skein-query/skein/planner/bind"
	"github.com/skein-query/skein/planner/choose"
	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/rule"
	"github.com/skein-query/skein/planner/sql"
)

// stage is a plan as it stood after a step, as text.
type stage struct {
	name, plan string
}

func session() Options {
	return Options{Now: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), User: "tester", Schema: "public", Args: []expr.Value{}}
}

// parseQuery is the only statement of a text; nil when that is no query.
func parseQuery(text string) (*sql.Query, error) {
	statements, err := sql.Parse(text)
	if err != nil {
		return nil, err
	}
	if len(statements) != 1 {
		return nil, fmt.Errorf("%d statements", len(statements))
	}
	q, _ := statements[0].(*sql.Query)
	return q, nil
}

// plans are the plans of a query after each step: "bind", the steps of package
// rule, "physical". The invariants of package logical are checked after each.
func plans(t testing.TB, q *sql.Query, c Catalog) ([]stage, error) {
	bound, err := bind.Bind(t.Context(), q, c, session())
	if err != nil {
		return nil, err
	}
	n := bound.Plan
	out := []stage{{"bind", logical.Format(n)}}
	if err := logical.Check(n); err != nil {
		return out, broken{"bind", err}
	}
	state := &rule.Query{Output: bound.Output, IDs: &rule.IDs{NextColumn: bound.Next, NextShared: bound.Shared}, Est: cost.NewEstimator()}
	for _, s := range rule.Steps() {
		if n, err = s.Run(n, state); err != nil {
			return out, err
		}
		out = append(out, stage{s.Name, logical.Format(n)})
		if err := checkStep(n, s.Name, bound.Output); err != nil {
			return out, broken{s.Name, err}
		}
	}
	root, err := choose.Choose(n, bound.Output, bound.Names, cost.NewEstimator())
	if err != nil {
		return out, broken{"choose", err}
	}
	out = append(out, stage{"physical", physical.Format(root)})
	if err := checkPhysical(root); err != nil {
		return out, broken{"choose", err}
	}
	return out, nil
}

// broken says which step broke an invariant.
type broken struct {
	step string
	err  error
}

func (b broken) Error() string { return fmt.Sprintf("after %s: %v", b.step, b.err) }

func checkStep(n logical.Node, step string, output []expr.ColumnID) error {
	if err := logical.Check(n); err != nil {
		return err
	}
	if step != "simplify" && logical.Dependent(n) {
		return fmt.Errorf("a dependent join is left")
	}
	for _, id := range output {
		if _, ok := logical.Find(n, id); !ok {
			return fmt.Errorf("output column %d is gone", id)
		}
	}
	return nil
}

func all(stages []stage) string {
	var b strings.Builder
	for _, s := range stages {
		fmt.Fprintf(&b, "== %s\n%s", s.name, s.plan)
	}
	return b.String()
}
