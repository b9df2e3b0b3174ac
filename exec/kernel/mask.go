package kernel

import (
	"math"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/simd"
)

// maskWords is how many masks of 64 rows are made before the numbers of their rows
// are written: few enough to stay where they are fastest read again.
const maskWords = 32

// Selections over all rows are made in two steps, of which only the first depends on
// the types: a bit a row says whether it passes, then the numbers of the ones are
// written. The functions here do so with whole words of 64 rows and give the rows that
// they have done and how many of them passed; what is left, and all where there are
// no vectors, is the caller's.

// denseRange is the first part of SelectRange.
func denseRange[T Integer](level simd.Level, values []T, r Range, out vector.Selection) (done, k int) {
	low, high := limits[T]()
	lo, hi := max(r.Lo, low), min(r.Hi, high)
	if lo > hi {
		return 0, 0
	}
	flip := -uint64(bit(r.Not))
	var masks [maskWords]uint64
	for len(values)-done >= 64 {
		m := masks[:min((len(values)-done)/64, maskWords)]
		if !rangeMasks(level, values[done:], uint64(lo), uint64(hi)-uint64(lo), m) {
			break
		}
		for i := range m {
			m[i] ^= flip
		}
		k += positions(level, m, uint32(done), out[k:])
		done += 64 * len(m)
	}
	return done, k
}

// limits are the least and the greatest value of a type.
func limits[T Integer]() (low, high int64) {
	var t T
	switch any(t).(type) {
	case uint8:
		return 0, math.MaxUint8
	case int16:
		return math.MinInt16, math.MaxInt16
	case int32:
		return math.MinInt32, math.MaxInt32
	}
	return math.MinInt64, math.MaxInt64
}

// denseCodes is the first part of SelectCodes.
func denseCodes[C Code](level simd.Level, codes []C, lut []uint8, out vector.Selection) (done, k int) {
	var masks [maskWords]uint64
	for len(codes)-done >= 64 {
		m := masks[:min((len(codes)-done)/64, maskWords)]
		if !codeMasks(level, codes[done:], lut, m) {
			break
		}
		k += positions(level, m, uint32(done), out[k:])
		done += 64 * len(m)
	}
	return done, k
}

// denseProbe is the first part of SelectProbe.
func denseProbe[T Integer](level simd.Level, keys []T, low, span uint64, set vector.Bitmap, out vector.Selection) (done, k int) {
	var masks [maskWords]uint64
	for len(keys)-done >= 64 {
		m := masks[:min((len(keys)-done)/64, maskWords)]
		if !probeMasks(level, keys[done:], low, span, set, m) {
			break
		}
		k += positions(level, m, uint32(done), out[k:])
		done += 64 * len(m)
	}
	return done, k
}
