package vector

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	arrowmem "github.com/apache/arrow-go/v18/arrow/memory"
)

// ToArrow copies the selected rows of a batch into an Arrow record of that schema,
// which must have the columns' logical types: dictionaries are resolved, decimals
// become Decimal128, strings get offsets. The batch is not consumed; the caller
// releases the record.
func ToArrow(b *Batch, schema *arrow.Schema) (arrow.RecordBatch, error) {
	cols := make([]arrow.Array, len(b.Cols))
	defer func() {
		for _, c := range cols {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i := range b.Cols {
		data, err := toArrow(&b.Cols[i], b.Sel, schema.Field(i).Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", schema.Field(i).Name, err)
		}
		cols[i] = array.MakeFromData(data)
		data.Release()
	}
	return array.NewRecordBatch(schema, cols, int64(b.Rows())), nil
}

// toArrow is rows sel of a column as Arrow data.
func toArrow(c *Column, sel Selection, typ arrow.DataType) (arrow.ArrayData, error) {
	if sel != nil {
		g := Gather(c, sel)
		c = &g
	}
	flat := Flatten(c)
	c = &flat
	nulls := 0
	valid := (*arrowmem.Buffer)(nil)
	if c.Valid != nil {
		if nulls = c.Len - c.Valid.Count(c.Len); nulls > 0 {
			valid = arrowmem.NewBufferBytes(append([]byte(nil), BytesOf(c.Valid[:Words(c.Len)])...))
		}
	}
	buffers, children, err := arrowBuffers(c, typ)
	if err != nil {
		return nil, err
	}
	return array.NewData(typ, c.Len, append([]*arrowmem.Buffer{valid}, buffers...), children, nulls, 0), nil
}

func arrowBuffers(c *Column, typ arrow.DataType) ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
	plain := func() ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
		return []*arrowmem.Buffer{arrowmem.NewBufferBytes(append([]byte(nil), c.Data[:c.Len*c.Kind.Size()]...))}, nil, nil
	}
	switch t := typ.(type) {
	case *arrow.BooleanType:
		bits := make([]byte, bitutil.BytesForBits(int64(c.Len)))
		for i, v := range c.Bools() {
			bits[i>>3] |= (v & 1) << (i & 7)
		}
		return []*arrowmem.Buffer{arrowmem.NewBufferBytes(bits)}, nil, nil
	case *arrow.Decimal128Type:
		return decimals(c)
	case *arrow.StringType, *arrow.BinaryType:
		return strings(c)
	case *arrow.MonthDayNanoIntervalType:
		return intervals(c)
	case *arrow.TimestampType:
		if step := microsPer(t.Unit); step > 1 && c.Kind == Int64 {
			return []*arrowmem.Buffer{arrowmem.NewBufferBytes(BytesOf(coarser[int64](c, step)))}, nil, nil
		}
	case *arrow.Time32Type:
		if c.Kind != Int64 {
			return nil, nil, fmt.Errorf("a column of kind %s cannot become a time", c.Kind)
		}
		return []*arrowmem.Buffer{arrowmem.NewBufferBytes(BytesOf(coarser[int32](c, microsPer(t.Unit))))}, nil, nil
	case *arrow.ListType, *arrow.MapType:
		elem := t.(arrow.ListLikeType).Elem()
		child, err := toArrow(&c.Children[0], nil, elem)
		if err != nil {
			return nil, nil, err
		}
		offsets := append([]byte(nil), c.Data[:4*(c.Len+1)]...)
		return []*arrowmem.Buffer{arrowmem.NewBufferBytes(offsets)}, []arrow.ArrayData{child}, nil
	case *arrow.StructType:
		children := make([]arrow.ArrayData, t.NumFields())
		for i := range children {
			var err error
			if children[i], err = toArrow(&c.Children[i], nil, t.Field(i).Type); err != nil {
				return nil, nil, err
			}
		}
		return nil, children, nil
	}
	fixed, ok := typ.(arrow.FixedWidthDataType)
	if !ok || fixed.Bytes() != c.Kind.Size() {
		return nil, nil, fmt.Errorf("a column of kind %s cannot become Arrow %s", c.Kind, typ)
	}
	return plain()
}

// microsPer is how many microseconds a unit has; 1 for those that are no longer.
func microsPer(unit arrow.TimeUnit) int64 {
	switch unit {
	case arrow.Second:
		return 1_000_000
	case arrow.Millisecond:
		return 1000
	}
	return 1
}

// coarser is microseconds in a unit of which they are whole numbers.
func coarser[T int32 | int64](c *Column, step int64) []T {
	out := make([]T, c.Len)
	for i, v := range c.Int64s() {
		out[i] = T(v / step)
	}
	return out
}

func decimals(c *Column) ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
	out := make([]decimal128.Num, c.Len)
	switch c.Kind {
	case Int64:
		for i, v := range c.Int64s() {
			out[i] = decimal128.FromI64(v)
		}
	case Int128:
		for i, v := range c.Int128s() {
			out[i] = decimal128.New(v.Hi, v.Lo)
		}
	default:
		return nil, nil, fmt.Errorf("a column of kind %s cannot become a decimal", c.Kind)
	}
	return []*arrowmem.Buffer{arrowmem.NewBufferBytes(BytesOf(out))}, nil, nil
}

func strings(c *Column) ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
	if c.Kind != String {
		return nil, nil, fmt.Errorf("a column of kind %s cannot become a string", c.Kind)
	}
	views := c.Views()
	total := 0
	for i := range views {
		if !c.IsNull(i) {
			total += int(views[i].Len)
		}
	}
	if total > 1<<31-1 {
		return nil, nil, fmt.Errorf("strings of a batch exceed 2 GiB")
	}
	offsets, data := make([]int32, c.Len+1), make([]byte, 0, total)
	for i := range views {
		if !c.IsNull(i) {
			data = append(data, views[i].Bytes(c.Buffers)...)
		}
		offsets[i+1] = int32(len(data))
	}
	return []*arrowmem.Buffer{arrowmem.NewBufferBytes(BytesOf(offsets)), arrowmem.NewBufferBytes(data)}, nil, nil
}

func intervals(c *Column) ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
	if c.Kind != Interval {
		return nil, nil, fmt.Errorf("a column of kind %s cannot become an interval", c.Kind)
	}
	out := make([]arrow.MonthDayNanoInterval, c.Len)
	for i, v := range c.Intervals() {
		nanos := v.Micros * 1000
		if !c.IsNull(i) && nanos/1000 != v.Micros {
			return nil, nil, fmt.Errorf("an interval of %d microseconds is out of Arrow's range", v.Micros)
		}
		out[i] = arrow.MonthDayNanoInterval{Months: v.Months, Days: v.Days, Nanoseconds: nanos}
	}
	return []*arrowmem.Buffer{arrowmem.NewBufferBytes(BytesOf(out))}, nil, nil
}
