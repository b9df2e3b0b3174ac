package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/trace"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/table"
)

// query is a described query. It is planned when it is executed, or before: see
// shape.
type query struct {
	statements *Statements
	session    *flight.Session
	first      *shape // as it was described
	fields     []expr.Field
	params     []expr.Type
	took       atomic.Int64 // ns that describing took, when it was not remembered; until somebody asks
}

// query describes a query that is not remembered; work on it began at began.
func (s *Statements) query(ctx context.Context, session *flight.Session, key planKey, stmt *sql.Query, began time.Time) (*query, error) {
	l := s.lookup(session)
	l.typesOnly = true
	made, err := s.prepareShape(ctx, s.keyed(session, key), stmt, l, s.options(session))
	if err != nil {
		return nil, err
	}
	q := s.described(session, made)
	q.took.Store(int64(time.Since(began)))
	return q, nil
}

func (s *Statements) described(session *flight.Session, shape *shape) *query {
	return &query{statements: s, session: session, first: shape, fields: shape.Fields, params: shape.Params}
}

// remembered is a query that has been described before, nil when there is none or
// its tables have changed since.
func (s *Statements) remembered(ctx context.Context, session *flight.Session, key planKey) *query {
	shape := s.plans.get(s.keyed(session, key))
	if shape == nil || !shape.describes(ctx, s, session) {
		return nil
	}
	return s.described(session, shape)
}

func (q *query) Columns() []expr.Field   { return q.fields }
func (q *query) Parameters() []expr.Type { return q.params }
func (q *query) IsUpdate() bool          { return false }

// Execute plans the query with its arguments and starts it.
func (q *query) Execute(ctx context.Context, args []expr.Value) (result flight.Result, err error) {
	err = settledOn(func() error {
		result, err = q.execute(ctx, args)
		return err
	})
	return result, err
}

// Update is not for queries.
func (q *query) Update(context.Context, [][]expr.Value) (flight.Result, error) {
	return nil, errNoUpdate
}

func (q *query) execute(ctx context.Context, args []expr.Value) (flight.Result, error) {
	plan, from, err := q.plan(ctx, args)
	if err != nil {
		return nil, err
	}
	if from != planOfDigits || slices.EqualFunc(plan.Fields, q.fields, sameField) {
		return q.statements.run(ctx, q.session, plan.Root, q.fields, q.first.key.text)
	}
	r, err := q.statements.run(ctx, q.session, plan.Root, plan.Fields, q.first.key.text)
	if err != nil {
		return nil, err
	}
	return exactResult{r, plan.Fields}, nil
}

// exactResult is a result whose numerics have other digits than was announced, as
// the arguments have.
type exactResult struct {
	flight.Result
	columns []expr.Field
}

func (r exactResult) Columns() []expr.Field { return r.columns }

// origin is where a plan comes from.
type origin string

const (
	cachedPlan   origin = "from the cache"
	newPlan      origin = "made anew"
	planOfValues origin = "made for this execution"
	planOfDigits origin = "made for this execution's digits"
)

// plan plans the query over the files as they are now, in a span of its own.
func (q *query) plan(ctx context.Context, args []expr.Value) (*planner.Plan, origin, error) {
	statement := trace.From(ctx)
	if statement.Recording() {
		statement.Text("db.query.text", sql.Masked(q.first.key.text))
	}
	span := statement.Begin("plan")
	defer span.End()
	plan, from, err := q.planned(ctx, args)
	span.Text("skein.plan", string(from))
	span.Fail(err)
	return plan, from, err
}

func (q *query) planned(ctx context.Context, args []expr.Value) (*planner.Plan, origin, error) {
	if err := checkArgs(args, q.params); err != nil {
		return nil, "", err
	}
	s := q.statements
	key, from := s.keyed(q.session, q.first.key), cachedPlan
	shape := s.plans.get(key)
	if shape == nil {
		shape = q.first
	}
	found, ok := shape.current(ctx, s, q.session)
	if !ok || shape.key != key {
		l := s.lookup(q.session)
		l.seen = found
		var err error
		if shape, err = s.prepareShape(ctx, key, q.first.stmt, l, s.options(q.session)); err != nil {
			return nil, "", err
		}
		found, from = shape.files, newPlan
	}
	if err := q.stillFits(shape); err != nil {
		return nil, "", err
	}
	types, values, own, err := exact(q.params, args)
	if err != nil {
		return nil, "", err
	}
	if !own {
		if plan := shape.Plan(args); plan != nil {
			return plan, from, nil
		}
	}
	if from = planOfValues; own {
		from = planOfDigits
	}
	l := s.lookup(q.session)
	l.seen = maps.Clone(found)
	opt := s.options(q.session)
	opt.Params, opt.Args = types, values
	plan, err := planner.Query(ctx, q.first.stmt, l, opt)
	return plan, from, err
}

