package eval

import (
	"math"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// roundTime is Substrait's round_temporal: a time becomes a multiple of a unit, counted
// from an origin. Months and years are those of the calendar: a day that a month does not
// have is its last one.
func roundTime(in []input, row int, out *output) error {
	x, origin, multiple := in[0].int(row), in[4].int(row), in[3].int(row)
	if multiple < 1 || multiple > math.MaxInt32 {
		return sqlerr.New(sqlerr.InvalidParameterValue, "a time cannot be rounded to multiples of %d units", multiple)
	}
	low, high, err := multiples(x, origin, in[2].text(row), multiple)
	if err != nil {
		return err
	}
	v := low
	if x != low {
		switch in[1].text(row) {
		case "CEIL":
			v = high
		case "ROUND_TIE_DOWN":
			if x-low > high-x {
				v = high
			}
		case "ROUND_TIE_UP":
			if x-low >= high-x {
				v = high
			}
		}
	}
	out.ints[row] = v
	return nil
}

// unitMicros are the units that are of one length.
var unitMicros = map[string]int64{"MICROSECOND": 1, "MILLISECOND": 1e3, "SECOND": 1e6, "MINUTE": 60e6, "HOUR": 3600e6,
	"DAY": microsPerDay, "WEEK": 7 * microsPerDay}

// multiples are the multiples of a unit around x, the lower of which may be x.
func multiples(x, origin int64, unit string, multiple int64) (low, high int64, err error) {
	tooFar := sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range")
	if size, ok := unitMicros[unit]; ok {
		if multiple > math.MaxInt64/8/size {
			return 0, 0, tooFar
		}
		if size *= multiple; x > math.MaxInt64-2*size || x < math.MinInt64+2*size || origin > math.MaxInt64/4 || origin < math.MinInt64/4 || x > math.MaxInt64/4 || x < math.MinInt64/4 {
			return 0, 0, tooFar
		}
		low = x - (x - origin - floorDiv(x-origin, size)*size)
		return low, low + size, nil
	}
	months := multiple
	if unit == "YEAR" {
		months *= 12
	} else if unit != "MONTH" {
		return 0, 0, sqlerr.New(sqlerr.InvalidParameterValue, "unit %q of times is not known", unit)
	}
	y0, m0, _ := civil(floorDiv(origin, microsPerDay))
	y1, m1, _ := civil(floorDiv(x, microsPerDay))
	n := floorDiv(int64(y1-y0)*12+int64(m1-m0), months) * months
	low = laterBy(origin, n)
	if low > x {
		n -= months
		low = laterBy(origin, n)
	}
	high = laterBy(origin, n+months)
	if high <= x {
		low, high = high, laterBy(origin, n+2*months)
	}
	return low, high, nil
}

// laterBy is a time so many months later.
func laterBy(us, months int64) int64 {
	days := floorDiv(us, microsPerDay)
	y, m, d := civil(days)
	total := int64(y)*12 + int64(m) - 1 + months
	y, m = int(floorDiv(total, 12)), int(total-floorDiv(total, 12)*12)+1
	return daysOf(y, m, min(d, expr.DaysInMonth(y, m)))*microsPerDay + us - days*microsPerDay
}
