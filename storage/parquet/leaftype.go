package parquet

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// conversion is what turns a physical value into a vector value.
type conversion uint8

const (
	asIs           conversion = iota // same layout
	int32To16                        // cut, after a check
	int32To64                        // sign extended
	uint32To64                       // zero extended
	uint16To32                       // cut, after a check
	uint64To128                      // zero extended
	int64To128                       // sign extended
	millisTo64                       // int64 milliseconds → microseconds
	millis32To64                     // int32 milliseconds → microseconds
	nanosTo64                        // nanoseconds → microseconds, rounded down
	int96To64                        // Julian day and nanoseconds → microseconds
	decimalTo64                      // big-endian two's complement
	decimalTo128                     //
	halfTo32                         // IEEE 754 binary16
	uuidToText                       // 16 bytes → 36 characters
	toInterval                       // months, days, milliseconds
	toWideInterval                   // months, days, microseconds, with signs
)

// WideIntervalBytes is the length of an interval as package table writes it: int32
// months, int32 days, int64 microseconds. The format's own, of 12 bytes, has neither
// signs nor microseconds.
const WideIntervalBytes = 16

// Converted types, by their number in the format.
const (
	convertedMap         = 1
	convertedMapKeyValue = 2
	convertedList        = 3
)

// logicalOf is the logical type of an element, translated from the converted type
// where there is no other.
func logicalOf(e schemaElement) logicalType {
	if e.logical.id != logNone {
		return e.logical
	}
	switch e.converted {
	case 0:
		return logicalType{id: logString}
	case 4:
		return logicalType{id: logEnum}
	case 5:
		return logicalType{id: logDecimal, scale: e.scale, precision: e.precision}
	case 6:
		return logicalType{id: logDate}
	case 7, 8:
		return logicalType{id: logTime, unit: int16(e.converted - 6), utc: true}
	case 9, 10:
		return logicalType{id: logTimestamp, unit: int16(e.converted - 8), utc: true}
	case 11, 12, 13, 14:
		return logicalType{id: logInteger, bits: 8 << (e.converted - 11)}
	case 15, 16, 17, 18:
		return logicalType{id: logInteger, bits: 8 << (e.converted - 15), signed: true}
	case 19:
		return logicalType{id: logJSON}
	case 20:
		return logicalType{id: logBSON}
	case 21:
		return logicalType{id: logInterval}
	}
	return logicalType{}
}

// leafType gives the type of a column and how its values are converted. An
// annotation that does not fit the physical type is ignored, as the format asks.
func leafType(e schemaElement) (arrow.DataType, conversion, error) {
	l := logicalOf(e)
	if l.id == logDecimal {
		if typ, c, ok, err := decimalType(e, l); ok {
			return typ, c, err
		}
	}
	switch e.phys {
	case physBool:
		return arrow.FixedWidthTypes.Boolean, asIs, nil
	case physInt32:
		typ, c := int32Type(l)
		return typ, c, nil
	case physInt64:
		typ, c := int64Type(l)
		return typ, c, nil
	case physInt96:
		return timestamp(false), int96To64, nil
	case physFloat:
		return arrow.PrimitiveTypes.Float32, asIs, nil
	case physDouble:
		return arrow.PrimitiveTypes.Float64, asIs, nil
	case physFixed:
		if e.typeLength <= 0 || e.typeLength > 1<<20 {
			return arrow.BinaryTypes.Binary, asIs, bad("a fixed length of %d bytes", e.typeLength)
		}
		switch {
		case l.id == logUUID && e.typeLength == 16:
			return arrow.BinaryTypes.String, uuidToText, nil
		case l.id == logFloat16 && e.typeLength == 2:
			return arrow.FixedWidthTypes.Float16, halfTo32, nil
		case l.id == logInterval && e.typeLength == 12:
			return arrow.FixedWidthTypes.MonthDayNanoInterval, toInterval, nil
		case l.id == logInterval && e.typeLength == WideIntervalBytes:
			return arrow.FixedWidthTypes.MonthDayNanoInterval, toWideInterval, nil
		}
	}
	switch l.id {
	case logString, logEnum, logJSON:
		return arrow.BinaryTypes.String, asIs, nil
	}
	return arrow.BinaryTypes.Binary, asIs, nil
}

