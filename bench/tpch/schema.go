package tpch

import (
	"unsafe"

	"github.com/parquet-go/parquet-go"
)

// field is a column of a Parquet file. Columns with few different values in a
// row group are dictionary encoded; sequences and columns that hardly repeat
// are not, because their dictionary would be as large as the column.
type field struct {
	name string
	node parquet.Node
}

func key(name string) field     { return field{name, parquet.Leaf(parquet.Int64Type)} }
func integer(name string) field { return field{name, parquet.Leaf(parquet.Int32Type)} }
func money(name string) field   { return field{name, parquet.Decimal(2, 15, parquet.Int64Type)} }
func date(name string) field    { return field{name, parquet.Date()} }
func text(name string) field    { return field{name, parquet.String()} }
func repeated(f field) field    { return field{f.name, parquet.Encoded(f.node, &parquet.RLEDictionary)} }

// fields lists the columns in the order in which appendTo fills them.
func (t Table) fields() []field {
	switch t {
	case RegionTable:
		return []field{key("r_regionkey"), text("r_name"), text("r_comment")}
	case NationTable:
		return []field{key("n_nationkey"), text("n_name"), repeated(key("n_regionkey")), text("n_comment")}
	case SupplierTable:
		return []field{
			key("s_suppkey"), text("s_name"), text("s_address"), repeated(key("s_nationkey")),
			text("s_phone"), money("s_acctbal"), text("s_comment"),
		}
	case CustomerTable:
		return []field{
			key("c_custkey"), text("c_name"), text("c_address"), repeated(key("c_nationkey")),
			text("c_phone"), money("c_acctbal"), repeated(text("c_mktsegment")), text("c_comment"),
		}
	case PartTable:
		return []field{
			key("p_partkey"), text("p_name"), repeated(text("p_mfgr")), repeated(text("p_brand")),
			repeated(text("p_type")), repeated(integer("p_size")), repeated(text("p_container")),
			repeated(money("p_retailprice")), text("p_comment"),
		}
	case PartSuppTable:
		return []field{
			key("ps_partkey"), repeated(key("ps_suppkey")), repeated(integer("ps_availqty")),
			money("ps_supplycost"), text("ps_comment"),
		}
	case OrdersTable:
		return []field{
			key("o_orderkey"), key("o_custkey"), repeated(text("o_orderstatus")), money("o_totalprice"),
			repeated(date("o_orderdate")), repeated(text("o_orderpriority")), repeated(text("o_clerk")),
			repeated(integer("o_shippriority")), text("o_comment"),
		}
	default:
		return []field{
			key("l_orderkey"), key("l_partkey"), repeated(key("l_suppkey")), repeated(integer("l_linenumber")),
			repeated(money("l_quantity")), money("l_extendedprice"), repeated(money("l_discount")),
			repeated(money("l_tax")), repeated(text("l_returnflag")), repeated(text("l_linestatus")),
			repeated(date("l_shipdate")), repeated(date("l_commitdate")), repeated(date("l_receiptdate")),
			repeated(text("l_shipinstruct")), repeated(text("l_shipmode")), text("l_comment"),
		}
	}
}

// schema is the Parquet schema of t, all columns REQUIRED.
func (t Table) schema() *parquet.Schema {
	fields := t.fields()
	root := make(parquet.Group, len(fields))
	order := make([]string, len(fields))
	for i, f := range fields {
		root[f.name] = f.node
		order[i] = f.name
	}
	return parquet.NewSchema(string(t), orderedGroup{root, order})
}

// orderedGroup is a parquet.Group that keeps its fields in the order given; the
// library's own sorts them by name.
type orderedGroup struct {
	parquet.Group
	order []string
}

// Fields implements parquet.Node.
func (g orderedGroup) Fields() []parquet.Field {
	byName := make(map[string]parquet.Field, len(g.order))
	for _, f := range g.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(g.order))
	for i, name := range g.order {
		fields[i] = byName[name]
	}
	return fields
}

// columns gathers rows column by column, to be handed to the column writers of
// a row group without reflection. The strings are not copied: the writers do.
type columns struct {
	values [][]parquet.Value
	next   int // column that the current row fills next
	rows   int
}

func newColumns(table Table, rows int) *columns {
	c := &columns{values: make([][]parquet.Value, len(table.fields()))}
	for i := range c.values {
		c.values[i] = make([]parquet.Value, 0, rows)
	}
	return c
}

func (c *columns) add(row Row) {
	c.next = 0
	c.rows++
	row.appendTo(c)
}

func (c *columns) put(v parquet.Value) {
	c.values[c.next] = append(c.values[c.next], v)
	c.next++
}

func (c *columns) int64(v int64) { c.put(parquet.Int64Value(v)) }
func (c *columns) int32(v int32) { c.put(parquet.Int32Value(v)) }
func (c *columns) money(v Cents) { c.put(parquet.Int64Value(int64(v))) }
func (c *columns) date(v Date)   { c.put(parquet.Int32Value(int32(v))) }
func (c *columns) text(v string) {
	c.put(parquet.ByteArrayValue(unsafe.Slice(unsafe.StringData(v), len(v))))
}

// writeTo moves the gathered rows to the writers.
func (c *columns) writeTo(writers []*parquet.ColumnWriter) error {
	for i, w := range writers {
		if _, err := w.WriteRowValues(c.values[i]); err != nil {
			return err
		}
		c.values[i] = c.values[i][:0]
	}
	c.rows = 0
	return nil
}
