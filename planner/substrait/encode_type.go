package substrait

import (
	"encoding/json"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

// Times of a plan count microseconds; with fewer digits of seconds their type says so, and
// their literals count these.
const microseconds = 6

// defaultMapNames are the field names of a map that has no variation to name them.
var defaultMapNames = [2]string{"key", "value"}

func nullability(nullable bool) pb.Type_Nullability {
	if nullable {
		return pb.Type_NULLABILITY_NULLABLE
	}
	return pb.Type_NULLABILITY_REQUIRED
}

// typ is t as a Substrait type.
func (e *encoder) typ(t expr.Type, nullable bool) *pb.Type {
	null := nullability(nullable)
	switch t.Kind {
	case expr.Bool:
		return &pb.Type{Kind: &pb.Type_Bool{Bool: &pb.Type_Boolean{Nullability: null}}}
	case expr.Int2:
		return &pb.Type{Kind: &pb.Type_I16_{I16: &pb.Type_I16{Nullability: null}}}
	case expr.Int4:
		return &pb.Type{Kind: &pb.Type_I32_{I32: &pb.Type_I32{Nullability: null}}}
	case expr.Int8:
		return &pb.Type{Kind: &pb.Type_I64_{I64: &pb.Type_I64{Nullability: null}}}
	case expr.Numeric:
		return &pb.Type{Kind: &pb.Type_Decimal_{Decimal: &pb.Type_Decimal{
			Scale: int32(t.Scale), Precision: int32(t.Precision), Nullability: null}}}
	case expr.Float4:
		return &pb.Type{Kind: &pb.Type_Fp32{Fp32: &pb.Type_FP32{Nullability: null}}}
	case expr.Float8:
		return &pb.Type{Kind: &pb.Type_Fp64{Fp64: &pb.Type_FP64{Nullability: null}}}
	case expr.Bytea:
		return &pb.Type{Kind: &pb.Type_Binary_{Binary: &pb.Type_Binary{Nullability: null}}}
	case expr.Date:
		return &pb.Type{Kind: &pb.Type_Date_{Date: &pb.Type_Date{Nullability: null}}}
	case expr.Time:
		return &pb.Type{Kind: &pb.Type_PrecisionTime_{PrecisionTime: &pb.Type_PrecisionTime{
			Precision: int32(t.Digits()), Nullability: null}}}
	case expr.Timestamp:
		return &pb.Type{Kind: &pb.Type_PrecisionTimestamp_{PrecisionTimestamp: &pb.Type_PrecisionTimestamp{
			Precision: int32(t.Digits()), Nullability: null}}}
	case expr.TimestampTZ:
		return &pb.Type{Kind: &pb.Type_PrecisionTimestampTz{PrecisionTimestampTz: &pb.Type_PrecisionTimestampTZ{
			Precision: int32(t.Digits()), Nullability: null}}}
	case expr.Interval:
		return &pb.Type{Kind: &pb.Type_IntervalCompound_{IntervalCompound: &pb.Type_IntervalCompound{
			Precision: microseconds, Nullability: null}}}
	case expr.Text, expr.Char:
		return e.stringType(t, null)
	case expr.List, expr.Struct, expr.Map:
		return e.nestedType(t, null)
	case expr.Unknown:
		return e.ownType(typeUnknown, null)
	}
	e.errorf("type %d is not known", t.Kind)
	return nil
}

func (e *encoder) stringType(t expr.Type, null pb.Type_Nullability) *pb.Type {
	switch {
	case t.Length < 0:
		e.errorf("type %s has a negative length", t)
		return nil
	case t.Kind == expr.Char && t.Length == 0:
		return e.ownType(typeBpchar, null)
	case t.Kind == expr.Char:
		return &pb.Type{Kind: &pb.Type_FixedChar_{FixedChar: &pb.Type_FixedChar{Length: t.Length, Nullability: null}}}
	case t.Length > 0:
		return &pb.Type{Kind: &pb.Type_Varchar{Varchar: &pb.Type_VarChar{Length: t.Length, Nullability: null}}}
	}
	return &pb.Type{Kind: &pb.Type_String_{String_: &pb.Type_String{Nullability: null}}}
}

func (e *encoder) ownType(name string, null pb.Type_Nullability) *pb.Type {
	anchor := e.anchor(entity{typeEntity, urnType, name})
	return &pb.Type{Kind: &pb.Type_UserDefined_{UserDefined: &pb.Type_UserDefined{TypeReference: anchor, Nullability: null}}}
}

func (e *encoder) nestedType(t expr.Type, null pb.Type_Nullability) *pb.Type {
	if t.Nested == nil || (t.Kind == expr.Map && len(t.Nested.Fields) != 2) {
		e.errorf("a nested type lacks its parts")
		return nil
	}
	fields := t.Nested.Fields
	switch t.Kind {
	case expr.List:
		return &pb.Type{Kind: &pb.Type_List_{List: &pb.Type_List{Type: e.typ(t.Nested.Elem, true), Nullability: null}}}
	case expr.Map:
		m := &pb.Type_Map{Key: e.typ(fields[0].Type, fields[0].Nullable), Value: e.typ(fields[1].Type, fields[1].Nullable),
			Nullability: null}
		if [2]string{fields[0].Name, fields[1].Name} != defaultMapNames {
			m.TypeVariationReference = e.named(fields)
		}
		return &pb.Type{Kind: &pb.Type_Map_{Map: m}}
	}
	return &pb.Type{Kind: &pb.Type_Struct_{Struct: &pb.Type_Struct{
		Types: e.types(fields), TypeVariationReference: e.named(fields), Nullability: null}}}
}

func (e *encoder) types(fields []expr.Field) []*pb.Type {
	out := make([]*pb.Type, len(fields))
	for i, f := range fields {
		out[i] = e.typ(f.Type, f.Nullable)
	}
	return out
}

// named is the anchor of the variation that names the fields.
func (e *encoder) named(fields []expr.Field) uint32 {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	b, err := json.Marshal(names)
	if err != nil {
		e.errorf("field names: %v", err)
	}
	return e.anchor(entity{variationEntity, urnType, string(b)})
}

// schema is fields as a relation's schema; names replace the fields' own when
// they are given.
func (e *encoder) schema(fields []expr.Field, names []string) *pb.NamedStruct {
	return &pb.NamedStruct{
		Names:  flatNames(fields, names),
		Struct: &pb.Type_Struct{Types: e.types(fields), Nullability: pb.Type_NULLABILITY_REQUIRED},
	}
}

// flatNames are the names of fields with those inside structs, depth first.
func flatNames(fields []expr.Field, names []string) []string {
	out := make([]string, 0, len(fields))
	for i, f := range fields {
		name := f.Name
		if names != nil {
			name = names[i]
		}
		out = nestedNames(append(out, name), f.Type)
	}
	return out
}

func nestedNames(out []string, t expr.Type) []string {
	if t.Nested == nil {
		return out
	}
	switch t.Kind {
	case expr.List:
		return nestedNames(out, t.Nested.Elem)
	case expr.Struct, expr.Map:
		for _, f := range t.Nested.Fields {
			if t.Kind == expr.Struct { // maps have no names of their own
				out = append(out, f.Name)
			}
			out = nestedNames(out, f.Type)
		}
	}
	return out
}