// exact gives numerics that come by their digits, which their parameters' types do
// not hold, types that do; own reports whether there are such.
func exact(params []expr.Type, args []expr.Value) (types []expr.Type, values []expr.Value, own bool, err error) {
	types, values = params, args
	for i, p := range params {
		if p.Kind != expr.Numeric {
			continue
		}
		t, ok := expr.DigitsType(args[i])
		if !ok {
			continue
		}
		if !own {
			types, values, own = slices.Clone(params), slices.Clone(args), true
		}
		types[i] = t
		if values[i], err = expr.ParseValue(args[i].S, t); err != nil {
			return nil, nil, false, sqlerr.Wrap(err, "parameter $%d", i+1)
		}
	}
	return types, values, own, nil
}

// stillFits refuses a shape with another schema than clients were told.
func (q *query) stillFits(s *shape) error {
	if s == q.first {
		return nil
	}
	if !slices.EqualFunc(s.Fields, q.fields, sameField) {
		return sqlerr.New(sqlerr.FeatureNotSupported, "the columns of the prepared statement have changed: they were %s and are now %s",
			signature(q.fields), signature(s.Fields)).WithHint("Prepare it again.")
	}
	if !slices.EqualFunc(s.Params, q.params, expr.Type.Equal) {
		return sqlerr.New(sqlerr.FeatureNotSupported, "the parameters of the prepared statement have changed their types").
			WithHint("Prepare it again.")
	}
	return nil
}

func sameField(a, b expr.Field) bool { return a.Name == b.Name && a.Type.Equal(b.Type) }

// signature is columns as a message lists them.
func signature(fields []expr.Field) string {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", f.Name, f.Type)
	}
	return "(" + b.String() + ")"
}

// run starts the plan of a statement; the end of ctx ends it. One without a text asks the
// coordinator itself, and does not wait for others to end.
func (s *Statements) run(ctx context.Context, session *flight.Session, root physical.Node, fields []expr.Field, text string) (flight.Result, error) {
	settings := s.settings(session)
	settings.User, settings.Text, settings.Unlimited = sessionUser(session), text, text == ""
	running, err := s.start(ctx, root, fields, settings)
	if err != nil {
		return nil, err
	}
	r := &result{running: running, schema: arrow.NewSchema(expr.ArrowFields(fields), nil)}
	r.stop = context.AfterFunc(ctx, running.Running.Close)
	return r, nil
}

// running is a plan that runs, and what it reads of tables in memory.
type running struct {
	*coordinator.Running
	pins *table.Pins
}

// Close ends it; idempotent.
func (r *running) Close() {
	r.Running.Close()
	r.pins.Release()
}

// pin keeps the parts of tables in memory that a plan reads, for as long as it runs.
// Those that are gone already are an error of table.ErrGone: the plan is of no use.
func (s *Statements) pin(root physical.Node) (*table.Pins, error) {
	var paths []string
	physical.Walk(root, func(n physical.Node) bool {
		if scan, ok := n.(*physical.Scan); ok {
			for _, f := range scan.Files {
				if table.IsPart(f.Path) {
					paths = append(paths, f.Path)
				}
			}
		}
		return true
	})
	if len(paths) == 0 {
		return nil, nil
	}
	if s.Memory == nil {
		return nil, noLocation(paths[0])
	}
	return s.Memory.Pin(paths)
}

// start starts a plan, in the trace of its statement.
func (s *Statements) start(ctx context.Context, root physical.Node, fields []expr.Field, settings coordinator.Settings) (*running, error) {
	pins, err := s.pin(root)
	if err != nil {
		return nil, err
	}
	span := trace.From(ctx)
	span.Text("db.system.name", "skein")
	span.Text("user.name", settings.User)
	if !settings.Unlimited {
		settings.Run.Trace = span.Traceparent()
	}
	r, err := s.Coordinator.Run(ctx, root, fields, settings)
	if err != nil {
		pins.Release()
		return nil, err
	}
	if !settings.Unlimited { // what EXPLAIN gives out runs after what it explains
		span.Text("skein.query", r.ID)
	}
	return &running{r, pins}, nil
}

// result gives the batches of a running query as Arrow records.
type result struct {
	running *running
	schema  *arrow.Schema
	stop    func() bool
	once    sync.Once
}

func (r *result) QueryID() string       { return r.running.ID }
func (r *result) Columns() []expr.Field { return nil }
func (r *result) Affected() int64       { return -1 }

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
