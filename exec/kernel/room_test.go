//go:build unix

package kernel

import (
	"math/rand/v2"
	"testing"

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
