package parquet

// The structures of parquet.thrift (apache/parquet-format 2.11), as far as a
// reader needs them. Strings and statistics share memory with the footer.

// physical is a physical type, by its number in the format.
type physical int8

const (
	physBool physical = iota
	physInt32
	physInt64
	physInt96
	physFloat
	physDouble
	physBytes
	physFixed
	physNone physical = -1
)

var physicalNames = [...]string{"BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"}

// Repetition types.
const (
	required = 0
	optional = 1
	repeated = 2
)

// Encodings.
const (
	encPlain           = 0
	encPlainDictionary = 2
	encRLE             = 3
	encBitPacked       = 4
	encDelta           = 5
	encDeltaLength     = 6
	encDeltaBytes      = 7
	encRLEDictionary   = 8
	encByteStreamSplit = 9
)

// Page types.
const (
	pageData       = 0
	pageIndex      = 1
	pageDictionary = 2
	pageDataV2     = 3
)

// Logical types: the numbers of the LogicalType union. Converted types are
// translated into them.
const (
	logNone      = 0
	logString    = 1
	logMap       = 2
	logList      = 3
	logEnum      = 4
	logDecimal   = 5
	logDate      = 6
	logTime      = 7
	logTimestamp = 8
	logInteger   = 10
	logNull      = 11
	logJSON      = 12
	logBSON      = 13
	logUUID      = 14
	logFloat16   = 15
	logInterval  = 100 // only as a converted type
)

type logicalType struct {
	id        int16
	scale     int32
	precision int32
	utc       bool
	unit      int16 // 1 milliseconds, 2 microseconds, 3 nanoseconds
	bits      int8
	signed    bool
}

type schemaElement struct {
	phys       physical
	typeLength int32
	repetition int32
	name       string
	children   int32
	converted  int32 // -1: none
	scale      int32
	precision  int32
	logical    logicalType
}

type fileMeta struct {
	schema    []schemaElement
	rows      int64
	rowGroups []rowGroupMeta
	createdBy string
	encrypted bool
}

type rowGroupMeta struct {
	columns []chunkMeta
	rows    int64
	sorting []sortingColumn
}

type sortingColumn struct {
	column     int32
	descending bool
	nullsFirst bool
}

type statistics struct {
	oldMin, oldMax []byte
	min, max       []byte
	nulls          int64 // -1: not said
	distinct       int64 // -1: not said
}

type chunkMeta struct {
	filePath         string
	phys             physical
	codec            int32
	values           int64
	uncompressed     int64
	compressed       int64
	dataOffset       int64
	dictionaryOffset int64 // 0: none
	stats            statistics
	allDictionary    bool // said by the encoding statistics
	encrypted        bool

	offsetIndexOffset, columnIndexOffset, bloomOffset int64
	offsetIndexLength, columnIndexLength              int32
}

func readFileMeta(b []byte) (*fileMeta, error) {
	c := &compact{b: b}
	m := &fileMeta{}
	c.fields(func(id int16, typ byte) {
		switch id {
		case 2:
			c.list(func(int) { m.schema = append(m.schema, c.schemaElement()) })
		case 3:
			m.rows = c.int()
		case 4:
			c.list(func(int) { m.rowGroups = append(m.rowGroups, c.rowGroup()) })
		case 6:
			m.createdBy = string(c.bytes())
		case 8:
			m.encrypted = true
			c.skip(typ)
		default:
			c.skip(typ)
		}
	})
	return m, c.err
}

func (c *compact) schemaElement() schemaElement {
	e := schemaElement{phys: physNone, converted: -1}
	c.fields(func(id int16, typ byte) {
		switch id {
		case 1:
			if e.phys = physical(c.int()); e.phys < 0 || int(e.phys) >= len(physicalNames) {
				c.fail()
			}
		case 2:
			e.typeLength = c.int32()
		case 3:
			e.repetition = c.int32()
		case 4:
			e.name = string(c.bytes())
		case 5:
			e.children = c.int32()
		case 6:
			e.converted = c.int32()
		case 7:
			e.scale = c.int32()
		case 8:
			e.precision = c.int32()
		case 10:
			e.logical = c.logicalType()
		default:
			c.skip(typ)
		}
	})
	return e
}

