package session

import (
	"context"
	"strings"

	"github.com/skein-query/skein/flight"
)

// Schemas lists all schemas, for metadata calls.
func (s *Statements) Schemas(_ context.Context, session *flight.Session) ([]flight.Schema, error) {
	s = s.as(session)
	var out []flight.Schema
	for _, name := range append(s.Catalog.Schemas(), informationSchema, pgCatalog) {
		out = append(out, flight.Schema{Catalog: "skein", Name: name})
	}
	return out, nil
}

// Tables lists all tables, for metadata calls.
func (s *Statements) Tables(_ context.Context, session *flight.Session) ([]flight.Table, error) {
	s = s.as(session)
	var out []flight.Table
	for _, t := range s.Catalog.Tables() {
		columns, err := sqlFields(t.Fields)
		if err != nil {
			continue // it cannot be read
		}
		out = append(out, flight.Table{Catalog: "skein", Schema: t.Schema, Name: t.Name, Type: flight.TableTypeTable, Columns: columns})
	}
	for key := range systemTables() {
		schema, name, _ := strings.Cut(key, ".")
		t, err := s.system(schema, name)
		if err != nil {
			return nil, err
		}
		out = append(out, flight.Table{Catalog: "skein", Schema: schema, Name: name, Type: flight.TableTypeSystem, Columns: t.Fields})
	}
	return out, nil
}
