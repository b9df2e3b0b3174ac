package shell

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skein-query/skein/flight/flighttest"
	"github.com/skein-query/skein/internal/client"
)

func TestMain(m *testing.M) {
	if os.Getenv(lineEditor) != "" {
		editLines()
		return
	}
	goleak.VerifyTestMain(m)
}

// run runs a script on a fake server and gives what was printed.
func run(t *testing.T, change func(*Shell), script string) (out, errs string, err error) {
	t.Helper()
	addr, _ := flighttest.Serve(t, nil)
	c, err := client.Open(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var stdout, stderr bytes.Buffer
	s := &Shell{Client: c, Out: &stdout, Err: &stderr, Format: FormatTable}
	if change != nil {
		change(s)
	}
	err = s.RunScript(t.Context(), strings.NewReader(script))
	return stdout.String(), stderr.String(), err
}

// The tables are as psql 15 prints them, but for NULL, which it leaves empty.
func TestTableLooksLikePsql(t *testing.T) {
	out, _, err := run(t, nil, "rows 11;\nrows 0; create x; echo")
	want := ` n  |  name  
----+--------
  0 | row 0
  1 | row 1
  2 | row 2
  3 | row 3
  4 | row 4
  5 | row 5
  6 | row 6
  7 | row 7
  8 | row 8
  9 | row 9
 10 | row 10
(11 rows)

 n | name 
---+------
(0 rows)

OK
`
	if out != want {
		t.Errorf("got\n%s", out)
	}
	if err == nil {
		t.Error("the last statement has no type and yet no error")
	}
}

func TestCellsOfSeveralLines(t *testing.T) {
	f := &tableFormatter{progress: &progress{}, names: []string{"a", "b"}, right: []bool{true, false}}
	var out bytes.Buffer
	f.out = &out
	f.held = [][]string{{"1", "x\nyyyyy"}, {"2", nullText}}
	if err := f.flush(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != " a |   b   \n---+-------\n 1 | x    +\n   | yyyyy\n 2 | NULL\n" {
		t.Errorf("got\n%s", got)
	}
}

func TestFormatsKeepExactValues(t *testing.T) {
	for format, want := range map[string]string{
		FormatCSV: "c1,c2,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13,c14,c15,c16,c17,c18,c19\n" +
			`true,-2,4,1099511627776,-123.45,0.0000000005,1.5,1e+300,grüße,ab ,\x00ff,1997-01-01,12:34:56.789,` +
			`1997-01-01 12:57:36.789012,1969-12-31 23:59:59.999999+00,1 year 2 mons 3 days 00:00:04,"{1,NULL}","{a:7,b:x}","{k,1}"` +
			"\n,,,,,,,,,,,,,,,,,,\n",
		FormatJSON: "[\n" + `{"c1":true,"c2":-2,"c3":4,"c4":1099511627776,"c5":-123.45,"c6":0.0000000005,"c7":1.5,"c8":1e+300,` +
			`"c9":"grüße","c10":"ab ","c11":"\\x00ff","c12":"1997-01-01","c13":"12:34:56.789","c14":"1997-01-01 12:57:36.789012",` +
			`"c15":"1969-12-31 23:59:59.999999+00","c16":"1 year 2 mons 3 days 00:00:04","c17":[1,null],"c18":{"a":7,"b":"x"},"c19":{"k":1}},` + "\n" +
			`{"c1":null,"c2":null,"c3":null,"c4":null,"c5":null,"c6":null,"c7":null,"c8":null,"c9":null,"c10":null,"c11":null,` +
			`"c12":null,"c13":null,"c14":null,"c15":null,"c16":null,"c17":null,"c18":null,"c19":null}` + "\n]\n",
	} {
		if out, _, err := run(t, func(s *Shell) { s.Format = format }, "types"); err != nil || out != want {
			t.Errorf("%s: %v\n%s", format, err, out)
		}
	}
}

func TestFirstErrorEndsAScriptWithACaret(t *testing.T) {
	out, _, err := run(t, nil, "rows 1;\n  rowz 2; rows 3")
	if strings.Count(out, "rows)") != 0 || strings.Count(out, "(1 row)") != 1 {
		t.Errorf("got %s", out)
	}
	if got := fmt.Sprint(err); got != "ERROR 42601: syntax error at or near \"rowz\"\nLINE 1: rowz 2;\n        ^^^^\nHINT: Did you mean “rows”?" {
		t.Errorf("got %s", got)
	}
}

func TestRowsBeforeAnErrorArePrinted(t *testing.T) {
	out, _, err := run(t, nil, "fail")
	if !strings.Contains(out, "\n 1\n") || strings.Contains(out, "row)") || !strings.Contains(fmt.Sprint(err), "ERROR 22012: division by zero") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestBackslashCommands(t *testing.T) {
	out, errs, err := run(t, nil, "\\dt\n\\d orders\n\\x\nrows 1;\\x\n\\timing on\nrows 0;\n\\q\nrows 5;")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"public  orders    table  3\n", "o_totalprice  numeric(15,2)  not null\n", "o_comment     varchar(79)    \n",
		"-[ RECORD 1 ]\nn    | 0\nname | row 0\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "5 rows") || strings.Contains(out, "information_schema") {
		t.Errorf("too much in\n%s", out)
	}
	if !strings.Contains(errs, "Timing is on.\nTime: ") {
		t.Errorf("got %s", errs)
	}
	_, _, err = run(t, nil, `\d ordrs`)
	if got := fmt.Sprint(err); got != "ERROR 42P01: table \"ordrs\" does not exist\nHINT: Did you mean \"orders\"?" {
		t.Errorf("got %s", got)
	}
}

func TestInterruptCancelsTheStatementAndNotTheShell(t *testing.T) {
	interrupts := make(chan struct{}, 1)
	time.AfterFunc(50*time.Millisecond, func() { interrupts <- struct{}{} })
	_, _, err := run(t, func(s *Shell) { s.Interrupts = interrupts }, "wait;")
	if !strings.HasPrefix(fmt.Sprint(err), "ERROR 57014: ") {
		t.Errorf("got %v", err)
	}
}

func TestContextCancelsTheStatement(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	addr, fake := flighttest.Serve(t, nil)
	c, err := client.Open(ctx, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := &Shell{Client: c, Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Format: FormatTable}
	if err := s.RunPiece(ctx, "wait"); !strings.HasPrefix(fmt.Sprint(err), "ERROR 57014: ") {
		t.Errorf("got %v", err)
	}
	for range 1000 {
		if fake.Open.Load() == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("the query still runs")
}

func TestStatementsEndAtTheirSemicolons(t *testing.T) {
	for script, want := range map[string]string{
		"select 1; select 2":                       "select 1;|select 2",
		"select ';'; select \";\" ; -- ; \n":       "select ';';|select \";\" ;",
		"select 1 -- a;b\n;\\dt\nselect /* ; */ 2": "select 1 -- a;b\n;|\\dt|select /* ; */ 2",
		"select $$;$$;;;\n\n;":                     "select $$;$$;",
		"\\x\nselect\n1;":                          "\\x|select\n1;",
		"-- nothing\n":                             "",
	} {
		pieces := newSplitter(strings.NewReader(script))
		var got []string
		for {
			piece, err := pieces.next()
			if err != nil {
				break
			}
			got = append(got, strings.TrimSpace(piece))
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: got %q", script, got)
		}
	}
}

func TestCandidates(t *testing.T) {
	tables := []client.Table{{Schema: "public", Name: "orders", Columns: []client.Column{{Name: "o_key"}, {Name: "o_total"}}},
		{Schema: "public", Name: "nation", Columns: []client.Column{{Name: "n_key"}}}}
	for line, want := range map[string]string{
		"select * from ord":      "[orders] [order ordinality]",
		"SELECT * FROM ORD":      "[orders] [ORDER ORDINALITY]",
		"select orders.":         "[orders.o_key orders.o_total] []",
		"select orders.o_t":      "[orders.o_total] []",
		"select * from public.n": "[public.nation] []",
		"select n_":              "[n_key] []",
		"select ":                "[nation orders] []",
	} {
		_, names, keywords := candidates(line, tables)
		if got := fmt.Sprint(names, " ", keywords); got != want {
			t.Errorf("%q: got %s", line, got)
		}
	}
}

func TestWarningsGoToTheErrorsAndNotBetweenTheRows(t *testing.T) {
	out, errs, err := run(t, nil, "warn it is hot;")
	if err != nil || out != "OK, 0 rows\n" && out != "OK\n" || errs != "WARNING: it is hot\n" {
		t.Errorf("%q, %q, %v", out, errs, err)
	}
}
