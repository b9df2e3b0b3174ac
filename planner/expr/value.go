package expr

import "math/big"

// Value is one SQL value, of the type that stands beside it. The zero Value is
// zero, false or the empty string; use Null for NULL.
//
//	Bool                 I is 0 or 1
//	Int2, Int4, Int8     I
//	Numeric              the unscaled integer: Hi (high 64 bits, signed), I (low 64 bits)
//	Float4, Float8       F
//	Text, Char, Bytea    S
//	Date                 I: days since 1970-01-01
//	Time, Timestamp(TZ)  I: microseconds
//	Interval             I: microseconds, Hi: months<<32 | uint32(days)
//	List                 Elems; Struct: Elems; Map: Elems alternating key, value
type Value struct {
	Null  bool
	I     int64
	Hi    int64
	F     float64
	S     string
	Elems []Value
}

// Null is the SQL NULL.
var Null = Value{Null: true}

// Int is an integer, date, time or bool value.
func Int(i int64) Value { return Value{I: i} }

// Str is a text or bytea value.
func Str(s string) Value { return Value{S: s} }

// Float is a float value.
func Float(f float64) Value { return Value{F: f} }

// BoolValue is a boolean value.
func BoolValue(b bool) Value {
	if b {
		return Value{I: 1}
	}
	return Value{}
}

// Decimal64 is a numeric value with an unscaled integer of 64 bits.
func Decimal64(unscaled int64) Value { return Value{I: unscaled, Hi: unscaled >> 63} }

// Decimal128 is a numeric value from an unscaled integer; ok is false when it
// does not fit 128 bits.
func Decimal128(unscaled *big.Int) (_ Value, ok bool) {
	if unscaled.BitLen() > 127 {
		return Value{}, false
	}
	mod := new(big.Int).And(unscaled, new(big.Int).SetUint64(^uint64(0)))
	hi := new(big.Int).Rsh(unscaled, 64)
	return Value{I: int64(mod.Uint64()), Hi: hi.Int64()}, true
}

// Big is the unscaled integer of a numeric value.
func (v Value) Big() *big.Int {
	b := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	return b.Add(b, new(big.Int).SetUint64(uint64(v.I)))
}

// IntervalValue is an interval of PostgreSQL's three parts.
func IntervalValue(months, days int32, micros int64) Value {
	return Value{I: micros, Hi: int64(months)<<32 | int64(uint32(days))}
}

// Interval is the parts of an interval value.
func (v Value) Interval() (months, days int32, micros int64) {
	return int32(v.Hi >> 32), int32(uint32(v.Hi)), v.I
}

// True reports whether the value is boolean true (not null, not false).
func (v Value) True() bool { return !v.Null && v.I != 0 }

// Identical reports whether two values of one type have the same representation;
// NULL is identical to NULL.
func (v Value) Identical(o Value) bool {
	if v.Null || o.Null {
		return v.Null == o.Null
	}
	if v.I != o.I || v.Hi != o.Hi || v.F != o.F || v.S != o.S || len(v.Elems) != len(o.Elems) {
		return false
	}
	for i := range v.Elems {
		if !v.Elems[i].Identical(o.Elems[i]) {
			return false
		}
	}
	return true
}
