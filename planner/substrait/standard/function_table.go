package standard

import (
	"slices"
	"strings"
	"sync"

	"github.com/skein-query/skein/planner/expr"
)

// plainFunctions are the functions that mean what a function or operator of the engine
// means for all arguments: set, name, the engine's name and, after a bar, options with
// the values that are followed.
const plainFunctions = `
functions_comparison equal =
functions_comparison not_equal <>
functions_comparison lt <
functions_comparison lte <=
functions_comparison gt >
functions_comparison gte >=
functions_comparison is_distinct_from is distinct from
functions_comparison is_not_distinct_from is not distinct from
functions_comparison is_null is null
functions_comparison is_not_null is not null
functions_comparison is_true is true
functions_comparison is_not_true is not true
functions_comparison is_false is false
functions_comparison is_not_false is not false
functions_comparison nullif nullif
functions_comparison coalesce coalesce
functions_comparison least_skip_null least
functions_comparison greatest_skip_null greatest
functions_boolean not not
functions_string char_length char_length
functions_string octet_length octet_length
functions_string bit_length bit_length
functions_string reverse reverse
functions_list cardinality cardinality
`

// scalarFunctions are the functions that plans may call, by name.
var scalarFunctions = sync.OnceValue(func() map[string][]scalar {
	out := map[string][]scalar{}
	for line := range strings.Lines(strings.TrimSpace(plainFunctions)) {
		line, opts, _ := strings.Cut(strings.TrimSpace(line), " | ")
		f := strings.SplitN(line, " ", 3)
		out[f[1]] = append(out[f[1]], scalar{f[0], plainFunction(f[2], strings.Fields(opts))})
	}
	for _, table := range []map[string]map[string]func(*call) (val, error){booleanFunctions, arithmeticFunctions, floatFunctions, stringFunctions, timeFunctions, unsignedFunctions} {
		for set, functions := range table {
			for name, build := range functions {
				out[name] = append(out[name], scalar{set, build})
			}
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b scalar) int { return strings.Compare(a.set, b.set) })
	}
	return out
})

// plainFunction calls the engine's function of a name.
func plainFunction(name string, option []string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if len(option) > 0 {
			if _, err := c.option(option[0], option[1:]...); err != nil {
				return val{}, err
			}
		}
		if len(c.args) == 0 {
			return val{}, c.need(1, -1)
		}
		v, err := c.r.call(name, c.args...)
		tiny := true
		for _, a := range c.args {
			tiny = tiny && a.tiny
		}
		v.tiny = tiny && err == nil && v.Type().Kind == expr.Int2
		return v, err
	}
}

// calls calls the engine's function of a name with just so many arguments.
func calls(name string, least, most int) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(least, most); err != nil {
			return val{}, err
		}
		return c.r.call(name, c.args...)
	}
}

var booleanFunctions = map[string]map[string]func(*call) (val, error){
	setBoolean: {
		"and":     logic(expr.OpAnd),
		"or":      logic(expr.OpOr),
		"and_not": andNot,
		"xor":     calls(expr.OpNe, 2, 2),
	},
	setComparison: {
		"between":  between,
		"least":    strictly("least"),
		"greatest": strictly("greatest"),
	},
}

// logic is AND or OR of any number of arguments.
func logic(op string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(1, -1); err != nil {
			return val{}, err
		}
		if len(c.args) == 1 && c.args[0].Type().Kind == expr.Bool {
			return c.args[0], nil
		}
		return c.r.call(op, c.args...)
	}
}

func andNot(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	no, err := c.r.call(expr.OpNot, c.args[1])
	if err != nil {
		return val{}, err
	}
	return c.r.call(expr.OpAnd, c.args[0], no)
}

func between(c *call) (val, error) {
	if err := c.need(3, 3); err != nil {
		return val{}, err
	}
	low, err := c.r.call(expr.OpGe, c.args[0], c.args[1])
	if err != nil {
		return val{}, err
	}
	high, err := c.r.call(expr.OpLe, c.args[0], c.args[2])
	if err != nil {
		return val{}, err
	}
	return c.r.call(expr.OpAnd, low, high)
}

// strictly calls a function that passes over NULLs so that any of them makes it NULL.
func strictly(name string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(2, -1); err != nil {
			return val{}, err
		}
		v, err := c.r.call(name, c.args...)
		if err != nil {
			return val{}, err
		}
		return val{Expr: nullIfAny(c.args, v.Expr)}, nil
	}
}

// nullIfAny is e, or NULL when one of the arguments is.
func nullIfAny(args []val, e expr.Expr) expr.Expr {
	bool := expr.Of(expr.Bool)
	var any []expr.Expr
	for _, a := range args {
		any = append(any, &expr.Call{Name: expr.OpIsNull, Args: []expr.Expr{a.Expr}, Typ: bool})
	}
	cond := any[0]
	if len(any) > 1 {
		cond = &expr.Call{Name: expr.OpOr, Args: any, Typ: bool}
	}
	return &expr.Case{Whens: []expr.When{{Cond: cond, Result: expr.NullOf(e.Type())}}, Else: e, Typ: e.Type()}
}

// bareFunctions are functions that producers call without saying an extension, and that
// the standard has under another name or not at all.
var bareFunctions = map[string]func(*call) (val, error){
	"str_concat":       calls(expr.OpConcat, 2, 2),
	"character_length": calls("char_length", 1, 1),
	"length":           calls("char_length", 1, 1),
	"btrim":            calls("btrim", 1, 2),
	"substr":           calls("substr", 2, 3),
	"date_part":        datePart,
	"date_trunc":       calls("date_trunc", 2, 2),
	"md5":              calls("md5", 1, 1),
	"split_part":       calls("split_part", 3, 3),
	"ascii":            calls("ascii", 1, 1),
	"chr":              calls("chr", 1, 1),
	"translate":        calls("translate", 3, 3),
	"trunc":            calls("trunc", 1, 2),
	"pi":               calls("pi", 0, 0),
	"log":              calls("log", 1, 2),
	"random":           calls("random", 0, 0),
	"make_array":       makeArray,
	"named_struct":     namedStruct,
	"struct":           plainStruct,
	"is_unknown":       calls(expr.OpIsNull, 1, 1),
	"is_not_unknown":   calls(expr.OpIsNotNull, 1, 1),
}
