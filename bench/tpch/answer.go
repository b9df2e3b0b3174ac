package tpch

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"math/big"
	"strings"
)

// answerFiles were made by answers/make.py with PostgreSQL and DuckDB, which
// agree on them, and at scale factor 1 they are the specification's answer set.
//
//go:embed answers/sf0.01/*.csv answers/sf1/*.csv
var answerFiles embed.FS

// Result is the answer of a query as text, NULL as the empty string.
type Result struct {
	Columns []string
	Rows    [][]string
}

// Answer returns the rows of query n with the parameters of Validation(n, sf),
// for the scale factors of which answers are stored: 0.01 and 1.
func Answer(n int, sf ScaleFactor) (*Result, bool) {
	text, err := answerFiles.ReadFile(fmt.Sprintf("answers/sf%s/q%02d.csv", sf, n))
	if err != nil {
		return nil, false
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || len(records) == 0 {
		return nil, false
	}
	return &Result{Columns: records[0], Rows: records[1:]}, true
}

// Compare says where rows differ from an answer; nil when they do not. The
// order of the rows counts: no answer has ties in its ORDER BY.
//
// It is stricter than clause 2.1.3.5. Counts and sums, which have up to six
// decimals, are exact. Averages and quotients have more; they are equal when
// they are after rounding to the smaller number of decimals, but at least six,
// give or take one in the last place, or to 12 significant digits, which
// doubles keep. Anything that is not a number is compared as text.
func Compare(rows [][]string, answer *Result) error {
	if len(rows) != len(answer.Rows) {
		return fmt.Errorf("%d rows, want %d", len(rows), len(answer.Rows))
	}
	for i, want := range answer.Rows {
		if len(rows[i]) != len(want) {
			return fmt.Errorf("row %d: %d columns, want %d", i+1, len(rows[i]), len(want))
		}
		for j := range want {
			if !sameValue(rows[i][j], want[j]) {
				return fmt.Errorf("row %d, %s: %q, want %q", i+1, answer.Columns[j], rows[i][j], want[j])
			}
		}
	}
	return nil
}

const (
	exactPlaces       = 6 // of sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)), the finest sum
	significantDigits = 12
)

func sameValue(got, want string) bool {
	if got == want {
		return true
	}
	if !isNumber(want) || !isNumber(got) {
		return false
	}
	x, okX := new(big.Rat).SetString(got)
	y, okY := new(big.Rat).SetString(want)
	if !okX || !okY {
		return false
	}
	if places(want) <= exactPlaces {
		return x.Cmp(y) == 0
	}
	difference := new(big.Rat).Sub(x, y)
	difference.Abs(difference)
	digits := new(big.Rat).Mul(new(big.Rat).Abs(y), powerOfTen(-significantDigits))
	if difference.Cmp(digits) <= 0 {
		return true
	}
	scale := max(exactPlaces, min(places(got), places(want)))
	apart := new(big.Int).Sub(rounded(x, scale), rounded(y, scale))
	return apart.CmpAbs(big.NewInt(1)) <= 0
}

// isNumber accepts what engines print for numbers and keeps out what only reads
// like one to package big: fractions, hexadecimals, Inf.
func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789.eE+-") == ""
}

// places counts the decimals that are printed; a number with an exponent is a
// double and has as many as its digits tell.
func places(text string) int {
	if strings.ContainsAny(text, "eE") {
		return significantDigits
	}
	_, fraction, _ := strings.Cut(text, ".")
	return len(fraction)
}

// rounded is x × 10^scale as an integer, halves away from zero.
func rounded(x *big.Rat, scale int) *big.Int {
	scaled := new(big.Rat).Mul(x, powerOfTen(scale))
	integer, _ := new(big.Int).SetString(scaled.FloatString(0), 10)
	return integer
}

func powerOfTen(n int) *big.Rat {
	power := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil))
	if n < 0 {
		power.Inv(power)
	}
	return power
}
