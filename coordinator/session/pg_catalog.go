package session

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/planner/expr"
)

func (s *Statements) pgNamespace(session *flight.Session) (out []row) {
	for _, name := range s.schemas(session) {
		out = append(out, row{"oid": expr.Int(schemaOID(name)), "nspname": expr.Str(name), "nspowner": expr.Int(oidOwner)})
	}
	return out
}

func (s *Statements) pgClass(session *flight.Session) (out []row) {
	no, none := expr.BoolValue(false), expr.Int(0)
	for _, r := range s.relations(session) {
		kind := "r"
		if r.isView() {
			kind = "v"
		}
		out = append(out, row{
			"oid": expr.Int(r.oid()), "relname": expr.Str(r.name), "relnamespace": expr.Int(schemaOID(r.schema)),
			"reltype": none, "reloftype": none, "relowner": expr.Int(roleOID(r.owner)), "relam": expr.Int(oidHeap), "relfilenode": none,
			"reltablespace": none, "relpages": none, "reltuples": expr.Float(r.rows), "relallvisible": none, "reltoastrelid": none,
			"relhasindex": no, "relisshared": no, "relpersistence": expr.Str("p"), "relkind": expr.Str(kind),
			"relnatts": expr.Int(int64(len(r.columns))), "relchecks": none, "relhasrules": expr.BoolValue(kind == "v"), "relhastriggers": no,
			"relhassubclass": no, "relrowsecurity": no, "relforcerowsecurity": no, "relispopulated": expr.BoolValue(true),
			"relreplident": expr.Str("n"), "relispartition": no, "relrewrite": none, "relfrozenxid": none, "relminmxid": none,
		})
	}
	return out
}

func (s *Statements) pgAttribute(session *flight.Session) (out []row) {
	no, none := expr.BoolValue(false), expr.Int(0)
	for _, r := range s.relations(session) {
		oid := r.oid()
		for i, c := range r.columns {
			t := pgTypeOf(c.Type)
			order := none
			if t.category == "S" {
				order = expr.Int(oidDefaultOrder)
			}
			out = append(out, row{
				"attrelid": expr.Int(oid), "attname": expr.Str(c.Name), "atttypid": expr.Int(t.oid), "attstattarget": expr.Int(-1),
				"attlen": expr.Int(t.size), "attnum": expr.Int(int64(i + 1)), "attndims": expr.Int(dimensions(c.Type)), "attcacheoff": expr.Int(-1),
				"atttypmod": expr.Int(typeModifier(c.Type)), "attbyval": expr.BoolValue(t.size > 0 && t.size <= 8),
				"attalign": expr.Str("i"), "attstorage": expr.Str("p"), "attcompression": expr.Str(""), "attnotnull": expr.BoolValue(!c.Nullable),
				"atthasdef": no, "atthasmissing": no, "attidentity": expr.Str(""), "attgenerated": expr.Str(""), "attisdropped": no,
				"attislocal": expr.BoolValue(true), "attinhcount": none, "attcollation": order,
			})
		}
	}
	return out
}

func dimensions(t expr.Type) int64 {
	if t.Kind == expr.List {
		return 1 + dimensions(t.Nested.Elem)
	}
	return 0
}

func (s *Statements) pgType(*flight.Session) (out []row) {
	no, none := expr.BoolValue(false), expr.Int(0)
	base := append(slices.Collect(maps.Values(pgTypes)), pgVarchar,
		pgTypeInfo{18, 1002, "char", 1, "Z"}, pgTypeInfo{19, 1003, "name", 64, "S"}, pgTypeInfo{26, 1028, "oid", 4, "N"})
	slices.SortFunc(base, func(a, b pgTypeInfo) int { return cmp.Compare(a.oid, b.oid) })
	for _, t := range base {
		order := none
		if t.category == "S" {
			order = expr.Int(oidDefaultOrder)
		}
		common := row{"typnamespace": expr.Int(oidCatalogSchema), "typowner": expr.Int(oidOwner), "typtype": expr.Str("b"),
			"typispreferred": no, "typisdefined": expr.BoolValue(true), "typdelim": expr.Str(","), "typrelid": none, "typalign": expr.Str("i"),
			"typstorage": expr.Str("p"), "typnotnull": no, "typbasetype": none, "typtypmod": expr.Int(-1), "typndims": none, "typcollation": order}
		one, list := maps.Clone(common), common
		one["oid"], one["typname"], one["typlen"] = expr.Int(t.oid), expr.Str(t.name), expr.Int(t.size)
		one["typbyval"], one["typcategory"] = expr.BoolValue(t.size > 0 && t.size <= 8), expr.Str(t.category)
		one["typelem"], one["typarray"], one["typinput"] = none, expr.Int(t.array), expr.Str(t.name+"in")
		list["oid"], list["typname"], list["typlen"] = expr.Int(t.array), expr.Str("_"+t.name), expr.Int(-1)
		list["typbyval"], list["typcategory"] = no, expr.Str("A")
		list["typelem"], list["typarray"], list["typinput"] = expr.Int(t.oid), none, expr.Str("array_in")
		out = append(out, one, list)
	}
	return out
}

