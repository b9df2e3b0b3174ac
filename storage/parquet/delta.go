package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/parquet/bitpack"
)

// decodeDelta decodes n values of DELTA_BINARY_PACKED and returns the rest of
// data. The arithmetic wraps, as the format wants.
func decodeDelta[T int32 | int64](out []T, data []byte) ([]byte, error) {
	d := deltaReader{data: data}
	block, mini, total := d.uvarint(), d.uvarint(), d.uvarint()
	value := d.varint()
	if d.bad || block == 0 || mini == 0 || block > 1<<24 || mini > block || block%mini != 0 || block/mini%8 != 0 {
		return nil, bad("a malformed header of delta encoding")
	}
	if total < uint64(len(out)) {
		return nil, bad("%d delta values where %d are needed", total, len(out))
	}
	if total > 0 && len(out) > 0 {
		out[0] = T(value)
	}
	perMini := int(block / mini)
	scratch := make([]uint64, min(perMini, len(out)))
	for i := uint64(1); i < total; {
		least := d.varint()
		widths := d.take(int(mini))
		if d.bad {
			return nil, bad("delta values end too early")
		}
		for _, w := range widths {
			if i >= total {
				break // the widths of missing miniblocks are arbitrary
			}
			if w > 64 {
				return nil, bad("a bit width of %d", w)
			}
			packed := d.take(perMini / 8 * int(w))
			if d.bad {
				return nil, bad("delta values end too early")
			}
			n := int(min(uint64(perMini), total-i))
			if from := int(min(i, uint64(len(out)))); from < len(out) {
				n := min(n, len(out)-from)
				bitpack.Unpack64(scratch[:n], packed, int(w))
				for k, delta := range scratch[:n] {
					value += least + int64(delta)
					out[from+k] = T(value)
				}
			}
			i += uint64(n)
		}
	}
	return d.data, nil
}

type deltaReader struct {
	data []byte
	bad  bool
}

func (d *deltaReader) uvarint() uint64 {
	v, n := binary.Uvarint(d.data)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.data = d.data[n:]
	return v
}

func (d *deltaReader) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *deltaReader) take(n int) []byte {
	if n > len(d.data) {
		d.bad = true
		return nil
	}
	b := d.data[:n]
	d.data = d.data[n:]
	return b
}

// deltaStrings decodes DELTA_LENGTH_BYTE_ARRAY: all lengths, then all bytes.
func deltaStrings(a *arena, data []byte, n int) (vector.Column, error) {
	lengths, err := deltaLengths(a, &data, n)
	if err != nil {
		return vector.Column{}, err
	}
	views, err := alloc[rawView](a, n)
	if err != nil {
		return vector.Column{}, err
	}
	pos := 0
	for i, size := range lengths {
		if size < 0 || int(size) > len(data)-pos {
			return vector.Column{}, bad("a string of %d bytes in a page with %d left", size, len(data)-pos)
		}
		views[i] = makeView(data, pos, int(size))
		pos += int(size)
	}
	return stringColumn(views, data), nil
}

// deltaPrefixStrings decodes DELTA_BYTE_ARRAY: each string is a prefix of the one
// before and a suffix of its own.
func deltaPrefixStrings(a *arena, data []byte, n int) (vector.Column, error) {
	prefixes, err := deltaLengths(a, &data, n)
	if err != nil {
		return vector.Column{}, err
	}
	suffixes, err := deltaLengths(a, &data, n)
	if err != nil {
		return vector.Column{}, err
	}
	total, last, rest := 0, 0, len(data)
	for i, p := range prefixes {
		if p < 0 || int(p) > last || suffixes[i] < 0 || int(suffixes[i]) > rest {
			return vector.Column{}, bad("a string that shares %d bytes with one of %d", p, last)
		}
		last = int(p) + int(suffixes[i])
		rest -= int(suffixes[i])
		if total += last; total > 1<<32-1 {
			return vector.Column{}, bad("a page with more than 4 GiB of strings")
		}
	}
	buf, err := a.bytes(total)
	if err != nil {
		return vector.Column{}, err
	}
	views, err := alloc[rawView](a, n)
	if err != nil {
		return vector.Column{}, err
	}
	pos, before := 0, 0
	for i, p := range prefixes {
		size := int(p + suffixes[i])
		copy(buf[pos:], buf[before:before+int(p)])
		copy(buf[pos+int(p):], data[:suffixes[i]])
		data = data[suffixes[i]:]
		before, pos = pos, pos+size
	}
	pos = 0
	for i, p := range prefixes {
		size := int(p + suffixes[i])
		views[i] = makeView(buf, pos, size)
		pos += size
	}
	return stringColumn(views, buf), nil
}

func deltaLengths(a *arena, data *[]byte, n int) ([]int32, error) {
	out, err := alloc[int32](a, n)
	if err != nil {
		return nil, err
	}
	*data, err = decodeDelta(out, *data)
	return out, err
}

// joinStreams undoes BYTE_STREAM_SPLIT: byte k of all values stands together.
func joinStreams(a *arena, data []byte, n, width int) ([]byte, error) {
	if hi, lo := bits.Mul64(uint64(n), uint64(width)); hi != 0 || lo > uint64(len(data)) {
		return nil, bad("%d values of %d bytes in %d bytes", n, width, len(data))
	}
	out, err := a.bytes(n * width)
	if err != nil {
		return nil, err
	}
	stride := len(data) / width
	for k := range width {
		stream := data[k*stride:]
		for i := range n {
			out[i*width+k] = stream[i]
		}
	}
	return out, nil
}
