package substrait

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

// literalType is the type a literal says it has; see selfTyped.
func (d *decoder) literalType(l *pb.Expression_Literal) (expr.Type, error) {
	switch v := l.GetLiteralType().(type) {
	case *pb.Expression_Literal_Null:
		t, _, err := d.typ(v.Null)
		return t, err
	case *pb.Expression_Literal_Boolean:
		return expr.Of(expr.Bool), nil
	case *pb.Expression_Literal_I16:
		return expr.Of(expr.Int2), nil
	case *pb.Expression_Literal_I32:
		return expr.Of(expr.Int4), nil
	case *pb.Expression_Literal_I64:
		return expr.Of(expr.Int8), nil
	case *pb.Expression_Literal_Fp32:
		return expr.Of(expr.Float4), nil
	case *pb.Expression_Literal_Fp64:
		return expr.Of(expr.Float8), nil
	case *pb.Expression_Literal_String_:
		return expr.Of(expr.Text), nil
	case *pb.Expression_Literal_Binary:
		return expr.Of(expr.Bytea), nil
	case *pb.Expression_Literal_Date:
		return expr.Of(expr.Date), nil
	case *pb.Expression_Literal_Decimal_:
		t, _, err := d.kind(&pb.Type{Kind: &pb.Type_Decimal_{Decimal: &pb.Type_Decimal{
			Precision: v.Decimal.GetPrecision(), Scale: v.Decimal.GetScale()}}}, 0)
		return t, err
	case *pb.Expression_Literal_VarChar_:
		if n := v.VarChar.GetLength(); n < 1 || n > math.MaxInt32 {
			return expr.Type{}, d.errorf("varchar of length %d is no type", n)
		}
		return expr.Type{Kind: expr.Text, Length: int32(v.VarChar.GetLength())}, nil
	case *pb.Expression_Literal_FixedChar:
		t, _, err := d.sized(expr.Char, int32(min(utf8.RuneCountInString(v.FixedChar), math.MaxInt32)), nil)
		return t, err
	case *pb.Expression_Literal_PrecisionTime_:
		t, _, err := d.digits(expr.Time, v.PrecisionTime.GetPrecision(), nil)
		return t, err
	case *pb.Expression_Literal_PrecisionTimestamp_:
		t, _, err := d.digits(expr.Timestamp, v.PrecisionTimestamp.GetPrecision(), nil)
		return t, err
	case *pb.Expression_Literal_PrecisionTimestampTz:
		t, _, err := d.digits(expr.TimestampTZ, v.PrecisionTimestampTz.GetPrecision(), nil)
		return t, err
	case *pb.Expression_Literal_IntervalCompound_:
		return expr.Of(expr.Interval), nil
	case nil:
		return expr.Type{}, d.errorf("a literal is missing")
	default:
		return expr.Type{}, d.errorf("a literal of case %s does not say its type", oneofName(v))
	}
}

// value reads a literal as a value of type t.
func (d *decoder) value(l *pb.Expression_Literal, t expr.Type) (expr.Value, error) {
	if l.GetTypeVariationReference() != 0 {
		return expr.Value{}, d.errorf("a literal of a type variation is not supported")
	}
	if n, ok := l.GetLiteralType().(*pb.Expression_Literal_Null); ok {
		typ, _, err := d.typ(n.Null)
		if err == nil && !compatible(typ, t) {
			err = d.errorf("a NULL of type %s stands for a %s", typ, t)
		}
		return expr.Null, err
	}
	v, ok := scalarValue(l, t)
	if !ok && t.IsNested() {
		return d.nestedValue(l, t)
	}
	if !ok {
		return expr.Value{}, d.errorf("a literal of case %s is no value of type %s", oneofName(l.GetLiteralType()), t)
	}
	return v, nil
}

func scalarValue(l *pb.Expression_Literal, t expr.Type) (_ expr.Value, ok bool) {
	switch v := l.GetLiteralType().(type) {
	case *pb.Expression_Literal_Boolean:
		return expr.BoolValue(v.Boolean), t.Kind == expr.Bool
	case *pb.Expression_Literal_I16:
		return expr.Int(int64(v.I16)), t.Kind == expr.Int2 && v.I16 == int32(int16(v.I16))
	case *pb.Expression_Literal_I32:
		return expr.Int(int64(v.I32)), t.Kind == expr.Int4
	case *pb.Expression_Literal_I64:
		return expr.Int(v.I64), t.Kind == expr.Int8
	case *pb.Expression_Literal_Fp32:
		return expr.Float(float64(v.Fp32)), t.Kind == expr.Float4
	case *pb.Expression_Literal_Fp64:
		return expr.Float(v.Fp64), t.Kind == expr.Float8
	case *pb.Expression_Literal_String_:
		return expr.Str(v.String_), (t.Kind == expr.Text && t.Length == 0) || t.Kind == expr.Unknown
	case *pb.Expression_Literal_VarChar_:
		return expr.Str(v.VarChar.GetValue()), t.Kind == expr.Text && t.Length > 0 && v.VarChar.GetLength() == uint32(t.Length)
	case *pb.Expression_Literal_FixedChar:
		return expr.Str(v.FixedChar), t.Kind == expr.Char
	case *pb.Expression_Literal_Binary:
		return expr.Str(string(v.Binary)), t.Kind == expr.Bytea
	case *pb.Expression_Literal_Date:
		return expr.Int(int64(v.Date)), t.Kind == expr.Date
	case *pb.Expression_Literal_Decimal_:
		b := v.Decimal.GetValue()
		if len(b) != 16 || t.Kind != expr.Numeric || v.Decimal.GetScale() != int32(t.Scale) || v.Decimal.GetPrecision() != int32(t.Precision) {
			return expr.Value{}, false
		}
		return expr.Value{I: int64(binary.LittleEndian.Uint64(b)), Hi: int64(binary.LittleEndian.Uint64(b[8:]))}, true
	case *pb.Expression_Literal_PrecisionTime_:
		return timeValue(v.PrecisionTime, expr.Time, t)
	case *pb.Expression_Literal_PrecisionTimestamp_:
		return timeValue(v.PrecisionTimestamp, expr.Timestamp, t)
	case *pb.Expression_Literal_PrecisionTimestampTz:
		return timeValue(v.PrecisionTimestampTz, expr.TimestampTZ, t)
	case *pb.Expression_Literal_IntervalCompound_:
		iv, ok := intervalValue(v.IntervalCompound)
		return iv, ok && t.Kind == expr.Interval
	}
	return expr.Value{}, false
}

