package value

import (
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

const microsPerDay = 86_400_000_000

// Convert casts a bound value to a parameter's type as PostgreSQL's assignment
// would. Clients choose Arrow types by their language's: a Go or Python program
// binds int64, float64 and text whatever the parameter is.
func Convert(v expr.Value, from, to expr.Type) (expr.Value, error) {
	if v.Null {
		return expr.Null, nil
	}
	switch to.Kind {
	case expr.Bool:
		return toBool(v, from, to)
	case expr.Int2, expr.Int4, expr.Int8:
		return toInteger(v, from, to)
	case expr.Numeric:
		return toNumeric(v, from, to)
	case expr.Float4, expr.Float8:
		return toFloat(v, from, to)
	case expr.Text, expr.Char:
		return toText(v, from, to)
	case expr.Bytea:
		return toBytes(v, from, to)
	case expr.Date, expr.Time, expr.Timestamp, expr.TimestampTZ:
		return toTime(v, from, to)
	case expr.List, expr.Struct, expr.Map:
		return toNested(v, from, to)
	}
	if from.Kind == to.Kind {
		return v, nil
	}
	return v, cannotCast(from, to)
}

func cannotCast(from, to expr.Type) error {
	return sqlerr.New(sqlerr.CannotCoerce, "cannot cast type %s to %s", from, to)
}

func invalidText(v expr.Value, to expr.Type) error {
	code := sqlerr.InvalidTextRepresent
	if to.Kind >= expr.Date && to.Kind <= expr.Interval {
		code = sqlerr.InvalidDatetimeFormat
	}
	return sqlerr.New(code, "invalid input syntax for type %s: %q", to, excerpt(v.S))
}

// excerpt is enough of a text to know it by.
func excerpt(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func outOfRange(to expr.Type) error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", to)
}

func toBool(v expr.Value, from, to expr.Type) (expr.Value, error) {
	switch {
	case from.Kind == expr.Bool:
		return v, nil
	case from.IsInteger():
		return expr.BoolValue(v.I != 0), nil
	case from.IsString():
		switch strings.ToLower(strings.TrimSpace(v.S)) {
		case "t", "true", "y", "yes", "on", "1":
			return expr.BoolValue(true), nil
		case "f", "false", "n", "no", "off", "0":
			return expr.BoolValue(false), nil
		}
		return v, invalidText(v, to)
	}
	return v, cannotCast(from, to)
}

func toInteger(v expr.Value, from, to expr.Type) (expr.Value, error) {
	var n int64
	switch {
	case from.IsInteger() || from.Kind == expr.Bool:
		n = v.I
	case from.Kind == expr.Numeric:
		whole := rescale(v.Big(), int(from.Scale), 0)
		if !whole.IsInt64() {
			return v, outOfRange(to)
		}
		n = whole.Int64()
	case from.Kind == expr.Float4 || from.Kind == expr.Float8:
		f := math.RoundToEven(v.F)
		if !(f >= -0x1p63 && f < 0x1p63) {
			return v, outOfRange(to)
		}
		n = int64(f)
	case from.IsString():
		var err error
		if n, err = strconv.ParseInt(strings.TrimSpace(v.S), 10, 64); err != nil {
			if strings.Contains(err.Error(), strconv.ErrRange.Error()) {
				return v, outOfRange(to)
			}
			return v, invalidText(v, to)
		}
	default:
		return v, cannotCast(from, to)
	}
	if to.Kind == expr.Int2 && int64(int16(n)) != n || to.Kind == expr.Int4 && int64(int32(n)) != n {
		return v, outOfRange(to)
	}
	return expr.Int(n), nil
}

// rescale gives an unscaled integer another scale, rounding halves away from zero.
func rescale(unscaled *big.Int, from, to int) *big.Int {
	ten := big.NewInt(10)
	if to >= from {
		return new(big.Int).Mul(unscaled, new(big.Int).Exp(ten, big.NewInt(int64(to-from)), nil))
	}
	divisor := new(big.Int).Exp(ten, big.NewInt(int64(from-to)), nil)
	q, r := new(big.Int).QuoRem(unscaled, divisor, new(big.Int))
	if r.Abs(r).Lsh(r, 1).Cmp(divisor) >= 0 {
		q.Add(q, big.NewInt(int64(unscaled.Sign())))
	}
	return q
}

func toNumeric(v expr.Value, from, to expr.Type) (expr.Value, error) {
	var unscaled *big.Int
	scale := int(to.Scale)
	switch {
	case from.IsInteger():
		unscaled = rescale(big.NewInt(v.I), 0, scale)
	case from.Kind == expr.Numeric:
		unscaled = rescale(v.Big(), int(from.Scale), scale)
	case from.Kind == expr.Float4 || from.Kind == expr.Float8:
		digits := 15 // what PostgreSQL keeps of a float8, and of a float4
		if from.Kind == expr.Float4 {
			digits = 6
		}
		if math.IsNaN(v.F) || math.IsInf(v.F, 0) {
			return v, outOfRange(to)
		}
		unscaled, _ = parseDecimal(strconv.FormatFloat(v.F, 'e', digits-1, 64), scale)
	case from.IsString():
		var ok bool
		if unscaled, ok = parseDecimal(strings.TrimSpace(v.S), scale); !ok {
			return v, invalidText(v, to)
		}
	default:
		return v, cannotCast(from, to)
	}
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(to.Precision)), nil)
	if new(big.Int).Abs(unscaled).Cmp(limit) >= 0 {
		return v, sqlerr.New(sqlerr.NumericValueOutOfRange, "numeric field overflow: %s holds %d digits before the point", to, to.Precision-to.Scale)
	}
	out, _ := expr.Decimal128(unscaled) // at most 38 digits fit
	return out, nil
}

