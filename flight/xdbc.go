package flight

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"

	"github.com/skein-query/skein/planner/expr"
)

// xdbcType is one row of GetXdbcTypeInfo: a SQL type as ODBC's SQLGetTypeInfo and
// JDBC describe it.
type xdbcType struct {
	kind     expr.Kind
	code     pb.XdbcDataType
	size     int32  // digits or characters, 0 when unbounded
	quote    string // around a literal
	params   []string
	scale    [2]int32 // least and most digits after the point, for numbers and times
	datetime pb.XdbcDatetimeSubcode
}

// xdbcTypes are ordered by code, then by name, as the specification wants.
func xdbcTypes() []xdbcType {
	return []xdbcType{
		{kind: expr.Bool, code: pb.XdbcDataType_XDBC_BIT, size: 1},
		{kind: expr.Int8, code: pb.XdbcDataType_XDBC_BIGINT, size: 19},
		{kind: expr.Bytea, code: pb.XdbcDataType_XDBC_VARBINARY, quote: "'"},
		{kind: expr.Char, code: pb.XdbcDataType_XDBC_CHAR, quote: "'", params: []string{"length"}},
		{kind: expr.Numeric, code: pb.XdbcDataType_XDBC_NUMERIC, size: expr.MaxPrecision, params: []string{"precision", "scale"}, scale: [2]int32{0, expr.MaxPrecision}},
		{kind: expr.Int4, code: pb.XdbcDataType_XDBC_INTEGER, size: 10},
		{kind: expr.Int2, code: pb.XdbcDataType_XDBC_SMALLINT, size: 5},
		{kind: expr.Float4, code: pb.XdbcDataType_XDBC_REAL, size: 7},
		{kind: expr.Float8, code: pb.XdbcDataType_XDBC_DOUBLE, size: 15},
		{kind: expr.Interval, code: pb.XdbcDataType_XDBC_INTERVAL, size: 49, quote: "'", scale: [2]int32{0, 6}},
		{kind: expr.Text, code: pb.XdbcDataType_XDBC_VARCHAR, quote: "'"},
		{kind: expr.Date, code: pb.XdbcDataType_XDBC_DATE, size: 13, quote: "'", datetime: pb.XdbcDatetimeSubcode_XDBC_SUBCODE_DATE},
		{kind: expr.Time, code: pb.XdbcDataType_XDBC_TIME, size: 15, quote: "'", scale: [2]int32{0, 6}, datetime: pb.XdbcDatetimeSubcode_XDBC_SUBCODE_TIME},
		{kind: expr.Timestamp, code: pb.XdbcDataType_XDBC_TIMESTAMP, size: 29, quote: "'", scale: [2]int32{0, 6}, datetime: pb.XdbcDatetimeSubcode_XDBC_SUBCODE_TIMESTAMP},
		{kind: expr.TimestampTZ, code: pb.XdbcDataType_XDBC_TIMESTAMP, size: 35, quote: "'", scale: [2]int32{0, 6}, datetime: pb.XdbcDatetimeSubcode_XDBC_SUBCODE_TIMESTAMP_WITH_TIMEZONE},
	}
}

// name is the type's SQL name without modifiers.
func (x xdbcType) name() string {
	switch x.kind {
	case expr.Numeric:
		return "numeric"
	case expr.Char:
		return "char"
	}
	return expr.Of(x.kind).String()
}

// GetFlightInfoXdbcTypeInfo describes the list of SQL types.
func (h *sqlServer) GetFlightInfoXdbcTypeInfo(_ context.Context, _ flightsql.GetXdbcTypeInfo, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.XdbcTypeInfo)
}

// DoGetXdbcTypeInfo lists the SQL types, or those with one data type code.
func (h *sqlServer) DoGetXdbcTypeInfo(_ context.Context, r flightsql.GetXdbcTypeInfo) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	b := h.builder(schema_ref.XdbcTypeInfo)
	for _, x := range xdbcTypes() {
		if want := r.GetDataType(); want == nil || *want == int32(x.code) {
			x.append(b)
		}
	}
	return one(b)
}

// append writes the columns of one row in the order of schema_ref.XdbcTypeInfo.
func (x xdbcType) append(b *array.RecordBuilder) {
	typ := expr.Of(x.kind)
	number := typ.IsNumber()
	appendText(b, 0, x.name())
	appendInt(b, 1, int32(x.code))
	appendIntIf(b, 2, x.size, x.size > 0)
	appendName(b, 3, x.quote)
	appendName(b, 4, x.quote)
	params := b.Field(5).(*array.ListBuilder)
	params.Append(true)
	for _, p := range x.params {
		params.ValueBuilder().(*array.StringBuilder).Append(p)
	}
	appendInt(b, 6, int32(pb.Nullable_NULLABILITY_NULLABLE))
	appendBool(b, 7, typ.IsString())
	appendInt(b, 8, int32(pb.Searchable_SEARCHABLE_FULL))
	appendBoolIf(b, 9, false, number)
	appendBool(b, 10, false)
	appendBoolIf(b, 11, false, number)
	appendText(b, 12, x.name())
	scaled := number || x.scale[1] > 0
	appendIntIf(b, 13, x.scale[0], scaled)
	appendIntIf(b, 14, x.scale[1], scaled)
	sqlType := x.code
	if x.datetime != 0 {
		sqlType = pb.XdbcDataType_XDBC_DATETIME
	}
	appendInt(b, 15, int32(sqlType))
	appendIntIf(b, 16, int32(x.datetime), x.datetime != 0)
	appendIntIf(b, 17, 10, number)
	appendIntIf(b, 18, 6, x.kind == expr.Interval)
}

func appendInt(b *array.RecordBuilder, column int, v int32) {
	b.Field(column).(*array.Int32Builder).Append(v)
}

// appendIntIf appends v, or NULL when there is nothing to say.
func appendIntIf(b *array.RecordBuilder, column int, v int32, ok bool) {
	if !ok {
		b.Field(column).AppendNull()
		return
	}
	appendInt(b, column, v)
}

func appendBool(b *array.RecordBuilder, column int, v bool) {
	b.Field(column).(*array.BooleanBuilder).Append(v)
}

// appendBoolIf appends v, or NULL when there is nothing to say.
func appendBoolIf(b *array.RecordBuilder, column int, v, ok bool) {
	if !ok {
		b.Field(column).AppendNull()
		return
	}
	appendBool(b, column, v)
}
