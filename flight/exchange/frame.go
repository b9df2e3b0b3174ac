package exchange

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"unsafe"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// A frame is one batch as bytes, the form that crosses a network or lies in a
// file. All numbers are little-endian, everything begins at a multiple of 8 from
// the frame's first byte, and what is between is zero.
//
//	header   magic u32 · version u32 · length u64 (of what follows the header)
//	         · crc32c u32 (of all that stands behind it) · rows u32 · columns u32 · zero u32
//	column   kind u8 · form u8 · width u8 · nulls u8 · rows u32
//	         [validity, 64 rows a word, when nulls is 1]
//	  flat     values of fixed width | string: rows+1 offsets u32, then the bytes |
//	           list: rows+1 offsets u32, then the child | struct: fields u64, then the fields
//	  coded    number of the dictionary u64 [, the dictionary when it is new], codes of width bytes
//	  constant a column of one row
//
// The selection is applied, codes and constants stay what they are, and a
// dictionary travels once for all frames of one Encoder. Differences from Arrow's
// IPC format are those: selections need no copy before encoding, dictionaries are
// identified by address instead of by field, decimals keep their 64 bits.
const (
	frameMagic   = 0x4d524653 // "SFRM"
	frameVersion = 1
	frameHeader  = 32

	maxFrameRows    = 1 << 20 // of a batch
	maxFrameValues  = 1 << 26 // of a column inside a list
	maxFrameColumns = 1 << 16
	maxFrameDepth   = 64 // of nested types
)

// form is how a column's values stand in a frame.
type form uint8

const (
	flat form = iota
	coded
	constant
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encoder writes the batches of one piece as frames. The zero value is ready; after
// an error it is of no more use.
type Encoder struct {
	dicts map[*vector.Dict]uint64
	out   []byte
	base  int // of the frame being written in out

	vectored bool  // long values stay where they are
	apart    []cut // of the frame being written, in order
	bytes    int   // in apart
	frame    [][]byte
}

// cut is a place in an Encoder's out where bytes belong that were not copied.
type cut struct {
	at   int
	data []byte
}

// minApart is from how many bytes on a buffer is worth an element of a vectored write.
const minApart = 2 << 10

// Append writes the selected rows of a batch behind dst, whose length must be a
// multiple of 8. The batch is not consumed and nothing of it is shared.
func (e *Encoder) Append(dst []byte, b *vector.Batch) ([]byte, error) {
	e.out, e.base, e.vectored = dst, len(dst), false
	if err := e.write(b); err != nil {
		return dst, err
	}
	out := e.out
	e.out = nil
	return out, nil
}

// Vectors writes the selected rows of a batch as a frame in parts: the parts behind
// each other, length bytes, are what Append would write. Long buffers of the batch are
// parts themselves, so that it must live until the parts have been used; they are valid
// until the next call.
func (e *Encoder) Vectors(b *vector.Batch) (parts [][]byte, length int, err error) {
	e.out, e.base, e.vectored = e.out[:0], 0, true
	if err := e.write(b); err != nil {
		return nil, 0, err
	}
	parts, from := e.frame[:0], 0
	for _, c := range e.apart {
		if c.at > from {
			parts = append(parts, e.out[from:c.at])
		}
		parts, from = append(parts, c.data), c.at
	}
	if from < len(e.out) {
		parts = append(parts, e.out[from:])
	}
	e.frame = parts
	return parts, len(e.out) + e.bytes, nil
}

// write puts a frame behind out, and beside it what stays apart.
func (e *Encoder) write(b *vector.Batch) error {
	if b.Rows() > maxFrameRows || len(b.Cols) > maxFrameColumns {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "a batch of %d rows and %d columns is too large for a frame", b.Rows(), len(b.Cols))
	}
	e.apart, e.bytes = e.apart[:0], 0
	e.out = append(e.out, make([]byte, frameHeader)...)
	for i := range b.Cols {
		if err := e.column(&b.Cols[i], b.Sel, b.Rows()); err != nil {
			return err
		}
	}
	header := e.out[e.base : e.base+frameHeader]
	le := binary.LittleEndian
	le.PutUint32(header, frameMagic)
	le.PutUint32(header[4:], frameVersion)
	le.PutUint64(header[8:], uint64(len(e.out)-e.base+e.bytes-frameHeader))
	le.PutUint32(header[20:], uint32(b.Rows()))
	le.PutUint32(header[24:], uint32(len(b.Cols)))
	sum, from := uint32(0), e.base+20
	for _, c := range e.apart {
		sum = crc32.Update(sum, castagnoli, e.out[from:c.at])
		sum, from = crc32.Update(sum, castagnoli, c.data), c.at
	}
	le.PutUint32(header[16:], crc32.Update(sum, castagnoli, e.out[from:]))
	return nil
}

