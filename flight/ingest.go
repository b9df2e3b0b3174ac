package flight

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/skein-query/skein/internal/sqlerr"
)

// DoPutCommandStatementIngest stores rows in a table. What is left of the stream after
// an error is read and forgotten: a client that is still sending would not see the
// error.
func (h *sqlServer) DoPutCommandStatementIngest(ctx context.Context, r flightsql.StatementIngest, rows flight.MessageReader) (n int64, err error) {
	ctx, span := h.server.begin(ctx, "ingest")
	defer func() { span.EndIf(err) }()
	into, err := target(r)
	switch {
	case h.server.config.Ingest == nil:
		err = sqlerr.New(sqlerr.FeatureNotSupported, "bulk ingestion is not supported by this server")
	case len(r.GetTransactionId()) > 0:
		err = errTransactions
	}
	if err == nil {
		ctx = context.WithValue(ctx, notesKey{}, &notes{})
		n, err = h.server.config.Ingest.Ingest(ctx, h.server.session(ctx), into, rows)
	}
	if err != nil {
		discard(rows)
		return 0, causeOf(ctx, err)
	}
	return n, nil
}

// target reads what a command says of its table. Servers are to refuse what is left
// unspecified, by the specification.
func target(r flightsql.StatementIngest) (Target, error) {
	into := Target{Catalog: r.GetCatalog(), Schema: r.GetSchema(), Table: r.GetTable(),
		Temporary: r.GetTemporary(), Options: r.GetOptions()}
	if into.Table == "" {
		return into, sqlerr.New(protocolViolation, "the command names no table to ingest into")
	}
	options := r.GetTableDefinitionOptions()
	switch o := options.GetIfNotExist(); o {
	case flightsql.TableDefinitionOptionsTableNotExistOptionFail:
	case flightsql.TableDefinitionOptionsTableNotExistOptionCreate:
		into.IfMissing = CreateIfMissing
	default:
		return into, sqlerr.New(sqlerr.InvalidParameterValue, "the command does not say what to do when the table does not exist: option %d", o)
	}
	switch o := options.GetIfExists(); o {
	case flightsql.TableDefinitionOptionsTableExistsOptionFail:
	case flightsql.TableDefinitionOptionsTableExistsOptionAppend:
		into.IfExists = AppendIfExists
	case flightsql.TableDefinitionOptionsTableExistsOptionReplace:
		into.IfExists = ReplaceIfExists
	default:
		return into, sqlerr.New(sqlerr.InvalidParameterValue, "the command does not say what to do when the table exists: option %d", o)
	}
	return into, nil
}
