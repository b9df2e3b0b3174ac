package session

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/sql"
)

// query is a described query.
type query struct {
	statements *Statements
	session    *flight.Session
	stmt       *sql.Query
	fields     []expr.Field
	params     []expr.Type
	locations  []string // of the tables
}

func (s *Statements) query(ctx context.Context, session *flight.Session, stmt *sql.Query) (flight.Prepared, error) {
	l := s.lookup(session)
	l.typesOnly = true
	fields, params, err := planner.Describe(ctx, stmt, l, s.options(session))
	if err != nil {
		return nil, err
	}
	return &query{statements: s, session: session, stmt: stmt, fields: fields, params: params,
		locations: slices.Collect(maps.Keys(l.seen))}, nil
}

func (q *query) Columns() []expr.Field   { return q.fields }
func (q *query) Parameters() []expr.Type { return q.params }
func (q *query) IsUpdate() bool          { return false }

// Execute plans the query with its arguments and starts it.
func (q *query) Execute(ctx context.Context, args []expr.Value) (flight.Result, error) {
	plan, err := q.plan(ctx, args)
	if err != nil {
		return nil, err
	}
	return q.statements.run(ctx, q.session, plan.Root, q.fields)
}

func (q *query) plan(ctx context.Context, args []expr.Value) (*planner.Plan, error) {
	if err := checkArgs(args, q.params); err != nil {
		return nil, err
	}
	opt := q.statements.options(q.session)
	opt.Params, opt.Args = q.params, args
	l := q.statements.lookup(q.session)
	l.lookAhead(ctx, q.locations)
	return planner.Query(ctx, q.stmt, l, opt)
}

// run starts a plan; the end of ctx ends it.
func (s *Statements) run(ctx context.Context, session *flight.Session, root physical.Node, fields []expr.Field) (flight.Result, error) {
	running, err := s.Coordinator.Run(root, fields, s.settings(session))
	if err != nil {
		return nil, err
	}
	r := &result{running: running, schema: arrow.NewSchema(expr.ArrowFields(fields), nil)}
	r.stop = context.AfterFunc(ctx, running.Close)
	return r, nil
}

// result gives the batches of a running query as Arrow records.
type result struct {
	running *coordinator.Running
	schema  *arrow.Schema
	stop    func() bool
	once    sync.Once
}

func (r *result) QueryID() string { return r.running.ID }
func (r *result) Affected() int64 { return -1 }

func (r *result) Next(ctx context.Context) (arrow.RecordBatch, error) {
	b, err := r.running.Result().Next(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Release()
	return vector.ToArrow(b, r.schema)
}

func (r *result) Close() error {
	r.once.Do(func() {
		r.stop()
		r.running.Close()
	})
	return nil
}
