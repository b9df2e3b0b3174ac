package bind

import (
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// typeOf is the SQL type a type name means. numeric without modifiers has
// Precision 0: the caller decides.
func typeOf(t sql.TypeName) (expr.Type, error) {
	if len(t.Dims) > 0 {
		return expr.Type{}, unsupported(t.Span(), "array types are not supported here")
	}
	var mods []int
	for _, m := range t.Modifiers {
		l, ok := m.(*sql.Literal)
		n := 0
		if ok {
			var err error
			if n, err = strconv.Atoi(l.Text); err != nil {
				ok = false
			}
		}
		if !ok {
			return expr.Type{}, sqlerr.At(sqlerr.SyntaxError, m.Span(), "type modifiers must be integer constants")
		}
		mods = append(mods, n)
	}
	name := t.Name.Last().Text
	switch name {
	case "numeric", "decimal", "dec":
		return numericType(t, mods)
	case "varchar", "bpchar", "char", "character varying", "character":
		return stringType(t, name, mods)
	}
	if kind, ok := typeNames[name]; ok {
		return expr.Of(kind), nil
	}
	names := make([]string, 0, len(typeNames))
	for n := range typeNames {
		names = append(names, n)
	}
	return expr.Type{}, sqlerr.At(sqlerr.UndefinedObject, t.Span(), "type %q does not exist", t.Name.String()).
		WithHint("%s", sqlerr.DidYouMean(name, names))
}

var typeNames = map[string]expr.Kind{
	"bool": expr.Bool, "boolean": expr.Bool, "int2": expr.Int2, "smallint": expr.Int2, "int4": expr.Int4,
	"int": expr.Int4, "integer": expr.Int4, "int8": expr.Int8, "bigint": expr.Int8, "float4": expr.Float4,
	"real": expr.Float4, "float8": expr.Float8, "float": expr.Float8, "double": expr.Float8, "text": expr.Text, "string": expr.Text,
	"name": expr.Text, "bytea": expr.Bytea, "date": expr.Date, "time": expr.Time, "timestamp": expr.Timestamp,
	"timestamptz": expr.TimestampTZ, "interval": expr.Interval,
}

func numericType(t sql.TypeName, mods []int) (expr.Type, error) {
	switch len(mods) {
	case 0:
		return expr.Type{Kind: expr.Numeric}, nil
	case 1:
		mods = append(mods, 0)
	}
	if mods[0] < 1 || mods[0] > expr.MaxPrecision {
		return expr.Type{}, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "NUMERIC precision %d must be between 1 and %d", mods[0], expr.MaxPrecision)
	}
	if mods[1] < 0 || mods[1] > mods[0] {
		return expr.Type{}, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "NUMERIC scale %d must be between 0 and precision %d", mods[1], mods[0])
	}
	return expr.NumericOf(mods[0], mods[1]), nil
}

func stringType(t sql.TypeName, name string, mods []int) (expr.Type, error) {
	out := expr.Of(expr.Text)
	if !strings.HasPrefix(name, "varchar") && name != "character varying" {
		out = expr.Type{Kind: expr.Char, Length: 1}
		if len(mods) == 0 && name == "bpchar" && strings.EqualFold(t.Name.Last().Text, "bpchar") {
			out.Length = 1
		}
	}
	if len(mods) > 0 {
		if mods[0] < 1 || mods[0] > 10485760 {
			return out, sqlerr.At(sqlerr.InvalidParameterValue, t.Span(), "length for type %s must be between 1 and 10485760", name)
		}
		out.Length = int32(mods[0])
	}
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
