package standard

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
	"unicode/utf8"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

// literal reads a constant, which says its own type.
func (r *reader) literal(l *pb.Expression_Literal) (val, error) {
	v, t, err := r.constant(l, 0)
	if err != nil {
		return val{}, err
	}
	_, tiny := l.GetLiteralType().(*pb.Expression_Literal_I8)
	tiny = tiny && l.GetTypeVariationReference() == 0
	if n, ok := l.GetLiteralType().(*pb.Expression_Literal_Null); ok {
		_, tiny = n.Null.GetKind().(*pb.Type_I8_)
	}
	return val{Expr: expr.NewLiteral(v, t), tiny: tiny}, nil
}

func (r *reader) constant(l *pb.Expression_Literal, depth int) (expr.Value, expr.Type, error) {
	if depth > maxTypeDepth {
		return expr.Value{}, expr.Type{}, r.errorf("a literal is nested more than %d deep", maxTypeDepth)
	}
	if v, t, ok := r.unsignedValue(l); ok {
		return v, t, nil
	}
	of := func(v expr.Value, k expr.Kind) (expr.Value, expr.Type, error) { return v, expr.Of(k), nil }
	switch v := l.GetLiteralType().(type) {
	case *pb.Expression_Literal_Boolean:
		return of(expr.BoolValue(v.Boolean), expr.Bool)
	case *pb.Expression_Literal_I8:
		return r.small(int64(v.I8), math.MinInt8, math.MaxInt8)
	case *pb.Expression_Literal_I16:
		return r.small(int64(v.I16), math.MinInt16, math.MaxInt16)
	case *pb.Expression_Literal_I32:
		return of(expr.Int(int64(v.I32)), expr.Int4)
	case *pb.Expression_Literal_I64:
		return of(expr.Int(v.I64), expr.Int8)
	case *pb.Expression_Literal_Fp32:
		return of(expr.Float(float64(v.Fp32)), expr.Float4)
	case *pb.Expression_Literal_Fp64:
		return of(expr.Float(v.Fp64), expr.Float8)
	case *pb.Expression_Literal_String_:
		return of(expr.Str(v.String_), expr.Text)
	case *pb.Expression_Literal_VarChar_:
		t := expr.Type{Kind: expr.Text, Length: int32(min(v.VarChar.GetLength(), math.MaxInt32))}
		return expr.Str(v.VarChar.GetValue()), t, nil
	case *pb.Expression_Literal_FixedChar:
		n := max(1, utf8.RuneCountInString(v.FixedChar))
		return expr.Str(v.FixedChar), expr.Type{Kind: expr.Char, Length: int32(n)}, nil
	case *pb.Expression_Literal_Binary:
		return of(expr.Str(string(v.Binary)), expr.Bytea)
	case *pb.Expression_Literal_FixedBinary:
		return of(expr.Str(string(v.FixedBinary)), expr.Bytea)
	case *pb.Expression_Literal_Date:
		return of(expr.Int(int64(v.Date)), expr.Date)
	case *pb.Expression_Literal_Decimal_:
		return r.decimalValue(v.Decimal)
	case *pb.Expression_Literal_Null:
		t, err := r.typ(v.Null)
		return expr.Null, t.Type, err
	case nil:
		return expr.Value{}, expr.Type{}, r.errorf("a literal is missing")
	}
	if v, t, ok, err := r.instant(l); ok || err != nil {
		return v, t, err
	}
	return r.nestedValue(l, depth)
}

// unsignedValue reads an integer whose variation has no sign, from the bits of the one that
// has.
func (r *reader) unsignedValue(l *pb.Expression_Literal) (expr.Value, expr.Type, bool) {
	if l.GetTypeVariationReference() == 0 || !r.isUnsigned(l.GetTypeVariationReference()) {
		return expr.Value{}, expr.Type{}, false
	}
	switch v := l.GetLiteralType().(type) {
	case *pb.Expression_Literal_I8:
		return expr.Int(int64(uint8(v.I8))), unsignedOf(1), true
	case *pb.Expression_Literal_I16:
		return expr.Int(int64(uint16(v.I16))), unsignedOf(2), true
	case *pb.Expression_Literal_I32:
		return expr.Int(int64(uint32(v.I32))), unsignedOf(4), true
	case *pb.Expression_Literal_I64:
		return expr.Value{I: v.I64}, unsignedOf(8), true // the lower of two words
	}
	return expr.Value{}, expr.Type{}, false
}

