package eval

import (
	"math"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// arithmetic gives the kernel of + - * / % and unary minus over numbers of one
// kind, and of dates with integers; nil for everything else.
func arithmetic(e *expr.Call) (kernelFunc, error) {
	var op kernel.Op
	switch e.Name {
	case expr.OpAdd:
		op = kernel.Add
	case expr.OpSub:
		op = kernel.Sub
	case expr.OpMul:
		op = kernel.Mul
	case expr.OpDiv, expr.OpMod:
		return division(e)
	case expr.OpNeg:
		return negation(e), nil
	default:
		return nil, nil
	}
	if len(e.Args) != 2 {
		return nil, nil
	}
	a, b := e.Args[0].Type(), e.Args[1].Type()
	switch {
	case a.Kind == expr.Date || b.Kind == expr.Date:
		return dateArithmetic(op, a, b), nil
	case a.Kind != b.Kind:
		return nil, nil
	}
	switch a.Kind {
	case expr.Int2:
		return integers[int16](op, vector.Int16, "smallint"), nil
	case expr.Int4:
		return integers[int32](op, vector.Int32, "integer"), nil
	case expr.Int8:
		return integers[int64](op, vector.Int64, "bigint"), nil
	case expr.Float4:
		return floats[float32](op, vector.Float32), nil
	case expr.Float8:
		return floats[float64](op, vector.Float64), nil
	case expr.Numeric:
		return decimalKernel(op, a, b, e.Typ), nil
	}
	return nil, nil
}

func outOfRange(typ string) error {
	return sqlerr.New(sqlerr.NumericValueOutOfRange, "%s out of range", typ)
}

func divisionByZero() error { return sqlerr.New(sqlerr.DivisionByZero, "division by zero") }

// signed is the integer types of columns.
type signed interface{ int16 | int32 | int64 }

// integers computes unchecked where the magnitudes of the batch prove that no
// result overflows, and looks for the first row that does otherwise.
func integers[T signed](op kernel.Op, kind vector.Kind, name string) kernelFunc {
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		a, b := fixed[T](&in[0]), fixed[T](&in[1])
		if !provenFits(op, a, b, in, sel, kind.Size()*8-1) && kernel.FirstOverflow(op, a, b, sel, f.n) >= 0 {
			return vector.Column{}, outOfRange(name)
		}
		out, err := alloc[T](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		kernel.Apply(op, a, b, sel, out)
		return vector.Flat(kind, out, nil), nil
	}
}

// provenFits reports whether no result can need more than bits bits.
func provenFits[T signed](op kernel.Op, a, b []T, in []vector.Column, sel vector.Selection, bits int) bool {
	la := kernel.BitLen(a, within1(&in[0], sel))
	lb := kernel.BitLen(b, within1(&in[1], sel))
	if op == kernel.Mul {
		return la+lb < bits
	}
	return max(la, lb)+1 <= bits
}

func floats[T float32 | float64](op kernel.Op, kind vector.Kind) kernelFunc {
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		a, b := fixed[T](&in[0]), fixed[T](&in[1])
		out, err := alloc[T](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		kernel.Apply(op, a, b, sel, out)
		ma, mb := maskOf(&in[0], f.n), maskOf(&in[1], f.n)
		each(sel, f.n, func(row int) {
			if err == nil {
				err = floatFault(op == kernel.Mul, float64(a[row&ma]), float64(b[row&mb]), float64(out[row]))
			}
		})
		return vector.Flat(kind, out, nil), err
	}
}

// floatFault is PostgreSQL's complaint about an infinity from finite arguments or,
// of products and quotients, a zero from nonzero ones.
func floatFault(product bool, a, b, r float64) error {
	if math.IsInf(r, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: overflow")
	}
	if product && r == 0 && a != 0 && b != 0 && !math.IsInf(b, 0) {
		return sqlerr.New(sqlerr.NumericValueOutOfRange, "value out of range: underflow")
	}
	return nil
}

// division gives the kernel of / and %.
func division(e *expr.Call) (kernelFunc, error) {
	a, b := e.Args[0].Type(), e.Args[1].Type()
	mod := e.Name == expr.OpMod
	switch {
	case a.Kind != b.Kind:
		return nil, nil
	case a.Kind == expr.Int2:
		return divideIntegers[int16](mod, vector.Int16, "smallint"), nil
	case a.Kind == expr.Int4:
		return divideIntegers[int32](mod, vector.Int32, "integer"), nil
	case a.Kind == expr.Int8:
		return divideIntegers[int64](mod, vector.Int64, "bigint"), nil
	case a.Kind == expr.Float4 && !mod:
		return divideFloats[float32](vector.Float32), nil
	case a.Kind == expr.Float8 && !mod:
		return divideFloats[float64](vector.Float64), nil
	case a.Kind == expr.Numeric && mod:
		return moduloDecimals(a, b, e.Typ), nil
	case a.Kind == expr.Numeric:
		return divideDecimals(a, b, e.Typ), nil
	}
	return nil, nil
}

func divideIntegers[T signed](mod bool, kind vector.Kind, name string) kernelFunc {
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		a, b := fixed[T](&in[0]), fixed[T](&in[1])
		ma, mb := maskOf(&in[0], f.n), maskOf(&in[1], f.n)
		out, err := alloc[T](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		each(sel, f.n, func(row int) {
			x, y := a[row&ma], b[row&mb]
			switch {
			case y == 0:
				err = divisionByZero()
			case y == -1 && mod:
				out[row] = 0
			case y == -1:
				if out[row] = -x; x != 0 && out[row] == x {
					err = outOfRange(name)
				}
			case mod:
				out[row] = x % y
			default:
				out[row] = x / y
			}
		})
		return vector.Flat(kind, out, nil), err
	}
}

func divideFloats[T float32 | float64](kind vector.Kind) kernelFunc {
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		a, b := fixed[T](&in[0]), fixed[T](&in[1])
		ma, mb := maskOf(&in[0], f.n), maskOf(&in[1], f.n)
		out, err := alloc[T](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		each(sel, f.n, func(row int) {
			x, y := a[row&ma], b[row&mb]
			if err != nil {
				return
			}
			if y == 0 && x == x {
				err = divisionByZero()
				return
			}
			out[row] = x / y
			err = floatFault(true, float64(x), float64(y), float64(out[row]))
		})
		return vector.Flat(kind, out, nil), err
	}
}

func negation(e *expr.Call) kernelFunc {
	switch t := e.Args[0].Type(); t.Kind {
	case expr.Int2:
		return negate(vector.Int16, func(v int16) int16 { return -v }, "smallint")
	case expr.Int4:
		return negate(vector.Int32, func(v int32) int32 { return -v }, "integer")
	case expr.Int8:
		return negate(vector.Int64, func(v int64) int64 { return -v }, "bigint")
	case expr.Float4:
		return negate(vector.Float32, func(v float32) float32 { return -v }, "")
	case expr.Float8:
		return negate(vector.Float64, func(v float64) float64 { return -v }, "")
	case expr.Numeric:
		narrow := negate(vector.Int64, func(v int64) int64 { return -v }, "")
		broad := negate(vector.Int128, kernel.Neg128, "")
		return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
			if in[0].Kind == vector.Int128 {
				return broad(f, in, sel)
			}
			return narrow(f, in, sel)
		}
	}
	return nil
}

