package kernel

import (
	"math/big"

	"github.com/skein-query/skein/exec/vector"
)

// divScaledBig is DivScaled where the numerator does not fit 128 bits.
func divScaledBig(a, b vector.I128, shift int) (_ vector.I128, ok bool) {
	n := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil)
	n.Mul(n, BigOf(a))
	return FromBig(DivRoundBig(n, BigOf(b)))
}

// DivRoundBig is a/b rounded to the nearest, halves away from zero.
func DivRoundBig(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	r.Abs(r).Lsh(r, 1)
	if r.CmpAbs(b) >= 0 {
		if a.Sign()*b.Sign() < 0 {
			return q.Sub(q, big.NewInt(1))
		}
		return q.Add(q, big.NewInt(1))
	}
	return q
}
