package standard

import (
	"math"
	"slices"
	"strings"

	"github.com/skein-query/skein/planner/expr"
)

var stringFunctions = map[string]map[string]func(*call) (val, error){
	setString: {
		"concat":          concat,
		"concat_ws":       strictFirst("concat_ws", 2, -1),
		"like":            like,
		"substring":       substring,
		"starts_with":     caseOption(calls("starts_with", 2, 2)),
		"ends_with":       caseOption(endsWith),
		"contains":        caseOption(contains),
		"strpos":          caseOption(calls("strpos", 2, 2)),
		"count_substring": caseOption(countSubstring),
		"replace":         replace,
		"replace_slice":   replaceSlice,
		"trim":            trim("btrim"),
		"ltrim":           trim("ltrim"),
		"rtrim":           trim("rtrim"),
		"lpad":            narrow("lpad", 2, 3),
		"rpad":            narrow("rpad", 2, 3),
		"center":          center,
		"left":            narrow("left", 2, 2),
		"right":           narrow("right", 2, 2),
		"repeat":          narrow("repeat", 2, 2),
		"lower":           letters("lower"),
		"upper":           letters("upper"),
		"initcap":         asciiOnly("initcap"),
		"capitalize":      capitalize,
		"string_split":    calls("string split", 2, 2),
		"swapcase":        letters("swap case"),
		"title":           letters("title case"),

		"regexp_match_substring":     regexp(regexpFind, 2, 5),
		"regexp_count_substring":     regexp(regexpCount, 2, 3),
		"regexp_replace":             regexp(regexpReplace, 3, 5),
		"regexp_match_substring_all": regexp(regexpAll, 2, 4),
		"regexp_strpos":              regexp(regexpPlace, 2, 4),
		"regexp_string_split":        regexp(calls("regexp split", 2, 2), 2, 2),
	},
	setList: {"sort": listSort},
	setSet:  {"index_in": indexIn},
}

// text is a constant text, number a constant integer.
func text(s string) val { return val{Expr: expr.NewLiteral(expr.Str(s), expr.Of(expr.Text))} }

func number8(i int64) val { return val{Expr: expr.NewLiteral(expr.Int(i), expr.Of(expr.Int8))} }

// concat joins strings: NULL when one of them is, or without those that are.
func concat(c *call) (val, error) {
	if err := c.need(1, -1); err != nil {
		return val{}, err
	}
	nulls, err := c.option("null_handling", "ACCEPT_NULLS", "IGNORE_NULLS")
	if err != nil {
		return val{}, err
	}
	if nulls == "IGNORE_NULLS" || c.set == "" && len(c.args) > 0 { // DataFusion's passes over NULLs too
		return c.r.call("concat", c.args...)
	}
	out := c.args[0]
	if !out.Type().IsString() && out.Type().Kind != expr.Bytea {
		return val{}, c.errorf("a value of type %s is no text", out.Type())
	}
	for _, a := range c.args[1:] {
		if out, err = c.r.call(expr.OpConcat, out, a); err != nil {
			return val{}, err
		}
	}
	return out, nil
}

// strictFirst calls a function that is NULL when its first argument is.
func strictFirst(name string, least, most int) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(least, most); err != nil {
			return val{}, err
		}
		return c.r.call(name, c.args...)
	}
}

