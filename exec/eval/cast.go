package eval

import (
	"math"
	"math/big"
	"strings"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// cast compiles a conversion: none where the values are the same, a kernel between
// numbers, else row by row.
func (c *compiler) cast(e *expr.Cast) (step, error) {
	from, to := e.Arg.Type(), e.To
	if sameValues(from, to) {
		return c.compile(e.Arg)
	}
	arg, err := c.compile(e.Arg)
	if err != nil {
		return nil, err
	}
	if from.Kind == expr.Unknown {
		if lit, ok := e.Arg.(*expr.Literal); ok && lit.Value.Null {
			return c.compile(expr.NullOf(to))
		}
	}
	if to.HasSeconds() && to.Digits() < expr.MaxDigits {
		return c.roundSeconds(e)
	}
	if e.Try && castKernel(from, to) != nil {
		return &rowStep{args: []step{arg}, types: []expr.Type{from}, typ: to, run: orNull(castExact(from, to)), strict: true, span: e.Span}, nil
	}
	if k := castKernel(from, to); k != nil {
		return &callStep{args: []step{arg}, run: k, fail: true, span: e.Span}, nil
	}
	run := castRows(from, to)
	if run == nil {
		return nil, sqlerr.At(sqlerr.CannotCoerce, e.Span, "cannot cast type %s to %s", from, to)
	}
	if e.Try {
		run = orNull(run)
	}
	return &rowStep{args: []step{arg}, types: []expr.Type{from}, typ: to, run: run, strict: true, span: e.Span}, nil
}

// orNull gives NULL for a value that a conversion finds no place for.
func orNull(run rowFunc) rowFunc {
	return func(in []input, row int, out *output) error {
		err := run(in, row, out)
		if code := sqlerr.CodeOf(err); err != nil && (strings.HasPrefix(string(code), "22") || code == sqlerr.FeatureNotSupported) {
			out.null(row)
			return nil
		}
		return err
	}
}

// castExact is a conversion between integers and numerics row by row.
func castExact(from, to expr.Type) rowFunc {
	switch {
	case to.IsInteger():
		return func(in []input, row int, out *output) error {
			v := in[0].int(row)
			if !fitsInteger(v, to) {
				return outOfRange(to.String())
			}
			out.ints[row] = v
			return nil
		}
	case from.IsInteger():
		return func(in []input, row int, out *output) error {
			v := in[0].int(row)
			return out.decimal(row, vector.I128{Lo: uint64(v), Hi: v >> 63}, 0)
		}
	}
	return func(in []input, row int, out *output) error {
		return out.decimal(row, in[0].dec(row), int(from.Scale))
	}
}

// roundSeconds casts to a time of all digits and rounds that.
func (c *compiler) roundSeconds(e *expr.Cast) (step, error) {
	exact := &expr.Cast{Arg: e.Arg, To: e.To.WithoutDigits(), Try: e.Try, Span: e.Span}
	arg, err := c.compile(exact)
	if err != nil {
		return nil, err
	}
	to := e.To
	run := func(in []input, row int, out *output) error {
		out.ints[row] = to.Round(in[0].int(row))
		return nil
	}
	return &rowStep{args: []step{arg}, types: []expr.Type{exact.To}, typ: to, run: run, strict: true, span: e.Span}, nil
}

// sameValues reports whether every value of from is a value of to in the same
// layout.
func sameValues(from, to expr.Type) bool {
	switch {
	case from.Equal(to):
		return true
	case from.Kind == expr.Numeric && to.Kind == expr.Numeric:
		return from.Scale == to.Scale && from.Precision <= to.Precision && (to.IsWide() || !from.IsWide())
	case from.Kind == expr.Text && to.Kind == expr.Text:
		return to.Length == 0 || from.Length > 0 && from.Length <= to.Length
	case from.Kind == expr.Unknown:
		return to.Kind == expr.Text && to.Length == 0
	case from.Kind == expr.Char && to.Kind == expr.Char:
		return to.Length == 0
	case from.HasSeconds() && to.HasSeconds() && (from.Kind == expr.Time) == (to.Kind == expr.Time): // the session's zone is UTC
		return from.Digits() <= to.Digits()
	}
	return from.IsNested() && from.Kind == to.Kind && Layout(from) == Layout(to) && sameNested(from, to)
}

func sameNested(from, to expr.Type) bool {
	if from.Kind == expr.List {
		return sameValues(from.Nested.Elem, to.Nested.Elem)
	}
	if len(from.Nested.Fields) != len(to.Nested.Fields) {
		return false
	}
	for i := range from.Nested.Fields {
		if !sameValues(from.Nested.Fields[i].Type, to.Nested.Fields[i].Type) {
			return false
		}
	}
	return true
}

// castKernel is the kernel of a conversion between numbers, nil for others.
func castKernel(from, to expr.Type) kernelFunc {
	switch {
	case from.IsInteger() && to.IsInteger():
		return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
			return castIntegers(f, &in[0], to, sel)
		}
	case from.IsInteger() && to.Kind == expr.Numeric:
		return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
			c, err := asInt64(f, &in[0], sel)
			if err != nil {
				return c, err
			}
			return castNumeric(f, c, expr.NumericFor(from), to, sel)
		}
	case from.Kind == expr.Numeric && to.Kind == expr.Numeric:
		return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
			return castNumeric(f, in[0], from, to, sel)
		}
	}
	return nil
}

