package value

import (
	"math/big"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// At is an element of an Arrow array as a SQL value with its type: any Arrow type
// that has one, dictionaries looked up. A decimal of more digits than a numeric has is
// its digits as a text. The value owns its bytes.
func At(a arrow.Array, i int) (expr.Value, expr.Type, error) {
	if d, ok := a.(*array.Dictionary); ok {
		if d.IsNull(i) {
			return expr.Null, expr.Type{}, nil
		}
		index := d.GetValueIndex(i)
		if index < 0 || index >= d.Dictionary().Len() {
			return expr.Null, expr.Type{}, sqlerr.New(sqlerr.DataException, "dictionary index %d of %d entries", index, d.Dictionary().Len())
		}
		return At(d.Dictionary(), index)
	}
	if d, ok := a.(*array.Decimal256); ok && a.DataType().(*arrow.Decimal256Type).Precision > expr.MaxPrecision {
		if d.IsNull(i) {
			return expr.Null, expr.Of(expr.Text), nil
		}
		return expr.Str(d.Value(i).ToString(a.DataType().(*arrow.Decimal256Type).Scale)), expr.Of(expr.Text), nil
	}
	typ, ok := expr.FromArrow(a.DataType())
	if !ok {
		return expr.Null, typ, sqlerr.New(sqlerr.FeatureNotSupported, "values of the Arrow type %s have no SQL type", a.DataType())
	}
	if _, ok := a.(*array.Null); ok || a.IsNull(i) { // IsNull needs a bitmap, which Null has not
		return expr.Null, typ, nil
	}
	if typ.IsNested() {
		v, err := nestedAt(a, i)
		return v, typ, err
	}
	v, ok := scalarAt(a, i)
	if !ok {
		return v, typ, sqlerr.New(sqlerr.FeatureNotSupported, "values of the Arrow type %s have no SQL type", a.DataType())
	}
	return v, typ, nil
}

func scalarAt(a arrow.Array, i int) (_ expr.Value, ok bool) {
	switch a := a.(type) {
	case *array.Boolean:
		return expr.BoolValue(a.Value(i)), true
	case *array.Int8:
		return expr.Int(int64(a.Value(i))), true
	case *array.Int16:
		return expr.Int(int64(a.Value(i))), true
	case *array.Int32:
		return expr.Int(int64(a.Value(i))), true
	case *array.Int64:
		return expr.Int(a.Value(i)), true
	case *array.Uint8:
		return expr.Int(int64(a.Value(i))), true
	case *array.Uint16:
		return expr.Int(int64(a.Value(i))), true
	case *array.Uint32:
		return expr.Int(int64(a.Value(i))), true
	case *array.Uint64:
		return expr.Value{I: int64(a.Value(i))}, true // numeric(20,0): the low 64 bits
	case *array.Float16:
		return expr.Float(float64(a.Value(i).Float32())), true
	case *array.Float32:
		return expr.Float(float64(a.Value(i))), true
	case *array.Float64:
		return expr.Float(a.Value(i)), true
	case *array.Decimal32:
		return expr.Decimal64(int64(a.Value(i))), true
	case *array.Decimal64:
		return expr.Decimal64(int64(a.Value(i))), true
	case *array.Decimal128:
		return expr.Value{I: int64(a.Value(i).LowBits()), Hi: a.Value(i).HighBits()}, true
	case *array.Decimal256:
		return expr.Decimal128(new(big.Int).Set(a.Value(i).BigInt()))
	}
	if v, ok := textAt(a, i); ok {
		return v, true
	}
	return timeAt(a, i)
}

func textAt(a arrow.Array, i int) (_ expr.Value, ok bool) {
	switch a := a.(type) {
	case array.StringLike:
		return expr.Str(strings.Clone(a.Value(i))), true
	case interface{ Value(int) []byte }: // binary of any offsets, views, fixed size
		return expr.Str(string(a.Value(i))), true
	}
	return expr.Null, false
}

func timeAt(a arrow.Array, i int) (_ expr.Value, ok bool) {
	switch a := a.(type) {
	case *array.Date32:
		return expr.Int(int64(a.Value(i))), true
	case *array.Date64:
		return expr.Int(floorDiv(int64(a.Value(i)), 86_400_000)), true
	case *array.Time32:
		return expr.Int(micros(int64(a.Value(i)), a.DataType().(*arrow.Time32Type).Unit)), true
	case *array.Time64:
		return expr.Int(micros(int64(a.Value(i)), a.DataType().(*arrow.Time64Type).Unit)), true
	case *array.Timestamp:
		return expr.Int(micros(int64(a.Value(i)), a.DataType().(*arrow.TimestampType).Unit)), true
	case *array.MonthInterval:
		return expr.IntervalValue(int32(a.Value(i)), 0, 0), true
	case *array.DayTimeInterval:
		v := a.Value(i)
		return expr.IntervalValue(0, v.Days, int64(v.Milliseconds)*1000), true
	case *array.MonthDayNanoInterval:
		v := a.Value(i)
		return expr.IntervalValue(v.Months, v.Days, floorDiv(v.Nanoseconds, 1000)), true
	}
	return expr.Null, false
}

func nestedAt(a arrow.Array, i int) (expr.Value, error) {
	v := expr.Value{}
	add := func(part arrow.Array, j int) error {
		e, _, err := At(part, j)
		v.Elems = append(v.Elems, e)
		return err
	}
	switch a := a.(type) {
	case *array.Struct:
		for f := range a.NumField() {
			if err := add(a.Field(f), i); err != nil {
				return v, err
			}
		}
		return v, nil
	case *array.Map:
		from, to := a.ValueOffsets(i)
		for j := int(from); j < int(to); j++ {
			if err := add(a.Keys(), j); err != nil {
				return v, err
			}
			if err := add(a.Items(), j); err != nil {
				return v, err
			}
		}
		return v, nil
	case array.ListLike:
		from, to := a.ValueOffsets(i)
		for j := int(from); j < int(to); j++ {
			if err := add(a.ListValues(), j); err != nil {
				return v, err
			}
		}
		return v, nil
	}
	return v, sqlerr.New(sqlerr.FeatureNotSupported, "values of the Arrow type %s have no SQL type", a.DataType())
}

// micros is a time in a unit as microseconds, rounded down.
func micros(v int64, unit arrow.TimeUnit) int64 {
	switch unit {
	case arrow.Second:
		return v * 1_000_000
	case arrow.Millisecond:
		return v * 1000
	case arrow.Nanosecond:
		return floorDiv(v, 1000)
	}
	return v
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}
