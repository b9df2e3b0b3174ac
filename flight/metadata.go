package flight

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
)

// describeCommand says where the answer to a metadata command is: the command is
// its own ticket.
func (h *sqlServer) describeCommand(desc *flight.FlightDescriptor, schema *arrow.Schema) (*flight.FlightInfo, error) {
	return &flight.FlightInfo{
		Schema:           flight.SerializeSchema(schema, h.Alloc),
		FlightDescriptor: desc,
		Endpoint:         []*flight.FlightEndpoint{{Ticket: &flight.Ticket{Ticket: desc.GetCmd()}}},
		TotalRecords:     -1,
		TotalBytes:       -1,
	}, nil
}

// one is a stream of one batch, released by its reader.
func one(b *array.RecordBuilder) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	defer b.Release()
	chunks := make(chan flight.StreamChunk, 1)
	chunks <- flight.StreamChunk{Data: b.NewRecordBatch()}
	close(chunks)
	return b.Schema(), chunks, nil
}

func (h *sqlServer) builder(schema *arrow.Schema) *array.RecordBuilder {
	return array.NewRecordBuilder(h.Alloc, schema)
}

// appendText appends to a Utf8 column.
func appendText(b *array.RecordBuilder, column int, s string) {
	b.Field(column).(*array.StringBuilder).Append(s)
}

// appendName appends a catalog's or schema's name, where none is NULL.
func appendName(b *array.RecordBuilder, column int, s string) {
	if s == "" {
		b.Field(column).AppendNull()
		return
	}
	appendText(b, column, s)
}

// likePattern compiles a metadata filter: % any characters, _ one, \ takes the next
// character as it is. No pattern matches everything.
func likePattern(pattern *string) (func(string) bool, error) {
	if pattern == nil {
		return func(string) bool { return true }, nil
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escaped := false
	for _, r := range *pattern {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			b.WriteString(".*")
		case r == '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	if escaped { // a lone backslash at the end means itself
		b.WriteString(`\\`)
	}
	re, err := regexp.Compile(b.String() + `\z`)
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

// inCatalog reports whether a name passes a catalog filter: no filter passes all,
// the empty one what has no catalog.
func inCatalog(filter *string, name string) bool { return filter == nil || *filter == name }

// GetFlightInfoCatalogs describes the list of catalogs.
func (h *sqlServer) GetFlightInfoCatalogs(_ context.Context, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.Catalogs)
}

// DoGetCatalogs lists the catalogs.
func (h *sqlServer) DoGetCatalogs(ctx context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	schemas, err := h.server.config.Catalog.Schemas(ctx, h.server.session(ctx))
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, s := range schemas {
		if s.Catalog != "" {
			names = append(names, s.Catalog)
		}
	}
	slices.Sort(names)
	b := h.builder(schema_ref.Catalogs)
	for _, name := range slices.Compact(names) {
		appendText(b, 0, name)
	}
	return one(b)
}

// GetFlightInfoSchemas describes the list of schemas.
func (h *sqlServer) GetFlightInfoSchemas(_ context.Context, _ flightsql.GetDBSchemas, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.DBSchemas)
}

// DoGetDBSchemas lists the schemas, sorted by catalog and name.
func (h *sqlServer) DoGetDBSchemas(ctx context.Context, r flightsql.GetDBSchemas) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	matches, err := likePattern(r.GetDBSchemaFilterPattern())
	if err != nil {
		return nil, nil, err
	}
	schemas, err := h.server.config.Catalog.Schemas(ctx, h.server.session(ctx))
	if err != nil {
		return nil, nil, err
	}
	schemas = slices.SortedFunc(slices.Values(schemas), func(a, b Schema) int {
		return cmp.Or(strings.Compare(a.Catalog, b.Catalog), strings.Compare(a.Name, b.Name))
	})
	b := h.builder(schema_ref.DBSchemas)
	for _, s := range schemas {
		if inCatalog(r.GetCatalog(), s.Catalog) && matches(s.Name) {
			appendName(b, 0, s.Catalog)
			appendText(b, 1, s.Name)
		}
	}
	return one(b)
}

// GetFlightInfoTables describes the list of tables.
func (h *sqlServer) GetFlightInfoTables(_ context.Context, r flightsql.GetTables, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, tablesSchema(r))
}

func tablesSchema(r flightsql.GetTables) *arrow.Schema {
	if r.GetIncludeSchema() {
		return schema_ref.TablesWithIncludedSchema
	}
	return schema_ref.Tables
}

// DoGetTables lists the tables that pass the filters, sorted by catalog, schema,
// name and type.
func (h *sqlServer) DoGetTables(ctx context.Context, r flightsql.GetTables) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	tables, err := h.matchingTables(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	b := h.builder(tablesSchema(r))
	for _, t := range tables {
		appendName(b, 0, t.Catalog)
		appendName(b, 1, t.Schema)
		appendText(b, 2, t.Name)
		appendText(b, 3, t.Type)
		if r.GetIncludeSchema() {
			b.Field(4).(*array.BinaryBuilder).Append(flight.SerializeSchema(tableSchema(t), h.Alloc))
		}
	}
	return one(b)
}

func (h *sqlServer) matchingTables(ctx context.Context, r flightsql.GetTables) ([]Table, error) {
	schemaMatches, err := likePattern(r.GetDBSchemaFilterPattern())
	if err != nil {
		return nil, err
	}
	nameMatches, err := likePattern(r.GetTableNameFilterPattern())
	if err != nil {
		return nil, err
	}
	all, err := h.server.config.Catalog.Tables(ctx, h.server.session(ctx))
	if err != nil {
		return nil, err
	}
	var tables []Table
	for _, t := range all {
		if inCatalog(r.GetCatalog(), t.Catalog) && schemaMatches(t.Schema) && nameMatches(t.Name) && ofType(r.GetTableTypes(), t.Type) {
			tables = append(tables, t)
		}
	}
	slices.SortFunc(tables, func(a, b Table) int {
		return cmp.Or(strings.Compare(a.Catalog, b.Catalog), strings.Compare(a.Schema, b.Schema),
			strings.Compare(a.Name, b.Name), strings.Compare(a.Type, b.Type))
	})
	return tables, nil
}

// ofType reports whether a table's type is among those asked for, in any case;
// BASE TABLE is information_schema's word for TABLE, which Grafana asks for.
func ofType(asked []string, typ string) bool {
	return len(asked) == 0 || slices.ContainsFunc(asked, func(a string) bool {
		return strings.EqualFold(a, typ) || typ == TableTypeTable && strings.EqualFold(a, "BASE TABLE")
	})
}

// GetFlightInfoTableTypes describes the list of table types.
func (h *sqlServer) GetFlightInfoTableTypes(_ context.Context, desc *flight.FlightDescriptor) (*flight.FlightInfo, error) {
	return h.describeCommand(desc, schema_ref.TableTypes)
}

// DoGetTableTypes lists the table types.
func (h *sqlServer) DoGetTableTypes(context.Context) (*arrow.Schema, <-chan flight.StreamChunk, error) {
	b := h.builder(schema_ref.TableTypes)
	for _, t := range [...]string{TableTypeTemporary, TableTypeSystem, TableTypeTable, TableTypeView} {
		appendText(b, 0, t)
	}
	return one(b)
}
