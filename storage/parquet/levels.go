package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/skein-query/skein/exec/vector"
)

// validity turns definition levels of highest 1 into a validity bitmap over n rows
// and counts the ones. The bitmap is nil when all are ones, which a single run
// says without being looked at further. words makes the memory of a bitmap.
func validity(data []byte, encoding int32, n int, words func(n int) (vector.Bitmap, error)) (vector.Bitmap, int, error) {
	if encoding == encRLE {
		if head, k := binary.Uvarint(data); k > 0 && head&1 == 0 && head>>1 >= uint64(n) && len(data) > k && data[k] == 1 {
			return nil, n, nil
		}
	}
	valid, err := words(vector.Words(n))
	if err != nil {
		return nil, 0, err
	}
	clear(valid)
	if encoding == encBitPacked {
		if len(data)*8 < n {
			return nil, 0, bad("definition levels end too early")
		}
		for i := range n { // most significant bit first
			if data[i>>3]>>(7-i&7)&1 != 0 {
				valid.Set(i)
			}
		}
	} else if err := hybridBits(valid, data, n); err != nil {
		return nil, 0, err
	}
	ones := valid.Count(n)
	if ones == n {
		return nil, n, nil
	}
	return valid, ones, nil
}

// hybridBits decodes the hybrid encoding of width 1 into a cleared bitmap.
func hybridBits(out vector.Bitmap, data []byte, n int) error {
	for row := 0; row < n; {
		head, k := binary.Uvarint(data)
		if k <= 0 {
			return bad("definition levels end too early")
		}
		data = data[k:]
		if head&1 == 0 {
			if len(data) == 0 || data[0] > 1 {
				return bad("malformed definition levels")
			}
			run := int(min(head>>1, uint64(n-row)))
			if data[0] == 1 {
				setBits(out, row, row+run)
			}
			data, row = data[1:], row+run
			continue
		}
		count := int(min((head>>1)*8, uint64(n-row)))
		size := int(min(head>>1, uint64(len(data))))
		if size*8 < count {
			return bad("definition levels end too early")
		}
		orBits(out, row, data[:size], count)
		data, row = data[size:], row+count
	}
	return nil
}

func setBits(b vector.Bitmap, from, to int) {
	for from < to {
		n := min(to-from, 64-from&63)
		b[from>>6] |= (^uint64(0) >> (64 - n)) << (from & 63)
		from += n
	}
}

// orBits puts count bits, least significant first, at bit from of a bitmap that is
// clear there.
func orBits(b vector.Bitmap, from int, data []byte, count int) {
	for count > 0 {
		var x uint64
		n := min(count, 64)
		if len(data) >= 8 {
			x = binary.LittleEndian.Uint64(data)
			data = data[8:]
		} else {
			for i := range data {
				x |= uint64(data[i]) << (8 * i)
			}
			data = nil
		}
		x &= ^uint64(0) >> (64 - n)
		shift := uint(from & 63)
		b[from>>6] |= x << shift
		if rest := int(shift) + n - 64; rest > 0 {
			b[from>>6+1] |= x >> (64 - shift)
		}
		from, count = from+n, count-n
	}
}

// decodeLevels fills out with levels up to highest, of either encoding.
func decodeLevels(out []uint8, data []byte, encoding int32, highest int) error {
	if highest > 255 {
		return bad("a nesting of %d levels", highest)
	}
	width := levelWidth(highest)
	if encoding == encRLE {
		_, err := decodeHybrid(out, data, width, uint32(highest)+1)
		return err
	}
	if len(data)*8 < len(out)*width {
		return bad("levels end too early")
	}
	for i := range out {
		v := 0
		for bit := i * width; bit < (i+1)*width; bit++ {
			v = v<<1 | int(data[bit>>3]>>(7-bit&7)&1)
		}
		if v > highest {
			return bad("level %d where %d is the highest", v, highest)
		}
		out[i] = uint8(v)
	}
	return nil
}

// cutLevels splits the levels of a version 1 page off its body: RLE levels have
// their length before them, bit-packed ones are as long as they must be.
func cutLevels(body []byte, encoding int32, n, highest int) (levels, rest []byte, err error) {
	switch encoding {
	case encRLE:
		if len(body) < 4 {
			return nil, nil, bad("a page too short for its levels")
		}
		size := binary.LittleEndian.Uint32(body)
		if uint64(size) > uint64(len(body)-4) {
			return nil, nil, bad("levels of %d bytes in a page of %d", size, len(body))
		}
		return body[4 : 4+size], body[4+size:], nil
	case encBitPacked:
		size := (n*bits.Len(uint(highest)) + 7) / 8
		if size > len(body) {
			return nil, nil, bad("levels of %d bytes in a page of %d", size, len(body))
		}
		return body[:size], body[size:], nil
	}
	return nil, nil, bad("levels of encoding %d", encoding)
}
