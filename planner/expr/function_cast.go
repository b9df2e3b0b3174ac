package expr

import "github.com/skein-query/skein/internal/sqlerr"

// CastContext is who asks for a cast, as pg_cast.castcontext.
type CastContext uint8

// The contexts.
const (
	Implicit   CastContext = iota // anywhere in an expression
	Assignment                    // storing into a column
	Explicit                      // CAST(x AS t)
)

// implicit reports whether pg_cast has an implicit cast between two kinds.
func implicit(from, to Kind) bool {
	switch from {
	case Int2:
		return to > Int2 && to <= Float8
	case Int4:
		return to > Int4 && to <= Float8
	case Int8:
		return to > Int8 && to <= Float8
	case Numeric:
		return to == Float4 || to == Float8
	case Float4:
		return to == Float8
	case Text:
		return to == Char
	case Char:
		return to == Text
	case Date:
		return to == Timestamp || to == TimestampTZ
	case Timestamp:
		return to == TimestampTZ
	case Time:
		return to == Interval
	}
	return false
}

func assignable(from, to Kind) bool {
	number := func(k Kind) bool { return k >= Int2 && k <= Float8 }
	switch {
	case implicit(from, to), to == Text || to == Char:
		return true
	case number(from) && number(to):
		return true
	}
	switch from {
	case Timestamp:
		return to == Date || to == Time
	case TimestampTZ:
		return to == Date || to == Time || to == Timestamp
	case Interval:
		return to == Time
	}
	return false
}

// CanCast reports whether a value of one type can become another in a context.
// A type always becomes itself with other modifiers, and Unknown anything.
func CanCast(from, to Type, context CastContext) bool {
	switch {
	case from.Kind == Unknown:
		return true
	case from.IsNested() || to.IsNested():
		return castNested(from, to, context)
	case from.Kind == to.Kind, implicit(from.Kind, to.Kind):
		return true
	case context == Implicit:
		return false
	case assignable(from.Kind, to.Kind):
		return true
	case context == Assignment:
		return false
	}
	return from.IsString() && to.Kind != Bytea || from.IsString() ||
		from.Kind == Bool && to.Kind == Int4 || from.Kind == Int4 && to.Kind == Bool
}

func castNested(from, to Type, context CastContext) bool {
	if from.Kind != to.Kind {
		return to.IsString() && context != Implicit
	}
	if from.Kind == List {
		return CanCast(from.Nested.Elem, to.Nested.Elem, context)
	}
	if len(from.Nested.Fields) != len(to.Nested.Fields) {
		return false
	}
	for i, f := range from.Nested.Fields {
		if !CanCast(f.Type, to.Nested.Fields[i].Type, context) {
			return false
		}
	}
	return true
}

// castCanFail reports whether some value of from cannot become to.
func castCanFail(from, to Type) bool {
	switch {
	case from.Equal(to), to.IsString() && to.Length == 0:
		return false
	case from.IsInteger() && to.IsInteger():
		return to.Kind < from.Kind
	case from.IsInteger() && to.Kind == Numeric:
		return int(to.Precision)-int(to.Scale) < int(NumericFor(from).Precision)
	case from.Kind == Numeric && to.Kind == Numeric:
		room, need := int(to.Precision)-int(to.Scale), int(from.Precision)-int(from.Scale)
		return room < need || room == need && to.Scale < from.Scale // 9.99 rounds to 10.0
	case from.IsNumber() && to.Kind == Float8:
		return false
	case to.IsString():
		return false // longer values are cut
	case from.Kind == Date && to.Kind == TimestampTZ, from.Kind == Date && to.Kind == Timestamp:
		return true // dates reach further
	case from.Kind == Timestamp && to.Kind == TimestampTZ, from.Kind == TimestampTZ && to.Kind == Timestamp:
		return false
	case isPoint(from.Kind) && (to.Kind == Date || to.Kind == Time), from.Kind == Time && to.Kind == Interval:
		return false
	case from.Kind == Bool && to.Kind == Int4, from.Kind == Int4 && to.Kind == Bool:
		return false
	case from.HasSeconds() && from.Kind == to.Kind: // to other digits
		return false
	}
	return true
}

// CastCanFail reports whether some value of from cannot become to.
func CastCanFail(from, to Type) bool { return castCanFail(from, to) }

// NumericFor is the numeric that holds the values of a type: what a cast to
// numeric without modifiers means, and what numeric functions take.
func NumericFor(t Type) Type {
	switch t.Kind {
	case Numeric:
		return t
	case Bool, Int2:
		return NumericOf(5, 0)
	case Int4:
		return NumericOf(10, 0)
	case Int8:
		return NumericOf(19, 0)
	case Float4:
		return NumericOf(MaxPrecision, 8)
	case Float8:
		return NumericOf(MaxPrecision, 16)
	}
	return NumericOf(MaxPrecision, 10)
}

// CommonType is the type that the branches of a construct (UNION, CASE, COALESCE,
// VALUES, IN …; named in the error) are cast to: chapter 10.5. All unknown gives
// text. Numerics become wide enough for all.
func CommonType(context string, types ...Type) (Type, error) {
	same := true
	for _, t := range types[1:] {
		same = same && t.Equal(types[0])
	}
	if same && types[0].Kind != Unknown {
		return types[0], nil
	}
	pick := Type{}
	for _, t := range types {
		switch {
		case t.Kind == Unknown || t.Kind == pick.Kind:
		case pick.Kind == Unknown:
			pick = t
		case category(pick.Kind) != category(t.Kind):
			return Type{}, sqlerr.New(sqlerr.DatatypeMismatch, "%s types %s and %s cannot be matched", context, bare(pick), bare(t))
		case !preferred(pick.Kind) && CanCast(pick, t, Implicit) && !CanCast(t, pick, Implicit):
			pick = t
		}
	}
	if pick.Kind == Unknown {
		return Of(Text), nil
	}
	for _, t := range types {
		if t.Kind != Unknown && !CanCast(t, pick, Implicit) {
			return Type{}, sqlerr.New(sqlerr.CannotCoerce, "%s could not convert type %s to %s", context, bare(t), bare(pick))
		}
	}
	return widest(pick, types), nil
}

// widest is pick with modifiers that hold every one of types.
func widest(pick Type, types []Type) Type {
	switch pick.Kind {
	case Numeric:
		whole, scale := 0, 0
		for _, t := range types {
			if t.Kind == Unknown {
				continue
			}
			n := NumericFor(t)
			whole, scale = max(whole, int(n.Precision)-int(n.Scale)), max(scale, int(n.Scale))
		}
		return NumericOf(whole+scale, min(scale, max(MaxPrecision-whole, 0)))
	case Text, Char:
		for _, t := range types {
			if t.Kind == pick.Kind && t.Length != pick.Length || t.Kind != pick.Kind && t.Kind != Unknown {
				return Of(pick.Kind)
			}
		}
	case Time, Timestamp, TimestampTZ:
		for _, t := range types { // digits are kept where all have the same
			if !t.Equal(pick) {
				return Of(pick.Kind)
			}
		}
	}
	return pick
}
