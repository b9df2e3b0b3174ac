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

// toArrow is rows sel of a column as Arrow data. Values are copied once: a dictionary is looked
// up on the way.
func toArrow(c *Column, sel Selection, typ arrow.DataType) (arrow.ArrayData, error) {
	if c.Kind == List || c.Kind == Struct { // nested values are gathered whole
		if sel != nil {
			g := Gather(c, sel)
			c, sel = &g, nil
		}
		flat := Flatten(c)
		c = &flat
	}
	rows := picked{c: c, sel: sel, n: c.Len}
	if sel != nil {
		rows.n = len(sel)
	}
	nulls := 0
	valid := (*arrowmem.Buffer)(nil)
	if c.Valid != nil {
		bits := c.Valid
		if sel != nil {
			bits = gatherBits(c.Valid, sel)
		}
		if nulls = rows.n - bits.Count(rows.n); nulls > 0 {
			if sel == nil {
				bits = append(Bitmap(nil), bits[:Words(rows.n)]...)
			}
			valid = arrowmem.NewBufferBytes(BytesOf(bits[:Words(rows.n)]))
		}
	}
	buffers, children, err := arrowBuffers(rows, typ)
	if err != nil {
		return nil, err
	}
	return array.NewData(typ, rows.n, append([]*arrowmem.Buffer{valid}, buffers...), children, nulls, 0), nil
}

// picked are n rows of a column: those of a selection, or all.
type picked struct {
	c   *Column
	sel Selection // nil: all
	n   int
}

// kind is that of the values.
func (p picked) kind() Kind { return p.c.Kind }

// source is the flat column that holds the values.
func (p picked) source() *Column {
	if p.c.Dict != nil {
		return &p.c.Dict.Values
	}
	return p.c
}

// each calls do with every row's place in the source. Rows that are NULL have a place too.
func (p picked) each(do func(i, at int)) {
	switch {
	case p.c.Dict == nil && p.sel == nil:
		for i := range p.n {
			do(i, i)
		}
	case p.c.Dict == nil:
		for i, row := range p.sel {
			do(i, int(row))
		}
	case p.c.Width == 0:
		for i := range p.n {
			do(i, 0)
		}
	case p.c.Width == 1:
		eachCode(p.c.Codes8(), p.sel, do)
	case p.c.Width == 2:
		eachCode(p.c.Codes16(), p.sel, do)
	default:
		eachCode(p.c.Codes32(), p.sel, do)
	}
}

func eachCode[C uint8 | uint16 | uint32](codes []C, sel Selection, do func(i, at int)) {
	if sel == nil {
		for i, code := range codes {
			do(i, int(code))
		}
		return
	}
	for i, row := range sel {
		do(i, int(codes[row]))
	}
}

// values copies the rows' values.
func values[T any](p picked) []T {
	from := view[T](p.source().Data, p.source().Len)
	if p.c.Dict == nil && p.sel == nil {
		return append([]T(nil), from[:p.n]...)
	}
	out := make([]T, p.n)
	switch {
	case p.c.Dict == nil:
		for i, row := range p.sel {
			out[i] = from[row]
		}
	case len(from) == 0 || p.c.Width == 0 && p.n == 0: // all is NULL
	case p.c.Width == 0:
		for i := range out {
			out[i] = from[0]
		}
	case p.c.Width == 1:
		lookUp(out, from, p.c.Codes8(), p.sel)
	case p.c.Width == 2:
		lookUp(out, from, p.c.Codes16(), p.sel)
	default:
		lookUp(out, from, p.c.Codes32(), p.sel)
	}
	return out
}

func lookUp[T any, C uint8 | uint16 | uint32](out, from []T, codes []C, sel Selection) {
	if sel == nil {
		for i, code := range codes {
			out[i] = from[code]
		}
		return
	}
	for i, row := range sel {
		out[i] = from[codes[row]]
	}
}

// isNull reports whether the i-th row is NULL.
func (p picked) isNull(i int) bool {
	if p.sel != nil {
		i = int(p.sel[i])
	}
	return p.c.IsNull(i)
}

