package bitpack

import "github.com/skein-query/skein/internal/simd"

// Value is what codes and levels are spread to.
type Value interface{ uint8 | uint16 | uint32 }

// best is the level that Unpack runs at.
var best = simd.Best()

// Unpack spreads len(out) bit-packed values of width bits (0 to 32) and reports
// whether all are below limit. data holds at least len(out)*width bits, and what
// follows them may be given too: it lets the ends of runs be loaded faster. Values
// wider than T are cut, after the check.
func Unpack[T Value](out []T, data []byte, width int, limit uint32) bool {
	return unpackAt(best, out, data, width, limit)
}

func unpackAt[T Value](level simd.Level, out []T, data []byte, width int, limit uint32) bool {
	if len(out) == 0 {
		return true
	}
	if width == 0 || limit == 0 {
		clear(out)
		return limit > 0
	}
	switch out := any(out).(type) {
	case []uint8:
		if width <= 8 {
			done, ok := vector8(level, out, data, width, limit)
			return scalar8(out[done:], data[done/8*width:], width, limit) && ok
		}
	case []uint16:
		if width <= 16 {
			done, ok := vector16(level, out, data, width, limit)
			return scalar16(out[done:], data[done/8*width:], width, limit) && ok
		}
	case []uint32:
		done, ok := vector32(level, out, data, width, limit)
		return scalar32(out[done:], data[done/8*width:], width, limit) && ok
	}
	return oneByOne(out, data, width, limit)
}
