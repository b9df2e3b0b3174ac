package eval

import (
	"math"
	"strings"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// dateTrunc is date_trunc of timestamps and intervals.
func dateTrunc(e *expr.Call) rowFunc {
	if kindOf(e, 1) == expr.Interval {
		return func(in []input, row int, out *output) error {
			v, err := truncInterval(fieldName(in[0].text(row)), in[1].interval(row))
			out.intervals[row] = v
			return err
		}
	}
	return func(in []input, row int, out *output) error {
		us, field := in[1].int(row), fieldName(in[0].text(row))
		if len(in) == 3 {
			zone := zoneNamed(in[2].text(row))
			if zone == nil {
				return sqlerr.New(sqlerr.InvalidParameterValue, "time zone %q not recognized", in[2].text(row))
			}
			v, err := truncStamp(field, expr.UTCToLocal(us, zone))
			out.ints[row] = expr.LocalToUTC(v, zone)
			return err
		}
		v, err := truncStamp(field, us)
		out.ints[row] = v
		return err
	}
}

func noSuchUnit(field, typ string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "unit %q not recognized for type %s", field, typ)
}

// microsOf is the length of a unit up to a day, 0 for any other.
func microsOf(unit string) int64 {
	switch unit {
	case "microseconds":
		return 1
	case "milliseconds":
		return 1e3
	case "second":
		return 1e6
	case "minute":
		return 60e6
	case "hour":
		return 3600e6
	case "day":
		return microsPerDay
	}
	return 0
}

// truncStamp is the start of the unit that us lies in.
func truncStamp(field string, us int64) (int64, error) {
	if step := microsOf(field); step > 0 {
		return us - floorMod(us, step), nil
	}
	days := floorDiv(us, microsPerDay)
	y, m, _ := civil(days)
	switch field {
	case "week":
		return (days - floorMod(days+3, 7)) * microsPerDay, nil // day 0 was a Thursday
	case "month":
		return daysOf(y, m, 1) * microsPerDay, nil
	case "quarter":
		return daysOf(y, (m-1)/3*3+1, 1) * microsPerDay, nil
	case "year":
	case "decade":
		y = int(floorDiv(int64(y), 10)) * 10
	case "century":
		y = int(floorDiv(int64(y)-1, 100))*100 + 1
	case "millennium":
		y = int(floorDiv(int64(y)-1, 1000))*1000 + 1
	default:
		return 0, noSuchUnit(field, "timestamp without time zone")
	}
	return daysOf(y, 1, 1) * microsPerDay, nil
}

