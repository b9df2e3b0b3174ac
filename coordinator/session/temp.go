package session

import (
	"slices"
	"strings"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
)

// catalogName is the only catalog.
const catalogName = "skein"

// pgTemp is what a session calls the schema of its temporary tables.
const pgTemp = "pg_temp"

// schemaOf is the schema that a name of a schema means for a session.
func schemaOf(session *flight.Session, name string) string {
	if name == pgTemp {
		return catalog.TemporarySchema(session.ID())
	}
	return name
}

// shownSchema is the name by which a session calls a schema.
func shownSchema(schema string) string {
	if catalog.IsTemporary(schema) {
		return pgTemp
	}
	return schema
}

// find finds a table by name. Without a schema the session's temporary tables come
// before those of its schema.
func (s *Statements) find(session *flight.Session, schema, name string) (*catalog.Table, bool) {
	if schema != "" {
		return s.Catalog.Lookup(schemaOf(session, schema), name)
	}
	if t, ok := s.Catalog.Lookup(catalog.TemporarySchema(session.ID()), name); ok {
		return t, true
	}
	return s.Catalog.Lookup(s.schema(session), name)
}

// guardedTable finds a table, as find, and the rights of the same moment.
func (s *Statements) guardedTable(session *flight.Session, schema, name string) (*catalog.Table, *access.State, bool) {
	if schema != "" {
		return s.Catalog.Guarded(schemaOf(session, schema), name)
	}
	if t, state, ok := s.Catalog.Guarded(catalog.TemporarySchema(session.ID()), name); ok {
		return t, state, true
	}
	return s.Catalog.Guarded(s.schema(session), name)
}

// named finds the table that a name of a statement means.
func (s *Statements) named(session *flight.Session, name sql.Name) (*catalog.Table, bool) {
	schema := ""
	if n := len(name.Parts); n > 1 {
		schema = name.Parts[n-2].Text
	}
	return s.find(session, schema, name.Last().Text)
}

// tables are all tables that a session sees, its temporary ones last.
func (s *Statements) tables(session *flight.Session) []*catalog.Table {
	all := slices.DeleteFunc(s.Catalog.Tables(), func(t *catalog.Table) bool { return catalog.IsTemporary(t.Schema) })
	return append(all, s.Catalog.In(catalog.TemporarySchema(session.ID()))...)
}

// schemas are the names of all schemas that a session sees.
func (s *Statements) schemas(session *flight.Session) []string {
	out := append(s.Catalog.Schemas(), informationSchema, pgCatalog)
	if len(s.Catalog.In(catalog.TemporarySchema(session.ID()))) > 0 {
		out = append(out, pgTemp)
	}
	return out
}

// tableNames are the names that can be meant, for hints.
func (s *Statements) tableNames(session *flight.Session) []string {
	var out []string
	for _, t := range s.as(session).tables(session) {
		out = append(out, t.Name)
	}
	return out
}

// End drops what a session had of its own.
func (s *Statements) End(session *flight.Session) {
	s.Catalog.EndSchema(catalog.TemporarySchema(session.ID()))
}

// mark notes whether a session has temporary tables.
func (s *Statements) mark(session *flight.Session) {
	schema := catalog.TemporarySchema(session.ID())
	session.SetPrivate(len(s.Catalog.In(schema)) > 0)
	if session.Ended() { // while the statement ran: nobody would drop what it has made
		s.Catalog.EndSchema(schema)
	}
}

// isTemporaryName reports whether a name says pg_temp itself.
func isTemporaryName(name sql.Name) bool {
	n := len(name.Parts)
	return n > 1 && strings.EqualFold(name.Parts[n-2].Text, pgTemp)
}