// asInt64 is an integer column in 64 bits.
func asInt64(f *frame, c *vector.Column, sel vector.Selection) (vector.Column, error) {
	var out []int64
	var err error
	sel = within1(c, sel)
	switch c.Kind {
	case vector.Int16:
		out, err = converted[int16, int64](f, c.Int16s(), sel)
	case vector.Int32:
		out, err = converted[int32, int64](f, c.Int32s(), sel)
	default:
		return *c, nil
	}
	return vector.Flat(vector.Int64, out, nil), err
}

func castIntegers(f *frame, c *vector.Column, to expr.Type, sel vector.Selection) (vector.Column, error) {
	kind := Layout(to)
	w, err := asInt64(f, c, sel)
	if err != nil || kind == vector.Int64 {
		return w, err
	}
	bits, name := 15, "smallint"
	if kind == vector.Int32 {
		bits, name = 31, "integer"
	}
	sel = within1(c, sel)
	if kernel.BitLen(w.Int64s(), sel) > bits {
		return w, outOfRange(name)
	}
	if kind == vector.Int16 {
		out, err := converted[int64, int16](f, w.Int64s(), sel)
		return vector.Flat(kind, out, nil), err
	}
	out, err := converted[int64, int32](f, w.Int64s(), sel)
	return vector.Flat(kind, out, nil), err
}

// castNumeric changes precision and scale. Raising the scale within 64 bits stays
// in 64 bits.
func castNumeric(f *frame, c vector.Column, from, to expr.Type, sel vector.Selection) (vector.Column, error) {
	if to.Scale >= from.Scale {
		out, err := raise(f, c, int(to.Scale)-int(from.Scale), sel)
		if err != nil {
			return out, err
		}
		room := int(to.Precision)-int(to.Scale) >= int(from.Precision)-int(from.Scale)
		if room && (out.Kind == vector.Int64 || to.IsWide()) {
			return out, nil
		}
		return fitDecimals(f, out, int(to.Scale), to, sel)
	}
	return fitDecimals(f, c, int(from.Scale), to, sel)
}

