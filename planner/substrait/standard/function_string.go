package standard

import (
	"slices"

	"github.com/skein-query/skein/planner/expr"
)

var stringFunctions = map[string]map[string]func(*call) (val, error){
	setString: {
		"concat":      concat,
		"like":        like,
		"substring":   substring,
		"starts_with": calls("starts_with", 2, 2),
		"replace":     calls("replace", 3, 3),
		"trim":        calls("btrim", 1, 2),
		"ltrim":       calls("ltrim", 1, 2),
		"rtrim":       calls("rtrim", 1, 2),
		"lpad":        calls("lpad", 2, 3),
		"rpad":        calls("rpad", 2, 3),
		"left":        calls("left", 2, 2),
		"right":       calls("right", 2, 2),
		"repeat":      calls("repeat", 2, 2),
		"strpos":      calls("strpos", 2, 2),
		"initcap":     calls("initcap", 1, 1),
	},
}

// concat joins strings: NULL when one of them is, or without those that are.
func concat(c *call) (val, error) {
	if err := c.need(1, -1); err != nil {
		return val{}, err
	}
	nulls, err := c.option("null_handling", "ACCEPT_NULLS", "IGNORE_NULLS")
	if err != nil {
		return val{}, err
	}
	if nulls == "IGNORE_NULLS" {
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
	if c.set != "" { // the standard's knows no escapes
		if err := c.need(2, 2); err != nil {
			return val{}, err
		}
		args = append(slices.Clone(args), val{Expr: expr.NewLiteral(expr.Str(""), expr.Of(expr.Text))})
	} else if len(args) == 3 && isNull(args[2]) { // DataFusion's, without an ESCAPE
		args = args[:2]
	}
	return c.r.call(op, args...)
}

func substring(c *call) (val, error) {
	if err := c.need(2, 3); err != nil {
		return val{}, err
	}
	args := append([]val(nil), c.args...)
	for i := 1; i < len(args); i++ {
		v, err := c.r.to(args[i], kept{Type: expr.Of(expr.Int4)})
		if err != nil {
			return val{}, err
		}
		args[i] = v
	}
	return c.r.call("substring", args...)
}

func isNull(v val) bool {
	l, ok := v.Expr.(*expr.Literal)
	return ok && l.Value.Null
}
