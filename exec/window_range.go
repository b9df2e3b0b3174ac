package exec

import (
	"math"
	"sort"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// windowRange finds the ends of frames that are an offset from the value of the order's
// key: the keys of a block as numbers that rise with the order, in which the value that a
// row's key and the offset make is looked up. PostgreSQL's in_range functions say what
// that is.
type windowRange struct {
	keys   *windowKeys
	key    windowKey
	env    *Env
	scale  int // numerics: digits that keys and offsets have behind the point
	block  *windowBlock
	values []vector.I128
	nulls  []bool // nil: none is NULL
	b      budget
}

func newWindowRange(keys *windowKeys, f expr.Frame, env *Env) (*windowRange, error) {
	if len(keys.order) != 1 {
		return nil, sqlerr.New(sqlerr.InternalError, "a frame is looked up by %d keys", len(keys.order))
	}
	r := &windowRange{keys: keys, key: keys.order[0], env: env, b: budget{account: env.Account}}
	r.scale = int(r.key.field.typ.Scale)
	for _, b := range []expr.Bound{f.Start, f.End} {
		if b.Offset != nil {
			if t, err := expr.RangeOffset(r.key.field.typ, b.Offset.Typ); err != nil || t.Kind != b.Offset.Typ.Kind {
				return nil, sqlerr.New(sqlerr.InternalError, "an offset of type %s from keys of type %s", b.Offset.Typ, r.key.field.typ)
			}
			r.scale = max(r.scale, int(b.Offset.Typ.Scale))
		}
	}
	return r, nil
}

// number is a key as a number that rises with it.
func (r *windowRange) number(c *vector.Column, row int) vector.I128 {
	c, row = c.At(row)
	switch c.Kind {
	case vector.Int16:
		return kernel.From64(int64(c.Int16s()[row]))
	case vector.Int32:
		return kernel.From64(int64(c.Int32s()[row]))
	case vector.Int64:
		return r.scaled(kernel.From64(c.Int64s()[row]), int(r.key.field.typ.Scale))
	case vector.Int128:
		return r.scaled(c.Int128s()[row], int(r.key.field.typ.Scale))
	case vector.Float32:
		return kernel.From64(kernel.OrderedKey(float64(c.Float32s()[row])))
	case vector.Float64:
		return kernel.From64(kernel.OrderedKey(c.Float64s()[row]))
	case vector.Interval:
		return key.Span(c.Intervals()[row])
	}
	return vector.I128{}
}

// The numbers below and above all.
var (
	leastNumber = vector.I128{Hi: math.MinInt64}
	mostNumber  = vector.I128{Lo: math.MaxUint64, Hi: math.MaxInt64}
)

func (r *windowRange) scaled(v vector.I128, scale int) vector.I128 {
	if scale == r.scale {
		return v
	}
	out, ok := kernel.Mul128(v, kernel.Pow10(r.scale-scale))
	switch {
	case ok:
		return out
	case v.Hi < 0:
		return leastNumber
	}
	return mostNumber
}

// load reads the keys of a block.
func (r *windowRange) load(b *windowBlock) error {
	if r.block == b {
		return nil
	}
	var err error
	if r.values, err = grown(&r.b, r.values[:0], b.rows); err != nil {
		return err
	}
	r.block, r.nulls = b, nil
	scale := r.unit()
	for i := range b.pages {
		c, err := b.column(i, r.key.ordinal)
		if err != nil {
			return err
		}
		start := b.pages[i].start
		if c.Valid != nil && r.nulls == nil {
			r.nulls = make([]bool, b.rows)
		}
		for row := range c.Len {
			if c.IsNull(row) {
				r.nulls[start+row] = true
				continue
			}
			v := r.number(c, row)
			if scale != 1 {
				v = kernel.Mul64(int64(v.Lo), scale)
			}
			if r.key.field.desc {
				v = kernel.Neg128(v)
			}
			r.values[start+row] = v
		}
	}
	return nil
}

// unit is what keys are multiplied with to be compared with a key and an offset: days and
// an interval make microseconds.
func (r *windowRange) unit() int64 {
	if r.key.field.typ.Kind == expr.Date {
		return 24 * 60 * 60 * 1_000_000
	}
	return 1
}

// bound sets the first rows of frames, or those behind the last.
func (r *windowRange) bound(v *windowView, out []int, b expr.Bound, first bool) error {
	if err := r.load(v.windowBlock); err != nil {
		return err
	}
	limits, err := r.limits(v, b, first)
	if err != nil {
		return err
	}
	of, low, high := -1, 0, 0 // the rows with a key of partition number of
	v.groupsIn(func(g windowRun, part int) {
		if part != of {
			of = part
			low, high = r.valued(v.parts[part], v.partEnd(part))
		}
		at := v.peers[g.index]
		switch limit := limits[g.from]; {
		case r.nulls != nil && r.nulls[v.start+g.from]: // only NULLs are near NULL
			if !first {
				at = v.peerEnd(g.index)
			}
		case first:
			at = low + sort.Search(high-low, func(i int) bool { return !kernel.Less128(r.values[low+i], limit) })
		default:
			at = low + sort.Search(high-low, func(i int) bool { return kernel.Less128(limit, r.values[low+i]) })
		}
		fill(out[g.from:g.to], at)
	})
	return nil
}

// valued is the rows of a partition whose key is not NULL.
func (r *windowRange) valued(low, high int) (from, to int) {
	if r.nulls == nil {
		return low, high
	}
	if r.key.field.nullsFirst {
		return low + sort.Search(high-low, func(i int) bool { return !r.nulls[low+i] }), high
	}
	return low, low + sort.Search(high-low, func(i int) bool { return r.nulls[low+i] })
}

// limits is, for the rows of a view, their keys and the offset made one, as numbers.
func (r *windowRange) limits(v *windowView, b expr.Bound, first bool) ([]vector.I128, error) {
	out := make([]vector.I128, v.n)
	minus := (b.Kind == expr.Preceding) != r.key.field.desc
	c, err := v.column(v.number, r.key.ordinal)
	if err != nil {
		return nil, err
	}
	switch kind := r.key.field.typ.Kind; {
	case kind == expr.Float4 || kind == expr.Float8:
		floatLimits(c, b.Offset.Value.F, minus, first == r.key.field.desc, out)
	case kind == expr.Time:
		_, _, micros := b.Offset.Value.Interval()
		if micros < 0 {
			return nil, sqlerr.New(sqlerr.InvalidFrameOffset, "invalid preceding or following size in window function")
		}
		r.sums(c, kernel.From64(micros), minus, out)
	case kind == expr.Date || kind == expr.Timestamp || kind == expr.TimestampTZ || kind == expr.Interval:
		err = r.added(v, b.Offset, minus, out)
	default:
		offset := vector.I128{Lo: uint64(b.Offset.Value.I), Hi: b.Offset.Value.Hi}
		if b.Offset.Typ.Kind != expr.Numeric {
			offset = kernel.From64(b.Offset.Value.I)
		}
		if kind == expr.Numeric {
			offset = r.scaled(offset, int(b.Offset.Typ.Scale))
		}
		r.sums(c, offset, minus, out)
	}
	if r.key.field.desc {
		for i := range out {
			out[i] = negated(out[i])
		}
	}
	return out, err
}

func negated(v vector.I128) vector.I128 {
	if v == leastNumber {
		return mostNumber
	}
	return kernel.Neg128(v)
}

// sums are keys plus or minus an offset.
func (r *windowRange) sums(c *vector.Column, offset vector.I128, minus bool, out []vector.I128) {
	for i := range out {
		if c.IsNull(i) {
			continue
		}
		var ok bool
		if minus {
			if out[i], ok = kernel.Sub128(r.number(c, i), offset); !ok {
				out[i] = leastNumber
			}
		} else if out[i], ok = kernel.Add128(r.number(c, i), offset); !ok {
			out[i] = mostNumber
		}
	}
}

// floatLimits are sums of floats. From an infinite value an infinite offset reaches all but
// NaN where values have to be less (in_range_float8_float8).
func floatLimits(c *vector.Column, offset float64, minus, less bool, out []vector.I128) {
	all := leastNumber
	if less {
		all = kernel.From64(kernel.OrderedKey(math.Inf(1)))
	}
	for i := range out {
		if c.IsNull(i) {
			continue
		}
		values, at := c.At(i)
		key := 0.0
		if values.Kind == vector.Float32 {
			key = float64(values.Float32s()[at])
		} else {
			key = values.Float64s()[at]
		}
		switch {
		case math.IsInf(offset, 1) && (minus && math.IsInf(key, 1) || !minus && math.IsInf(key, -1)):
			out[i] = all
		case minus:
			out[i] = kernel.From64(kernel.OrderedKey(key - offset))
		default:
			out[i] = kernel.From64(kernel.OrderedKey(key + offset))
		}
	}
}

// added are times plus or minus an interval, as the operators of SQL have it.
func (r *windowRange) added(v *windowView, offset *expr.Literal, minus bool, out []vector.I128) error {
	op := expr.OpAdd
	if minus {
		op = expr.OpSub
	}
	column := &expr.Column{ID: expr.ColumnID(r.key.ordinal), Typ: r.key.field.typ, Nullable: true}
	sig, err := expr.Resolve(op, []expr.Type{column.Typ, offset.Typ})
	if err != nil {
		return err
	}
	call := &expr.Call{Name: op, Args: []expr.Expr{column, offset}, Typ: sig.Result}
	if !sig.Args[0].Equal(column.Typ) {
		call.Args[0] = &expr.Cast{Arg: column, To: sig.Args[0]}
	}
	sum, err := eval.New(call, v.fields, evalOptions(r.env))
	if err != nil {
		return err
	}
	defer sum.Close()
	c, err := sum.Eval(v.batch)
	if err != nil {
		return err
	}
	for i := range out {
		if c.IsNull(i) {
			continue
		}
		values, at := c.At(i)
		if values.Kind == vector.Interval {
			out[i] = key.Span(values.Intervals()[at])
		} else {
			out[i] = kernel.From64(values.Int64s()[at])
		}
	}
	return nil
}

func (r *windowRange) close() { r.b.free() }
