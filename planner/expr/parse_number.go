package expr

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// decimalText is a number's text taken apart: digits × 10^-scale.
func decimalText(s string) (digits *big.Int, scale int, ok bool) {
	text := strings.Trim(s, " \t\n\r\f\v")
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(text[i+1:])
		if err != nil || e > 1000 || e < -1000 {
			return nil, 0, false
		}
		mantissa, exponent = text[:i], e
	}
	sign := mantissa != "" && (mantissa[0] == '-' || mantissa[0] == '+')
	negative := sign && mantissa[0] == '-'
	if sign {
		mantissa = mantissa[1:]
	}
	whole, frac, _ := strings.Cut(mantissa, ".")
	all := whole + frac
	if all == "" || strings.Trim(all, "0123456789") != "" {
		return nil, 0, false
	}
	digits, _ = new(big.Int).SetString(all, 10)
	if negative {
		digits.Neg(digits)
	}
	return digits, len(frac) - exponent, true
}

func parseNumeric(s string, t Type) (Value, error) {
	digits, scale, ok := decimalText(s)
	if !ok {
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "nan", "infinity", "-infinity", "+infinity", "inf", "-inf":
			return Value{}, sqlerr.New(sqlerr.FeatureNotSupported, "numeric %q is not supported", s).
				WithHint("Use double precision.")
		}
		return Value{}, invalidSyntax(s, t)
	}
	v, ok := fitDecimal(digits, scale, t)
	if !ok {
		return Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "numeric field overflow: %q does not fit %s", s, t)
	}
	return v, nil
}

// fitDecimal rounds digits × 10^-scale to t, halves away from zero; ok is false
// when it has too many digits.
func fitDecimal(digits *big.Int, scale int, t Type) (Value, bool) {
	d := new(big.Int).Set(digits)
	if up := int(t.Scale) - scale; up >= 0 {
		d.Mul(d, bigPow10(up))
	} else {
		p := bigPow10(-up)
		r := new(big.Int)
		d.QuoRem(d, p, r)
		if r.Abs(r).Lsh(r, 1).Cmp(p) >= 0 {
			d.Add(d, big.NewInt(int64(digits.Sign())))
		}
	}
	if d.CmpAbs(bigPow10(int(t.Precision))) >= 0 {
		return Value{}, false
	}
	return Decimal128(d)
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
	digits, scale, ok := decimalText(s)
	if !ok {
		return Type{}, false
	}
	n := len(new(big.Int).Abs(digits).String())
	if scale < 0 {
		n, scale = n-scale, 0
	}
	n = max(n, scale, 1)
	if n > MaxPrecision {
		significant := strings.Trim(new(big.Int).Abs(digits).String(), "0")
		return Of(Float8), len(significant) <= 17
	}
	return NumericOf(n, scale), true
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
		return Value{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "%q is out of range for type %s", s, bare(t))
	}
	return Float(f), nil
}

func mantissaOf(s string) string {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i]
	}
	return s
}
