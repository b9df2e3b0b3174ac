package eval

import (
	"math"
	"math/big"
	"time"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// fieldFunction gives extract and date_part.
func fieldFunction(e *expr.Call) (rowFunc, error) {
	if e.Name != expr.FnExtract && e.Name != "date_part" {
		return nil, nil
	}
	var read func(in *input, row int, field string) (value int64, scale int, err error)
	switch k := kindOf(e, 1); k {
	case expr.Date:
		read = func(in *input, row int, field string) (int64, int, error) {
			return dateField(in.int(row), field)
		}
	case expr.Timestamp, expr.TimestampTZ:
		read = func(in *input, row int, field string) (int64, int, error) {
			return stampField(in.int(row), field, k == expr.TimestampTZ)
		}
	case expr.Time:
		read = func(in *input, row int, field string) (int64, int, error) {
			return clockField(in.int(row), field, "time without time zone")
		}
	case expr.Interval:
		read = func(in *input, row int, field string) (int64, int, error) {
			return intervalField(in.interval(row), field)
		}
	}
	fixed := ""
	if lit, ok := literal(e, 0); ok {
		fixed = fieldName(lit.S)
	}
	numeric := e.Name == expr.FnExtract
	return func(in []input, row int, out *output) error {
		field := fixed
		if field == "" {
			field = fieldName(in[0].text(row))
		}
		v, scale, err := read(&in[1], row, field)
		switch {
		case err != nil:
			return err
		case numeric:
			return out.decimal(row, kernel.From64(v), scale)
		}
		out.floats[row] = float64(v) / math.Pow10(scale)
		return nil
	}, nil
}

// clockField is a field of a time of day in microseconds, as unscaled value and
// scale.
func clockField(us int64, field, typ string) (int64, int, error) {
	switch field {
	case "microseconds":
		return us % 60e6, 0, nil
	case "milliseconds":
		return us % 60e6, 3, nil
	case "second":
		return us % 60e6, 6, nil
	case "minute":
		return us / 60e6 % 60, 0, nil
	case "hour":
		return us / 3600e6, 0, nil
	case "epoch":
		return us, 6, nil
	case "day", "month", "year", "quarter", "week", "dow", "doy", "decade", "century", "millennium", "isodow", "isoyear", "julian",
		"timezone", "timezone_hour", "timezone_minute":
		return 0, 0, sqlerr.New(sqlerr.FeatureNotSupported, "unit %q not supported for type %s", field, typ)
	}
	return 0, 0, noSuchUnit(field, typ)
}

func dateField(days int64, field string) (int64, int, error) {
	switch field {
	case "microseconds", "milliseconds", "second", "minute", "hour", "timezone", "timezone_hour", "timezone_minute":
		return 0, 0, sqlerr.New(sqlerr.FeatureNotSupported, "unit %q not supported for type date", field)
	case "epoch":
		return days * 86400, 0, nil
	case "julian":
		return days + 2440588, 0, nil
	}
	if v, ok := dayField(days, field); ok {
		return v, 0, nil
	}
	return 0, 0, noSuchUnit(field, "date")
}

// dayField is a field of a date; ok is false when there is none of that name.
func dayField(days int64, field string) (_ int64, ok bool) {
	y, m, d := civil(days)
	shown := int64(y) // there is no year 0
	if y <= 0 {
		shown--
	}
	switch field {
	case "day":
		return int64(d), true
	case "month":
		return int64(m), true
	case "year":
		return shown, true
	case "quarter":
		return int64(m-1)/3 + 1, true
	case "dow":
		return floorMod(days+4, 7), true
	case "isodow":
		return floorMod(days+3, 7) + 1, true
	case "doy":
		return days - daysOf(y, 1, 1) + 1, true
	case "week", "isoyear":
		iy, w := time.Unix(days*86400, 0).UTC().ISOWeek()
		if field == "week" {
			return int64(w), true
		}
		if iy <= 0 {
			iy--
		}
		return int64(iy), true
	case "decade":
		return floorDiv(int64(y), 10), true
	case "century":
		if y > 0 {
			return int64(y+99) / 100, true
		}
		return -((99 - int64(y-1)) / 100), true
	case "millennium":
		if y > 0 {
			return int64(y+999) / 1000, true
		}
		return -((999 - int64(y-1)) / 1000), true
	}
	return 0, false
}

func stampField(us int64, field string, zoned bool) (int64, int, error) {
	days, clock := floorDiv(us, microsPerDay), floorMod(us, microsPerDay)
	typ := "timestamp without time zone"
	if zoned {
		typ = "timestamp with time zone"
	}
	switch field {
	case "epoch":
		return us, 6, nil
	case "timezone", "timezone_hour", "timezone_minute":
		if zoned {
			return 0, 0, nil // the session's zone is UTC
		}
		return 0, 0, sqlerr.New(sqlerr.FeatureNotSupported, "unit %q not supported for type %s", field, typ)
	case "microseconds", "milliseconds", "second", "minute", "hour":
		return clockField(clock, field, typ)
	case "julian":
		r := new(big.Int).Mul(big.NewInt(clock), big.NewInt(1e6))
		frac := kernel.DivRoundBig(r, big.NewInt(microsPerDay)).Int64()
		return (days+2440588)*1e6 + frac, 6, nil
	}
	if v, ok := dayField(days, field); ok {
		return v, 0, nil
	}
	return 0, 0, noSuchUnit(field, typ)
}

func intervalField(v vector.MonthDayMicro, field string) (int64, int, error) {
	months, years := int64(v.Months%12), int64(v.Months/12)
	switch field {
	case "microseconds":
		return v.Micros % 60e6, 0, nil
	case "milliseconds":
		return v.Micros % 60e6, 3, nil
	case "second":
		return v.Micros % 60e6, 6, nil
	case "minute":
		return v.Micros / 60e6 % 60, 0, nil
	case "hour":
		return v.Micros / 3600e6, 0, nil
	case "day":
		return int64(v.Days), 0, nil
	case "month":
		return months, 0, nil
	case "quarter":
		return months/3 + 1, 0, nil
	case "year":
		return years, 0, nil
	case "decade":
		return years / 10, 0, nil
	case "century":
		return years / 100, 0, nil
	case "millennium":
		return years / 1000, 0, nil
	case "epoch":
		// A year has 365.25 days here.
		seconds := years*31557600 + months*30*86400 + int64(v.Days)*86400
		return seconds*1e6 + v.Micros, 6, nil
	case "week", "dow", "doy", "isodow", "isoyear", "julian", "timezone", "timezone_hour", "timezone_minute":
		return 0, 0, sqlerr.New(sqlerr.FeatureNotSupported, "unit %q not supported for type interval", field)
	}
	return 0, 0, noSuchUnit(field, "interval")
}
