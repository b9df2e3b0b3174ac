package session

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// The schemas of computed tables.
const (
	informationSchema = "information_schema"
	pgCatalog         = "pg_catalog"
)

// row is a row of a computed table: what a column is not given is NULL.
type row map[string]expr.Value

// systemRows are the tables that have rows, beside those about roles; the other relations of relations.txt are
// those of things that do not exist here, such as triggers, and are empty.
func systemRows() map[string]func(*Statements, *flight.Session) []row {
	return map[string]func(*Statements, *flight.Session) []row{
		"information_schema.character_sets":                  (*Statements).characterSetRows,
		"information_schema.columns":                         (*Statements).columnRows,
		"information_schema.constraint_column_usage":         (*Statements).usedColumnRows,
		"information_schema.key_column_usage":                (*Statements).keyColumnRows,
		"information_schema.table_constraints":               (*Statements).constraintRows,
		"pg_catalog.pg_constraint":                           (*Statements).pgConstraint,
		"information_schema.information_schema_catalog_name": (*Statements).catalogNameRows,
		"information_schema.schemata":                        (*Statements).schemataRows,
		"information_schema.tables":                          (*Statements).tableRows,
		"information_schema.skein_members":                   positional("skein_members", (*Statements).memberRows),
		"information_schema.skein_queries":                   positional("skein_queries", (*Statements).queryRows),
		"pg_catalog.pg_am":                                   (*Statements).pgAm,
		"pg_catalog.pg_attribute":                            (*Statements).pgAttribute,
		"pg_catalog.pg_class":                                (*Statements).pgClass,
		"pg_catalog.pg_collation":                            (*Statements).pgCollation,
		"pg_catalog.pg_database":                             (*Statements).pgDatabase,
		"pg_catalog.pg_namespace":                            (*Statements).pgNamespace,
		"pg_catalog.pg_settings":                             (*Statements).pgSettings,
		"pg_catalog.pg_stat_activity":                        (*Statements).pgStatActivity,
		"pg_catalog.pg_tables":                               (*Statements).pgTables,
		"pg_catalog.pg_tablespace":                           (*Statements).pgTablespace,
		"pg_catalog.pg_type":                                 (*Statements).pgType,
	}
}

// positional makes rows with names of tuples.
func positional(table string, tuples func(*Statements) [][]expr.Value) func(*Statements, *flight.Session) []row {
	return func(s *Statements, _ *flight.Session) []row {
		var out []row
		columns := systemColumns()[informationSchema+"."+table]
		for _, tuple := range tuples(s) {
			r := row{}
			for i, c := range columns {
				r[c.Name] = tuple[i]
			}
			out = append(out, r)
		}
		return out
	}
}

//go:embed relations.txt
var relationsText string

// systemColumns are the columns of every computed table, by "schema.table".
var systemColumns = sync.OnceValue(func() map[string][]expr.Field {
	out := map[string][]expr.Field{}
	name := ""
	for line := range strings.Lines(relationsText) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if !strings.HasPrefix(line, " ") {
			name, words = words[0], words[1:]
		}
		out[name] = append(out[name], fields(strings.Join(words, " "))...)
	}
	return out
})

// fields reads columns, each a name, a colon and a type; none is text.
func fields(list string) []expr.Field {
	kinds := map[string]expr.Kind{"": expr.Text, "bool": expr.Bool, "int2": expr.Int2, "int4": expr.Int4, "int8": expr.Int8,
		"float4": expr.Float4, "float8": expr.Float8, "bytea": expr.Bytea, "timestamptz": expr.TimestampTZ}
	var out []expr.Field
	for part := range strings.FieldsSeq(list) {
		name, kind, _ := strings.Cut(part, ":")
		out = append(out, expr.Field{Name: name, Type: expr.Of(kinds[kind]), Nullable: true})
	}
	return out
}

// systemNames are the computed tables, as "schema.table", sorted.
func systemNames() []string { return slices.Sorted(maps.Keys(systemColumns())) }

// system computes a table of information_schema or pg_catalog.
func (s *Statements) system(session *flight.Session, schema, name string) (*logical.Table, error) {
	columns, ok := systemColumns()[schema+"."+name]
	if !ok {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", schema+"."+name)
	}
	s = s.as(session)
	t := &logical.Table{Catalog: catalogName, Schema: schema, Name: name, Fields: columns, Rows: [][]expr.Value{}}
	if make := roleTables()[schema+"."+name]; make != nil {
		t.Rows = append(t.Rows, make(s).Rows...)
	} else if rows := systemRows()[schema+"."+name]; rows != nil {
		for _, r := range rows(s, session) {
			t.Rows = append(t.Rows, r.tuple(columns))
		}
	}
	t.Stats.RowCount = float64(len(t.Rows))
	return t, nil
}

// tuple is a row in the order of its table's columns.
func (r row) tuple(columns []expr.Field) []expr.Value {
	out := make([]expr.Value, len(columns))
	given := 0
	for i, c := range columns {
		v, ok := r[c.Name]
		if !ok {
			out[i] = expr.Null
			continue
		}
		out[i] = v
		given++
	}
	if given != len(r) { // a name of no column: a mistake in this package, which its test finds
		panic("session: a row with columns that its table does not have")
	}
	return out
}

// texts are values of texts.
func texts(values ...string) []expr.Value {
	out := make([]expr.Value, len(values))
	for i, v := range values {
		out[i] = expr.Str(v)
	}
	return out
}

func yesNo(yes bool) expr.Value {
	if yes {
		return expr.Str("YES")
	}
	return expr.Str("NO")
}
