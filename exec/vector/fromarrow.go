package vector

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	arrowmem "github.com/apache/arrow-go/v18/arrow/memory"
)

// FromArrow gives an Arrow array the layout of the SQL type that holds its values:
// unsigned integers widen, dates become days, times and timestamps microseconds (what is
// finer is rounded down), dictionaries are resolved. Strings share the array's memory: the
// column is good for as long as that is. Values that the layout does not hold are an error.
func FromArrow(a arrow.Array) (Column, error) {
	n := a.Len()
	valid := validity(a)
	switch a := a.(type) {
	case *array.Null:
		return Column{Kind: String, Len: n, Valid: NewBitmap(n), Data: make([]byte, n*String.Size())}, nil
	case *array.Boolean:
		out := make([]uint8, n)
		for i := range out {
			if a.Value(i) {
				out[i] = 1
			}
		}
		return Flat(Bool, out, valid), nil
	case *array.Int8:
		return widened[int8, int16](Int16, a.Int8Values(), valid), nil
	case *array.Uint8:
		return widened[uint8, int16](Int16, a.Uint8Values(), valid), nil
	case *array.Int16:
		return Flat(Int16, a.Int16Values(), valid), nil
	case *array.Uint16:
		return widened[uint16, int32](Int32, a.Uint16Values(), valid), nil
	case *array.Int32:
		return Flat(Int32, a.Int32Values(), valid), nil
	case *array.Uint32:
		return widened[uint32, int64](Int64, a.Uint32Values(), valid), nil
	case *array.Int64:
		return Flat(Int64, a.Int64Values(), valid), nil
	case *array.Uint64:
		return each(Int128, n, valid, func(i int) (I128, error) { return I128{Lo: a.Value(i)}, nil })
	case *array.Float16:
		return each(Float32, n, valid, func(i int) (float32, error) { return a.Value(i).Float32(), nil })
	case *array.Float32:
		return Flat(Float32, a.Float32Values(), valid), nil
	case *array.Float64:
		return Flat(Float64, a.Float64Values(), valid), nil
	case *array.Dictionary:
		return fromDictionary(a, valid)
	case *array.Struct:
		out := Column{Kind: Struct, Len: n, Valid: valid, Children: make([]Column, a.NumField())}
		for i := range out.Children {
			var err error
			if out.Children[i], err = FromArrow(a.Field(i)); err != nil {
				return out, err
			}
		}
		return out, nil
	case array.ExtensionArray:
		return FromArrow(a.Storage())
	}
	if c, ok, err := fromTimes(a, valid); ok || err != nil {
		return c, err
	}
	if c, ok, err := fromDecimals(a, valid); ok || err != nil {
		return c, err
	}
	if c, ok, err := fromStrings(a, valid); ok || err != nil {
		return c, err
	}
	return fromLists(a, valid)
}

func noLayout(t arrow.DataType) error {
	return fmt.Errorf("a column of Arrow type %s is not supported", t)
}

// validity is which values are there; nil when all are.
func validity(a arrow.Array) Bitmap {
	if a.NullN() == 0 {
		return nil
	}
	out := NewBitmap(a.Len())
	for i := range a.Len() {
		if a.IsValid(i) {
			out.Set(i)
		}
	}
	return out
}

func widened[A int8 | uint8 | uint16 | uint32, B int16 | int32 | int64](k Kind, in []A, valid Bitmap) Column {
	out := make([]B, len(in))
	for i, v := range in {
		out[i] = B(v)
	}
	return Flat(k, out, valid)
}

// each makes a column value by value; those that are not there are zero.
func each[T any](k Kind, n int, valid Bitmap, at func(i int) (T, error)) (Column, error) {
	out := make([]T, n)
	for i := range out {
		if valid != nil && !valid.Get(i) {
			continue
		}
		var err error
		if out[i], err = at(i); err != nil {
			return Column{}, err
		}
	}
	return Flat(k, out, valid), nil
}

