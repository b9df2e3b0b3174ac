package sql

import "testing"

func TestMaskedStatementsHoldNoConstants(t *testing.T) {
	for text, want := range map[string]string{
		"select  a.\"b c\" from t where x='secret' and y>=12.5e3":  `select a."b c" from t where x=? and y>=?`,
		"select 'it''s' -- my password\n'goes on', $1, $$secret$$": "select ?, $1, ?",
		"select E'\\'secret' || U&'\\0061' /* secret */ from x":    "select ? || ? from x",
		"select b'101', x'ff', interval '3 days'":                  "select ?, ?, interval ?",
		"select 'secret":                  "select ?",
		"select 1 /* secret":              "select ?",
		"select * from read_parquet('s')": "select * from read_parquet(?)",
		"":                                "",
	} {
		if got := Masked(text); got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}
