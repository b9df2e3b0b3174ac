package exec

import (
	"unsafe"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

const (
	// maxJoinDict is the most entries of a stored dictionary: codes take two bytes.
	maxJoinDict = 1 << 16
	// smallJoinDict is the size from which a dictionary must have joinDictRows rows for
	// each entry to be worth the look-ups that put it together.
	smallJoinDict = 1 << 9
	joinDictRows  = 4
)

// columnBuffer collects the build rows of one column of one instance, in memory of
// its own: the batches they came in are released at once, so that a few rows never
// pin a decoded page. Strings keep their codes as long as all dictionaries
// together stay small.
type columnBuffer struct {
	kind   vector.Kind // Invalid until the first batch
	rows   int
	nulls  []uint32 // rows that are null, ascending
	chunks chunks   // fixed-width values; codes (uint16) while dict is set
	text   vector.StringBuilder
	dict   *dictBuffer     // nil: flat
	nested []vector.Column // List and Struct: one per batch

	lasting budget // string bytes: part of the finished column
	passing budget // everything else: copied when the store is made
}

// newColumnBuffers makes the buffers of one instance, charged to its account.
func newColumnBuffers(n int, account *memory.Account) []columnBuffer {
	buffers := make([]columnBuffer, n)
	for i := range buffers {
		buffers[i].lasting.account, buffers[i].passing.account = account, account
	}
	return buffers
}

// dictBuffer is the dictionary of a columnBuffer: the entries that rows used, of
// all the dictionaries that came.
type dictBuffer struct {
	entries vector.StringBuilder
	codes   map[string]uint16 // one look-up per dictionary entry, not per row
	last    *vector.Dict      // the dictionary that remap is for
	remap   []int32           // its codes → ours, -1 not met yet
}

// chunks is a byte sequence in pieces that never move.
type chunks struct {
	full [][]byte
	tail []byte
}

// take gives n more bytes, in one piece.
func (c *chunks) take(n int, b *budget) ([]byte, error) {
	if len(c.tail)+n > cap(c.tail) {
		size := max(n, min(1<<20, max(1<<12, 2*cap(c.tail))))
		if err := b.reserve(int64(size)); err != nil {
			return nil, err
		}
		if len(c.tail) > 0 {
			c.full = append(c.full, c.tail)
		}
		c.tail = make([]byte, 0, size)
	}
	at := len(c.tail)
	c.tail = c.tail[:at+n]
	return c.tail[at:], nil
}

// each visits the pieces in order.
func (c *chunks) each(visit func([]byte)) {
	for _, piece := range c.full {
		visit(piece)
	}
	if len(c.tail) > 0 {
		visit(c.tail)
	}
}

func typed[T any](data []byte) []T {
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), len(data)/int(unsafe.Sizeof(t)))
}

// add appends the rows sel of c.
func (b *columnBuffer) add(c *vector.Column, sel vector.Selection) error {
	if len(sel) == 0 {
		return nil
	}
	if b.kind == vector.Invalid {
		b.kind = c.Kind
		if c.Kind == vector.String && c.Dict != nil {
			b.dict = &dictBuffer{codes: map[string]uint16{}}
		}
	}
	if c.Valid != nil {
		before := len(b.nulls)
		for i, row := range sel {
			if !c.Valid.Get(int(row)) {
				b.nulls = append(b.nulls, uint32(b.rows+i))
			}
		}
		if err := b.passing.reserve(int64(len(b.nulls)-before) * 4); err != nil {
			return err
		}
	}
	var err error
	switch {
	case b.kind == vector.String:
		err = b.addStrings(c, sel)
	case b.kind == vector.List || b.kind == vector.Struct:
		err = b.addNested(c, sel)
	default:
		err = b.addFixed(c, sel)
	}
	b.rows += len(sel)
	return err
}

func (b *columnBuffer) addFixed(c *vector.Column, sel vector.Selection) error {
	if c.Kind != b.kind { // a wide decimal that came narrow so far, or comes narrow now
		if b.kind == vector.Int64 {
			if err := b.widen(); err != nil {
				return err
			}
		} else {
			wide := vector.Widen(c)
			c = &wide
		}
	}
	size := b.kind.Size()
	dst, err := b.chunks.take(len(sel)*size, &b.passing)
	if err != nil {
		return err
	}
	if c.Dict == nil {
		gatherFixed(dst, c.Data, size, sel)
		return nil
	}
	if c.Dict.Values.Len == 0 { // nothing but nulls
		clear(dst)
		return nil
	}
	codes := make([]uint32, len(sel))
	decodeCodes(codes, c, sel)
	gatherFixed(dst, c.Dict.Values.Data, size, codes)
	return nil
}

// widen turns what came as Int64 so far into Int128.
func (b *columnBuffer) widen() error {
	narrow := b.chunks
	b.kind, b.chunks = vector.Int128, chunks{}
	var err error
	narrow.each(func(piece []byte) {
		values := typed[int64](piece)
		var dst []byte
		if err == nil {
			dst, err = b.chunks.take(len(values)*16, &b.passing)
		}
		if err != nil {
			return
		}
		for i, v := range values {
			typed[vector.I128](dst)[i] = vector.I128{Lo: uint64(v), Hi: v >> 63}
		}
	})
	if err != nil { // what was added before stays
		b.kind, b.chunks = vector.Int64, narrow
	}
	return err
}

