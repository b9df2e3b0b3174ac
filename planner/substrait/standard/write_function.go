package standard

import (
	"strings"

	"github.com/skein-query/skein/planner/expr"
)

// standardCalls say for a call which function of the standard means the same; ok is
// false when none does.
var standardCalls = map[string]func(e *expr.Call, types []expr.Type) (set, name string, options []string, ok bool){
	expr.OpEq:            comparison("equal"),
	expr.OpNe:            comparison("not_equal"),
	expr.OpLt:            comparison("lt"),
	expr.OpLe:            comparison("lte"),
	expr.OpGt:            comparison("gt"),
	expr.OpGe:            comparison("gte"),
	expr.OpIsDistinct:    comparison("is_distinct_from"),
	expr.OpIsNotDistinct: comparison("is_not_distinct_from"),
	expr.OpIsNull:        anyOf("is_null"),
	expr.OpIsNotNull:     anyOf("is_not_null"),
	expr.OpIsTrue:        fixed(setComparison, "is_true:bool"),
	expr.OpIsNotTrue:     fixed(setComparison, "is_not_true:bool"),
	expr.OpIsFalse:       fixed(setComparison, "is_false:bool"),
	expr.OpIsNotFalse:    fixed(setComparison, "is_not_false:bool"),
	expr.OpAnd:           fixed(setBoolean, "and:bool"),
	expr.OpOr:            fixed(setBoolean, "or:bool"),
	expr.OpNot:           fixed(setBoolean, "not:bool"),
	expr.FnCoalesce:      anyOf("coalesce"),
	expr.OpAdd:           number("add"),
	expr.OpSub:           number("subtract"),
	expr.OpMul:           number("multiply"),
	expr.OpDiv:           number("divide"),
	expr.OpNeg:           number("negate"),
	"abs":                number("abs"),
	expr.OpLike:          likePattern("CASE_SENSITIVE"),
	expr.OpILike:         likePattern("CASE_INSENSITIVE"),
	expr.OpConcat:        textOnly("concat"),
	"lower":              textOnly("lower"),
	"upper":              textOnly("upper"),
	"substring":          substringCall,
}

func comparison(name string) func(*expr.Call, []expr.Type) (string, string, []string, bool) {
	return func(_ *expr.Call, types []expr.Type) (string, string, []string, bool) {
		return setComparison, name + ":any_any", nil, len(types) == 2 && !types[0].IsNested() && types[0].Kind == types[1].Kind
	}
}

func anyOf(name string) func(*expr.Call, []expr.Type) (string, string, []string, bool) {
	return fixed(setComparison, name+":any")
}

func fixed(set, name string) func(*expr.Call, []expr.Type) (string, string, []string, bool) {
	return func(_ *expr.Call, types []expr.Type) (string, string, []string, bool) {
		return set, name, nil, len(types) > 0
	}
}

// number is arithmetic: overflow is an error wherever the standard has a choice.
func number(name string) func(*expr.Call, []expr.Type) (string, string, []string, bool) {
	return func(_ *expr.Call, types []expr.Type) (string, string, []string, bool) {
		for _, t := range types {
			if !t.IsNumber() || t.Kind != types[0].Kind {
				return "", "", nil, false
			}
		}
		full := name + ":" + signature(types)
		switch t := types[0]; {
		case t.Kind == expr.Numeric:
			return setDecimal, full, []string{"overflow", "ERROR"}, name != "negate"
		case t.IsInteger() && name == "divide":
			return setArithmetic, full, []string{"overflow", "ERROR", "on_domain_error", "ERROR", "on_division_by_zero", "ERROR"}, true
		case t.IsInteger():
			return setArithmetic, full, []string{"overflow", "ERROR"}, true
		case name == "divide":
			return setArithmetic, full, []string{"on_domain_error", "ERROR", "on_division_by_zero", "ERROR"}, true
		}
		return setArithmetic, full, []string{"overflow", "ERROR"}, true // which floats have in the engine alone
	}
}

