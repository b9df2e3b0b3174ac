package table

import (
	"encoding/binary"

	pq "github.com/parquet-go/parquet-go"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/parquet"
)

// encoder turns columns of batches into the values and levels of leaf columns. The
// values point into the batches: they are written before those are released.
type encoder struct {
	leaves [][]pq.Value
	bytes  []byte // of values that have another form in the file
}

// encode appends rows [from, to) of those selected of a column to its leaves.
func (e *encoder) encode(c *column, v *vector.Column, sel vector.Selection, from, to int) {
	for row := from; row < to; row++ {
		at := row
		if sel != nil {
			at = int(sel[row])
		}
		e.value(c, v, at, 0, 0)
	}
}

// value appends one value; missing is the definition level that says it is NULL.
func (e *encoder) value(c *column, v *vector.Column, row, rep, missing int) {
	if v.IsNull(row) {
		e.nothing(c, rep, missing)
		return
	}
	v, row = v.At(row)
	switch {
	case len(c.children) == 0:
		e.leaves[c.leaf] = append(e.leaves[c.leaf], e.leaf(c, v, row).Level(rep, c.def, c.leaf))
	case c.repeated:
		from, to := v.Offsets()[row], v.Offsets()[row+1]
		if from == to {
			e.nothing(c, rep, c.def-1)
		}
		for i := int(from); i < int(to); i++ {
			if len(c.children) == 1 {
				e.value(c.children[0], &v.Children[0], i, rep, c.def)
			} else { // a map's entries are structs
				e.fields(c, &v.Children[0], i, rep)
			}
			rep = c.rep
		}
	default:
		e.fields(c, v, row, rep)
	}
}

func (e *encoder) fields(c *column, v *vector.Column, row, rep int) {
	v, row = v.At(row)
	for k, child := range c.children {
		e.value(child, &v.Children[k], row, rep, c.def)
	}
}

// nothing appends to every leaf that there is no value from a definition level on.
func (e *encoder) nothing(c *column, rep, def int) {
	if len(c.children) == 0 {
		e.leaves[c.leaf] = append(e.leaves[c.leaf], pq.NullValue().Level(rep, def, c.leaf))
	}
	for _, child := range c.children {
		e.nothing(child, rep, def)
	}
}

// leaf is a value that is there as the file has it.
func (e *encoder) leaf(c *column, v *vector.Column, row int) pq.Value {
	switch c.kind {
	case vector.Bool:
		return pq.BooleanValue(v.Bools()[row] != 0)
	case vector.Int16:
		return pq.Int32Value(int32(v.Int16s()[row]))
	case vector.Int32:
		return pq.Int32Value(v.Int32s()[row])
	case vector.Int64:
		if c.narrow {
			return pq.Int32Value(int32(v.Int64s()[row]))
		}
		return pq.Int64Value(v.Int64s()[row])
	case vector.Float32:
		return pq.FloatValue(v.Float32s()[row])
	case vector.Float64:
		return pq.DoubleValue(v.Float64s()[row])
	case vector.Int128:
		wide := vector.I128{}
		if v.Kind == vector.Int64 { // every value of a wide numeric may be narrow
			wide = vector.I128{Lo: uint64(v.Int64s()[row]), Hi: v.Int64s()[row] >> 63}
		} else {
			wide = v.Int128s()[row]
		}
		b := e.room(16)
		binary.BigEndian.PutUint64(b, uint64(wide.Hi))
		binary.BigEndian.PutUint64(b[8:], wide.Lo)
		return pq.FixedLenByteArrayValue(b)
	case vector.Interval:
		b := e.room(parquet.WideIntervalBytes)
		i := v.Intervals()[row]
		binary.LittleEndian.PutUint32(b, uint32(i.Months))
		binary.LittleEndian.PutUint32(b[4:], uint32(i.Days))
		binary.LittleEndian.PutUint64(b[8:], uint64(i.Micros))
		return pq.FixedLenByteArrayValue(b)
	}
	return pq.ByteArrayValue(v.Views()[row].Bytes(v.Buffers))
}

// room is n bytes that stay until clear.
func (e *encoder) room(n int) []byte {
	if cap(e.bytes)-len(e.bytes) < n {
		e.bytes = make([]byte, 0, max(2*cap(e.bytes), 4<<10))
	}
	at := len(e.bytes)
	e.bytes = e.bytes[:at+n]
	return e.bytes[at : at+n : at+n]
}

func (e *encoder) clear() {
	for i := range e.leaves {
		e.leaves[i] = e.leaves[i][:0]
	}
	e.bytes = e.bytes[:0]
}

// bytesOf is about what rows of a column take.
func bytesOf(c *column, v *vector.Column, rows int) int64 {
	n := int64(rows) * int64(max(1, v.Kind.Size()))
	if v.Kind == vector.String {
		for i := range rows {
			if f, at := v.At(i); !v.IsNull(i) {
				n += int64(f.Views()[at].Len)
			}
		}
	}
	for k := range v.Children {
		if v.Dict == nil {
			n += bytesOf(c, &v.Children[k], v.Children[k].Len)
		}
	}
	return n
}
