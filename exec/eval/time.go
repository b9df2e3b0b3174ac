package eval

import (
	"math"
	"strings"
	"time"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// The range of timestamps in microseconds since 1970: PostgreSQL's from 4714-11-24
// BC on; 64 bits end in 294247, thirty years before PostgreSQL's, which count from
// 2000.
const (
	minStamp = -210866803200000000
	maxStamp = math.MaxInt64
)

func stampOverflow() error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range")
}

func intervalOverflow() error {
	return sqlerr.New(sqlerr.DatetimeFieldOverflow, "interval out of range")
}

// timeFunction gives arithmetic on times and the functions that make, cut and move
// them.
func timeFunction(e *expr.Call) (rowFunc, error) {
	switch e.Name {
	case expr.OpAdd, expr.OpSub, expr.OpMul, expr.OpDiv, expr.OpNeg:
		return timeArithmetic(e), nil
	case "date_trunc":
		return dateTrunc(e), nil
	case "date_bin":
		return dateBin, nil
	case "age":
		return func(in []input, row int, out *output) error {
			out.intervals[row] = age(in[0].int(row), in[1].int(row))
			return nil
		}, nil
	case "make_date", "make_time", "make_timestamp", "make_interval":
		return makeTime(e.Name), nil
	case "justify_days", "justify_hours", "justify_interval":
		return justify(e.Name), nil
	case "isfinite":
		return func(in []input, row int, out *output) error {
			out.bool(row, true)
			return nil
		}, nil
	case "timezone":
		return timezone(e), nil
	case "to_timestamp":
		if len(e.Args) == 1 {
			return stampOfEpoch, nil
		}
	}
	return nil, nil
}

// timeArithmetic is + and - of times with intervals and each other, and intervals
// times numbers.
func timeArithmetic(e *expr.Call) rowFunc {
	a, b := kindOf(e, 0), kindOf(e, 1)
	sign := int64(1)
	if e.Name == expr.OpSub {
		sign = -1
	}
	swapped := a == expr.Interval && b != expr.Interval && (e.Name == expr.OpAdd || e.Name == expr.OpMul)
	x, y := 0, 1
	if swapped && e.Name == expr.OpAdd {
		x, y, a, b = 1, 0, b, a
	}
	switch {
	case e.Name == expr.OpMul || e.Name == expr.OpDiv:
		return scaleInterval(e, a)
	case e.Name == expr.OpNeg && a == expr.Interval:
		return func(in []input, row int, out *output) error {
			v, err := addIntervals(vector.MonthDayMicro{}, in[0].interval(row), -1)
			out.intervals[row] = v
			return err
		}
	case a == expr.Interval && b == expr.Interval:
		return func(in []input, row int, out *output) error {
			v, err := addIntervals(in[0].interval(row), in[1].interval(row), sign)
			out.intervals[row] = v
			return err
		}
	case (a == expr.Timestamp || a == expr.TimestampTZ) && b == a:
		return func(in []input, row int, out *output) error {
			out.intervals[row] = stampDifference(in[0].int(row), in[1].int(row))
			return nil
		}
	case (a == expr.Timestamp || a == expr.TimestampTZ || a == expr.Date) && b == expr.Interval:
		return func(in []input, row int, out *output) error {
			us := in[x].int(row)
			if a == expr.Date {
				var err error
				if us, err = dateMicros(us); err != nil {
					return err
				}
			}
			v, err := addInterval(us, in[y].interval(row), sign)
			out.ints[row] = v
			return err
		}
	}
	return clockArithmetic(a, b, x, y, sign)
}

// clockArithmetic is arithmetic with a time of day on one side.
func clockArithmetic(a, b expr.Kind, x, y int, sign int64) rowFunc {
	switch {
	case a == expr.Time && b == expr.Interval:
		return func(in []input, row int, out *output) error {
			out.ints[row] = floorMod(in[x].int(row)+sign*in[y].interval(row).Micros, microsPerDay)
			return nil
		}
	case a == expr.Time && b == expr.Time:
		return func(in []input, row int, out *output) error {
			out.intervals[row].Micros = in[0].int(row) - in[1].int(row)
			return nil
		}
	case a == expr.Date && b == expr.Time, a == expr.Time && b == expr.Date:
		day, clock := 0, 1
		if a == expr.Time {
			day, clock = 1, 0
		}
		return func(in []input, row int, out *output) error {
			us, err := dateMicros(in[day].int(row))
			out.ints[row] = us + in[clock].int(row)
			return err
		}
	}
	return nil
}

