package client

import (
	"context"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/skein-query/skein/flight/value"
	"github.com/skein-query/skein/planner/expr"
)

// Table is a table as the server lists it.
type Table struct {
	Catalog, Schema, Name string
	Type                  string // TABLE, VIEW, SYSTEM TABLE
	Columns               []Column
}

// Column is a column of a table.
type Column struct {
	Name    string
	Type    string // in SQL's words
	NotNull bool   // only Columns knows
}

// Columns gives the columns of a table in full; the listing of all tables does not
// say which may be null.
func (c *Client) Columns(ctx context.Context, t Table) ([]Column, error) {
	schema, err := c.conn.GetTableSchema(ctx, &t.Catalog, &t.Schema, t.Name)
	if err != nil {
		return nil, fromADBC(err)
	}
	columns := make([]Column, schema.NumFields())
	for i, f := range schema.Fields() {
		name, _ := (&flightsql.ColumnMetadata{Data: &f.Metadata}).TypeName()
		columns[i] = Column{f.Name, name, !f.Nullable}
	}
	return columns, nil
}

// Tables lists all tables with their columns, sorted as the server sorts them.
func (c *Client) Tables(ctx context.Context) ([]Table, error) {
	reader, err := c.conn.GetObjects(ctx, adbc.ObjectDepthColumns, nil, nil, nil, nil, nil)
	if err != nil {
		return nil, fromADBC(err)
	}
	defer reader.Release()
	var tables []Table
	for reader.Next() {
		batch := reader.RecordBatch()
		for row := range int(batch.NumRows()) {
			catalog, _, err := value.At(batch.Column(0), row)
			if err != nil {
				return nil, err
			}
			schemas, typ, err := value.At(batch.Column(1), row)
			if err != nil {
				return nil, err
			}
			for schema := range elements(schemas, typ) {
				tables = schema.tables(tables, catalog.S)
			}
		}
	}
	return tables, fromADBC(reader.Err())
}

// object is a struct of ADBC's nested listing.
type object struct {
	value expr.Value
	typ   expr.Type
}

// elements ranges over a list of structs.
func elements(v expr.Value, t expr.Type) func(yield func(object) bool) {
	return func(yield func(object) bool) {
		for _, e := range v.Elems {
			if !yield(object{e, t.Nested.Elem}) {
				return
			}
		}
	}
}

// field is a field of the struct by name, NULL when there is none.
func (o object) field(name string) (expr.Value, expr.Type) {
	for i, f := range o.typ.Nested.Fields {
		if f.Name == name && i < len(o.value.Elems) {
			return o.value.Elems[i], f.Type
		}
	}
	return expr.Null, expr.Type{}
}

func (o object) text(name string) string {
	v, _ := o.field(name)
	return v.S
}

func (o object) tables(to []Table, catalog string) []Table {
	for t := range elements(o.field("db_schema_tables")) {
		table := Table{Catalog: catalog, Schema: o.text("db_schema_name"), Name: t.text("table_name"), Type: t.text("table_type")}
		for c := range elements(t.field("table_columns")) {
			table.Columns = append(table.Columns, Column{Name: c.text("column_name"), Type: c.text("xdbc_type_name")})
		}
		to = append(to, table)
	}
	return to
}
