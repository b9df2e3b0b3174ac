package standard

import (
	"encoding/binary"
	"unicode/utf8"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

// microseconds is the precision of all times of the engine.
const microseconds = 6

// schema is the fields of a table; the names of fields within a field follow it.
func (w *writer) schema(fields []expr.Field) (*pb.NamedStruct, error) {
	out := &pb.NamedStruct{Struct: &pb.Type_Struct{Nullability: pb.Type_NULLABILITY_REQUIRED}}
	for _, f := range fields {
		t, err := w.typ(f.Type, f.Nullable)
		if err != nil {
			return nil, err
		}
		out.Struct.Types = append(out.Struct.Types, t)
		out.Names = fieldNames(append(out.Names, f.Name), f.Type)
	}
	return out, nil
}

// typ writes a type. What has none of its own, as a bare NULL, is a string.
func (w *writer) typ(t expr.Type, nullable bool) (*pb.Type, error) {
	n := pb.Type_NULLABILITY_REQUIRED
	if nullable {
		n = pb.Type_NULLABILITY_NULLABLE
	}
	switch t.Kind {
	case expr.Bool:
		return &pb.Type{Kind: &pb.Type_Bool{Bool: &pb.Type_Boolean{Nullability: n}}}, nil
	case expr.Int2:
		return &pb.Type{Kind: &pb.Type_I16_{I16: &pb.Type_I16{Nullability: n}}}, nil
	case expr.Int4:
		return &pb.Type{Kind: &pb.Type_I32_{I32: &pb.Type_I32{Nullability: n}}}, nil
	case expr.Int8:
		return &pb.Type{Kind: &pb.Type_I64_{I64: &pb.Type_I64{Nullability: n}}}, nil
	case expr.Float4:
		return &pb.Type{Kind: &pb.Type_Fp32{Fp32: &pb.Type_FP32{Nullability: n}}}, nil
	case expr.Float8:
		return &pb.Type{Kind: &pb.Type_Fp64{Fp64: &pb.Type_FP64{Nullability: n}}}, nil
	case expr.Numeric:
		return &pb.Type{Kind: &pb.Type_Decimal_{Decimal: &pb.Type_Decimal{Precision: int32(t.Precision), Scale: int32(t.Scale), Nullability: n}}}, nil
	case expr.Bytea:
		return &pb.Type{Kind: &pb.Type_Binary_{Binary: &pb.Type_Binary{Nullability: n}}}, nil
	case expr.Date:
		return &pb.Type{Kind: &pb.Type_Date_{Date: &pb.Type_Date{Nullability: n}}}, nil
	case expr.Time:
		return &pb.Type{Kind: &pb.Type_PrecisionTime_{PrecisionTime: &pb.Type_PrecisionTime{Precision: int32(t.Digits()), Nullability: n}}}, nil
	case expr.Timestamp:
		return &pb.Type{Kind: &pb.Type_PrecisionTimestamp_{PrecisionTimestamp: &pb.Type_PrecisionTimestamp{Precision: int32(t.Digits()), Nullability: n}}}, nil
	case expr.TimestampTZ:
		return &pb.Type{Kind: &pb.Type_PrecisionTimestampTz{PrecisionTimestampTz: &pb.Type_PrecisionTimestampTZ{Precision: int32(t.Digits()), Nullability: n}}}, nil
	case expr.Interval:
		return &pb.Type{Kind: &pb.Type_IntervalCompound_{IntervalCompound: &pb.Type_IntervalCompound{Precision: microseconds, Nullability: n}}}, nil
	case expr.Text, expr.Unknown:
		if t.Length > 0 {
			return &pb.Type{Kind: &pb.Type_Varchar{Varchar: &pb.Type_VarChar{Length: t.Length, Nullability: n}}}, nil
		}
		return &pb.Type{Kind: &pb.Type_String_{String_: &pb.Type_String{Nullability: n}}}, nil
	case expr.Char:
		if t.Length == 0 {
			return &pb.Type{Kind: &pb.Type_UserDefined_{UserDefined: &pb.Type_UserDefined{TypeReference: w.userType(typeBpchar), Nullability: n}}}, nil
		}
		return &pb.Type{Kind: &pb.Type_FixedChar_{FixedChar: &pb.Type_FixedChar{Length: t.Length, Nullability: n}}}, nil
	}
	return w.nestedType(t, n)
}

func (w *writer) nestedType(t expr.Type, n pb.Type_Nullability) (*pb.Type, error) {
	switch t.Kind {
	case expr.List:
		elem, err := w.typ(t.Nested.Elem, true)
		return &pb.Type{Kind: &pb.Type_List_{List: &pb.Type_List{Type: elem, Nullability: n}}}, err
	case expr.Struct, expr.Map:
		var parts []*pb.Type
		for _, f := range t.Nested.Fields {
			p, err := w.typ(f.Type, f.Nullable)
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
		if t.Kind == expr.Map {
			return &pb.Type{Kind: &pb.Type_Map_{Map: &pb.Type_Map{Key: parts[0], Value: parts[1], Nullability: n}}}, nil
		}
		return &pb.Type{Kind: &pb.Type_Struct_{Struct: &pb.Type_Struct{Types: parts, Nullability: n}}}, nil
	}
	return nil, unwritten("type %s cannot be said", t)
}

// literal writes a value.
func (w *writer) literal(v expr.Value, t expr.Type) (*pb.Expression_Literal, error) {
	out := &pb.Expression_Literal{}
	if v.Null {
		typ, err := w.typ(t, true)
		out.Nullable, out.LiteralType = true, &pb.Expression_Literal_Null{Null: typ}
		return out, err
	}
	switch t.Kind {
	case expr.Bool:
		out.LiteralType = &pb.Expression_Literal_Boolean{Boolean: v.I != 0}
	case expr.Int2:
		out.LiteralType = &pb.Expression_Literal_I16{I16: int32(v.I)}
	case expr.Int4:
		out.LiteralType = &pb.Expression_Literal_I32{I32: int32(v.I)}
	case expr.Int8:
		out.LiteralType = &pb.Expression_Literal_I64{I64: v.I}
	case expr.Float4:
		out.LiteralType = &pb.Expression_Literal_Fp32{Fp32: float32(v.F)}
	case expr.Float8:
		out.LiteralType = &pb.Expression_Literal_Fp64{Fp64: v.F}
	case expr.Numeric:
		b := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(v.I)), uint64(v.Hi))
		out.LiteralType = &pb.Expression_Literal_Decimal_{Decimal: &pb.Expression_Literal_Decimal{
			Value: b, Precision: int32(t.Precision), Scale: int32(t.Scale)}}
	case expr.Bytea:
		out.LiteralType = &pb.Expression_Literal_Binary{Binary: []byte(v.S)}
	case expr.Date:
		out.LiteralType = &pb.Expression_Literal_Date{Date: int32(v.I)}
	case expr.Time:
		out.LiteralType = &pb.Expression_Literal_PrecisionTime_{PrecisionTime: &pb.Expression_Literal_PrecisionTime{Precision: microseconds, Value: v.I}}
	case expr.Timestamp:
		out.LiteralType = &pb.Expression_Literal_PrecisionTimestamp_{PrecisionTimestamp: &pb.Expression_Literal_PrecisionTimestamp{Precision: microseconds, Value: v.I}}
	case expr.TimestampTZ:
		out.LiteralType = &pb.Expression_Literal_PrecisionTimestampTz{PrecisionTimestampTz: &pb.Expression_Literal_PrecisionTimestamp{Precision: microseconds, Value: v.I}}
	case expr.Interval:
		out.LiteralType = intervalLiteral(v)
	case expr.Text, expr.Char, expr.Unknown:
		setText(out, v.S, t)
	default:
		return out, w.nestedLiteral(out, v, t)
	}
	return out, nil
}

