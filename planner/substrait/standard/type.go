package standard

import (
	"fmt"
	"math"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

// maxTypeDepth bounds the nesting of types, which every reader of a schema walks.
const maxTypeDepth = 50

// maxSubsecond is the most digits of a second's fraction that Substrait knows.
const maxSubsecond = 12

// kept is a type of Substrait as the engine keeps it.
type kept struct {
	expr.Type
	tiny     bool // an i8, in a smallint
	unsigned bool // an integer without sign, in the next wider type
	nullable bool
}

// modified is what all messages of simple types have.
type modified interface {
	GetTypeVariationReference() uint32
	GetNullability() pb.Type_Nullability
}

func (r *reader) typ(t *pb.Type) (kept, error) { return r.typAt(t, 0) }

func (r *reader) typAt(t *pb.Type, depth int) (kept, error) {
	if depth > maxTypeDepth {
		return kept{}, r.errorf("a type is nested more than %d deep", maxTypeDepth)
	}
	if a, ok := t.GetKind().(*pb.Type_Alias); ok {
		return r.alias(a.Alias, depth)
	}
	typ, m, err := r.kind(t, depth)
	if err != nil {
		return kept{}, err
	}
	out := kept{Type: typ, nullable: m.GetNullability() != pb.Type_NULLABILITY_REQUIRED}
	_, out.tiny = t.GetKind().(*pb.Type_I8_)
	if u, ok := t.GetKind().(*pb.Type_UserDefined_); ok && typ.Kind != expr.Char {
		_, out.unsigned = unsignedNames[r.ext.types[u.UserDefined.GetTypeReference()].name]
	}
	if v := m.GetTypeVariationReference(); v != 0 && !variesInForm(typ.Kind) {
		bytes := map[expr.Kind]int{expr.Int2: 2, expr.Int4: 4, expr.Int8: 8}[typ.Kind]
		if out.tiny {
			bytes = 1
		}
		if bytes == 0 || !r.isUnsigned(v) {
			return kept{}, r.errorf("type variation %d of %s is not known", v, typ)
		}
		out.Type, out.tiny, out.unsigned = unsignedOf(bytes), false, true
	}
	return out, nil
}

// unsignedNames are the extension types of Arrow's producers, with their bytes.
var unsignedNames = map[string]int{"u8": 1, "u16": 2, "u32": 4, "u64": 8}

// unsignedOf is the type that holds an integer of so many bytes without sign.
func unsignedOf(bytes int) expr.Type {
	switch bytes {
	case 1:
		return expr.Of(expr.Int2)
	case 2:
		return expr.Of(expr.Int4)
	case 4:
		return expr.Of(expr.Int8)
	}
	return expr.NumericOf(20, 0)
}

// mostUnsigned is the greatest such integer, as a literal of its type.
func mostUnsigned(t expr.Type) expr.Expr {
	switch t.Kind {
	case expr.Int2:
		return expr.NewLiteral(expr.Int(math.MaxUint8), t)
	case expr.Int4:
		return expr.NewLiteral(expr.Int(math.MaxUint16), t)
	case expr.Int8:
		return expr.NewLiteral(expr.Int(math.MaxUint32), t)
	}
	return expr.NewLiteral(expr.Value{I: -1}, t) // the lower of two words
}

// isUnsigned reports whether a type variation of an integer is the one without sign:
// DataFusion's, which it declares nowhere, or one that says so.
func (r *reader) isUnsigned(variation uint32) bool {
	if d, declared := r.ext.variations[variation]; declared {
		return strings.HasPrefix(strings.ToLower(d.name), "unsigned")
	}
	return variation == 1
}

// variesInForm reports whether the variations of a kind that producers use are of its
// form in memory (large, view) and no other values.
func variesInForm(k expr.Kind) bool {
	return k == expr.Text || k == expr.Char || k == expr.Bytea || k == expr.List
}

func (r *reader) alias(a *pb.Type_TypeAliasReference, depth int) (kept, error) {
	for i, known := range r.doc.plan.GetTypeAliases() {
		if known.GetTypeAliasAnchor() == a.GetTypeAliasReference() {
			if r.aliases[i] { // or one of its own parts would be it
				return kept{}, r.errorf("type alias %d stands for itself", a.GetTypeAliasReference())
			}
			r.aliases[i] = true
			t, err := r.typAt(known.GetType(), depth+1)
			delete(r.aliases, i)
			t.nullable = a.GetNullability() != pb.Type_NULLABILITY_REQUIRED
			return t, err
		}
	}
	return kept{}, r.errorf("type alias %d is not declared", a.GetTypeAliasReference())
}

func (r *reader) kind(t *pb.Type, depth int) (expr.Type, modified, error) {
	switch k := t.GetKind().(type) {
	case *pb.Type_Bool:
		return expr.Of(expr.Bool), k.Bool, nil
	case *pb.Type_I8_:
		return expr.Of(expr.Int2), k.I8, nil
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
	case *pb.Type_FixedBinary_:
		return expr.Of(expr.Bytea), k.FixedBinary, nil
	case *pb.Type_Date_:
		return expr.Of(expr.Date), k.Date, nil
	case *pb.Type_Time_:
		return expr.Of(expr.Time), k.Time, nil
	case *pb.Type_Timestamp_:
		return expr.Of(expr.Timestamp), k.Timestamp, nil
	case *pb.Type_TimestampTz:
		return expr.Of(expr.TimestampTZ), k.TimestampTz, nil
	case *pb.Type_IntervalYear_:
		return expr.Of(expr.Interval), k.IntervalYear, nil
	case *pb.Type_Decimal_:
		t, err := r.decimal(k.Decimal.GetPrecision(), k.Decimal.GetScale())
		return t, k.Decimal, err
	case *pb.Type_Varchar:
		return r.sized(expr.Text, k.Varchar.GetLength(), k.Varchar)
	case *pb.Type_FixedChar_:
		return r.sized(expr.Char, k.FixedChar.GetLength(), k.FixedChar)
	}
	if t.GetKind() == nil {
		return expr.Type{}, nil, r.errorf("a type is missing")
	}
	return r.compound(t, depth)
}

// compound reads the kinds that have parameters or parts.
func (r *reader) compound(t *pb.Type, depth int) (expr.Type, modified, error) {
	switch k := t.GetKind().(type) {
	case *pb.Type_PrecisionTime_:
		return r.subsecond(expr.Time, k.PrecisionTime.GetPrecision(), k.PrecisionTime)
	case *pb.Type_PrecisionTimestamp_:
		return r.subsecond(expr.Timestamp, k.PrecisionTimestamp.GetPrecision(), k.PrecisionTimestamp)
	case *pb.Type_PrecisionTimestampTz:
		return r.subsecond(expr.TimestampTZ, k.PrecisionTimestampTz.GetPrecision(), k.PrecisionTimestampTz)
	case *pb.Type_IntervalDay_:
		return r.subsecond(expr.Interval, k.IntervalDay.GetPrecision(), k.IntervalDay)
	case *pb.Type_IntervalCompound_:
		return r.subsecond(expr.Interval, k.IntervalCompound.GetPrecision(), k.IntervalCompound)
	case *pb.Type_List_:
		elem, err := r.typAt(k.List.GetType(), depth+1)
		return expr.ListOf(elem.Type), k.List, err
	case *pb.Type_Map_:
		typ, err := r.nested(expr.Map, []*pb.Type{k.Map.GetKey(), k.Map.GetValue()}, depth)
		return typ, k.Map, err
	case *pb.Type_Struct_:
		typ, err := r.nested(expr.Struct, k.Struct.GetTypes(), depth)
		return typ, k.Struct, err
	case *pb.Type_UserDefined_:
		d := r.ext.types[k.UserDefined.GetTypeReference()]
		if d.set == setOwnTypes && d.name == typeBpchar && len(k.UserDefined.GetTypeParameters()) == 0 {
			return expr.Of(expr.Char), k.UserDefined, nil
		}
		if bytes, ok := unsignedNames[d.name]; ok && len(k.UserDefined.GetTypeParameters()) == 0 {
			return unsignedOf(bytes), k.UserDefined, nil
		}
		return expr.Type{}, nil, r.errorf("the user-defined type %q is not known", d.name)
	}
	return expr.Type{}, nil, r.errorf("type %s is not supported", caseName(t.GetKind()))
}

func (r *reader) decimal(precision, scale int32) (expr.Type, error) {
	if precision < 1 || precision > expr.MaxPrecision || scale < 0 || scale > precision {
		return expr.Type{}, r.errorf("decimal(%d,%d) is no type", precision, scale)
	}
	return expr.NumericOf(int(precision), int(scale)), nil
}

func (r *reader) sized(kind expr.Kind, length int32, m modified) (expr.Type, modified, error) {
	if length < 1 {
		return expr.Type{}, nil, r.errorf("%s of length %d is no type", expr.Of(kind), length)
	}
	return expr.Type{Kind: kind, Length: length}, m, nil
}

func (r *reader) subsecond(kind expr.Kind, precision int32, m modified) (expr.Type, modified, error) {
	if precision < 0 || precision > maxSubsecond {
		return expr.Type{}, nil, r.errorf("%s of precision %d is no type", expr.Of(kind), precision)
	}
	if kind == expr.Interval {
		return expr.Of(kind), m, nil
	}
	return expr.TimeOf(kind, int(precision)), m, nil
}

func (r *reader) nested(kind expr.Kind, types []*pb.Type, depth int) (expr.Type, error) {
	fields := make([]expr.Field, len(types))
	for i, t := range types {
		typ, err := r.typAt(t, depth+1)
		if err != nil {
			return expr.Type{}, err
		}
		fields[i] = expr.Field{Name: fieldName(i), Type: typ.Type, Nullable: typ.nullable}
	}
	if kind == expr.Map {
		fields[0].Name, fields[1].Name = "key", "value"
	}
	return expr.Type{Kind: kind, Nested: &expr.Nested{Fields: fields}}, nil
}

// named gives the fields of structs within t their names, which stand depth first at
// the front of names, and what is left of them.
func named(t expr.Type, names []string) (expr.Type, []string, bool) {
	switch t.Kind {
	case expr.List:
		elem, rest, ok := named(t.Nested.Elem, names)
		return expr.ListOf(elem), rest, ok
	case expr.Struct, expr.Map:
		fields := append([]expr.Field(nil), t.Nested.Fields...)
		for i := range fields {
			if t.Kind == expr.Struct {
				if len(names) == 0 {
					return t, nil, false
				}
				fields[i].Name, names = names[0], names[1:]
			}
			var ok bool
			if fields[i].Type, names, ok = named(fields[i].Type, names); !ok {
				return t, nil, false
			}
		}
		return expr.Type{Kind: t.Kind, Nested: &expr.Nested{Fields: fields}}, names, true
	}
	return t, names, true
}

// topNames takes the names of columns apart from those of fields within them, and
// gives the columns' types with those.
func (r *reader) topNames(flat []string, types []expr.Type) ([]string, error) {
	names, rest := make([]string, len(types)), flat
	for i, t := range types {
		if len(rest) == 0 {
			return nil, r.errorf("%d names do not name %d columns and the fields in them", len(flat), len(types))
		}
		names[i] = rest[0]
		typ, left, ok := named(t, rest[1:])
		if !ok {
			return nil, r.errorf("%d names do not name %d columns and the fields in them", len(flat), len(types))
		}
		types[i], rest = typ, left
	}
	if len(rest) > 0 {
		return nil, r.errorf("%d names are %d more than %d columns and the fields in them have", len(flat), len(rest), len(types))
	}
	return names, nil
}

// caseName is the case of a oneof without the name of its message.
func caseName(v any) string {
	name := fmt.Sprintf("%T", v)
	name = strings.TrimRight(name[strings.LastIndexByte(name, '.')+1:], "_")
	return name[strings.LastIndexByte(name, '_')+1:]
}

// fieldName is what a field of a struct is called that the plan does not name.
func fieldName(i int) string { return fmt.Sprintf("f%d", i+1) }
