package eval

import (
	"unsafe"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// rowFunc computes one row of a function without a kernel of its own: it reads its
// arguments by typed accessors and writes one result. It is called for selected
// rows only; in a strict function none of its arguments is NULL there.
type rowFunc func(in []input, row int, out *output) error

// input is one argument in its widest form: integers, dates and times as int64,
// floats as float64, numerics as 128 bits.
type input struct {
	ints      []int64
	floats    []float64
	decs      []vector.I128
	views     []vector.View
	buffers   [][]byte
	bools     []uint8
	intervals []vector.MonthDayMicro
	col       vector.Column // flat, or one value
	valid     vector.Bitmap
	mask      int // 0 when one value stands for all rows, else -1
}

func (in *input) int(row int) int64                     { return in.ints[row&in.mask] }
func (in *input) float(row int) float64                 { return in.floats[row&in.mask] }
func (in *input) dec(row int) vector.I128               { return in.decs[row&in.mask] }
func (in *input) bool(row int) bool                     { return in.bools[row&in.mask] != 0 }
func (in *input) bytes(row int) []byte                  { return in.views[row&in.mask].Bytes(in.buffers) }
func (in *input) null(row int) bool                     { return in.valid != nil && !in.valid.Get(row) }
func (in *input) interval(row int) vector.MonthDayMicro { return in.intervals[row&in.mask] }

// text is the argument's bytes as a string that shares their memory.
func (in *input) text(row int) string {
	b := in.bytes(row)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// widen makes an argument ready for row-wise reading.
func widen(f *frame, c *vector.Column, t expr.Type, sel vector.Selection) (input, error) {
	v, err := f.flat(c, sel)
	if err != nil {
		return input{}, err
	}
	in := input{col: v, valid: c.Valid, mask: maskOf(&v, f.n)}
	sel = within1(&v, sel)
	switch v.Kind {
	case vector.Bool:
		in.bools = v.Bools()
	case vector.Int16:
		in.ints, err = converted[int16, int64](f, v.Int16s(), sel)
	case vector.Int32:
		in.ints, err = converted[int32, int64](f, v.Int32s(), sel)
	case vector.Int64, vector.Int128:
		if t.Kind == expr.Numeric {
			in.decs, err = decimals(f, &v, sel)
		} else {
			in.ints = v.Int64s()
		}
	case vector.Float32:
		in.floats, err = converted[float32, float64](f, v.Float32s(), sel)
	case vector.Float64:
		in.floats = v.Float64s()
	case vector.String:
		in.views, in.buffers = v.Views(), v.Buffers
	case vector.Interval:
		in.intervals = v.Intervals()
	}
	return in, err
}

func converted[F, T kernel.Integer | float32 | float64](f *frame, values []F, sel vector.Selection) ([]T, error) {
	out, err := alloc[T](f, len(values))
	if err == nil {
		kernel.Convert(values, sel, out)
	}
	return out, err
}

// output collects the results of a rowFunc.
type output struct {
	f         *frame
	typ       expr.Type
	ints      []int64
	floats    []float64
	decs      []vector.I128
	bools     []uint8
	intervals []vector.MonthDayMicro
	views     []vector.View
	buffers   [][]byte
	tail      []byte // of the last buffer
	scratch   []byte // for building a string
	nulls     []uint32
	err       error
}

func newOutput(f *frame, t expr.Type) (*output, error) {
	o := &output{f: f, typ: t}
	var err error
	switch Layout(t) {
	case vector.Bool:
		o.bools, err = zeroed[uint8](f, f.n)
	case vector.Int128:
		o.decs, err = zeroed[vector.I128](f, f.n)
	case vector.Float32, vector.Float64:
		o.floats, err = zeroed[float64](f, f.n)
	case vector.Interval:
		o.intervals, err = zeroed[vector.MonthDayMicro](f, f.n)
	case vector.String:
		o.views, err = zeroed[vector.View](f, f.n)
	default:
		if t.Kind == expr.Numeric {
			o.decs, err = zeroed[vector.I128](f, f.n)
		} else {
			o.ints, err = zeroed[int64](f, f.n)
		}
	}
	return o, err
}

func (o *output) null(row int) { o.nulls = append(o.nulls, uint32(row)) }

func (o *output) bool(row int, v bool) {
	if v {
		o.bools[row] = 1
	}
}

// string writes s, which is copied.
func (o *output) string(row int, s string) {
	o.bytes(row, unsafe.Slice(unsafe.StringData(s), len(s)))
}

// bytes writes s, which is copied.
func (o *output) bytes(row int, s []byte) {
	if len(s) <= vector.InlineLen {
		o.views[row] = vector.MakeView(s, 0, 0)
		return
	}
	if len(o.tail)+len(s) > cap(o.tail) {
		size := max(len(s), min(1<<20, max(1<<12, 2*cap(o.tail))))
		buf, err := o.f.raw(size)
		if err != nil {
			o.err = err
			return
		}
		o.tail = buf[:0:size]
		o.buffers = append(o.buffers, nil)
	}
	off := len(o.tail)
	o.tail = append(o.tail, s...)
	o.buffers[len(o.buffers)-1] = o.tail
	o.views[row] = vector.MakeView(s, uint32(len(o.buffers)-1), uint32(off))
}

// decimal writes a numeric of the given scale, rounded to the result's type.
func (o *output) decimal(row int, v vector.I128, scale int) error {
	v, ok := kernel.Rescale(v, scale, int(o.typ.Scale))
	if !ok || !kernel.InDigits(v, int(o.typ.Precision)) {
		return numericOverflow()
	}
	o.decs[row] = v
	return nil
}

// column is what was written, in the type's layout.
func (o *output) column() (vector.Column, error) {
	if o.err != nil {
		return vector.Column{}, o.err
	}
	var out vector.Column
	var err error
	switch kind := Layout(o.typ); kind {
	case vector.Bool:
		out = vector.Flat(kind, o.bools, nil)
	case vector.Int16:
		out, err = shrunk[int64, int16](o.f, kind, o.ints)
	case vector.Int32:
		out, err = shrunk[int64, int32](o.f, kind, o.ints)
	case vector.Float32:
		out, err = shrunk[float64, float32](o.f, kind, o.floats)
	case vector.Float64:
		out = vector.Flat(kind, o.floats, nil)
	case vector.Interval:
		out = vector.Flat(kind, o.intervals, nil)
	case vector.String:
		out = vector.Column{Kind: kind, Len: o.f.n, Data: vector.BytesOf(o.views), Buffers: o.buffers}
	default:
		if o.decs != nil || o.typ.Kind == expr.Numeric {
			out, err = numericColumn(o.f, o.decs, o.typ, nil)
		} else {
			out = vector.Flat(kind, o.ints, nil)
		}
	}
	if err == nil && len(o.nulls) > 0 {
		if out.Valid, err = o.f.bitmap(); err == nil {
			kernel.ClearBits(out.Valid, o.nulls)
		}
	}
	return out, err
}

func shrunk[F, T kernel.Integer | float32 | float64](f *frame, kind vector.Kind, values []F) (vector.Column, error) {
	out, err := alloc[T](f, len(values))
	if err == nil {
		kernel.Convert(values, nil, out)
	}
	return vector.Flat(kind, out, nil), err
}

// rowStep runs a rowFunc.
type rowStep struct {
	args   []step
	types  []expr.Type
	typ    expr.Type
	run    rowFunc
	strict bool
	span   sqlerr.Span
}

func (s *rowStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	cols := make([]vector.Column, len(s.args))
	constant := true
	var valid vector.Bitmap
	for i, a := range s.args {
		c, err := a.eval(f, sel)
		if err != nil {
			return c, err
		}
		constant = constant && c.IsConst() && c.Valid == nil
		if s.strict {
			if valid, err = f.and(valid, c.Valid); err != nil {
				return c, err
			}
		}
		cols[i] = c
	}
	if constant && len(cols) > 0 && f.count(sel) > 0 {
		return s.evalConst(f, cols)
	}
	rows := sel
	if valid != nil {
		room, err := f.selection(sel)
		if err != nil {
			return vector.Column{}, err
		}
		rows = selectValid(valid, f.n, sel, room)
	}
	out, err := s.compute(f, cols, rows)
	if err != nil {
		return out, err
	}
	out.Valid, err = f.and(out.Valid, valid)
	return out, err
}

func (s *rowStep) compute(f *frame, cols []vector.Column, sel vector.Selection) (vector.Column, error) {
	in := make([]input, len(cols))
	for i := range cols {
		var err error
		if in[i], err = widen(f, &cols[i], s.types[i], sel); err != nil {
			return cols[i], err
		}
	}
	out, err := newOutput(f, s.typ)
	if err != nil {
		return vector.Column{}, err
	}
	if sel != nil {
		for _, row := range sel {
			if err := s.run(in, int(row), out); err != nil {
				return vector.Column{}, sqlerr.AtSpan(err, s.span)
			}
		}
	} else {
		for row := range f.n {
			if err := s.run(in, row, out); err != nil {
				return vector.Column{}, sqlerr.AtSpan(err, s.span)
			}
		}
	}
	return out.column()
}

// evalConst computes a function of constants, none of them NULL, once.
func (s *rowStep) evalConst(f *frame, cols []vector.Column) (vector.Column, error) {
	one := f.single()
	for i := range cols {
		cols[i].Len = 1
	}
	out, err := s.compute(one, cols, nil)
	f.absorb(one)
	if err != nil {
		return out, err
	}
	return vector.Const(out, f.n), nil
}
