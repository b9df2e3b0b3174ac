//go:build !race

// Several processes: see cluster_test.go.

package node

import (
	"slices"
	"strings"
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/trace"
)

// spans are those that have ended, by their name.
func spans(r *tracetest.SpanRecorder, name string) (out []sdk.ReadOnlySpan) {
	for _, s := range r.Ended() {
		if s.Name() == name {
			out = append(out, s)
		}
	}
	return out
}

// said is what a span says of something.
func said(s sdk.ReadOnlySpan, key string) string {
	for _, a := range s.Attributes() {
		if string(a.Key) == key {
			return a.Value.String()
		}
	}
	return ""
}

// TestATraceGoesFromTheClientToTheWorkers: each process has a tracer of its own, and
// all of the spans are one trace.
func TestATraceGoesFromTheClientToTheWorkers(t *testing.T) {
	r := tracetest.NewSpanRecorder()
	client := trace.New(trace.Process{Name: "client"}, r)
	s, _ := startCluster(t, Config{Distribution: place.Always, Trace: trace.New(trace.Process{Name: "server"}, r)}, 2, tables)
	conn := open(t, s)
	root := client.Begin("", "client")
	conn.Trace(root.Traceparent())
	const sql = "select count(*) from numbers where n > 0 and n <> 4711"
	answer(t, conn, sql)
	root.End()
	eventually(t, "the statement has ended", func() bool { return len(spans(r, "statement")) == 1 })
	all := spans(r, "client")
	statement := spans(r, "statement")[0]
	if statement.Parent().SpanID() != all[0].SpanContext().SpanID() || !statement.Parent().IsRemote() {
		t.Error("the statement does not belong to the client's span")
	}
	if id := s.coord.Queries()[0].ID; said(statement, "skein.query") != id || said(statement, "user.name") != "skein" ||
		said(statement, "db.query.text") != "select count(*) from numbers where n > ? and n <> ?" || said(statement, "db.response.returned_rows") != "1" {
		t.Errorf("of query %s is said %v", id, statement.Attributes())
	}
	workers := map[string]bool{}
	fragments := spans(r, "fragment")
	for _, f := range fragments {
		workers[said(f, "skein.worker")] = true
		if said(f, "skein.query") != said(statement, "skein.query") || said(f, "skein.attempt") == "" || said(f, "skein.tasks") == "0" {
			t.Errorf("of a run is said %v", f.Attributes())
		}
	}
	if !workers["worker-1"] || !workers["worker-2"] {
		t.Errorf("runs are traced of %v", workers)
	}
	for _, below := range slices.Concat(spans(r, "describe"), spans(r, "plan"), fragments) {
		if below.SpanContext().TraceID() != all[0].SpanContext().TraceID() || below.Parent().SpanID() != statement.SpanContext().SpanID() {
			t.Errorf("%s does not belong to the statement", below.Name())
		}
	}
	if len(spans(r, "describe")) != 1 || len(spans(r, "plan")) != 1 {
		t.Error("planning is not traced")
	}
}

func TestMeasuredOperatorsAreEventsOfTheirRun(t *testing.T) {
	r := tracetest.NewSpanRecorder()
	s, _ := startCluster(t, Config{Distribution: place.Always, Trace: trace.New(trace.Process{}, r)}, 1, tables)
	conn := open(t, s)
	answer(t, conn, "explain analyze select sum(n) from numbers where n > 1")
	eventually(t, "the statement has ended", func() bool { return len(spans(r, "statement")) == 1 })
	if id := said(spans(r, "statement")[0], "skein.query"); id == "" || id != said(spans(r, "fragment")[0], "skein.query") {
		t.Errorf("the statement is of query %q, its first run is not", id)
	}
	rows := int64(0)
	for _, f := range spans(r, "fragment") {
		for _, e := range f.Events() {
			if e.Name == "Scan numbers" {
				rows += e.Attributes[0].Value.AsInt64()
			}
		}
	}
	if rows != 99 {
		t.Errorf("the scan has given %d rows", rows)
	}
}

// TestErrorsAreTracedByTheirCode: messages quote values.
func TestErrorsAreTracedByTheirCode(t *testing.T) {
	r := tracetest.NewSpanRecorder()
	s := start(t, Config{Workers: 1, Threads: 1, Trace: trace.New(trace.Process{}, r)}, tables)
	conn := open(t, s)
	for i, c := range []struct{ sql, code string }{
		{"select cast(n || 'secret' as bigint) from numbers", "22P02"},
		{"select nothing from numbers where 'secret' = 'x'", "42703"},
		{"set nothing = 'secret'", "42704"},
	} {
		if _, err := conn.Query(t.Context(), c.sql); err == nil {
			t.Fatalf("%s ends well", c.sql)
		}
		eventually(t, "the statement has ended", func() bool { return len(spans(r, "statement")) == i+1 })
		if got := said(spans(r, "statement")[i], "error.type"); got != c.code {
			t.Errorf("%s: %q, not %q", c.sql, got, c.code)
		}
	}
	for _, span := range r.Ended() {
		for _, a := range span.Attributes() {
			if strings.Contains(a.Value.String(), "secret") {
				t.Errorf("%s: %s = %s", span.Name(), a.Key, a.Value.String())
			}
		}
		if strings.Contains(span.Status().Description, "secret") {
			t.Errorf("%s: %s", span.Name(), span.Status().Description)
		}
	}
}

// TestWhatIsNotSampledIsNotTraced: the client has decided.
func TestWhatIsNotSampledIsNotTraced(t *testing.T) {
	r := tracetest.NewSpanRecorder()
	s := start(t, Config{Workers: 1, Threads: 1, Trace: trace.New(trace.Process{}, r)}, tables)
	conn := open(t, s)
	conn.Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
	answer(t, conn, "select 1")
	conn.Trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	answer(t, conn, "select 2")
	eventually(t, "the statement has ended", func() bool { return len(spans(r, "statement")) > 0 })
	if n := len(spans(r, "statement")); n != 1 {
		t.Errorf("%d statements are traced", n)
	}
}
