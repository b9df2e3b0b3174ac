package flight

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// sqlServer is the target of arrow-go's dispatch of Flight SQL commands. It embeds
// the protocol's base type, whose 49 methods answer Unimplemented, and overrides
// those for statements here, those for metadata in metadata.go and sqlinfo.go,
// those for sessions in option.go, those for
// plans in substrait.go. DoGet of statements never comes here (service).
type sqlServer struct {
	flightsql.BaseServer
	server *Server
	codes  []flightsql.SqlInfo // known to GetSqlInfo, sorted
}

func newSQLServer(s *Server) *sqlServer {
	h := &sqlServer{server: s}
	h.Alloc = memory.DefaultAllocator
	h.registerInfo(s.config)
	return h
}

var errTransactions = sqlerr.New(sqlerr.FeatureNotSupported, "transactions are not supported yet")

// GetFlightInfoStatement starts a statement.
func (h *sqlServer) GetFlightInfoStatement(ctx context.Context, q flightsql.StatementQuery, desc *flight.FlightDescriptor) (info *flight.FlightInfo, err error) {
	ctx, span := h.server.begin(ctx, statementSpan)
	defer func() { span.EndIf(err) }()
	a, err := h.askedStatement(ctx, q, desc)
	if err != nil {
		return nil, err
	}
	return h.server.start(ctx, a)
}

func (h *sqlServer) askedStatement(ctx context.Context, q flightsql.StatementQuery, desc *flight.FlightDescriptor) (asked, error) {
	if len(q.GetTransactionId()) > 0 {
		return asked{}, errTransactions
	}
	session := h.server.session(ctx)
	p, err := h.server.prepare(ctx, session, q.GetQuery())
	return asked{session: session, prepared: p, text: q.GetQuery(), desc: desc}, err
}

// GetSchemaStatement plans a statement for the schema of its result.
func (h *sqlServer) GetSchemaStatement(ctx context.Context, q flightsql.StatementQuery, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	p, err := h.server.prepare(ctx, h.server.session(ctx), q.GetQuery())
	if err != nil {
		return nil, err
	}
	return &flight.SchemaResult{Schema: flight.SerializeSchema(resultSchema(p.Columns()), h.Alloc)}, nil
}

// DoPutCommandStatementUpdate executes a statement for its effect.
func (h *sqlServer) DoPutCommandStatementUpdate(ctx context.Context, q flightsql.StatementUpdate) (n int64, err error) {
	if len(q.GetTransactionId()) > 0 {
		return 0, errTransactions
	}
	ctx, span := h.server.begin(ctx, statementSpan)
	defer func() { span.EndIf(err) }()
	p, err := h.server.prepare(ctx, h.server.session(ctx), q.GetQuery())
	if err != nil {
		return 0, err
	}
	return h.server.update(ctx, p, q.GetQuery(), nil)
}

// CreatePreparedStatement plans a statement.
func (h *sqlServer) CreatePreparedStatement(ctx context.Context, r flightsql.ActionCreatePreparedStatementRequest) (flightsql.ActionCreatePreparedStatementResult, error) {
	if len(r.GetTransactionId()) > 0 {
		return flightsql.ActionCreatePreparedStatementResult{}, errTransactions
	}
	return h.server.createPrepared(ctx, r.GetQuery())
}

// ClosePreparedStatement forgets a prepared statement.
func (h *sqlServer) ClosePreparedStatement(ctx context.Context, r flightsql.ActionClosePreparedStatementRequest) error {
	return h.server.closePrepared(ctx, r.GetPreparedStatementHandle())
}

// GetFlightInfoPreparedStatement starts a prepared statement with its bound rows.
func (h *sqlServer) GetFlightInfoPreparedStatement(ctx context.Context, q flightsql.PreparedStatementQuery, desc *flight.FlightDescriptor) (info *flight.FlightInfo, err error) {
	ctx, span := h.server.begin(ctx, statementSpan)
	defer func() { span.EndIf(err) }()
	a, err := h.askedPrepared(ctx, q, desc)
	if err != nil {
		return nil, err
	}
	return h.server.start(ctx, a)
}