func fromTimes(a arrow.Array, valid Bitmap) (c Column, ok bool, err error) {
	n := a.Len()
	switch a := a.(type) {
	case *array.Date32:
		c, err = each(Int32, n, valid, func(i int) (int32, error) { return int32(a.Value(i)), nil })
	case *array.Date64:
		c, err = each(Int32, n, valid, func(i int) (int32, error) {
			day := floorDiv(int64(a.Value(i)), 86_400_000)
			if day != int64(int32(day)) {
				return 0, fmt.Errorf("date out of range")
			}
			return int32(day), nil
		})
	case *array.Time32:
		unit := a.DataType().(*arrow.Time32Type).Unit
		c, err = each(Int64, n, valid, func(i int) (int64, error) { return micros(int64(a.Value(i)), unit) })
	case *array.Time64:
		unit := a.DataType().(*arrow.Time64Type).Unit
		c, err = each(Int64, n, valid, func(i int) (int64, error) { return micros(int64(a.Value(i)), unit) })
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		c, err = each(Int64, n, valid, func(i int) (int64, error) { return micros(int64(a.Value(i)), unit) })
	case *array.MonthInterval:
		c, err = each(Interval, n, valid, func(i int) (MonthDayMicro, error) { return MonthDayMicro{Months: int32(a.Value(i))}, nil })
	case *array.DayTimeInterval:
		c, err = each(Interval, n, valid, func(i int) (MonthDayMicro, error) {
			return MonthDayMicro{Days: a.Value(i).Days, Micros: int64(a.Value(i).Milliseconds) * 1000}, nil
		})
	case *array.MonthDayNanoInterval:
		c, err = each(Interval, n, valid, func(i int) (MonthDayMicro, error) {
			v := a.Value(i)
			return MonthDayMicro{Months: v.Months, Days: v.Days, Micros: floorDiv(v.Nanoseconds, 1000)}, nil
		})
	default:
		return c, false, nil
	}
	return c, true, err
}

