//go:build unix

package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/simd"
	"github.com/skein-query/skein/internal/simd/simdtest"
)

// A read past the strings ends the test.
func TestIndexReadsNothingBeyondTheEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for n := range 201 {
		s := simdtest.AtEdge(t, letters(r, n, 3))
		for _, k := range []int{1, 2, 3, 5, 8, 13, 33, 64} {
			checkIndex(t, s, simdtest.AtEdge(t, letters(r, k, 3)))
			if k <= n {
				checkIndex(t, s, simdtest.AtEdge(t, s[n-k:]))
			}
		}
	}
}

// A read past values, codes, tables, sets or rows, or a write past a selection, ends
// the test.
func TestSelectionsTouchNothingBeyondTheEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for n := range 201 {
		out := simdtest.AtEdge(t, make(vector.Selection, n))
		v64 := simdtest.AtEdge(t, ints[int64](r, n))
		for _, level := range simd.Levels() {
			selectRangeAt(level, simdtest.AtEdge(t, ints[uint8](r, n)), Range{Lo: 1, Hi: 9}, nil, out)
			selectRangeAt(level, simdtest.AtEdge(t, ints[int16](r, n)), Range{Lo: 1, Hi: 9}, nil, out)
			selectRangeAt(level, simdtest.AtEdge(t, ints[int32](r, n)), Range{Lo: 1, Hi: 9, Not: true}, nil, out)
			selectRangeAt(level, v64, Range{Lo: 1, Hi: 9, Not: true}, nil, out)
			bitLenAt(level, v64, simdtest.AtEdge(t, vector.All(n)))
			set := simdtest.AtEdge(t, vector.Bitmap{r.Uint64(), r.Uint64()})
			selectProbeAt(level, v64, 0, 128, set, nil, out)
			selectProbeAt(level, simdtest.AtEdge(t, ints[int32](r, n)), 0, 128, set, nil, out)
			lut := simdtest.AtEdge(t, make([]uint8, 256))
			c8, c16, c32 := make([]uint8, n), make([]uint16, n), make([]uint32, n)
			for i := range n {
				c8[i] = uint8(r.Uint32())
				c16[i], c32[i] = uint16(c8[i]), uint32(c8[i])
			}
			selectCodesAt(level, simdtest.AtEdge(t, c8), lut, nil, out)
			selectCodesAt(level, simdtest.AtEdge(t, c16), lut, nil, out)
			selectCodesAt(level, simdtest.AtEdge(t, c32), lut, nil, out)
		}
	}
}

// A code without a byte in the table is a bug elsewhere: kernels in assembly let the
// row not pass, and read nothing for it.
func TestCodesBeyondTheirTableReadNothing(t *testing.T) {
	lut := simdtest.AtEdge(t, []uint8{1, 1, 1, 1})
	codes := make([]uint32, 64)
	codes16, codes8 := make([]uint16, 64), make([]uint8, 64)
	for i := range codes {
		codes[i], codes16[i], codes8[i] = uint32(i)<<26|uint32(i), uint16(i)<<10|uint16(i), uint8(i)
	}
	want := vector.Selection{0, 1, 2, 3}
	for _, level := range simd.Levels()[1:] {
		if got := selectCodesAt(level, codes8, lut, nil, make(vector.Selection, 64)); !slices.Equal(got, want) {
			t.Errorf("%s: 8 bits: %v", level, got)
		}
		if got := selectCodesAt(level, codes16, lut, nil, make(vector.Selection, 64)); !slices.Equal(got, want[:1]) {
			t.Errorf("%s: 16 bits: %v", level, got)
		}
		if got := selectCodesAt(level, codes, lut, nil, make(vector.Selection, 64)); !slices.Equal(got, want[:1]) {
			t.Errorf("%s: 32 bits: %v", level, got)
		}
	}
}
