package expr

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// ParseValue reads text as a value of type t, as PostgreSQL's input functions do.
// Errors: invalid_text_representation, invalid_datetime_format,
// datetime_field_overflow, numeric_value_out_of_range,
// string_data_right_truncation.
func ParseValue(s string, t Type) (Value, error) {
	switch t.Kind {
	case Bool:
		return parseBool(s)
	case Int2, Int4, Int8:
		return parseInt(s, t)
	case Numeric:
		return parseNumeric(s, t)
	case Float4, Float8:
		return parseFloat(s, t)
	case Bytea:
		return parseBytea(s)
	case Date:
		return parseDate(s)
	case Time:
		v, err := parseTime(s)
		v.I = t.Round(v.I)
		return v, err
	case Timestamp, TimestampTZ:
		v, err := parseTimestamp(s, t)
		v.I = t.Round(v.I)
		return v, err
	case Interval:
		return parseInterval(s)
	case Text, Char:
		return fitString(s, t)
	case Unknown:
		return Str(s), nil
	}
	return Value{}, sqlerr.New(sqlerr.FeatureNotSupported, "text cannot be read as %s", t)
}

func invalidSyntax(s string, t Type) error {
	return sqlerr.New(sqlerr.InvalidTextRepresent, "invalid input syntax for type %s: %q", bare(t), Excerpt(s))
}

func outOfRangeFor(s string, t Type) error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "value %q is out of range for type %s", Excerpt(s), bare(t))
}

// maxExcerpt bounds what a message quotes of a value.
const maxExcerpt = 200

// Excerpt is as much of a value as a message quotes: a text may have megabytes.
func Excerpt(s string) string {
	if len(s) <= maxExcerpt {
		return s
	}
	return strings.ToValidUTF8(s[:maxExcerpt], "") + "…"
}

func parseBool(s string) (Value, error) {
	word := strings.ToLower(strings.TrimSpace(s))
	for _, w := range []string{"true", "yes", "on", "1"} {
		if word != "" && strings.HasPrefix(w, word) && (w != "on" || word == "on") {
			return BoolValue(true), nil
		}
	}
	for _, w := range []string{"false", "no", "off", "0"} {
		if word != "" && strings.HasPrefix(w, word) && (w != "off" || len(word) > 1) {
			return BoolValue(false), nil
		}
	}
	return Value{}, invalidSyntax(s, Of(Bool))
}

func parseInt(s string, t Type) (Value, error) {
	bits := map[Kind]int{Int2: 16, Int4: 32, Int8: 64}[t.Kind]
	text := strings.Trim(s, " \t\n\r\f\v")
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "-"), "+")
	if digits == "" || strings.Trim(digits, "0123456789") != "" || len(text)-len(digits) > 1 {
		return Value{}, invalidSyntax(s, t)
	}
	v, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return Value{}, outOfRangeFor(s, t)
	}
	return Int(v), nil
}

func parseBytea(s string) (Value, error) {
	if rest, ok := strings.CutPrefix(s, `\x`); ok {
		b, err := hex.DecodeString(strings.Join(strings.Fields(rest), ""))
		if err != nil {
			return Value{}, sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal data in %q", s)
		}
		return Str(string(b)), nil
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] != '\\':
			out = append(out, s[i])
		case i+1 < len(s) && s[i+1] == '\\':
			out = append(out, '\\')
			i++
		case i+3 < len(s):
			v, err := strconv.ParseUint(s[i+1:i+4], 8, 8)
			if err != nil {
				return Value{}, invalidSyntax(s, Of(Bytea))
			}
			out = append(out, byte(v))
			i += 3
		default:
			return Value{}, invalidSyntax(s, Of(Bytea))
		}
	}
	return Str(string(out)), nil
}

// fitString brings a string to a type's length: char is padded, what is longer is
// cut, as an explicit cast does.
func fitString(s string, t Type) (Value, error) {
	if t.Length <= 0 {
		return Str(s), nil
	}
	n := int32(0)
	for i := range s {
		if n == t.Length {
			return Str(s[:i]), nil
		}
		n++
	}
	if t.Kind == Char {
		s += strings.Repeat(" ", int(t.Length-n))
	}
	return Str(s), nil
}
