package vector

import "unsafe"

// Kind is the physical layout of a column's values.
type Kind uint8

// The layouts.
const (
	Invalid  Kind = iota
	Bool          // one byte a value, 0 or 1
	Int16         // int2
	Int32         // int4, date (days since 1970-01-01)
	Int64         // int8, decimal, time, timestamp (microseconds)
	Int128        // decimal wider than 18 digits
	Float32       // float4
	Float64       // float8
	String        // text, bytea: 16-byte views over Buffers
	Interval      // months, days, microseconds
	List          // Len+1 int32 offsets over Children[0]; a map is a list of structs
	Struct        // Children, each as long as the column
)

// Size is the width of a value in bytes; 0 for Struct (no values of its own),
// 4 for List (its offsets).
func (k Kind) Size() int {
	switch k {
	case Bool:
		return 1
	case Int16:
		return 2
	case Int32, Float32, List:
		return 4
	case Int64, Float64:
		return 8
	case Int128, String, Interval:
		return 16
	}
	return 0
}

func (k Kind) String() string {
	return [...]string{"invalid", "bool", "int16", "int32", "int64", "int128", "float32", "float64",
		"string", "interval", "list", "struct"}[k]
}

// I128 is a two's-complement 128-bit integer.
type I128 struct {
	Lo uint64
	Hi int64
}

// MonthDayMicro is the value of an Interval column, with PostgreSQL's three parts.
type MonthDayMicro struct {
	Months, Days int32
	Micros       int64
}

// Dict is a dictionary: a flat column without nulls. Its address is its identity:
// work done per entry may be remembered by it as long as a batch holds it.
type Dict struct {
	Values Column
}

// Column is Len values of one Kind. The zero value is an invalid column.
// Columns are passed by value or pointer alike; the buffers are shared.
type Column struct {
	Kind  Kind
	Width uint8 // of a code in bytes: 1, 2, 4; 0 for a constant. Only with Dict.
	Len   int
	Valid Bitmap // nil: no nulls
	Data  []byte // values, or codes when Dict is set; may be longer than needed
	Dict  *Dict  // nil: flat

	Buffers  [][]byte // String, flat: what the views point into
	Children []Column // List: one; Struct: one per field
}

// IsConst reports whether all valid rows share one value (see Const).
func (c *Column) IsConst() bool { return c.Dict != nil && c.Width == 0 }

// HasNulls reports whether a null is possible.
func (c *Column) HasNulls() bool { return c.Valid != nil }

// IsNull reports whether row i is null.
func (c *Column) IsNull(i int) bool { return c.Valid != nil && !c.Valid.Get(i) }

// Code is the dictionary index of row i; Dict must be set.
func (c *Column) Code(i int) int {
	switch c.Width {
	case 1:
		return int(c.Data[i])
	case 2:
		return int(c.Codes16()[i])
	case 4:
		return int(c.Codes32()[i])
	}
	return 0
}

// At gives the flat column and the index in it that hold row i: the dictionary
// and the code, or the column itself and i.
func (c *Column) At(i int) (*Column, int) {
	if c.Dict == nil {
		return c, i
	}
	return &c.Dict.Values, c.Code(i)
}

func view[T any](data []byte, n int) []T {
	if n == 0 {
		return nil
	}
	var t T
	_ = data[n*int(unsafe.Sizeof(t))-1]
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(data))), n)
}

// The typed views of the buffers. The column must be flat (codes: dictionary
// encoded) and of that layout; the slices share memory and have Len elements.

func (c *Column) Bools() []uint8             { return c.Data[:c.Len] }
func (c *Column) Int16s() []int16            { return view[int16](c.Data, c.Len) }
func (c *Column) Int32s() []int32            { return view[int32](c.Data, c.Len) }
func (c *Column) Int64s() []int64            { return view[int64](c.Data, c.Len) }
func (c *Column) Int128s() []I128            { return view[I128](c.Data, c.Len) }
func (c *Column) Float32s() []float32        { return view[float32](c.Data, c.Len) }
func (c *Column) Float64s() []float64        { return view[float64](c.Data, c.Len) }
func (c *Column) Views() []View              { return view[View](c.Data, c.Len) }
func (c *Column) Intervals() []MonthDayMicro { return view[MonthDayMicro](c.Data, c.Len) }
func (c *Column) Offsets() []int32           { return view[int32](c.Data, c.Len+1) }
func (c *Column) Codes8() []uint8            { return c.Data[:c.Len] }
func (c *Column) Codes16() []uint16          { return view[uint16](c.Data, c.Len) }
func (c *Column) Codes32() []uint32          { return view[uint32](c.Data, c.Len) }

// BytesOf is the memory of a slice of values as bytes, for building columns.
// T must hold no pointers.
func BytesOf[T any](values []T) []byte {
	var t T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), len(values)*int(unsafe.Sizeof(t)))
}

// ValuesOf is the first n values of memory that BytesOf gave, or that is laid out so.
func ValuesOf[T any](data []byte, n int) []T { return view[T](data, n) }

// Flat makes a flat fixed-width column over values, which it shares.
func Flat[T any](kind Kind, values []T, valid Bitmap) Column {
	return Column{Kind: kind, Len: len(values), Valid: valid, Data: BytesOf(values)}
}

// Const makes a column of n times the single value of entry, a flat column of
// length 1. If that value is null, all n rows are.
func Const(entry Column, n int) Column {
	c := Column{Kind: entry.Kind, Len: n}
	if entry.IsNull(0) {
		c.Valid = NewBitmap(n)
		entry.Valid = nil
	}
	c.Dict = &Dict{Values: entry}
	return c
}

// Slice is rows [from, to) of the column. Values are shared; a validity bitmap is
// shared when from is a multiple of 64 and copied otherwise.
func (c *Column) Slice(from, to int) Column {
	s := *c
	s.Len = to - from
	if c.Valid != nil {
		s.Valid = c.Valid.Slice(from, to)
	}
	width := c.Kind.Size()
	if c.Dict != nil {
		width = int(c.Width)
	}
	if len(c.Data) > 0 {
		s.Data = c.Data[from*width:]
	}
	if c.Kind == Struct && c.Dict == nil {
		s.Children = make([]Column, len(c.Children))
		for i := range c.Children {
			s.Children[i] = c.Children[i].Slice(from, to)
		}
	}
	return s
}
