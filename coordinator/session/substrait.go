package session

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/trace"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/substrait/standard"
)

// PrepareSubstrait reads and describes a plan, or remembers how it did.
func (s *Statements) PrepareSubstrait(ctx context.Context, session *flight.Session, plan []byte, _ string) (flight.Prepared, error) {
	key := s.keyed(session, planKey{text: planText(plan)})
	if shape := s.plans.get(key); shape != nil && shape.describes(ctx, s, session) {
		return &substraitPlan{statements: s, session: session, first: shape}, nil
	}
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
	shape, err := s.preparePlan(ctx, key, doc, l, s.options(session))
	if err != nil {
		return nil, err
	}
	return &substraitPlan{statements: s, session: session, first: shape}, nil
}

// planText is what stands for a plan's bytes in the key under which it is remembered. No
// text of SQL begins so.
func planText(plan []byte) string {
	hash := sha256.Sum256(plan)
	return "\x00substrait " + string(hash[:])
}

// substraitPlan is a described plan.
type substraitPlan struct {
	statements *Statements
	session    *flight.Session
	first      *shape // as it was described
}

func (p *substraitPlan) Columns() []expr.Field   { return p.first.Fields }
func (p *substraitPlan) Parameters() []expr.Type { return p.first.Params }
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
	if err := checkArgs(args, p.first.Params); err != nil {
		return nil, err
	}
	if err := holdDigits(p.first.Params, args); err != nil {
		return nil, err
	}
	plan, err := p.plan(ctx, args)
	if err != nil {
		return nil, err
	}
	if fields := p.first.Fields; !slices.EqualFunc(plan.Fields, fields, sameField) {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "the columns of the plan have changed: they were %s and are now %s",
			signature(fields), signature(plan.Fields)).WithHint("Prepare it again.")
	}
	return p.statements.run(ctx, p.session, plan.Root, p.first.Fields, titleOf(p.first.doc))
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

// plan plans the plan over the files as they are now, in a span of its own.
func (p *substraitPlan) plan(ctx context.Context, args []expr.Value) (*planner.Plan, error) {
	span := trace.From(ctx).Begin("plan")
	defer span.End()
	plan, from, err := p.planned(ctx, args)
	span.Text("skein.plan", string(from))
	span.Fail(err)
	return plan, err
}

func (p *substraitPlan) planned(ctx context.Context, args []expr.Value) (*planner.Plan, origin, error) {
	s, doc := p.statements, p.first.doc
	key, from := s.keyed(p.session, p.first.key), cachedPlan
	shape := s.plans.get(key)
	if shape == nil {
		shape = p.first
	}
	found, ok := shape.current(ctx, s, p.session)
	if !ok || shape.key != key {
		l := s.lookup(p.session)
		l.seen = found
		var err error
		if shape, err = s.preparePlan(ctx, key, doc, l, s.options(p.session)); err != nil {
			return nil, "", err
		}
		found, from = shape.files, newPlan
	}
	if plan := shape.Plan(args); plan != nil {
		return plan, from, nil
	}
	l := s.lookup(p.session)
	l.seen = maps.Clone(found)
	plan, err := planner.Logical(ctx, doc, l, args, s.options(p.session))
	return plan, planOfValues, err
}

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
