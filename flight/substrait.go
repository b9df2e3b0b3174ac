package flight

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"

	"github.com/skein-query/skein/internal/sqlerr"
)

// The versions of Substrait that plans may be of: the first whose plans are in use, and
// the one whose messages are known. Plans of later versions are taken as far as they use
// no field that this one does not have.
const (
	minSubstrait = "0.20.0"
	maxSubstrait = "0.87.0"
)

// planMark begins what stands for a plan where the text of a statement stands: in
// tickets and handles. No SQL begins so.
const planMark = "\x00substrait "

// planText is a plan as the text of a statement.
func planText(p flightsql.SubstraitPlan) string {
	return planMark + p.Version + "\x00" + base64.StdEncoding.EncodeToString(p.Plan)
}

// planOf is the plan that a text stands for; ok is false when it is SQL.
func planOf(text string) (plan []byte, version string, ok bool) {
	rest, ok := strings.CutPrefix(text, planMark)
	if !ok {
		return nil, "", false
	}
	version, encoded, _ := strings.Cut(rest, "\x00")
	plan, err := base64.StdEncoding.DecodeString(encoded)
	return plan, version, err == nil
}

// prepareSubstrait plans a statement that comes as a plan; errors have no place in a text.
func (s *Server) prepareSubstrait(ctx context.Context, session *Session, plan []byte, version string) (Prepared, error) {
	return s.config.Statements.PrepareSubstrait(ctx, session, plan, version)
}

// GetFlightInfoSubstraitPlan starts a plan.
func (h *sqlServer) GetFlightInfoSubstraitPlan(ctx context.Context, q flightsql.StatementSubstraitPlan, desc *flight.FlightDescriptor) (info *flight.FlightInfo, err error) {
	ctx, span := h.server.begin(ctx, statementSpan)
	defer func() { span.EndIf(err) }()
	a, err := h.askedPlan(ctx, q, desc)
	if err != nil {
		return nil, err
	}
	return h.server.start(ctx, a)
}

func (h *sqlServer) askedPlan(ctx context.Context, q flightsql.StatementSubstraitPlan, desc *flight.FlightDescriptor) (asked, error) {
	if len(q.GetTransactionId()) > 0 {
		return asked{}, errTransactions
	}
	session, plan := h.server.session(ctx), q.GetPlan()
	p, err := h.server.prepareSubstrait(ctx, session, plan.Plan, plan.Version)
	return asked{session: session, prepared: p, text: planText(plan), desc: desc}, err
}

// GetSchemaSubstraitPlan describes a plan for the schema of its result.
func (h *sqlServer) GetSchemaSubstraitPlan(ctx context.Context, q flightsql.StatementSubstraitPlan, _ *flight.FlightDescriptor) (*flight.SchemaResult, error) {
	plan := q.GetPlan()
	p, err := h.server.prepareSubstrait(ctx, h.server.session(ctx), plan.Plan, plan.Version)
	if err != nil {
		return nil, err
	}
	return &flight.SchemaResult{Schema: flight.SerializeSchema(resultSchema(p.Columns()), h.Alloc)}, nil
}

// PollFlightInfoSubstraitPlan starts a plan.
func (h *sqlServer) PollFlightInfoSubstraitPlan(ctx context.Context, q flightsql.StatementSubstraitPlan, desc *flight.FlightDescriptor) (*flight.PollInfo, error) {
	a, err := h.askedPlan(ctx, q, desc)
	if err != nil {
		return nil, err
	}
	return h.server.beginPoll(ctx, a)
}

// DoPutCommandSubstraitPlan executes a plan for its effect. Of a plan that only reads it
// gives the number of rows that were read, as updates that are queries do.
func (h *sqlServer) DoPutCommandSubstraitPlan(ctx context.Context, q flightsql.StatementSubstraitPlan) (n int64, err error) {
	if len(q.GetTransactionId()) > 0 {
		return 0, errTransactions
	}
	ctx, span := h.server.begin(ctx, statementSpan)
	defer func() { span.EndIf(err) }()
	plan := q.GetPlan()
	p, err := h.server.prepareSubstrait(ctx, h.server.session(ctx), plan.Plan, plan.Version)
	if err != nil {
		return 0, err
	}
	return h.server.update(ctx, p, planText(plan), nil)
}

// CreatePreparedSubstraitPlan plans a plan; its dynamic parameters are those of the
// statement.
func (h *sqlServer) CreatePreparedSubstraitPlan(ctx context.Context, r flightsql.ActionCreatePreparedSubstraitPlanRequest) (flightsql.ActionCreatePreparedStatementResult, error) {
	if len(r.GetTransactionId()) > 0 {
		return flightsql.ActionCreatePreparedStatementResult{}, errTransactions
	}
	if len(r.GetPlan().Plan) == 0 {
		return flightsql.ActionCreatePreparedStatementResult{}, sqlerr.New(sqlerr.InvalidPlan, "substrait plan: it is empty")
	}
	return h.server.createPrepared(ctx, planText(r.GetPlan()))
}
