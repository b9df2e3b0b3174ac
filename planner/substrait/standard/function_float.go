package standard

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

var floatFunctions = map[string]map[string]func(*call) (val, error){
	setArithmetic: {
		"sqrt":    float("sqrt", 1, true),
		"exp":     float("exp", 1, false),
		"cos":     float("cos", 1, false),
		"sin":     float("sin", 1, false),
		"tan":     float("tan", 1, false),
		"cosh":    float("cosh", 1, false),
		"sinh":    float("sinh", 1, false),
		"tanh":    float("tanh", 1, false),
		"acos":    float("acos", 1, true),
		"asin":    float("asin", 1, true),
		"atan":    float("atan", 1, false),
		"acosh":   float("acosh", 1, true),
		"asinh":   float("asinh", 1, false),
		"atanh":   float("atanh", 1, true),
		"atan2":   float("atan2", 2, true),
		"radians": float("radians", 1, false),
		"degrees": float("degrees", 1, false),
	},
	setLogarithmic: {
		"ln":    logarithm("ln"),
		"log10": logarithm("log10"),
		"log2":  logarithm("log2"),
		"logb":  logarithm("logb"),
		"log1p": logarithm("log1p"),
	},
	setRounding: {
		"ceil":  whole("ceil"),
		"floor": whole("floor"),
		"round": round,
	},
	setRoundingDecimal: {
		"ceil":  whole("ceil"),
		"floor": whole("floor"),
		"round": round,
	},
	setComparison: {
		"is_nan":      floatClass("is_nan"),
		"is_finite":   floatClass("is_finite"),
		"is_infinite": floatClass("is_infinite"),
	},
}

// float is a function of floats, with the option on_domain_error where it has one.
func float(name string, args int, domain bool) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(args, args); err != nil {
			return val{}, err
		}
		if err := c.tieToEven(); err != nil {
			return val{}, err
		}
		v, err := c.ieee(name, c.args...)
		if err != nil || !domain {
			return v, err
		}
		option, err := c.option("on_domain_error", "NAN", "ERROR", "NULL", "NONE")
		if err != nil {
			return val{}, err
		}
		return c.guarded(v, option)
	}
}

// logarithm follows the options for arguments that have none: negative ones, and zero.
func logarithm(name string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		args := 1
		if name == "logb" {
			args = 2
		}
		if err := c.need(args, args); err != nil {
			return val{}, err
		}
		if err := c.tieToEven(); err != nil {
			return val{}, err
		}
		domain, err := c.option("on_domain_error", "NAN", "ERROR", "NULL", "NONE")
		if err != nil {
			return val{}, err
		}
		atZero, err := c.option("on_log_zero", "MINUS_INFINITY", "NAN", "ERROR")
		if err != nil {
			return val{}, err
		}
		args1 := c.args
		if name == "log1p" {
			one, err := c.r.call(expr.OpAdd, c.args[0], val{Expr: cast(int4(1), c.args[0].Type())})
			if err != nil {
				return val{}, err
			}
			args1 = []val{one}
		}
		v, err := c.ieee(name, c.args...)
		if err != nil {
			return v, err
		}
		if v, err = c.guarded(v, domain); err != nil || atZero == "MINUS_INFINITY" {
			return v, err
		}
		x := args1[len(args1)-1].Expr
		v.Expr = when(v.Expr, expr.Compare(expr.OpEq, x, zero(x.Type())), outOfDomain(atZero, v.Type()))
		return v, nil
	}
}

// whole rounds up or down. Integers are whole already.
func whole(name string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(1, 1); err != nil {
			return val{}, err
		}
		switch t := c.args[0].Type(); {
		case isFloat(t):
			return c.ieee(name, c.args[0])
		case t.IsInteger():
			return c.args[0], nil
		}
		return c.r.call(name, c.args[0])
	}
}

var roundings = []string{"TIE_AWAY_FROM_ZERO", "TIE_TO_EVEN", "TRUNCATE", "CEILING", "FLOOR", "AWAY_FROM_ZERO", "TIE_DOWN", "TIE_UP",
	"TIE_TOWARDS_ZERO", "TIE_TO_ODD"}

// round rounds to a number of digits, which may be negative. Exact numbers are rounded
// exactly, ties away from zero, or cut.
func round(c *call) (val, error) {
	if err := c.need(1, 2); err != nil {
		return val{}, err
	}
	digits := val{Expr: int4(0)}
	if len(c.args) == 2 {
		var err error
		if digits, err = c.r.to(c.args[1], kept{Type: expr.Of(expr.Int4)}); err != nil {
			return val{}, err
		}
	}
	x := c.args[0]
	t := x.Type()
	if isFloat(t) {
		mode, err := c.option("rounding", roundings...)
		if err != nil {
			return val{}, err
		}
		text := val{Expr: expr.NewLiteral(expr.Str(mode), expr.Of(expr.Text))}
		v, err := c.r.call("ieee round", text, val{Expr: cast(x.Expr, expr.Of(expr.Float8))}, digits)
		if err != nil {
			return v, err
		}
		return c.r.to(v, kept{Type: t})
	}
	mode, err := c.option("rounding", "TIE_AWAY_FROM_ZERO", "TRUNCATE")
	if err != nil {
		return val{}, err
	}
	name := "round"
	if mode == "TRUNCATE" {
		name = "trunc"
	}
	if !t.IsInteger() {
		return c.r.call(name, x, digits)
	}
	v, err := c.r.call(name, val{Expr: cast(x.Expr, expr.NumericFor(t))}, digits)
	if err != nil {
		return v, err
	}
	return c.r.to(v, kept{Type: t, tiny: x.tiny})
}

// floatClass tells NaN and infinities from other floats.
func floatClass(name string) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(1, 1); err != nil {
			return val{}, err
		}
		t := c.args[0].Type()
		if !isFloat(t) {
			if t.IsNumber() { // an exact number is finite
				return val{Expr: nullIfAny(c.args, boolean(name == "is_finite"))}, nil
			}
			return val{}, sqlerr.New(sqlerr.UndefinedFunction, "function %s(%s) does not exist", name, t)
		}
		x := c.args[0].Expr
		is := func(s string) expr.Expr {
			return expr.Compare(expr.OpEq, x, cast(expr.NewLiteral(expr.Str(s), expr.Of(expr.Text)), t))
		}
		or := func(list ...expr.Expr) expr.Expr {
			return &expr.Call{Name: expr.OpOr, Args: list, Typ: expr.Of(expr.Bool)}
		}
		switch name {
		case "is_nan":
			return val{Expr: is("NaN")}, nil
		case "is_infinite":
			return val{Expr: or(is("Infinity"), is("-Infinity"))}, nil
		}
		return c.r.call(expr.OpNot, val{Expr: or(is("NaN"), is("Infinity"), is("-Infinity"))})
	}
}

func boolean(b bool) expr.Expr { return expr.NewLiteral(expr.BoolValue(b), expr.Of(expr.Bool)) }
