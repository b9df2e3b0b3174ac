package flight

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
)

// There are no foreign keys: their lists are empty, with the right columns, which is what
// Tableau and DBeaver want to see.

// GetFlightInfoPrimaryKeys describes the list of a table's primary key columns.
func (h *sqlServer) GetFlightInfoPrimaryKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.PrimaryKeys)
}

// DoGetPrimaryKeys lists the columns of a table's primary key, sorted by their place in it.
func (h *sqlServer) DoGetPrimaryKeys(ctx context.Context, ref flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	tables, err := h.server.config.Catalog.Tables(ctx, h.server.session(ctx))
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(tables, func(a, b Table) int {
		return cmp.Or(strings.Compare(a.Catalog, b.Catalog), strings.Compare(a.Schema, b.Schema))
	})
	b := h.builder(schema_ref.PrimaryKeys)
	for _, t := range tables {
		if t.Name != ref.Table || ref.DBSchema != nil && *ref.DBSchema != t.Schema || !inCatalog(ref.Catalog, t.Catalog) {
			continue
		}
		for i, column := range t.Key {
			appendName(b, 0, t.Catalog)
			appendName(b, 1, t.Schema)
			appendText(b, 2, t.Name)
			appendText(b, 3, column)
			appendInt(b, 4, int32(i+1))
			appendName(b, 5, t.KeyName)
		}
	}
	return one(b)
}

// GetFlightInfoExportedKeys describes the list of keys that refer to a table.
func (h *sqlServer) GetFlightInfoExportedKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.ExportedKeys)
}

// DoGetExportedKeys lists none.
func (h *sqlServer) DoGetExportedKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return one(h.builder(schema_ref.ExportedKeys))
}

// GetFlightInfoImportedKeys describes the list of a table's foreign keys.
func (h *sqlServer) GetFlightInfoImportedKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.ImportedKeys)
}

// DoGetImportedKeys lists none.
func (h *sqlServer) DoGetImportedKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return one(h.builder(schema_ref.ImportedKeys))
}

// GetFlightInfoCrossReference describes the list of keys between two tables.
func (h *sqlServer) GetFlightInfoCrossReference(_ context.Context, _ flightsql.CrossTableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.CrossReference)
}

// DoGetCrossReference lists none.
func (h *sqlServer) DoGetCrossReference(context.Context, flightsql.CrossTableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return one(h.builder(schema_ref.CrossReference))
}
