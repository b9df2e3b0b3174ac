package vector

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

func TestBitmapSliceHasTheBitsOfItsRange(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	b := NewBitmap(300)
	for i := range 300 {
		if r.IntN(2) == 0 {
			b.Set(i)
		}
	}
	for _, span := range [][2]int{{0, 300}, {64, 200}, {1, 65}, {63, 130}, {130, 130}, {299, 300}} {
		s := b.Slice(span[0], span[1])
		count := 0
		for i := span[0]; i < span[1]; i++ {
			if s.Get(i-span[0]) != b.Get(i) {
				t.Fatalf("bit %d of %v", i, span)
			}
			if b.Get(i) {
				count++
			}
		}
		if got := s.Count(span[1] - span[0]); got != count {
			t.Fatalf("%v has %d bits, not %d", span, got, count)
		}
	}
}

// texts is a String column of short and long strings with a NULL at each place in
// nulls.
func texts(n int, nulls ...int) Column {
	var b StringBuilder
	for i := range n {
		b.AppendString(fmt.Sprintf("%d%*s", i, i%20, ""))
	}
	var valid Bitmap
	if len(nulls) > 0 {
		valid = NewBitmapSet(n)
		for _, i := range nulls {
			valid.Clear(i)
		}
	}
	return b.Column(valid)
}

func TestGatherTakesRowsOfEveryEncoding(t *testing.T) {
	sel := Selection{3, 0, 3, 2}
	codes := Column{Kind: String, Width: 1, Len: 4, Data: []byte{2, 0, 1, 2}, Dict: &Dict{Values: texts(3)}, Valid: NewBitmapSet(4)}
	codes.Valid.Clear(2)
	one := texts(1)
	list := Column{Kind: List, Len: 4, Data: BytesOf([]int32{0, 2, 2, 3, 5}), Children: []Column{Flat(Int64, []int64{1, 2, 3, 4, 5}, nil)}}
	for _, c := range []Column{texts(4, 0), codes, Const(one, 4), Flat(Int32, []int32{7, 8, 9, 10}, nil), list} {
		g := Gather(&c, sel)
		if g.Len != len(sel) {
			t.Fatalf("%d rows of %s", g.Len, c.Kind)
		}
		for i, row := range sel {
			if got, want := show(&g, i), show(&c, int(row)); got != want {
				t.Errorf("%s row %d: %s, want %s", c.Kind, i, got, want)
			}
		}
	}
}

// show is a row as text.
func show(c *Column, i int) string {
	if c.IsNull(i) {
		return "NULL"
	}
	f, at := c.At(i)
	switch f.Kind {
	case String:
		return f.StringAt(at)
	case Int32:
		return fmt.Sprint(f.Int32s()[at])
	case Int64:
		return fmt.Sprint(f.Int64s()[at])
	case Int128:
		return fmt.Sprint(f.Int128s()[at])
	case List:
		s := "["
		for j := f.Offsets()[at]; j < f.Offsets()[at+1]; j++ {
			s += show(&f.Children[0], int(j)) + " "
		}
		return s + "]"
	}
	return "?"
}

func TestConcatPutsColumnsBehindEachOther(t *testing.T) {
	dict := Column{Kind: String, Width: 1, Len: 2, Data: []byte{1, 0}, Dict: &Dict{Values: texts(2)}}
	got := Concat([]Column{texts(20, 3), dict, texts(15)})
	if got.Len != 37 || !got.IsNull(3) || got.IsNull(4) {
		t.Fatalf("%d rows, NULLs %v", got.Len, got.Valid)
	}
	a, b := texts(20), texts(15)
	for i := range 37 {
		want := ""
		switch {
		case i == 3:
			continue
		case i < 20:
			want = a.StringAt(i)
		case i < 22:
			want = show(&dict, i-20)
		default:
			want = b.StringAt(i - 22)
		}
		if got.StringAt(i) != want {
			t.Errorf("row %d: %q, want %q", i, got.StringAt(i), want)
		}
	}
	wide := Concat([]Column{Flat(Int64, []int64{-5, 6}, nil), Flat(Int128, []I128{{Lo: 1, Hi: 2}}, nil)})
	if wide.Kind != Int128 || wide.Int128s()[0] != (I128{Lo: ^uint64(4), Hi: -1}) || wide.Int128s()[2].Hi != 2 {
		t.Errorf("decimals of both widths: %v", wide.Int128s())
	}
}

