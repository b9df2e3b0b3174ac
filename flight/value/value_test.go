package value_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/skein-query/skein/flight/flighttest"
	"github.com/skein-query/skein/flight/value"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

func TestAppendedValuesAreReadBack(t *testing.T) {
	values := map[expr.Kind][]expr.Value{
		expr.Bool: {expr.BoolValue(true), expr.BoolValue(false)}, expr.Int2: {expr.Int(math.MinInt16)}, expr.Int8: {expr.Int(math.MinInt64)},
		expr.Numeric: {expr.Decimal64(-1), {I: 5, Hi: -7}}, expr.Float8: {expr.Float(math.Inf(1)), expr.Float(math.Copysign(0, -1))},
		expr.Text: {expr.Str(""), expr.Str("grüße")}, expr.Bytea: {expr.Str("\x00\xff")}, expr.Date: {expr.Int(-719162)},
		expr.Time: {expr.Int(86399999999)}, expr.Timestamp: {expr.Int(-1)}, expr.TimestampTZ: {expr.Int(1)},
		expr.Interval: {expr.IntervalValue(-1, 2, -3)}, expr.List: {{}, {Elems: []expr.Value{expr.Null, expr.Int(1)}}},
		expr.Struct: {{Elems: []expr.Value{expr.Int(1), expr.Null}}}, expr.Map: {{Elems: []expr.Value{expr.Str("k"), expr.Null}}},
	}
	for _, f := range flighttest.AllTypes() {
		b := array.NewBuilder(memory.DefaultAllocator, f.Type.Arrow())
		want := append([]expr.Value{expr.Null}, values[f.Type.Kind]...)
		for _, v := range want {
			if err := value.Append(b, f.Type, v); err != nil {
				t.Fatal(err)
			}
		}
		a := b.NewArray()
		for i, v := range want {
			got, typ, err := value.At(a, i)
			if err != nil || !got.Identical(v) || typ.Kind != f.Type.Kind && f.Type.Kind != expr.Char {
				t.Errorf("%s: put %v, got %v of %s, %v", f.Type, v, got, typ, err)
			}
		}
		a.Release()
		b.Release()
	}
}

func TestArrowTypesOfForeignWriters(t *testing.T) {
	for _, test := range []struct {
		typ  arrow.DataType
		json string
		want string
	}{
		{arrow.PrimitiveTypes.Uint64, "[18446744073709551615]", "numeric(20,0) 18446744073709551615"},
		{arrow.PrimitiveTypes.Date64, `["1969-12-31"]`, "date 1969-12-31"},
		{arrow.FixedWidthTypes.Time32s, `["12:00:01"]`, "time(0) 12:00:01"},
		{&arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}, `["1969-12-31 23:59:59.999999999Z"]`, "timestamptz 1969-12-31 23:59:59.999999+00"},
		{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint8, ValueType: arrow.BinaryTypes.String}, `["x"]`, "text x"},
		{arrow.BinaryTypes.LargeString, `["x"]`, "text x"},
		{arrow.BinaryTypes.StringView, `["a text longer than a view's twelve bytes"]`, "text a text longer than a view's twelve bytes"},
		{&arrow.FixedSizeBinaryType{ByteWidth: 2}, `["AAE="]`, `bytea \x0001`},
		{&arrow.Decimal256Type{Precision: 38, Scale: 2}, `["-12.34"]`, "numeric(38,2) -12.34"},
		{arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Int32), "[[1, null]]", "integer[] {1,NULL}"},
		{arrow.Null, "[null]", "text NULL"},
	} {
		a, _, err := array.FromJSON(memory.DefaultAllocator, test.typ, strings.NewReader(test.json))
		if err != nil {
			t.Fatal(test.typ, err)
		}
		v, typ, err := value.At(a, 0)
		if got := fmt.Sprint(typ, " ", expr.FormatValue(v, typ)); got != test.want || err != nil {
			t.Errorf("%s: got %s, %v", test.typ, got, err)
		}
		a.Release()
	}
}

// The results are PostgreSQL 15's for select (FROM 'VALUE')::TO.
func TestConvertFollowsPostgreSQL(t *testing.T) {
	n152, n30 := expr.NumericOf(15, 2), expr.NumericOf(3, 0)
	for _, test := range []struct {
		v        expr.Value
		from, to expr.Type
		want     string
	}{
		{expr.Float(2.5), expr.Of(expr.Float8), expr.Of(expr.Int4), "2"},
		{expr.Float(3.5), expr.Of(expr.Float8), expr.Of(expr.Int4), "4"},
		{expr.Decimal64(250), n152, expr.Of(expr.Int4), "3"},
		{expr.Decimal64(-250), n152, expr.Of(expr.Int4), "-3"},
		{expr.Float(math.NaN()), expr.Of(expr.Float8), expr.Of(expr.Int8), "22003"},
		{expr.Float(9.3e18), expr.Of(expr.Float8), expr.Of(expr.Int8), "22003"},
		{expr.Int(40000), expr.Of(expr.Int8), expr.Of(expr.Int2), "22003"},
		{expr.Int(1000), expr.Of(expr.Int8), n30, "22003"},
		{expr.Decimal64(99950), n152, n30, "22003"},
		{expr.Decimal64(99949), n152, n30, "999"},
		{expr.Float(0.1), expr.Of(expr.Float8), n152, "0.10"},
		{expr.Str(" 12.345 "), expr.Of(expr.Text), n152, "12.35"},
		{expr.Str("abc"), expr.Of(expr.Text), n152, "22P02"},
		{expr.Decimal64(150), n152, expr.Of(expr.Float8), "1.5"},
		{expr.Float(1e300), expr.Of(expr.Float8), expr.Of(expr.Float4), "22003"},
		{expr.Int(-1), expr.Of(expr.Timestamp), expr.Of(expr.Date), "1969-12-31"},
		{expr.Int(-1), expr.Of(expr.Timestamp), expr.Of(expr.Time), "23:59:59.999999"},
		{expr.Int(1), expr.Of(expr.Date), expr.Of(expr.TimestampTZ), "1970-01-02 00:00:00+00"},
		{expr.Int(5), expr.Of(expr.Int8), expr.Of(expr.Text), "5"},
		{expr.Str("\xff"), expr.Of(expr.Bytea), expr.Of(expr.Text), `\xff`},
		{expr.Str("\xff"), expr.Of(expr.Text), expr.Of(expr.Text), "22021"},
		{expr.Str("abcd"), expr.Of(expr.Text), expr.Type{Kind: expr.Text, Length: 3}, "22001"},
		{expr.Str("1 day"), expr.Of(expr.Text), expr.Of(expr.Interval), "1 day"},
		{expr.BoolValue(true), expr.Of(expr.Bool), expr.Of(expr.Date), "42846"},
		{expr.Null, expr.Of(expr.Bool), expr.Of(expr.Date), "NULL"},
	} {
		v, err := value.Convert(test.v, test.from, test.to)
		got := expr.FormatValue(v, test.to)
		if err != nil {
			got = string(sqlerr.CodeOf(err))
		}
		if got != test.want {
			t.Errorf("%s::%s to %s: got %s, want %s (%v)", expr.FormatValue(test.v, test.from), test.from, test.to, got, test.want, err)
		}
	}
}
