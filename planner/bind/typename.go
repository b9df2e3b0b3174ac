package bind

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// modifiers are the numbers behind a type's name.
func modifiers(t sql.TypeName) ([]int, error) {
	var mods []int
	for _, m := range t.Modifiers {
		text := ""
		switch m := m.(type) {
		case *sql.Literal:
			text = m.Text
		case *sql.Unary:
			if l, ok := m.Operand.(*sql.Literal); ok {
				text = m.Op + l.Text
			}
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, sqlerr.At(sqlerr.SyntaxError, m.Span(), "type modifiers must be simple constants or identifiers")
		}
		mods = append(mods, n)
	}
	return mods, nil
}

// typeOf is the SQL type a type name means. numeric without modifiers has
// Precision 0: the caller decides.
func typeOf(t sql.TypeName) (expr.Type, error) {
	if len(t.Dims) > 0 {
		return expr.Type{}, unsupported(t.Span(), "array types are not supported here")
	}
	mods, err := modifiers(t)
	if err != nil {
		return expr.Type{}, err
	}
	name := t.Name.Last().Text
	if _, schema, _ := split(t.Name); schema != "" && schema != "pg_catalog" {
		return expr.Type{}, sqlerr.At(sqlerr.UndefinedObject, t.Span(), "type %q does not exist", t.Name.String())
	}
	switch name {
	case "numeric", "decimal", "dec":
		return numericType(t, mods)
	case "varchar", "bpchar", "char", "character varying", "character":
		return stringType(t, name, mods)
	}
	kind, ok := typeNames[name]
	if !ok {
		return expr.Type{}, sqlerr.At(sqlerr.UndefinedObject, t.Span(), "type %q does not exist", t.Name.String()).
			WithHint("%s", sqlerr.DidYouMean(name, append(slices.Sorted(maps.Keys(typeNames)), "numeric", "decimal", "varchar", "char")))
	}
	switch out := expr.Of(kind); {
	case len(mods) == 0 || kind == expr.Float8 || kind == expr.Interval:
		return out, nil
	case !out.HasSeconds():
		return expr.Type{}, sqlerr.At(sqlerr.SyntaxError, t.Span(), "type modifier is not allowed for type %q", name)
	}
	return timeType(t, kind, mods)
}

// timeType is time(n), timestamp(n) or timestamptz(n).
func timeType(t sql.TypeName, kind expr.Kind, mods []int) (expr.Type, error) {
	switch {
	case len(mods) > 1:
		return expr.Type{}, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "invalid type modifier")
	case mods[0] < 0:
		return expr.Type{}, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "%s precision must not be negative", timeWord(kind, mods[0]))
	}
	return expr.TimeOf(kind, mods[0]), nil
}

// timeWord is a time with digits as PostgreSQL's messages call it.
func timeWord(kind expr.Kind, digits int) string {
	switch kind {
	case expr.Time:
		return fmt.Sprintf("TIME(%d)", digits)
	case expr.Timestamp:
		return fmt.Sprintf("TIMESTAMP(%d)", digits)
	}
	return fmt.Sprintf("TIMESTAMP(%d) WITH TIME ZONE", digits)
}

// Reduced is what PostgreSQL warns of when a type has more digits of seconds than there
// are; empty: nothing.
func Reduced(t sql.TypeName) string {
	mods, err := modifiers(t)
	kind := typeNames[t.Name.Last().Text]
	if err != nil || len(mods) != 1 || mods[0] <= expr.MaxDigits || !expr.Of(kind).HasSeconds() {
		return ""
	}
	return fmt.Sprintf("%s precision reduced to maximum allowed, %d", timeWord(kind, mods[0]), expr.MaxDigits)
}

var typeNames = map[string]expr.Kind{
	"bool": expr.Bool, "boolean": expr.Bool, "int2": expr.Int2, "smallint": expr.Int2, "int4": expr.Int4,
	"int": expr.Int4, "integer": expr.Int4, "int8": expr.Int8, "bigint": expr.Int8, "float4": expr.Float4,
	"real": expr.Float4, "float8": expr.Float8, "float": expr.Float8, "double": expr.Float8, "text": expr.Text, "string": expr.Text,
	"name": expr.Text, "bytea": expr.Bytea, "date": expr.Date, "time": expr.Time, "timestamp": expr.Timestamp,
	"timestamptz": expr.TimestampTZ, "interval": expr.Interval, "oid": expr.Int8, "xid": expr.Int8,
}

func numericType(t sql.TypeName, mods []int) (expr.Type, error) {
	switch len(mods) {
	case 0:
		return expr.Type{Kind: expr.Numeric}, nil
	case 1:
		mods = append(mods, 0)
	}
	switch p, scale := mods[0], mods[1]; {
	case len(mods) > 2:
		return expr.Type{}, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "invalid NUMERIC type modifier")
	case p < 1 || p > 1000:
		return expr.Type{}, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "NUMERIC precision %d must be between 1 and 1000", p)
	case scale < -1000 || scale > 1000:
		return expr.Type{}, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "NUMERIC scale %d must be between -1000 and 1000", scale)
	case p > expr.MaxPrecision:
		return expr.Type{}, unsupported(t.Span(), "NUMERIC of more than %d digits is not supported", expr.MaxPrecision)
	case scale < 0 || scale > p:
		return expr.Type{}, unsupported(t.Span(), "NUMERIC scale %d beyond 0 and the precision %d is not supported", scale, p)
	}
	return expr.NumericOf(mods[0], mods[1]), nil
}

// maxStringLength is PostgreSQL's bound of varchar(n) and char(n).
const maxStringLength = 10485760

// stringType is varchar(n) or char(n); the parser gives char without a length its 1.
func stringType(t sql.TypeName, name string, mods []int) (expr.Type, error) {
	word, out := "varchar", expr.Of(expr.Text)
	if name == "bpchar" || name == "char" || name == "character" {
		word, out = "char", expr.Of(expr.Char)
	}
	if len(mods) == 0 {
		return out, nil
	}
	switch {
	case len(mods) > 1:
		return out, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "invalid type modifier")
	case mods[0] < 1:
		return out, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "length for type %s must be at least 1", word)
	case mods[0] > maxStringLength:
		return out, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "length for type %s cannot exceed %d", word, maxStringLength)
	}
	out.Length = int32(mods[0])
	return out, nil
}

// typeWord is a type as PostgreSQL's messages call it, without modifiers.
func typeWord(t expr.Type) string {
	switch t.Kind {
	case expr.Numeric:
		return "numeric"
	case expr.Text:
		return "text"
	case expr.Char:
		return "character"
	case expr.Time:
		return "time without time zone"
	case expr.Timestamp:
		return "timestamp without time zone"
	case expr.TimestampTZ:
		return "timestamp with time zone"
	}
	return t.String()
}
