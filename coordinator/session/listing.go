package session

import (
	"context"
	"strings"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/storage/catalog"
)

// Schemas lists all schemas, for metadata calls.
func (s *Statements) Schemas(_ context.Context, session *flight.Session) ([]flight.Schema, error) {
	s = s.as(session)
	var out []flight.Schema
	for _, name := range s.schemas(session) {
		out = append(out, flight.Schema{Catalog: "skein", Name: name})
	}
	return out, nil
}

// Tables lists all tables, for metadata calls.
func (s *Statements) Tables(_ context.Context, session *flight.Session) ([]flight.Table, error) {
	s = s.as(session)
	var out []flight.Table
	for _, t := range s.tables(session) {
		columns, err := columnsOf(t)
		if err != nil {
			continue // it cannot be read
		}
		kind := flight.TableTypeTable
		if catalog.IsTemporary(t.Schema) {
			kind = flight.TableTypeTemporary
		}
		out = append(out, flight.Table{Catalog: "skein", Schema: shownSchema(t.Schema), Name: t.Name, Type: kind, Columns: columns})
	}
	for key := range systemTables() {
		schema, name, _ := strings.Cut(key, ".")
		t, err := s.system(session, schema, name)
		if err != nil {
			return nil, err
		}
		out = append(out, flight.Table{Catalog: "skein", Schema: schema, Name: name, Type: flight.TableTypeSystem, Columns: t.Fields})
	}
	return out, nil
}
