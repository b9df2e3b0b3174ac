package logictest

import (
	"cmp"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// The relative differences that floats may have: sums depend on the order of
// their terms, and libm differs between platforms in the last digits.
const (
	float8Tolerance = 1e-12
	float4Tolerance = 1e-5
)

// A numeric of fewer digits than these must be met exactly. PostgreSQL's
// quotients, averages and roots have at least sixteen significant digits
// (NUMERIC_MIN_SIG_DIGITS; one is lost to roots), Skein's sixteen decimals.
const (
	minDigits   = 15
	minDecimals = 16
)

// family maps the type names that Arrow cannot tell apart to one.
func family(typ string) string {
	switch typ {
	case "varchar", "bpchar", "name", "unknown":
		return "text"
	}
	return typ
}

// sameType reports whether a result's column type is the expected one.
func sameType(want, got string) bool { return family(want) == family(got) }

// equalRows compares two rows of the given types.
func equalRows(want, got []Value, types []string) bool {
	if len(want) != len(got) || len(want) != len(types) {
		return false
	}
	for i := range want {
		if !equalValues(want[i], got[i], types[i]) {
			return false
		}
	}
	return true
}

func equalValues(want, got Value, typ string) bool {
	if want.Null || got.Null {
		return want.Null == got.Null
	}
	if want.Text == got.Text {
		return true
	}
	switch typ {
	case "float8":
		return closeFloats(want.Text, got.Text, float8Tolerance)
	case "float4":
		return closeFloats(want.Text, got.Text, float4Tolerance)
	case "numeric":
		return closeNumerics(want.Text, got.Text)
	}
	return false
}

// closeFloats compares finite numbers other than zero; NaN, infinities and
// the two zeros are equal only as text.
func closeFloats(want, got string, tolerance float64) bool {
	w, errW := strconv.ParseFloat(want, 64)
	g, errG := strconv.ParseFloat(got, 64)
	if errW != nil || errG != nil || math.IsInf(w, 0) || math.IsInf(g, 0) || w == 0 || g == 0 {
		return false
	}
	return math.Abs(w-g) <= tolerance*max(math.Abs(w), math.Abs(g))
}

// closeNumerics compares after rounding both to the smaller scale. Digits may
// only be rounded away where the shorter one shows that it is the end of a
// quotient: it has minDigits significant digits or minDecimals decimals.
// Otherwise 1.5 would pass for 2.
func closeNumerics(want, got string) bool {
	w, okW := parseDecimal(want)
	g, okG := parseDecimal(got)
	if !okW || !okG {
		return false
	}
	short, long := w, g
	if short.scale > long.scale {
		short, long = long, short
	}
	if short.widen(long.scale).Cmp(long.unscaled) == 0 {
		return true
	}
	digits := len(new(big.Int).Abs(short.unscaled).String())
	return (digits >= minDigits || short.scale >= minDecimals) &&
		long.round(short.scale).Cmp(short.unscaled) == 0
}

// decimal is unscaled × 10^-scale.
type decimal struct {
	unscaled *big.Int
	scale    int
}

func parseDecimal(text string) (decimal, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	n, ok := new(big.Int).SetString(whole+fraction, 10)
	return decimal{n, len(fraction)}, ok
}

// widen gives the unscaled value at a larger scale.
func (d decimal) widen(scale int) *big.Int {
	return new(big.Int).Mul(d.unscaled, pow10(scale-d.scale))
}

// round gives the unscaled value at a smaller scale, halves away from zero as
// PostgreSQL rounds.
func (d decimal) round(scale int) *big.Int {
	unit := pow10(d.scale - scale)
	q, r := new(big.Int).QuoRem(d.unscaled, unit, new(big.Int))
	if r.Lsh(r.Abs(r), 1).Cmp(unit) >= 0 {
		q.Add(q, big.NewInt(int64(d.unscaled.Sign())))
	}
	return q
}

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// sorted brings rows into the order in which they are compared; valuesort
// makes every value a row of its own and types shrinks with it.
func sorted(rows [][]Value, types []string, mode sortMode) ([][]Value, []string) {
	switch mode {
	case noSort:
		return rows, types
	case valueSort:
		flat := make([][]Value, 0, len(rows)*len(types))
		for _, row := range rows {
			for _, v := range row {
				flat = append(flat, []Value{v})
			}
		}
		rows, types = flat, types[:min(1, len(types))]
	default:
		rows = slices.Clone(rows)
	}
	slices.SortStableFunc(rows, func(a, b []Value) int { return compareRows(a, b, types) })
	return rows, types
}

// compareRows orders by the exact columns first, so that two rows which differ
// in them never change places because of an inexact one.
func compareRows(a, b []Value, types []string) int {
	if len(a) != len(b) || len(a) != len(types) {
		return cmp.Compare(len(a), len(b))
	}
	for _, inexact := range []bool{false, true} {
		for i, typ := range types {
			number := typ == "float4" || typ == "float8" || typ == "numeric"
			if number != inexact {
				continue
			}
			if c := compareValues(a[i], b[i], number); c != 0 {
				return c
			}
		}
	}
	return 0
}

// compareValues orders numbers by value; the two zeros differ, 1.5 and 1.50 do not.
func compareValues(a, b Value, number bool) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null:
		return 1
	case b.Null:
		return -1
	}
	if !number {
		return cmp.Compare(a.Text, b.Text)
	}
	if x, ok := parseDecimal(a.Text); ok {
		if y, ok := parseDecimal(b.Text); ok && (x.unscaled.Sign() != 0 || y.unscaled.Sign() != 0) {
			scale := max(x.scale, y.scale)
			return x.widen(scale).Cmp(y.widen(scale))
		}
	}
	x, errX := strconv.ParseFloat(a.Text, 64)
	y, errY := strconv.ParseFloat(b.Text, 64)
	if errX != nil || errY != nil {
		return cmp.Compare(a.Text, b.Text)
	}
	return cmp.Or(cmp.Compare(x, y), cmp.Compare(math.Copysign(1, x), math.Copysign(1, y)))
}