func (r *reader) small(i, least, most int64) (expr.Value, expr.Type, error) {
	if i < least || i > most {
		return expr.Value{}, expr.Type{}, r.errorf("the literal %d is not between %d and %d", i, least, most)
	}
	return expr.Int(i), expr.Of(expr.Int2), nil
}

// decimalValue reads a decimal: an integer of 16 bytes, the lowest first.
func (r *reader) decimalValue(d *pb.Expression_Literal_Decimal) (expr.Value, expr.Type, error) {
	t, err := r.decimal(d.GetPrecision(), d.GetScale())
	b := d.GetValue()
	if err == nil && len(b) != 16 {
		err = r.errorf("a decimal literal has %d bytes instead of 16", len(b))
	}
	if err != nil {
		return expr.Value{}, t, err
	}
	v := expr.Value{I: int64(binary.LittleEndian.Uint64(b)), Hi: int64(binary.LittleEndian.Uint64(b[8:]))}
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Precision)), nil)
	if v.Big().CmpAbs(limit) >= 0 {
		return v, t, r.errorf("a decimal literal has more than %d digits", t.Precision)
	}
	return v, t, nil
}

// instant reads the literals of times and intervals.
func (r *reader) instant(l *pb.Expression_Literal) (_ expr.Value, _ expr.Type, ok bool, err error) {
	at := func(kind expr.Kind, value int64, precision int32) (expr.Value, expr.Type, bool, error) {
		micros, err := r.micros(value, precision)
		if err == nil && kind == expr.Time && (micros < 0 || micros > 24*3600*1e6) {
			err = r.errorf("a time of %d microseconds is not within a day", micros)
		}
		return expr.Int(micros), expr.Of(kind), true, err
	}
	switch v := l.GetLiteralType().(type) {
	case *pb.Expression_Literal_Time:
		return at(expr.Time, v.Time, 6)
	case *pb.Expression_Literal_Timestamp:
		return at(expr.Timestamp, v.Timestamp, 6)
	case *pb.Expression_Literal_TimestampTz:
		return at(expr.TimestampTZ, v.TimestampTz, 6)
	case *pb.Expression_Literal_PrecisionTime_:
		return at(expr.Time, v.PrecisionTime.GetValue(), v.PrecisionTime.GetPrecision())
	case *pb.Expression_Literal_PrecisionTimestamp_:
		return at(expr.Timestamp, v.PrecisionTimestamp.GetValue(), v.PrecisionTimestamp.GetPrecision())
	case *pb.Expression_Literal_PrecisionTimestampTz:
		return at(expr.TimestampTZ, v.PrecisionTimestampTz.GetValue(), v.PrecisionTimestampTz.GetPrecision())
	case *pb.Expression_Literal_IntervalYearToMonth_:
		return r.interval(v.IntervalYearToMonth, nil)
	case *pb.Expression_Literal_IntervalDayToSecond_:
		return r.interval(nil, v.IntervalDayToSecond)
	case *pb.Expression_Literal_IntervalCompound_:
		return r.interval(v.IntervalCompound.GetIntervalYearToMonth(), v.IntervalCompound.GetIntervalDayToSecond())
	}
	return expr.Value{}, expr.Type{}, false, nil
}

// micros is a number of fractions of a second, of so many digits, in microseconds.
func (r *reader) micros(v int64, digits int32) (int64, error) {
	if digits < 0 || digits > maxSubsecond {
		return 0, r.errorf("precision %d is not between 0 and %d", digits, maxSubsecond)
	}
	by := int64(math.Pow10(int(max(digits-6, 6-digits))))
	if digits > 6 {
		if v%by != 0 {
			return 0, r.errorf("a time of precision %d is no whole number of microseconds", digits)
		}
		return v / by, nil
	}
	hi, lo := bits.Mul64(uint64(max(v, -v)), uint64(by))
	if hi != 0 || lo > math.MaxInt64 || v == math.MinInt64 {
		return 0, r.errorf("a time of %d at precision %d is out of range", v, digits)
	}
	return v * by, nil
}

