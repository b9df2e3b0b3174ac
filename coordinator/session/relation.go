package session

import (
	"hash/fnv"
	"slices"
	"strings"
	"sync"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/storage/catalog"
)

// relation is a table as the catalogs of SQL list it.
type relation struct {
	schema, name string
	columns      []expr.Field
	presets      []catalog.Column // what its statement said of the columns; may be empty
	keys         []catalog.Key
	system       bool
	temporary    bool // the session's own
	writable     bool // rows can be inserted
	owner        string
	rows         float64 // -1: not known
}

// relations are the tables that a session sees, those computed here among them.
func (s *Statements) relations(session *flight.Session) []relation {
	s = s.as(session)
	var out []relation
	for _, t := range s.tables(session) {
		columns, err := columnsOf(t)
		if err != nil {
			continue // a table that cannot be read has no columns to show
		}
		r := relation{schema: shownSchema(t.Schema), name: t.Name, columns: columns, presets: t.Columns, keys: seenKeys(t, columns), owner: owner(t), rows: -1,
			temporary: catalog.IsTemporary(t.Schema), writable: t.Memory != nil}
		if f := s.Catalog.Known(t.Location); f != nil {
			r.rows = float64(f.Rows)
		}
		out = append(out, r)
	}
	for _, full := range systemNames() {
		schema, name, _ := strings.Cut(full, ".")
		out = append(out, relation{schema: schema, name: name, columns: systemColumns()[full], system: true, owner: catalogName, rows: -1})
	}
	return out
}

// seenKeys are the keys of a table all of whose columns are seen.
func seenKeys(t *catalog.Table, columns []expr.Field) (out []catalog.Key) {
	for _, k := range t.Keys {
		hidden := slices.ContainsFunc(k.Columns, func(name string) bool {
			return !slices.ContainsFunc(columns, func(f expr.Field) bool { return f.Name == name })
		})
		if !hidden {
			out = append(out, k)
		}
	}
	return out
}

// isView reports whether PostgreSQL has the relation as a view.
func (r relation) isView() bool {
	return r.system && (r.schema == informationSchema || slices.Contains(pgViews(), r.name))
}

func pgViews() []string {
	return []string{"pg_indexes", "pg_locks", "pg_matviews", "pg_policies", "pg_roles", "pg_sequences", "pg_settings", "pg_stat_activity",
		"pg_stat_user_tables", "pg_tables", "pg_user", "pg_views"}
}

// Numbers that PostgreSQL gives to things. What is made by users has one computed from
// its name, so that all coordinators give the same one, always.
const (
	oidCatalogSchema = 11
	oidPublicSchema  = 2200
	oidInformation   = 13000
	oidOwner         = 10
	oidHeap          = 2
	oidDefaultSpace  = 1663
	oidDatabase      = 5
	oidDefaultOrder  = 100 // the collation

	firstSystemOID = 12000
	firstUserOID   = 16384
)

func schemaOID(name string) int64 {
	switch name {
	case pgCatalog:
		return oidCatalogSchema
	case "public":
		return oidPublicSchema
	case informationSchema:
		return oidInformation
	}
	return nameOID("schema", name)
}

// roleOID is the number of a role; who owns what nobody made has PostgreSQL's first one.
func roleOID(name string) int64 {
	if name == catalogName {
		return oidOwner
	}
	return nameOID("role", name)
}

func nameOID(parts ...string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(strings.Join(parts, "\x00"))) // a hash never fails
	return firstUserOID + int64(h.Sum32()>>2)
}

var systemOIDs = sync.OnceValue(func() map[string]int64 {
	out := map[string]int64{}
	for i, name := range systemNames() {
		out[name] = firstSystemOID + int64(i)
	}
	// Those that statements name by number.
	out["pg_catalog.pg_type"], out["pg_catalog.pg_attribute"], out["pg_catalog.pg_proc"] = 1247, 1249, 1255
	out["pg_catalog.pg_class"], out["pg_catalog.pg_database"], out["pg_catalog.pg_namespace"] = 1259, 1262, 2615
	return out
})

func (r relation) oid() int64 {
	if r.system {
		return systemOIDs()[r.schema+"."+r.name]
	}
	return nameOID("table", r.schema, r.name)
}

// pgTypeInfo is what pg_type says of a type.
type pgTypeInfo struct {
	oid, array int64
	name       string
	size       int64 // bytes, -1 when it varies
	category   string
}

var pgTypes = map[expr.Kind]pgTypeInfo{
	expr.Bool:        {16, 1000, "bool", 1, "B"},
	expr.Bytea:       {17, 1001, "bytea", -1, "U"},
	expr.Int8:        {20, 1016, "int8", 8, "N"},
	expr.Int2:        {21, 1005, "int2", 2, "N"},
	expr.Int4:        {23, 1007, "int4", 4, "N"},
	expr.Text:        {25, 1009, "text", -1, "S"},
	expr.Float4:      {700, 1021, "float4", 4, "N"},
	expr.Float8:      {701, 1022, "float8", 8, "N"},
	expr.Char:        {1042, 1014, "bpchar", -1, "S"},
	expr.Date:        {1082, 1182, "date", 4, "D"},
	expr.Time:        {1083, 1183, "time", 8, "D"},
	expr.Timestamp:   {1114, 1115, "timestamp", 8, "D"},
	expr.TimestampTZ: {1184, 1185, "timestamptz", 8, "D"},
	expr.Interval:    {1186, 1187, "interval", 16, "T"},
	expr.Numeric:     {1700, 1231, "numeric", -1, "N"},
}

// pgVarchar is a text with a length, pgRecord what has fields.
var (
	pgVarchar = pgTypeInfo{1043, 1015, "varchar", -1, "S"}
	pgRecord  = pgTypeInfo{2249, 2287, "record", -1, "P"}
)

func pgTypeOf(t expr.Type) pgTypeInfo {
	switch {
	case t.Kind == expr.Text && t.Length > 0:
		return pgVarchar
	case t.Kind == expr.List:
		elem := pgTypeOf(t.Nested.Elem)
		return pgTypeInfo{oid: elem.array, name: "_" + elem.name, size: -1, category: "A"}
	}
	if p, ok := pgTypes[t.Kind]; ok {
		return p
	}
	return pgRecord
}

// typeModifier is a type's length or precision and scale, as pg_attribute has it.
func typeModifier(t expr.Type) int64 {
	switch {
	case t.Kind == expr.Numeric:
		return int64(t.Precision)<<16 | int64(t.Scale) + 4
	case t.IsString() && t.Length > 0:
		return int64(t.Length) + 4
	case t.HasSeconds() && t.Digits() < expr.MaxDigits:
		return int64(t.Digits())
	}
	return -1
}
