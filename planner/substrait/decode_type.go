package substrait

import (
	"encoding/json"
	"fmt"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

// maxTypeDepth bounds the nesting of types, which every reader of a schema walks.
const maxTypeDepth = 100

// modified is what all messages of simple types have.
type modified interface {
	GetTypeVariationReference() uint32
	GetNullability() pb.Type_Nullability
}

// typ reads a type and whether it is nullable.
func (d *decoder) typ(t *pb.Type) (expr.Type, bool, error) { return d.typAt(t, 0) }

func (d *decoder) typAt(t *pb.Type, depth int) (expr.Type, bool, error) {
	if depth > maxTypeDepth {
		return expr.Type{}, false, d.errorf("a type is nested more than %d deep", maxTypeDepth)
	}
	typ, m, err := d.kind(t, depth)
	if err != nil {
		return expr.Type{}, false, err
	}
	if m.GetTypeVariationReference() != 0 && typ.Kind != expr.Struct && typ.Kind != expr.Map {
		return expr.Type{}, false, d.errorf("type %s: variations are not known", typ)
	}
	switch m.GetNullability() {
	case pb.Type_NULLABILITY_NULLABLE:
		return typ, true, nil
	case pb.Type_NULLABILITY_REQUIRED:
		return typ, false, nil
	}
	return expr.Type{}, false, d.errorf("type %s: nullability is missing", typ)
}

func (d *decoder) kind(t *pb.Type, depth int) (expr.Type, modified, error) {
	switch k := t.GetKind().(type) {
	case *pb.Type_Bool:
		return expr.Of(expr.Bool), k.Bool, nil
	case *pb.Type_I16_:
		return expr.Of(expr.Int2), k.I16, nil
	case *pb.Type_I32_:
		return expr.Of(expr.Int4), k.I32, nil
	case *pb.Type_I64_:
		return expr.Of(expr.Int8), k.I64, nil
	case *pb.Type_Fp32:
		return expr.Of(expr.Float4), k.Fp32, nil
	case *pb.Type_Fp64:
		return expr.Of(expr.Float8), k.Fp64, nil
	case *pb.Type_String_:
		return expr.Of(expr.Text), k.String_, nil
	case *pb.Type_Binary_:
		return expr.Of(expr.Bytea), k.Binary, nil
	case *pb.Type_Date_:
		return expr.Of(expr.Date), k.Date, nil
	case *pb.Type_Decimal_:
		p, s := k.Decimal.GetPrecision(), k.Decimal.GetScale()
		if p < 1 || p > expr.MaxPrecision || s < 0 || s > p {
			return expr.Type{}, nil, d.errorf("decimal(%d,%d) is no type", p, s)
		}
		return expr.NumericOf(int(p), int(s)), k.Decimal, nil
	case *pb.Type_Varchar:
		return d.sized(expr.Text, k.Varchar.GetLength(), k.Varchar)
	case *pb.Type_FixedChar_:
		return d.sized(expr.Char, k.FixedChar.GetLength(), k.FixedChar)
	case *pb.Type_PrecisionTime_:
		return d.digits(expr.Time, k.PrecisionTime.GetPrecision(), k.PrecisionTime)
	case *pb.Type_PrecisionTimestamp_:
		return d.digits(expr.Timestamp, k.PrecisionTimestamp.GetPrecision(), k.PrecisionTimestamp)
	case *pb.Type_PrecisionTimestampTz:
		return d.digits(expr.TimestampTZ, k.PrecisionTimestampTz.GetPrecision(), k.PrecisionTimestampTz)
	case *pb.Type_IntervalCompound_:
		return d.micros(expr.Interval, k.IntervalCompound.GetPrecision(), k.IntervalCompound)
	case *pb.Type_UserDefined_:
		return d.ownType(k.UserDefined)
	case *pb.Type_List_:
		elem, _, err := d.typAt(k.List.GetType(), depth+1)
		return expr.ListOf(elem), k.List, err
	case *pb.Type_Map_:
		typ, err := d.nested(expr.Map, []*pb.Type{k.Map.GetKey(), k.Map.GetValue()}, k.Map.GetTypeVariationReference(), depth)
		return typ, k.Map, err
	case *pb.Type_Struct_:
		typ, err := d.nested(expr.Struct, k.Struct.GetTypes(), k.Struct.GetTypeVariationReference(), depth)
		return typ, k.Struct, err
	case nil:
		return expr.Type{}, nil, d.errorf("a type is missing")
	default:
		return expr.Type{}, nil, d.errorf("type %s is not supported", oneofName(k))
	}
}

func (d *decoder) sized(kind expr.Kind, length int32, m modified) (expr.Type, modified, error) {
	if length < 1 {
		return expr.Type{}, nil, d.errorf("%s of length %d is no type", expr.Of(kind), length)
	}
	return expr.Type{Kind: kind, Length: length}, m, nil
}

// digits is a time of that many digits of seconds.
func (d *decoder) digits(kind expr.Kind, precision int32, m modified) (expr.Type, modified, error) {
	if precision < 0 || precision > microseconds {
		return expr.Type{}, nil, d.errorf("%s of precision %d is not supported, only up to %d", expr.Of(kind), precision, microseconds)
	}
	return expr.TimeOf(kind, int(precision)), m, nil
}

func (d *decoder) micros(kind expr.Kind, precision int32, m modified) (expr.Type, modified, error) {
	if precision != microseconds {
		return expr.Type{}, nil, d.errorf("%s of precision %d is not supported, only %d", expr.Of(kind), precision, microseconds)
	}
	return expr.Of(kind), m, nil
}

func (d *decoder) ownType(u *pb.Type_UserDefined) (expr.Type, modified, error) {
	e, ok := d.declared[anchorOf{typeEntity, u.GetTypeReference()}]
	switch {
	case !ok:
		return expr.Type{}, nil, d.errorf("type anchor %d is not declared", u.GetTypeReference())
	case len(u.GetTypeParameters()) > 0:
	case e.urn == urnType && e.name == typeUnknown:
		return expr.Of(expr.Unknown), u, nil
	case e.urn == urnType && e.name == typeBpchar:
		return expr.Of(expr.Char), u, nil
	}
	return expr.Type{}, nil, d.errorf("type %s of %s is not known", e.name, e.urn)
}

func (d *decoder) nested(kind expr.Kind, types []*pb.Type, variation uint32, depth int) (expr.Type, error) {
	names := make([]string, len(types))
	if kind == expr.Map {
		copy(names, defaultMapNames[:])
	}
	if variation != 0 {
		e, ok := d.declared[anchorOf{variationEntity, variation}]
		if !ok || e.urn != urnType {
			return expr.Type{}, d.errorf("type variation %d is not known", variation)
		}
		names = nil
		if err := json.Unmarshal([]byte(e.name), &names); err != nil || len(names) != len(types) {
			return expr.Type{}, d.errorf("type variation %q does not name %d fields", e.name, len(types))
		}
	}
	fields := make([]expr.Field, len(types))
	for i, t := range types {
		typ, nullable, err := d.typAt(t, depth+1)
		if err != nil {
			return expr.Type{}, err
		}
		fields[i] = expr.Field{Name: names[i], Type: typ, Nullable: nullable}
	}
	return expr.Type{Kind: kind, Nested: &expr.Nested{Fields: fields}}, nil
}

// schema reads the schema of a relation.
func (d *decoder) schema(s *pb.NamedStruct) ([]expr.Field, error) {
	if s == nil || s.Struct == nil {
		return nil, d.errorf("a schema is missing")
	}
	fields := make([]expr.Field, len(s.Struct.Types))
	for i, t := range s.Struct.Types {
		var err error
		if fields[i].Type, fields[i].Nullable, err = d.typ(t); err != nil {
			return nil, err
		}
	}
	names, err := d.topNames(s.Names, fields)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		fields[i].Name = name
	}
	return fields, nil
}

// topNames are the names of the fields themselves among their names depth first.
func (d *decoder) topNames(flat []string, fields []expr.Field) ([]string, error) {
	names := make([]string, len(fields))
	next := 0
	for i, f := range fields {
		if next < len(flat) {
			names[i] = flat[next]
		}
		next += 1 + len(nestedNames(nil, f.Type))
	}
	if next != len(flat) {
		return nil, d.errorf("%d names for columns that have %d", len(flat), next)
	}
	return names, nil
}

// oneofName is the case of a oneof without the name of its message.
func oneofName(v any) string {
	name := fmt.Sprintf("%T", v)
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			name = name[i+1:]
			break
		}
	}
	return name
}