func (r *reader) interval(ym *pb.Expression_Literal_IntervalYearToMonth, ds *pb.Expression_Literal_IntervalDayToSecond) (expr.Value, expr.Type, bool, error) {
	t := expr.Of(expr.Interval)
	months := int64(ym.GetYears())*12 + int64(ym.GetMonths())
	if months != int64(int32(months)) {
		return expr.Value{}, t, true, r.errorf("an interval of %d months is out of range", months)
	}
	var fraction int64
	var err error
	switch p := ds.GetPrecisionMode().(type) {
	case *pb.Expression_Literal_IntervalDayToSecond_Microseconds:
		fraction = int64(p.Microseconds)
		if ds.GetSubseconds() != 0 {
			err = r.errorf("an interval has microseconds and subseconds")
		}
	case *pb.Expression_Literal_IntervalDayToSecond_Precision:
		fraction, err = r.micros(ds.GetSubseconds(), p.Precision)
	default:
		fraction, err = r.micros(ds.GetSubseconds(), 0)
	}
	seconds := int64(ds.GetSeconds()) * 1e6
	if fraction > 0 && seconds > math.MaxInt64-fraction || fraction < 0 && seconds < math.MinInt64-fraction {
		err = r.errorf("an interval is out of range")
	}
	return expr.IntervalValue(int32(months), ds.GetDays(), seconds+fraction), t, true, err
}

// nestedValue reads lists, maps and structs.
func (r *reader) nestedValue(l *pb.Expression_Literal, depth int) (expr.Value, expr.Type, error) {
	fail := func(err error) (expr.Value, expr.Type, error) { return expr.Value{}, expr.Type{}, err }
	switch v := l.GetLiteralType().(type) {
	case *pb.Expression_Literal_EmptyList:
		t, err := r.kindOf(&pb.Type{Kind: &pb.Type_List_{List: v.EmptyList}})
		return expr.Value{}, t, err
	case *pb.Expression_Literal_EmptyMap:
		t, err := r.kindOf(&pb.Type{Kind: &pb.Type_Map_{Map: v.EmptyMap}})
		return expr.Value{}, t, err
	case *pb.Expression_Literal_List_:
		elems, types, err := r.constants(v.List.GetValues(), depth)
		if err != nil {
			return fail(err)
		}
		if len(elems) == 0 {
			return fail(r.errorf("an empty list does not say its type"))
		}
		elem, err := r.oneType(types)
		return expr.Value{Elems: elems}, expr.ListOf(elem), err
	case *pb.Expression_Literal_Struct_:
		elems, types, err := r.constants(v.Struct.GetFields(), depth)
		return expr.Value{Elems: elems}, structOf(types), err
	case *pb.Expression_Literal_Map_:
		var keys, values []*pb.Expression_Literal
		for _, kv := range v.Map.GetKeyValues() {
			keys, values = append(keys, kv.GetKey()), append(values, kv.GetValue())
		}
		return r.mapValue(keys, values, depth)
	}
	return fail(r.errorf("a literal of case %s is not supported", caseName(l.GetLiteralType())))
}

func (r *reader) kindOf(t *pb.Type) (expr.Type, error) {
	k, err := r.typ(t)
	return k.Type, err
}

func (r *reader) constants(list []*pb.Expression_Literal, depth int) ([]expr.Value, []expr.Type, error) {
	values, types := make([]expr.Value, len(list)), make([]expr.Type, len(list))
	for i, l := range list {
		var err error
		if values[i], types[i], err = r.constant(l, depth+1); err != nil {
			return nil, nil, err
		}
	}
	return values, types, nil
}

// oneType is the type of all elements of a list: fixedChars of any length are one.
func (r *reader) oneType(types []expr.Type) (expr.Type, error) {
	out := types[0]
	for _, t := range types[1:] {
		if t.Kind == expr.Char && out.Kind == expr.Char {
			out.Length = max(out.Length, t.Length)
			continue
		}
		if !t.Equal(out) {
			return out, r.errorf("the elements of a list are of the types %s and %s", out, t)
		}
	}
	return out, nil
}

func (r *reader) mapValue(keys, values []*pb.Expression_Literal, depth int) (expr.Value, expr.Type, error) {
	k, kt, err := r.constants(keys, depth)
	if err != nil {
		return expr.Value{}, expr.Type{}, err
	}
	v, vt, err := r.constants(values, depth)
	if err != nil {
		return expr.Value{}, expr.Type{}, err
	}
	if len(k) == 0 {
		return expr.Value{}, expr.Type{}, r.errorf("an empty map does not say its type")
	}
	out := expr.Value{}
	for i := range k {
		out.Elems = append(out.Elems, k[i], v[i])
	}
	t := mapType(kt[0], vt[0])
	if _, err = r.oneType(kt); err == nil {
		_, err = r.oneType(vt)
	}
	return out, t, err
}

func structOf(types []expr.Type) expr.Type {
	n := &expr.Nested{}
	for i, t := range types {
		n.Fields = append(n.Fields, expr.Field{Name: fieldName(i), Type: t, Nullable: true})
	}
	return expr.Type{Kind: expr.Struct, Nested: n}
}
