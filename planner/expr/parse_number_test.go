package expr

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// TestNumeralsKeepFewDigits holds that big integers are never made of more digits
// than a numeric has, however many are written: that takes more than linear time.
func TestNumeralsKeepFewDigits(t *testing.T) {
	many := strings.Repeat("7", 100_000)
	for _, text := range []string{many, "." + many, many + "." + many, "-" + many + "e-999", "0." + many + "e900",
		strings.Repeat("0", 100_000) + "." + many, "1e1000", "1e-1000"} {
		n, ok := readNumeral(text)
		if !ok {
			t.Fatalf("%.20s…: no number", text)
		}
		for scale := range MaxPrecision + 1 {
			if digits, _, _ := n.kept(scale); len(digits) > MaxPrecision {
				t.Errorf("%.20s… at scale %d: %d digits are read", text, scale, len(digits))
			}
		}
	}
}

func TestNumeralsRoundHalvesAwayFromZero(t *testing.T) {
	for _, c := range []struct {
		text  string
		scale int
		want  string // the unscaled integer, "" when it is too large
	}{
		{"0", 2, "0"}, {"-0.00", 2, "0"}, {"1", 2, "100"}, {"1.005", 2, "101"}, {"-1.005", 2, "-101"}, {"1.00499999", 2, "100"},
		{"0.5", 0, "1"}, {"-0.5", 0, "-1"}, {"0.49", 0, "0"}, {"0.05", 0, "0"}, {"0.09", 0, "0"}, {"9.995", 2, "1000"},
		{"1e3", 0, "1000"}, {"12e-1", 0, "1"}, {"15e-1", 0, "2"}, {"5e-1000", 38, "0"}, {"1e38", 0, ""}, {"1e37", 0, "1" + strings.Repeat("0", 37)},
		{strings.Repeat("9", 38) + ".5", 0, "1" + strings.Repeat("0", 38)}, {strings.Repeat("9", 39), 0, ""}, {"1", 38, ""},
		{"000000000000000000000000000000000000000000001.5", 1, "15"},
	} {
		n, ok := readNumeral(c.text)
		if !ok {
			t.Fatalf("%s: no number", c.text)
		}
		d, ok := n.unscaled(c.scale)
		if !ok && c.want == "" {
			continue
		}
		if !ok || d.String() != c.want {
			t.Errorf("%s at scale %d: %v, want %q", c.text, c.scale, d, c.want)
		}
	}
}

// TestNumeralsOfAnyFormReadBack holds that a number written with zeros and an
// exponent around it is the same number.
func TestNumeralsOfAnyFormReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		text := strings.Repeat("0", r.IntN(3)) + string(rune('1'+r.IntN(9))) + strings.Repeat(string(rune('0'+r.IntN(10))), r.IntN(20))
		plain, _ := readNumeral(text)
		moved, _ := readNumeral("0." + text + "e" + strings.Repeat("0", r.IntN(3)) + strconv.Itoa(len(text)))
		for scale := range 10 {
			a, _ := plain.unscaled(scale)
			b, _ := moved.unscaled(scale)
			if a.Cmp(b) != 0 {
				t.Fatalf("%s at scale %d: %v and %v", text, scale, a, b)
			}
		}
	}
}

func TestExactNumeralsLoseNoDigits(t *testing.T) {
	to := NumericOf(MaxPrecision, 10)
	for text, exact := range map[string]bool{"0.1234567891": true, "0.12345678910000": true, "1e-10": true, "-1.5e3": true, "0": true, "0e-99": true,
		"0.12345678912": false, "1e-11": false, "-0.00000000004": false, "12345678901234567890123456789": false, "x": false} {
		v, err := ParseExact(text, to)
		if (err == nil) != exact {
			t.Errorf("%s: %v", text, err)
		}
		if rounded, err := ParseValue(text, to); exact && (err != nil || !rounded.Identical(v)) {
			t.Errorf("%s is read as %v and as %v", text, v, rounded)
		}
	}
}