func (h *sqlServer) askedPrepared(ctx context.Context, q flightsql.PreparedStatementQuery, desc *flight.FlightDescriptor) (asked, error) {
	call, err := h.server.lookup(ctx, q.GetPreparedStatementHandle())
	if err != nil {
		return asked{}, err
	}
	return asked{session: h.server.session(ctx), prepared: call.entry.prepared, text: call.entry.text, bound: call.bound, desc: desc}, nil
}

// GetSchemaPreparedStatement is the schema of a prepared statement's result.
func (h *sqlServer) GetSchemaPreparedStatement(ctx context.Context, q flightsql.PreparedStatementQuery, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	call, err := h.server.lookup(ctx, q.GetPreparedStatementHandle())
	if err != nil {
		return nil, err
	}
	return &flight.SchemaResult{Schema: flight.SerializeSchema(resultSchema(call.entry.prepared.Columns()), h.Alloc)}, nil
}

// DoPutPreparedStatementQuery binds rows of parameters and gives the handle that
// stands for the statement with them.
func (h *sqlServer) DoPutPreparedStatementQuery(ctx context.Context, q flightsql.PreparedStatementQuery, r flight.MessageReader, _ flight.MetadataWriter) ([]byte, error) {
	call, rows, err := h.readParameters(ctx, q.GetPreparedStatementHandle(), r)
	if err != nil {
		return nil, err
	}
	return h.server.bind(call, rows)
}

// DoPutPreparedStatementUpdate executes a prepared statement once for each row of
// parameters and gives the sum of the rows changed.
func (h *sqlServer) DoPutPreparedStatementUpdate(ctx context.Context, q flightsql.PreparedStatementUpdate, r flight.MessageReader) (n int64, err error) {
	ctx, span := h.server.begin(ctx, statementSpan)
	defer func() { span.EndIf(err) }()
	call, rows, err := h.readParameters(ctx, q.GetPreparedStatementHandle(), r)
	if err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		rows = call.bound
	}
	return h.server.update(ctx, call.entry.prepared, call.entry.text, rows)
}

// readParameters reads the rows of parameters of a DoPut. They are read to their
// end before anything is refused: clients that are still sending lose the error.
func (h *sqlServer) readParameters(ctx context.Context, handle []byte, r flight.MessageReader) (preparedCall, [][]expr.Value, error) {
	call, err := h.server.lookup(ctx, handle)
	if err != nil {
		discard(r)
		return call, nil, err
	}
	rows, err := readRows(r, call.entry.prepared.Parameters())
	return call, rows, withText(err, call.entry.text)
}

// CancelFlightInfo cancels the queries of a FlightInfo.
func (h *sqlServer) CancelFlightInfo(ctx context.Context, r *flight.CancelFlightInfoRequest) (flight.CancelFlightInfoResult, error) {
	found, err := h.server.cancelInfo(ctx, r.GetInfo())
	if err == nil && !found {
		err = status.Error(codes.NotFound, "the query has ended or is not known")
	}
	if err != nil {
		return flight.CancelFlightInfoResult{}, err
	}
	return flight.CancelFlightInfoResult{Status: flight.CancelStatusCancelled}, nil
}

// RenewFlightEndpoint extends the lease of a query that waits for its reader, and
// the time for which its ticket is good.
func (h *sqlServer) RenewFlightEndpoint(ctx context.Context, r *flight.RenewFlightEndpointRequest) (*flight.FlightEndpoint, error) {
	body, err := flightsql.GetStatementQueryTicket(r.GetEndpoint().GetTicket())
	if err != nil {
		return nil, sqlerr.New(sqlerr.InvalidTicket, "the ticket cannot be read: %v", err)
	}
	var t ticket
	if err := h.server.signer.open(forTicket, body.GetStatementHandle(), &t); err != nil {
		return nil, err
	}
	if err := h.server.own(ctx, t.User, "ticket"); err != nil {
		return nil, err
	}
	if !h.server.queries.renew(t.Lease, h.server.config.Lease) {
		return nil, sqlerr.New(sqlerr.InvalidTicket, "query %s no longer waits for its reader", t.QueryID)
	}
	return h.server.endpoint(t)
}

// discard reads a stream to its end.
func discard(r flight.MessageReader) {
	for r.Next() {
	}
}

// What follows answers with SQLSTATE 0A000 in words of ours.

// BeginTransaction refuses.
func (h *sqlServer) BeginTransaction(context.Context, flightsql.ActionBeginTransactionRequest) ([]byte, error) {
	return nil, errTransactions
}
