package standardtest

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
)

const nullable = pb.Type_NULLABILITY_NULLABLE

// typeOf reads a type of the cases' notation, all of them nullable.
func typeOf(s string) (*pb.Type, error) {
	name, params, _ := strings.Cut(strings.ReplaceAll(s, "?", ""), "<")
	params = strings.TrimSuffix(params, ">")
	switch name {
	case "i8":
		return &pb.Type{Kind: &pb.Type_I8_{I8: &pb.Type_I8{Nullability: nullable}}}, nil
	case "i16":
		return &pb.Type{Kind: &pb.Type_I16_{I16: &pb.Type_I16{Nullability: nullable}}}, nil
	case "i32":
		return &pb.Type{Kind: &pb.Type_I32_{I32: &pb.Type_I32{Nullability: nullable}}}, nil
	case "i64":
		return &pb.Type{Kind: &pb.Type_I64_{I64: &pb.Type_I64{Nullability: nullable}}}, nil
	case "fp32":
		return &pb.Type{Kind: &pb.Type_Fp32{Fp32: &pb.Type_FP32{Nullability: nullable}}}, nil
	case "fp64":
		return &pb.Type{Kind: &pb.Type_Fp64{Fp64: &pb.Type_FP64{Nullability: nullable}}}, nil
	case "bool", "boolean":
		return &pb.Type{Kind: &pb.Type_Bool{Bool: &pb.Type_Boolean{Nullability: nullable}}}, nil
	case "str", "string":
		return &pb.Type{Kind: &pb.Type_String_{String_: &pb.Type_String{Nullability: nullable}}}, nil
	case "date":
		return &pb.Type{Kind: &pb.Type_Date_{Date: &pb.Type_Date{Nullability: nullable}}}, nil
	case "time":
		return &pb.Type{Kind: &pb.Type_Time_{Time: &pb.Type_Time{Nullability: nullable}}}, nil
	case "ts":
		return &pb.Type{Kind: &pb.Type_Timestamp_{Timestamp: &pb.Type_Timestamp{Nullability: nullable}}}, nil
	case "tstz":
		return &pb.Type{Kind: &pb.Type_TimestampTz{TimestampTz: &pb.Type_TimestampTZ{Nullability: nullable}}}, nil
	case "iyear":
		return &pb.Type{Kind: &pb.Type_IntervalYear_{IntervalYear: &pb.Type_IntervalYear{Nullability: nullable}}}, nil
	case "iday":
		return &pb.Type{Kind: &pb.Type_IntervalDay_{IntervalDay: &pb.Type_IntervalDay{Nullability: nullable}}}, nil
	case "dec":
		p, s, err := digits(params)
		return &pb.Type{Kind: &pb.Type_Decimal_{Decimal: &pb.Type_Decimal{Precision: p, Scale: s, Nullability: nullable}}}, err
	case "list":
		elem, err := typeOf(params)
		return &pb.Type{Kind: &pb.Type_List_{List: &pb.Type_List{Type: elem, Nullability: nullable}}}, err
	}
	return nil, fmt.Errorf("type %q is not known", s)
}

// digits are the parameters of a decimal; without any it is decimal(38,0).
func digits(params string) (precision, scale int32, err error) {
	if params == "" {
		return 38, 0, nil
	}
	_, err = fmt.Sscanf(strings.ReplaceAll(params, " ", ""), "%d,%d", &precision, &scale)
	return precision, scale, err
}

// literal reads a value of a type.
func literal(v Value) (*pb.Expression_Literal, error) {
	t, err := typeOf(v.Type)
	if err != nil {
		return nil, err
	}
	out := &pb.Expression_Literal{Nullable: true}
	if strings.EqualFold(v.Text, "null") {
		out.LiteralType = &pb.Expression_Literal_Null{Null: t}
		return out, nil
	}
	quoted := strings.TrimSuffix(strings.TrimPrefix(v.Text, "'"), "'")
	switch k := t.Kind.(type) {
	case *pb.Type_I8_, *pb.Type_I16_, *pb.Type_I32_, *pb.Type_I64_:
		i, err := strconv.ParseInt(v.Text, 10, 64)
		switch k.(type) {
		case *pb.Type_I8_:
			out.LiteralType = &pb.Expression_Literal_I8{I8: int32(i)}
		case *pb.Type_I16_:
			out.LiteralType = &pb.Expression_Literal_I16{I16: int32(i)}
		case *pb.Type_I32_:
			out.LiteralType = &pb.Expression_Literal_I32{I32: int32(i)}
		default:
			out.LiteralType = &pb.Expression_Literal_I64{I64: i}
		}
		return out, err
	case *pb.Type_Fp32, *pb.Type_Fp64:
		f, err := strconv.ParseFloat(v.Text, 64)
		if _, single := k.(*pb.Type_Fp32); single {
			out.LiteralType = &pb.Expression_Literal_Fp32{Fp32: float32(f)}
		} else {
			out.LiteralType = &pb.Expression_Literal_Fp64{Fp64: f}
		}
		return out, err
	case *pb.Type_Bool:
		out.LiteralType = &pb.Expression_Literal_Boolean{Boolean: strings.EqualFold(v.Text, "true")}
	case *pb.Type_String_:
		out.LiteralType = &pb.Expression_Literal_String_{String_: quoted}
	case *pb.Type_Decimal_:
		return out, decimal(out, v.Text, k.Decimal)
	case *pb.Type_List_:
		return out, list(out, v, k.List)
	default:
		return out, timeLiteral(out, t, quoted)
	}
	return out, nil
}

