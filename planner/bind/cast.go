package bind

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// The contexts of a cast, as pg_cast has them.
const (
	implicit   = expr.Implicit
	assignment = expr.Assignment
	explicit   = expr.Explicit
)

// coerce makes e a value of type to, if a cast of that context exists. Untyped
// literals and parameters take the type.
func (b *binder) coerce(e expr.Expr, to expr.Type, context expr.CastContext) (expr.Expr, error) {
	from := e.Type()
	if from.Equal(to) {
		return e, nil
	}
	if from.Kind == expr.Unknown {
		switch n := e.(type) {
		case *expr.Literal:
			if n.Value.Null {
				return &expr.Literal{Value: expr.Null, Typ: to, Span: n.Span}, nil
			}
			v, err := expr.ParseValue(n.Value.S, to)
			if err != nil {
				return nil, sqlerr.AtSpan(err, n.Span)
			}
			return &expr.Literal{Value: v, Typ: to, Span: n.Span}, nil
		case *expr.Param:
			if t := b.params[n.Number-1]; t.Kind == expr.Unknown {
				b.params[n.Number-1] = to
			} else if !t.Equal(to) {
				return b.coerce(&expr.Param{Number: n.Number, Typ: t, Span: n.Span}, to, explicit)
			}
			return &expr.Param{Number: n.Number, Typ: to, Span: n.Span}, nil
		}
	}
	if from.Kind == to.Kind && to.Precision == 0 && to.Length == 0 && to.Nested == nil {
		return e, nil // text takes varchar, numeric without modifiers any numeric
	}
	if !expr.CanCast(from, to, context) {
		code, verb := sqlerr.CannotCoerce, "cast type %s to %s"
		if context != explicit {
			code, verb = sqlerr.DatatypeMismatch, "use type %s where %s is expected"
		}
		return nil, sqlerr.At(code, e.Place(), "cannot "+verb, from, to)
	}
	return &expr.Cast{Arg: e, To: to, Span: e.Place()}, nil
}

// text gives an expression of unknown type the type text.
func (b *binder) text(e expr.Expr) expr.Expr {
	if e.Type().Kind != expr.Unknown {
		return e
	}
	out, err := b.coerce(e, expr.Of(expr.Text), implicit)
	if err != nil {
		return e // text takes every literal
	}
	return out
}

