package kernel

import (
	"bytes"

	"github.com/skein-query/skein/internal/simd"
)

// best is the level that kernels run at.
var best = simd.Best()

// Index is the first place of text in s, or -1.
//
// Where there are vectors, the first and the last byte of text are compared with as
// many places as a vector has bytes, and only where both agree the rest (W. Muła,
// SIMD-friendly algorithms for substring searching, "generic SIMD").
func Index(s, text []byte) int { return indexAt(best, s, text) }

func indexAt(level simd.Level, s, text []byte) int {
	k := len(text)
	switch {
	case k > len(s):
		return -1
	case k < 2:
	case level == simd.AVX512 && k <= 64:
		return indexAVX512(&s[0], len(s), &text[0], k)
	case level >= simd.AVX2 && len(s)-k >= 31:
		return indexAVX2(&s[0], len(s), &text[0], k)
	}
	return bytes.Index(s, text)
}