func (c *compact) logicalType() (l logicalType) {
	c.fields(func(id int16, typ byte) {
		l.id = id
		if typ != typeStruct {
			c.skip(typ)
			return
		}
		c.fields(func(id int16, typ byte) {
			switch {
			case l.id == logDecimal && id == 1:
				l.scale = c.int32()
			case l.id == logDecimal && id == 2:
				l.precision = c.int32()
			case (l.id == logTime || l.id == logTimestamp) && id == 1:
				l.utc = c.bool(typ)
			case (l.id == logTime || l.id == logTimestamp) && id == 2:
				c.fields(func(id int16, typ byte) { l.unit = id; c.skip(typ) })
			case l.id == logInteger && id == 1:
				l.bits = int8(c.byte())
			case l.id == logInteger && id == 2:
				l.signed = c.bool(typ)
			default:
				c.skip(typ)
			}
		})
	})
	return l
}

func (c *compact) rowGroup() (g rowGroupMeta) {
	c.fields(func(id int16, typ byte) {
		switch id {
		case 1:
			c.list(func(int) { g.columns = append(g.columns, c.chunk()) })
		case 3:
			g.rows = c.int()
		case 4:
			c.list(func(int) { g.sorting = append(g.sorting, c.sortingColumn()) })
		default:
			c.skip(typ)
		}
	})
	return g
}

func (c *compact) sortingColumn() (s sortingColumn) {
	c.fields(func(id int16, typ byte) {
		switch id {
		case 1:
			s.column = c.int32()
		case 2:
			s.descending = c.bool(typ)
		case 3:
			s.nullsFirst = c.bool(typ)
		default:
			c.skip(typ)
		}
	})
	return s
}

func (c *compact) chunk() chunkMeta {
	m := chunkMeta{stats: statistics{nulls: -1, distinct: -1}, phys: physNone}
	c.fields(func(id int16, typ byte) {
		switch id {
		case 1:
			m.filePath = string(c.bytes())
		case 3:
			c.columnMeta(&m)
		case 4:
			m.offsetIndexOffset = c.int()
		case 5:
			m.offsetIndexLength = c.int32()
		case 6:
			m.columnIndexOffset = c.int()
		case 7:
			m.columnIndexLength = c.int32()
		case 8, 9:
			m.encrypted = true
			c.skip(typ)
		default:
			c.skip(typ)
		}
	})
	return m
}

func (c *compact) columnMeta(m *chunkMeta) {
	c.fields(func(id int16, typ byte) {
		switch id {
		case 1:
			m.phys = physical(c.int())
		case 4:
			m.codec = c.int32()
		case 5:
			m.values = c.int()
		case 6:
			m.uncompressed = c.int()
		case 7:
			m.compressed = c.int()
		case 9:
			m.dataOffset = c.int()
		case 11:
			m.dictionaryOffset = c.int()
		case 12:
			m.stats = c.statistics()
		case 13:
			m.allDictionary = c.encodingStats()
		case 14:
			m.bloomOffset = c.int()
		default:
			c.skip(typ)
		}
	})
}

// encodingStats reports whether all data pages are dictionary encoded.
func (c *compact) encodingStats() bool {
	pages, plain := 0, false
	c.list(func(int) {
		var kind, encoding, count int32
		c.fields(func(id int16, typ byte) {
			switch id {
			case 1:
				kind = c.int32()
			case 2:
				encoding = c.int32()
			case 3:
				count = c.int32()
			default:
				c.skip(typ)
			}
		})
		if count > 0 && (kind == pageData || kind == pageDataV2) {
			pages++
			plain = plain || encoding != encRLEDictionary && encoding != encPlainDictionary
		}
	})
	return pages > 0 && !plain
}

func (c *compact) statistics() statistics {
	s := statistics{nulls: -1, distinct: -1}
	c.fields(func(id int16, typ byte) {
		switch id {
		case 1:
			s.oldMax = c.bytes()
		case 2:
			s.oldMin = c.bytes()
		case 3:
			s.nulls = c.int()
		case 4:
			s.distinct = c.int()
		case 5:
			s.max = c.bytes()
		case 6:
			s.min = c.bytes()
		default:
			c.skip(typ)
		}
	})
	return s
}
