package vector

import (
	"bytes"
	"encoding/binary"
	"unsafe"
)

// InlineLen is the longest string a View holds itself.
const InlineLen = 12

// View is a string of a String column, in the layout of Arrow's BinaryView: up
// to 12 bytes inline, else the first 4 bytes, the number of a buffer and an
// offset in it. The zero View is the empty string.
type View struct {
	Len  uint32
	data [12]byte
}

// MakeView makes the view of s, which stands in buffer number buf at offset off
// (both unused when s is short enough to be inline). Unused inline bytes are
// zero, so that equal short strings have equal views.
func MakeView(s []byte, buf, off uint32) View {
	v := View{Len: uint32(len(s))}
	if len(s) <= InlineLen {
		copy(v.data[:], s)
		return v
	}
	copy(v.data[:4], s)
	binary.LittleEndian.PutUint32(v.data[4:], buf)
	binary.LittleEndian.PutUint32(v.data[8:], off)
	return v
}

// Inline reports whether the view holds its bytes itself.
func (v *View) Inline() bool { return v.Len <= InlineLen }

// Prefix is the first four bytes, zero padded, in memory order.
func (v *View) Prefix() uint32 { return binary.LittleEndian.Uint32(v.data[:4]) }

// Buffer is the buffer number of a view that is not inline.
func (v *View) Buffer() uint32 { return binary.LittleEndian.Uint32(v.data[4:]) }

// Offset is the offset in the buffer of a view that is not inline.
func (v *View) Offset() uint32 { return binary.LittleEndian.Uint32(v.data[8:]) }

// Move is the view with its buffer number raised by delta, for when the buffers
// of several columns are put behind each other.
func (v View) Move(delta uint32) View {
	if v.Len > InlineLen {
		binary.LittleEndian.PutUint32(v.data[4:], v.Buffer()+delta)
	}
	return v
}

// Bytes is the string's bytes; buffers are the column's. The result shares
// memory with the view or the buffer and must not be changed.
func (v *View) Bytes(buffers [][]byte) []byte {
	if v.Len <= InlineLen {
		return unsafe.Slice(&v.data[0], v.Len)
	}
	off := v.Offset()
	return buffers[v.Buffer()][off : off+v.Len]
}

// StringAt is the bytes of row i of a flat String column as a string that shares
// memory with the column.
func (c *Column) StringAt(i int) string {
	v := &c.Views()[i]
	b := v.Bytes(c.Buffers)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// CompareViews orders two strings bytewise.
func CompareViews(a *View, aBuffers [][]byte, b *View, bBuffers [][]byte) int {
	return bytes.Compare(a.Bytes(aBuffers), b.Bytes(bBuffers))
}

// EqualViews reports whether two strings are equal, without touching buffers when
// length or prefix differ.
func EqualViews(a *View, aBuffers [][]byte, b *View, bBuffers [][]byte) bool {
	if a.Len != b.Len || a.Prefix() != b.Prefix() {
		return false
	}
	if a.Len <= InlineLen {
		return a.data == b.data
	}
	return bytes.Equal(a.Bytes(aBuffers), b.Bytes(bBuffers))
}

// StringBuilder collects strings for a new String column. The zero value is
// ready. It owns its memory; Column shares it.
type StringBuilder struct {
	views   []View
	buffers [][]byte
	tail    []byte
}

// Append adds a copy of s.
func (b *StringBuilder) Append(s []byte) {
	if len(s) <= InlineLen {
		b.views = append(b.views, MakeView(s, 0, 0))
		return
	}
	if len(b.buffers) == 0 || len(b.tail)+len(s) > cap(b.tail) {
		b.tail = make([]byte, 0, max(len(s), min(1<<20, max(4096, 2*cap(b.tail)))))
		b.buffers = append(b.buffers, nil)
	}
	n := len(b.buffers) - 1
	off := len(b.tail)
	b.tail = append(b.tail, s...)
	b.buffers[n] = b.tail
	b.views = append(b.views, MakeView(s, uint32(n), uint32(off)))
}

// AppendString adds a copy of s.
func (b *StringBuilder) AppendString(s string) {
	b.Append(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// Len is the number of strings so far.
func (b *StringBuilder) Len() int { return len(b.views) }

// Bytes is the memory held, for the ledger.
func (b *StringBuilder) Bytes() int64 {
	n := int64(cap(b.views)) * 16
	for _, buf := range b.buffers {
		n += int64(cap(buf))
	}
	return n
}

// Column is the strings so far as a column with the given validity; the builder
// may go on afterwards.
func (b *StringBuilder) Column(valid Bitmap) Column {
	return Column{Kind: String, Len: len(b.views), Valid: valid, Data: BytesOf(b.views), Buffers: b.buffers}
}
