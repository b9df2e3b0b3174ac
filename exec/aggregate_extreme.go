package exec

import (
	"bytes"
	"math"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
)

// extreme is min or max over values that a Go type orders after a mapping:
// integers, dates and times and narrow numerics as int64, floats by
// kernel.OrderedKey. New groups hold the value that every other replaces.
type extreme struct {
	b      *budget
	kind   vector.Kind // of the result
	max    bool
	seen   seen
	values []int64
}

func (a *extreme) grow(n int) (err error) {
	worst := int64(math.MaxInt64)
	if a.max {
		worst = math.MinInt64
	}
	if a.values, err = grownWith(a.b, a.values, n, worst); err != nil {
		return err
	}
	return a.seen.grow(n)
}

func (a *extreme) add(in *addition) error {
	o := in.operand(0)
	if err := a.seen.mark(&o); err != nil {
		return err
	}
	rows, gids := o.explicit(in.scratch)
	switch o.values.Kind {
	case vector.Int16:
		addExtreme(a, o.values.Int16s(), rows, gids)
	case vector.Int32:
		addExtreme(a, o.values.Int32s(), rows, gids)
	case vector.Int64:
		addExtreme(a, o.values.Int64s(), rows, gids)
	case vector.Bool:
		for i, row := range rows {
			a.put(gids[i], int64(o.values.Data[row]))
		}
	case vector.Float32:
		values := o.values.Float32s()
		for i, row := range rows {
			a.put(gids[i], kernel.OrderedKey(float64(values[row])))
		}
	case vector.Float64:
		values := o.values.Float64s()
		for i, row := range rows {
			a.put(gids[i], kernel.OrderedKey(values[row]))
		}
	}
	return nil
}

func addExtreme[T int16 | int32 | int64](a *extreme, values []T, rows, gids []uint32) {
	gids = gids[:len(rows)]
	if a.max {
		for i, row := range rows {
			if v := int64(values[row]); v > a.values[gids[i]] {
				a.values[gids[i]] = v
			}
		}
		return
	}
	for i, row := range rows {
		if v := int64(values[row]); v < a.values[gids[i]] {
			a.values[gids[i]] = v
		}
	}
}

func (a *extreme) put(g uint32, v int64) {
	if a.max {
		a.values[g] = max(a.values[g], v)
	} else {
		a.values[g] = min(a.values[g], v)
	}
}

func (a *extreme) merge(from accumulator, at, to []uint32) error {
	f := from.(*extreme)
	for i, g := range at {
		a.put(to[i], f.values[g])
	}
	return a.seen.merge(&f.seen, at, to)
}

func (a *extreme) columns(from, to int) ([]vector.Column, error) {
	values, valid := a.values[from:to], a.seen.valid(from, to)
	var c vector.Column
	switch a.kind {
	case vector.Int64:
		c = vector.Flat(vector.Int64, values, valid)
	case vector.Int32:
		c = vector.Flat(vector.Int32, mapped(values, func(v int64) int32 { return int32(v) }), valid)
	case vector.Int16:
		c = vector.Flat(vector.Int16, mapped(values, func(v int64) int16 { return int16(v) }), valid)
	case vector.Bool:
		c = vector.Flat(vector.Bool, mapped(values, func(v int64) uint8 { return uint8(v & 1) }), valid)
	case vector.Float32:
		c = vector.Flat(vector.Float32, mapped(values, func(v int64) float32 { return float32(floatOfKey(v)) }), valid)
	case vector.Float64:
		c = vector.Flat(vector.Float64, mapped(values, floatOfKey), valid)
	}
	return []vector.Column{c}, nil
}

