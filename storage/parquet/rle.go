package parquet

import (
	"encoding/binary"
	"math/bits"
)

// code is the type of a dictionary code in a batch.
type code interface{ uint8 | uint16 | uint32 }

// decodeHybrid fills out from the RLE/bit-packing hybrid encoding (Parquet format,
// Encodings.md, "RLE = 3") with values of the given width, all of which must be
// below limit. Runs longer than out are cut; a run of a width too wide for out is
// refused. It returns the rest of data.
func decodeHybrid[T code](out []T, data []byte, width int, limit uint32) ([]byte, error) {
	if width < 0 || width > 32 {
		return nil, bad("a bit width of %d", width)
	}
	valueBytes := (width + 7) / 8
	for len(out) > 0 {
		head, n := binary.Uvarint(data)
		if n <= 0 {
			return nil, bad("levels or codes end too early")
		}
		data = data[n:]
		count := head >> 1
		if head&1 == 0 {
			if len(data) < valueBytes {
				return nil, bad("levels or codes end too early")
			}
			v := uint32(0)
			for i := range valueBytes {
				v |= uint32(data[i]) << (8 * i)
			}
			if v >= limit {
				return nil, bad("code %d of a dictionary with %d entries", v, limit)
			}
			data = data[valueBytes:]
			n := int(min(count, uint64(len(out))))
			fill(out[:n], T(v))
			out = out[n:]
			continue
		}
		if width > 0 {
			count = min(count, uint64((len(data)+width-1)/width))
		} else {
			count = min(count, uint64(len(out)/8+1))
		}
		n = int(min(count*8, uint64(len(out))))
		used := min(int(count)*width, len(data))
		if used*8 < n*width {
			return nil, bad("levels or codes end too early")
		}
		// All of data, so that the fast way may load beyond a short run.
		if !unpack(out[:n], data, width, limit) {
			return nil, bad("a code beyond a dictionary with %d entries", limit)
		}
		out, data = out[n:], data[used:]
	}
	return data, nil
}

func fill[T any](out []T, v T) {
	if len(out) == 0 {
		return
	}
	out[0] = v
	for n := 1; n < len(out); n *= 2 {
		copy(out[n:], out[:n])
	}
}

// unpack spreads len(out) bit-packed values of width bits and reports whether all
// are below limit. data holds at least len(out)*width bits.
func unpack[T code](out []T, data []byte, width int, limit uint32) bool {
	if width == 0 {
		clear(out)
		return limit > 0
	}
	switch out := any(out).(type) {
	case []uint8:
		if width <= 8 {
			return unpack8(out, data, width, limit)
		}
	case []uint16:
		if width <= 16 {
			return unpack16(out, data, width, limit)
		}
	case []uint32:
		return unpack32(out, data, width, limit)
	}
	return unpackNarrow(out, data, width, limit)
}

// unpack8 takes 8 values at once: one 64-bit load, three steps that each halve
// the groups and move the upper half to its place, one store.
func unpack8(out []uint8, data []byte, width int, limit uint32) bool {
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
	return unpackNarrow(out[i:], data, width, limit) && ok
}

// unpack16 takes 8 values at once, as two groups of 4.
func unpack16(out []uint16, data []byte, width int, limit uint32) bool {
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
	return unpackNarrow(out[i:], data, width, limit) && ok
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

// unpack32 takes two values from each 64-bit load where both fit.
func unpack32(out []uint32, data []byte, width int, limit uint32) bool {
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

// unpackNarrow is the slow way, for the ends of runs, and for values wider than
// their codes may be, which must turn out small enough.
func unpackNarrow[T code](out []T, data []byte, width int, limit uint32) bool {
	ok := true
	for i := range out {
		v := bitsAt(data, i*width, width)
		ok = ok && v < uint64(limit)
		out[i] = T(v)
	}
	return ok
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

// levelWidth is the bit width of levels up to highest.
func levelWidth(highest int) int { return bits.Len(uint(highest)) }
