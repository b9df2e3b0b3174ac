package eval

import (
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

func TestFoldSimplifies(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"1 + 2 * 3", "7"},
		{"1 / 0", "1 / 0"},
		{"$a > 1 + 1", "a > 2"},
		{"$a = 1 and true", "a = 1"},
		{"$a = 1 and false", "false"},
		{"$a = 1 and null::bool", "(a = 1) AND NULL"},
		{"$a = 1 or true", "true"},
		{"$a = 1 or false", "a = 1"},
		{"null::bool and null::bool", "NULL"},
		{"($a = 1 and $b = 2) and $c = 'x'", "(a = 1) AND (b = 2) AND (c = 'x')"},
		{"not (1 = 1)", "false"},
		{"$a + null", "NULL"},
		{"coalesce(null, $a, 1)", "coalesce(a, 1)"},
		{"coalesce(1, $a)", "1"},
		{"coalesce(null, $a)", "a"},
		{"case when false then $a when true then 2 else 3 end", "2"},
		{"case when $a = 1 then 1 when true then 2 else 3 end", "CASE WHEN a = 1 THEN 1 ELSE 2 END"},
		{"case when false then 1 end", "NULL"},
		{"case when $a = 1 then 1 / 0 else 2 end", "CASE WHEN a = 1 THEN 1 / 0 ELSE 2 END"},
		{"date '1994-01-01' + interval '1 year'", "timestamp '1995-01-01 00:00:00'"},
		{"$d < date '1994-01-01' + interval '1 year'", "d < date '1995-01-01'"},
		{"$d >= timestamp '1994-01-01 12:00'", "d > date '1994-01-01'"},
		{"$d < timestamp '1994-01-01 12:00'", "d <= date '1994-01-01'"},
		{"timestamp '1994-01-01' <= $d", "d >= date '1994-01-01'"},
		{"$d = timestamp '1994-01-01 12:00'", "d::timestamp = timestamp '1994-01-01 12:00:00'"},
		{"$a > 5::int8", "a > 5"},
		{"$a > 5000000000", "a::bigint > 5000000000"},
		{"$a >= 1.5", "a > 1"},
		{"$a < -1.5", "a <= -2"},
		{"$a <> 2.0", "a <> 2"},
		{"$a = 1.5", "a::numeric(10,0) = 1.5"},
		{"upper('abc') || 'd'", "'ABCd'"},
		{"random() < 2", "random() < 2"},
	} {
		got, err := Fold(bound(t, c.text))
		if err != nil || got.String() != c.want {
			t.Errorf("%s\n got %v (%v)\nwant %s", c.text, got, err, c.want)
		}
	}
}

func TestWhatCannotFailIsKnown(t *testing.T) {
	for _, c := range []struct {
		text string
		want bool
	}{
		{"$a = 1", false}, {"$a + 1 = 2", true}, {"$b * (1 - $b) > 0", false}, {"$a / 2 = 1", false}, {"$a / $a = 1", true},
		{"$c like '%a'", false}, {"$c like $c", true}, {"substring($c, 1, 2) = 'a'", false}, {"substring($c, 1, $a) = 'a'", true},
		{"extract(year from $d) = 1995", false}, {"$b / 7.0 > 1", false}, {"$b / $b > 1", true}, {"$c::int4 = 1", true},
		{"$a::text = '1'", false}, {"$b::float8 > 1", false}, {"ln($e) > 1", true}, {"upper($c) = 'A'", false},
	} {
		e, err := Fold(bound(t, c.text))
		if err != nil || expr.CanFail(e) != c.want {
			t.Errorf("%s: can fail %v %v", c.text, expr.CanFail(e), err)
		}
	}
}

func TestDecimalsStayNarrowWhileTheyFit(t *testing.T) {
	money := expr.NumericOf(15, 2)
	fields := []expr.Field{{Type: money}, {Type: money}}
	product := bindCall("*", &expr.Column{ID: 0, Typ: money}, &expr.Column{ID: 1, Typ: money})
	v, err := New(product, fields, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b int64
		want vector.Kind
		text string
	}{
		{12345, 67890, vector.Int64, "83810.2050"},
		{999999999999999, -999999999999999, vector.Int128, "-99999999999999800000000000.0001"},
	} {
		out, err := v.Eval(vector.New([]vector.Column{vector.Flat(vector.Int64, []int64{c.a}, nil), vector.Flat(vector.Int64, []int64{c.b}, nil)}, 1))
		if err != nil || out.Kind != c.want {
			t.Fatalf("%v %v", out.Kind, err)
		}
		if got := expr.FormatValue(ValueAt(&out, 0, product.Type()), product.Type()); got != c.text {
			t.Errorf("%d * %d: got %s", c.a, c.b, got)
		}
	}
}

func TestDictionariesStayDictionaries(t *testing.T) {
	fields := []expr.Field{{Type: expr.Of(expr.Text)}}
	d := &vector.Dict{Values: ColumnOf([]expr.Value{expr.Str("a"), expr.Str("b")}, expr.Of(expr.Text))}
	in := vector.Column{Kind: vector.String, Width: 1, Len: 4, Data: []byte{0, 1, 1, 0}, Dict: d}
	v, err := New(bindCall("nullif", bindCall("upper", &expr.Column{Typ: expr.Of(expr.Text)}), expr.NewLiteral(expr.Str("B"), expr.Of(expr.Text))), fields, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var last *vector.Dict
	for range 3 {
		out, err := v.Eval(vector.New([]vector.Column{in}, 4))
		if err != nil || out.Dict == nil || out.Width != 1 {
			t.Fatalf("%+v %v", out, err)
		}
		if last != nil && out.Dict != last {
			t.Error("entries are computed again")
		}
		last = out.Dict
		got := ""
		for i := range 4 {
			got += expr.FormatValue(ValueAt(&out, i, expr.Of(expr.Text)), expr.Of(expr.Text)) + " "
		}
		if got != "A NULL NULL A " {
			t.Error(got)
		}
	}
}
