package logictest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
)

// fakeConn answers by statement text.
type fakeConn struct {
	answers map[string]*Result
	closed  bool
}

func (c *fakeConn) Query(_ context.Context, sql string) (*Result, error) {
	if code, ok := strings.CutPrefix(sql, "fail "); ok {
		return nil, fmt.Errorf("run: %w", sqlerr.New(sqlerr.Code(code), "column \"x\" does not exist"))
	}
	if res, ok := c.answers[sql]; ok {
		return res, nil
	}
	return nil, errors.New("no answer")
}

func (c *fakeConn) Close() error {
	c.closed = true
	return nil
}

// recorder is a testing.TB that keeps what is reported to it.
type recorder struct {
	testing.TB
	faults []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(r)
}

// runScript runs the text against two rows and gives the reported faults.
func runScript(t *testing.T, body, config string) []string {
	t.Helper()
	two := &Result{
		Columns: []Column{{"a", "int4"}, {"b", "varchar"}},
		Rows:    [][]Value{{text("2"), text("y")}, {text("1"), {Null: true}}},
	}
	flat := &Result{Columns: []Column{{"a", "int4"}, {"b", "int4"}}, Rows: [][]Value{{text("3"), text("1")}, {text("2"), text("1")}}}
	ragged := &Result{Columns: []Column{{"a", "int4"}}, Rows: [][]Value{{}}}
	other := &Result{Columns: two.Columns, Rows: two.Rows[:1]}
	conn := &fakeConn{answers: map[string]*Result{"two": two, "other": other, "flat": flat, "ragged": ragged}}
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(r) {
				panic(p)
			}
		}()
		Run(r, writeScript(t, "a.slt", body), func(context.Context) (Conn, error) { return conn, nil }, config)
		if !conn.closed {
			t.Error("the session stays open")
		}
	}()
	return r.faults
}

func TestRightAnswersPass(t *testing.T) {
	for _, body := range []string{
		"statement ok\ntwo\n",
		"statement error 42703\nfail 42703\n",
		"statement error 42703 \"x\" does\nfail 42703\n",
		"query int4,text nosort\ntwo\n----\n2\ty\n1\tNULL\n",
		"query int4,text rowsort\ntwo\n----\n1\tNULL\n2\ty\n",
		"query int4,text rowsort colnames\ntwo\n----\na\tb\n1\tNULL\n2\ty\n",
		"query int4,int4 valuesort\nflat\n----\n1\t1\n2\t3\n",
		"query int4,text rowsort l\ntwo\n----\n2\ty\n1\tNULL\n\nquery int4,text rowsort l\ntwo\n----\n2\ty\n1\tNULL\n",
		"skipif small\nstatement ok\nfail 42703\n",
		"onlyif large\nstatement ok\nfail 42703\n",
		"halt\n\nstatement ok\nfail 42703\n",
	} {
		if faults := runScript(t, body, "small"); len(faults) > 0 {
			t.Errorf("%q: %q", body, faults)
		}
	}
}

func TestWrongAnswersFail(t *testing.T) {
	cases := map[string]string{
		"query int4,text nosort\ntwo\n----\n2\tz\n1\tNULL\n":                                                       "- 2\tz\n    + 2\ty",
		"query int4,text nosort\ntwo\n----\n2\ty\n":                                                                "+ 1\tNULL",
		"query int4,text nosort\ntwo\n----\n2\ty\n1\tNULL\n3\tx\n":                                                 "- 3\tx",
		"query int4,text nosort\ntwo\n----\n1\tNULL\n2\ty\n":                                                       "rows differ",
		"query int4,text rowsort\ntwo\n----\n2\ty\n2\ty\n":                                                         "rows differ",
		"query int4,text nosort\ntwo\n----\n2\ty\n1\t(empty)\n":                                                    "- 1\t(empty)\n    + 1\tNULL",
		"query int4,text nosort\ntwo\n----\n":                                                                      "+ 2\ty",
		"query int8,text nosort\ntwo\n----\n2\ty\n1\tNULL\n":                                                       "want types int8,text, got int4,varchar",
		"query int4 nosort\ntwo\n----\n2\n1\n":                                                                     "want types int4, got",
		"query int4,text nosort colnames\ntwo\n----\na\tc\n2\ty\n1\tNULL\n":                                        `want names ["a" "c"], got ["a" "b"]`,
		"query int4,int4 valuesort\nflat\n----\n1\t1\n2\t2\n":                                                      "rows differ",
		"query int4\nragged\n----\n1\n":                                                                            "row 0 has 0 values",
		"query int4\nfail 42703\n----\n1\n":                                                                        "unexpected error\n    ERROR 42703",
		"statement ok\nfail 42703\n":                                                                               "unexpected error",
		"statement ok\nunknown\n":                                                                                  "ERROR XX000",
		"statement error 42P01\nfail 42703\n":                                                                      "want error 42P01\n    ERROR 42703",
		"statement error 42703 table\nfail 42703\n":                                                                "want a message that matches table",
		"statement error 42703\ntwo\n":                                                                             "want error 42703, got 2 rows",
		"onlyif small\nstatement ok\nfail 42703\n":                                                                 "unexpected error",
		"query int4,text nosort l\ntwo\n----\n2\ty\n1\tNULL\n\nquery int4,text nosort l\nother\n----\n2\ty\n":      "rows differ from label l of line 1",
		"query int4,text nosort l\ntwo\n----\n2\ty\n1\tNULL\n\nquery int4,int4 nosort l\nflat\n----\n3\t1\n2\t1\n": "types differ from label l of line 1",
	}
	for body, want := range cases {
		faults := runScript(t, body, "small")
		if len(faults) != 1 || !strings.Contains(faults[0], want) {
			t.Errorf("%q: want one fault with %q, got %q", body, want, faults)
		}
	}
}

func TestFaultsNameFileLineAndStatement(t *testing.T) {
	faults := runScript(t, "statement ok\ntwo\n\n\nstatement ok\nfail 42703\n\nstatement ok\nfail 42P01\n", "")
	if len(faults) != 2 {
		t.Fatalf("every fault is reported: %q", faults)
	}
	if !strings.Contains(faults[0], "a.slt:5: ") || !strings.Contains(faults[0], "fail 42703") || !strings.Contains(faults[1], "a.slt:8: ") {
		t.Errorf("%q", faults)
	}
}

func TestMalformedScriptEndsTheRun(t *testing.T) {
	if faults := runScript(t, "nonsense\n", ""); len(faults) != 1 || !strings.Contains(faults[0], "read script") {
		t.Errorf("%q", faults)
	}
}
