package sql

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/skein-query/skein/internal/sqlerr"
)

// TestParse runs the files of testdata/parse. parse prints the tree, spans every
// expression, table and query with the text it stands for, params the greatest
// parameter number, complete whether a shell may send the text.
func TestParse(t *testing.T) {
	datadriven.Walk(t, "testdata/parse", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "complete" {
				return fmt.Sprintln(Complete(d.Input))
			}
			statements, err := Parse(d.Input)
			if err != nil {
				return sqlerr.Render(err, d.Input) + "\n"
			}
			var b strings.Builder
			for _, s := range statements {
				checkSpans(t, d.Input, s)
				switch d.Cmd {
				case "parse":
					b.WriteString(Format(s))
				case "spans":
					b.WriteString(spanTexts(d.Input, s))
				case "params":
					fmt.Fprintln(&b, Params(s))
				default:
					t.Fatalf("unknown command %q", d.Cmd)
				}
			}
			return b.String()
		})
	})
}

// spanTexts prints the text under each node's span, a node a line.
func spanTexts(text string, s Statement) string {
	var b strings.Builder
	walk(reflect.ValueOf(s), func(v reflect.Value) {
		n, ok := v.Interface().(interface{ Span() sqlerr.Span })
		if !ok {
			return
		}
		span := n.Span()
		fmt.Fprintf(&b, "%-16s %s\n", v.Elem().Type().Name(), text[span.Start:span.End])
	})
	return b.String()
}

// checkSpans holds the invariants of doc.go: a span lies within the text, begins
// and ends at tokens, and covers the spans of the children.
func checkSpans(t *testing.T, text string, s Statement) {
	t.Helper()
	tokens, err := scan(text)
	if err != nil {
		t.Fatal(err)
	}
	starts, ends := map[int32]bool{}, map[int32]bool{}
	for _, k := range tokens {
		starts[k.start], ends[k.end] = true, true
	}
	checkNode(t, text, reflect.ValueOf(s), sqlerr.Span{End: int32(len(text))}, func(span sqlerr.Span) bool {
		return starts[span.Start] && ends[span.End]
	})
}

func checkNode(t *testing.T, text string, v reflect.Value, outer sqlerr.Span, onTokens func(sqlerr.Span) bool) {
	t.Helper()
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			checkNode(t, text, v.Elem(), outer, onTokens)
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkNode(t, text, v.Index(i), outer, onTokens)
		}
	case reflect.Struct:
		if loc := v.FieldByName("Loc"); loc.IsValid() {
			span := loc.Interface().(Loc).Source
			if span != (sqlerr.Span{}) {
				if span.Start < outer.Start || span.End > outer.End || span.Start >= span.End {
					t.Fatalf("%q: %s has span %v outside of %v", text, v.Type().Name(), span, outer)
				}
				if !onTokens(span) {
					t.Fatalf("%q: %s has span %v, which cuts a token", text, v.Type().Name(), span)
				}
				outer = span
			}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Loc" {
				checkNode(t, text, v.Field(i), outer, onTokens)
			}
		}
	}
}
