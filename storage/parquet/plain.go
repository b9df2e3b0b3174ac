package parquet

import (
	"encoding/binary"
	"unsafe"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/parquet/bitpack"
)

// rawView is a vector.View as two words, which is how page decoding writes them:
// length and first four bytes; then eight inline bytes, or buffer and offset.
type rawView [2]uint64

// Views are written as words: this fails to compile when their size changes.
var _ [16]byte = [unsafe.Sizeof(vector.View{})]byte{}

// inlineMasks[n] keeps what belongs to a string of n ≤ 12 bytes of the first word
// after the length and of the second.
var inlineMasks = func() (m [vector.InlineLen + 1][2]uint64) {
	for n := range m {
		head := min(n, 4)
		m[n][0] = (1<<(8*head) - 1) << 32
		if tail := n - head; tail == 8 {
			m[n][1] = ^uint64(0)
		} else {
			m[n][1] = 1<<(8*tail) - 1
		}
	}
	return m
}()

// makeView is the view of bytes [pos, pos+n) of buffer 0.
func makeView(buf []byte, pos, n int) rawView {
	if n <= vector.InlineLen {
		if pos+12 > len(buf) {
			v := vector.MakeView(buf[pos:pos+n], 0, 0)
			return *(*rawView)(unsafe.Pointer(&v))
		}
		m := &inlineMasks[n]
		head := uint64(binary.LittleEndian.Uint32(buf[pos:]))
		return rawView{uint64(n) | head<<32&m[0], binary.LittleEndian.Uint64(buf[pos+4:]) & m[1]}
	}
	return rawView{uint64(n) | uint64(binary.LittleEndian.Uint32(buf[pos:]))<<32, uint64(pos) << 32}
}

// plainStrings makes views of n length-prefixed strings over the page itself.
func plainStrings(a *arena, data []byte, n int) (vector.Column, error) {
	if n > len(data)/4 {
		return vector.Column{}, bad("%d strings in %d bytes", n, len(data))
	}
	views, err := alloc[rawView](a, n)
	if err != nil {
		return vector.Column{}, err
	}
	pos := 0
	for i := range views {
		if pos+4 > len(data) {
			return vector.Column{}, bad("strings end too early")
		}
		size := int(binary.LittleEndian.Uint32(data[pos:]))
		pos += 4
		rest := data[pos:]
		if size > len(rest) {
			return vector.Column{}, bad("a string of %d bytes in a page with %d left", size, len(rest))
		}
		if size > vector.InlineLen { // makeView's other half, which would not be inlined
			views[i] = rawView{uint64(size) | uint64(binary.LittleEndian.Uint32(rest))<<32, uint64(pos) << 32}
		} else {
			views[i] = makeView(data, pos, size)
		}
		pos += size
	}
	return stringColumn(views, data), nil
}

func stringColumn(views []rawView, buf []byte) vector.Column {
	c := vector.Column{Kind: vector.String, Len: len(views), Data: vector.BytesOf(views)}
	if len(buf) > 0 {
		c.Buffers = [][]byte{buf}
	}
	return c
}

// fixedStrings makes views of n strings of one length that stand side by side.
func fixedStrings(a *arena, data []byte, n, width int) (vector.Column, error) {
	views, err := alloc[rawView](a, n)
	if err != nil {
		return vector.Column{}, err
	}
	for i := range views {
		views[i] = makeView(data, i*width, width)
	}
	return stringColumn(views, data), nil
}

// plainBools spreads bits, least significant first, to bytes.
func plainBools(a *arena, data []byte, n int) ([]byte, error) {
	if n > len(data)*8 {
		return nil, bad("%d booleans in %d bytes", n, len(data))
	}
	out, err := a.bytes(n)
	if err != nil {
		return nil, err
	}
	bitpack.Unpack(out, data, 1, 2)
	return out, nil
}