// micros is a time of some unit in microseconds.
func micros(v int64, unit arrow.TimeUnit) (int64, error) {
	factor := int64(1)
	switch unit {
	case arrow.Second:
		factor = 1_000_000
	case arrow.Millisecond:
		factor = 1000
	case arrow.Nanosecond:
		return floorDiv(v, 1000), nil
	}
	if v > math.MaxInt64/factor || v < math.MinInt64/factor {
		return 0, fmt.Errorf("timestamp out of range")
	}
	return v * factor, nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func fromDecimals(a arrow.Array, valid Bitmap) (c Column, ok bool, err error) {
	var at func(i int) (decimal128.Num, error)
	switch a := a.(type) {
	case *array.Decimal32:
		at = func(i int) (decimal128.Num, error) { return decimal128.FromI64(int64(a.Value(i))), nil }
	case *array.Decimal64:
		at = func(i int) (decimal128.Num, error) { return decimal128.FromI64(int64(a.Value(i))), nil }
	case *array.Decimal128:
		at = func(i int) (decimal128.Num, error) { return a.Value(i), nil }
	case *array.Decimal256:
		at = func(i int) (decimal128.Num, error) {
			words := a.Value(i).Array()
			hi := int64(words[1])
			if sign := uint64(hi >> 63); words[2] != sign || words[3] != sign {
				return decimal128.Num{}, fmt.Errorf("numeric field overflow")
			}
			return decimal128.New(hi, words[0]), nil
		}
	default:
		return c, false, nil
	}
	precision := a.DataType().(arrow.DecimalType).GetPrecision()
	fits := func(i int) (decimal128.Num, error) {
		v, err := at(i)
		if err == nil && !v.FitsInPrecision(min(precision, 38)) {
			err = fmt.Errorf("numeric field overflow")
		}
		return v, err
	}
	if precision <= 18 {
		c, err = each(Int64, a.Len(), valid, func(i int) (int64, error) {
			v, err := fits(i)
			return int64(v.LowBits()), err
		})
		return c, true, err
	}
	c, err = each(Int128, a.Len(), valid, func(i int) (I128, error) {
		v, err := fits(i)
		return I128{Lo: v.LowBits(), Hi: v.HighBits()}, err
	})
	return c, true, err
}

// fromStrings shares a buffer of strings where it is one piece that views can point into.
// Texts are UTF-8.
func fromStrings(a arrow.Array, valid Bitmap) (c Column, ok bool, err error) {
	n := a.Len()
	switch a := a.(type) {
	case *array.String:
		c, err = sharedStrings(valid, a.ValueBytes(), a.ValueOffsets(), true)
	case *array.Binary:
		c, err = sharedStrings(valid, a.ValueBytes(), a.ValueOffsets(), false)
	case *array.LargeString:
		c, err = copiedStrings(n, valid, func(i int) []byte { return []byte(a.Value(i)) }, true)
	case *array.LargeBinary:
		c, err = copiedStrings(n, valid, a.Value, false)
	case *array.StringView:
		c, err = copiedStrings(n, valid, func(i int) []byte { return []byte(a.Value(i)) }, true)
	case *array.BinaryView:
		c, err = copiedStrings(n, valid, a.Value, false)
	case *array.FixedSizeBinary:
		c, err = copiedStrings(n, valid, a.Value, false)
	default:
		return c, false, nil
	}
	return c, true, err
}

var errEncoding = errors.New(`invalid byte sequence for encoding "UTF8"`)

func sharedStrings(valid Bitmap, data []byte, offsets []int32, text bool) (Column, error) {
	views := make([]View, max(0, len(offsets)-1))
	for i := range views {
		if valid != nil && !valid.Get(i) {
			continue
		}
		from, to := offsets[i]-offsets[0], offsets[i+1]-offsets[0]
		if text && !utf8.Valid(data[from:to]) {
			return Column{}, errEncoding
		}
		views[i] = MakeView(data[from:to], 0, uint32(from))
	}
	c := Flat(String, views, valid)
	c.Buffers = [][]byte{data}
	return c, nil
}

func copiedStrings(n int, valid Bitmap, at func(i int) []byte, text bool) (Column, error) {
	var b StringBuilder
	for i := range n {
		if valid != nil && !valid.Get(i) {
			b.Append(nil)
			continue
		}
		v := at(i)
		if text && !utf8.Valid(v) {
			return Column{}, errEncoding
		}
		b.Append(v)
	}
	return b.Column(valid), nil
}

// fromDictionary resolves a dictionary.
func fromDictionary(a *array.Dictionary, valid Bitmap) (Column, error) {
	values, err := FromArrow(a.Dictionary())
	if err != nil {
		return values, err
	}
	if a.Dictionary().Len() == 0 { // then all are null
		if values, err = nulls(a.Dictionary().DataType()); err != nil {
			return values, err
		}
	}
	sel := make(Selection, a.Len())
	for i := range sel {
		if a.IsNull(i) {
			continue
		}
		code := a.GetValueIndex(i)
		if code < 0 || code >= a.Dictionary().Len() {
			return values, fmt.Errorf("code %d of a dictionary of %d entries", code, a.Dictionary().Len())
		}
		sel[i] = uint32(code)
	}
	out := Gather(&values, sel)
	if valid == nil {
		return out, nil
	}
	if out.Valid != nil {
		valid = And(valid, out.Valid, out.Len)
	}
	out.Valid = valid
	return out, nil
}

// nulls is a column of one NULL.
func nulls(t arrow.DataType) (Column, error) {
	b := array.NewBuilder(arrowmem.DefaultAllocator, t)
	defer b.Release()
	b.AppendNull()
	one := b.NewArray()
	defer one.Release()
	return FromArrow(one)
}

func fromLists(a arrow.Array, valid Bitmap) (Column, error) {
	l, ok := a.(array.ListLike)
	if !ok {
		return Column{}, noLayout(a.DataType())
	}
	n := a.Len()
	offsets := make([]int32, n+1)
	var sel Selection
	dense := true // the elements stand one after another, as a list has them
	from, next := int64(0), int64(0)
	for i := range n {
		if i == 0 {
			from, _ = l.ValueOffsets(0)
			next = from
		}
		start, end := l.ValueOffsets(i)
		if valid != nil && !valid.Get(i) {
			start, end = next, next
		}
		dense = dense && start == next
		next = end
		for k := start; k < end; k++ {
			sel = append(sel, uint32(k))
		}
		if len(sel) > math.MaxInt32 {
			return Column{}, fmt.Errorf("lists of more than %d elements in a batch", math.MaxInt32)
		}
		offsets[i+1] = int32(len(sel))
	}
	values := l.ListValues()
	if dense {
		values = array.NewSlice(values, from, next)
		defer values.Release()
	}
	child, err := FromArrow(values)
	if err != nil {
		return child, err
	}
	if !dense {
		child = Gather(&child, sel)
	}
	out := Flat(List, offsets, valid)
	out.Len = n
	out.Children = []Column{child}
	return out, nil
}
