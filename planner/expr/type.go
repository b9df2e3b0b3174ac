package expr

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// Kind is a family of SQL types.
type Kind uint8

// The kinds, in PostgreSQL's names.
const (
	Unknown     Kind = iota // an untyped literal or NULL before its context gives it a type
	Bool                    // boolean
	Int2                    // smallint
	Int4                    // integer
	Int8                    // bigint
	Numeric                 // numeric(Precision, Scale), at most 38 digits
	Float4                  // real
	Float8                  // double precision
	Text                    // text, varchar(Length)
	Char                    // char(Length): trailing blanks do not count in comparisons
	Bytea                   // bytea
	Date                    // days since 1970-01-01
	Time                    // microseconds since midnight; time(Digits)
	Timestamp               // microseconds since 1970-01-01, no zone; timestamp(Digits)
	TimestampTZ             // microseconds since 1970-01-01 UTC; timestamptz(Digits)
	Interval                // months, days, microseconds
	List                    // Nested.Elem
	Struct                  // Nested.Fields
	Map                     // Nested.Fields[0] → Nested.Fields[1]
)

// MaxPrecision is the most digits of a numeric.
const MaxPrecision = 38

// Type is a SQL type. Compare with Equal.
type Type struct {
	Kind      Kind
	Precision uint8 // Numeric: total digits, 1..38; a time: 1 + the digits of its seconds, 0 for all six (see Digits)
	Scale     uint8 // Numeric: digits after the point
	Length    int32 // Text, Char: most characters, 0 when unbounded
	Nested    *Nested
}

// Nested is what a List, Struct or Map is made of.
type Nested struct {
	Elem   Type    // List
	Fields []Field // Struct; Map: key and value
}

// Field is a named and typed column of a table, an operator's output or a struct.
type Field struct {
	Name     string
	Type     Type
	Nullable bool
}

// Of is a type without modifiers.
func Of(k Kind) Type { return Type{Kind: k} }

// NumericOf is numeric(precision, scale), both cut to what 38 digits hold.
func NumericOf(precision, scale int) Type {
	precision = max(1, min(precision, MaxPrecision))
	return Type{Kind: Numeric, Precision: uint8(precision), Scale: uint8(max(0, min(scale, precision)))}
}

// ListOf is a list of elem. Elements keep no digits of seconds.
func ListOf(elem Type) Type { return Type{Kind: List, Nested: &Nested{Elem: elem.WithoutDigits()}} }

// Equal reports whether two types are the same with all modifiers.
func (t Type) Equal(o Type) bool {
	if t.Kind != o.Kind || t.Precision != o.Precision || t.Scale != o.Scale || t.Length != o.Length {
		return false
	}
	if t.Nested == nil || o.Nested == nil {
		return t.Nested == o.Nested
	}
	if t.Kind == List {
		return t.Nested.Elem.Equal(o.Nested.Elem)
	}
	if len(t.Nested.Fields) != len(o.Nested.Fields) {
		return false
	}
	for i, f := range t.Nested.Fields {
		g := o.Nested.Fields[i]
		if f.Name != g.Name || !f.Type.Equal(g.Type) {
			return false
		}
	}
	return true
}

// IsNumber reports whether arithmetic on the type is numeric.
func (t Type) IsNumber() bool { return t.Kind >= Int2 && t.Kind <= Float8 }

// IsInteger reports whether the type is int2, int4 or int8.
func (t Type) IsInteger() bool { return t.Kind >= Int2 && t.Kind <= Int8 }

// IsString reports whether the type is text, varchar or char.
func (t Type) IsString() bool { return t.Kind == Text || t.Kind == Char }

// IsNested reports whether values of the type have parts.
func (t Type) IsNested() bool { return t.Kind >= List }

// IsWide reports whether values may need 128 bits: numerics above 18 digits.
func (t Type) IsWide() bool { return t.Kind == Numeric && t.Precision > 18 }

var kindNames = [...]string{"unknown", "boolean", "smallint", "integer", "bigint", "numeric", "real",
	"double precision", "text", "char", "bytea", "date", "time", "timestamp", "timestamptz", "interval",
	"list", "struct", "map"}

// String is the type in PostgreSQL's words, e.g. "numeric(15,2)".
func (t Type) String() string {
	switch t.Kind {
	case Numeric:
		return fmt.Sprintf("numeric(%d,%d)", t.Precision, t.Scale)
	case Text:
		if t.Length > 0 {
			return fmt.Sprintf("varchar(%d)", t.Length)
		}
	case Char:
		return fmt.Sprintf("char(%d)", max(1, t.Length))
	case Time, Timestamp, TimestampTZ:
		if t.Precision > 0 {
			return fmt.Sprintf("%s(%d)", kindNames[t.Kind], t.Digits())
		}
	case List:
		return t.Nested.Elem.String() + "[]"
	case Struct, Map:
		parts := make([]string, len(t.Nested.Fields))
		for i, f := range t.Nested.Fields {
			parts[i] = f.Name + " " + f.Type.String()
		}
		return kindNames[t.Kind] + "<" + strings.Join(parts, ", ") + ">"
	}
	return kindNames[t.Kind]
}