func TestArrowRecordHasTheSelectedRows(t *testing.T) {
	dict := Column{Kind: Int64, Width: 1, Len: 3, Data: []byte{1, 0, 1}, Dict: &Dict{Values: Flat(Int64, []int64{125, -250}, nil)}}
	b := New([]Column{texts(3, 1), dict, Flat(Bool, []uint8{1, 0, 1}, nil),
		Flat(Interval, []MonthDayMicro{{}, {}, {Months: 1, Days: 2, Micros: 3}}, nil)}, 3)
	b.Sel = Selection{1, 2}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "d", Type: &arrow.Decimal128Type{Precision: 10, Scale: 2}, Nullable: true},
		{Name: "b", Type: arrow.FixedWidthTypes.Boolean, Nullable: true},
		{Name: "i", Type: arrow.FixedWidthTypes.MonthDayNanoInterval, Nullable: true},
	}, nil)
	rec, err := ToArrow(b, schema)
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	want := [][2]string{{"(null)", "2  "}, {"1.25", "-2.5"}, {"false", "true"}, {`{"months":0,"days":0,"nanoseconds":0}`, `{"months":1,"days":2,"nanoseconds":3000}`}}
	for c, values := range want {
		for row, v := range values {
			if got := rec.Column(c).ValueStr(row); got != v {
				t.Errorf("%s row %d: %q, want %q", schema.Field(c).Name, row, got, v)
			}
		}
	}
	if _, err := ToArrow(b, arrow.NewSchema([]arrow.Field{schema.Field(1), schema.Field(1), schema.Field(2), schema.Field(3)}, nil)); err == nil {
		t.Error("a string became a decimal")
	}
}

func TestEqualViewsAgreeWithTheirBytes(t *testing.T) {
	c, d := texts(40), texts(40)
	for i := range 40 {
		for j := range 40 {
			same := c.StringAt(i) == d.StringAt(j)
			if got := EqualViews(&c.Views()[i], c.Buffers, &d.Views()[j], d.Buffers); got != same {
				t.Fatalf("%q and %q: %t", c.StringAt(i), d.StringAt(j), got)
			}
		}
	}
}

// Every form of a column becomes the Arrow data of its rows copied out one by one.
func TestArrowLooksDictionariesUp(t *testing.T) {
	var words StringBuilder
	for i := range 50 {
		words.AppendString(fmt.Sprint("a word that is number ", i))
	}
	dicts := map[arrow.DataType]Column{
		arrow.BinaryTypes.String:                       words.Column(nil),
		arrow.PrimitiveTypes.Int64:                     Flat(Int64, upTo(50), nil),
		&arrow.Decimal128Type{Precision: 18}:           Flat(Int64, upTo(50), nil),
		&arrow.TimestampType{Unit: arrow.Second}:       Flat(Int64, []int64{-3000000, 0, 5000000}, nil),
		arrow.FixedWidthTypes.Time32ms:                 Flat(Int64, []int64{1000, 0, 5000}, nil),
		arrow.PrimitiveTypes.Int16:                     Flat(Int16, []int16{3, -4, 5}, nil),
		arrow.FixedWidthTypes.Date32:                   Flat(Int32, []int32{3, -4, 5}, nil),
		arrow.FixedWidthTypes.Boolean:                  Flat(Bool, []uint8{1, 0}, nil),
		arrow.FixedWidthTypes.MonthDayNanoInterval:     Flat(Interval, []MonthDayMicro{{1, 2, 3}, {}}, nil),
		&arrow.Decimal128Type{Precision: 38, Scale: 1}: Flat(Int128, []I128{{1, -2}, {3, 4}}, nil),
	}
	const rows = 300
	for typ, entries := range dicts {
		dict := &Dict{Values: entries}
		codes := make([]uint32, rows)
		valid := NewBitmapSet(rows)
		for i := range codes {
			codes[i] = uint32(i * 7 % entries.Len)
			if i%5 == 1 {
				valid.Clear(i)
			}
		}
		narrow, middle := make([]uint8, rows), make([]uint16, rows)
		for i, c := range codes {
			narrow[i], middle[i] = uint8(c), uint16(c)
		}
		forms := []Column{{Width: 0}, {Width: 1, Data: narrow}, {Width: 2, Data: BytesOf(middle)}, {Width: 4, Data: BytesOf(codes)}}
		for _, f := range forms {
			f.Kind, f.Len, f.Dict = entries.Kind, rows, dict
			for _, v := range []Bitmap{nil, valid} {
				f.Valid = v
				flat := Flatten(&f)
				for _, sel := range []Selection{nil, {0, 3, 299, 7, 7}, {}} {
					for _, c := range []*Column{&f, &flat} {
						got, err := toArrow(c, sel, typ)
						if err != nil {
							t.Fatal(err)
						}
						copied := flat
						if sel != nil {
							copied = Gather(&flat, sel)
						}
						want, err := toArrow(&copied, nil, typ)
						if err != nil {
							t.Fatal(err)
						}
						a, b := array.MakeFromData(got), array.MakeFromData(want)
						if !array.Equal(a, b) {
							t.Errorf("%s, codes of %d bytes, %d of %d rows: %v, not %v", typ, f.Width, len(sel), rows, a, b)
						}
					}
				}
			}
		}
	}
}

// upTo is 0 to n-1.
func upTo(n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(i)
	}
	return out
}
