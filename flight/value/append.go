package value

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// Append appends v, a value of type t, to a builder of t.Arrow().
func Append(b array.Builder, t expr.Type, v expr.Value) error {
	if v.Null {
		b.AppendNull()
		return nil
	}
	switch b := b.(type) {
	case *array.BooleanBuilder:
		b.Append(v.I != 0)
	case *array.Int16Builder:
		b.Append(int16(v.I))
	case *array.Int32Builder:
		b.Append(int32(v.I))
	case *array.Int64Builder:
		b.Append(v.I)
	case *array.Float32Builder:
		b.Append(float32(v.F))
	case *array.Float64Builder:
		b.Append(v.F)
	case *array.Decimal128Builder:
		b.Append(decimal128.New(v.Hi, uint64(v.I)))
	case *array.StringBuilder:
		b.Append(v.S)
	case *array.BinaryBuilder:
		b.Append([]byte(v.S))
	default:
		return appendTime(b, t, v)
	}
	return nil
}

func appendTime(b array.Builder, t expr.Type, v expr.Value) error {
	switch b := b.(type) {
	case *array.Date32Builder:
		b.Append(arrow.Date32(v.I))
	case *array.Time32Builder:
		b.Append(arrow.Time32(v.I / micros(1, b.Type().(*arrow.Time32Type).Unit)))
	case *array.Time64Builder:
		b.Append(arrow.Time64(v.I))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.I / micros(1, b.Type().(*arrow.TimestampType).Unit)))
	case *array.MonthDayNanoIntervalBuilder:
		months, days, us := v.Interval()
		if us > maxNanos/1000 || us < -maxNanos/1000 {
			return sqlerr.New(sqlerr.DatetimeFieldOverflow, "interval out of range")
		}
		b.Append(arrow.MonthDayNanoInterval{Months: months, Days: days, Nanoseconds: us * 1000})
	default:
		return appendNested(b, t, v)
	}
	return nil
}

const maxNanos = 1<<63 - 1

func appendNested(b array.Builder, t expr.Type, v expr.Value) error {
	switch b := b.(type) {
	case *array.StructBuilder:
		b.Append(true)
		for i, e := range v.Elems {
			if err := Append(b.FieldBuilder(i), t.Nested.Fields[i].Type, e); err != nil {
				return err
			}
		}
		return nil
	case *array.MapBuilder:
		b.Append(true)
		parts := [2]array.Builder{b.KeyBuilder(), b.ItemBuilder()}
		for i, e := range v.Elems {
			if err := Append(parts[i%2], t.Nested.Fields[i%2].Type, e); err != nil {
				return err
			}
		}
		return nil
	case *array.ListBuilder:
		b.Append(true)
		for _, e := range v.Elems {
			if err := Append(b.ValueBuilder(), t.Nested.Elem, e); err != nil {
				return err
			}
		}
		return nil
	}
	return sqlerr.New(sqlerr.FeatureNotSupported, "values of type %s cannot be written to %s", t, b.Type())
}