// parseDecimal reads a decimal number with an optional exponent at a scale.
func parseDecimal(s string, scale int) (unscaled *big.Int, ok bool) {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(s[i+1:]); err != nil || exponent < -1000 || exponent > 1000 {
			return nil, false
		}
		mantissa = s[:i]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole, "+-") + fraction
	if digits == "" || len(digits) > 1000 || strings.Trim(digits, "0123456789") != "" || len(whole)-len(strings.TrimLeft(whole, "+-")) > 1 {
		return nil, false
	}
	n, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return nil, false
	}
	if strings.HasPrefix(whole, "-") {
		n.Neg(n)
	}
	return rescale(n, len(fraction)-exponent, scale), true
}

func toFloat(v expr.Value, from, to expr.Type) (expr.Value, error) {
	width := 64
	if to.Kind == expr.Float4 {
		width = 32
	}
	var f float64
	switch {
	case from.Kind == expr.Float4 || from.Kind == expr.Float8:
		f = v.F
	case from.IsInteger():
		f = float64(v.I)
	case from.Kind == expr.Numeric || from.IsString():
		var err error
		f, err = strconv.ParseFloat(strings.TrimSpace(expr.FormatValue(v, from)), width)
		if err != nil && math.IsInf(f, 0) {
			return v, outOfRange(to)
		}
		if err != nil {
			return v, invalidText(v, to)
		}
	default:
		return v, cannotCast(from, to)
	}
	if width == 32 && !math.IsInf(f, 0) {
		if f = float64(float32(f)); math.IsInf(f, 0) {
			return v, outOfRange(to)
		}
	}
	return expr.Float(f), nil
}

func toText(v expr.Value, from, to expr.Type) (expr.Value, error) {
	s := v.S
	if !from.IsString() {
		s = expr.FormatValue(v, from)
	}
	if !utf8.ValidString(s) {
		return v, sqlerr.New("22021", "invalid byte sequence for encoding \"UTF8\"")
	}
	if n := int(to.Length); n > 0 && utf8.RuneCountInString(strings.TrimRight(s, " ")) > n {
		return v, sqlerr.New(sqlerr.StringDataRightTrunc, "value too long for type %s", to)
	}
	return expr.Str(s), nil
}

func toBytes(v expr.Value, from, to expr.Type) (expr.Value, error) {
	switch {
	case from.Kind == expr.Bytea:
		return v, nil
	case from.IsString() && strings.HasPrefix(v.S, `\x`):
		b, err := hex.DecodeString(v.S[2:])
		if err != nil {
			return v, invalidText(v, to)
		}
		return expr.Str(string(b)), nil
	case from.IsString():
		return v, nil
	}
	return v, cannotCast(from, to)
}

// toTime converts among dates, times and timestamps; the session's zone is UTC.
func toTime(v expr.Value, from, to expr.Type) (expr.Value, error) {
	if from.IsString() {
		return parseTime(v, to)
	}
	stamp := func(k expr.Kind) bool { return k == expr.Timestamp || k == expr.TimestampTZ }
	switch {
	case from.Kind == to.Kind, stamp(from.Kind) && stamp(to.Kind):
		return v, nil
	case from.Kind == expr.Date && stamp(to.Kind):
		return expr.Int(v.I * microsPerDay), nil
	case stamp(from.Kind) && to.Kind == expr.Date:
		return expr.Int(floorDiv(v.I, microsPerDay)), nil
	case stamp(from.Kind) && to.Kind == expr.Time:
		return expr.Int(v.I - floorDiv(v.I, microsPerDay)*microsPerDay), nil
	}
	return v, cannotCast(from, to)
}

// parseTime reads ISO 8601 text, as drivers write dates and times: a T or a blank
// between date and time, fractions, a zone.
func parseTime(v expr.Value, to expr.Type) (expr.Value, error) {
	s := strings.TrimSpace(v.S)
	if to.Kind == expr.Time {
		for _, layout := range [...]string{"15:04:05", "15:04"} {
			if t, err := time.Parse(layout, s); err == nil {
				return expr.Int(t.Sub(t.Truncate(24 * time.Hour)).Microseconds()), nil
			}
		}
		return v, invalidText(v, to)
	}
	if len(s) > 10 && (s[10] == 'T' || s[10] == 't') {
		s = s[:10] + " " + s[11:]
	}
	for _, layout := range [...]string{"2006-01-02", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00",
		"2006-01-02 15:04:05Z07", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if to.Kind == expr.Timestamp || to.Kind == expr.Date { // PostgreSQL ignores a zone here
			t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
		}
		us := t.UnixMicro()
		if to.Kind == expr.Date {
			us = floorDiv(us, microsPerDay)
		}
		return expr.Int(us), nil
	}
	return v, invalidText(v, to)
}

func toNested(v expr.Value, from, to expr.Type) (expr.Value, error) {
	if from.Kind != to.Kind || to.Kind == expr.Struct && len(v.Elems) != len(to.Nested.Fields) {
		return v, cannotCast(from, to)
	}
	out := expr.Value{Elems: make([]expr.Value, len(v.Elems))}
	for i, e := range v.Elems {
		f, t := from.Nested.Elem, to.Nested.Elem
		switch to.Kind {
		case expr.Struct:
			f, t = from.Nested.Fields[i].Type, to.Nested.Fields[i].Type
		case expr.Map:
			f, t = from.Nested.Fields[i%2].Type, to.Nested.Fields[i%2].Type
		}
		var err error
		if out.Elems[i], err = Convert(e, f, t); err != nil {
			return v, err
		}
	}
	return out, nil
}