// unify casts all expressions, in place, to the type PostgreSQL's rules for UNION
// and CASE choose (10.5).
func (b *binder) unify(word string, list []expr.Expr) (expr.Type, error) {
	types := make([]expr.Type, len(list))
	for i, e := range list {
		types[i] = e.Type()
	}
	t, err := expr.CommonType(word, types...)
	if err != nil {
		place := list[len(list)-1].Place()
		for i, e := range list {
			if i > 0 && types[i].Kind != types[0].Kind && types[i].Kind != expr.Unknown {
				place = e.Place()
				break
			}
		}
		return t, sqlerr.AtSpan(err, place)
	}
	if t.Kind == expr.Unknown {
		t = expr.Of(expr.Text)
	}
	for i, e := range list {
		if list[i], err = b.coerce(e, t, assignment); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (x *exprs) cast(e *sql.Cast) (expr.Expr, error) {
	to, err := typeOf(e.Type)
	if err != nil {
		return nil, err
	}
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	if to.Kind == expr.Numeric && to.Precision == 0 {
		to = unconstrained(v)
	}
	if l, ok := v.(*expr.Literal); ok && to.Kind == expr.Interval && e.Type.Fields != "" && l.Typ.Kind == expr.Unknown && !l.Value.Null {
		v = withUnit(l, e.Type.Fields)
	}
	out, err := x.b.coerce(v, to, explicit)
	if err != nil {
		return nil, sqlerr.AtSpan(err, e.Span())
	}
	if c, ok := out.(*expr.Cast); ok && out != v {
		c.Span = e.Span()
	}
	return out, nil
}

// withUnit gives a bare number in an interval literal the unit of its fields:
// interval '3' month. Of "day to second" it is the last, as in PostgreSQL.
func withUnit(l *expr.Literal, fields string) expr.Expr {
	text := strings.TrimSpace(l.Value.S)
	if _, err := strconv.ParseFloat(text, 64); err != nil {
		return l
	}
	words := strings.Fields(fields)
	unit, _, _ := strings.Cut(words[len(words)-1], "(")
	return &expr.Literal{Value: expr.Str(text + " " + unit), Typ: l.Typ, Span: l.Span}
}

// unconstrained is the numeric type for a cast to numeric without modifiers, for
// an Arrow column has one scale: that of the value when it is known, else enough
// for what it is cast from.
func unconstrained(v expr.Expr) expr.Type {
	if l, ok := v.(*expr.Literal); ok && l.Typ.Kind == expr.Unknown && !l.Value.Null {
		if digits, scale, ok := decimalShape(strings.TrimSpace(l.Value.S)); ok {
			return expr.NumericOf(digits, scale)
		}
	}
	switch t := v.Type(); t.Kind {
	case expr.Numeric:
		return t
	case expr.Int2:
		return expr.NumericOf(5, 0)
	case expr.Int4:
		return expr.NumericOf(10, 0)
	case expr.Int8:
		return expr.NumericOf(19, 0)
	}
	return expr.NumericOf(expr.MaxPrecision, 16)
}

// decimalShape is the number of digits and of digits after the point of a decimal
// number as text, exponents included.
func decimalShape(s string) (digits, scale int, ok bool) {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n > 1000 || n < -1000 {
			return 0, 0, false
		}
		mantissa, exponent = s[:i], n
	}
	mantissa = strings.TrimLeft(mantissa, "+-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	for _, r := range whole + fraction {
		if r < '0' || r > '9' {
			return 0, 0, false
		}
	}
	if whole+fraction == "" {
		return 0, 0, false
	}
	whole = strings.TrimLeft(whole, "0")
	scale = max(0, len(fraction)-exponent)
	return max(1, scale, len(whole)+max(exponent, 0)+scale), scale, true
}

// literal gives a constant its type: integers int4, int8 or numeric by size.
func literal(l *sql.Literal) (expr.Expr, error) {
	out := &expr.Literal{Span: l.Span()}
	switch l.Kind {
	case sql.Null:
		out.Value = expr.Null
	case sql.Bool:
		out.Typ, out.Value = expr.Of(expr.Bool), expr.BoolValue(l.Text == "true")
	case sql.String:
		out.Value = expr.Str(l.Text)
	case sql.Integer:
		n, ok := new(big.Int).SetString(strings.ReplaceAll(l.Text, "_", ""), 0)
		if strings.TrimLeft(l.Text, "-0") != "" && strings.HasPrefix(strings.TrimLeft(l.Text, "-"), "0") && !strings.ContainsAny(l.Text, "xXoObB") {
			n, ok = new(big.Int).SetString(strings.ReplaceAll(l.Text, "_", ""), 10)
		}
		if !ok {
			return nil, sqlerr.At(sqlerr.InvalidTextRepresent, l.Span(), "invalid integer %q", l.Text)
		}
		switch {
		case n.IsInt64() && n.Int64() == int64(int32(n.Int64())):
			out.Typ, out.Value = expr.Of(expr.Int4), expr.Int(n.Int64())
			return out, nil
		case n.IsInt64():
			out.Typ, out.Value = expr.Of(expr.Int8), expr.Int(n.Int64())
			return out, nil
		}
		return numericLiteral(out, n.String())
	case sql.Numeric:
		return numericLiteral(out, strings.ReplaceAll(l.Text, "_", ""))
	}
	return out, nil
}

func numericLiteral(out *expr.Literal, text string) (expr.Expr, error) {
	digits, scale, ok := decimalShape(text)
	if f, err := strconv.ParseFloat(text, 64); digits > expr.MaxPrecision && err == nil && strings.ContainsAny(text, "eE") {
		// Too large for a numeric; as a float it can at least be what it is cast to.
		out.Typ, out.Value = expr.Of(expr.Float8), expr.Float(f)
		return out, nil
	}
	if !ok || digits > expr.MaxPrecision {
		return nil, sqlerr.At(sqlerr.NumericValueOutOfRange, out.Span, "value %q has more than %d digits", text, expr.MaxPrecision)
	}
	out.Typ = expr.NumericOf(digits, scale)
	v, err := expr.ParseValue(text, out.Typ)
	if err != nil {
		return nil, sqlerr.AtSpan(err, out.Span)
	}
	out.Value = v
	return out, nil
}

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