func intervalValue(c *pb.Expression_Literal_IntervalCompound) (_ expr.Value, ok bool) {
	ym, ds := c.GetIntervalYearToMonth(), c.GetIntervalDayToSecond()
	p, ok := ds.GetPrecisionMode().(*pb.Expression_Literal_IntervalDayToSecond_Precision)
	if !ok || p.Precision != microseconds {
		return expr.Value{}, false
	}
	months := int64(ym.GetYears())*12 + int64(ym.GetMonths())
	seconds, sub := int64(ds.GetSeconds())*microsPerSecond, ds.GetSubseconds()
	overflow := (sub > 0 && seconds > math.MaxInt64-sub) || (sub < 0 && seconds < math.MinInt64-sub)
	if overflow || months != int64(int32(months)) {
		return expr.Value{}, false
	}
	return expr.IntervalValue(int32(months), ds.GetDays(), seconds+sub), true
}

func (d *decoder) nestedValue(l *pb.Expression_Literal, t expr.Type) (expr.Value, error) {
	var parts []*pb.Expression_Literal
	typeOf := func(int) expr.Type { return t.Nested.Elem }
	kind := expr.List
	switch v := l.GetLiteralType().(type) {
	case *pb.Expression_Literal_EmptyList:
	case *pb.Expression_Literal_List_:
		parts = v.List.GetValues()
	case *pb.Expression_Literal_EmptyMap:
		kind = expr.Map
	case *pb.Expression_Literal_Map_:
		kind = expr.Map
		for _, kv := range v.Map.GetKeyValues() {
			parts = append(parts, kv.GetKey(), kv.GetValue())
		}
		typeOf = func(i int) expr.Type { return t.Nested.Fields[i%2].Type }
	case *pb.Expression_Literal_Struct_:
		kind, parts = expr.Struct, v.Struct.GetFields()
		typeOf = func(i int) expr.Type { return t.Nested.Fields[i].Type }
	default:
		return expr.Value{}, d.errorf("a literal of case %s is no value of type %s", oneofName(v), t)
	}
	if kind != t.Kind || (kind == expr.Struct && len(parts) != len(t.Nested.Fields)) {
		return expr.Value{}, d.errorf("a literal with %d parts is no value of type %s", len(parts), t)
	}
	v := expr.Value{Elems: make([]expr.Value, len(parts))}
	for i, p := range parts {
		var err error
		if v.Elems[i], err = d.value(p, typeOf(i)); err != nil {
			return expr.Value{}, err
		}
	}
	return v, nil
}

// compatible reports whether columns of the two types hold the same bytes: they
// may differ in the most characters of a text, in the digits of seconds and in names within.
func compatible(a, b expr.Type) bool {
	a, b = a.WithoutDigits(), b.WithoutDigits()
	if a.Kind != b.Kind || a.Precision != b.Precision || a.Scale != b.Scale || (a.Nested == nil) != (b.Nested == nil) {
		return false
	}
	if a.Nested == nil {
		return true
	}
	if a.Kind == expr.List {
		return compatible(a.Nested.Elem, b.Nested.Elem)
	}
	if len(a.Nested.Fields) != len(b.Nested.Fields) {
		return false
	}
	for i := range a.Nested.Fields {
		if !compatible(a.Nested.Fields[i].Type, b.Nested.Fields[i].Type) {
			return false
		}
	}
	return true
}

// timeValue is a literal that counts what its precision says.
func timeValue(l interface {
	GetPrecision() int32
	GetValue() int64
}, kind expr.Kind, t expr.Type) (_ expr.Value, ok bool) {
	if t.Kind != kind || int(l.GetPrecision()) != t.Digits() {
		return expr.Value{}, false
	}
	unit := unitOf(t.Digits())
	micros := l.GetValue() * unit
	return expr.Int(micros), micros/unit == l.GetValue()
}
