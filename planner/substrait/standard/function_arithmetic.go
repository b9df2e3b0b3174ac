package standard

import (
	"math"

	"github.com/skein-query/skein/planner/expr"
)

var arithmeticFunctions = map[string]map[string]func(*call) (val, error){
	setArithmetic: {
		"add":      arithmetic(expr.OpAdd, 2),
		"subtract": arithmetic(expr.OpSub, 2),
		"multiply": arithmetic(expr.OpMul, 2),
		"divide":   divide,
		"negate":   arithmetic(expr.OpNeg, 1),
		"abs":      arithmetic("abs", 1),
		"modulus":  modulus,
		"mod":      modulus,
		"power":    calls("power", 2, 2),
		"sqrt":     calls("sqrt", 1, 1),
		"exp":      calls("exp", 1, 1),
		"sign":     calls("sign", 1, 1),
	},
	setRounding: {
		"ceil":  calls("ceil", 1, 1),
		"floor": calls("floor", 1, 1),
		"round": calls("round", 1, 2),
	},
	setLogarithmic: {
		"ln":    calls("ln", 1, 1),
		"log10": calls("log10", 1, 1),
	},
}

// The values of the option overflow.
const (
	overflowError    = "ERROR"
	overflowSaturate = "SATURATE"
	overflowSilent   = "SILENT"
)

// arithmetic is an operator on numbers. Without an overflow it has one meaning; with
// one it is an error, or the nearest value of the type, which SILENT may be too.
func arithmetic(op string, operands int) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(operands, operands); err != nil {
			return val{}, err
		}
		if _, err := c.option("rounding", "TIE_TO_EVEN"); err != nil {
			return val{}, err
		}
		overflow, err := c.option("overflow", overflowError, overflowSaturate, overflowSilent)
		if err != nil {
			return val{}, err
		}
		return c.checked(op, overflow, c.args...)
	}
}

// checked computes with integers that do not overflow unseen.
func (c *call) checked(op, overflow string, args ...val) (val, error) {
	plain, err := c.r.call(op, args...)
	if err != nil {
		return val{}, err
	}
	t := plain.Type()
	if !t.IsInteger() {
		return plain, nil
	}
	tiny := true
	for _, a := range args {
		tiny = tiny && a.tiny
	}
	least, most := bounds(t, tiny)
	if overflow == overflowError {
		if tiny {
			plain = val{Expr: within(plain.Expr, least, most, "tinyint out of range"), tiny: true}
		}
		return plain, nil
	}
	wide := expr.Of(expr.Int8)
	if t.Kind == expr.Int8 {
		wide = expr.NumericOf(19, 0)
	}
	wider := make([]val, len(args))
	for i, a := range args {
		wider[i] = val{Expr: cast(a.Expr, wide)}
	}
	v, err := c.r.call(op, wider...)
	if err != nil {
		return val{}, err
	}
	bound := func(i int64) val { return val{Expr: cast(expr.NewLiteral(expr.Int(i), expr.Of(expr.Int8)), v.Type())} }
	low, high := bound(least), bound(most)
	clamped := &expr.Case{Whens: []expr.When{
		{Cond: expr.Compare(expr.OpLt, v.Expr, low.Expr), Result: expr.NewLiteral(expr.Int(least), t)},
		{Cond: expr.Compare(expr.OpGt, v.Expr, high.Expr), Result: expr.NewLiteral(expr.Int(most), t)},
	}, Else: &expr.Cast{Arg: v.Expr, To: t}, Typ: t}
	return val{Expr: clamped, tiny: tiny}, nil
}

// bounds are the least and the greatest integer of a type.
func bounds(t expr.Type, tiny bool) (least, most int64) {
	switch {
	case tiny:
		return math.MinInt8, math.MaxInt8
	case t.Kind == expr.Int2:
		return math.MinInt16, math.MaxInt16
	case t.Kind == expr.Int4:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

func divide(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	return c.r.call(expr.OpDiv, c.args...)
}

func modulus(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	return c.r.call(expr.OpMod, c.args...)
}
