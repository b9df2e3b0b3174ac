package eval

import (
	"math"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// stampDifference is a-b in days and time.
func stampDifference(a, b int64) vector.MonthDayMicro {
	d := a - b
	return vector.MonthDayMicro{Days: int32(d / microsPerDay), Micros: d % microsPerDay}
}

func addIntervals(a, b vector.MonthDayMicro, sign int64) (vector.MonthDayMicro, error) {
	months := int64(a.Months) + sign*int64(b.Months)
	days := int64(a.Days) + sign*int64(b.Days)
	us, ok := kernel.Add128(kernel.From64(a.Micros), kernel.Mul64(sign, b.Micros))
	if !ok || !kernel.Fits64(us) || months != int64(int32(months)) || days != int64(int32(days)) {
		return a, intervalOverflow()
	}
	return vector.MonthDayMicro{Months: int32(months), Days: int32(days), Micros: int64(us.Lo)}, nil
}

// scaleInterval is interval × number, number × interval and interval ÷ number:
// fractions of months become days of 30, fractions of days time.
func scaleInterval(e *expr.Call, first expr.Kind) rowFunc {
	x, y := 0, 1
	if first != expr.Interval {
		x, y = 1, 0
	}
	if kindOf(e, x) != expr.Interval {
		return nil
	}
	div := e.Name == expr.OpDiv
	return func(in []input, row int, out *output) error {
		f := in[y].float(row)
		if div && f == 0 {
			return divisionByZero()
		}
		v, err := multiplyInterval(in[x].interval(row), f, div)
		out.intervals[row] = v
		return err
	}
}

// multiplyInterval follows interval_mul and interval_div.
func multiplyInterval(v vector.MonthDayMicro, f float64, div bool) (vector.MonthDayMicro, error) {
	scale := func(x float64) float64 {
		if div {
			return x / f
		}
		return x * f
	}
	months, days := scale(float64(v.Months)), scale(float64(v.Days))
	if math.IsNaN(months) || math.Abs(months) > math.MaxInt32 || math.Abs(days) > math.MaxInt32 {
		return v, intervalOverflow()
	}
	r := vector.MonthDayMicro{Months: int32(months), Days: int32(days)}
	monthDays := roundMicro((months - math.Trunc(months)) * 30)
	restDays := math.Trunc(monthDays)
	seconds := roundMicro((days - math.Trunc(days) + monthDays - restDays) * 86400)
	if math.Abs(seconds) >= 86400 {
		whole := math.Trunc(seconds / 86400)
		r.Days += int32(whole)
		seconds -= whole * 86400
	}
	r.Days += int32(restDays)
	us := math.RoundToEven(scale(float64(v.Micros)) + seconds*1e6)
	if math.IsNaN(us) || math.Abs(us) >= math.MaxInt64 {
		return v, intervalOverflow()
	}
	r.Micros = int64(us)
	return r, nil
}

// roundMicro rounds to millionths, as TSROUND.
func roundMicro(v float64) float64 { return math.RoundToEven(v*1e6) / 1e6 }

// age is the difference in years, months, days and time: timestamp_age.
func age(a, b int64) vector.MonthDayMicro {
	sign := int32(1)
	if a < b {
		a, b, sign = b, a, -1
	}
	ad, at := floorDiv(a, microsPerDay), floorMod(a, microsPerDay)
	bd, bt := floorDiv(b, microsPerDay), floorMod(b, microsPerDay)
	ay, am, aday := civil(ad)
	by, bm, bday := civil(bd)
	us, days := at-bt, aday-bday
	months := (ay-by)*12 + am - bm
	if us < 0 {
		us += microsPerDay
		days--
	}
	for days < 0 {
		days += expr.DaysInMonth(by, bm) // borrow the earlier timestamp's month
		months--
	}
	return vector.MonthDayMicro{Months: sign * int32(months), Days: sign * int32(days), Micros: int64(sign) * us}
}
