package logictest

import "testing"

func text(s string) Value { return Value{Text: s} }

func TestValuesAreComparedByTheirType(t *testing.T) {
	cases := []struct {
		typ, want, got string
		equal          bool
	}{
		{"int4", "1", "1", true},
		{"int4", "1", "01", false},
		{"text", "1.0", "1.00", false},
		{"bool", "t", "true", false},
		{"timestamp", "2024-01-01 00:00:00", "2024-01-01", false},

		{"float8", "0.1", "0.10000000000000001", true},
		{"float8", "3", "3.0000000001", false},
		{"float8", "-3", "3", false},
		{"float8", "0", "-0", false},
		{"float8", "0", "1e-300", false},
		{"float8", "NaN", "NaN", true},
		{"float8", "NaN", "1", false},
		{"float8", "Infinity", "1.7976931348623157e+308", false},
		{"float4", "3", "3.00001", true},
		{"float4", "3", "3.0001", false},

		{"numeric", "1.5", "1.50", true},
		{"numeric", "2", "1.5", false},
		{"numeric", "2", "2.4", false},
		{"numeric", "1.5", "1.49", false},
		{"numeric", "0.66666666666666666667", "0.6666666666666667", true},
		{"numeric", "0.66666666666666666667", "0.6666666666666666", false},
		{"numeric", "0.6667", "0.6666666666666667", false},
		{"numeric", "33333333333333333333", "33333333333333333333.3333333333333333", true},
		{"numeric", "33333333333333333334", "33333333333333333333.5000000000000000", true},
		{"numeric", "-33333333333333333334", "-33333333333333333333.5000000000000000", true},
		{"numeric", "33333333333333333333", "33333333333333333333.5000000000000000", false},
		{"numeric", "NaN", "NaN", true},
		{"numeric", "NaN", "0", false},
	}
	for _, c := range cases {
		if equalValues(text(c.want), text(c.got), c.typ) != c.equal {
			t.Errorf("%s: %s and %s: equal must be %t", c.typ, c.want, c.got, c.equal)
		}
		if c.typ != "numeric" && equalValues(text(c.got), text(c.want), c.typ) != c.equal {
			t.Errorf("%s: %s and %s: not symmetric", c.typ, c.got, c.want)
		}
	}
}

func TestNullEqualsOnlyNull(t *testing.T) {
	null := Value{Null: true}
	if !equalValues(null, null, "text") || equalValues(null, Value{}, "text") || equalValues(text("NULL"), null, "text") {
		t.Error("NULL, the empty string and the word NULL must be three values")
	}
}

func TestRowSortPairsRowsDespiteInexactDigits(t *testing.T) {
	types := []string{"numeric", "float8", "text"}
	want := [][]Value{
		{text("10.00"), text("0.1"), text("b")},
		{text("9.50"), text("-0"), text("a")},
		{text("9.50"), text("0"), text("a")},
		{Value{Null: true}, text("2"), text("a")},
		{text("1000000.02"), text("1"), text("c")},
		{text("1000000.01"), text("1"), text("c")},
	}
	got := [][]Value{
		{text("1000000.010"), text("1"), text("c")},
		{text("9.5"), text("0"), text("a")},
		{text("1000000.020"), text("1"), text("c")},
		{Value{Null: true}, text("2.0000000000000001"), text("a")},
		{text("10.0"), text("0.10000000000000001"), text("b")},
		{text("9.5"), text("-0"), text("a")},
	}
	w, _ := sorted(want, types, rowSort)
	g, _ := sorted(got, types, rowSort)
	if d := diff(w, g, types); d != "" {
		t.Error(d)
	}
	got[0][0] = text("1000000.02")
	g, _ = sorted(got, types, rowSort)
	if diff(w, g, types) == "" {
		t.Error("a doubled row must differ")
	}
}

func TestValuesSurviveTheirWrittenForm(t *testing.T) {
	for _, s := range []string{"", "NULL", "(empty)", `\`, `\n`, "a\tb\nc\rd", " ", "  ", " x ", `\NULL`, `\x00`, "ä", `a\\b`} {
		if got := decode(encode(text(s), "text"), "text"); got != text(s) {
			t.Errorf("%q came back as %q from %q", s, got.Text, encode(text(s), "text"))
		}
	}
	if got := decode(`\x5c6e`, "bytea"); got != text(`\x5c6e`) {
		t.Errorf("bytea came back as %q", got.Text)
	}
	if got := encode(Value{Null: true}, "text"); got != "NULL" {
		t.Errorf("NULL is written %q", got)
	}
}

func TestDiffShowsEachPlaceWithItsNeighbours(t *testing.T) {
	rows := func(s string) (rows [][]Value) {
		for _, c := range s {
			rows = append(rows, []Value{text(string(c))})
		}
		return rows
	}
	got := diff(rows("abcdefgh"), rows("abXdefh"), []string{"text"})
	want := "  b\n- c\n+ X\n  d\n  f\n- g\n  h\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
