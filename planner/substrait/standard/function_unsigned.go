package standard

import "github.com/skein-query/skein/planner/expr"

// setUnsigned is the extension of integers without sign. They are computed as the type
// that holds them, and what is none of them is an error: the result has the plan's type.
const setUnsigned = "unsigned_integers"

var unsignedFunctions = map[string]map[string]func(*call) (val, error){
	setUnsigned: {
		"add":      unsignedArithmetic(expr.OpAdd),
		"subtract": unsignedArithmetic(expr.OpSub),
		"multiply": unsignedArithmetic(expr.OpMul),
		"divide":   unsignedArithmetic("div"),
	},
}

func unsignedArithmetic(op string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(2, 2); err != nil {
			return val{}, err
		}
		for option, can := range map[string]string{"overflow": overflowError, "on_division_by_zero": overflowError, "on_domain_error": overflowError, "rounding": "TRUNCATE"} {
			if _, err := c.option(option, can); err != nil {
				return val{}, err
			}
		}
		if c.out == nil || !c.out.unsigned {
			return val{}, c.errorf("the result has no type of integers without sign")
		}
		wide := make([]val, len(c.args)) // where nothing overflows unseen
		for i, a := range c.args {
			if !a.Type().IsInteger() && a.Type().Kind != expr.Numeric {
				return val{}, c.errorf("a value of type %s is no integer", a.Type())
			}
			wide[i] = val{Expr: cast(a.Expr, expr.NumericOf(20, 0))}
		}
		return c.r.call(op, wide...)
	}
}
