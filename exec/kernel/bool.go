package kernel

import "github.com/skein-query/skein/exec/vector"

// AndBits writes the bits set in both; nil means all set. out may be a or b.
func AndBits(a, b, out vector.Bitmap) {
	for i := range out {
		switch {
		case a == nil:
			out[i] = b[i]
		case b == nil:
			out[i] = a[i]
		default:
			out[i] = a[i] & b[i]
		}
	}
}

// ClearBits clears the bits of the given rows.
func ClearBits(bits vector.Bitmap, rows vector.Selection) {
	for _, row := range rows {
		bits.Clear(int(row))
	}
}

// BitsToBytes says for each row whether its bit is set (not: clear).
func BitsToBytes(bits vector.Bitmap, not bool, out []uint8) {
	x := uint64(bit(not))
	for i := range out {
		out[i] = uint8(bits[i>>6]>>(i&63)&1 ^ x)
	}
}

// Not turns 0 and 1 round.
func Not(values []uint8, out []uint8) {
	out = out[:len(values)]
	for i, v := range values {
		out[i] = v ^ 1
	}
}
