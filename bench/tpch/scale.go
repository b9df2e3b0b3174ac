package tpch

import (
	"fmt"
	"math/bits"
	"strings"
)

// ScaleFactor is an exact positive decimal. The reference tools multiply in
// floating point, which loses a row at some fractions (0.29 × 150,000 is
// 43,499.99… there); here row counts are the exact product, rounded down.
//
// The zero value is not a scale factor; use ParseScaleFactor.
type ScaleFactor struct {
	unscaled int64 // value × 10^places
	places   int
}

const (
	maxScalePlaces = 9
	// Beyond 10 TB keys outgrow the 31-bit random streams. The reference tools
	// then use streams that cannot skip, so that their rows depend on how the
	// output was split.
	maxScale = 10_000
)

// ParseScaleFactor reads "1", "0.01", "300". At most nine decimals and ten
// thousand.
func ParseScaleFactor(text string) (ScaleFactor, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := whole + fraction
	if whole+fraction == "" && !strings.Contains(text, "0") || len(fraction) > maxScalePlaces || len(digits) > 18 {
		return ScaleFactor{}, badScale(text)
	}
	sf := ScaleFactor{places: len(fraction)}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return ScaleFactor{}, badScale(text)
		}
		sf.unscaled = sf.unscaled*10 + int64(c-'0')
	}
	if sf.unscaled == 0 || !sf.atMost(maxScale) {
		return ScaleFactor{}, badScale(text)
	}
	return sf, nil
}

func badScale(text string) error {
	return fmt.Errorf("tpch: scale factor %q: want a decimal above 0 and up to %d with at most %d places",
		text, maxScale, maxScalePlaces)
}

// UnmarshalText makes a ScaleFactor usable as a command-line flag.
func (sf *ScaleFactor) UnmarshalText(text []byte) error {
	parsed, err := ParseScaleFactor(string(text))
	if err == nil {
		*sf = parsed
	}
	return err
}

// MarshalText is the inverse of UnmarshalText.
func (sf ScaleFactor) MarshalText() ([]byte, error) { return []byte(sf.String()), nil }

// String gives the shortest decimal: "0.01", "1".
func (sf ScaleFactor) String() string {
	if sf.places == 0 {
		return fmt.Sprint(sf.unscaled)
	}
	digits := fmt.Sprintf("%0*d", sf.places+1, sf.unscaled)
	point := len(digits) - sf.places
	return digits[:point] + "." + digits[point:]
}

func (sf ScaleFactor) divisor() int64 {
	d := int64(1)
	for range sf.places {
		d *= 10
	}
	return d
}

func (sf ScaleFactor) atMost(limit int64) bool {
	return sf.unscaled <= limit*sf.divisor()
}

// times is base × sf, rounded down.
func (sf ScaleFactor) times(base int64) int64 {
	hi, lo := bits.Mul64(uint64(base), uint64(sf.unscaled))
	q, _ := bits.Div64(hi, lo, uint64(sf.divisor()))
	return int64(q)
}

// rows is times, but at least one row: the smaller tables refer to the larger
// ones, so an empty table would leave nothing to refer to.
func (sf ScaleFactor) rows(base int64) int64 { return max(1, sf.times(base)) }
