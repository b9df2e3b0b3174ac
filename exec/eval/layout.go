package eval

import (
	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Layout is the column layout of a type's values. Wide numerics are Int128 here,
// and may be Int64 in any batch where all values fit.
func Layout(t expr.Type) vector.Kind {
	switch t.Kind {
	case expr.Bool:
		return vector.Bool
	case expr.Int2:
		return vector.Int16
	case expr.Int4, expr.Date:
		return vector.Int32
	case expr.Int8, expr.Time, expr.Timestamp, expr.TimestampTZ:
		return vector.Int64
	case expr.Numeric:
		if t.IsWide() {
			return vector.Int128
		}
		return vector.Int64
	case expr.Float4:
		return vector.Float32
	case expr.Float8:
		return vector.Float64
	case expr.Interval:
		return vector.Interval
	case expr.List, expr.Map:
		return vector.List
	case expr.Struct:
		return vector.Struct
	}
	return vector.String // text, char, bytea, unknown
}

// ColumnOf is values of type t as a flat column in memory of its own.
func ColumnOf(values []expr.Value, t expr.Type) vector.Column {
	var valid vector.Bitmap
	for i, v := range values {
		if v.Null {
			if valid == nil {
				valid = vector.NewBitmapSet(len(values))
			}
			valid.Clear(i)
		}
	}
	switch kind := Layout(t); kind {
	case vector.Bool:
		return flatOf(kind, values, valid, func(v expr.Value) uint8 { return uint8(v.I) })
	case vector.Int16:
		return flatOf(kind, values, valid, func(v expr.Value) int16 { return int16(v.I) })
	case vector.Int32:
		return flatOf(kind, values, valid, func(v expr.Value) int32 { return int32(v.I) })
	case vector.Int64:
		return flatOf(kind, values, valid, func(v expr.Value) int64 { return v.I })
	case vector.Int128:
		return flatOf(kind, values, valid, wide)
	case vector.Float32:
		return flatOf(kind, values, valid, func(v expr.Value) float32 { return float32(v.F) })
	case vector.Float64:
		return flatOf(kind, values, valid, func(v expr.Value) float64 { return v.F })
	case vector.Interval:
		return flatOf(kind, values, valid, func(v expr.Value) vector.MonthDayMicro {
			months, days, micros := v.Interval()
			return vector.MonthDayMicro{Months: months, Days: days, Micros: micros}
		})
	case vector.String:
		var b vector.StringBuilder
		for _, v := range values {
			b.AppendString(v.S)
		}
		return b.Column(valid)
	default:
		return nestedOf(values, t, valid)
	}
}

func wide(v expr.Value) vector.I128 { return vector.I128{Lo: uint64(v.I), Hi: v.Hi} }

func flatOf[T any](kind vector.Kind, values []expr.Value, valid vector.Bitmap, get func(expr.Value) T) vector.Column {
	out := make([]T, len(values))
	for i, v := range values {
		if !v.Null {
			out[i] = get(v)
		}
	}
	return vector.Flat(kind, out, valid)
}

// nestedOf builds lists, structs and maps (lists of key-value structs).
func nestedOf(values []expr.Value, t expr.Type, valid vector.Bitmap) vector.Column {
	n := len(values)
	if t.Kind == expr.Struct {
		out := vector.Column{Kind: vector.Struct, Len: n, Valid: valid}
		for i, field := range t.Nested.Fields {
			part := make([]expr.Value, n)
			for row, v := range values {
				part[row] = expr.Null
				if !v.Null {
					part[row] = v.Elems[i]
				}
			}
			out.Children = append(out.Children, ColumnOf(part, field.Type))
		}
		return out
	}
	elem := t.Nested.Elem
	step := 1
	if t.Kind == expr.Map {
		elem, step = expr.Type{Kind: expr.Struct, Nested: t.Nested}, 2
	}
	var all []expr.Value
	offsets := make([]int32, 1, n+1)
	for _, v := range values {
		for i := 0; i+step <= len(v.Elems) && !v.Null; i += step {
			if step == 2 {
				all = append(all, expr.Value{Elems: v.Elems[i : i+2]})
			} else {
				all = append(all, v.Elems[i])
			}
		}
		offsets = append(offsets, int32(len(all)))
	}
	return vector.Column{Kind: vector.List, Len: n, Valid: valid, Data: vector.BytesOf(offsets),
		Children: []vector.Column{ColumnOf(all, elem)}}
}

// ValueAt is row i of a column of type t.
func ValueAt(c *vector.Column, i int, t expr.Type) expr.Value {
	if c.IsNull(i) {
		return expr.Null
	}
	c, i = c.At(i)
	switch c.Kind {
	case vector.Bool:
		return expr.Int(int64(c.Bools()[i]))
	case vector.Int16:
		return expr.Int(int64(c.Int16s()[i]))
	case vector.Int32:
		return expr.Int(int64(c.Int32s()[i]))
	case vector.Int64:
		if t.Kind == expr.Numeric {
			return expr.Decimal64(c.Int64s()[i])
		}
		return expr.Int(c.Int64s()[i])
	case vector.Int128:
		v := c.Int128s()[i]
		return expr.Value{I: int64(v.Lo), Hi: v.Hi}
	case vector.Float32:
		return expr.Float(float64(c.Float32s()[i]))
	case vector.Float64:
		return expr.Float(c.Float64s()[i])
	case vector.Interval:
		v := c.Intervals()[i]
		return expr.IntervalValue(v.Months, v.Days, v.Micros)
	case vector.Struct:
		out := expr.Value{Elems: make([]expr.Value, len(c.Children))}
		for f := range c.Children {
			out.Elems[f] = ValueAt(&c.Children[f], i, t.Nested.Fields[f].Type)
		}
		return out
	case vector.List:
		return listAt(c, i, t)
	}
	return expr.Str(string(c.Views()[i].Bytes(c.Buffers)))
}

func listAt(c *vector.Column, i int, t expr.Type) expr.Value {
	offsets, out := c.Offsets(), expr.Value{}
	for j := offsets[i]; j < offsets[i+1]; j++ {
		if t.Kind == expr.Map {
			pair := ValueAt(&c.Children[0], int(j), expr.Type{Kind: expr.Struct, Nested: t.Nested})
			out.Elems = append(out.Elems, pair.Elems...)
			continue
		}
		out.Elems = append(out.Elems, ValueAt(&c.Children[0], int(j), t.Nested.Elem))
	}
	return out
}

// decimals is a numeric column's values as 128 bits.
func decimals(f *frame, c *vector.Column, sel vector.Selection) ([]vector.I128, error) {
	if c.Kind == vector.Int128 {
		return c.Int128s(), nil
	}
	out, err := alloc[vector.I128](f, c.Len)
	if err != nil {
		return nil, err
	}
	kernel.Widen(c.Int64s(), within1(c, sel), out)
	return out, nil
}

// within1 is the selection for a column that may be a constant's single value. Of no
// rows it is none: the single value may be the garbage under a batch's only NULL.
func within1(c *vector.Column, sel vector.Selection) vector.Selection {
	if c.Len == 1 && (sel == nil || len(sel) > 0) {
		return nil
	}
	return sel
}