func decimal(out *pb.Expression_Literal, text string, t *pb.Type_Decimal) error {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return fmt.Errorf("%q is no decimal", text)
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Scale)), nil)))
	if !r.IsInt() {
		return fmt.Errorf("%q has more than %d digits after the point", text, t.Scale)
	}
	n := r.Num()
	lo := new(big.Int).And(n, new(big.Int).SetUint64(^uint64(0))).Uint64()
	hi := new(big.Int).Rsh(n, 64).Int64()
	b := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, lo), uint64(hi))
	out.LiteralType = &pb.Expression_Literal_Decimal_{Decimal: &pb.Expression_Literal_Decimal{Value: b, Precision: t.Precision, Scale: t.Scale}}
	return nil
}

func list(out *pb.Expression_Literal, v Value, t *pb.Type_List) error {
	elem := v.Type[strings.Index(v.Type, "<")+1 : strings.LastIndex(v.Type, ">")]
	l := &pb.Expression_Literal_List{}
	for _, item := range split(strings.TrimSuffix(strings.TrimPrefix(v.Text, "["), "]")) {
		e, err := literal(Value{item, elem})
		if err != nil {
			return err
		}
		l.Values = append(l.Values, e)
	}
	out.LiteralType = &pb.Expression_Literal_List_{List: l}
	if len(l.Values) == 0 {
		out.LiteralType = &pb.Expression_Literal_EmptyList{EmptyList: t}
	}
	return nil
}

func timeLiteral(out *pb.Expression_Literal, t *pb.Type, text string) error {
	parse := func(layouts ...string) (time.Time, error) {
		for _, l := range layouts {
			if at, err := time.Parse(l, text); err == nil {
				return at, nil
			}
		}
		return time.Time{}, fmt.Errorf("%q is no time", text)
	}
	switch t.Kind.(type) {
	case *pb.Type_Date_:
		at, err := parse("2006-01-02")
		out.LiteralType = &pb.Expression_Literal_Date{Date: int32(at.Unix() / 86400)}
		return err
	case *pb.Type_Time_:
		at, err := parse("15:04:05")
		out.LiteralType = &pb.Expression_Literal_Time{Time: at.Sub(at.Truncate(24 * time.Hour)).Microseconds()}
		return err
	case *pb.Type_Timestamp_:
		at, err := parse("2006-01-02T15:04:05", "2006-01-02")
		out.LiteralType = &pb.Expression_Literal_Timestamp{Timestamp: at.UnixMicro()}
		return err
	case *pb.Type_TimestampTz:
		at, err := parse("2006-01-02T15:04:05Z07:00")
		out.LiteralType = &pb.Expression_Literal_TimestampTz{TimestampTz: at.UnixMicro()}
		return err
	}
	return interval(out, t, text)
}

var isoInterval = regexp.MustCompile(`^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+)S)?)?$`)

func interval(out *pb.Expression_Literal, t *pb.Type, text string) error {
	m := isoInterval.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is no interval", text)
	}
	n := make([]int32, len(m))
	for i, s := range m[1:] {
		v, _ := strconv.Atoi(s)
		n[i+1] = int32(v)
	}
	if _, ok := t.Kind.(*pb.Type_IntervalYear_); ok {
		out.LiteralType = &pb.Expression_Literal_IntervalYearToMonth_{IntervalYearToMonth: &pb.Expression_Literal_IntervalYearToMonth{Years: n[1], Months: n[2]}}
		return nil
	}
	out.LiteralType = &pb.Expression_Literal_IntervalDayToSecond_{IntervalDayToSecond: &pb.Expression_Literal_IntervalDayToSecond{
		Days: n[3], Seconds: n[4]*3600 + n[5]*60 + n[6], PrecisionMode: &pb.Expression_Literal_IntervalDayToSecond_Precision{Precision: 6}}}
	return nil
}
