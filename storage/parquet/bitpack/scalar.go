package bitpack

import "encoding/binary"

// scalar8 takes 8 values at once: one 64-bit load, three steps that each halve
// the groups and move the upper half to its place, one store.
func scalar8(out []uint8, data []byte, width int, limit uint32) bool {
	w := uint(width)
	low4 := uint64(1)<<(4*w) - 1
	low2 := (uint64(1)<<(2*w) - 1) * 0x0000000100000001
	low1 := (uint64(1)<<w - 1) * 0x0001000100010001
	check := newLaneCheck(limit, 8)
	var wrong uint64
	i := 0
	for ; i+8 <= len(out) && len(data) >= 8; i += 8 {
		x := binary.LittleEndian.Uint64(data)
		x = x&low4 | x>>(4*w&63)&low4<<32
		x = x&low2 | x>>(2*w&63)&low2<<16
		x = x&low1 | x>>(w&63)&low1<<8
		wrong |= check.wrong(x)
		binary.LittleEndian.PutUint64(out[i:], x)
		data = data[w:]
	}
	ok := wrong == 0
	return oneByOne(out[i:], data, width, limit) && ok
}

// scalar16 takes 8 values at once, as two groups of 4.
func scalar16(out []uint16, data []byte, width int, limit uint32) bool {
	w := uint(width)
	low2 := uint64(1)<<(2*w) - 1
	low1 := (uint64(1)<<w - 1) * 0x0000000100000001
	second, shift := int(4*w/8), 4*w%8
	check := newLaneCheck(limit, 16)
	var wrong uint64
	i := 0
	for ; i+8 <= len(out) && len(data) >= second+8; i += 8 {
		x := binary.LittleEndian.Uint64(data)
		y := binary.LittleEndian.Uint64(data[second:]) >> (shift & 63)
		x = x&low2 | x>>(2*w&63)&low2<<32
		y = y&low2 | y>>(2*w&63)&low2<<32
		x = x&low1 | x>>(w&63)&low1<<16
		y = y&low1 | y>>(w&63)&low1<<16
		wrong |= check.wrong(x) | check.wrong(y)
		o := out[i : i+8 : i+8]
		o[0], o[1], o[2], o[3] = uint16(x), uint16(x>>16), uint16(x>>32), uint16(x>>48)
		o[4], o[5], o[6], o[7] = uint16(y), uint16(y>>16), uint16(y>>32), uint16(y>>48)
		data = data[w:]
	}
	ok := wrong == 0
	return oneByOne(out[i:], data, width, limit) && ok
}

// laneCheck finds lanes of a word that are not below a limit, all at once.
type laneCheck struct {
	high, add uint64
	upper     bool // the limit is above the lanes' middle
}

func newLaneCheck(limit uint32, lane uint) laneCheck {
	if limit > 1<<lane {
		limit = 1 << lane
	}
	ones := ^uint64(0) / (1<<lane - 1)
	half := uint32(1) << (lane - 1)
	c := laneCheck{high: ones * uint64(half)}
	if limit > half {
		c.upper = true
		c.add = ones * uint64(2*half-limit)
	} else {
		c.add = ones * uint64(half-limit)
	}
	return c
}

func (c *laneCheck) wrong(x uint64) uint64 {
	sum := x&^c.high + c.add // no lane carries into the next
	if c.upper {
		return sum & x & c.high
	}
	return (sum | x) & c.high
}

// scalar32 takes two values from each 64-bit load where both fit.
func scalar32(out []uint32, data []byte, width int, limit uint32) bool {
	mask := uint64(1)<<width - 1
	top := uint64(limit) - 1
	var wrong uint64
	bit, i := 0, 0
	if w := uint(width); w <= 28 {
		for ; i+4 <= len(out) && (bit+2*width)>>3+8 <= len(data); i += 4 {
			x := binary.LittleEndian.Uint64(data[bit>>3:]) >> (bit & 7)
			bit += 2 * width
			y := binary.LittleEndian.Uint64(data[bit>>3:]) >> (bit & 7)
			bit += 2 * width
			v0, v1, v2, v3 := x&mask, x>>(w&63)&mask, y&mask, y>>(w&63)&mask
			wrong |= (top - v0) | (top - v1) | (top - v2) | (top - v3)
			o := out[i : i+4 : i+4]
			o[0], o[1], o[2], o[3] = uint32(v0), uint32(v1), uint32(v2), uint32(v3)
		}
	}
	for ; i < len(out) && bit>>3+8 <= len(data); i++ {
		v := binary.LittleEndian.Uint64(data[bit>>3:]) >> (bit & 7) & mask
		wrong |= top - v
		out[i] = uint32(v)
		bit += width
	}
	ok := wrong>>63 == 0
	for ; i < len(out); i++ {
		v := bitsAt(data, bit, width)
		ok = ok && v < uint64(limit)
		out[i] = uint32(v)
		bit += width
	}
	return ok
}

// oneByOne is the slow way, for the ends of runs, and for values wider than
// their codes may be, which must turn out small enough.
func oneByOne[T Value](out []T, data []byte, width int, limit uint32) bool {
	ok := true
	for i := range out {
		v := bitsAt(data, i*width, width)
		ok = ok && v < uint64(limit)
		out[i] = T(v)
	}
	return ok
}

// Unpack64 spreads bit-packed values of up to 64 bits, at any level without vectors:
// the differences of delta encodings, which change their width every 32 values or so.
func Unpack64(out []uint64, data []byte, width int) {
	if width == 0 {
		clear(out)
		return
	}
	mask := ^uint64(0) >> (64 - width)
	bit, i := 0, 0
	for ; i < len(out) && bit>>3+9 <= len(data); i++ {
		at, shift := bit>>3, uint(bit&7)
		v := binary.LittleEndian.Uint64(data[at:])>>shift | uint64(data[at+8])<<1<<(63-shift)
		out[i] = v & mask
		bit += width
	}
	for ; i < len(out); i++ {
		low := min(width, 32)
		v := bitsAt(data, bit, low)
		if width > 32 {
			v |= bitsAt(data, bit+32, width-32) << 32
		}
		out[i] = v
		bit += width
	}
}

// bitsAt is the width ≤ 56 bits from a bit offset on; bits beyond data are zero.
func bitsAt(data []byte, bit, width int) uint64 {
	var x uint64
	from := bit >> 3
	for i := 0; i < 8 && from+i < len(data); i++ {
		x |= uint64(data[from+i]) << (8 * i)
	}
	return x >> (bit & 7) & (1<<width - 1)
}
