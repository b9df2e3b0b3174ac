package expr

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// numeral is a number's text taken apart: ±digits × 10^-scale.
type numeral struct {
	digits   string // without leading zeros; empty for zero
	scale    int
	negative bool
}

// readNumeral takes a text apart without computing with it: it may have millions
// of digits, and big integers are read and written in more than linear time.
func readNumeral(s string) (n numeral, ok bool) {
	text := strings.Trim(s, " \t\n\r\f\v")
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(text[i+1:])
		if err != nil || e > 1000 || e < -1000 {
			return n, false
		}
		mantissa, exponent = text[:i], e
	}
	sign := mantissa != "" && (mantissa[0] == '-' || mantissa[0] == '+')
	n.negative = sign && mantissa[0] == '-'
	if sign {
		mantissa = mantissa[1:]
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	all := whole + frac
	if all == "" || strings.Trim(all, "0123456789") != "" {
		return n, false
	}
	n.digits, n.scale = strings.TrimLeft(all, "0"), len(frac)-exponent
	return n, true
}

// kept is the digits of the number × 10^scale before the point, at most 38, and
// whether the next one rounds them up; ok is false when there are more.
func (n numeral) kept(scale int) (digits string, up, ok bool) {
	keep := len(n.digits) - n.scale + scale
	switch {
	case n.digits == "" || keep < 0:
		return "", false, true
	case keep > MaxPrecision:
		return "", false, false
	case keep >= len(n.digits):
		return n.digits + strings.Repeat("0", keep-len(n.digits)), false, true
	}
	return n.digits[:keep], n.digits[keep] >= '5', true
}

// unscaled is the number × 10^scale, rounded, halves away from zero; ok is false
// when it has more than 38 digits before that.
func (n numeral) unscaled(scale int) (_ *big.Int, ok bool) {
	digits, up, ok := n.kept(scale)
	if !ok {
		return nil, false
	}
	d, _ := new(big.Int).SetString("0"+digits, 10)
	if up {
		d.Add(d, big.NewInt(1))
	}
	if n.negative {
		d.Neg(d)
	}
	return d, true
}

func parseNumeric(s string, t Type) (Value, error) {
	n, ok := readNumeral(s)
	if !ok {
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "nan", "infinity", "-infinity", "+infinity", "inf", "-inf":
			return Value{}, sqlerr.New(sqlerr.FeatureNotSupported, "numeric %q is not supported", s).
				WithHint("Use double precision.")
		}
		return Value{}, invalidSyntax(s, t)
	}
	d, ok := n.unscaled(int(t.Scale))
	if !ok || d.CmpAbs(bigPow10(int(t.Precision))) >= 0 {
		return Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "numeric field overflow: %q does not fit %s", Excerpt(s), t)
	}
	v, _ := Decimal128(d) // at most 38 digits fit
	return v, nil
}

// ParseExact reads a number as a numeric t that holds all of its digits: what
// ParseValue would round away is an error.
func ParseExact(s string, t Type) (Value, error) {
	v, err := parseNumeric(s, t)
	if err != nil {
		return v, err
	}
	n, _ := readNumeral(s)
	if keep := max(len(n.digits)-n.scale+int(t.Scale), 0); keep < len(n.digits) && strings.Trim(n.digits[keep:], "0") != "" {
		return v, sqlerr.New(sqlerr.NumericValueOutOfRange, "value %q has more digits after the point than the %d of %s", Excerpt(s), t.Scale, t).
			WithHint("All values of a column have one scale. Choose it by a cast to numeric(precision, scale), which rounds.")
	}
	return v, nil
}

func bigPow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// LiteralType is the type of a number as it is written: integer, bigint or
// numeric with the literal's own digits; double precision when it has more than 38
// of them, of which no more than 17 are significant (1e308). ok is false for more
// digits than that, and for what is no number.
func LiteralType(s string) (_ Type, ok bool) {
	if v, err := strconv.ParseInt(s, 10, 64); err == nil {
		if v == int64(int32(v)) {
			return Of(Int4), true
		}
		return Of(Int8), true
	}
	d, ok := readNumeral(s)
	if !ok {
		return Type{}, false
	}
	n, scale := len(d.digits), d.scale
	if scale < 0 {
		n, scale = n-scale, 0
	}
	n = max(n, scale, 1)
	if n > MaxPrecision {
		return Of(Float8), len(strings.TrimRight(d.digits, "0")) <= 17
	}
	return NumericOf(n, scale), true
}

// DigitsType is the type of a numeric value that is given by its digits, in S, since
// the type it was meant to have does not hold them; ok is false for others.
func DigitsType(v Value) (_ Type, ok bool) {
	if v.Null || v.S == "" {
		return Type{}, false
	}
	t, ok := LiteralType(v.S)
	return NumericFor(t), ok && t.Kind != Float8 // that has too many digits
}

func parseFloat(s string, t Type) (Value, error) {
	bits := 64
	if t.Kind == Float4 {
		bits = 32
	}
	text := strings.Trim(s, " \t\n\r\f\v")
	switch strings.ToLower(text) {
	case "nan":
		return Float(math.NaN()), nil
	case "infinity", "inf", "+infinity", "+inf":
		return Float(math.Inf(1)), nil
	case "-infinity", "-inf":
		return Float(math.Inf(-1)), nil
	}
	if hex := strings.TrimLeft(strings.ToLower(text), "+-"); strings.HasPrefix(hex, "0x") && !strings.Contains(hex, "p") {
		text += "p0" // strtod does not ask for the exponent
	} else if text == "" || strings.Trim(text, "0123456789+-.eE") != "" {
		return Value{}, invalidSyntax(s, t)
	}
	f, err := strconv.ParseFloat(text, bits)
	if errors.Is(err, strconv.ErrSyntax) {
		return Value{}, invalidSyntax(s, t)
	}
	if err != nil || f == 0 && strings.ContainsAny(mantissaOf(text), "123456789") {
		return Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "%q is out of range for type %s", Excerpt(s), bare(t))
	}
	return Float(f), nil
}

func mantissaOf(s string) string {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i]
	}
	return s
}
