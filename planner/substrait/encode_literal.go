package substrait

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

const microsPerSecond = 1_000_000

// selfTyped reports whether the literal of a value says its whole type: a fixed
// char says the length of its text, and nested values have no field names.
func selfTyped(v expr.Value, t expr.Type) bool {
	switch {
	case v.Null:
		return true
	case t.Kind == expr.Char:
		return t.Length > 0 && utf8.RuneCountInString(v.S) == int(t.Length)
	}
	return t.Kind != expr.Unknown && !t.IsNested()
}

// literal is a value of type t.
func (e *encoder) literal(v expr.Value, t expr.Type) *pb.Expression_Literal {
	if v.Null {
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Null{Null: e.typ(t, true)}}
	}
	switch t.Kind {
	case expr.Bool:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Boolean{Boolean: v.I != 0}}
	case expr.Int2:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_I16{I16: e.narrow(v.I, math.MinInt16, math.MaxInt16, t)}}
	case expr.Int4:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_I32{I32: e.narrow(v.I, math.MinInt32, math.MaxInt32, t)}}
	case expr.Int8:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_I64{I64: v.I}}
	case expr.Numeric:
		b := binary.LittleEndian.AppendUint64(nil, uint64(v.I))
		b = binary.LittleEndian.AppendUint64(b, uint64(v.Hi))
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Decimal_{Decimal: &pb.Expression_Literal_Decimal{
			Value: b, Precision: int32(t.Precision), Scale: int32(t.Scale)}}}
	case expr.Float4:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Fp32{Fp32: float32(v.F)}}
	case expr.Float8:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Fp64{Fp64: v.F}}
	case expr.Bytea:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Binary{Binary: []byte(v.S)}}
	case expr.Text, expr.Char, expr.Unknown:
		return stringLiteral(v.S, t)
	case expr.Date:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Date{Date: e.narrow(v.I, math.MinInt32, math.MaxInt32, t)}}
	case expr.Time:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_PrecisionTime_{
			PrecisionTime: &pb.Expression_Literal_PrecisionTime{Precision: int32(t.Digits()), Value: e.whole(v.I, t)}}}
	case expr.Timestamp:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_PrecisionTimestamp_{
			PrecisionTimestamp: &pb.Expression_Literal_PrecisionTimestamp{Precision: int32(t.Digits()), Value: e.whole(v.I, t)}}}
	case expr.TimestampTZ:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_PrecisionTimestampTz{
			PrecisionTimestampTz: &pb.Expression_Literal_PrecisionTimestamp{Precision: int32(t.Digits()), Value: e.whole(v.I, t)}}}
	case expr.Interval:
		return intervalLiteral(v)
	}
	return e.nestedLiteral(v, t)
}

// whole is a time in the unit of its type's digits, of which it must be a whole number.
func (e *encoder) whole(micros int64, t expr.Type) int64 {
	unit := unitOf(t.Digits())
	if micros%unit != 0 {
		e.errorf("%d microseconds are no value of type %s", micros, t)
	}
	return micros / unit
}

// unitOf is how many microseconds the last of some digits of a second stands for.
func unitOf(digits int) int64 {
	step := int64(1)
	for range microseconds - digits {
		step *= 10
	}
	return step
}

// narrow checks that a value is one of its type: writing another one as int32
// would silently change it.
func (e *encoder) narrow(i, least, most int64, t expr.Type) int32 {
	if i < least || i > most {
		e.errorf("%d is no value of type %s", i, t)
	}
	return int32(i)
}

func stringLiteral(s string, t expr.Type) *pb.Expression_Literal {
	switch {
	case t.Kind == expr.Char:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_FixedChar{FixedChar: s}}
	case t.Length > 0:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_VarChar_{
			VarChar: &pb.Expression_Literal_VarChar{Value: s, Length: uint32(t.Length)}}}
	}
	return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_String_{String_: s}}
}

// intervalLiteral keeps months, days and microseconds apart, as PostgreSQL does.
func intervalLiteral(v expr.Value) *pb.Expression_Literal {
	months, days, micros := v.Interval()
	// Whole seconds have 32 bits: where they do not suffice the subseconds take all.
	seconds := micros / microsPerSecond
	if int64(int32(seconds)) != seconds {
		seconds = 0
	}
	return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_IntervalCompound_{
		IntervalCompound: &pb.Expression_Literal_IntervalCompound{
			IntervalYearToMonth: &pb.Expression_Literal_IntervalYearToMonth{Years: months / 12, Months: months % 12},
			IntervalDayToSecond: &pb.Expression_Literal_IntervalDayToSecond{
				Days: days, Seconds: int32(seconds), Subseconds: micros - seconds*microsPerSecond,
				PrecisionMode: &pb.Expression_Literal_IntervalDayToSecond_Precision{Precision: microseconds}},
		}}}
}

func (e *encoder) nestedLiteral(v expr.Value, t expr.Type) *pb.Expression_Literal {
	typ := e.typ(t, false) // reports a type without its parts
	if e.err != nil {
		return nil
	}
	n := t.Nested
	switch {
	case t.Kind == expr.List && len(v.Elems) == 0:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_EmptyList{EmptyList: typ.GetList()}}
	case t.Kind == expr.List:
		l := &pb.Expression_Literal_List{Values: make([]*pb.Expression_Literal, len(v.Elems))}
		for i, x := range v.Elems {
			l.Values[i] = e.literal(x, n.Elem)
		}
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_List_{List: l}}
	case t.Kind == expr.Map && len(v.Elems) == 0:
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_EmptyMap{EmptyMap: typ.GetMap()}}
	case t.Kind == expr.Map && len(v.Elems)%2 == 0:
		m := &pb.Expression_Literal_Map{}
		for i := 0; i < len(v.Elems); i += 2 {
			m.KeyValues = append(m.KeyValues, &pb.Expression_Literal_Map_KeyValue{
				Key: e.literal(v.Elems[i], n.Fields[0].Type), Value: e.literal(v.Elems[i+1], n.Fields[1].Type)})
		}
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Map_{Map: m}}
	case t.Kind == expr.Struct && len(v.Elems) == len(n.Fields):
		s := &pb.Expression_Literal_Struct{Fields: make([]*pb.Expression_Literal, len(v.Elems))}
		for i, x := range v.Elems {
			s.Fields[i] = e.literal(x, n.Fields[i].Type)
		}
		return &pb.Expression_Literal{LiteralType: &pb.Expression_Literal_Struct_{Struct: s}}
	}
	e.errorf("a value of type %s has %d parts", t, len(v.Elems))
	return nil
}