func mapped[S, T any](in []S, f func(S) T) []T {
	out := make([]T, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

// floatOfKey undoes kernel.OrderedKey.
func floatOfKey(k int64) float64 {
	if k == math.MaxInt64 {
		return math.NaN()
	}
	return math.Float64frombits(uint64(k ^ int64(uint64(k>>63)>>1)))
}

// extremeWide is min or max of numerics above 18 digits, which come 64 or 128 bits
// wide.
type extremeWide struct {
	b      *budget
	max    bool
	seen   seen
	values []vector.I128
}

func (a *extremeWide) grow(n int) (err error) {
	worst := vector.I128{Lo: math.MaxUint64, Hi: math.MaxInt64}
	if a.max {
		worst = vector.I128{Hi: math.MinInt64}
	}
	if a.values, err = grownWith(a.b, a.values, n, worst); err != nil {
		return err
	}
	return a.seen.grow(n)
}

func (a *extremeWide) add(in *addition) error {
	o := in.operand(0)
	if err := a.seen.mark(&o); err != nil {
		return err
	}
	rows, gids := o.explicit(in.scratch)
	if o.values.Kind == vector.Int64 {
		values := o.values.Int64s()
		for i, row := range rows {
			a.put(gids[i], kernel.From64(values[row]))
		}
		return nil
	}
	values := o.values.Int128s()
	for i, row := range rows {
		a.put(gids[i], values[row])
	}
	return nil
}

func (a *extremeWide) put(g uint32, v vector.I128) {
	if kernel.Less128(v, a.values[g]) != a.max {
		a.values[g] = v
	}
}

func (a *extremeWide) merge(from accumulator, at, to []uint32) error {
	f := from.(*extremeWide)
	for i, g := range at {
		a.put(to[i], f.values[g])
	}
	return a.seen.merge(&f.seen, at, to)
}

func (a *extremeWide) columns(from, to int) ([]vector.Column, error) {
	return []vector.Column{vector.Flat(vector.Int128, a.values[from:to], a.seen.valid(from, to))}, nil
}

// extremeInterval is min or max of intervals.
type extremeInterval struct {
	b      *budget
	max    bool
	has    []bool
	values []vector.MonthDayMicro
}

func (a *extremeInterval) grow(n int) (err error) {
	if a.values, err = grown(a.b, a.values, n); err != nil {
		return err
	}
	a.has, err = grown(a.b, a.has, n)
	return err
}

func (a *extremeInterval) add(in *addition) error {
	o := in.operand(0)
	rows, gids := o.explicit(in.scratch)
	values := o.values.Intervals()
	for i, row := range rows {
		a.put(gids[i], values[row])
	}
	return nil
}

func (a *extremeInterval) put(g uint32, v vector.MonthDayMicro) {
	if !a.has[g] || (kernel.Cmp128(key.Span(v), key.Span(a.values[g])) > 0) == a.max {
		a.has[g], a.values[g] = true, v
	}
}

func (a *extremeInterval) merge(from accumulator, at, to []uint32) error {
	f := from.(*extremeInterval)
	for i, g := range at {
		if f.has[g] {
			a.put(to[i], f.values[g])
		}
	}
	return nil
}

func (a *extremeInterval) columns(from, to int) ([]vector.Column, error) {
	return []vector.Column{vector.Flat(vector.Interval, a.values[from:to], validOf(a.has[from:to]))}, nil
}

// validOf is flags as a validity bitmap, nil when all are set.
func validOf(has []bool) vector.Bitmap {
	var valid vector.Bitmap
	for i, ok := range has {
		if ok {
			continue
		}
		if valid == nil {
			valid = vector.NewBitmapSet(len(has))
		}
		valid.Clear(i)
	}
	return valid
}

// extremeString is min or max of strings, bytewise; of char(n), without trailing
// blanks. Replaced strings leave holes in the arena until half of it is holes.
type extremeString struct {
	b     *budget
	max   bool
	blank bool // trailing blanks do not count
	has   []bool
	arena arena
}

func (a *extremeString) grow(n int) (err error) {
	if err = a.arena.grow(n); err != nil {
		return err
	}
	a.has, err = grown(a.b, a.has, n)
	return err
}

func (a *extremeString) add(in *addition) error {
	o := in.operand(0)
	rows, gids := o.explicit(in.scratch)
	views := o.values.Views()
	for i, row := range rows {
		if err := a.put(gids[i], views[row].Bytes(o.values.Buffers)); err != nil {
			return err
		}
	}
	return nil
}

func (a *extremeString) put(g uint32, s []byte) error {
	if a.has[g] {
		old, s := a.arena.bytes(g), s
		if a.blank {
			old, s = bytes.TrimRight(old, " "), bytes.TrimRight(s, " ")
		}
		if c := bytes.Compare(s, old); c == 0 || (c > 0) != a.max {
			return nil
		}
	}
	a.has[g] = true
	return a.arena.set(g, s)
}

func (a *extremeString) merge(from accumulator, at, to []uint32) error {
	f := from.(*extremeString)
	for i, g := range at {
		if f.has[g] {
			if err := a.put(to[i], f.arena.bytes(g)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *extremeString) columns(from, to int) ([]vector.Column, error) {
	return []vector.Column{a.arena.column(from, to, validOf(a.has[from:to]))}, nil
}