func arrowBuffers(p picked, typ arrow.DataType) ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
	one := func(data []byte) ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
		return []*arrowmem.Buffer{arrowmem.NewBufferBytes(data)}, nil, nil
	}
	c := p.c
	switch t := typ.(type) {
	case *arrow.BooleanType:
		bits := make([]byte, bitutil.BytesForBits(int64(p.n)))
		for i, v := range values[uint8](p) {
			bits[i>>3] |= (v & 1) << (i & 7)
		}
		return one(bits)
	case *arrow.Decimal128Type:
		return decimals(p)
	case *arrow.StringType, *arrow.BinaryType:
		return strings(p)
	case *arrow.MonthDayNanoIntervalType:
		return intervals(p)
	case *arrow.TimestampType:
		if step := microsPer(t.Unit); step > 1 && p.kind() == Int64 {
			return one(BytesOf(coarser[int64](p, step)))
		}
	case *arrow.Time32Type:
		if p.kind() != Int64 {
			return nil, nil, fmt.Errorf("a column of kind %s cannot become a time", p.kind())
		}
		return one(BytesOf(coarser[int32](p, microsPer(t.Unit))))
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
	if !ok || fixed.Bytes() != p.kind().Size() {
		return nil, nil, fmt.Errorf("a column of kind %s cannot become Arrow %s", p.kind(), typ)
	}
	switch fixed.Bytes() {
	case 2:
		return one(BytesOf(values[uint16](p)))
	case 4:
		return one(BytesOf(values[uint32](p)))
	case 8:
		return one(BytesOf(values[uint64](p)))
	}
	return nil, nil, fmt.Errorf("a column of kind %s cannot become Arrow %s", p.kind(), typ)
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
func coarser[T int32 | int64](p picked, step int64) []T {
	out := make([]T, p.n)
	for i, v := range values[int64](p) {
		out[i] = T(v / step)
	}
	return out
}

func decimals(p picked) ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
	out := make([]decimal128.Num, p.n)
	from := p.source()
	switch p.kind() {
	case Int64:
		values := from.Int64s()
		if p.c.Dict == nil && p.sel == nil {
			for i, v := range values {
				out[i] = decimal128.FromI64(v)
			}
			break
		}
		if len(values) > 0 {
			p.each(func(i, at int) { out[i] = decimal128.FromI64(values[at]) })
		}
	case Int128:
		values := from.Int128s()
		if len(values) > 0 {
			p.each(func(i, at int) { out[i] = decimal128.New(values[at].Hi, values[at].Lo) })
		}
	default:
		return nil, nil, fmt.Errorf("a column of kind %s cannot become a decimal", p.kind())
	}
	return []*arrowmem.Buffer{arrowmem.NewBufferBytes(BytesOf(out))}, nil, nil
}

func strings(p picked) ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
	if p.kind() != String {
		return nil, nil, fmt.Errorf("a column of kind %s cannot become a string", p.kind())
	}
	from := p.source()
	views, nullable := from.Views(), p.c.Valid != nil
	offsets, total := make([]int32, p.n+1), 0
	p.each(func(i, at int) {
		if !nullable || !p.isNull(i) {
			total += int(views[at].Len)
		}
	})
	if total > 1<<31-1 {
		return nil, nil, fmt.Errorf("strings of a batch exceed 2 GiB")
	}
	data := make([]byte, 0, total)
	p.each(func(i, at int) {
		if !nullable || !p.isNull(i) {
			data = append(data, views[at].Bytes(from.Buffers)...)
		}
		offsets[i+1] = int32(len(data))
	})
	return []*arrowmem.Buffer{arrowmem.NewBufferBytes(BytesOf(offsets)), arrowmem.NewBufferBytes(data)}, nil, nil
}

func intervals(p picked) ([]*arrowmem.Buffer, []arrow.ArrayData, error) {
	if p.kind() != Interval {
		return nil, nil, fmt.Errorf("a column of kind %s cannot become an interval", p.kind())
	}
	out := make([]arrow.MonthDayNanoInterval, p.n)
	for i, v := range values[MonthDayMicro](p) {
		nanos := v.Micros * 1000
		if !p.isNull(i) && nanos/1000 != v.Micros {
			return nil, nil, fmt.Errorf("an interval of %d microseconds is out of Arrow's range", v.Micros)
		}
		out[i] = arrow.MonthDayNanoInterval{Months: v.Months, Days: v.Days, Nanoseconds: nanos}
	}
	return []*arrowmem.Buffer{arrowmem.NewBufferBytes(BytesOf(out))}, nil, nil
}
