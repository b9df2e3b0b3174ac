package parquet

import (
	"encoding/binary"
	"errors"
)

// errThrift is any way in which thrift bytes can be wrong.
var errThrift = errors.New("malformed thrift structure")

// Types of the thrift compact protocol.
const (
	typeStop   = 0
	typeTrue   = 1
	typeFalse  = 2
	typeByte   = 3
	typeI16    = 4
	typeI32    = 5
	typeI64    = 6
	typeDouble = 7
	typeBinary = 8
	typeList   = 9
	typeSet    = 10
	typeMap    = 11
	typeStruct = 12
)

const maxThriftDepth = 32

// compact reads the thrift compact protocol from memory. After an error it gives
// zero values and ends every structure, so that callers look at err once. The
// generated readers will not do: they cannot tell a null count of 0 from none,
// and page headers are read too often for reflection.
type compact struct {
	b     []byte
	pos   int
	depth int
	err   error
}

func (c *compact) fail() {
	if c.err == nil {
		c.err = errThrift
	}
	c.pos = len(c.b)
}

func (c *compact) byte() byte {
	if c.pos >= len(c.b) {
		c.fail()
		return 0
	}
	c.pos++
	return c.b[c.pos-1]
}

func (c *compact) uvarint() uint64 {
	v, n := binary.Uvarint(c.b[c.pos:])
	if n <= 0 {
		c.fail()
		return 0
	}
	c.pos += n
	return v
}

func (c *compact) int() int64 {
	u := c.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (c *compact) int32() int32 {
	v := c.int()
	if v != int64(int32(v)) {
		c.fail()
		return 0
	}
	return int32(v)
}

// bytes shares memory with the input.
func (c *compact) bytes() []byte {
	n := c.uvarint()
	if n > uint64(len(c.b)-c.pos) {
		c.fail()
		return nil
	}
	c.pos += int(n)
	return c.b[c.pos-int(n) : c.pos : c.pos]
}

// fields calls read for every field of a structure; a field that read does not
// consume must be given to skip.
func (c *compact) fields(read func(id int16, typ byte)) {
	if c.depth++; c.depth > maxThriftDepth {
		c.fail()
	}
	id := int16(0)
	for c.err == nil {
		typ := c.field(&id)
		if typ == typeStop {
			break
		}
		read(id, typ)
	}
	c.depth--
}

// field reads the header of the next field; typeStop ends the structure.
func (c *compact) field(id *int16) byte {
	h := c.byte()
	if h == 0 {
		return typeStop
	}
	if delta := int16(h >> 4); delta != 0 {
		*id += delta
	} else {
		*id = int16(c.int())
	}
	return h & 15
}

// list calls read for every element; it refuses lists that claim more elements
// than there are bytes.
func (c *compact) list(read func(i int)) {
	n, _ := c.listHeader()
	for i := 0; i < n && c.err == nil; i++ {
		read(i)
	}
}

func (c *compact) listHeader() (n int, elem byte) {
	h := c.byte()
	u := uint64(h >> 4)
	if u == 15 {
		u = c.uvarint()
	}
	if u > uint64(len(c.b)-c.pos) {
		c.fail()
		return 0, 0
	}
	return int(u), h & 15
}

// bool is the value of a boolean field, which stands in its type.
func (c *compact) bool(typ byte) bool { return typ == typeTrue }

// skip passes over a value that nobody wants.
func (c *compact) skip(typ byte) {
	switch typ {
	case typeTrue, typeFalse:
	case typeByte:
		c.byte()
	case typeI16, typeI32, typeI64:
		c.uvarint()
	case typeDouble:
		c.advance(8)
	case typeBinary:
		c.bytes()
	case typeStruct:
		c.fields(func(_ int16, typ byte) { c.skip(typ) })
	case typeList, typeSet:
		c.skipList()
	case typeMap:
		n := c.uvarint()
		if n == 0 {
			return
		}
		kinds := c.byte()
		for i := uint64(0); i < n && c.err == nil; i++ {
			c.skipElement(kinds >> 4)
			c.skipElement(kinds & 15)
		}
	default:
		c.fail()
	}
}

func (c *compact) skipList() {
	if c.depth++; c.depth > maxThriftDepth {
		c.fail()
	}
	n, elem := c.listHeader()
	for i := 0; i < n && c.err == nil; i++ {
		c.skipElement(elem)
	}
	c.depth--
}

// skipElement passes over a member of a list or map, where booleans take a byte.
func (c *compact) skipElement(typ byte) {
	if typ == typeTrue || typ == typeFalse {
		c.byte()
		return
	}
	c.skip(typ)
}

func (c *compact) advance(n int) {
	if n > len(c.b)-c.pos {
		c.fail()
		return
	}
	c.pos += n
}
