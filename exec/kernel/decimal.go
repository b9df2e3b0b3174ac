package kernel

import (
	"math/bits"

	"github.com/skein-query/skein/exec/vector"
)

// MaxScale is the most digits of a decimal.
const MaxScale = 38

// pow10 is 10^0 … 10^38.
var pow10 = func() (p [MaxScale + 1]vector.I128) {
	p[0] = vector.I128{Lo: 1}
	for i := 1; i <= MaxScale; i++ {
		hi, lo := bits.Mul64(p[i-1].Lo, 10)
		p[i] = vector.I128{Lo: lo, Hi: int64(hi) + p[i-1].Hi*10}
	}
	return p
}()

// Pow10 is 10^n for 0 ≤ n ≤ 38.
func Pow10(n int) vector.I128 { return pow10[n] }

// InDigits reports whether |v| < 10^n: whether v has at most n digits.
func InDigits(v vector.I128, n int) bool {
	hi, lo, _ := Abs128(v)
	p := pow10[n]
	return hi < uint64(p.Hi) || hi == uint64(p.Hi) && lo < p.Lo
}

// Rescale changes the scale of a decimal: more digits are zeros, fewer are
// rounded, halves away from zero. ok is false on overflow of 128 bits.
func Rescale(v vector.I128, from, to int) (_ vector.I128, ok bool) {
	switch {
	case from == to:
		return v, true
	case to-from > MaxScale:
		return v, v == vector.I128{}
	case to > from:
		return Mul128(v, pow10[to-from])
	case from-to > MaxScale:
		return vector.I128{}, true
	}
	return DivRound128(v, pow10[from-to]), true
}

// DivScaled is a×10^shift / b rounded half away from zero, exact in between; ok is
// false when the result does not fit 128 bits. b must not be zero.
func DivScaled(a, b vector.I128, shift int) (_ vector.I128, ok bool) {
	if shift < 0 {
		// Divide once, by b×10^-shift, so that nothing is rounded twice.
		if d, ok := Mul128(b, pow10[-shift]); ok {
			return DivRound128(a, d), true
		}
		return vector.I128{}, true
	}
	if shift <= MaxScale {
		if n, ok := Mul128(a, pow10[shift]); ok {
			return DivRound128(n, b), true
		}
	}
	return divScaledBig(a, b, shift)
}

// Combine128 computes a op b of decimals in 128 bits; either side may be a single
// value. It gives the first selected row whose result has more than 38 digits,
// or -1.
func Combine128(op Op, a, b []vector.I128, sel vector.Selection, out []vector.I128) int {
	ma, mb := broadcast(len(a), len(out)), broadcast(len(b), len(out))
	at := func(row int) bool {
		x, y := a[row&ma], b[row&mb]
		var ok bool
		switch op {
		case Add:
			out[row], ok = Add128(x, y)
		case Sub:
			out[row], ok = Sub128(x, y)
		default:
			out[row], ok = Mul128(x, y)
		}
		return ok && InDigits(out[row], MaxScale)
	}
	if sel != nil {
		for _, row := range sel {
			if !at(int(row)) {
				return int(row)
			}
		}
		return -1
	}
	for row := range out {
		if !at(row) {
			return row
		}
	}
	return -1
}

// MulWide is the exact 128-bit products of 64-bit factors; either side may be a
// single value.
func MulWide(a, b []int64, sel vector.Selection, out []vector.I128) {
	ma, mb := broadcast(len(a), len(out)), broadcast(len(b), len(out))
	if sel != nil {
		for _, row := range sel {
			out[row] = Mul64(a[int(row)&ma], b[int(row)&mb])
		}
		return
	}
	for row := range out {
		out[row] = Mul64(a[row&ma], b[row&mb])
	}
}

// Widen is 64-bit integers as 128 bits.
func Widen[T Integer](values []T, sel vector.Selection, out []vector.I128) {
	if sel != nil {
		for _, row := range sel {
			out[row] = From64(int64(values[row]))
		}
		return
	}
	for i, v := range values {
		out[i] = From64(int64(v))
	}
}

// Narrow is 128-bit integers as 64 bits; ok is false, and out is useless, when a
// selected one does not fit.
func Narrow(values []vector.I128, sel vector.Selection, out []int64) (ok bool) {
	var lost uint64
	if sel != nil {
		for _, row := range sel {
			v := values[row]
			out[row] = int64(v.Lo)
			lost |= uint64(v.Hi ^ int64(v.Lo)>>63)
		}
		return lost == 0
	}
	for i, v := range values {
		out[i] = int64(v.Lo)
		lost |= uint64(v.Hi ^ int64(v.Lo)>>63)
	}
	return lost == 0
}

// Convert changes the width of integers or floats without looking for overflow.
func Convert[F Integer | float32 | float64, T Integer | float32 | float64](values []F, sel vector.Selection, out []T) {
	if sel != nil {
		for _, row := range sel {
			out[row] = T(values[row])
		}
		return
	}
	out = out[:len(values)]
	for i, v := range values {
		out[i] = T(v)
	}
}

// Scale128 multiplies by a positive factor; what does not fit 128 bits becomes
// the largest or smallest value.
func Scale128(values []vector.I128, factor vector.I128, sel vector.Selection, out []vector.I128) {
	at := func(row int) {
		v, ok := Mul128(values[row], factor)
		if !ok {
			v = vector.I128{Lo: ^uint64(0), Hi: 1<<63 - 1}
			if values[row].Hi < 0 {
				v = Neg128(v)
			}
		}
		out[row] = v
	}
	if sel != nil {
		for _, row := range sel {
			at(int(row))
		}
		return
	}
	for row := range values {
		at(row)
	}
}
