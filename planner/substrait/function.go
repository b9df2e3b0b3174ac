package substrait

import (
	"slices"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

// function is how a call names its function: a URN, the compound name (name and
// short argument types) and the options that fix its meaning in corner cases.
type function struct {
	urn, name string
	options   []option
}

type option struct{ name, value string }

func (f function) equal(g function) bool {
	return f.urn == g.urn && f.name == g.name && slices.Equal(f.options, g.options)
}

func (f function) protoOptions() []*pb.FunctionOption {
	var out []*pb.FunctionOption
	for _, o := range f.options {
		out = append(out, &pb.FunctionOption{Name: o.name, Preference: []string{o.value}})
	}
	return out
}

func overflowError() []option { return []option{{"overflow", "ERROR"}} }

// scalarFunction is the function of a call: one of the standard's where its
// definition, with options, gives PostgreSQL's results on all values of the
// argument types, else one of our own.
func scalarFunction(c *expr.Call) function {
	types := make([]expr.Type, len(c.Args))
	for i, a := range c.Args {
		types[i] = a.Type()
	}
	if base, ok := standardScalar[c.Name]; ok {
		if f, ok := base.rule(base, c, types); ok {
			return f
		}
	}
	return function{urn: urnOwn, name: c.Name + ":" + signature(types)}
}

// aggregateFunction is the function of an aggregate, chosen likewise.
func aggregateFunction(a *expr.Aggregate) function {
	types := make([]expr.Type, len(a.Args))
	for i, x := range a.Args {
		types[i] = x.Type()
	}
	own := function{urn: urnOwn, name: a.Func + ":" + signature(types)}
	if len(types) == 0 {
		if a.Func == "count" && a.Typ.Kind == expr.Int8 {
			return function{urnAggregate, "count:", overflowError()}
		}
		return own
	}
	t := types[0]
	switch {
	case len(types) > 1:
	case a.Func == "count" && a.Typ.Kind == expr.Int8:
		return function{urnAggregate, "count:any", overflowError()}
	case a.Func == "sum" && (t.Kind == expr.Int2 || t.Kind == expr.Int4) && a.Typ.Kind == expr.Int8:
		return function{urnArithmetic, "sum:" + shortName(t), overflowError()}
	case a.Func == "sum" && t.Kind == expr.Numeric && a.Typ == expr.NumericOf(expr.MaxPrecision, int(t.Scale)):
		return function{urnDecimal, "sum:dec", overflowError()}
	case (a.Func == "min" || a.Func == "max") && t.IsInteger() && a.Typ == t:
		return function{urnArithmetic, a.Func + ":" + shortName(t), nil}
	case (a.Func == "min" || a.Func == "max") && t.Kind == expr.Numeric && a.Typ == t:
		return function{urnDecimal, a.Func + ":dec", nil}
	case (a.Func == "bool_and" || a.Func == "bool_or") && t.Kind == expr.Bool && a.Typ == t:
		return function{urnBoolean, a.Func + ":bool", nil}
	}
	return own
}

// standard is what a function of ours may be in the standard's extensions.
type standard struct {
	urn, base string
	rule      func(s standard, c *expr.Call, types []expr.Type) (function, bool)
}

// standardScalar are the scalar functions that can be the standard's. Floats are
// never: PostgreSQL's arithmetic on them raises errors where IEEE 754 gives
// infinities, and its NaN equals itself. Nor is %: the standard does not say what
// the remainder of the least integer by -1 is.
var standardScalar = map[string]standard{
	expr.OpEq:            {urnComparison, "equal", comparisonRule},
	expr.OpNe:            {urnComparison, "not_equal", comparisonRule},
	expr.OpLt:            {urnComparison, "lt", comparisonRule},
	expr.OpLe:            {urnComparison, "lte", comparisonRule},
	expr.OpGt:            {urnComparison, "gt", comparisonRule},
	expr.OpGe:            {urnComparison, "gte", comparisonRule},
	expr.OpIsDistinct:    {urnComparison, "is_distinct_from", comparisonRule},
	expr.OpIsNotDistinct: {urnComparison, "is_not_distinct_from", comparisonRule},
	expr.OpIsNull:        {urnComparison, "is_null", nullTestRule},
	expr.OpIsNotNull:     {urnComparison, "is_not_null", nullTestRule},
	expr.OpIsTrue:        {urnComparison, "is_true", boolRule},
	expr.OpIsNotTrue:     {urnComparison, "is_not_true", boolRule},
	expr.OpIsFalse:       {urnComparison, "is_false", boolRule},
	expr.OpIsNotFalse:    {urnComparison, "is_not_false", boolRule},
	expr.OpNot:           {urnBoolean, "not", boolRule},
	expr.OpAnd:           {urnBoolean, "and", boolRule},
	expr.OpOr:            {urnBoolean, "or", boolRule},
	expr.FnCoalesce:      {urnComparison, "coalesce", sameTypeRule},
	expr.FnNullIf:        {urnComparison, "nullif", sameTypeRule},
	expr.OpAdd:           {urnArithmetic, "add", arithmeticRule},
	expr.OpSub:           {urnArithmetic, "subtract", arithmeticRule},
	expr.OpMul:           {urnArithmetic, "multiply", arithmeticRule},
	expr.OpDiv:           {urnArithmetic, "divide", arithmeticRule},
	expr.OpNeg:           {urnArithmetic, "negate", arithmeticRule},
	"abs":                {urnArithmetic, "abs", arithmeticRule},
	expr.OpConcat:        {urnString, "concat", stringRule},
	expr.OpLike:          {urnString, "like", stringRule},
	"substring":          {urnString, "substring", stringRule},
}

// arity is how many arguments a call of one of package expr's names has, most -1
// for any number: what reads a plan relies on it.
func arity(name string) (least, most int) {
	switch name {
	case expr.OpEq, expr.OpNe, expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe, expr.OpIsDistinct, expr.OpIsNotDistinct,
		expr.OpAdd, expr.OpSub, expr.OpMul, expr.OpDiv, expr.OpMod, expr.OpConcat, expr.FnNullIf, expr.FnExtract,
		expr.OpRegex, expr.OpRegexI, expr.OpNotRegex, expr.OpNotRegexI, expr.FnField, expr.FnElement:
		return 2, 2
	case expr.OpNeg, expr.OpNot, expr.OpIsNull, expr.OpIsNotNull, expr.OpIsTrue, expr.OpIsNotTrue,
		expr.OpIsFalse, expr.OpIsNotFalse:
		return 1, 1
	case expr.OpLike, expr.OpNotLike, expr.OpILike, expr.OpNotILike:
		return 2, 3
	case expr.FnErrorIfNot:
		return 3, 3
	case expr.FnCoalesce, expr.FnGreatest, expr.FnLeast:
		return 1, -1
	}
	return 0, -1
}

// compares reports whether comparing values of the type has only one meaning:
// equal bytes are equal values, and the order is that of the values.
func compares(t expr.Type) bool {
	switch t.Kind {
	case expr.Bool, expr.Int2, expr.Int4, expr.Int8, expr.Numeric, expr.Text, expr.Bytea, expr.Date, expr.Time,
		expr.Timestamp, expr.TimestampTZ:
		return true
	}
	return false
}

func sameTypes(types []expr.Type) bool {
	for _, t := range types {
		if !t.Equal(types[0]) {
			return false
		}
	}
	return len(types) > 0
}

func comparisonRule(s standard, c *expr.Call, types []expr.Type) (function, bool) {
	return function{urn: s.urn, name: s.base + ":any_any"},
		len(types) == 2 && sameTypes(types) && compares(types[0]) && c.Typ.Kind == expr.Bool
}

func nullTestRule(s standard, c *expr.Call, types []expr.Type) (function, bool) {
	return function{urn: s.urn, name: s.base + ":any"}, len(types) == 1 && c.Typ.Kind == expr.Bool
}

func boolRule(s standard, c *expr.Call, types []expr.Type) (function, bool) {
	variadic := c.Name == expr.OpAnd || c.Name == expr.OpOr
	if c.Name == expr.OpNot && len(c.Args) == 1 {
		if in, ok := c.Args[0].(*expr.InList); ok && !in.Negated {
			return function{}, false // the standard's would be read as NOT IN
		}
	}
	return function{urn: s.urn, name: s.base + ":bool"},
		(variadic || len(types) == 1) && sameTypes(types) && types[0].Kind == expr.Bool && c.Typ.Kind == expr.Bool
}

func sameTypeRule(s standard, c *expr.Call, types []expr.Type) (function, bool) {
	f := function{urn: s.urn, name: s.base + ":any"}
	if c.Name == expr.FnNullIf {
		f.name = s.base + ":any_any"
		if len(types) != 2 || !compares(types[0]) {
			return f, false
		}
	}
	return f, len(types) >= 2 && sameTypes(types) && c.Typ.Equal(types[0])
}

func arithmeticRule(s standard, c *expr.Call, types []expr.Type) (function, bool) {
	f := function{s.urn, s.base + ":" + signature(types), overflowError()}
	operands := 2
	if c.Name == expr.OpNeg || c.Name == "abs" {
		operands = 1
	}
	switch {
	case len(types) != operands:
		return f, false
	case types[0].IsInteger():
		if c.Name == expr.OpDiv {
			f.options = append(f.options, option{"on_domain_error", "ERROR"}, option{"on_division_by_zero", "ERROR"})
		}
		return f, sameTypes(types) && c.Typ == types[0]
	case operands == 2 && types[0].Kind == expr.Numeric && types[1].Kind == expr.Numeric:
		f.urn = urnDecimal
		return f, c.Name != expr.OpDiv && c.Typ.Equal(standardDecimal(c.Name, types[0], types[1]))
	}
	return f, false
}

// standardDecimal is the type that the standard derives for +, - and * of
// decimals (functions_arithmetic_decimal.yaml). Ours is another one where the
// planner chose so, and then the function is ours too.
func standardDecimal(op string, a, b expr.Type) expr.Type {
	p1, s1, p2, s2 := int(a.Precision), int(a.Scale), int(b.Precision), int(b.Scale)
	scale := max(s1, s2)
	precision := scale + max(p1-s1, p2-s2) + 1
	if op == expr.OpMul {
		scale, precision = s1+s2, p1+p2+1
	}
	if precision > expr.MaxPrecision {
		scale = max(scale-(precision-expr.MaxPrecision), min(scale, 6))
		precision = expr.MaxPrecision
	}
	return expr.NumericOf(precision, scale)
}

func stringRule(s standard, c *expr.Call, types []expr.Type) (function, bool) {
	f := function{urn: s.urn, name: s.base + ":" + signature(types)}
	text := expr.Of(expr.Text)
	switch {
	case len(types) < 2 || types[0] != text:
		return f, false
	case c.Name == expr.OpConcat:
		f.name, f.options = s.base+":str", []option{{"null_handling", "ACCEPT_NULLS"}}
		return f, len(types) == 2 && types[1] == text && c.Typ == text
	case c.Name == expr.OpLike:
		// The standard knows no escapes.
		f.options = []option{{"case_sensitivity", "CASE_SENSITIVE"}}
		pattern, ok := c.Args[1].(*expr.Literal)
		return f, ok && len(types) == 2 && types[1] == text && !strings.Contains(pattern.Value.S, `\`) && c.Typ.Kind == expr.Bool
	}
	f.options = []option{{"negative_start", "LEFT_OF_BEGINNING"}}
	for _, t := range types[1:] {
		if t.Kind != expr.Int4 {
			return f, false
		}
	}
	if len(types) == 3 { // a negative length is an error here, and nothing there
		length, ok := c.Args[2].(*expr.Literal)
		return f, ok && length.Value.I >= 0 && c.Typ == text
	}
	return f, len(types) == 2 && c.Typ == text
}

// standardName is our name for a function of a standard URN, "" when there is none.
func standardName(urn, compound string) string {
	base, _, _ := strings.Cut(compound, ":")
	if urn == urnDecimal {
		urn = urnArithmetic // the same names
	}
	for name, s := range standardScalar {
		if s.base == base && s.urn == urn {
			return name
		}
	}
	return ""
}

// signature is the short names of argument types as compound names have them.
func signature(types []expr.Type) string {
	parts := make([]string, len(types))
	for i, t := range types {
		parts[i] = shortName(t)
	}
	return strings.Join(parts, "_")
}

func shortName(t expr.Type) string {
	switch t.Kind {
	case expr.Text:
		if t.Length > 0 {
			return "vchar"
		}
	case expr.Char:
		if t.Length == 0 {
			return "u!" + typeBpchar
		}
	}
	if int(t.Kind) >= len(shortNames) {
		return "" // typ refuses it
	}
	return shortNames[t.Kind]
}

var shortNames = [...]string{expr.Unknown: "u!unknown", expr.Bool: "bool", expr.Int2: "i16", expr.Int4: "i32",
	expr.Int8: "i64", expr.Numeric: "dec", expr.Float4: "fp32", expr.Float8: "fp64", expr.Text: "str", expr.Char: "fchar",
	expr.Bytea: "vbin", expr.Date: "date", expr.Time: "pt", expr.Timestamp: "pts", expr.TimestampTZ: "ptstz",
	expr.Interval: "icompound", expr.List: "list", expr.Struct: "struct", expr.Map: "map"}