// civil is the date of a day since 1970: Howard Hinnant, "chrono-Compatible
// Low-Level Date Algorithms", civil_from_days.
func civil(days int64) (year, month, day int) {
	z := days + 719468 // since 0000-03-01
	era := floorDiv(z, 146097)
	doe := uint32(z - era*146097)
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp) + 3
	year = int(yoe) + int(era)*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

func daysOf(year, month, day int) int64 {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

// addInterval moves a timestamp: months first, the day cut to the month's length,
// then days, then time.
func addInterval(us int64, v vector.MonthDayMicro, sign int64) (int64, error) {
	days, clock := floorDiv(us, microsPerDay), floorMod(us, microsPerDay)
	if v.Months != 0 {
		y, m, d := civil(days)
		total := int64(y)*12 + int64(m-1) + sign*int64(v.Months)
		y, m = int(floorDiv(total, 12)), int(floorMod(total, 12))+1
		if y > 300000 || y < -5000 {
			return 0, stampOverflow()
		}
		days = daysOf(y, m, min(d, expr.DaysInMonth(y, m)))
	}
	days += sign * int64(v.Days)
	// The first sum is below 2^85 and cannot overflow.
	sum, _ := kernel.Add128(kernel.Mul64(days, microsPerDay), kernel.From64(clock))
	sum, ok := kernel.Add128(sum, kernel.Mul64(sign, v.Micros))
	if !ok || !kernel.Fits64(sum) {
		return 0, stampOverflow()
	}
	r := int64(sum.Lo)
	if r < minStamp || r > maxStamp {
		return 0, stampOverflow()
	}
	return r, nil
}

func stampOfEpoch(in []input, row int, out *output) error {
	f := in[0].float(row)
	us := math.RoundToEven(f * 1e6)
	if math.IsNaN(f) || us < minStamp || us > maxStamp {
		return sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range: %s", expr.FormatValue(expr.Float(f), expr.Of(expr.Float8)))
	}
	out.ints[row] = int64(us)
	return nil
}

// timezone is AT TIME ZONE: a local time becomes an instant, an instant a local
// time.
func timezone(e *expr.Call) rowFunc {
	toInstant := kindOf(e, 1) == expr.Timestamp
	byInterval := kindOf(e, 0) == expr.Interval
	var last string
	zone := time.UTC
	return func(in []input, row int, out *output) error {
		us := in[1].int(row)
		if byInterval {
			v := in[0].interval(row)
			if v.Months != 0 || v.Days != 0 {
				return sqlerr.New(sqlerr.InvalidParameterValue, "interval time zone must not include months or days")
			}
			if toInstant {
				out.ints[row] = us - v.Micros
			} else {
				out.ints[row] = us + v.Micros
			}
			return nil
		}
		if name := in[0].text(row); name != last {
			last = strings.Clone(name)
			if zone = zoneNamed(last); zone == nil {
				last = ""
				return sqlerr.New(sqlerr.InvalidParameterValue, "time zone %q not recognized", name)
			}
		}
		if toInstant {
			out.ints[row] = expr.LocalToUTC(us, zone)
		} else {
			out.ints[row] = expr.UTCToLocal(us, zone)
		}
		return nil
	}
}

// zoneNamed is a zone as AT TIME ZONE takes it: bare offsets count west, by
// POSIX.
func zoneNamed(name string) *time.Location {
	if name != "" && (name[0] == '+' || name[0] == '-') {
		flipped := "-" + name[1:]
		if name[0] == '-' {
			flipped = "+" + name[1:]
		}
		return expr.ZoneOf(flipped)
	}
	if name == "" {
		return nil
	}
	return expr.ZoneOf(name)
}
