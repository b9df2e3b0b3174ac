package standard_test

import (
	"testing"

	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/substrait/standard"
)

func TestAComputedTableIsItsRows(t *testing.T) {
	doc, err := standard.Parse([]byte(plan(readT)))
	if err != nil {
		t.Fatal(err)
	}
	q, err := standard.Read(t.Context(), doc, computed{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, ok := q.Plan.(*logical.Values)
	if !ok || len(v.Rows) != 2 || len(v.Rows[1]) != 2 || v.Rows[1][0].I != 2 {
		t.Errorf("the plan is\n%s", logical.Format(q.Plan))
	}
}