// setText writes a text. A fixed char says its length by its blanks.
func setText(out *pb.Expression_Literal, s string, t expr.Type) {
	switch {
	case t.Kind == expr.Char && t.Length > 0:
		for n := utf8.RuneCountInString(s); n < int(t.Length); n++ {
			s += " "
		}
		out.LiteralType = &pb.Expression_Literal_FixedChar{FixedChar: s}
	case t.Kind == expr.Text && t.Length > 0:
		out.LiteralType = &pb.Expression_Literal_VarChar_{VarChar: &pb.Expression_Literal_VarChar{Value: s, Length: uint32(t.Length)}}
	default:
		out.LiteralType = &pb.Expression_Literal_String_{String_: s}
	}
}

func (w *writer) nestedLiteral(out *pb.Expression_Literal, v expr.Value, t expr.Type) error {
	parts := make([]*pb.Expression_Literal, len(v.Elems))
	for i, e := range v.Elems {
		of := t.Nested.Elem
		switch t.Kind {
		case expr.Struct:
			of = t.Nested.Fields[i].Type
		case expr.Map:
			of = t.Nested.Fields[i%2].Type
		}
		var err error
		if parts[i], err = w.literal(e, of); err != nil {
			return err
		}
	}
	typ, err := w.typ(t, false)
	if err != nil {
		return err
	}
	switch {
	case t.Kind == expr.Struct:
		out.LiteralType = &pb.Expression_Literal_Struct_{Struct: &pb.Expression_Literal_Struct{Fields: parts}}
	case t.Kind == expr.List && len(parts) == 0:
		out.LiteralType = &pb.Expression_Literal_EmptyList{EmptyList: typ.GetList()}
	case t.Kind == expr.List:
		out.LiteralType = &pb.Expression_Literal_List_{List: &pb.Expression_Literal_List{Values: parts}}
	case len(parts) == 0:
		out.LiteralType = &pb.Expression_Literal_EmptyMap{EmptyMap: typ.GetMap()}
	default:
		m := &pb.Expression_Literal_Map{}
		for i := 0; i+1 < len(parts); i += 2 {
			m.KeyValues = append(m.KeyValues, &pb.Expression_Literal_Map_KeyValue{Key: parts[i], Value: parts[i+1]})
		}
		out.LiteralType = &pb.Expression_Literal_Map_{Map: m}
	}
	return nil
}

func intervalLiteral(v expr.Value) *pb.Expression_Literal_IntervalCompound_ {
	months, days, micros := v.Interval()
	seconds, rest := micros/1e6, micros%1e6
	if seconds != int64(int32(seconds)) {
		seconds, rest = 0, micros
	}
	return &pb.Expression_Literal_IntervalCompound_{IntervalCompound: &pb.Expression_Literal_IntervalCompound{
		IntervalYearToMonth: &pb.Expression_Literal_IntervalYearToMonth{Years: months / 12, Months: months % 12},
		IntervalDayToSecond: &pb.Expression_Literal_IntervalDayToSecond{Days: days, Seconds: int32(seconds), Subseconds: rest,
			PrecisionMode: &pb.Expression_Literal_IntervalDayToSecond_Precision{Precision: microseconds}}}}
}
