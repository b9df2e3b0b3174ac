package exec

import (
	"github.com/skein-query/skein/exec/vector"
)

// bitwise is bool_and, bool_or, bit_and, bit_or and bit_xor: values are joined by
// op, starting from its neutral element.
type bitwise struct {
	b      *budget
	kind   vector.Kind
	op     byte // '&', '|' or '^'
	seen   seen
	values []int64
}

func (a *bitwise) grow(n int) (err error) {
	neutral := int64(0)
	if a.op == '&' {
		neutral = -1
	}
	if a.values, err = grownWith(a.b, a.values, n, neutral); err != nil {
		return err
	}
	return a.seen.grow(n)
}

func (a *bitwise) add(in *addition) error {
	o := in.operand(0)
	if err := a.seen.mark(&o); err != nil {
		return err
	}
	rows, gids := o.explicit(in.scratch)
	switch o.values.Kind {
	case vector.Bool:
		for i, row := range rows {
			a.join(gids[i], int64(o.values.Data[row]&1))
		}
	case vector.Int16:
		values := o.values.Int16s()
		for i, row := range rows {
			a.join(gids[i], int64(values[row]))
		}
	case vector.Int32:
		values := o.values.Int32s()
		for i, row := range rows {
			a.join(gids[i], int64(values[row]))
		}
	case vector.Int64:
		values := o.values.Int64s()
		for i, row := range rows {
			a.join(gids[i], values[row])
		}
	}
	return nil
}

func (a *bitwise) join(g uint32, v int64) {
	switch a.op {
	case '&':
		a.values[g] &= v
	case '|':
		a.values[g] |= v
	default:
		a.values[g] ^= v
	}
}

func (a *bitwise) merge(from accumulator, at, to []uint32) error {
	f := from.(*bitwise)
	for i, g := range at {
		a.join(to[i], f.values[g])
	}
	return a.seen.merge(&f.seen, at, to)
}

func (a *bitwise) columns(from, to int) ([]vector.Column, error) {
	e := extreme{kind: a.kind, seen: a.seen, values: a.values}
	return e.columns(from, to)
}