// put writes bytes, or leaves them where they are when they are many.
func (e *Encoder) put(data []byte) {
	if !e.vectored || len(data) < minApart {
		e.out = append(e.out, data...)
		return
	}
	e.apart, e.bytes = append(e.apart, cut{len(e.out), data}), e.bytes+len(data)
}

// Encode writes a batch as one frame to w.
func (e *Encoder) Encode(w io.Writer, b *vector.Batch) error {
	frame, err := e.Append(nil, b)
	if err != nil {
		return err
	}
	_, err = w.Write(frame)
	return err
}

func (e *Encoder) u32(v uint32) { e.out = binary.LittleEndian.AppendUint32(e.out, v) }
func (e *Encoder) u64(v uint64) { e.out = binary.LittleEndian.AppendUint64(e.out, v) }

// pad fills up to the next multiple of 8.
func (e *Encoder) pad() {
	for (len(e.out)-e.base+e.bytes)%8 != 0 {
		e.out = append(e.out, 0)
	}
}

// column writes rows sel of a column, n in all; a nil sel are the first n.
func (e *Encoder) column(c *vector.Column, sel vector.Selection, n int) error {
	if n > maxFrameValues {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "a list column of %d values in one batch is too large for a frame", n)
	}
	f := formOf(c, n, e.dicts)
	if f == flat && c.Dict != nil {
		resolved := resolve(c, sel, n)
		c, sel = &resolved, nil
	}
	width := uint8(0)
	if f == coded {
		width = c.Width
	}
	valid := validity(c, sel, n)
	e.out = append(e.out, byte(c.Kind), byte(f), width, 0)
	if valid != nil {
		e.out[len(e.out)-1] = 1
	}
	e.u32(uint32(n))
	e.out = append(e.out, vector.BytesOf(valid)...)
	switch f {
	case constant:
		return e.column(&c.Dict.Values, nil, 1)
	case coded:
		if err := e.dictionary(c.Dict); err != nil {
			return err
		}
		e.fixed(c.Data, int(width), sel, n)
		return nil
	}
	return e.flat(c, sel, n)
}

// formOf keeps codes unless the dictionary is much larger than what it saves.
func formOf(c *vector.Column, n int, sent map[*vector.Dict]uint64) form {
	switch {
	case c.Dict == nil:
		return flat
	case c.Width == 0:
		return constant
	case n == 0:
		return flat
	}
	if _, ok := sent[c.Dict]; !ok && (c.Dict.Values.Len > 4*n || c.Dict.Values.Len == 0) {
		return flat
	}
	return coded
}

// resolve is rows sel of a coded column, flat.
func resolve(c *vector.Column, sel vector.Selection, n int) vector.Column {
	if c.Dict.Values.Len == 0 { // every row is null and its code means nothing
		return vector.Column{Kind: c.Kind, Len: n, Valid: vector.NewBitmap(n),
			Data: make([]byte, (n+1)*c.Kind.Size()), Children: c.Dict.Values.Children}
	}
	if sel != nil {
		picked := vector.Gather(c, sel)
		return vector.Flatten(&picked)
	}
	first := c.Slice(0, n)
	return vector.Flatten(&first)
}

