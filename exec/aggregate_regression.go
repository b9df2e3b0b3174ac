package exec

import (
	"math"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// regression is the state of corr, covar_* and regr_* over pairs (y, x): count,
// sums, and sums of products of differences from the means, taken in by the method
// of Youngs and Cramer (1971) in PostgreSQL's order of operations (float8_regr_accum
// and float8_regr_combine).
type regression struct {
	b     *budget
	state bool // phase Final: the arguments are states
	sums  []pairSums
}

type pairSums struct{ n, x, xx, y, yy, xy float64 }

func (a *regression) grow(n int) (err error) {
	a.sums, err = grown(a.b, a.sums, n)
	return err
}

func (a *regression) add(in *addition) error {
	o := operand{rows: in.sel, gids: in.gids, n: in.n}
	rows, gids := o.explicit(in.scratch)
	for i, row := range rows {
		row := int(row)
		if a.state {
			if in.cols[0].IsNull(row) {
				continue
			}
			at := func(c int) float64 { return floatAt(&in.cols[c], row) }
			if err := a.sums[gids[i]].merge(pairSums{n: at(0), x: at(1), xx: at(2), y: at(3), yy: at(4), xy: at(5)}); err != nil {
				return err
			}
			continue
		}
		if in.cols[0].IsNull(row) || in.cols[1].IsNull(row) {
			continue
		}
		if err := a.sums[gids[i]].add(floatAt(&in.cols[0], row), floatAt(&in.cols[1], row)); err != nil {
			return err
		}
	}
	return nil
}

// floatAt is a value that is not NULL of a column of float8.
func floatAt(c *vector.Column, row int) float64 {
	c, row = c.At(row)
	return c.Float64s()[row]
}

func (s *pairSums) add(y, x float64) error {
	before := *s
	s.n++
	s.x += x
	s.y += y
	if before.n == 0 {
		if x-x != 0 { // infinite or NaN
			s.xx, s.xy = math.NaN(), math.NaN()
		}
		if y-y != 0 {
			s.yy, s.xy = math.NaN(), math.NaN()
		}
		return nil
	}
	dx, dy := x*s.n-s.x, y*s.n-s.y
	scale := 1 / (s.n * before.n)
	s.xx += dx * dx * scale
	s.yy += dy * dy * scale
	s.xy += dx * dy * scale
	return s.check(math.IsInf(before.x, 0) || math.IsInf(x, 0), math.IsInf(before.y, 0) || math.IsInf(y, 0))
}

// check makes an overflow an error unless what came in was infinite already, in
// which case the differences are not a number.
func (s *pairSums) check(x, y bool) error {
	inf := func(v float64) bool { return math.IsInf(v, 0) }
	if (inf(s.x) || inf(s.xx)) && !x || (inf(s.y) || inf(s.yy)) && !y || inf(s.xy) && !x && !y {
		return sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
	}
	for _, v := range []*float64{&s.xx, &s.yy, &s.xy} {
		if inf(*v) {
			*v = math.NaN()
		}
	}
	return nil
}

func (s *pairSums) merge(o pairSums) error {
	switch {
	case o.n == 0:
		return nil
	case s.n == 0:
		*s = o
		return nil
	}
	a := *s
	n := a.n + o.n
	dx, dy := a.x/a.n-o.x/o.n, a.y/a.n-o.y/o.n
	*s = pairSums{
		n: n, x: a.x + o.x, y: a.y + o.y,
		xx: a.xx + o.xx + a.n*o.n*dx*dx/n,
		yy: a.yy + o.yy + a.n*o.n*dy*dy/n,
		xy: a.xy + o.xy + a.n*o.n*dx*dy/n,
	}
	inf := func(a, b float64) bool { return math.IsInf(a, 0) || math.IsInf(b, 0) }
	return s.check(inf(a.x, o.x), inf(a.y, o.y))
}

func (a *regression) merge(from accumulator, at, to []uint32) error {
	f := from.(*regression)
	for i, g := range at {
		if err := a.sums[to[i]].merge(f.sums[g]); err != nil {
			return err
		}
	}
	return nil
}

func (a *regression) columns(from, to int) ([]vector.Column, error) {
	out := make([]vector.Column, 6)
	for i, part := range []func(*pairSums) float64{
		func(s *pairSums) float64 { return s.n },
		func(s *pairSums) float64 { return s.x }, func(s *pairSums) float64 { return s.xx },
		func(s *pairSums) float64 { return s.y }, func(s *pairSums) float64 { return s.yy },
		func(s *pairSums) float64 { return s.xy },
	} {
		values := make([]float64, to-from)
		for g := range values {
			values[g] = part(&a.sums[from+g])
		}
		out[i] = vector.Flat(vector.Float64, values, nil)
	}
	return out, nil
}

// regressionResults are the functions of the state; ok is false where the result is
// NULL.
var regressionResults = map[string]func(s pairSums) (_ float64, ok bool){
	"regr_count": func(s pairSums) (float64, bool) { return s.n, true },
	"regr_avgx":  func(s pairSums) (float64, bool) { return s.x / s.n, s.n > 0 },
	"regr_avgy":  func(s pairSums) (float64, bool) { return s.y / s.n, s.n > 0 },
	"regr_sxx":   func(s pairSums) (float64, bool) { return s.xx, s.n > 0 },
	"regr_syy":   func(s pairSums) (float64, bool) { return s.yy, s.n > 0 },
	"regr_sxy":   func(s pairSums) (float64, bool) { return s.xy, s.n > 0 },
	"covar_pop":  func(s pairSums) (float64, bool) { return s.xy / s.n, s.n > 0 },
	"covar_samp": func(s pairSums) (float64, bool) { return s.xy / (s.n - 1), s.n > 1 },
	"corr": func(s pairSums) (float64, bool) {
		return s.xy / math.Sqrt(s.xx*s.yy), s.n > 0 && s.xx != 0 && s.yy != 0
	},
	"regr_r2": func(s pairSums) (float64, bool) {
		if s.yy == 0 {
			return 1, s.n > 0 && s.xx != 0
		}
		return s.xy * s.xy / (s.xx * s.yy), s.n > 0 && s.xx != 0
	},
	"regr_slope": func(s pairSums) (float64, bool) { return s.xy / s.xx, s.n > 0 && s.xx != 0 },
	"regr_intercept": func(s pairSums) (float64, bool) {
		return (s.y - s.x*s.xy/s.xx) / s.n, s.n > 0 && s.xx != 0
	},
}

func finishRegression(fn string, result expr.Type) finisher {
	return func(states []vector.Column) (vector.Column, error) {
		value := regressionResults[fn]
		n := states[0].Len
		out, has := make([]float64, n), make([]bool, n)
		part := func(c, i int) float64 { return states[c].Float64s()[i] }
		for i := range n {
			out[i], has[i] = value(pairSums{n: part(0, i), x: part(1, i), xx: part(2, i), y: part(3, i), yy: part(4, i), xy: part(5, i)})
		}
		if result.Kind == expr.Int8 {
			return vector.Flat(vector.Int64, mapped(out, func(v float64) int64 { return int64(v) }), nil), nil
		}
		return vector.Flat(vector.Float64, out, validOf(has)), nil
	}
}
