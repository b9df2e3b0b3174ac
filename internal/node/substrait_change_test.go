package node

import (
	"context"
	"fmt"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
)

const (
	// insertPlan inserts a parameter and a constant into t (n, name).
	insertPlan = `{"relations":[{"root":{"input":{"write":{"namedTable":{"names":["T"]},"tableSchema":{"names":["NAME","N"],"struct":{"types":[{"string":{}},{"i64":{}}]}},
		"op":"WRITE_OP_INSERT","output":"OUTPUT_MODE_%s","input":{"project":{"common":{"emit":{"outputMapping":[1,2]}},
		"input":{"read":{"baseSchema":{"names":["x"],"struct":{"types":[{"i64":{}}]}},"virtualTable":{"expressions":[{"fields":[{"literal":{"i64":"1"}}]}]}}},
		"expressions":[{"dynamicParameter":{"type":{"string":{}},"parameterReference":0}},
			{"cast":{"type":{"i64":{}},"input":{"dynamicParameter":{"type":{"i32":{}},"parameterReference":1}}}}]}}}},"names":["name","n"]}}]}`
	dropPlan = `{"relations":[{"root":{"input":{"ddl":{"namedObject":{"names":["t"]},"object":"DDL_OBJECT_TABLE","op":"DDL_OP_DROP"}},"names":[]}}]}`
)

func planStatement(t *testing.T, c adbc.Connection, plan string) adbc.Statement {
	t.Helper()
	st, err := c.NewStatement()
	if err == nil {
		err = st.SetSubstraitPlan([]byte(plan))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func TestAPlanThatInsertsRunsOnceForAllRowsOfItsParameters(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1}, "")
	c := connection(t, s, "")
	run(t, c, "create table t (n int not null, name varchar(5), p int default 7)")
	insert := func(output string, names ...string) (int64, error) {
		st := planStatement(t, c, fmt.Sprintf(insertPlan, output))
		if err := st.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := st.Bind(t.Context(), persons(names...)); err != nil {
			t.Fatal(err)
		}
		return st.ExecuteUpdate(t.Context())
	}
	if n, err := insert("NO_OUTPUT", "a", "b", "c"); err != nil || n != 3 {
		t.Errorf("%d rows, %v", n, err)
	}
	if n, err := insert("MODIFIED_RECORDS", "d", "e"); err != nil || n != 2 {
		t.Errorf("%d rows, %v", n, err)
	}
	_, err := insert("NO_OUTPUT", "fine", "too long")
	fails(t, err, "22001", "value too long")
	answers(t, c, "select string_agg(name || n, ' ' order by name), sum(p) from t", "a1 b2 c3 d1 e2,35")
}

// A statement that is executed as a query has its effect before its result is fetched, and
// fetching does not repeat it.
func TestAPlanThatChangesATableHasItsEffectAsQueryAndAsUpdate(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1}, "")
	c := connection(t, s, "")
	run(t, c, "create table t (n int)")
	st := planStatement(t, c, dropPlan)
	reader, n, err := st.ExecuteQuery(context.WithoutCancel(t.Context()))
	if err != nil || n != 0 {
		t.Fatalf("%d rows, %v", n, err)
	}
	reader.Release()
	refuses(t, c, "select * from t", "42P01", "does not exist")
	run(t, c, "create table t (n int)")
	if _, err := planStatement(t, c, dropPlan).ExecuteUpdate(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = planStatement(t, c, dropPlan).ExecuteUpdate(t.Context())
	fails(t, err, "42P01", "does not exist")
}
