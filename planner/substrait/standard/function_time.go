package standard

import (
	"slices"
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

		"strptime_date":      parsedTime(expr.Date),
		"strptime_time":      parsedTime(expr.Time),
		"strptime_timestamp": parsedInstant,
		"strftime":           formattedTime,
		"round_temporal":     roundTemporal,
		"round_calendar":     roundCalendar,
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
	at := c.args[0]
	if at.Type().Kind == expr.Date { // its midnight, and not that of another zone
		var err error
		if at, err = c.r.to(at, kept{Type: expr.Of(expr.Timestamp)}); err != nil {
			return val{}, err
		}
	}
	return c.r.call("timezone", c.args[1], at)
}

// isText reports whether argument i is a text.
func (c *call) isText(i int) bool { return i < len(c.args) && c.args[i].Type().IsString() }

// parsedTime reads a date or a time of day by a format. The precision that may follow is
// that of the type.
func parsedTime(kind expr.Kind) func(*call) (val, error) {
	return func(c *call) (val, error) {
		if err := c.need(2, 3); err != nil {
			return val{}, err
		}
		v, err := c.r.call("strptime", c.args[0], c.args[1])
		if err != nil {
			return val{}, err
		}
		return c.r.to(v, kept{Type: expr.Of(kind)})
	}
}

// parsedInstant reads an instant by a format: in the zone of the text, in one that is
// given, or in UTC.
func parsedInstant(c *call) (val, error) {
	if err := c.need(2, 4); err != nil {
		return val{}, err
	}
	zone := text("UTC")
	if c.isText(2) {
		zone = c.args[2]
	}
	return c.r.call("strptime zoned", c.args[0], c.args[1], zone)
}

// formattedTime writes a time by a format, an instant as it is in a zone.
func formattedTime(c *call) (val, error) {
	if err := c.need(2, 3); err != nil {
		return val{}, err
	}
	x, err := c.local(c.args[0], 2)
	if err != nil {
		return val{}, err
	}
	return c.r.call("strftime", x, c.args[1])
}

// local is a time as a timestamp: of a date its beginning, of a time of day that of the
// first of January 1970, of an instant the one of the zone that is argument i.
func (c *call) local(x val, i int) (val, error) {
	switch x.Type().Kind {
	case expr.TimestampTZ:
		if !c.isText(i) {
			return val{}, c.errorf("the zone of an instant is missing")
		}
		return c.r.call("timezone", c.args[i], x)
	case expr.Time:
		day := val{Expr: expr.NewLiteral(expr.Int(0), expr.Of(expr.Date))}
		return c.r.call(expr.OpAdd, day, x)
	}
	if i < len(c.args) {
		return val{}, c.errorf("a zone for a value of type %s", x.Type())
	}
	return c.r.to(x, kept{Type: expr.Of(expr.Timestamp)})
}

// rounding checks how and to what unit a time is rounded.
func (c *call) rounding(how, unit int) error {
	for i, can := range map[int][]string{how: {"FLOOR", "CEIL", "ROUND_TIE_DOWN", "ROUND_TIE_UP"},
		unit: {"YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"}} {
		word, err := c.word(i)
		if err != nil {
			return err
		}
		if !slices.Contains(can, word) {
			return c.errorf("%s is not known", word)
		}
	}
	return nil
}

// roundTemporal rounds x to multiples of a unit since an origin: x, how, unit, multiple,
// then the zone of an instant, and the origin.
func roundTemporal(c *call) (val, error) {
	if err := c.need(5, 6); err != nil {
		return val{}, err
	}
	if err := c.rounding(1, 2); err != nil {
		return val{}, err
	}
	return c.roundedTime(c.args[3], c.args[len(c.args)-1], len(c.args) == 6, 4)
}

// roundCalendar counts from the beginning of the unit of the calendar in which x is: x,
// how, unit, unit of the origin, multiple, then the zone of an instant.
func roundCalendar(c *call) (val, error) {
	if err := c.need(5, 6); err != nil {
		return val{}, err
	}
	if err := c.rounding(1, 2); err != nil {
		return val{}, err
	}
	word, err := c.word(3)
	if err != nil {
		return val{}, err
	}
	unit, ok := map[string]string{"YEAR": "year", "MONTH": "month", "MONDAY_WEEK": "week", "ISO_WEEK": "week", "SUNDAY_WEEK": "sunday",
		"US_WEEK": "sunday", "DAY": "day", "HOUR": "hour", "MINUTE": "minute", "SECOND": "second", "MILLISECOND": "milliseconds"}[word]
	if !ok {
		return val{}, c.errorf("origin %s is not known", word)
	}
	x, err := c.localOrTime(5)
	if err != nil {
		return val{}, err
	}
	origin := x
	week := val{Expr: expr.NewLiteral(expr.IntervalValue(0, 1, 0), expr.Of(expr.Interval))}
	if unit == "sunday" { // the Monday of the day after, and a day less
		if origin, err = c.r.call(expr.OpAdd, x, week); err != nil {
			return val{}, err
		}
		if origin, err = c.r.call("date_trunc", text("week"), origin); err == nil {
			origin, err = c.r.call(expr.OpSub, origin, week)
		}
	} else {
		origin, err = c.r.call("date_trunc", text(unit), x)
	}
	if err != nil {
		return val{}, err
	}
	return c.roundedTime(c.args[4], origin, len(c.args) == 6, 5)
}

func (c *call) localOrTime(zone int) (val, error) {
	if len(c.args) <= zone {
		zone = len(c.args)
	}
	return c.local(c.args[0], zone)
}

// roundedTime rounds the first argument, and gives it its type again.
func (c *call) roundedTime(multiple, origin val, hasZone bool, zone int) (val, error) {
	t := c.args[0].Type()
	if hasZone != (t.Kind == expr.TimestampTZ) {
		return val{}, c.errorf("an instant is rounded in a zone, other times are not")
	}
	if !hasZone {
		zone = len(c.args)
	}
	x, err := c.local(c.args[0], zone)
	if err != nil {
		return val{}, err
	}
	if origin.Type().Kind != expr.Timestamp {
		if origin, err = c.local(origin, zone); err != nil {
			return val{}, err
		}
	}
	if multiple, err = c.r.to(multiple, kept{Type: expr.Of(expr.Int8)}); err != nil {
		return val{}, err
	}
	words := make([]val, 2)
	for i := range words {
		w, err := c.word(i + 1)
		if err != nil {
			return val{}, err
		}
		words[i] = text(w)
	}
	v, err := c.r.call("round time", x, words[0], words[1], multiple, origin)
	if err != nil {
		return val{}, err
	}
	if hasZone {
		return c.r.call("timezone", c.args[zone], v)
	}
	return c.r.to(v, kept{Type: t})
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
