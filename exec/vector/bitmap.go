package vector

import "math/bits"

// Bitmap has one bit a row, least significant bit first, in 64-bit words.
type Bitmap []uint64

// Words is the number of words that n bits take.
func Words(n int) int { return (n + 63) / 64 }

// NewBitmap makes a bitmap of n clear bits.
func NewBitmap(n int) Bitmap { return make(Bitmap, Words(n)) }

// NewBitmapSet makes a bitmap of n set bits.
func NewBitmapSet(n int) Bitmap {
	b := make(Bitmap, Words(n))
	for i := range b {
		b[i] = ^uint64(0)
	}
	return b
}

// Get is bit i.
func (b Bitmap) Get(i int) bool { return b[uint(i)>>6]>>(uint(i)&63)&1 != 0 }

// Set sets bit i.
func (b Bitmap) Set(i int) { b[uint(i)>>6] |= 1 << (uint(i) & 63) }

// Clear clears bit i.
func (b Bitmap) Clear(i int) { b[uint(i)>>6] &^= 1 << (uint(i) & 63) }

// Count is the number of set bits among the first n.
func (b Bitmap) Count(n int) int {
	sum := 0
	for i := 0; i < n/64; i++ {
		sum += bits.OnesCount64(b[i])
	}
	if n%64 != 0 {
		sum += bits.OnesCount64(b[n/64] & (1<<(n%64) - 1))
	}
	return sum
}

// Slice is bits [from, to): shared when from is a multiple of 64, else copied.
func (b Bitmap) Slice(from, to int) Bitmap {
	if from%64 == 0 {
		return b[from/64 : Words(to)]
	}
	n := to - from
	out := make(Bitmap, Words(n))
	shift := uint(from % 64)
	for i := range out {
		w := b[from/64+i] >> shift
		if j := from/64 + i + 1; j < len(b) {
			w |= b[j] << (64 - shift)
		}
		out[i] = w
	}
	return out
}

// And is the bits set in both of two bitmaps over n rows, where nil means all
// set. The result may share memory with an argument.
func And(a, b Bitmap, n int) Bitmap {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := make(Bitmap, Words(n))
	for i := range out {
		out[i] = a[i] & b[i]
	}
	return out
}
