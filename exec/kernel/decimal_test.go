package kernel

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/exec/vector"
)

// random128 is a number of any magnitude: uniform in its number of bits.
func random128(r *rand.Rand) vector.I128 {
	v := vector.I128{Lo: r.Uint64(), Hi: int64(r.Uint64())}
	n := r.IntN(127)
	if n < 64 {
		v = vector.I128{Lo: v.Lo & (1<<n - 1)}
	} else {
		v.Hi &= 1<<(n-64) - 1
	}
	switch r.IntN(8) {
	case 0: // around powers of two, where carries are
		v = vector.I128{Lo: v.Lo & 3, Hi: 1 << r.IntN(63)}
	case 1:
		v = Pow10(r.IntN(39))
	}
	if r.IntN(2) == 0 {
		v = Neg128(v)
	}
	return v
}

func TestArithmeticOf128BitsAgreesWithBigIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	check := func(op string, a, b, got vector.I128, ok bool, want *big.Int) {
		t.Helper()
		w, fits := FromBig(want)
		if ok != fits || ok && got != w {
			t.Fatalf("%s %s %s: got %s %v, want %s", BigOf(a), op, BigOf(b), BigOf(got), ok, want)
		}
	}
	for range 50000 {
		a, b := random128(r), random128(r)
		x, y := BigOf(a), BigOf(b)
		if back, ok := FromBig(x); !ok || back != a {
			t.Fatalf("%s does not come back", x)
		}
		v, ok := Add128(a, b)
		check("+", a, b, v, ok, new(big.Int).Add(x, y))
		v, ok = Sub128(a, b)
		check("-", a, b, v, ok, new(big.Int).Sub(x, y))
		v, ok = Mul128(a, b)
		check("*", a, b, v, ok, new(big.Int).Mul(x, y))
		if Cmp128(a, b) != x.Cmp(y) {
			t.Fatalf("compare %s %s", x, y)
		}
		if y.Sign() == 0 {
			continue
		}
		q, rem := DivMod128(a, b)
		wq, wr := new(big.Int).QuoRem(x, y, new(big.Int))
		check("div", a, b, q, true, wq)
		check("mod", a, b, rem, true, wr)
		check("round", a, b, DivRound128(a, b), true, DivRoundBig(x, y))
		shift := r.IntN(60) - 10
		scaled := new(big.Int).Mul(x, bigPow10(max(shift, 0)))
		v, ok = DivScaled(a, b, shift)
		check("scaled", a, b, v, ok, DivRoundBig(scaled, new(big.Int).Mul(y, bigPow10(max(-shift, 0)))))
	}
}

func bigPow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

func TestRescaleRoundsHalvesAwayFromZero(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50000 {
		v, from, to := random128(r), r.IntN(39), r.IntN(39)
		got, ok := Rescale(v, from, to)
		want := new(big.Int).Mul(BigOf(v), bigPow10(max(to-from, 0)))
		want = DivRoundBig(want, bigPow10(max(from-to, 0)))
		w, fits := FromBig(want)
		if ok != fits || ok && got != w {
			t.Fatalf("%s from scale %d to %d: got %s %v, want %s", BigOf(v), from, to, BigOf(got), ok, want)
		}
		if n := r.IntN(39); InDigits(v, n) != (BigOf(v).CmpAbs(bigPow10(n)) < 0) {
			t.Fatalf("%s in %d digits", BigOf(v), n)
		}
	}
}

func TestProductsOf64Bits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 50000 {
		a, b := int64(random128(r).Lo), int64(random128(r).Lo)
		want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		if got := Mul64(a, b); BigOf(got).Cmp(want) != 0 {
			t.Fatalf("%d * %d = %s", a, b, BigOf(got))
		}
		if p, ok := MulInt64(a, b); ok != want.IsInt64() || ok && p != want.Int64() {
			t.Fatalf("%d * %d = %d %v", a, b, p, ok)
		}
		for _, op := range []Op{Add, Sub, Mul} {
			exact := map[Op]*big.Int{Add: new(big.Int).Add(big.NewInt(a), big.NewInt(b)),
				Sub: new(big.Int).Sub(big.NewInt(a), big.NewInt(b)), Mul: want}[op]
			if got := FirstOverflow(op, []int64{a}, []int64{b}, nil, 1) == 0; got == exact.IsInt64() {
				t.Fatalf("%d op %d %d: overflow %v", a, op, b, got)
			}
		}
	}
}
