package exectest

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/skein-query/skein/planner/expr"
)

// Columns reads a table's columns: "id int4, name text?, price numeric(15,2)". A
// question mark says that a column may be NULL.
func Columns(text string) []expr.Field {
	var out []expr.Field
	for text = strings.TrimSpace(text); text != ""; {
		// A comma inside parentheses belongs to the type.
		end, depth := len(text), 0
		for i, r := range text {
			switch {
			case r == '(':
				depth++
			case r == ')':
				depth--
			case r == ',' && depth == 0 && end == len(text):
				end = i
			}
		}
		name, typ, ok := strings.Cut(strings.TrimSpace(text[:end]), " ")
		if !ok {
			panic("exectest: column without a type: " + text)
		}
		typ, nullable := strings.CutSuffix(strings.TrimSpace(typ), "?")
		out = append(out, expr.Field{Name: name, Type: Type(typ), Nullable: nullable})
		text = strings.TrimSpace(strings.TrimPrefix(text[end:], ","))
	}
	return out
}

var typeNames = map[string]expr.Kind{
	"bool": expr.Bool, "int2": expr.Int2, "int4": expr.Int4, "int8": expr.Int8, "float4": expr.Float4,
	"float8": expr.Float8, "text": expr.Text, "bytea": expr.Bytea, "date": expr.Date, "time": expr.Time,
	"timestamp": expr.Timestamp, "timestamptz": expr.TimestampTZ, "interval": expr.Interval,
}

// Type reads a type: "int4", "numeric(15,2)", "char(10)", "text[]".
func Type(text string) expr.Type {
	if elem, ok := strings.CutSuffix(text, "[]"); ok {
		return expr.ListOf(Type(elem))
	}
	if k, ok := typeNames[text]; ok {
		return expr.Of(k)
	}
	var p, s int
	if n, _ := fmt.Sscanf(text, "numeric(%d,%d)", &p, &s); n == 2 {
		return expr.NumericOf(p, s)
	}
	if n, _ := fmt.Sscanf(text, "char(%d)", &p); n == 1 {
		return expr.Type{Kind: expr.Char, Length: int32(p)}
	}
	panic("exectest: no type " + text)
}

// parseRow reads a row: values with blanks between them, NULL, and 'quotes' around
// strings that are empty or have blanks in them.
func parseRow(text string, fields []expr.Field) []expr.Value {
	words := splitRow(text)
	if len(words) != len(fields) {
		panic(fmt.Sprintf("exectest: row %q has %d values for %d columns", text, len(words), len(fields)))
	}
	out := make([]expr.Value, len(words))
	for i, w := range words {
		v, err := parseValue(w, fields[i].Type)
		if err != nil {
			panic(fmt.Sprintf("exectest: row %q, column %s: %v", text, fields[i].Name, err))
		}
		out[i] = v
	}
	return out
}

func splitRow(text string) []string {
	var out []string
	for text = strings.TrimLeft(text, " "); text != ""; text = strings.TrimLeft(text, " ") {
		if text[0] == '\'' {
			end := strings.IndexByte(text[1:], '\'')
			if end < 0 {
				panic("exectest: no closing quote: " + text)
			}
			out, text = append(out, text[:end+2]), text[end+2:]
			continue
		}
		word, rest, _ := strings.Cut(text, " ")
		out, text = append(out, word), rest
	}
	return out
}

func parseValue(w string, t expr.Type) (expr.Value, error) {
	if w == "NULL" {
		return expr.Null, nil
	}
	if w[0] == '\'' {
		w = w[1 : len(w)-1]
	}
	switch t.Kind {
	case expr.Bool:
		b, err := strconv.ParseBool(w)
		return expr.BoolValue(b), err
	case expr.Int2, expr.Int4, expr.Int8:
		i, err := strconv.ParseInt(w, 10, 64)
		return expr.Int(i), err
	case expr.Numeric:
		return parseNumeric(w, int(t.Scale))
	case expr.Float4, expr.Float8:
		f, err := strconv.ParseFloat(w, 64)
		return expr.Float(f), err
	case expr.Date:
		d, err := time.Parse("2006-01-02", w)
		return expr.Int(d.Unix() / 86400), err
	case expr.Time:
		d, err := time.Parse("15:04:05.999999", w)
		return expr.Int(d.Sub(d.Truncate(24 * time.Hour)).Microseconds()), err
	case expr.Timestamp, expr.TimestampTZ:
		d, err := time.Parse("2006-01-02 15:04:05.999999", w)
		return expr.Int(d.UnixMicro()), err
	case expr.Interval: // months/days/microseconds
		var months, days int32
		var micros int64
		_, err := fmt.Sscanf(w, "%d/%d/%d", &months, &days, &micros)
		return expr.IntervalValue(months, days, micros), err
	case expr.List, expr.Struct, expr.Map:
		return expr.Value{}, fmt.Errorf("no text for %s", t)
	}
	return expr.Str(w), nil
}

func parseNumeric(w string, scale int) (expr.Value, error) {
	whole, part, _ := strings.Cut(w, ".")
	if len(part) > scale {
		return expr.Value{}, fmt.Errorf("%s has more than %d digits after the point", w, scale)
	}
	b, ok := new(big.Int).SetString(whole+part+strings.Repeat("0", scale-len(part)), 10)
	if !ok {
		return expr.Value{}, fmt.Errorf("no number: %s", w)
	}
	v, ok := expr.Decimal128(b)
	if !ok {
		return expr.Value{}, fmt.Errorf("number too large: %s", w)
	}
	return v, nil
}

// formatRow is parseRow's inverse.
func formatRow(values []expr.Value, fields []expr.Field) string {
	words := make([]string, len(values))
	for i, v := range values {
		t := fields[i].Type
		words[i] = expr.FormatValue(v, t)
		switch {
		case v.Null:
		case t.Kind == expr.Interval:
			months, days, micros := v.Interval()
			words[i] = fmt.Sprintf("%d/%d/%d", months, days, micros)
		case words[i] == "" || strings.ContainsRune(words[i], ' ') || v.S == "NULL":
			words[i] = "'" + words[i] + "'"
		}
	}
	return strings.Join(words, " ")
}

// agree reports whether two rows are the same but for the last digits of numbers.
func agree(a, b string) bool {
	x, y := splitRow(a), splitRow(b)
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] && !agreeNumbers(x[i], y[i]) {
			return false
		}
	}
	return true
}

// agreeNumbers allows differences below one in 10^12, of 1 for what is smaller: a
// zero that is a difference of floats comes out as any such number.
func agreeNumbers(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil {
		return false
	}
	if math.IsNaN(x) || math.IsNaN(y) {
		return math.IsNaN(x) && math.IsNaN(y)
	}
	digits := func(s string) int {
		_, part, _ := strings.Cut(s, ".")
		return len(part)
	}
	last := math.Pow10(-min(digits(a), digits(b)))
	return math.Abs(x-y) <= max(1e-12*max(1, math.Abs(x), math.Abs(y)), last*0.51)
}
