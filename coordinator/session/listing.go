package session

import (
	"context"

	"github.com/skein-query/skein/flight"
)

// Schemas lists all schemas, for metadata calls.
func (s *Statements) Schemas(_ context.Context, session *flight.Session) ([]flight.Schema, error) {
	s = s.as(session)
	var out []flight.Schema
	for _, name := range s.schemas(session) {
		out = append(out, flight.Schema{Catalog: catalogName, Name: name})
	}
	return out, nil
}

// Tables lists all tables, for metadata calls.
func (s *Statements) Tables(_ context.Context, session *flight.Session) ([]flight.Table, error) {
	s = s.as(session)
	var out []flight.Table
	for _, r := range s.relations(session) {
		typ := flight.TableTypeTable
		switch {
		case r.system:
			typ = flight.TableTypeSystem
		case r.temporary:
			typ = flight.TableTypeTemporary
		}
		made := flight.Table{Catalog: catalogName, Schema: r.schema, Name: r.name, Type: typ, Columns: r.columns}
		for _, k := range r.keys {
			if k.Primary {
				made.KeyName, made.Key = k.Name, k.Columns
			}
		}
		out = append(out, made)
	}
	return out, nil
}
