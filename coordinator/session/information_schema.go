package session

import (
	"strings"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/storage/catalog"
)

// The schemas of computed tables.
const (
	informationSchema = "information_schema"
	pgCatalog         = "pg_catalog"
)

// system computes a table of information_schema or pg_catalog.
func (s *Statements) system(session *flight.Session, schema, name string) (*logical.Table, error) {
	make, ok := systemTables()[schema+"."+name]
	if !ok {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", schema+"."+name)
	}
	t := make(s, session)
	t.Catalog, t.Schema, t.Name = "skein", schema, name
	t.Stats.RowCount = float64(len(t.Rows))
	if t.Rows == nil {
		t.Rows = [][]expr.Value{}
	}
	return t, nil
}

func systemTables() map[string]func(*Statements, *flight.Session) *logical.Table {
	tables := map[string]func(*Statements, *flight.Session) *logical.Table{
		"information_schema.tables":        (*Statements).tablesTable,
		"information_schema.columns":       (*Statements).columnsTable,
		"information_schema.schemata":      (*Statements).schemataTable,
		"information_schema.skein_members": (*Statements).membersTable,
		"information_schema.skein_queries": (*Statements).queriesTable,
		"pg_catalog.pg_tables":             (*Statements).pgTables,
	}
	for name, table := range roleTables() {
		tables[name] = func(s *Statements, _ *flight.Session) *logical.Table { return table(s) }
	}
	return tables
}

func fields(list string) []expr.Field {
	var out []expr.Field
	for _, part := range strings.Fields(list) {
		name, kind, _ := strings.Cut(part, ":")
		typ := expr.Of(expr.Text)
		if kind == "int" {
			typ = expr.Of(expr.Int4)
		} else if kind == "bigint" {
			typ = expr.Of(expr.Int8)
		} else if kind == "bool" {
			typ = expr.Of(expr.Bool)
		} else if kind == "float" {
			typ = expr.Of(expr.Float8)
		}
		out = append(out, expr.Field{Name: name, Type: typ, Nullable: true})
	}
	return out
}

func (s *Statements) tablesTable(session *flight.Session) *logical.Table {
	t := &logical.Table{Fields: fields("table_catalog table_schema table_name table_type is_insertable_into")}
	for _, x := range s.tables(session) {
		kind, insertable := "BASE TABLE", "NO"
		if catalog.IsTemporary(x.Schema) {
			kind = "LOCAL TEMPORARY"
		}
		if x.Memory != nil {
			insertable = "YES"
		}
		t.Rows = append(t.Rows, texts("skein", shownSchema(x.Schema), x.Name, kind, insertable))
	}
	for key := range systemTables() {
		schema, name, _ := strings.Cut(key, ".")
		t.Rows = append(t.Rows, texts("skein", schema, name, "VIEW", "NO"))
	}
	return t
}

func texts(values ...string) []expr.Value {
	out := make([]expr.Value, len(values))
	for i, v := range values {
		out[i] = expr.Str(v)
	}
	return out
}

func (s *Statements) schemataTable(session *flight.Session) *logical.Table {
	t := &logical.Table{Fields: fields("catalog_name schema_name schema_owner default_character_set_name")}
	for _, name := range s.schemas(session) {
		t.Rows = append(t.Rows, append(texts("skein", name, "skein"), expr.Null))
	}
	return t
}

func (s *Statements) pgTables(session *flight.Session) *logical.Table {
	t := &logical.Table{Fields: fields("schemaname tablename tableowner tablespace hasindexes:bool hasrules:bool hastriggers:bool rowsecurity:bool")}
	no := expr.BoolValue(false)
	for _, x := range s.tables(session) {
		t.Rows = append(t.Rows, append(texts(shownSchema(x.Schema), x.Name, owner(x)), expr.Null, no, no, no, no))
	}
	return t
}

func (s *Statements) columnsTable(session *flight.Session) *logical.Table {
	t := &logical.Table{Fields: fields("table_catalog table_schema table_name column_name ordinal_position:int column_default is_nullable " +
		"data_type character_maximum_length:int character_octet_length:int numeric_precision:int numeric_precision_radix:int numeric_scale:int datetime_precision:int udt_name")}
	for _, x := range s.tables(session) {
		columns, err := columnsOf(x)
		if err != nil {
			continue // a table that cannot be read has no columns to show
		}
		t.Rows = append(t.Rows, columnRows(x, columns)...)
	}
	return t
}

func columnRows(t *catalog.Table, columns []expr.Field) [][]expr.Value {
	var out [][]expr.Value
	for i, c := range columns {
		nullable := "NO"
		if c.Nullable {
			nullable = "YES"
		}
		preset := expr.Null
		if i < len(t.Columns) && t.Columns[i].Default != "" {
			preset = expr.Str(t.Columns[i].Default)
		}
		row := append(texts("skein", shownSchema(t.Schema), t.Name, c.Name), expr.Int(int64(i+1)), preset)
		row = append(row, texts(nullable, standardName(c.Type))...)
		out = append(out, append(row, measures(c.Type)...))
	}
	return out
}

// measures are a type's length, precision, radix and scale as information_schema
// gives them, and PostgreSQL's internal name.
func measures(t expr.Type) []expr.Value {
	length, octets, precision, radix, scale, clock := expr.Null, expr.Null, expr.Null, expr.Null, expr.Null, expr.Null
	bits := map[expr.Kind]int64{expr.Int2: 16, expr.Int4: 32, expr.Int8: 64, expr.Float4: 24, expr.Float8: 53}
	switch t.Kind {
	case expr.Int2, expr.Int4, expr.Int8:
		precision, radix, scale = expr.Int(bits[t.Kind]), expr.Int(2), expr.Int(0)
	case expr.Float4, expr.Float8:
		precision, radix = expr.Int(bits[t.Kind]), expr.Int(2)
	case expr.Numeric:
		precision, radix, scale = expr.Int(int64(t.Precision)), expr.Int(10), expr.Int(int64(t.Scale))
	case expr.Text, expr.Char:
		if t.Length > 0 {
			length, octets = expr.Int(int64(t.Length)), expr.Int(4*int64(t.Length))
		} else {
			octets = expr.Int(1 << 30)
		}
	case expr.Date:
		clock = expr.Int(0)
	case expr.Time, expr.Timestamp, expr.TimestampTZ, expr.Interval:
		clock = expr.Int(6)
	}
	return []expr.Value{length, octets, precision, radix, scale, clock, expr.Str(internalName(t))}
}

// standardName is the type's name in the words of the SQL standard.
func standardName(t expr.Type) string {
	switch t.Kind {
	case expr.Numeric:
		return "numeric"
	case expr.Text:
		if t.Length > 0 {
			return "character varying"
		}
	case expr.Char:
		return "character"
	case expr.Time:
		return "time without time zone"
	case expr.Timestamp:
		return "timestamp without time zone"
	case expr.TimestampTZ:
		return "timestamp with time zone"
	case expr.List:
		return "ARRAY"
	case expr.Struct, expr.Map:
		return "USER-DEFINED"
	}
	return t.String()
}

func internalName(t expr.Type) string {
	names := map[expr.Kind]string{expr.Bool: "bool", expr.Int2: "int2", expr.Int4: "int4", expr.Int8: "int8",
		expr.Float4: "float4", expr.Float8: "float8", expr.Char: "bpchar", expr.Numeric: "numeric"}
	if n, ok := names[t.Kind]; ok {
		return n
	}
	if t.Kind == expr.Text && t.Length > 0 {
		return "varchar"
	}
	return t.String()
}
