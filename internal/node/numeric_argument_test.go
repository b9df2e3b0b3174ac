package node

import (
	"strings"
	"testing"
)

// TestNumericArgumentsKeepTheirDigits holds that a numeric parameter takes any
// numeric, whatever the type it was described with, as in PostgreSQL.
func TestNumericArgumentsKeepTheirDigits(t *testing.T) {
	s := start(t, Config{Workers: 2, Threads: 2}, tables)
	c := connection(t, s, "")
	for _, test := range []struct {
		sql  string
		give []any
		want string
	}{
		{"select $1::numeric", []any{"0.12345678901234567"}, "0.12345678901234567"},
		{"select $1::numeric", []any{"12345678901234567890123456789012345678"}, "12345678901234567890123456789012345678"},
		{"select $1::numeric(10,2)", []any{"1.005"}, "1.01"},
		{"select $1::numeric, $2::numeric, $3::int8", []any{"0.12345678901234567", "2", 3}, "0.12345678901234567,2.0000000000,3"},
		{"select count(*) from numbers where n::numeric(10,2) = $1", []any{"7.001"}, "0"},
		{"select count(*) from numbers where n::numeric(10,2) < $1", []any{"7.001"}, "7"},
		{"select count(*) from numbers where n::numeric(10,2) <= $1", []any{"7"}, "7"},
		{"select count(*) from numbers where n::numeric(10,2) in ($1, 8)", []any{"7.001"}, "1"},
		{"select count(*) from numbers a join numbers b on a.n = b.n where a.n::numeric(10,2) > $1", []any{"99.999"}, "1"},
	} {
		if got := prepare(t, c, test.sql).must(test.give...); got != test.want {
			t.Errorf("%s with %v: %s, want %s", test.sql, test.give, got, test.want)
		}
	}
	p := prepare(t, c, "select $1::numeric")
	for _, text := range []string{"1.5", "0.12345678901234567", "1.5"} { // one handle, values of several scales
		if got := p.must(text); strings.TrimRight(got, "0") != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	for text, want := range map[string]string{"1234567890123456789012345678901234567890": "22003", "x": "22P02"} {
		if _, err := p.with(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := prepare(t, c, "select $1::numeric(4,2)").with("123.456"); err == nil || !strings.Contains(err.Error(), "22003") {
		t.Errorf("123.456 as numeric(4,2): %v", err)
	}
}
