package kernel

import (
	"math/big"
	"math/bits"

	"github.com/skein-query/skein/exec/vector"
)

// From64 is v as 128 bits.
func From64(v int64) vector.I128 { return vector.I128{Lo: uint64(v), Hi: v >> 63} }

// Fits64 reports whether v fits an int64, which then is int64(v.Lo).
func Fits64(v vector.I128) bool { return v.Hi == int64(v.Lo)>>63 }

// Less128 reports a < b.
func Less128(a, b vector.I128) bool {
	return a.Hi < b.Hi || a.Hi == b.Hi && a.Lo < b.Lo
}

// Cmp128 is -1, 0 or 1.
func Cmp128(a, b vector.I128) int {
	switch {
	case a == b:
		return 0
	case Less128(a, b):
		return -1
	}
	return 1
}

// Add128 is a+b; ok is false on overflow of 128 bits.
func Add128(a, b vector.I128) (_ vector.I128, ok bool) {
	lo, carry := bits.Add64(a.Lo, b.Lo, 0)
	hi, _ := bits.Add64(uint64(a.Hi), uint64(b.Hi), carry)
	r := vector.I128{Lo: lo, Hi: int64(hi)}
	return r, (a.Hi^r.Hi)&(b.Hi^r.Hi) >= 0
}

// Sub128 is a-b; ok is false on overflow of 128 bits.
func Sub128(a, b vector.I128) (_ vector.I128, ok bool) {
	lo, borrow := bits.Sub64(a.Lo, b.Lo, 0)
	hi, _ := bits.Sub64(uint64(a.Hi), uint64(b.Hi), borrow)
	r := vector.I128{Lo: lo, Hi: int64(hi)}
	return r, (a.Hi^b.Hi)&(a.Hi^r.Hi) >= 0
}

// Neg128 is -v, modulo 2^128.
func Neg128(v vector.I128) vector.I128 {
	lo, borrow := bits.Sub64(0, v.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(v.Hi), borrow)
	return vector.I128{Lo: lo, Hi: int64(hi)}
}

// Abs128 is |v| as two unsigned words, and whether v was negative.
func Abs128(v vector.I128) (hi, lo uint64, negative bool) {
	if v.Hi < 0 {
		v = Neg128(v)
		return uint64(v.Hi), v.Lo, true
	}
	return uint64(v.Hi), v.Lo, false
}

func withSign(hi, lo uint64, negative bool) vector.I128 {
	v := vector.I128{Lo: lo, Hi: int64(hi)}
	if negative {
		return Neg128(v)
	}
	return v
}

// Mul64 is the exact product of two int64.
func Mul64(a, b int64) vector.I128 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	return vector.I128{Lo: lo, Hi: int64(hi) - (a>>63)&b - (b>>63)&a}
}

// Mul128 is a×b; ok is false on overflow of 127 bits and sign.
func Mul128(a, b vector.I128) (_ vector.I128, ok bool) {
	if Fits64(a) && Fits64(b) {
		return Mul64(int64(a.Lo), int64(b.Lo)), true
	}
	ah, al, an := Abs128(a)
	bh, bl, bn := Abs128(b)
	if ah != 0 && bh != 0 {
		return vector.I128{}, false
	}
	hi, lo := bits.Mul64(al, bl)
	h1, l1 := bits.Mul64(ah, bl)
	h2, l2 := bits.Mul64(al, bh)
	hi, c1 := bits.Add64(hi, l1, 0)
	hi, c2 := bits.Add64(hi, l2, 0)
	if h1|h2|c1|c2 != 0 || hi>>63 != 0 {
		return vector.I128{}, false
	}
	return withSign(hi, lo, an != bn), true
}

// DivMod128 is the quotient cut towards zero and the remainder, which has a's
// sign. b must not be zero.
func DivMod128(a, b vector.I128) (q, r vector.I128) {
	ah, al, an := Abs128(a)
	bh, bl, bn := Abs128(b)
	qh, ql, rh, rl := divMod(ah, al, bh, bl)
	return withSign(qh, ql, an != bn), withSign(rh, rl, an)
}

// DivRound128 is a/b rounded to the nearest, halves away from zero. b must not be
// zero.
func DivRound128(a, b vector.I128) vector.I128 {
	ah, al, an := Abs128(a)
	bh, bl, bn := Abs128(b)
	qh, ql, rh, rl := divMod(ah, al, bh, bl)
	// Round up when r >= b - r.
	dl, borrow := bits.Sub64(bl, rl, 0)
	dh, _ := bits.Sub64(bh, rh, borrow)
	if rh > dh || rh == dh && rl >= dl {
		var carry uint64
		ql, carry = bits.Add64(ql, 1, 0)
		qh += carry
	}
	return withSign(qh, ql, an != bn)
}

// divMod divides unsigned 128-bit integers.
func divMod(ah, al, bh, bl uint64) (qh, ql, rh, rl uint64) {
	if bh == 0 {
		qh = ah / bl
		ql, rl = bits.Div64(ah%bl, al, bl)
		return qh, ql, 0, rl
	}
	// Knuth's algorithm D with one quotient digit: normalize the divisor, divide by
	// its high word, correct at most twice (Hacker's Delight, 9-5).
	s := uint(bits.LeadingZeros64(bh))
	v1 := bh
	if s > 0 {
		v1 = bh<<s | bl>>(64-s)
	}
	q := estimate(ah, al, v1, s)
	ph, pl := bits.Mul64(q, bl)
	_, t := bits.Mul64(q, bh)
	ph += t
	rl, borrow := bits.Sub64(al, pl, 0)
	rh, _ = bits.Sub64(ah, ph, borrow)
	if rh > bh || rh == bh && rl >= bl {
		q++
		rl, borrow = bits.Sub64(rl, bl, 0)
		rh, _ = bits.Sub64(rh, bh, borrow)
	}
	return 0, q, rh, rl
}

// estimate is the quotient's digit or one less.
func estimate(ah, al, v1 uint64, s uint) uint64 {
	q, _ := bits.Div64(ah>>1, ah<<63|al>>1, v1)
	q = q >> (63 - s)
	if q > 0 {
		q--
	}
	return q
}

// BigOf is v as a big integer.
func BigOf(v vector.I128) *big.Int {
	b := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	return b.Add(b, new(big.Int).SetUint64(v.Lo))
}

// FromBig is b as 128 bits; ok is false when it does not fit.
func FromBig(b *big.Int) (_ vector.I128, ok bool) {
	if b.BitLen() > 127 {
		return vector.I128{}, false
	}
	var abs big.Int
	abs.Abs(b)
	lo := new(big.Int).And(&abs, new(big.Int).SetUint64(^uint64(0))).Uint64()
	hi := new(big.Int).Rsh(&abs, 64).Uint64()
	return withSign(hi, lo, b.Sign() < 0), true
}

// Float128 is the nearest float64.
func Float128(v vector.I128) float64 {
	if Fits64(v) {
		return float64(int64(v.Lo))
	}
	f, _ := new(big.Float).SetInt(BigOf(v)).Float64()
	return f
}