// negate maps values; with a name, a value that is its own negative and not zero
// is out of that type's range.
func negate[T comparable](kind vector.Kind, neg func(T) T, name string) kernelFunc {
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		values := fixed[T](&in[0])
		out, err := alloc[T](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		var zero T
		each(sel, f.n, func(row int) {
			v := values[row]
			out[row] = neg(v)
			if name != "" && v != zero && out[row] == v {
				err = outOfRange(name)
			}
		})
		return vector.Flat(kind, out, nil), err
	}
}

// dateArithmetic is date ± integer and date - date; nil for dates with intervals.
func dateArithmetic(op kernel.Op, a, b expr.Type) kernelFunc {
	if op == kernel.Mul || a.Kind == expr.Interval || b.Kind == expr.Interval || a.Kind == expr.Time || b.Kind == expr.Time {
		return nil
	}
	difference := a.Kind == b.Kind
	days := integers[int32](op, vector.Int32, "date")
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		out, err := days(f, in, sel)
		if err != nil {
			return out, sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range")
		}
		if difference {
			return out, nil
		}
		each(sel, f.n, func(row int) {
			if d := out.Int32s()[row]; d < minDate || d > maxDate {
				err = sqlerr.New(sqlerr.DatetimeFieldOverflow, "date out of range")
			}
		})
		return out, err
	}
}

// PostgreSQL's range of dates: 4713-11-24 BC to 5874897-12-31.
const (
	minDate = -2440588 - 0
	maxDate = 2145042537 + 4
)
