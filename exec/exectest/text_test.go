package exectest

import "testing"

func TestRowsComeBackAsTheyWereWritten(t *testing.T) {
	fields := Columns("a bool?, b int2, c numeric(15,2), d numeric(38,0), e float8, f text, g text?, h date, i timestamp, j interval, k time")
	const row = "true -3 -0.05 -99999999999999999999999999999999999999 NaN '' 'a b' 1969-12-31 '1992-01-02 03:04:05.5' -1/2/3000 23:59:59"
	if got := formatRow(parseRow(row, fields), fields); got != row {
		t.Errorf("row came back as\n%s, want\n%s", got, row)
	}
}

func TestApproximateRowsStillDiffer(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"1 x 0.3333333333333333", "1 x 0.33333333333333333333", true},
		{"1.0000000000001", "1.00000000000014", true},
		{"1.001", "1.0010000000000000", true},
		{"1.001", "1.0019", false},
		{"1 x", "1 y", false},
		{"1", "1 2", false},
		{"NaN", "0", false},
		{"NULL", "0", false},
		{"100000000001", "100000000002", false},
	} {
		if agree(c.a, c.b) != c.same {
			t.Errorf("%q and %q: agree is %v", c.a, c.b, !c.same)
		}
	}
}