func int32Type(l logicalType) (arrow.DataType, conversion) {
	switch {
	case l.id == logDate:
		return arrow.FixedWidthTypes.Date32, asIs
	case l.id == logTime && l.unit == 1:
		return arrow.FixedWidthTypes.Time64us, millis32To64
	case l.id == logInteger && l.signed && l.bits == 8:
		return arrow.PrimitiveTypes.Int8, int32To16
	case l.id == logInteger && l.signed && l.bits == 16:
		return arrow.PrimitiveTypes.Int16, int32To16
	case l.id == logInteger && !l.signed && l.bits == 8:
		return arrow.PrimitiveTypes.Uint8, int32To16
	case l.id == logInteger && !l.signed && l.bits == 16:
		return arrow.PrimitiveTypes.Uint16, uint16To32
	case l.id == logInteger && !l.signed && l.bits == 32:
		return arrow.PrimitiveTypes.Uint32, uint32To64
	}
	return arrow.PrimitiveTypes.Int32, asIs
}

func int64Type(l logicalType) (arrow.DataType, conversion) {
	switch {
	case l.id == logTime && l.unit == 2:
		return arrow.FixedWidthTypes.Time64us, asIs
	case l.id == logTime && l.unit == 3:
		return arrow.FixedWidthTypes.Time64us, nanosTo64
	case l.id == logTimestamp:
		c := asIs
		switch l.unit {
		case 1:
			c = millisTo64
		case 3:
			c = nanosTo64
		}
		return timestamp(l.utc), c
	case l.id == logInteger && !l.signed && l.bits == 64:
		return arrow.PrimitiveTypes.Uint64, uint64To128
	}
	return arrow.PrimitiveTypes.Int64, asIs
}

func timestamp(utc bool) arrow.DataType {
	if utc {
		return arrow.FixedWidthTypes.Timestamp_us
	}
	return &arrow.TimestampType{Unit: arrow.Microsecond}
}

// decimalType is not ok where the annotation makes no sense for the physical type.
func decimalType(e schemaElement, l logicalType) (typ arrow.DataType, c conversion, ok bool, err error) {
	p, s := l.precision, l.scale
	if p <= 0 || s < 0 || s > p {
		return nil, 0, false, nil
	}
	if p > 38 {
		return arrow.BinaryTypes.Binary, asIs, true, sqlerr.New(sqlerr.FeatureNotSupported,
			"column %q is decimal(%d,%d), decimals have at most 38 digits", e.name, p, s)
	}
	narrow := p <= 18
	switch {
	case e.phys == physInt32 && narrow:
		c = int32To64
	case e.phys == physInt64 && narrow:
		c = asIs
	case e.phys == physInt64:
		c = int64To128
	case (e.phys == physBytes || e.phys == physFixed && e.typeLength > 0 && e.typeLength <= 1<<10) && narrow:
		c = decimalTo64
	case e.phys == physBytes || e.phys == physFixed && e.typeLength > 0 && e.typeLength <= 1<<10:
		c = decimalTo128
	default:
		return nil, 0, false, nil
	}
	return &arrow.Decimal128Type{Precision: p, Scale: s}, c, true, nil
}

// ArrowKind is the layout in which values of a type come out of a scan; Invalid
// for types that no Parquet file has.
func ArrowKind(typ arrow.DataType) vector.Kind {
	switch typ.ID() {
	case arrow.BOOL:
		return vector.Bool
	case arrow.INT8, arrow.INT16, arrow.UINT8:
		return vector.Int16
	case arrow.INT32, arrow.UINT16, arrow.DATE32:
		return vector.Int32
	case arrow.INT64, arrow.UINT32, arrow.TIMESTAMP, arrow.TIME32, arrow.TIME64:
		return vector.Int64
	case arrow.DATE64:
		return vector.Int32
	case arrow.UINT64:
		return vector.Int128
	case arrow.FLOAT16, arrow.FLOAT32:
		return vector.Float32
	case arrow.FLOAT64:
		return vector.Float64
	case arrow.DECIMAL32, arrow.DECIMAL64, arrow.DECIMAL128, arrow.DECIMAL256:
		if typ.(arrow.DecimalType).GetPrecision() <= 18 {
			return vector.Int64
		}
		return vector.Int128
	case arrow.STRING, arrow.BINARY, arrow.LARGE_STRING, arrow.LARGE_BINARY, arrow.STRING_VIEW, arrow.BINARY_VIEW, arrow.FIXED_SIZE_BINARY:
		return vector.String
	case arrow.INTERVAL_MONTH_DAY_NANO, arrow.INTERVAL_MONTHS, arrow.INTERVAL_DAY_TIME:
		return vector.Interval
	case arrow.LIST, arrow.LARGE_LIST, arrow.MAP, arrow.FIXED_SIZE_LIST:
		return vector.List
	case arrow.STRUCT:
		return vector.Struct
	}
	return vector.Invalid
}