// validity is the null bits of rows sel; nil when none of them is null.
func validity(c *vector.Column, sel vector.Selection, n int) vector.Bitmap {
	if c.Valid == nil {
		return nil
	}
	var valid vector.Bitmap
	if sel == nil {
		valid = c.Valid[:vector.Words(n)]
	} else {
		valid = vector.NewBitmap(n)
		for i, row := range sel {
			if c.Valid.Get(int(row)) {
				valid.Set(i)
			}
		}
	}
	if valid.Count(n) == n {
		return nil
	}
	return valid
}

func (e *Encoder) dictionary(d *vector.Dict) error {
	if id, ok := e.dicts[d]; ok {
		e.u64(id)
		return nil
	}
	if e.dicts == nil {
		e.dicts = map[*vector.Dict]uint64{}
	}
	id := uint64(len(e.dicts))
	e.dicts[d] = id
	e.u64(id)
	return e.column(&d.Values, nil, d.Values.Len)
}

func (e *Encoder) flat(c *vector.Column, sel vector.Selection, n int) error {
	switch c.Kind {
	case vector.String:
		return e.strings(c, sel, n)
	case vector.List:
		return e.list(c, sel, n)
	case vector.Struct:
		e.u64(uint64(len(c.Children)))
		for i := range c.Children {
			if err := e.column(&c.Children[i], sel, n); err != nil {
				return err
			}
		}
		return nil
	}
	e.fixed(c.Data, c.Kind.Size(), sel, n)
	return nil
}

// fixed writes values of a width.
func (e *Encoder) fixed(data []byte, width int, sel vector.Selection, n int) {
	if sel == nil {
		e.put(data[:n*width])
		e.pad()
		return
	}
	at := len(e.out)
	e.out = slices.Grow(e.out, n*width)[:at+n*width]
	pick(e.out[at:], data, width, sel)
	e.pad()
}

// pick copies the selected values of a width to dst.
func pick(dst, data []byte, width int, sel vector.Selection) {
	switch width {
	case 1:
		pickValues[uint8](dst, data, sel)
	case 2:
		pickValues[uint16](dst, data, sel)
	case 4:
		pickValues[uint32](dst, data, sel)
	case 8:
		pickValues[uint64](dst, data, sel)
	default:
		for i, row := range sel {
			copy(dst[i*width:(i+1)*width], data[int(row)*width:])
		}
	}
}

func pickValues[T uint8 | uint16 | uint32 | uint64](dst, data []byte, sel vector.Selection) {
	to, from := vector.ValuesOf[T](dst, len(sel)), vector.ValuesOf[T](data, len(data)/int(unsafe.Sizeof(T(0))))
	for i, row := range sel {
		to[i] = from[row]
	}
}

// strings writes offsets and bytes; nulls are empty.
func (e *Encoder) strings(c *vector.Column, sel vector.Selection, n int) error {
	views := c.Views()
	at := len(e.out)
	e.out = append(e.out, make([]byte, 4*(n+1))...)
	e.pad()
	start := len(e.out)
	for i := range n {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		if !c.IsNull(row) {
			e.out = append(e.out, views[row].Bytes(c.Buffers)...)
		}
		end := len(e.out) - start
		if uint64(end) > math.MaxUint32 {
			return sqlerr.New(sqlerr.ProgramLimitExceeded, "the strings of a batch exceed 4 GiB")
		}
		binary.LittleEndian.PutUint32(e.out[at+4*(i+1):], uint32(end))
	}
	e.pad()
	return nil
}

// list writes offsets from zero and the elements between them.
func (e *Encoder) list(c *vector.Column, sel vector.Selection, n int) error {
	if sel != nil {
		picked := vector.Gather(c, sel)
		return e.list(&picked, nil, n)
	}
	offsets := []int32{0} // of a column without rows there may be none
	if n > 0 {
		offsets = c.Offsets()[:n+1]
	}
	for _, o := range offsets {
		e.u32(uint32(o - offsets[0]))
	}
	e.pad()
	elements := c.Children[0].Slice(int(offsets[0]), int(offsets[n]))
	return e.column(&elements, nil, elements.Len)
}
