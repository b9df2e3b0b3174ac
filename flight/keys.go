package flight

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
)

// There are no keys yet: the lists are empty, with the right columns, which is what
// Tableau and DBeaver want to see.

// GetFlightInfoPrimaryKeys describes the list of a table's primary key columns.
func (h *sqlServer) GetFlightInfoPrimaryKeys(_ context.Context, _ flightsql.TableRef, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.PrimaryKeys)
}

// DoGetPrimaryKeys lists none.
func (h *sqlServer) DoGetPrimaryKeys(context.Context, flightsql.TableRef) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	return one(h.builder(schema_ref.PrimaryKeys))
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