func (s *Statements) pgDatabase(*flight.Session) []row {
	return []row{{"oid": expr.Int(oidDatabase), "datname": expr.Str(catalogName), "datdba": expr.Int(oidOwner), "encoding": expr.Int(6),
		"datlocprovider": expr.Str("c"), "datistemplate": expr.BoolValue(false), "datallowconn": expr.BoolValue(true),
		"datconnlimit": expr.Int(-1), "datfrozenxid": expr.Int(0), "datminmxid": expr.Int(0), "dattablespace": expr.Int(oidDefaultSpace),
		"datcollate": expr.Str("C"), "datctype": expr.Str("C")}}
}

func (s *Statements) pgSettings(session *flight.Session) (out []row) {
	all := options()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		kind, context, source := "string", "user", "default"
		if all[name].number {
			kind = "integer"
		}
		if all[name].fixed {
			context = "internal"
		}
		if _, set := session.Get(name); set {
			source = "session"
		}
		value := s.option(session, name)
		usual := expr.Str(all[name].value(s.Defaults))
		out = append(out, row{"name": expr.Str(name), "setting": expr.Str(value), "category": expr.Str("Skein"), "context": expr.Str(context),
			"short_desc": expr.Str(all[name].note), "vartype": expr.Str(kind), "source": expr.Str(source), "boot_val": usual,
			"reset_val": usual, "pending_restart": expr.BoolValue(false)})
	}
	return out
}

func (s *Statements) pgTables(session *flight.Session) (out []row) {
	no := expr.BoolValue(false)
	for _, r := range s.relations(session) {
		if !r.isView() {
			out = append(out, row{"schemaname": expr.Str(r.schema), "tablename": expr.Str(r.name), "tableowner": expr.Str(r.owner),
				"hasindexes": no, "hasrules": no, "hastriggers": no, "rowsecurity": no})
		}
	}
	return out
}

func (s *Statements) pgStatActivity(*flight.Session) (out []row) {
	now := time.Now()
	for i, q := range s.Coordinator.Queries() {
		if q.Text == "" || q.State != coordinator.Executing || s.seer != nil && q.User != s.seer.User() {
			continue // SHOW QUERIES itself, what has ended, and others' queries
		}
		began := expr.Int(now.Add(-q.Running(now)).UnixMicro())
		out = append(out, row{"datid": expr.Int(oidDatabase), "datname": expr.Str(catalogName), "pid": expr.Int(int64(i + 1)),
			"usename": expr.Str(q.User), "state": expr.Str("active"), "query": expr.Str(q.Text), "query_start": began,
			"backend_start": began, "backend_type": expr.Str("client backend")})
	}
	return out
}

func (s *Statements) pgAm(*flight.Session) []row {
	return []row{{"oid": expr.Int(oidHeap), "amname": expr.Str("heap"), "amhandler": expr.Str("heap_tableam_handler"), "amtype": expr.Str("t")}}
}

func (s *Statements) pgTablespace(*flight.Session) []row {
	return []row{{"oid": expr.Int(oidDefaultSpace), "spcname": expr.Str("pg_default"), "spcowner": expr.Int(oidOwner)},
		{"oid": expr.Int(oidDefaultSpace + 1), "spcname": expr.Str("pg_global"), "spcowner": expr.Int(oidOwner)}}
}

func (s *Statements) pgCollation(*flight.Session) (out []row) {
	for oid, name := range map[int64]string{oidDefaultOrder: "default", 950: "C"} {
		out = append(out, row{"oid": expr.Int(oid), "collname": expr.Str(name), "collnamespace": expr.Int(oidCatalogSchema),
			"collowner": expr.Int(oidOwner), "collprovider": expr.Str("c"), "collisdeterministic": expr.BoolValue(true),
			"collencoding": expr.Int(-1)})
	}
	return out
}
