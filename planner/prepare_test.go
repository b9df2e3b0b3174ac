package planner

import (
	"testing"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// TestGenericPlansAreThoseOfTheirValues: a plan that serves all values is, with
// values in it, the one that planning with the values gives. Estimates may differ.
func TestGenericPlansAreThoseOfTheirValues(t *testing.T) {
	catalog := loadTables(t, "tpch")
	for _, test := range []struct {
		text    string
		generic bool
	}{
		{"select c_name, c_acctbal from customer where c_custkey = $1", true},
		{"select c_name from customer where $1 = c_custkey and c_acctbal > 0", true},
		{"select sum(l_tax) from lineitem where l_quantity >= $1 and l_quantity < $1", true},
		{"select l_returnflag, count(*) from lineitem where l_orderkey between $1 and 70 group by 1 order by 2 limit 3", true},
		{"select l_returnflag, count(*) from lineitem group by 1 having count(*) <> $1", true},
		{"select n from (select c_nationkey as n, c_custkey as k from customer) c where k < $1", true},
		{"select count(*) from customer", true},
		{"select c_name from customer join nation on c_nationkey = n_nationkey where n_nationkey = $1", false}, // both sides have a constant
		{"select c_name from customer where c_custkey = $1 or c_custkey = 4", false},
		{"select c_name from customer where c_custkey in ($1, 4)", false},
		{"select c_name from customer where c_custkey = $1 + 1", false},
		{"select c_name from customer where c_custkey = $1::int8 * 2", false},
		{"select c_custkey + $1 from customer", false},
		{"select count(*) filter (where c_custkey > $1) from customer", false},
		{"select c_name from customer order by c_custkey limit $1", false},
		{"select c_name from customer order by c_custkey + $1", false},
		{"select sum(g) from generate_series(1, $1) as s(g)", false},
		{"select c_name from customer where c_name like $1", false},
		{"select c_name from customer where c_acctbal > $1 and now() > timestamptz '2020-01-01'", false},
		{"select now()", false},
	} {
		q, err := parseQuery(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		p, err := Prepare(t.Context(), q, catalog, Options{})
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if p.Generic() != test.generic {
			t.Errorf("%s: one plan for all executions is %v", test.text, p.Generic())
		}
		if !p.Generic() {
			continue
		}
		args := make([]expr.Value, len(p.Params))
		for i := range args {
			args[i] = expr.Int(60)
		}
		with, err := Query(t.Context(), q, catalog, Options{Params: p.Params, Args: args})
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if got, want := physical.Format(p.Plan(args).Root), physical.Format(with.Root); got != want {
			t.Errorf("%s:\n%swant\n%s", test.text, got, want)
		}
		if len(args) > 0 && p.Plan([]expr.Value{expr.Null}) != nil {
			t.Errorf("%s: the plan serves NULL", test.text)
		}
	}
}

// BenchmarkPlanWithValues is what an execution costs whose plan is remembered.
func BenchmarkPlanWithValues(b *testing.B) {
	q, err := parseQuery("select c_name, c_acctbal from customer where c_custkey = $1")
	if err != nil {
		b.Fatal(err)
	}
	p, err := Prepare(b.Context(), q, loadTables(b, "tpch"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	args := []expr.Value{expr.Int(7)}
	for b.Loop() {
		p.Plan(args)
	}
}
