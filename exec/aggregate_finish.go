package exec

import (
	"math"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// finisher makes an aggregate's result out of its state columns.
type finisher func(states []vector.Column) (vector.Column, error)

func finishAsIs(states []vector.Column) (vector.Column, error) { return states[0], nil }

// finishAvg divides sums by counts; arg is the type that was averaged. Numerics
// are rounded half away from zero to the result's scale.
func finishAvg(arg, result expr.Type) finisher {
	return func(states []vector.Column) (vector.Column, error) {
		sums, counts := &states[0], states[1].Int64s()
		switch {
		case sums.Kind == vector.Interval:
			return avgInterval(sums, counts), nil
		case sums.Kind == vector.Float64:
			return avgFloat(sums, counts, result), nil
		case result.Kind == expr.Numeric:
			return avgNumeric(sums, counts, int(arg.Scale), result)
		}
		return vector.Column{}, sqlerr.New(sqlerr.InternalError, "avg(%s) has result type %s", arg, result)
	}
}

func avgNumeric(sums *vector.Column, counts []int64, scale int, result expr.Type) (vector.Column, error) {
	wide := vector.Widen(sums)
	values := wide.Int128s()
	out := make([]vector.I128, len(values))
	for i, v := range values {
		if sums.IsNull(i) || counts[i] == 0 {
			continue
		}
		q, ok := kernel.DivScaled(v, kernel.From64(counts[i]), int(result.Scale)-scale)
		if !ok || !kernel.InDigits(q, int(result.Precision)) {
			return vector.Column{}, sqlerr.New(sqlerr.NumericValueOutOfRange, "an average does not fit %s", result)
		}
		out[i] = q
	}
	return decimalColumn(out, sums.Valid, result), nil
}

// decimalColumn is numerics in the layout that their type asks for.
func decimalColumn(values []vector.I128, valid vector.Bitmap, t expr.Type) vector.Column {
	if t.IsWide() {
		return vector.Flat(vector.Int128, values, valid)
	}
	return vector.Flat(vector.Int64, mapped(values, func(v vector.I128) int64 { return int64(v.Lo) }), valid)
}

func avgFloat(sums *vector.Column, counts []int64, result expr.Type) vector.Column {
	out := make([]float64, sums.Len)
	for i, s := range sums.Float64s() {
		out[i] = s / float64(counts[i])
	}
	if result.Kind == expr.Float4 {
		return vector.Flat(vector.Float32, mapped(out, func(v float64) float32 { return float32(v) }), sums.Valid)
	}
	return vector.Flat(vector.Float64, out, sums.Valid)
}

// avgInterval divides as PostgreSQL's interval_div does: what is left of months
// goes into days, what is left of days into time.
func avgInterval(sums *vector.Column, counts []int64) vector.Column {
	const secondsPerDay, micros = 86400, 1_000_000
	round := func(v float64) float64 { return math.RoundToEven(v*micros) / micros }
	out := make([]vector.MonthDayMicro, sums.Len)
	for i, s := range sums.Intervals() {
		if sums.IsNull(i) || counts[i] == 0 {
			continue
		}
		n := float64(counts[i])
		v := vector.MonthDayMicro{Months: int32(float64(s.Months) / n), Days: int32(float64(s.Days) / n)}
		days := round((float64(s.Months)/n - float64(v.Months)) * 30)
		seconds := round((float64(s.Days)/n - float64(v.Days) + days - math.Trunc(days)) * secondsPerDay)
		if math.Abs(seconds) >= secondsPerDay {
			whole := math.Trunc(seconds / secondsPerDay)
			v.Days += int32(whole)
			seconds -= whole * secondsPerDay
		}
		v.Days += int32(days)
		v.Micros = int64(math.RoundToEven(float64(s.Micros)/n + seconds*micros))
		out[i] = v
	}
	return vector.Flat(vector.Interval, out, sums.Valid)
}

// finishSpread makes variances and deviations of moments.
func finishSpread(fn string, result expr.Type) finisher {
	sample, root := spreadOf(fn)
	return func(states []vector.Column) (vector.Column, error) {
		if result.Kind != expr.Float8 {
			return vector.Column{}, sqlerr.New(sqlerr.InternalError, "%s of floats has result type %s", fn, result)
		}
		n, m2 := states[0].Float64s(), states[2].Float64s()
		out, has := make([]float64, len(n)), make([]bool, len(n))
		for i := range n {
			out[i], has[i] = spread(n[i], m2[i], sample, root)
		}
		return vector.Flat(vector.Float64, out, validOf(has)), nil
	}
}

// spreadOf says what a function of variance is: of a sample or of a population,
// and whether the root is taken.
func spreadOf(fn string) (sample, root bool) {
	return fn != "stddev_pop" && fn != "var_pop", fn == "stddev" || fn == "stddev_samp" || fn == "stddev_pop"
}