func (b *columnBuffer) addStrings(c *vector.Column, sel vector.Selection) error {
	if b.dict != nil {
		if c.Dict != nil {
			if ok, err := b.addCodes(c, sel); ok || err != nil {
				return err
			}
		}
		if err := b.leaveDict(); err != nil {
			return err
		}
	}
	bytes := int64(0)
	for _, row := range sel {
		if flat, i := c.At(int(row)); !c.IsNull(int(row)) {
			if v := &flat.Views()[i]; !v.Inline() {
				bytes += int64(v.Len)
			}
		}
	}
	return b.growText(int64(len(sel))*16+bytes, func() {
		for _, row := range sel {
			if c.IsNull(int(row)) {
				b.text.Append(nil)
				continue
			}
			flat, i := c.At(int(row))
			b.text.Append(flat.Views()[i].Bytes(flat.Buffers))
		}
	})
}

// growText runs appendAll, which adds at most about estimate bytes to the text,
// and books what the text really takes then.
func (b *columnBuffer) growText(estimate int64, appendAll func()) error {
	before := b.text.Bytes()
	if err := b.lasting.reserve(estimate); err != nil {
		return err
	}
	appendAll()
	if more := b.text.Bytes() - before - estimate; more > 0 {
		return b.lasting.reserve(more)
	}
	return nil
}

// addCodes appends rows of a dictionary column as codes; ok is false, and nothing
// was added, when the dictionary would become too large, or is not worth it.
func (b *columnBuffer) addCodes(c *vector.Column, sel vector.Selection) (ok bool, err error) {
	d := b.dict
	if n := d.entries.Len(); n > smallJoinDict && n*joinDictRows > b.rows {
		return false, nil
	}
	if d.last != c.Dict {
		d.last = c.Dict
		d.remap = make([]int32, max(1, c.Dict.Values.Len))
		for i := range d.remap {
			d.remap[i] = -1
		}
	}
	codes := make([]uint32, len(sel))
	decodeCodes(codes, c, sel)
	before := d.entries.Bytes()
	defer func() {
		if err == nil {
			err = b.lasting.reserve(d.entries.Bytes() - before)
		}
	}()
	for i, code := range codes {
		if d.remap[code] >= 0 || c.IsNull(int(sel[i])) {
			continue
		}
		ours, ok := d.code(c.Dict.Values.StringAt(int(code)))
		if !ok {
			return false, nil
		}
		d.remap[code] = int32(ours)
	}
	dst, err := b.chunks.take(len(sel)*2, &b.passing)
	if err != nil {
		return false, err
	}
	out := typed[uint16](dst)
	for i, code := range codes {
		out[i] = uint16(max(0, d.remap[code]))
	}
	return true, nil
}

// code is our code of a string, a new one when it is new and there is room.
func (d *dictBuffer) code(s string) (uint16, bool) {
	if code, ok := d.codes[s]; ok {
		return code, true
	}
	if d.entries.Len() >= maxJoinDict {
		return 0, false
	}
	code := uint16(d.entries.Len())
	d.entries.AppendString(s)
	entries := d.entries.Column(nil)
	d.codes[entries.StringAt(int(code))] = code // the key must not share the batch's memory
	return code, true
}

// leaveDict turns codes into strings.
func (b *columnBuffer) leaveDict() error {
	entries := b.dict.entries.Column(nil)
	old := b.chunks
	isNull := newNullCursor(b.nulls)
	row, bytes := 0, int64(0)
	visit := func(each func(view *vector.View)) {
		old.each(func(piece []byte) {
			for _, code := range typed[uint16](piece) {
				if isNull(row) {
					each(nil)
				} else {
					each(&entries.Views()[code])
				}
				row++
			}
		})
	}
	visit(func(v *vector.View) {
		bytes += 16
		if v != nil && !v.Inline() {
			bytes += int64(v.Len)
		}
	})
	row, isNull = 0, newNullCursor(b.nulls)
	if err := b.growText(bytes, func() {
		visit(func(v *vector.View) {
			if v == nil {
				b.text.Append(nil)
			} else {
				b.text.Append(v.Bytes(entries.Buffers))
			}
		})
	}); err != nil {
		b.text = vector.StringBuilder{}
		return err
	}
	b.dict, b.chunks = nil, chunks{}
	return nil
}

// newNullCursor tells of ascending rows whether they are in nulls.
func newNullCursor(nulls []uint32) func(row int) bool {
	return func(row int) bool {
		for len(nulls) > 0 && int(nulls[0]) < row {
			nulls = nulls[1:]
		}
		return len(nulls) > 0 && int(nulls[0]) == row
	}
}

// addNested keeps a copy of nested values, strings in them copied as well.
func (b *columnBuffer) addNested(c *vector.Column, sel vector.Selection) error {
	flat := vector.Flatten(c)
	part := vector.Gather(&flat, sel)
	own, err := ownNested(&b.passing, &part)
	if err != nil {
		return err
	}
	b.nested = append(b.nested, own)
	return nil
}

// columnBytes is the memory of a flat column.
func columnBytes(c *vector.Column) int64 {
	n := int64(len(c.Data)) + int64(len(c.Valid))*8
	for _, buf := range c.Buffers {
		n += int64(cap(buf))
	}
	for i := range c.Children {
		n += columnBytes(&c.Children[i])
	}
	return n
}
