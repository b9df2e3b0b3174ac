package kernel

import (
	"math"

	"github.com/skein-query/skein/exec/vector"
)

// Integer is the plain integer types that columns have.
type Integer interface {
	uint8 | int16 | int32 | int64
}

// bit is 1 for true; the compiler makes a SETcc of it.
func bit(b bool) uint8 {
	var x uint8
	if b {
		x = 1
	}
	return x
}

// Range is the integers lo..hi, or all others when Not. The empty range has
// Lo > Hi. Every comparison of integers with a constant is one.
type Range struct {
	Lo, Hi int64
	Not    bool
}

// All reports whether every integer is in the range, None whether no integer is.
func (r Range) All() bool {
	return r.Not && r.Lo > r.Hi || !r.Not && r.Lo == math.MinInt64 && r.Hi == math.MaxInt64
}

// None reports whether no integer is in the range.
func (r Range) None() bool { return !r.Not && r.Lo > r.Hi }

// And is the range of integers in both; ok is false when that is no Range.
func (r Range) And(o Range) (_ Range, ok bool) {
	if r.Not || o.Not {
		return Range{}, false
	}
	return Range{Lo: max(r.Lo, o.Lo), Hi: min(r.Hi, o.Hi)}, true
}

// bounds gives the range as an offset and an unsigned span, for one comparison a
// value; an empty range becomes its complement's negation.
func (r Range) bounds() (lo, span uint64, not uint8) {
	if r.Lo > r.Hi {
		return 0, math.MaxUint64, bit(!r.Not)
	}
	return uint64(r.Lo), uint64(r.Hi) - uint64(r.Lo), bit(r.Not)
}

// InRange says for each row whether its value is in the range.
func InRange[T Integer](values []T, r Range, sel vector.Selection, out []uint8) {
	lo, span, not := r.bounds()
	if sel != nil {
		for _, row := range sel {
			out[row] = bit(uint64(int64(values[row]))-lo <= span) ^ not
		}
		return
	}
	out = out[:len(values)]
	for i, v := range values {
		out[i] = bit(uint64(int64(v))-lo <= span) ^ not
	}
}

// Equal says for each row whether a and b are equal.
func Equal[T Integer](a, b []T, not bool, sel vector.Selection, out []uint8) {
	x := bit(not)
	if sel != nil {
		for _, row := range sel {
			out[row] = bit(a[row] == b[row]) ^ x
		}
		return
	}
	b, out = b[:len(a)], out[:len(a)]
	for i, v := range a {
		out[i] = bit(v == b[i]) ^ x
	}
}

// Less says for each row whether a is below b (not: whether it is not).
func Less[T Integer](a, b []T, not bool, sel vector.Selection, out []uint8) {
	x := bit(not)
	if sel != nil {
		for _, row := range sel {
			out[row] = bit(a[row] < b[row]) ^ x
		}
		return
	}
	b, out = b[:len(a)], out[:len(a)]
	for i, v := range a {
		out[i] = bit(v < b[i]) ^ x
	}
}

// OrderedKey maps a float to an integer in PostgreSQL's order: -0 equals 0, NaN
// equals NaN and is above everything.
func OrderedKey(f float64) int64 {
	if f != f {
		return math.MaxInt64
	}
	b := int64(math.Float64bits(f + 0)) // -0 + 0 is +0
	return b ^ int64(uint64(b>>63)>>1)
}

// OrderedKeys maps floats by OrderedKey.
func OrderedKeys[T float32 | float64](values []T, sel vector.Selection, out []int64) {
	if sel != nil {
		for _, row := range sel {
			out[row] = OrderedKey(float64(values[row]))
		}
		return
	}
	out = out[:len(values)]
	for i, v := range values {
		out[i] = OrderedKey(float64(v))
	}
}

// Compare128 says for each row whether a is below b (less) or equal to it, turned
// round when not is set. b may have a single value for all rows.
func Compare128(a, b []vector.I128, less, not bool, sel vector.Selection, out []uint8) {
	x, mask := bit(not), broadcast(len(b), len(a))
	at := func(row int) uint8 {
		if less {
			return bit(Less128(a[row], b[row&mask])) ^ x
		}
		return bit(a[row] == b[row&mask]) ^ x
	}
	if sel != nil {
		for _, row := range sel {
			out[row] = at(int(row))
		}
		return
	}
	for row := range a {
		out[row] = at(row)
	}
}

// broadcast is the mask that makes row numbers of n rows index have values: all
// ones, or zero when one value stands for all rows.
func broadcast(have, n int) int {
	if have == 1 && n != 1 {
		return 0
	}
	return -1
}
