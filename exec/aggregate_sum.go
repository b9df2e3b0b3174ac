package exec

import (
	"math"
	"math/bits"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// counts is count(*) and count(x).
type counts struct {
	b     *budget
	n     []int64
	rows  bool // count(*): arguments do not matter
	total bool // phase Final: the argument is counts to be added up
}

func (a *counts) grow(n int) (err error) {
	a.n, err = grown(a.b, a.n, n)
	return err
}

func (a *counts) add(in *addition) error {
	n, gids := in.n, in.gids
	if !a.rows {
		o := in.operand(0)
		if a.total {
			addInts(a.n, o.values.Int64s(), &o)
			return nil
		}
		n, gids = o.n, o.gids
	}
	if gids == nil {
		if n > 0 {
			a.n[0] += int64(n)
		}
		return nil
	}
	for _, g := range gids {
		a.n[g]++
	}
	return nil
}

func (a *counts) merge(from accumulator, at, to []uint32) error {
	f := from.(*counts)
	for i, g := range at {
		a.n[to[i]] += f.n[g]
	}
	return nil
}

func (a *counts) columns(from, to int) ([]vector.Column, error) {
	return []vector.Column{vector.Flat(vector.Int64, a.n[from:to], nil)}, nil
}

// addInts adds an operand's values to the sums of their groups.
func addInts[S int64 | float64, T int16 | int32 | int64 | float32 | float64](sums []S, values []T, o *operand) {
	switch {
	case o.gids == nil && o.rows == nil:
		var s S
		for _, v := range values[:o.n] {
			s += S(v)
		}
		sums[0] += s
	case o.gids == nil:
		var s S
		for _, row := range o.rows {
			s += S(values[row])
		}
		sums[0] += s
	case o.rows == nil:
		for i, g := range o.gids {
			sums[g] += S(values[i])
		}
	default:
		gids := o.gids[:len(o.rows)]
		for i, row := range o.rows {
			sums[gids[i]] += S(values[row])
		}
	}
}

// sumExact is sum of integers and numerics. Sums stay 64 bits wide while the
// bound, which grows by rows × the largest value of each batch, proves that none
// can overflow; then all go over to 128 bits.
type sumExact struct {
	b      *budget
	typ    expr.Type // of the result
	seen   seen
	bound  uint64 // no |sum| is above it while narrow
	narrow []int64
	wide   []vector.I128 // instead of narrow, once needed
	merged *sumExact     // whose bound was taken in last: merge comes in several parts
}

func newSumExact(b *budget, typ expr.Type) *sumExact {
	return &sumExact{b: b, typ: typ, seen: seen{b: b}}
}

func (a *sumExact) grow(n int) (err error) {
	if a.wide != nil {
		a.wide, err = grown(a.b, a.wide, n)
	} else {
		a.narrow, err = grown(a.b, a.narrow, n)
	}
	if err != nil {
		return err
	}
	return a.seen.grow(n)
}

func (a *sumExact) add(in *addition) error {
	o := in.operand(0)
	if err := a.seen.mark(&o); err != nil {
		return err
	}
	switch o.values.Kind {
	case vector.Int16:
		return addExact(a, o.values.Int16s(), &o, in.scratch)
	case vector.Int32:
		return addExact(a, o.values.Int32s(), &o, in.scratch)
	case vector.Int64:
		return addExact(a, o.values.Int64s(), &o, in.scratch)
	}
	if err := a.widen(); err != nil {
		return err
	}
	rows, gids := o.explicit(in.scratch)
	values := o.values.Int128s()
	for i, row := range rows {
		if !a.addWide(gids[i], values[row]) {
			return a.overflow()
		}
	}
	return nil
}

func addExact[T int16 | int32 | int64](a *sumExact, values []T, o *operand, s *scratch) error {
	if o.n == 0 {
		return nil
	}
	if a.wide == nil && (a.fitsType(values, o.n) || a.fits(magnitude(values, o), o.n)) {
		addInts(a.narrow, values, o)
		return nil
	}
	if err := a.widen(); err != nil {
		return err
	}
	rows, gids := o.explicit(s)
	for i, row := range rows {
		if !a.addWide(gids[i], kernel.From64(int64(values[row]))) {
			return a.overflow()
		}
	}
	return nil
}

// fitsType is raise by what the type allows, for types of which billions of values fit 64
// bits: their values need not be looked at first.
func (a *sumExact) fitsType(values any, n int) bool {
	switch values.(type) {
	case []int16:
		return a.raise(1<<15, n)
	case []int32:
		return a.raise(1<<31, n)
	}
	return false
}

// magnitude is a number that no |value| is above: all bits of all values.
func magnitude[T int16 | int32 | int64](values []T, o *operand) uint64 {
	var m int64
	if o.rows == nil {
		for _, v := range values[:o.n] {
			m |= int64(v) ^ int64(v)>>63
		}
	} else {
		for _, row := range o.rows {
			v := int64(values[row])
			m |= v ^ v>>63
		}
	}
	return uint64(m) + 1
}

// raise counts n more values of at most m into the bound; false when the sums may
// then overflow 64 bits.
func (a *sumExact) raise(m uint64, n int) bool {
	hi, lo := bits.Mul64(m, uint64(n))
	sum, carry := bits.Add64(a.bound, lo, 0)
	if hi|carry != 0 || sum > math.MaxInt64 {
		return false
	}
	a.bound = sum
	return true
}

// fits is raise, with a second try from what the sums really are where looking at
// them costs no more than the batch does.
func (a *sumExact) fits(m uint64, n int) bool {
	if a.raise(m, n) {
		return true
	}
	if len(a.narrow) > n {
		return false
	}
	a.bound = magnitude(a.narrow, &operand{n: len(a.narrow)})
	return a.raise(m, n)
}

func (a *sumExact) widen() error {
	if a.wide != nil {
		return nil
	}
	wide, err := grown[vector.I128](a.b, nil, len(a.narrow))
	if err != nil {
		return err
	}
	for i, v := range a.narrow {
		wide[i] = kernel.From64(v)
	}
	a.wide, a.narrow = wide, nil
	return nil
}

func (a *sumExact) addWide(g uint32, v vector.I128) (ok bool) {
	a.wide[g], ok = kernel.Add128(a.wide[g], v)
	return ok
}

func (a *sumExact) merge(from accumulator, at, to []uint32) error {
	f := from.(*sumExact)
	if err := a.seen.merge(&f.seen, at, to); err != nil {
		return err
	}
	if a.wide == nil && f.wide == nil && (a.merged == f || a.raise(f.bound, 1)) {
		a.merged = f
		for i, g := range at {
			a.narrow[to[i]] += f.narrow[g]
		}
		return nil
	}
	if err := a.widen(); err != nil {
		return err
	}
	for i, g := range at {
		v := vector.I128{}
		if f.wide != nil {
			v = f.wide[g]
		} else {
			v = kernel.From64(f.narrow[g])
		}
		if !a.addWide(to[i], v) {
			return a.overflow()
		}
	}
	return nil
}

func (a *sumExact) columns(from, to int) ([]vector.Column, error) {
	valid := a.seen.valid(from, to)
	if a.wide == nil {
		values := a.narrow[from:to]
		if a.typ.Kind == expr.Numeric && a.typ.Precision < 19 {
			for _, v := range values {
				if !kernel.InDigits(kernel.From64(v), int(a.typ.Precision)) {
					return nil, a.overflow()
				}
			}
		}
		return []vector.Column{vector.Flat(vector.Int64, values, valid)}, nil
	}
	values := a.wide[from:to]
	if a.typ.IsWide() {
		for _, v := range values {
			if !kernel.InDigits(v, int(a.typ.Precision)) {
				return nil, a.overflow()
			}
		}
		return []vector.Column{vector.Flat(vector.Int128, values, valid)}, nil
	}
	out := make([]int64, len(values))
	for i, v := range values {
		if !kernel.Fits64(v) || a.typ.Kind == expr.Numeric && !kernel.InDigits(v, int(a.typ.Precision)) {
			return nil, a.overflow()
		}
		out[i] = int64(v.Lo)
	}
	return []vector.Column{vector.Flat(vector.Int64, out, valid)}, nil
}

func (a *sumExact) overflow() error {
	if a.typ.Kind == expr.Numeric {
		return sqlerr.New(sqlerr.NumericValueOutOfRange, "a sum does not fit %s", a.typ)
	}
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", a.typ)
}

// sumFloat is sum of real and double precision, in double precision.
type sumFloat struct {
	b        *budget
	kind     vector.Kind // of the result
	seen     seen
	infinite bool // an infinite value came in: infinite sums are no overflow
	sums     []float64
}

func (a *sumFloat) grow(n int) (err error) {
	if a.sums, err = grown(a.b, a.sums, n); err != nil {
		return err
	}
	return a.seen.grow(n)
}

func (a *sumFloat) add(in *addition) error {
	o := in.operand(0)
	if err := a.seen.mark(&o); err != nil {
		return err
	}
	if o.n == 0 {
		return nil
	}
	if o.values.Kind == vector.Float32 {
		a.infinite = a.infinite || anyInfinite(o.values.Float32s(), &o)
		addInts(a.sums, o.values.Float32s(), &o)
		return nil
	}
	a.infinite = a.infinite || anyInfinite(o.values.Float64s(), &o)
	addInts(a.sums, o.values.Float64s(), &o)
	return nil
}

func anyInfinite[T float32 | float64](values []T, o *operand) bool {
	if o.rows == nil {
		for _, v := range values[:o.n] {
			if v-v != 0 { // infinite or NaN
				return true
			}
		}
		return false
	}
	for _, row := range o.rows {
		if v := values[row]; v-v != 0 {
			return true
		}
	}
	return false
}

func (a *sumFloat) merge(from accumulator, at, to []uint32) error {
	f := from.(*sumFloat)
	if err := a.seen.merge(&f.seen, at, to); err != nil {
		return err
	}
	a.infinite = a.infinite || f.infinite
	for i, g := range at {
		a.sums[to[i]] += f.sums[g]
	}
	return nil
}

func (a *sumFloat) columns(from, to int) ([]vector.Column, error) {
	sums, valid := a.sums[from:to], a.seen.valid(from, to)
	limit := math.MaxFloat64
	if a.kind == vector.Float32 {
		limit = math.MaxFloat32
	}
	if !a.infinite {
		for _, s := range sums {
			if math.Abs(s) > limit {
				return nil, sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
			}
		}
	}
	if a.kind == vector.Float64 {
		return []vector.Column{vector.Flat(vector.Float64, sums, valid)}, nil
	}
	out := make([]float32, len(sums))
	for i, s := range sums {
		out[i] = float32(s)
	}
	return []vector.Column{vector.Flat(vector.Float32, out, valid)}, nil
}

// sumInterval is sum of intervals, part by part.
type sumInterval struct {
	b    *budget
	seen seen
	sums []vector.MonthDayMicro
}

func (a *sumInterval) grow(n int) (err error) {
	if a.sums, err = grown(a.b, a.sums, n); err != nil {
		return err
	}
	return a.seen.grow(n)
}

func (a *sumInterval) add(in *addition) error {
	o := in.operand(0)
	if err := a.seen.mark(&o); err != nil {
		return err
	}
	rows, gids := o.explicit(in.scratch)
	values := o.values.Intervals()
	for i, row := range rows {
		if err := a.plus(gids[i], values[row]); err != nil {
			return err
		}
	}
	return nil
}

func (a *sumInterval) plus(g uint32, v vector.MonthDayMicro) error {
	s := a.sums[g]
	months, days := int64(s.Months)+int64(v.Months), int64(s.Days)+int64(v.Days)
	micros := s.Micros + v.Micros
	if months != int64(int32(months)) || days != int64(int32(days)) || (s.Micros^micros)&(v.Micros^micros) < 0 {
		return sqlerr.New(sqlerr.DatetimeFieldOverflow, "interval out of range")
	}
	a.sums[g] = vector.MonthDayMicro{Months: int32(months), Days: int32(days), Micros: micros}
	return nil
}

func (a *sumInterval) merge(from accumulator, at, to []uint32) error {
	f := from.(*sumInterval)
	if err := a.seen.merge(&f.seen, at, to); err != nil {
		return err
	}
	for i, g := range at {
		if err := a.plus(to[i], f.sums[g]); err != nil {
			return err
		}
	}
	return nil
}

func (a *sumInterval) columns(from, to int) ([]vector.Column, error) {
	return []vector.Column{vector.Flat(vector.Interval, a.sums[from:to], a.seen.valid(from, to))}, nil
}
