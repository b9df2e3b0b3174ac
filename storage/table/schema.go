package table

import (
	"github.com/apache/arrow-go/v18/arrow"
	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/parquet"
)

// column is one field as it is written: a tree with a leaf for each column of the file.
type column struct {
	name     string
	typ      arrow.DataType
	kind     vector.Kind
	nullable bool
	children []*column // of a list its element, of a struct its fields; none: a leaf
	repeated bool      // a list or a map
	def, rep int       // levels of a value that is there, of the value's repetition
	leaf     int       // number of the leaf column
	narrow   bool      // the values have 64 bits and are written in 32
}

// schemaOf is the columns of a table as a Parquet file has them.
func schemaOf(fields []parquet.Field) ([]*column, error) {
	out := make([]*column, len(fields))
	leaf := 0
	for i, f := range fields {
		c, err := newColumn(f.Name, f.Type, f.Nullable, 0, 0, &leaf)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

func newColumn(name string, typ arrow.DataType, nullable bool, def, rep int, leaf *int) (*column, error) {
	c := &column{name: name, typ: typ, kind: parquet.ArrowKind(typ), nullable: nullable}
	if nullable {
		def++
	}
	var inner []arrow.Field
	switch t := typ.(type) {
	case *arrow.MapType:
		c.repeated, inner = true, []arrow.Field{t.KeyField(), t.ItemField()}
		inner[0].Nullable, inner[1].Nullable = false, true
	case *arrow.ListType:
		c.repeated, inner = true, []arrow.Field{{Name: "element", Type: t.Elem(), Nullable: true}}
	case *arrow.StructType:
		inner = t.Fields()
	default:
		c.def, c.rep, c.leaf = def, rep, *leaf
		*leaf++
		_, err := c.leafNode()
		return c, err
	}
	if c.repeated {
		def, rep = def+1, rep+1
	}
	c.def, c.rep = def, rep
	for _, f := range inner {
		child, err := newColumn(f.Name, f.Type, f.Nullable, def, rep, leaf)
		if err != nil {
			return nil, err
		}
		c.children = append(c.children, child)
	}
	if len(c.children) == 0 {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "column %q is a struct without fields, which a table cannot hold", name)
	}
	return c, nil
}

// schema is the schema of a file.
func fileSchema(columns []*column) *pq.Schema {
	return pq.NewSchema("table", newGroup(columns))
}

func (c *column) node() pq.Node {
	var n pq.Node
	switch {
	case len(c.children) == 0:
		n, _ = c.leafNode() // it has been tried
	case c.repeated && len(c.children) == 1:
		n = pq.List(c.children[0].node())
	case c.repeated:
		n = pq.Map(c.children[0].node(), c.children[1].node())
	default:
		n = newGroup(c.children)
	}
	if c.nullable {
		return pq.Optional(n)
	}
	return pq.Required(n)
}

// group is a parquet.Group that keeps its fields in the order given; the library's own
// sorts them by name.
type group struct {
	pq.Group
	order []string
}

func newGroup(columns []*column) group {
	g := group{Group: pq.Group{}}
	for _, c := range columns {
		g.Group[c.name] = c.node()
		g.order = append(g.order, c.name)
	}
	return g
}

// Fields implements parquet.Node.
func (g group) Fields() []pq.Field {
	byName := make(map[string]pq.Field, len(g.order))
	for _, f := range g.Group.Fields() {
		byName[f.Name()] = f
	}
	out := make([]pq.Field, len(g.order))
	for i, name := range g.order {
		out[i] = byName[name]
	}
	return out
}

// leafNode is the node of a flat type. What repeats is written as a dictionary, which
// tells readers how many values there are; the library gives that up when it grows.
func (c *column) leafNode() (pq.Node, error) {
	dictionary := func(n pq.Node) (pq.Node, error) { return pq.Encoded(n, &pq.RLEDictionary), nil }
	switch t := c.typ.(type) {
	case *arrow.BooleanType:
		return pq.Leaf(pq.BooleanType), nil
	case *arrow.Int16Type:
		return dictionary(pq.Int(16))
	case *arrow.Int32Type:
		return dictionary(pq.Int(32))
	case *arrow.Int64Type:
		return dictionary(pq.Int(64))
	case *arrow.Float32Type:
		return pq.Leaf(pq.FloatType), nil
	case *arrow.Float64Type:
		return pq.Leaf(pq.DoubleType), nil
	case *arrow.Decimal128Type:
		if t.Precision <= 9 {
			c.narrow = true
			return dictionary(pq.Decimal(int(t.Scale), int(t.Precision), pq.Int32Type))
		}
		if t.Precision <= 18 {
			return dictionary(pq.Decimal(int(t.Scale), int(t.Precision), pq.Int64Type))
		}
		return dictionary(pq.Decimal(int(t.Scale), int(t.Precision), pq.FixedLenByteArrayType(16)))
	case *arrow.StringType:
		return dictionary(pq.String())
	case *arrow.BinaryType:
		return pq.Leaf(pq.ByteArrayType), nil
	case *arrow.Date32Type:
		return dictionary(pq.Date())
	case *arrow.Time64Type:
		return dictionary(pq.TimeAdjusted(pq.Microsecond, false))
	case *arrow.TimestampType:
		return dictionary(pq.TimestampAdjusted(pq.Microsecond, t.TimeZone != ""))
	case *arrow.MonthDayNanoIntervalType:
		return pq.Leaf(intervalType{pq.FixedLenByteArrayType(parquet.WideIntervalBytes)}), nil
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "column %q is of type %s, which a table cannot hold", c.name, c.typ)
}

// intervalType is an interval with microseconds: months, days and microseconds in
// parquet.WideIntervalBytes. The format's own has milliseconds and no signs; readers
// that do not know this one see bytes.
type intervalType struct{ pq.Type }

func (intervalType) String() string { return "INTERVAL" }

func (intervalType) ConvertedType() *deprecated.ConvertedType {
	t := deprecated.Interval
	return &t
}

func (intervalType) LogicalType() *format.LogicalType { return nil }
