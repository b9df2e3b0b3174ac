package flight

import (
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/skein-query/skein/planner/expr"
)

// resultSchema is the schema of a result: every column nullable, since clients
// compare the schemas of FlightInfo and stream to the bit and no plan promises
// more than a column's type.
func resultSchema(columns []expr.Field) *arrow.Schema {
	fields := expr.ArrowFields(columns)
	for i := range fields {
		fields[i].Nullable = true
		fields[i].Metadata = columnMetadata(columns[i].Type).Metadata()
	}
	return arrow.NewSchema(fields, nil)
}

// parameterSchema names the parameters as the statement does: $1, $2, …. Times and
// timestamps are announced in milliseconds: JDBC writes its own milliseconds into a vector
// of whatever unit is announced. Values are taken in any unit.
func parameterSchema(types []expr.Type) *arrow.Schema {
	fields := make([]arrow.Field, len(types))
	for i, t := range types {
		typ := t.Arrow()
		switch t.Kind {
		case expr.Time:
			typ = arrow.FixedWidthTypes.Time32ms
		case expr.Timestamp:
			typ = &arrow.TimestampType{Unit: arrow.Millisecond}
		case expr.TimestampTZ:
			typ = arrow.FixedWidthTypes.Timestamp_ms
		}
		fields[i] = arrow.Field{Name: "$" + strconv.Itoa(i+1), Type: typ, Nullable: true,
			Metadata: columnMetadata(t).Metadata()}
	}
	return arrow.NewSchema(fields, nil)
}

// tableSchema is a table's schema for GetTables, with the real nullability and,
// other than a result's, what JDBC shows of a column.
func tableSchema(t Table) *arrow.Schema {
	fields := expr.ArrowFields(t.Columns)
	for i := range fields {
		fields[i].Metadata = columnMetadata(t.Columns[i].Type).
			CatalogName(t.Catalog).SchemaName(t.Schema).TableName(t.Name).
			IsAutoIncrement(false).IsReadOnly(false).Metadata()
	}
	return arrow.NewSchema(fields, nil)
}

// columnMetadata is what the specification lets a field say of its SQL type. It
// has no REMARKS: on a result JDBC would take them for the column's label.
func columnMetadata(t expr.Type) *flightsql.ColumnMetadataBuilder {
	b := flightsql.NewColumnMetadataBuilder().TypeName(t.String())
	switch t.Kind {
	case expr.Numeric:
		b.Precision(int32(t.Precision)).Scale(int32(t.Scale))
	case expr.Int2:
		b.Precision(5).Scale(0)
	case expr.Int4:
		b.Precision(10).Scale(0)
	case expr.Int8:
		b.Precision(19).Scale(0)
	case expr.Float4:
		b.Precision(7)
	case expr.Float8:
		b.Precision(15)
	case expr.Text, expr.Char:
		if t.Length > 0 {
			b.Precision(t.Length)
		}
	case expr.Date:
		b.Precision(10)
	case expr.Time, expr.Timestamp, expr.TimestampTZ: // as many characters as ODBC says: hh:mm:ss, a point and digits
		size, digits := int32(len("hh:mm:ss")), int32(t.Digits())
		if t.Kind != expr.Time {
			size += int32(len("yyyy-mm-dd "))
		}
		if digits > 0 {
			size += 1 + digits
		}
		b.Precision(size).Scale(digits)
	}
	return b.IsCaseSensitive(t.IsString()).IsSearchable(!t.IsNested())
}
