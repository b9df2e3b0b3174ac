//go:build unix

package bitpack

import (
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/internal/simd"
	"github.com/skein-query/skein/internal/simd/simdtest"
)

// A read past data, or a write past out, ends the test.
func TestNothingBeyondTheEndsIsTouched(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for width := 1; width <= 32; width++ {
		for _, n := range []int{1, 7, 8, 15, 31, 33, 64, 95, 96, 127, 128, 200} {
			data := simdtest.AtEdge(t, pack(values(r, n, 1<<width), width))
			limit := uint32(min(1<<width, 1<<32-1))
			for _, level := range simd.Levels() {
				unpackAt(level, simdtest.AtEdge(t, make([]uint8, n)), data, width, limit)
				unpackAt(level, simdtest.AtEdge(t, make([]uint16, n)), data, width, limit)
				unpackAt(level, simdtest.AtEdge(t, make([]uint32, n)), data, width, limit)
			}
		}
	}
}
