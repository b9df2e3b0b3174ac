package console

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type fixed struct{ ready bool }

func (f fixed) Process() Process {
	return Process{Name: "p", Version: "1.0.0", Ready: f.ready, Why: "no worker is known", UsedBytes: 5, LimitBytes: 10, Ended: map[string]int64{"finished": 3},
		S3: Traffic{Requests: 12, Bytes: 34, Retries: 5, Errors: 6}}
}
func (fixed) Members() []Member {
	return []Member{{Name: "w1", State: "ready"}, {Name: "w2", State: "ready"}}
}
func (fixed) Queries() []Query {
	return []Query{{ID: "q1", State: "running", Text: "select '<script>'", Tasks: 4, Done: 1, Lost: 1}, {ID: "q0", State: "finished", Tasks: 9, Done: 9}}
}
func (fixed) Plan(id string) (Plan, bool) {
	return Plan{Fragments: []Fragment{{ID: 0, Text: "Scan t", Tasks: 4, Done: 1}}}, id == "q1"
}

func get(t *testing.T, s Source, path string) (int, string, http.Header) {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(s).ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body), w.Header()
}

func TestProgramsAreToldWhetherTheProcessIsReady(t *testing.T) {
	for _, c := range []struct {
		path  string
		ready bool
		code  int
		says  string
	}{
		{"/healthz", false, 200, "ok"},
		{"/readyz", true, 200, "ready"},
		{"/readyz", false, 503, "no worker is known"},
	} {
		if code, body, _ := get(t, fixed{c.ready}, c.path); code != c.code || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %q", c.path, code, body)
		}
	}
}

func TestMetricsSayWhatTheSourceSays(t *testing.T) {
	code, body, _ := get(t, fixed{true}, "/metrics")
	if code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	for _, want := range []string{
		`skein_queries{state="running"} 1`, `skein_queries{state="queued"} 0`, `skein_queries_ended_total{state="finished"} 3`,
		`skein_tasks{state="all"} 4`, `skein_tasks{state="sealed"} 1`, `skein_query_workers_lost 1`, `skein_members{state="ready"} 2`,
		`skein_memory_used_bytes 5`, `skein_memory_limit_bytes 10`, `skein_ready 1`,
		`skein_s3_requests_total 12`, `skein_s3_received_bytes_total 34`, `skein_s3_retries_total 5`, `skein_s3_errors_total 6`, `go_goroutines`,
	} {
		if !strings.Contains(body, want+"\n") && !strings.Contains(body, want+" ") {
			t.Errorf("no %s", want)
		}
	}
}

func TestTheAPIGivesStateAndPlans(t *testing.T) {
	code, body, _ := get(t, fixed{true}, "/api/state")
	var state struct {
		Queries []Query
		Members []Member
	}
	if err := json.Unmarshal([]byte(body), &state); code != 200 || err != nil || len(state.Queries) != 2 || state.Queries[0].Text != "select '<script>'" || len(state.Members) != 2 {
		t.Errorf("%d %v %s", code, err, body)
	}
	if code, body, _ := get(t, fixed{true}, "/api/plan/q1"); code != 200 || !strings.Contains(body, "Scan t") {
		t.Errorf("%d %s", code, body)
	}
	if code, _, _ := get(t, fixed{true}, "/api/plan/q7"); code != 404 {
		t.Errorf("a query of nobody's: %d", code)
	}
}

func TestThePageIsWholeAndLoadsNothingFromElsewhere(t *testing.T) {
	_, index, header := get(t, fixed{true}, "/")
	if !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Error("the page may load from anywhere")
	}
	for _, file := range []string{"style.css", "page.js"} {
		if code, body, _ := get(t, fixed{true}, "/"+file); !strings.Contains(index, `"`+file+`"`) || code != 200 || strings.Contains(body, "://") || strings.Contains(body, "innerHTML") {
			t.Errorf("%s: %d", file, code)
		}
	}
}
