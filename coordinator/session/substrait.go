package session

import (
	"context"
	"fmt"
	"slices"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/trace"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/substrait/standard"
)

// PrepareSubstrait reads and describes a plan.
func (s *Statements) PrepareSubstrait(ctx context.Context, session *flight.Session, plan []byte, _ string) (flight.Prepared, error) {
	span := trace.From(ctx).Begin("describe")
	defer span.End()
	doc, err := standard.Parse(plan)
	if err != nil {
		return nil, err
	}
	if doc.Changes() {
		return s.prepareChange(ctx, session, doc)
	}
	l := s.lookup(session)
	l.typesOnly = true
	described, err := planner.PrepareLogical(ctx, doc, l, s.options(session))
	if err != nil {
		return nil, err
	}
	return &substraitPlan{statements: s, session: session, doc: doc, fields: described.Fields, params: described.Params}, nil
}

// substraitPlan is a described plan. It is planned over the files as they are whenever
// it is executed.
type substraitPlan struct {
	statements *Statements
	session    *flight.Session
	doc        *standard.Document
	fields     []expr.Field
	params     []expr.Type
}

func (p *substraitPlan) Columns() []expr.Field   { return p.fields }
func (p *substraitPlan) Parameters() []expr.Type { return p.params }
func (p *substraitPlan) IsUpdate() bool          { return false }

// Update is not for plans that only read.
func (p *substraitPlan) Update(context.Context, [][]expr.Value) (flight.Result, error) {
	return nil, errNoUpdate
}

// Execute plans the plan with its arguments and starts it.
func (p *substraitPlan) Execute(ctx context.Context, args []expr.Value) (result flight.Result, err error) {
	err = settledOn(func() error {
		result, err = p.execute(ctx, args)
		return err
	})
	return result, err
}

func (p *substraitPlan) execute(ctx context.Context, args []expr.Value) (flight.Result, error) {
	if err := checkArgs(args, p.params); err != nil {
		return nil, err
	}
	if err := holdDigits(p.params, args); err != nil {
		return nil, err
	}
	s := p.statements
	plan, err := p.plan(ctx, args)
	if err != nil {
		return nil, err
	}
	if !slices.EqualFunc(plan.Fields, p.fields, sameField) {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "the columns of the plan have changed: they were %s and are now %s",
			signature(p.fields), signature(plan.Fields)).WithHint("Prepare it again.")
	}
	return s.run(ctx, p.session, plan.Root, p.fields, p.title())
}

// holdDigits refuses numerics that have more digits than the type which a plan gives its
// parameter.
func holdDigits(params []expr.Type, args []expr.Value) error {
	for i, t := range params {
		if _, own := expr.DigitsType(args[i]); own && t.Kind == expr.Numeric {
			return sqlerr.New(sqlerr.NumericValueOutOfRange, "parameter %d: the value has more digits than its type %s", i, t)
		}
	}
	return nil
}

func (p *substraitPlan) plan(ctx context.Context, args []expr.Value) (*planner.Plan, error) {
	span := trace.From(ctx).Begin("plan")
	defer span.End()
	plan, err := planner.Logical(ctx, p.doc, p.statements.lookup(p.session), args, p.statements.options(p.session))
	span.Fail(err)
	return plan, err
}

func (p *substraitPlan) title() string { return titleOf(p.doc) }

// titleOf is what stands for the text of a statement in logs and lists.
func titleOf(doc *standard.Document) string {
	producer := doc.Producer()
	if producer == "" {
		producer = "an unknown producer"
	}
	return fmt.Sprintf("-- Substrait plan of %s, %d bytes", producer, doc.Bytes)
}

// portable is a query as a Substrait plan for others, in JSON.
func (s *Statements) portable(ctx context.Context, session *flight.Session, q *query, args []expr.Value) (string, error) {
	if err := checkArgs(args, q.params); err != nil {
		return "", err
	}
	types, values, _, err := exact(q.params, args)
	if err != nil {
		return "", err
	}
	opt := s.options(session)
	if opt.Params, opt.Args = types, values; opt.Args == nil {
		opt.Args = []expr.Value{}
	}
	doc, err := planner.Portable(ctx, q.first.stmt, s.lookup(session), opt)
	if err != nil {
		return "", err
	}
	text, err := doc.Format(standard.FormatJSON)
	return string(text), err
}
