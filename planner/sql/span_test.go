package sql

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/skein-query/skein/internal/sqlerr"
)

// TestSpanTextMeansTheSame holds that the text under an expression's or a query's
// span, parsed alone, gives the same tree: a span one token too short or too long
// gives another one, or none.
func TestSpanTextMeansTheSame(t *testing.T) {
	datadriven.RunTest(t, "testdata/parse/spans", func(t *testing.T, d *datadriven.TestData) string {
		checkMeaning(t, d.Input)
		return d.Expected
	})
}

// TestTPCH parses the benchmark's queries, 1 in place of their parameters.
func TestTPCH(t *testing.T) {
	files, err := filepath.Glob("../../bench/tpch/queries/q*.sql")
	if err != nil || len(files) != 22 {
		t.Fatalf("%d query files, want 22 (%v)", len(files), err)
	}
	parameter := regexp.MustCompile(`\{\w+\}`)
	for _, path := range files {
		template, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := parameter.ReplaceAllString(string(template), "1")
		if _, err := Parse(text); err != nil {
			t.Errorf("%s: %s", path, sqlerr.Render(err, text))
		}
		checkMeaning(t, text)
	}
}

var places = regexp.MustCompile(` @\d+-\d+`)

func checkMeaning(t *testing.T, text string) {
	t.Helper()
	statements, err := Parse(text)
	if err != nil {
		return // the file holds errors too
	}
	for _, s := range statements {
		checkSpans(t, text, s)
		walk(reflect.ValueOf(s), func(v reflect.Value) {
			switch n := v.Interface().(type) {
			case *Query:
				part := text[n.Source.Start:n.Source.End]
				again, err := Parse(part)
				if err != nil || len(again) != 1 || shape(again[0]) != shape(n) {
					t.Errorf("%q: the query's span is %q, which is another query (%v)", text, part, err)
				}
			case Expr:
				checkExprMeaning(t, text, n)
			}
		})
	}
}

func checkExprMeaning(t *testing.T, text string, e Expr) {
	t.Helper()
	part := text[e.Span().Start:e.Span().End]
	switch e := e.(type) {
	case *Default, *Grouping: // no expressions of their own
		return
	case *Literal:
		if part == "" || e.Kind == String && !strings.Contains(part, "'") && part[0] != '$' || part[0]|0x20 == 'n' {
			return // FETCH FIRST ROW; EXTRACT's field, SET's words; n'x' is a cast of itself
		}
	case *Cast:
		if e.Type.Source.IsZero() { // the grammar's own, in SUBSTRING(x FOR n)
			return
		}
	case *FuncCall:
		if e.Name.Last().Text == "is_normalized" { // x IS NOT NORMALIZED: the NOT around it has the same text
			return
		}
	case *Star:
		if part == "" { // TABLE t
			return
		}
	case *Array:
		if part[0] == '[' { // the inner ones of ARRAY[[1], [2]]
			return
		}
	}
	again, err := Parse("select " + part)
	if err != nil {
		t.Errorf("%q: %T has the span %q: %s", text, e, part, err)
		return
	}
	items := again[0].(*Query).Body.(*Select).Items
	if len(items) != 1 || items[0].Alias.Text != "" {
		t.Errorf("%q: %T has the span %q, which is no single expression", text, e, part)
		return
	}
	if got, want := exprShape(items[0].Value), exprShape(e); got != want {
		t.Errorf("%q: %T has the span %q, which is\n%s, not\n%s", text, e, part, got, want)
	}
}

// shape is a tree without places.
func shape(s Statement) string { return places.ReplaceAllString(Format(s), "") }

func exprShape(e Expr) string {
	return shape(&Execute{Args: []Expr{e}})
}
