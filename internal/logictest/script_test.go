package logictest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeScript(t *testing.T, name, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestScriptIsReadIntoRecords(t *testing.T) {
	path := writeScript(t, "a.slt", strings.Join([]string{
		"# comment",
		"statement ok",
		"select 1",
		"",
		"skipif one",
		"onlyif two",
		"statement error 42703 no.*column",
		"select",
		"  x",
		"",
		"query int4,text rowsort colnames first",
		"select 1 as a, '' as b",
		"----",
		"a\tb",
		"1\t(empty)",
		"NULL\t\\NULL",
		"",
		"query bool",
		"select true where false",
		"----",
		"",
		"halt",
		"",
		"nonsense",
	}, "\n"))
	records, err := readScript(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 4 {
		t.Fatalf("%d records", len(records))
	}
	e, q, z := records[1], records[2], records[3]
	if e.line != 7 || e.kind != statementError || e.code != "42703" || e.message.String() != "no.*column" || e.sql != "select\n  x" {
		t.Errorf("error record: %+v", e)
	}
	if e.runs("one") || e.runs("three") || !e.runs("two") || !q.runs("one") {
		t.Error("skipif and onlyif hold for their record and no other")
	}
	w := q.want
	if strings.Join(w.types, "+") != "int4+text" || w.sort != rowSort || w.label != "first" || strings.Join(w.names, "+") != "a+b" {
		t.Errorf("head: %+v", w)
	}
	if len(w.rows) != 2 || w.rows[0][1] != (Value{}) || !w.rows[1][0].Null || w.rows[1][1] != text("NULL") {
		t.Errorf("rows: %+v", w.rows)
	}
	if len(z.want.rows) != 0 || z.want.sort != noSort {
		t.Errorf("empty answer: %+v", z.want)
	}
}

func TestIncludeStandsInItsPlaceAndHaltEndsAll(t *testing.T) {
	path := writeScript(t, "a.slt", "statement ok\nselect 1\n\ninclude b.inc\n\nstatement ok\nselect 3\n")
	inner := filepath.Join(filepath.Dir(path), "b.inc")
	for body, want := range map[string]int{"statement ok\nselect 2\n": 3, "statement ok\nselect 2\n\nhalt\n": 2} {
		if err := os.WriteFile(inner, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		records, err := readScript(path)
		if err != nil || len(records) != want || records[1].file != inner {
			t.Errorf("%q: %d records, %v", body, len(records), err)
		}
	}
}

func TestMalformedScriptsAreErrorsWithALine(t *testing.T) {
	cases := map[string]string{
		"selekt 1\n":                                                      ":1: unknown directive",
		"\nstatement maybe\nselect 1\n":                                   ":2: want: statement ok",
		"statement error 4270\nselect 1\n":                                ":1: want: statement ok",
		"statement error 42703 (\nselect 1\n":                             ":1: error parsing regexp",
		"statement ok\n\n":                                                ":1: record without a statement",
		"query\nselect 1\n----\n":                                         ":1: query without types",
		"query int4 a b\nselect 1\n----\n":                                ":1: two labels",
		"query int4,text valuesort\nselect\n----\n":                       ":1: valuesort needs",
		"query int4\nselect 1\n":                                          ":2: ---- stands after",
		"statement ok\nselect 1\n----\n1\n":                               ":3: ---- stands after",
		"query int4\nselect 1\n----\n1\n2\t3\n":                           ":5: row of 2 values for 1 types",
		"query int4 colnames\nselect 1\n----\n":                           ":3: colnames without",
		"query int4\nselect 1 union\nselect 2\n----\n1\n2\n":              ":6: rows in no order",
		"query text\nselect (select 'order by' order by 1)\n----\n1\n2\n": ":5: rows in no order",
		"skipif one\n":                                                    "skipif or onlyif without a record",
		"onlyif\nstatement ok\nselect 1\n":                                ":1: onlyif takes one",
		"include\n":                                                       ":1: include takes one",
		"include a.slt\n":                                                 "include deeper than",
		"include gone.inc\n":                                              "gone.inc",
		"statement ok\nselect 1\n\nquery\nselect 1\n":                     ":4: query without types",
	}
	for body, want := range cases {
		_, err := readScript(writeScript(t, "a.slt", body))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: want %q, got %v", body, want, err)
		}
	}
}

func TestCorpusIsWellFormed(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.slt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	total := 0
	for _, path := range paths {
		records, err := readScript(path)
		if err != nil {
			t.Error(err)
		}
		total += len(records)
	}
	if total < 400 {
		t.Errorf("the corpus has %d statements, fewer than 400", total)
	}
}
