package exchange

import (
	"encoding/binary"
	"hash/crc32"
	"unsafe"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// Decoder reads the frames that one Encoder wrote, in the same order. The zero
// value is ready.
//
// It trusts nothing: every length, offset, code and kind is checked before it is
// used, so that what a frame says can fail the query and nothing else.
type Decoder struct {
	dicts []*vector.Dict
	data  []byte // of the frame being read
	at    int
	depth int
}

func corrupt(format string, args ...any) error {
	return sqlerr.Wrap(sqlerr.New(sqlerr.DataCorrupted, format, args...), "exchange frame")
}

// Decode reads the frame that data begins with and gives its batch and what stands
// behind it. The batch shares data, which must not change any more; data that does
// not begin at a multiple of 8 is copied.
func (d *Decoder) Decode(data []byte) (b *vector.Batch, rest []byte, err error) {
	le := binary.LittleEndian
	if len(data) < frameHeader {
		return nil, nil, corrupt("%d bytes are too few", len(data))
	}
	if magic := le.Uint32(data); magic != frameMagic {
		return nil, nil, corrupt("it begins with %#x", magic)
	}
	if version := le.Uint32(data[4:]); version != frameVersion {
		return nil, nil, corrupt("version %d is not known", version)
	}
	length := le.Uint64(data[8:])
	if length > uint64(len(data)-frameHeader) {
		return nil, nil, corrupt("it says %d bytes, %d are there", length, len(data)-frameHeader)
	}
	frame := data[:frameHeader+int(length)]
	rest = data[len(frame):]
	if sum := crc32.Checksum(frame[20:], castagnoli); sum != le.Uint32(frame[16:]) {
		return nil, nil, corrupt("checksum %#x, not %#x", sum, le.Uint32(frame[16:]))
	}
	if uintptr(unsafe.Pointer(unsafe.SliceData(frame)))%8 != 0 {
		frame = append(make([]byte, 0, len(frame)), frame...)
	}
	rows, columns := le.Uint32(frame[20:]), le.Uint32(frame[24:])
	if rows > maxFrameRows || columns > maxFrameColumns {
		return nil, nil, corrupt("it says %d rows of %d columns", rows, columns)
	}
	d.data, d.at, d.depth = frame, frameHeader, 0
	defer func() { d.data = nil }()
	var cols []vector.Column
	for range columns {
		c, err := d.column(int(rows))
		if err != nil {
			return nil, nil, err
		}
		cols = append(cols, c)
	}
	if d.at != len(frame) {
		return nil, nil, corrupt("%d bytes are too many", len(frame)-d.at)
	}
	return vector.New(cols, int(rows)), rest, nil
}

// Dictionaries is how many dictionaries have come. They stand in the frames that
// brought them, which later batches may refer to.
func (d *Decoder) Dictionaries() int { return len(d.dicts) }

// FrameChecksum is the checksum that a frame, or the first part of one, says it has.
func FrameChecksum(frame []byte) uint32 { return binary.LittleEndian.Uint32(frame[16:]) }

// take gives the next n bytes and moves behind their padding.
func (d *Decoder) take(n int) ([]byte, error) {
	if n < 0 || n > len(d.data)-d.at {
		return nil, corrupt("it ends within a column")
	}
	out := d.data[d.at : d.at+n : d.at+n]
	d.at = min(len(d.data), (d.at+n+7)&^7)
	return out, nil
}

func (d *Decoder) u64() (uint64, error) {
	b, err := d.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// column reads a column of n rows.
func (d *Decoder) column(n int) (c vector.Column, err error) {
	head, err := d.take(8)
	if err != nil {
		return c, err
	}
	c.Kind, c.Width, c.Len = vector.Kind(head[0]), head[2], n
	if c.Kind == vector.Invalid || c.Kind > vector.Struct {
		return c, corrupt("a column of kind %d", head[0])
	}
	if rows := binary.LittleEndian.Uint32(head[4:]); int(rows) != n {
		return c, corrupt("a column of %d rows among %d", rows, n)
	}
	if d.depth++; d.depth > maxFrameDepth {
		return c, corrupt("columns are nested too deep")
	}
	defer func() { d.depth-- }()
	if head[3] != 0 {
		words, err := d.take(8 * vector.Words(n))
		if err != nil {
			return c, err
		}
		c.Valid = unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(words))), vector.Words(n))
	}
	switch form(head[1]) {
	case flat:
		c.Width = 0
		err = d.flat(&c)
	case constant:
		c.Width = 0
		err = d.constant(&c)
	case coded:
		err = d.coded(&c)
	default:
		err = corrupt("a column in form %d", head[1])
	}
	return c, err
}