func truncInterval(field string, v vector.MonthDayMicro) (vector.MonthDayMicro, error) {
	step := map[string]int64{"microseconds": 1, "milliseconds": 1e3, "second": 1e6, "minute": 60e6, "hour": 3600e6}[field]
	months := map[string]int32{"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200, "millennium": 12000}[field]
	switch {
	case step > 0:
		v.Micros -= v.Micros % step
	case field == "day":
		v.Micros = 0
	case months > 0:
		v.Micros, v.Days = 0, 0
		v.Months -= v.Months % months
	case field == "week":
		return v, sqlerr.New(sqlerr.FeatureNotSupported, "unit \"week\" not supported for type interval").
			WithHint("Months usually have fractional weeks.")
	default:
		return v, noSuchUnit(field, "interval")
	}
	return v, nil
}

// dateBin is date_bin(stride, source, origin).
func dateBin(in []input, row int, out *output) error {
	stride, source, origin := in[0].interval(row), in[1].int(row), in[2].int(row)
	if stride.Months != 0 {
		return sqlerr.New(sqlerr.FeatureNotSupported, "timestamps cannot be binned into intervals containing months or years")
	}
	us := int64(stride.Days)*microsPerDay + stride.Micros
	if us <= 0 {
		return sqlerr.New(sqlerr.DatetimeFieldOverflow, "stride must be greater than zero")
	}
	out.ints[row] = origin + floorDiv(source-origin, us)*us
	return nil
}

// makeTime is make_date, make_time, make_timestamp and make_interval.
func makeTime(name string) rowFunc {
	switch name {
	case "make_date":
		return func(in []input, row int, out *output) error {
			days, err := checkedDate(in[0].int(row), in[1].int(row), in[2].int(row))
			out.ints[row] = days
			return err
		}
	case "make_time":
		return func(in []input, row int, out *output) error {
			us, err := checkedClock(in[0].int(row), in[1].int(row), in[2].float(row))
			out.ints[row] = us
			return err
		}
	case "make_timestamp":
		return func(in []input, row int, out *output) error {
			days, err := checkedDate(in[0].int(row), in[1].int(row), in[2].int(row))
			if err != nil {
				return err
			}
			us, err := checkedClock(in[3].int(row), in[4].int(row), in[5].float(row))
			out.ints[row] = days*microsPerDay + us
			return err
		}
	}
	return makeInterval
}

func checkedDate(y, m, d int64) (int64, error) {
	bc := y < 0
	if bc {
		y++
	}
	if y == 0 && !bc || m < 1 || m > 12 || d < 1 || y > 5874897 || y < -4712 || d > int64(expr.DaysInMonth(int(y), int(m))) {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date field value out of range: %d-%02d-%02d", y, m, d)
	}
	return daysOf(int(y), int(m), int(d)), nil
}

func checkedClock(h, m int64, s float64) (int64, error) {
	us := math.RoundToEven(s * 1e6)
	total := float64(h*3600e6+m*60e6) + us
	if h < 0 || h > 24 || m < 0 || m > 59 || math.IsNaN(s) || s < 0 || us > 60e6 || total > microsPerDay {
		return 0, sqlerr.New(sqlerr.DatetimeFieldOverflow, "time field value out of range: %d:%02d:%g", h, m, s)
	}
	return int64(total), nil
}

// makeInterval is make_interval(years, months, weeks, days, hours, mins, secs).
func makeInterval(in []input, row int, out *output) error {
	var n [6]int64
	var secs float64
	for i := range in {
		if i == 6 {
			secs = in[i].float(row)
		} else {
			n[i] = in[i].int(row)
		}
	}
	months, days := n[0]*12+n[1], n[2]*7+n[3]
	us := float64(n[4]*3600e6+n[5]*60e6) + math.RoundToEven(secs*1e6)
	if months != int64(int32(months)) || days != int64(int32(days)) || math.IsNaN(us) || math.Abs(us) >= math.MaxInt64 {
		return intervalOverflow()
	}
	out.intervals[row] = vector.MonthDayMicro{Months: int32(months), Days: int32(days), Micros: int64(us)}
	return nil
}

// justify moves whole days out of the time (hours), whole months out of the days
// (days) or both, and gives all parts one sign.
func justify(name string) rowFunc {
	hours, days := name != "justify_days", name != "justify_hours"
	return func(in []input, row int, out *output) error {
		v := in[0].interval(row)
		if hours {
			v.Days += int32(v.Micros / microsPerDay)
			v.Micros %= microsPerDay
		}
		if days {
			v.Months += v.Days / 30
			v.Days %= 30
			below, above := v.Days < 0, v.Days > 0
			if hours && v.Days == 0 {
				below, above = v.Micros < 0, v.Micros > 0
			}
			if v.Months > 0 && below {
				v.Days += 30
				v.Months--
			} else if v.Months < 0 && above {
				v.Days -= 30
				v.Months++
			}
		}
		if hours && v.Days > 0 && v.Micros < 0 {
			v.Micros += microsPerDay
			v.Days--
		} else if hours && v.Days < 0 && v.Micros > 0 {
			v.Micros -= microsPerDay
			v.Days++
		}
		out.intervals[row] = v
		return nil
	}
}

// fieldName is the canonical name of a date field.
func fieldName(s string) string {
	s = strings.ToLower(s)
	if full, ok := fieldAliases[s]; ok {
		return full
	}
	return s
}

// fieldAliases are the names that PostgreSQL takes for fields.
var fieldAliases = map[string]string{
	"us": "microseconds", "usec": "microseconds", "usecs": "microseconds", "microsecond": "microseconds", "useconds": "microseconds",
	"ms": "milliseconds", "msec": "milliseconds", "msecs": "milliseconds", "millisecond": "milliseconds", "mseconds": "milliseconds",
	"seconds": "second", "sec": "second", "secs": "second", "s": "second",
	"minutes": "minute", "min": "minute", "mins": "minute", "m": "minute",
	"hours": "hour", "hr": "hour", "hrs": "hour", "h": "hour",
	"days": "day", "d": "day", "weeks": "week", "w": "week", "months": "month", "mon": "month", "mons": "month",
	"qtr": "quarter", "years": "year", "yr": "year", "yrs": "year", "y": "year",
	"decades": "decade", "dec": "decade", "decs": "decade", "centuries": "century", "cent": "century", "c": "century",
	"millennia": "millennium", "mil": "millennium", "mils": "millennium",
}
