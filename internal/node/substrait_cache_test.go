package node

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/skein-query/skein/internal/trace"
)

const countPlan = `{"extensions":[{"extensionFunction":{"functionAnchor":1,"name":"count"}}],"relations":[{"root":{"names":["n"],"input":
	{"aggregate":{"groupings":[{}],"measures":[{"measure":{"functionReference":1,"outputType":{"i64":{}}}}],
	"input":{"read":{"baseSchema":{"names":["dept_id"],"struct":{"types":[{"i32":{"nullability":"NULLABILITY_NULLABLE"}}]}},"namedTable":{"names":["t"]}}}}}}}]}`

// limitPlan gives as many numbers as its parameter says, of those below another one.
const limitPlan = `{"extensions":[{"extensionFunction":{"functionAnchor":1,"name":"lt"}}],"relations":[{"root":{"names":["n"],"input":{"fetch":{
	"countExpr":{"dynamicParameter":{"type":{"i64":{}},"parameterReference":0}},"input":{"sort":{
	"sorts":[{"direction":"SORT_DIRECTION_ASC_NULLS_LAST","expr":{"selection":{"rootReference":{},"directReference":{"structField":{"field":0}}}}}],"input":{"filter":{
	"condition":{"scalarFunction":{"functionReference":1,"outputType":{"bool":{}},"arguments":[{"value":{"selection":{"rootReference":{},"directReference":{"structField":{"field":0}}}}},
		{"value":{"dynamicParameter":{"type":{"i64":{}},"parameterReference":1}}}]}},
	"input":{"read":{"baseSchema":{"names":["n"],"struct":{"types":[{"i64":{}}]}},"namedTable":{"names":["numbers"]}}}}}}}}}}}]}`

// TestAPlanOfTheSameBytesIsBoundOnce, and again when what it reads has changed.
func TestAPlanOfTheSameBytesIsBoundOnce(t *testing.T) {
	r := tracetest.NewSpanRecorder()
	s := start(t, Config{Workers: 1, Threads: 1, Trace: trace.New(trace.Process{}, r)}, tables)
	c := connect(t, s)
	defer c.Close()
	file := filepath.Join(t.TempDir(), "t.parquet")
	copyFile(t, tables+"/departments.parquet", file)
	answer(t, c, "create external table t stored as parquet location '"+file+"'")
	asked := 0
	check := func(when, want, origin string) {
		t.Helper()
		before := len(spans(r, "plan"))
		rows, err := c.Client.QueryPlan(t.Context(), []byte(countPlan))
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		got, err := collect(rows)
		if err != nil || got.Rows[0][0].Text != want {
			t.Errorf("%s: %v, %v", when, got, err)
		}
		asked++
		all := spans(r, "plan")
		if len(all) != before+1 || said(all[before], "skein.plan") != origin {
			t.Errorf("%s: the plan is not %s", when, origin)
		}
	}
	check("the first time", "6", "from the cache") // as it was described
	described := len(spans(r, "describe"))
	check("again", "6", "from the cache")
	if len(spans(r, "describe")) != described {
		t.Error("the same bytes are described twice")
	}
	copyFile(t, tables+"/employees.parquet", file)
	check("the file was rewritten", "40", "made anew")
	check("and again", "40", "from the cache")
	answer(t, c, "create temp table t as select 1 as dept_id")
	check("a table of the session has the name", "1", "from the cache")
	if len(spans(r, "describe")) == described {
		t.Error("the name means another table, and is not looked at")
	}
	answer(t, c, "drop table t")
	check("it is gone", "40", "from the cache")
}

func TestValuesOfParametersDecideWhatAPlanGives(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1}, tables)
	st := planStatement(t, connection(t, s, ""), limitPlan)
	if err := st.Prepare(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	p := prepared{st, t}
	for _, c := range []struct {
		args []any
		want string
	}{{[]any{2, 10}, "1 2"}, {[]any{3, 3}, "1 2"}, {[]any{1, 100}, "1"}, {[]any{nil, 4}, "1 2 3"}, {[]any{0, 4}, ""}} {
		if got := p.must(c.args...); got != c.want {
			t.Errorf("with %v: %s, want %s", c.args, got, c.want)
		}
	}
	var e adbc.Error
	if _, err := p.with(-1, 4); err == nil || errors.Is(err, io.EOF) || errors.As(err, &e) && !strings.Contains(e.Msg, "negative") {
		t.Errorf("a negative count: %v", err)
	}
}
