package exec

import (
	"math"

	"github.com/skein-query/skein/exec/vector"
)

// moments is count, mean and sum of squared differences from the mean, of which
// variances and deviations of floats are made. Rows are taken in by Welford's method, states
// merged by that of Chan, Golub and LeVeque (1979).
type moments struct {
	b     *budget
	state bool // phase Final: the arguments are states
	n     []float64
	mean  []float64
	m2    []float64
}

func (a *moments) grow(n int) (err error) {
	if a.n, err = grown(a.b, a.n, n); err != nil {
		return err
	}
	if a.mean, err = grown(a.b, a.mean, n); err != nil {
		return err
	}
	a.m2, err = grown(a.b, a.m2, n)
	return err
}

func (a *moments) add(in *addition) error {
	if a.state {
		return a.addStates(in)
	}
	o := in.operand(0)
	rows, gids := o.explicit(in.scratch)
	switch o.values.Kind {
	case vector.Float32:
		addMoments(a, o.values.Float32s(), rows, gids)
	case vector.Float64:
		addMoments(a, o.values.Float64s(), rows, gids)
	}
	return nil
}

func addMoments[T float32 | float64](a *moments, values []T, rows, gids []uint32) {
	for i, row := range rows {
		a.one(gids[i], float64(values[row]))
	}
}

func (a *moments) one(g uint32, v float64) {
	a.n[g]++
	d := v - a.mean[g]
	a.mean[g] += d / a.n[g]
	a.m2[g] += d * (v - a.mean[g])
}

func (a *moments) addStates(in *addition) error {
	rows, gids := in.sel, in.gids
	if rows == nil {
		rows = in.scratch.all(in.n)
	}
	if gids == nil {
		gids = in.scratch.zero(in.n)
	}
	for i, row := range rows {
		row := int(row)
		if !in.cols[0].IsNull(row) {
			a.join(gids[i], floatAt(&in.cols[0], row), floatAt(&in.cols[1], row), floatAt(&in.cols[2], row))
		}
	}
	return nil
}

func (a *moments) join(g uint32, n, mean, m2 float64) {
	if n == 0 {
		return
	}
	if a.n[g] == 0 {
		a.n[g], a.mean[g], a.m2[g] = n, mean, m2
		return
	}
	sum := a.n[g] + n
	d := mean - a.mean[g]
	a.m2[g] += m2 + d*d*a.n[g]*n/sum
	a.mean[g] += d * n / sum
	a.n[g] = sum
}

func (a *moments) merge(from accumulator, at, to []uint32) error {
	f := from.(*moments)
	for i, g := range at {
		a.join(to[i], f.n[g], f.mean[g], f.m2[g])
	}
	return nil
}

func (a *moments) columns(from, to int) ([]vector.Column, error) {
	return []vector.Column{
		vector.Flat(vector.Float64, a.n[from:to], nil),
		vector.Flat(vector.Float64, a.mean[from:to], nil),
		vector.Flat(vector.Float64, a.m2[from:to], nil),
	}, nil
}

// spread is a variance or deviation of a state; ok is false where it is NULL.
func spread(n, m2 float64, sample, root bool) (_ float64, ok bool) {
	if n == 0 || sample && n == 1 {
		return 0, false
	}
	if sample {
		n--
	}
	v := m2 / n
	if root {
		v = math.Sqrt(v)
	}
	return v, true
}
