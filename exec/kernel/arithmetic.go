package kernel

import (
	"math"
	"math/bits"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/simd"
)

// Op is an arithmetic operation.
type Op uint8

// The operations.
const (
	Add Op = iota
	Sub
	Mul
)

// Number is the plain number types.
type Number interface {
	int16 | int32 | int64 | float32 | float64
}

// Apply computes a op b row by row without looking for overflow. Either side may
// be a single value for all rows; not both.
func Apply[T Number](op Op, a, b []T, sel vector.Selection, out []T) {
	switch {
	case len(a) == 1 && len(out) != 1:
		applyConst(op, b, a[0], true, sel, out)
	case len(b) == 1 && len(out) != 1:
		applyConst(op, a, b[0], false, sel, out)
	case sel != nil:
		applySel(op, a, b, sel, out)
	default:
		a, b = a[:len(out)], b[:len(out)]
		switch op {
		case Add:
			for i := range out {
				out[i] = a[i] + b[i]
			}
		case Sub:
			for i := range out {
				out[i] = a[i] - b[i]
			}
		case Mul:
			for i := range out {
				out[i] = a[i] * b[i]
			}
		}
	}
}

func applySel[T Number](op Op, a, b []T, sel vector.Selection, out []T) {
	switch op {
	case Add:
		for _, row := range sel {
			out[row] = a[row] + b[row]
		}
	case Sub:
		for _, row := range sel {
			out[row] = a[row] - b[row]
		}
	case Mul:
		for _, row := range sel {
			out[row] = a[row] * b[row]
		}
	}
}

// applyConst computes a op c, or c op a when left.
func applyConst[T Number](op Op, a []T, c T, left bool, sel vector.Selection, out []T) {
	if sel == nil {
		a = a[:len(out)]
		switch {
		case op == Add:
			for i, v := range a {
				out[i] = v + c
			}
		case op == Mul:
			for i, v := range a {
				out[i] = v * c
			}
		case left:
			for i, v := range a {
				out[i] = c - v
			}
		default:
			for i, v := range a {
				out[i] = v - c
			}
		}
		return
	}
	switch {
	case op == Add:
		for _, row := range sel {
			out[row] = a[row] + c
		}
	case op == Mul:
		for _, row := range sel {
			out[row] = a[row] * c
		}
	case left:
		for _, row := range sel {
			out[row] = c - a[row]
		}
	default:
		for _, row := range sel {
			out[row] = a[row] - c
		}
	}
}

// BitLen is a number of bits such that every selected value lies in
// [-2^BitLen, 2^BitLen). It costs one OR a value: the proof that lets arithmetic
// run unchecked.
func BitLen[T int16 | int32 | int64](values []T, sel vector.Selection) int {
	return bitLenAt(best, values, sel)
}

func bitLenAt[T int16 | int32 | int64](level simd.Level, values []T, sel vector.Selection) int {
	if sel != nil {
		or, done := orRows(level, values, sel)
		acc := int64(or)
		for _, row := range sel[done:] {
			v := int64(values[row])
			acc |= v ^ (v >> 63)
		}
		return bits.Len64(uint64(acc))
	}
	var acc int64
	for _, value := range values {
		v := int64(value)
		acc |= v ^ (v >> 63)
	}
	return bits.Len64(uint64(acc))
}

// FirstOverflow is the first selected row where a op b does not fit T, or -1.
// Either side may be a single value for all rows.
func FirstOverflow[T int16 | int32 | int64](op Op, a, b []T, sel vector.Selection, n int) int {
	ma, mb := broadcast(len(a), n), broadcast(len(b), n)
	at := func(row int) bool { return overflows(op, int64(a[row&ma]), int64(b[row&mb]), width[T]()) }
	if sel != nil {
		for _, row := range sel {
			if at(int(row)) {
				return int(row)
			}
		}
		return -1
	}
	for row := range n {
		if at(row) {
			return row
		}
	}
	return -1
}

// width is the number of value bits of T without its sign.
func width[T int16 | int32 | int64]() int {
	var t T
	switch any(t).(type) {
	case int16:
		return 15
	case int32:
		return 31
	}
	return 63
}

func overflows(op Op, a, b int64, width int) bool {
	var r int64
	switch op {
	case Add:
		r = a + b
		if (a^r)&(b^r) < 0 {
			return true
		}
	case Sub:
		r = a - b
		if (a^b)&(a^r) < 0 {
			return true
		}
	case Mul:
		var ok bool
		if r, ok = MulInt64(a, b); !ok {
			return true
		}
	}
	return width < 63 && (r >= 1<<width || r < -1<<width)
}

// MulInt64 is a×b; ok is false when it does not fit.
func MulInt64(a, b int64) (_ int64, ok bool) {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	h := int64(hi) - (a>>63)&b - (b>>63)&a
	return int64(lo), h == int64(lo)>>63
}

// AbsInt64 is |v|; the smallest int64 gives 2^63.
func AbsInt64(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// MinInt64 is the one value without a positive twin.
const MinInt64 = math.MinInt64
