package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// sortRow is a row to be sorted: the first 128 bits of its keys, made such that
// unsigned comparison orders them, and where it stands.
type sortRow struct {
	hi, lo uint64
	ref    rowRef
}

// sortOrder compares rows by several keys. Keys are put one behind the other as
// bits: one that says NULL, then the value (integers with the sign turned round,
// floats by kernel.OrderedKey, the first bytes of strings; all turned round when
// descending). What does not fit in 128 bits is compared key by key.
type sortOrder struct {
	keys []sortField
	// rest is the first key that the 128 bits do not hold in full: rows with equal
	// bits differ at most from there on. len(keys) when they hold all.
	rest int
}

type sortField struct {
	typ        expr.Type
	desc       bool
	nullsFirst bool
	skip       int // texts: the first bytes, which all have, do not go into the bits
	lengthAt   int // texts: where their length goes, behind the longest; 0: nowhere
}

func newSortOrder(keys []expr.SortKey) *sortOrder {
	o := &sortOrder{keys: make([]sortField, len(keys)), rest: len(keys)}
	used := 0
	for i, k := range keys {
		f := sortField{typ: k.Expr.Type(), desc: k.Desc, nullsFirst: k.NullsFirst}
		o.keys[i] = f
		bits, exact := f.bits()
		used += 1 + bits
		if o.rest == len(keys) && (!exact || used > 128) {
			o.rest = i
		}
	}
	return o
}

// bits is how many bits a value takes, and whether they hold all of it.
func (f *sortField) bits() (n int, exact bool) {
	switch f.typ.Kind {
	case expr.Bool:
		return 1, true
	case expr.Int2:
		return 16, true
	case expr.Int4, expr.Date:
		return 32, true
	case expr.Int8, expr.Time, expr.Timestamp, expr.TimestampTZ, expr.Float4, expr.Float8:
		return 64, true
	case expr.Numeric:
		if f.typ.IsWide() {
			return 128, true
		}
		return 64, true
	case expr.Interval:
		return 128, true
	case expr.List, expr.Struct, expr.Map:
		return 0, false
	}
	return 128, false
}

// normalize gives the bits of the selected rows of key columns.
func (o *sortOrder) normalize(cols []vector.Column, rows int, sel vector.Selection, out []sortRow) {
	for i := range out {
		out[i].hi, out[i].lo = 0, 0
	}
	at := 0 // bits used
	for k := 0; k < len(o.keys) && k <= o.rest && at < 128; k++ {
		f := &o.keys[k]
		n, _ := f.bits()
		for i := range out {
			row := i
			if sel != nil {
				row = int(sel[i])
			}
			f.put(&cols[k], row, &out[i], at, n)
		}
		at += 1 + n
	}
}

// put ORs the bit for NULL and the first bits of a value in, from bit at on.
func (f *sortField) put(c *vector.Column, row int, out *sortRow, at, n int) {
	null := c.IsNull(row)
	if null != f.nullsFirst { // the greater of the two cases has the bit set
		out.or(1<<63, 0, at)
	}
	if null || n == 0 {
		return
	}
	hi, lo := f.value(c, row)
	if f.desc {
		hi, lo = ^hi, ^lo
		switch {
		case n <= 64:
			hi, lo = hi&^(1<<(64-n)-1), 0
		case n < 128:
			lo &^= 1<<(128-n) - 1
		}
	}
	out.or(hi, lo, at+1)
}

// or puts 128 bits in from bit at on; what reaches beyond is cut off.
func (r *sortRow) or(hi, lo uint64, at int) {
	switch {
	case at >= 128:
	case at >= 64:
		r.lo |= hi >> (at - 64)
	case at == 0:
		r.hi |= hi
		r.lo |= lo
	default:
		r.hi |= hi >> at
		r.lo |= hi<<(64-at) | lo>>at
	}
}

const signBit = 1 << 63

// value is the bits of a value, left-aligned, in ascending order.
func (f *sortField) value(c *vector.Column, row int) (hi, lo uint64) {
	c, row = c.At(row)
	switch c.Kind {
	case vector.Bool:
		return uint64(c.Data[row]) << 63, 0
	case vector.Int16:
		return uint64(uint16(c.Int16s()[row])^1<<15) << 48, 0
	case vector.Int32:
		return uint64(uint32(c.Int32s()[row])^1<<31) << 32, 0
	case vector.Int64:
		v := uint64(c.Int64s()[row])
		if f.typ.IsWide() {
			return uint64(int64(v)>>63) ^ signBit, v
		}
		return v ^ signBit, 0
	case vector.Int128:
		v := c.Int128s()[row]
		return uint64(v.Hi) ^ signBit, v.Lo
	case vector.Float32:
		return uint64(kernel.OrderedKey(float64(c.Float32s()[row]))) ^ signBit, 0
	case vector.Float64:
		return uint64(kernel.OrderedKey(c.Float64s()[row])) ^ signBit, 0
	case vector.Interval:
		v := key.Span(c.Intervals()[row])
		return uint64(v.Hi) ^ signBit, v.Lo
	}
	var b [16]byte
	text := f.text(c, row)
	copy(b[:], text[f.skip:])
	if f.lengthAt > 0 {
		b[f.lengthAt] = byte(len(text) - f.skip)
	}
	return binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
}

// text is the bytes of a string as they count in comparisons.
func (f *sortField) text(c *vector.Column, row int) []byte {
	s := c.Views()[row].Bytes(c.Buffers)
	if f.typ.Kind == expr.Char {
		return bytes.TrimRight(s, " ")
	}
	return s
}

// compareRest orders two rows by the keys from number rest on, given their key columns.
func (o *sortOrder) compareRest(rest int, a []vector.Column, aRow int, b []vector.Column, bRow int) int {
	for k := rest; k < len(o.keys); k++ {
		f := &o.keys[k]
		x, y := &a[k], &b[k]
		xNull, yNull := x.IsNull(aRow), y.IsNull(bRow)
		if xNull || yNull {
			if xNull == yNull {
				continue
			}
			if xNull == f.nullsFirst {
				return -1
			}
			return 1
		}
		if c := f.compare(x, aRow, y, bRow); c != 0 {
			if f.desc {
				return -c
			}
			return c
		}
	}
	return 0
}

// compare orders two values that are not NULL.
func (f *sortField) compare(a *vector.Column, aRow int, b *vector.Column, bRow int) int {
	a, aRow = a.At(aRow)
	b, bRow = b.At(bRow)
	switch a.Kind {
	case vector.String:
		return bytes.Compare(f.text(a, aRow), f.text(b, bRow))
	case vector.List, vector.Struct:
		return eval.Compare(eval.ValueAt(a, aRow, f.typ), eval.ValueAt(b, bRow, f.typ), f.typ)
	}
	aHi, aLo := f.value(a, aRow)
	bHi, bLo := f.value(b, bRow)
	return cmp.Or(cmp.Compare(aHi, bHi), cmp.Compare(aLo, bLo))
}