// castRows is a conversion row by row; nil when there is none.
func castRows(from, to expr.Type) rowFunc {
	switch {
	case to.IsString():
		return castToText(from, to)
	case from.IsString() || from.Kind == expr.Unknown:
		return castFromText(to)
	case from.IsNumber() && to.IsNumber():
		return castNumbers(from, to)
	case from.Kind == expr.Bool && to.Kind == expr.Int4:
		return func(in []input, row int, out *output) error {
			if in[0].bool(row) {
				out.ints[row] = 1
			}
			return nil
		}
	case from.Kind == expr.Int4 && to.Kind == expr.Bool:
		return func(in []input, row int, out *output) error {
			out.bool(row, in[0].int(row) != 0)
			return nil
		}
	}
	return castTimes(from, to)
}

// castNumbers converts between floats and the rest.
func castNumbers(from, to expr.Type) rowFunc {
	toFloat := to.Kind == expr.Float4 || to.Kind == expr.Float8
	switch {
	case toFloat && from.IsInteger():
		return func(in []input, row int, out *output) error {
			out.floats[row] = float64(in[0].int(row))
			return nil
		}
	case toFloat && from.Kind == expr.Numeric:
		return func(in []input, row int, out *output) error {
			out.floats[row] = decimalFloat(in[0].dec(row), int(from.Scale))
			return nil
		}
	case toFloat:
		return func(in []input, row int, out *output) error {
			v := in[0].float(row)
			if to.Kind == expr.Float4 {
				r := float64(float32(v))
				if math.IsInf(r, 0) && !math.IsInf(v, 0) {
					return sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
				}
				if r == 0 && v != 0 {
					return sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: underflow")
				}
			}
			out.floats[row] = v
			return nil
		}
	case to.Kind == expr.Numeric: // from floats
		return func(in []input, row int, out *output) error {
			v, err := floatDecimal(in[0].float(row), from, to)
			out.decs[row] = v
			return err
		}
	case from.Kind == expr.Numeric: // to integers
		return func(in []input, row int, out *output) error {
			v, _ := kernel.Rescale(in[0].dec(row), int(from.Scale), 0)
			if !kernel.Fits64(v) || !fitsInteger(int64(v.Lo), to) {
				return outOfRange(to.String())
			}
			out.ints[row] = int64(v.Lo)
			return nil
		}
	}
	return func(in []input, row int, out *output) error { // floats to integers
		v := math.RoundToEven(in[0].float(row))
		if v != v || v < -9223372036854775808 || v >= 9223372036854775808 || !fitsInteger(int64(v), to) {
			return outOfRange(to.String())
		}
		out.ints[row] = int64(v)
		return nil
	}
}

func fitsInteger(v int64, t expr.Type) bool {
	switch t.Kind {
	case expr.Int2:
		return v == int64(int16(v))
	case expr.Int4:
		return v == int64(int32(v))
	}
	return true
}

// decimalFloat is the float64 nearest to v × 10^-scale.
func decimalFloat(v vector.I128, scale int) float64 {
	if scale == 0 {
		return kernel.Float128(v)
	}
	if kernel.Fits64(v) && scale <= 22 && kernel.AbsInt64(int64(v.Lo)) < 1<<53 {
		return float64(int64(v.Lo)) / kernel.Float128(kernel.Pow10(scale)) // both exact: rounded once
	}
	r := new(big.Rat).SetFrac(kernel.BigOf(v), kernel.BigOf(kernel.Pow10(scale)))
	f, _ := r.Float64()
	return f
}

// floatDecimal is a float as a numeric: of its first 15 digits (float4: 6), as
// PostgreSQL does.
func floatDecimal(v float64, from, to expr.Type) (vector.I128, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return vector.I128{}, sqlerr.New(sqlerr.FeatureNotSupported, "numeric %s is not supported", expr.FormatValue(expr.Float(v), from)).
			WithHint("Use double precision.")
	}
	digits := 15
	if from.Kind == expr.Float4 {
		digits = 6
	}
	n, err := expr.ParseValue(shortDigits(v, digits), to)
	if err != nil {
		return vector.I128{}, numericOverflow()
	}
	return wide(n), nil
}