func (d *Decoder) constant(c *vector.Column) error {
	entry, err := d.column(1)
	if err != nil {
		return err
	}
	if entry.Kind != c.Kind || entry.Dict != nil || entry.Valid != nil {
		return corrupt("a constant of another kind")
	}
	c.Dict = &vector.Dict{Values: entry}
	return nil
}

func (d *Decoder) coded(c *vector.Column) error {
	if c.Width != 1 && c.Width != 2 && c.Width != 4 {
		return corrupt("codes of %d bytes", c.Width)
	}
	id, err := d.u64()
	if err != nil {
		return err
	}
	if id == uint64(len(d.dicts)) {
		if err := d.dictionary(); err != nil {
			return err
		}
	}
	if id >= uint64(len(d.dicts)) {
		return corrupt("dictionary %d is not known", id)
	}
	c.Dict = d.dicts[id]
	if c.Dict.Values.Kind != c.Kind {
		return corrupt("a dictionary of another kind")
	}
	if c.Data, err = d.take(c.Len * int(c.Width)); err != nil {
		return err
	}
	if top := maxCode(c); c.Len > 0 && top >= c.Dict.Values.Len {
		return corrupt("code %d in a dictionary of %d entries", top, c.Dict.Values.Len)
	}
	return nil
}

// dictionary reads a new dictionary, whose header says its length.
func (d *Decoder) dictionary() error {
	if d.at+8 > len(d.data) {
		return corrupt("it ends within a dictionary")
	}
	n := binary.LittleEndian.Uint32(d.data[d.at+4:])
	if n > maxFrameValues {
		return corrupt("a dictionary of %d entries", n)
	}
	values, err := d.column(int(n))
	if err != nil {
		return err
	}
	if values.Dict != nil || values.Valid != nil {
		return corrupt("a dictionary that is not flat")
	}
	d.dicts = append(d.dicts, &vector.Dict{Values: values})
	return nil
}

func maxCode(c *vector.Column) int {
	top := 0
	switch c.Width {
	case 1:
		for _, v := range c.Codes8() {
			top = max(top, int(v))
		}
	case 2:
		for _, v := range c.Codes16() {
			top = max(top, int(v))
		}
	case 4:
		for _, v := range c.Codes32() {
			top = max(top, int(v))
		}
	}
	return top
}

func (d *Decoder) flat(c *vector.Column) (err error) {
	switch c.Kind {
	case vector.String:
		return d.strings(c)
	case vector.List:
		return d.list(c)
	case vector.Struct:
		return d.fields(c)
	}
	if c.Data, err = d.take(c.Len * c.Kind.Size()); err != nil {
		return err
	}
	if c.Kind == vector.Bool {
		for _, v := range c.Bools() {
			if v > 1 {
				return corrupt("a boolean of %d", v)
			}
		}
	}
	return nil
}

// offsets reads offsets of c's rows, which must rise from 0.
func (d *Decoder) offsets(c *vector.Column) ([]uint32, []byte, error) {
	data, err := d.take(4 * (c.Len + 1))
	if err != nil {
		return nil, nil, err
	}
	offsets := unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(data))), c.Len+1)
	last := uint32(0)
	for i, o := range offsets {
		if o < last || i == 0 && o != 0 {
			return nil, nil, corrupt("offsets that fall")
		}
		last = o
	}
	return offsets, data, nil
}

// strings makes views of the bytes, which stay where they are.
func (d *Decoder) strings(c *vector.Column) error {
	offsets, _, err := d.offsets(c)
	if err != nil {
		return err
	}
	bytes, err := d.take(int(offsets[c.Len]))
	if err != nil {
		return err
	}
	views := make([]vector.View, c.Len)
	for i := range views {
		from, to := offsets[i], offsets[i+1]
		if c.IsNull(i) {
			continue // the zero view
		}
		views[i] = vector.MakeView(bytes[from:to], 0, from)
	}
	c.Data, c.Buffers = vector.BytesOf(views), [][]byte{bytes}
	return nil
}

func (d *Decoder) list(c *vector.Column) error {
	offsets, data, err := d.offsets(c)
	if err != nil {
		return err
	}
	n := offsets[c.Len]
	if n > maxFrameValues {
		return corrupt("a list column of %d values", n)
	}
	child, err := d.column(int(n))
	if err != nil {
		return err
	}
	c.Data, c.Children = data, []vector.Column{child}
	return nil
}

func (d *Decoder) fields(c *vector.Column) error {
	n, err := d.u64()
	if err != nil {
		return err
	}
	if n > uint64(len(d.data)-d.at)/8 {
		return corrupt("a struct of %d fields", n)
	}
	for range n {
		f, err := d.column(c.Len)
		if err != nil {
			return err
		}
		c.Children = append(c.Children, f)
	}
	return nil
}
