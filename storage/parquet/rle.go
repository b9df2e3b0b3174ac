package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/skein-query/skein/storage/parquet/bitpack"
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
		if !bitpack.Unpack(out[:n], data, width, limit) {
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

// levelWidth is the bit width of levels up to highest.
func levelWidth(highest int) int { return bits.Len(uint(highest)) }