// Arrow is the Arrow type of the wire: only types that every Flight SQL client
// reads (no views, no dictionaries, decimals as Decimal128).
func (t Type) Arrow() arrow.DataType {
	switch t.Kind {
	case Bool:
		return arrow.FixedWidthTypes.Boolean
	case Int2:
		return arrow.PrimitiveTypes.Int16
	case Int4:
		return arrow.PrimitiveTypes.Int32
	case Int8:
		return arrow.PrimitiveTypes.Int64
	case Numeric:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case Float4:
		return arrow.PrimitiveTypes.Float32
	case Float8:
		return arrow.PrimitiveTypes.Float64
	case Bytea:
		return arrow.BinaryTypes.Binary
	case Date:
		return arrow.FixedWidthTypes.Date32
	case Time:
		if unit := t.unit(); unit < arrow.Microsecond {
			return &arrow.Time32Type{Unit: unit}
		}
		return arrow.FixedWidthTypes.Time64us
	case Timestamp:
		return &arrow.TimestampType{Unit: t.unit()}
	case TimestampTZ:
		return &arrow.TimestampType{Unit: t.unit(), TimeZone: "UTC"}
	case Interval:
		return arrow.FixedWidthTypes.MonthDayNanoInterval
	case List:
		return arrow.ListOf(t.Nested.Elem.Arrow())
	case Struct:
		return arrow.StructOf(ArrowFields(t.Nested.Fields)...)
	case Map:
		return arrow.MapOf(t.Nested.Fields[0].Type.Arrow(), t.Nested.Fields[1].Type.Arrow())
	}
	return arrow.BinaryTypes.String // text, char, and what is still unknown
}

// ArrowFields are fields as Arrow fields, nullability kept.
func ArrowFields(fields []Field) []arrow.Field {
	out := make([]arrow.Field, len(fields))
	for i, f := range fields {
		out[i] = arrow.Field{Name: f.Name, Type: f.Type.Arrow(), Nullable: f.Nullable}
	}
	return out
}

// FromArrow is the SQL type that holds values of an Arrow type; ok is false when
// there is none. Unsigned integers widen, times and timestamps of any unit become
// microseconds, with the digits that their unit has: whoever brings the data in converts it.
func FromArrow(t arrow.DataType) (_ Type, ok bool) {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return Of(Bool), true
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Uint8Type:
		return Of(Int2), true
	case *arrow.Int32Type, *arrow.Uint16Type:
		return Of(Int4), true
	case *arrow.Int64Type, *arrow.Uint32Type:
		return Of(Int8), true
	case *arrow.Uint64Type:
		return NumericOf(20, 0), true
	case *arrow.Float16Type, *arrow.Float32Type:
		return Of(Float4), true
	case *arrow.Float64Type:
		return Of(Float8), true
	case *arrow.Decimal32Type:
		return NumericOf(int(t.Precision), int(t.Scale)), t.Scale >= 0
	case *arrow.Decimal64Type:
		return NumericOf(int(t.Precision), int(t.Scale)), t.Scale >= 0
	case *arrow.Decimal128Type:
		return NumericOf(int(t.Precision), int(t.Scale)), t.Scale >= 0
	case *arrow.Decimal256Type:
		return NumericOf(int(t.Precision), int(t.Scale)), t.Scale >= 0 && t.Precision <= MaxPrecision
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType, *arrow.NullType:
		return Of(Text), true
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType, *arrow.FixedSizeBinaryType:
		return Of(Bytea), true
	case *arrow.Date32Type, *arrow.Date64Type:
		return Of(Date), true
	case *arrow.Time32Type:
		return TimeOf(Time, digitsOf(t.Unit)), true
	case *arrow.Time64Type:
		return Of(Time), true
	case *arrow.TimestampType:
		if t.TimeZone != "" {
			return TimeOf(TimestampTZ, digitsOf(t.Unit)), true
		}
		return TimeOf(Timestamp, digitsOf(t.Unit)), true
	case *arrow.MonthDayNanoIntervalType, *arrow.MonthIntervalType, *arrow.DayTimeIntervalType:
		return Of(Interval), true
	case *arrow.DictionaryType:
		return FromArrow(t.ValueType)
	case *arrow.MapType:
		return nestedFromArrow(Map, []arrow.Field{t.KeyField(), t.ItemField()})
	case arrow.ListLikeType:
		elem, ok := FromArrow(t.Elem())
		return ListOf(elem), ok
	case *arrow.StructType:
		return nestedFromArrow(Struct, t.Fields())
	}
	return Type{}, false
}

func nestedFromArrow(kind Kind, fields []arrow.Field) (Type, bool) {
	n := &Nested{Fields: make([]Field, len(fields))}
	for i, f := range fields {
		t, ok := FromArrow(f.Type)
		if !ok {
			return Type{}, false
		}
		n.Fields[i] = Field{Name: f.Name, Type: t.WithoutDigits(), Nullable: f.Nullable}
	}
	return Type{Kind: kind, Nested: n}, true
}