// likePattern is the standard's, which knows no escapes, for patterns without any.
func likePattern(how string) func(*expr.Call, []expr.Type) (string, string, []string, bool) {
	return func(e *expr.Call, types []expr.Type) (string, string, []string, bool) {
		p, ok := e.Args[1].(*expr.Literal)
		ok = ok && !p.Value.Null && types[0].Kind == expr.Text
		if ok && len(e.Args) == 3 {
			esc, lit := e.Args[2].(*expr.Literal)
			ok = lit && !esc.Value.Null && esc.Value.S == ""
		} else if ok {
			ok = !strings.Contains(p.Value.S, `\`)
		}
		return setString, "like:" + signature(types[:2]), []string{"case_sensitivity", how}, ok
	}
}

func textOnly(name string) func(*expr.Call, []expr.Type) (string, string, []string, bool) {
	return func(_ *expr.Call, types []expr.Type) (string, string, []string, bool) {
		for _, t := range types {
			if t.Kind != expr.Text {
				return "", "", nil, false
			}
		}
		full := name + ":" + signature(types)
		if name == "concat" {
			return setString, name + ":str", []string{"null_handling", "ACCEPT_NULLS"}, len(types) == 2
		}
		return setString, full, []string{"char_set", "ASCII_ONLY"}, len(types) == 1
	}
}

func substringCall(e *expr.Call, types []expr.Type) (string, string, []string, bool) {
	ok := len(types) >= 2 && types[0].Kind == expr.Text && types[1].Kind == expr.Int4
	if ok && len(types) == 3 { // a negative length is an error here, and nothing there
		l, isLit := e.Args[2].(*expr.Literal)
		ok = isLit && !l.Value.Null && l.Value.I >= 0
	}
	return setString, "substring:" + signature(types), []string{"negative_start", "LEFT_OF_BEGINNING"}, ok
}

// standardAggregate is an aggregate of the standard that means the same, or ours.
func standardAggregate(name string, types []expr.Type) (set, full string) {
	own := name + ":" + signature(types)
	if len(types) == 0 {
		if name == "count" {
			return setAggregate, "count:"
		}
		return setOwn, own
	}
	t := types[0]
	switch name {
	case "count":
		return setAggregate, "count:any"
	case "sum", "avg", "min", "max":
		switch {
		case t.Kind == expr.Numeric:
			return setDecimal, name + ":dec"
		case t.IsNumber() && (name != "sum" || t.Kind != expr.Int8):
			return setArithmetic, own
		case (name == "min" || name == "max") && (t.Kind == expr.Date || t.Kind == expr.Timestamp || t.Kind == expr.TimestampTZ):
			return setDatetime, own
		}
	case "bool_and", "bool_or":
		return setBoolean, name + ":bool"
	}
	return setOwn, own
}

// signature is the short names of argument types as compound names have them.
func signature(types []expr.Type) string {
	parts := make([]string, len(types))
	for i, t := range types {
		parts[i] = shortName(t)
	}
	return strings.Join(parts, "_")
}

var shortNames = map[expr.Kind]string{expr.Unknown: "str", expr.Bool: "bool", expr.Int2: "i16", expr.Int4: "i32",
	expr.Int8: "i64", expr.Numeric: "dec", expr.Float4: "fp32", expr.Float8: "fp64", expr.Text: "str", expr.Char: "fchar",
	expr.Bytea: "vbin", expr.Date: "date", expr.Time: "pt", expr.Timestamp: "pts", expr.TimestampTZ: "ptstz",
	expr.Interval: "icompound", expr.List: "list", expr.Struct: "struct", expr.Map: "map"}

func shortName(t expr.Type) string {
	switch {
	case t.Kind == expr.Text && t.Length > 0:
		return "vchar"
	case t.Kind == expr.Char && t.Length == 0:
		return "u!" + typeBpchar
	}
	return shortNames[t.Kind]
}
