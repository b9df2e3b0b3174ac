package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"
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
	if from.IsString() && !to.IsString() && !to.IsNested() {
		return expr.ParseValue(v.S, to)
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

func outOfRange(to expr.Type) error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", to)
}

func toBool(v expr.Value, from, to expr.Type) (expr.Value, error) {
	switch {
	case from.Kind == expr.Bool:
		return v, nil
	case from.IsInteger():
		return expr.BoolValue(v.I != 0), nil
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
		return expr.ParseValue(strconv.FormatFloat(v.F, 'e', digits-1, 64), to)
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

func toFloat(v expr.Value, from, to expr.Type) (expr.Value, error) {
	var f float64
	switch {
	case from.Kind == expr.Float4 || from.Kind == expr.Float8:
		f = v.F
	case from.IsInteger():
		f = float64(v.I)
	case from.Kind == expr.Numeric:
		return expr.ParseValue(expr.FormatValue(v, from), to)
	default:
		return v, cannotCast(from, to)
	}
	if to.Kind == expr.Float4 && !math.IsInf(f, 0) {
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

// toTime converts among dates, times and timestamps; the session's zone is UTC.
func toTime(v expr.Value, from, to expr.Type) (expr.Value, error) {
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