// like has no escapes in the standard. DataFusion's has, and an argument for them that
// may be NULL.
func like(c *call) (val, error) {
	if err := c.need(2, 3); err != nil {
		return val{}, err
	}
	how, err := c.option("case_sensitivity", "CASE_SENSITIVE", "CASE_INSENSITIVE")
	if err != nil {
		return val{}, err
	}
	op := expr.OpLike
	if how == "CASE_INSENSITIVE" {
		op = expr.OpILike
	}
	args := c.args
	if c.set != "" {
		if err := c.need(2, 2); err != nil {
			return val{}, err
		}
		if p, ok := args[1].Expr.(*expr.Literal); !ok || strings.Contains(p.Value.S, `\`) {
			args = append(slices.Clone(args), text(""))
		}
	} else if len(args) == 3 && isNull(args[2]) {
		args = args[:2]
	}
	return c.r.call(op, args...)
}

func isNull(v val) bool {
	l, ok := v.Expr.(*expr.Literal)
	return ok && l.Value.Null
}

// caseOption follows the option case_sensitivity of functions that compare texts: both
// are made lower case where case does not matter.
func caseOption(build func(*call) (val, error)) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(2, -1); err != nil {
			return val{}, err
		}
		how, err := c.option("case_sensitivity", "CASE_SENSITIVE", "CASE_INSENSITIVE")
		if err != nil {
			return val{}, err
		}
		if how == "CASE_SENSITIVE" {
			return build(c)
		}
		low := *c
		low.args = slices.Clone(c.args)
		for i := range low.args {
			if low.args[i], err = c.r.call("unicode lower", low.args[i]); err != nil {
				return val{}, err
			}
		}
		return build(&low)
	}
}

func endsWith(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	s, err := c.r.call("reverse", c.args[0])
	if err != nil {
		return val{}, err
	}
	end, err := c.r.call("reverse", c.args[1])
	if err != nil {
		return val{}, err
	}
	return c.r.call("starts_with", s, end)
}

func contains(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	at, err := c.r.call("strpos", c.args...)
	if err != nil {
		return val{}, err
	}
	return c.r.call(expr.OpGt, at, val{Expr: int4(0)})
}

// countSubstring counts by what is left when all occurrences are taken away.
func countSubstring(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	rest, err := c.r.call("replace", c.args[0], c.args[1], text(""))
	if err != nil {
		return val{}, err
	}
	length := func(v val) val {
		n, fault := c.r.call("octet_length", v)
		if fault != nil {
			err = fault
		}
		return n
	}
	all, left, one := length(c.args[0]), length(rest), length(c.args[1])
	if err != nil {
		return val{}, err
	}
	gone, err := c.r.call(expr.OpSub, all, left)
	if err != nil {
		return val{}, err
	}
	n, err := c.r.call(expr.OpDiv, gone, one)
	if err != nil {
		return val{}, err
	}
	n.Expr = when(n.Expr, expr.Compare(expr.OpEq, one.Expr, zero(one.Type())), zero(n.Type()))
	return c.r.to(n, kept{Type: expr.Of(expr.Int8)})
}

func replace(c *call) (val, error) {
	if err := c.need(3, 3); err != nil {
		return val{}, err
	}
	if _, err := c.option("case_sensitivity", "CASE_SENSITIVE"); err != nil {
		return val{}, err
	}
	return c.r.call("replace", c.args...)
}

// replaceSlice is NULL outside of the text.
func replaceSlice(c *call) (val, error) {
	if err := c.need(4, 4); err != nil {
		return val{}, err
	}
	args, err := c.narrowed()
	if err != nil {
		return val{}, err
	}
	s, start, length, with := args[0], args[1], args[2], args[3]
	v, err := c.r.call("overlay", s, with, start, length)
	if err != nil {
		return val{}, err
	}
	n, err := c.r.call("char_length", s)
	if err != nil {
		return val{}, err
	}
	any := []expr.Expr{expr.Compare(expr.OpLe, start.Expr, int4(0)), expr.Compare(expr.OpGt, start.Expr, n.Expr), expr.Compare(expr.OpLt, length.Expr, int4(0))}
	v.Expr = when(v.Expr, &expr.Call{Name: expr.OpOr, Args: any, Typ: expr.Of(expr.Bool)}, expr.NullOf(v.Type()))
	return v, nil
}

// trim takes characters away, blanks when the plan does not say which.
func trim(name string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(1, 2); err != nil {
			return val{}, err
		}
		if _, err := c.option("spaces_only", "FALSE"); err != nil { // of older versions: the characters say it
			return val{}, err
		}
		return c.r.call(name, c.args...)
	}
}

// narrowed are the arguments with bigints as the integers that functions on texts take.
func (c *call) narrowed() ([]val, error) {
	args := slices.Clone(c.args)
	for i, a := range args {
		if a.Type().IsInteger() {
			var err error
			if args[i], err = c.r.to(a, kept{Type: expr.Of(expr.Int4)}); err != nil {
				return nil, err
			}
		}
	}
	return args, nil
}

func narrow(name string, least, most int) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(least, most); err != nil {
			return val{}, err
		}
		args, err := c.narrowed()
		if err != nil {
			return val{}, err
		}
		return c.r.call(name, args...)
	}
}

func center(c *call) (val, error) {
	if err := c.need(2, 3); err != nil {
		return val{}, err
	}
	side, err := c.option("padding", "RIGHT", "LEFT")
	if err != nil {
		return val{}, err
	}
	args, err := c.narrowed()
	if err != nil {
		return val{}, err
	}
	pad := text(" ")
	if len(args) == 3 {
		pad = args[2]
	}
	n, err := c.r.call("char_length", args[0])
	if err != nil {
		return val{}, err
	}
	both, err := c.r.call(expr.OpAdd, args[1], n)
	if err != nil {
		return val{}, err
	}
	if side == "LEFT" { // the odd one goes to the left
		if both, err = c.r.call(expr.OpAdd, both, val{Expr: int4(1)}); err != nil {
			return val{}, err
		}
	}
	half, err := c.r.call(expr.OpDiv, both, val{Expr: int4(2)})
	if err != nil {
		return val{}, err
	}
	v, err := c.r.call("lpad", args[0], half, pad)
	if err != nil {
		return val{}, err
	}
	if v, err = c.r.call("rpad", v, args[1], pad); err != nil {
		return val{}, err
	}
	v.Expr = when(v.Expr, expr.Compare(expr.OpGe, n.Expr, args[1].Expr), args[0].Expr)
	return v, nil
}

// letters changes the case of letters: of all alphabets, unless the plan says that those
// of ASCII are enough, as the engine's own functions do.
func letters(name string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(1, 1); err != nil {
			return val{}, err
		}
		set, err := c.option("char_set", "UTF8", "ASCII_ONLY")
		if err != nil {
			return val{}, err
		}
		if _, err := c.option("full_unicode", "TRUE"); err != nil { // of older versions
			return val{}, err
		}
		if set == "ASCII_ONLY" {
			return c.r.call(name, c.args...)
		}
		return c.r.call("unicode "+name, c.args...)
	}
}

func asciiOnly(name string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(1, 1); err != nil {
			return val{}, err
		}
		if _, err := c.option("char_set", "ASCII_ONLY"); err != nil {
			return val{}, err
		}
		return c.r.call(name, c.args...)
	}
}

func capitalize(c *call) (val, error) {
	first, err := letters("upper")(c)
	if err != nil {
		return val{}, err
	}
	if first, err = c.r.call("left", first, val{Expr: int4(1)}); err != nil {
		return val{}, err
	}
	rest, err := c.r.call("substr", c.args[0], val{Expr: int4(2)})
	if err != nil {
		return val{}, err
	}
	return c.r.call(expr.OpConcat, first, rest)
}

// substring counts a negative start from before the beginning or, when asked for, from
// the end. A negative length gives nothing.
func substring(c *call) (val, error) {
	if err := c.need(2, 3); err != nil {
		return val{}, err
	}
	negative, err := c.option("negative_start", "LEFT_OF_BEGINNING", "WRAP_FROM_END")
	if err != nil {
		return val{}, err
	}
	args, err := c.narrowed()
	if err != nil {
		return val{}, err
	}
	if negative == "WRAP_FROM_END" {
		n, err := c.r.call("char_length", args[0])
		if err != nil {
			return val{}, err
		}
		from, err := c.r.call(expr.OpAdd, args[1], n)
		if err == nil {
			from, err = c.r.call(expr.OpAdd, from, val{Expr: int4(1)})
		}
		if err != nil {
			return val{}, err
		}
		args[1] = val{Expr: when(args[1].Expr, expr.Compare(expr.OpLt, args[1].Expr, int4(0)), from.Expr)}
	}
	v, err := c.r.call("substring", args...)
	if err != nil || len(args) == 2 {
		return v, err
	}
	if l, ok := args[2].Expr.(*expr.Literal); !ok || l.Value.I < 0 {
		v.Expr = when(v.Expr, expr.Compare(expr.OpLt, args[2].Expr, int4(0)), expr.NewLiteral(expr.Str(""), v.Type()))
	}
	return v, nil
}

// regexp follows the options of functions on regular expressions, by flags in front of
// the pattern.
func regexp(build func(*call) (val, error), least, most int) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(least, most); err != nil {
			return val{}, err
		}
		how, err := c.option("case_sensitivity", "CASE_SENSITIVE", "CASE_INSENSITIVE")
		if err != nil {
			return val{}, err
		}
		lines, err := c.option("multiline", "MULTILINE_DISABLED", "MULTILINE_ENABLED")
		if err != nil {
			return val{}, err
		}
		dot, err := c.option("dotall", "DOTALL_DISABLED", "DOTALL_ENABLED")
		if err != nil {
			return val{}, err
		}
		if _, err := c.option("lookaround", "FALSE", "TRUE"); err != nil { // of older versions
			return val{}, err
		}
		on, off := "", ""
		if how == "CASE_INSENSITIVE" {
			on += "i"
		}
		if lines == "MULTILINE_ENABLED" {
			on += "m"
		}
		if dot == "DOTALL_DISABLED" {
			off = "-s"
		}
		in := *c
		in.args = slices.Clone(c.args)
		if on+off != "" {
			if in.args[1], err = c.r.call(expr.OpConcat, text("(?"+on+off+")"), c.args[1]); err != nil {
				return val{}, err
			}
		}
		return build(&in)
	}
}

// optional is argument i, or a number when there is none.
func (c *call) optional(i int, none int64) val {
	if i < len(c.args) {
		return c.args[i]
	}
	return number8(none)
}

func regexpFind(c *call) (val, error) {
	return c.r.call("regexp find", c.args[0], c.args[1], c.optional(2, 1), c.optional(3, 1), c.optional(4, 0))
}

func regexpCount(c *call) (val, error) {
	return c.r.call("regexp count", c.args[0], c.args[1], c.optional(2, 1))
}

// regexpReplace without a number replaces the first match.
func regexpReplace(c *call) (val, error) {
	return c.r.call("regexp put", c.args[0], c.args[1], c.args[2], c.optional(3, 1), c.optional(4, 1))
}

func regexpAll(c *call) (val, error) {
	return c.r.call("regexp all", c.args[0], c.args[1], c.optional(2, 1), c.optional(3, 0))
}

func regexpPlace(c *call) (val, error) {
	return c.r.call("regexp place", c.args[0], c.args[1], c.optional(2, 1), c.optional(3, 1))
}

// indexIn is where a value stands in a list. NaN is found, as it equals itself here.
func indexIn(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	t := c.args[1].Type()
	if t.Kind != expr.List {
		return val{}, c.errorf("a value of type %s is no list", t)
	}
	nan, err := c.option("nan_equality", "NAN_IS_NAN", "NAN_IS_NOT_NAN")
	if err != nil {
		return val{}, err
	}
	needle, err := c.r.to(c.args[0], kept{Type: t.Nested.Elem})
	if err != nil {
		return val{}, err
	}
	v, err := c.r.call("list index", needle, c.args[1])
	if err != nil || nan == "NAN_IS_NAN" || !isFloat(needle.Type()) {
		return v, err
	}
	is := expr.Compare(expr.OpEq, needle.Expr, expr.NewLiteral(expr.Float(math.NaN()), needle.Type()))
	v.Expr = when(v.Expr, is, expr.NullOf(v.Type()))
	return v, nil
}

func listSort(c *call) (val, error) {
	if err := c.need(1, 1); err != nil {
		return val{}, err
	}
	direction, err := c.option("direction", "ASC_NULLS_LAST", "ASC_NULLS_FIRST", "DESC_NULLS_FIRST", "DESC_NULLS_LAST")
	if err != nil {
		return val{}, err
	}
	return c.r.call("list sort", c.args[0], text(direction))
}
