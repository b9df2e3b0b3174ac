package standard

import (
	"math"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

var arithmeticFunctions = map[string]map[string]func(*call) (val, error){
	setArithmetic: {
		"add":                  arithmetic(expr.OpAdd, 2),
		"subtract":             arithmetic(expr.OpSub, 2),
		"multiply":             arithmetic(expr.OpMul, 2),
		"divide":               divide,
		"negate":               arithmetic(expr.OpNeg, 1),
		"abs":                  arithmetic("abs", 1),
		"modulus":              modulus,
		"mod":                  modulus,
		"power":                power,
		"sign":                 sign,
		"factorial":            factorial,
		"bitwise_not":          bitwise("~", 1),
		"bitwise_and":          bitwise("&", 2),
		"bitwise_or":           bitwise("|", 2),
		"bitwise_xor":          bitwise("#", 2),
		"shift_left":           calls("<<", 2, 2),
		"shift_right":          calls(">>", 2, 2),
		"shift_right_unsigned": shiftUnsigned,
	},
	setDecimal: {
		"add":         arithmetic(expr.OpAdd, 2),
		"subtract":    arithmetic(expr.OpSub, 2),
		"multiply":    arithmetic(expr.OpMul, 2),
		"divide":      divide,
		"abs":         arithmetic("abs", 1),
		"modulus":     modulus,
		"power":       power,
		"factorial":   factorial,
		"sqrt":        decimalSqrt,
		"bitwise_and": calls("decimal and", 2, 2),
		"bitwise_or":  calls("decimal or", 2, 2),
		"bitwise_xor": calls("decimal xor", 2, 2),
	},
}

// The values of the option overflow.
const (
	overflowError    = "ERROR"
	overflowSaturate = "SATURATE"
	overflowSilent   = "SILENT"
)

// tieToEven is the only rounding of floats there is.
func (c *call) tieToEven() error {
	_, err := c.option("rounding", "TIE_TO_EVEN")
	return err
}

func isFloat(t expr.Type) bool { return t.Kind == expr.Float4 || t.Kind == expr.Float8 }

// floats reports whether one of the arguments is a float, so that all become one.
func (c *call) floats() bool {
	for _, a := range c.args {
		if isFloat(a.Type()) {
			return true
		}
	}
	return false
}

var ieeeNames = map[string]string{expr.OpAdd: "ieee add", expr.OpSub: "ieee subtract", expr.OpMul: "ieee multiply"}

// arithmetic is an operator on numbers. Without an overflow it has one meaning; with
// one it is an error, or the nearest value of the type, which SILENT may be too. Floats
// become infinite, unless the plan asks for the error, as our own plans do.
func arithmetic(op string, operands int) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(operands, operands); err != nil {
			return val{}, err
		}
		if err := c.tieToEven(); err != nil {
			return val{}, err
		}
		_, asked := c.opts.of["overflow"]
		if c.floats() && asked {
			if _, err := c.option("overflow", overflowError); err != nil {
				return val{}, err
			}
			return c.r.call(op, c.args...)
		}
		if name := ieeeNames[op]; name != "" && c.floats() {
			return c.r.call(name, c.args...)
		}
		can := []string{overflowError, overflowSaturate, overflowSilent}
		if t := c.args[0].Type(); !t.IsInteger() || operands == 2 && !c.args[1].Type().IsInteger() {
			can = can[:1]
		}
		overflow, err := c.option("overflow", can...)
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
	bound := func(i int64) expr.Expr { return cast(expr.NewLiteral(expr.Int(i), expr.Of(expr.Int8)), v.Type()) }
	clamped := &expr.Case{Whens: []expr.When{
		{Cond: expr.Compare(expr.OpLt, v.Expr, bound(least)), Result: expr.NewLiteral(expr.Int(least), t)},
		{Cond: expr.Compare(expr.OpGt, v.Expr, bound(most)), Result: expr.NewLiteral(expr.Int(most), t)},
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

// when is a CASE of pairs of conditions and results, and what is else.
func when(els expr.Expr, pairs ...expr.Expr) expr.Expr {
	out := &expr.Case{Else: els, Typ: els.Type()}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Whens = append(out.Whens, expr.When{Cond: pairs[i], Result: pairs[i+1]})
	}
	return out
}

// zero is zero of a type of numbers.
func zero(t expr.Type) expr.Expr { return expr.NewLiteral(expr.Value{}, t) }

// raised is an error as a value of a type.
func raised(code sqlerr.Code, message string, t expr.Type) expr.Expr {
	return failing(expr.False(), code, message, expr.NullOf(t))
}

// divide truncates integers. What the plan does not say about zeros and domains is an
// error for integers and decimals, and IEEE 754's answer for floats.
func divide(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	if c.floats() {
		return c.divideFloats()
	}
	if _, err := c.option("rounding", "TRUNCATE"); err != nil {
		return val{}, err
	}
	can := []string{overflowError, overflowSaturate, overflowSilent}
	if !c.args[0].Type().IsInteger() || !c.args[1].Type().IsInteger() {
		can = can[:1]
	}
	overflow, err := c.option("overflow", can...)
	if err != nil {
		return val{}, err
	}
	// An integer has no NaN and no infinity: NULL stands for them.
	domain, err := c.option("on_domain_error", "ERROR", "NULL", "NAN")
	if err != nil {
		return val{}, err
	}
	by, err := c.option("on_division_by_zero", "ERROR", "NULL", "NAN", "IEEE")
	if err != nil {
		return val{}, err
	}
	v, err := c.checked(expr.OpDiv, overflow, c.args...)
	if err != nil || domain == "ERROR" && by == "ERROR" {
		return v, err
	}
	a, b := c.args[0].Expr, c.args[1].Expr
	result := func(option string) expr.Expr {
		if option == "ERROR" {
			return raised(sqlerr.DivisionByZero, "division by zero", v.Type())
		}
		return expr.NullOf(v.Type())
	}
	inner := when(result(by), expr.Compare(expr.OpEq, a, zero(a.Type())), result(domain))
	v.Expr = when(v.Expr, expr.Compare(expr.OpEq, b, zero(b.Type())), inner)
	return v, nil
}

func (c *call) divideFloats() (val, error) {
	if err := c.tieToEven(); err != nil {
		return val{}, err
	}
	if _, asked := c.opts.of["overflow"]; asked {
		if _, err := c.option("overflow", overflowError); err != nil {
			return val{}, err
		}
	}
	domain, err := c.option("on_domain_error", "NAN", "NULL", "NONE", "ERROR")
	if err != nil {
		return val{}, err
	}
	by, err := c.option("on_division_by_zero", "IEEE", "LIMIT", "NULL", "NAN", "ERROR")
	if err != nil {
		return val{}, err
	}
	if domain == "ERROR" && by == "ERROR" {
		return c.r.call(expr.OpDiv, c.args...)
	}
	v, err := c.r.call("ieee divide", c.args...)
	if err != nil {
		return v, err
	}
	t := v.Type()
	a, b := cast(c.args[0].Expr, t), cast(c.args[1].Expr, t)
	nan := expr.NewLiteral(expr.Float(math.NaN()), t)
	var pairs []expr.Expr
	if by != "IEEE" && by != "LIMIT" {
		result := map[string]expr.Expr{"NULL": expr.NullOf(t), "NAN": nan, "ERROR": raised(sqlerr.DivisionByZero, "division by zero", t)}[by]
		pairs = append(pairs, expr.And(expr.Compare(expr.OpEq, b, zero(t)), expr.Compare(expr.OpNe, a, zero(t)), expr.Compare(expr.OpNe, a, nan)), result)
	}
	if domain != "NAN" {
		pairs = append(pairs, expr.And(expr.Compare(expr.OpEq, v.Expr, nan), expr.Compare(expr.OpNe, a, nan), expr.Compare(expr.OpNe, b, nan)), outOfDomain(domain, t))
	}
	if len(pairs) > 0 {
		v.Expr = when(v.Expr, pairs...)
	}
	return v, nil
}

// outOfDomain is what the option on_domain_error says of a function without a value.
func outOfDomain(option string, t expr.Type) expr.Expr {
	switch option {
	case "ERROR":
		return raised(sqlerr.NumericValueOutOfRange, "input is out of range", t)
	case "NAN":
		return expr.NewLiteral(expr.Float(math.NaN()), t)
	}
	return expr.NullOf(t)
}

// modulus is the remainder of a division that truncates or, when asked for, that goes
// to the next lower integer.
func modulus(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	kind, err := c.option("division_type", "TRUNCATE", "FLOOR")
	if err != nil {
		return val{}, err
	}
	if _, err := c.option("overflow", overflowError, overflowSaturate, overflowSilent); err != nil { // there is none
		return val{}, err
	}
	domain, err := c.option("on_domain_error", "ERROR", "NULL")
	if err != nil {
		return val{}, err
	}
	v, err := c.r.call(expr.OpMod, c.args...)
	if err != nil {
		return val{}, err
	}
	v.tiny = c.args[0].tiny && c.args[1].tiny
	b := c.args[1].Expr
	if kind == "FLOOR" {
		// Only where the signs differ, so that the sum stays within the type.
		sum, err := c.r.call(expr.OpAdd, val{Expr: v.Expr}, c.args[1])
		if err != nil {
			return val{}, err
		}
		negative := func(e expr.Expr) expr.Expr { return expr.Compare(expr.OpLt, e, zero(e.Type())) }
		differ := expr.And(expr.Compare(expr.OpNe, v.Expr, zero(v.Type())), expr.Compare(expr.OpNe, negative(v.Expr), negative(b)))
		v.Expr = when(v.Expr, differ, cast(sum.Expr, v.Type()))
	}
	if domain == "NULL" {
		v.Expr = when(v.Expr, expr.Compare(expr.OpEq, b, zero(b.Type())), expr.NullOf(v.Type()))
	}
	return v, nil
}

// power of integers is exact, of decimals and floats a float.
func power(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	if c.args[0].Type().IsInteger() && c.args[1].Type().IsInteger() {
		if _, err := c.option("overflow", overflowError); err != nil {
			return val{}, err
		}
		wide := expr.NumericOf(19, 0)
		v, err := c.r.call("power", val{Expr: cast(c.args[0].Expr, wide)}, val{Expr: cast(c.args[1].Expr, wide)})
		if err != nil {
			return val{}, err
		}
		return c.r.to(v, kept{Type: expr.Of(expr.Int8)})
	}
	complex, err := c.option("complex_number_result", "NAN", "ERROR")
	if err != nil {
		return val{}, err
	}
	if _, err := c.option("overflow", overflowError); err != nil {
		return val{}, err
	}
	v, err := c.ieee("power", c.args...)
	if err != nil || complex == "NAN" {
		return v, err
	}
	return c.guarded(v, complex)
}

// ieee calls a function of floats by its name. Float4s give a float4.
func (c *call) ieee(name string, args ...val) (val, error) {
	in := []val{{Expr: expr.NewLiteral(expr.Str(name), expr.Of(expr.Text))}}
	single := true
	for _, a := range args {
		single = single && a.Type().Kind == expr.Float4
		if !a.Type().IsNumber() {
			return val{}, c.errorf("a value of type %s is no number", a.Type())
		}
		in = append(in, val{Expr: cast(a.Expr, expr.Of(expr.Float8))})
	}
	v, err := c.r.call("ieee call", in...)
	if err == nil && single {
		v.Expr = cast(v.Expr, expr.Of(expr.Float4))
	}
	return v, err
}

// guarded follows the option for a function that has no value: one that is NaN and of
// whose arguments none is.
func (c *call) guarded(v val, option string) (val, error) {
	if option == "NAN" {
		return v, nil
	}
	nan := func(t expr.Type) expr.Expr { return expr.NewLiteral(expr.Float(math.NaN()), t) }
	conds := []expr.Expr{expr.Compare(expr.OpEq, v.Expr, nan(v.Type()))}
	for _, a := range c.args {
		if isFloat(a.Type()) {
			conds = append(conds, expr.Compare(expr.OpNe, a.Expr, nan(a.Type())))
		}
	}
	v.Expr = when(v.Expr, expr.And(conds...), outOfDomain(option, v.Type()))
	return v, nil
}

func sign(c *call) (val, error) {
	if err := c.need(1, 1); err != nil {
		return val{}, err
	}
	v, err := c.r.call("sign", c.args[0])
	if t := c.args[0].Type(); err == nil && t.IsNumber() {
		v.Expr, v.tiny = cast(v.Expr, t), c.args[0].tiny
	}
	return v, err
}

func factorial(c *call) (val, error) {
	if err := c.need(1, 1); err != nil {
		return val{}, err
	}
	if _, err := c.option("overflow", overflowError); err != nil {
		return val{}, err
	}
	n := c.args[0]
	if n.Type().Kind == expr.Numeric {
		n.Expr = cast(n.Expr, expr.Of(expr.Int8))
		return c.r.call("factorial", n)
	}
	v, err := c.r.call("factorial", n)
	if err != nil {
		return v, err
	}
	return c.r.to(v, kept{Type: n.Type()})
}

// decimalSqrt is a float; a negative decimal has none.
func decimalSqrt(c *call) (val, error) {
	if err := c.need(1, 1); err != nil {
		return val{}, err
	}
	v, err := c.ieee("sqrt", c.args[0])
	if err != nil {
		return v, err
	}
	return c.guarded(v, "ERROR")
}

// bitwise operators of tinyints stay in their range.
func bitwise(op string, operands int) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(operands, operands); err != nil {
			return val{}, err
		}
		v, err := c.r.call(op, c.args...)
		v.tiny = err == nil && c.args[0].tiny && c.args[len(c.args)-1].tiny
		return v, err
	}
}

// shiftUnsigned shifts zeros in from the left: the sign's copies that the signed shift
// brings are masked away.
func shiftUnsigned(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	v, err := c.r.call(">>", c.args...)
	if err != nil {
		return v, err
	}
	t := v.Type
	if t().Kind != expr.Int4 && t().Kind != expr.Int8 {
		return v, nil
	}
	_, most := bounds(t(), false)
	one, err := c.r.call(expr.OpSub, c.args[1], val{Expr: expr.NewLiteral(expr.Int(1), c.args[1].Type())})
	if err != nil {
		return val{}, err
	}
	mask, err := c.r.call(">>", val{Expr: expr.NewLiteral(expr.Int(most), t())}, one)
	if err != nil {
		return val{}, err
	}
	masked, err := c.r.call("&", v, mask)
	if err != nil {
		return val{}, err
	}
	none := expr.Compare(expr.OpEq, c.args[1].Expr, zero(c.args[1].Type()))
	return val{Expr: when(masked.Expr, none, c.args[0].Expr)}, nil
}
