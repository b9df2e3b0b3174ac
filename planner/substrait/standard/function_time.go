package standard

import (
	"strings"

	"github.com/skein-query/skein/planner/expr"
)

var timeFunctions = map[string]map[string]func(*call) (val, error){
	setDatetime: {
		"extract":         extract,
		"extract_boolean": extractBoolean,
		"add":             addTime,
		"subtract":        subtractTime,
		"add_intervals":   calls(expr.OpAdd, 2, 2),
		"multiply":        calls(expr.OpMul, 2, 2),
		"lt":              calls(expr.OpLt, 2, 2),
		"lte":             calls(expr.OpLe, 2, 2),
		"gt":              calls(expr.OpGt, 2, 2),
		"gte":             calls(expr.OpGe, 2, 2),
		"local_timestamp": zoned,
		"assume_timezone": zoned,
	},
}

// addTime and subtractTime take an interval as they find it; DataFusion's names for
// numbers and times are the same.
func addTime(c *call) (val, error) { return arithmetic(expr.OpAdd, 2)(c) }

func subtractTime(c *call) (val, error) { return arithmetic(expr.OpSub, 2)(c) }

// component is one of extract: the engine's field, what its value is multiplied by, and
// what is added to it then.
type component struct {
	field       string
	times, plus int64
}

// components are those whose values are whole numbers counted as the engine counts
// them. A second's parts are those of the minute, with whole seconds.
var components = map[string]component{
	"YEAR": {field: "year"}, "ISO_YEAR": {field: "isoyear"}, "QUARTER": {field: "quarter"}, "MONTH": {field: "month"},
	"DAY": {field: "day"}, "DAY_OF_YEAR": {field: "doy"}, "MONDAY_DAY_OF_WEEK": {field: "isodow"},
	"SUNDAY_DAY_OF_WEEK": {field: "dow", plus: 1}, "ISO_WEEK": {field: "week"}, "HOUR": {field: "hour"}, "MINUTE": {field: "minute"},
	"SECOND": {field: "second"}, "MILLISECOND": {field: "milliseconds"}, "MICROSECOND": {field: "microseconds"},
	"NANOSECOND": {field: "microseconds", times: 1000}, "UNIX_TIME": {field: "epoch"}, "DOY": {field: "doy"}, "DOW": {field: "dow"},
	"WEEK": {field: "week"}, "EPOCH": {field: "epoch"},
}

// indexed are the components that are counted from one or, by a second enum, from zero.
var indexed = map[string]bool{"QUARTER": true, "MONTH": true, "DAY": true, "DAY_OF_YEAR": true, "MONDAY_DAY_OF_WEEK": true,
	"SUNDAY_DAY_OF_WEEK": true, "MONDAY_WEEK": true, "SUNDAY_WEEK": true, "ISO_WEEK": true, "US_WEEK": true}

// extract reads a component of a time as an integer, of one with a zone in a zone.
func extract(c *call) (val, error) {
	if err := c.need(2, 4); err != nil {
		return val{}, err
	}
	word, err := c.word(0)
	if err != nil {
		return val{}, err
	}
	args, fromZero := c.args[1:], false
	if c.words[1] != "" {
		if !indexed[word] || c.words[1] != "ONE" && c.words[1] != "ZERO" {
			return val{}, c.errorf("the component %s is not counted from %s", word, c.words[1])
		}
		fromZero, args = c.words[1] == "ZERO", args[1:]
	}
	if len(args) == 0 || len(args) > 2 {
		return val{}, c.errorf("%d arguments do not fit", len(c.args))
	}
	x := args[0]
	if len(args) == 2 { // the time of a zone
		if x.Type().Kind != expr.TimestampTZ {
			return val{}, c.errorf("a zone for a value of type %s", x.Type())
		}
		if x, err = c.r.call("timezone", args[1], x); err != nil {
			return val{}, err
		}
	}
	part, ok := components[word]
	if !ok {
		return val{}, c.errorf("the component %s is not supported", word)
	}
	v, err := c.r.call(expr.FnExtract, text(part.field), x)
	if err != nil {
		return val{}, err
	}
	if v, err = c.r.call("floor", v); err != nil {
		return val{}, err
	}
	if v, err = c.r.to(v, kept{Type: expr.Of(expr.Int8)}); err != nil {
		return val{}, err
	}
	if part.times > 0 {
		if v, err = c.r.call(expr.OpMul, v, number8(part.times)); err != nil {
			return val{}, err
		}
	}
	if fromZero {
		part.plus--
	}
	if part.plus != 0 {
		return c.r.call(expr.OpAdd, v, number8(part.plus))
	}
	return v, nil
}

func extractBoolean(c *call) (val, error) {
	word, err := c.word(0)
	if err != nil {
		return val{}, err
	}
	if word != "IS_LEAP_YEAR" || len(c.args) != 2 {
		return val{}, c.errorf("the component %s is not supported", word)
	}
	year, err := c.r.call(expr.FnExtract, text("year"), c.args[1])
	if err != nil {
		return val{}, err
	}
	y, err := c.r.to(year, kept{Type: expr.Of(expr.Int8)})
	if err != nil {
		return val{}, err
	}
	divides := func(n int64) expr.Expr {
		m, fault := c.r.call(expr.OpMod, y, number8(n))
		if fault != nil {
			err = fault
			return expr.False()
		}
		return expr.Compare(expr.OpEq, m.Expr, zero(m.Type()))
	}
	four, hundred, all := divides(4), divides(100), divides(400)
	not := &expr.Call{Name: expr.OpNot, Args: []expr.Expr{hundred}, Typ: expr.Of(expr.Bool)}
	or := &expr.Call{Name: expr.OpOr, Args: []expr.Expr{all, expr.And(four, not)}, Typ: expr.Of(expr.Bool)}
	return val{Expr: or}, err
}

// zoned gives a time a zone, or takes it away.
func zoned(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	return c.r.call("timezone", c.args[1], c.args[0])
}

// datePart is DataFusion's: its words for components are those of SQL.
func datePart(c *call) (val, error) {
	if err := c.need(2, 2); err != nil {
		return val{}, err
	}
	word, err := c.word(0)
	if err != nil {
		return val{}, err
	}
	v, err := c.r.call(expr.FnExtract, text(strings.ToLower(word)), c.args[1])
	if err != nil {
		return val{}, err
	}
	if word == "EPOCH" {
		return c.r.to(v, kept{Type: expr.Of(expr.Float8)})
	}
	if v, err = c.r.call("floor", v); err != nil {
		return val{}, err
	}
	return c.r.to(v, kept{Type: expr.Of(expr.Int4)})
}
