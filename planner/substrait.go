package planner

import (
	"context"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/bind"
	"github.com/skein-query/skein/planner/choose"
	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/rule"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/planner/substrait/standard"
)

// Logical plans a Substrait plan of another producer as a query is: by the same rules
// and choices. args are the values of its dynamic parameters.
func Logical(ctx context.Context, doc *standard.Document, catalog Catalog, args []expr.Value, opt Options) (*Plan, error) {
	if args == nil {
		args = []expr.Value{}
	}
	read, err := readPlan(ctx, doc, catalog, args, opt)
	if err != nil {
		return nil, err
	}
	return physicalOf(read)
}

// readPlan reads a plan as the user who sends it may have it: one that reads what is hidden
// is refused, and policies hide rows.
func readPlan(ctx context.Context, doc *standard.Document, catalog Catalog, args []expr.Value, opt Options) (*standard.Query, error) {
	read, err := standard.Read(ctx, doc, catalog, args)
	if err != nil {
		return nil, err
	}
	clock := false
	read.Plan, read.Next, clock, err = bind.Enforce(read.Plan, read.Output, read.Next, opt)
	read.NeedsArgs = read.NeedsArgs || clock
	return read, err
}

// physicalOf brings a read plan to its physical plan.
func physicalOf(read *standard.Query) (*Plan, error) {
	ids := &rule.IDs{NextColumn: read.Next, NextShared: read.Shared}
	rewritten, err := rule.Rewrite(read.Plan, read.Output, ids)
	if err != nil {
		return nil, err
	}
	root, err := choose.Choose(rewritten, read.Output, read.Names, cost.NewEstimator())
	if err != nil {
		return nil, err
	}
	return &Plan{Root: root, Fields: resultFields(root.Schema())}, nil
}

// PrepareLogical describes a Substrait plan, as Prepare does a query.
func PrepareLogical(ctx context.Context, doc *standard.Document, catalog Catalog, opt Options) (*Prepared, error) {
	read, err := readPlan(ctx, doc, catalog, nil, opt)
	if err != nil {
		return nil, err
	}
	types := map[expr.ColumnID]expr.Type{}
	for _, c := range read.Plan.Columns() {
		types[c.ID] = c.Type
	}
	p := &Prepared{}
	for i, id := range read.Output {
		p.Fields = append(p.Fields, expr.Field{Name: read.Names[i], Type: settled(types[id]), Nullable: true})
	}
	for _, t := range read.Params {
		p.Params = append(p.Params, settled(t))
	}
	generic, err := physicalOf(read)
	switch {
	case len(p.Params) == 0 && err != nil:
		return nil, err
	case err == nil && !read.NeedsArgs && (len(p.Params) == 0 || replaceable(generic.Root, p.Params)):
		p.generic = generic
	}
	return p, nil
}

// Change reads a plan that changes a table as the user who sends it may have it: its rows
// are made of what that user sees. args are the values of its dynamic parameters, nil when
// it is only to be described.
func Change(ctx context.Context, doc *standard.Document, catalog Catalog, args []expr.Value, opt Options) (*standard.Change, error) {
	c, err := standard.ReadChange(ctx, doc, catalog, args)
	if err != nil || c.Rows == nil {
		return c, err
	}
	c.Rows.Plan, c.Rows.Next, _, err = bind.Enforce(c.Rows.Plan, c.Rows.Output, c.Rows.Next, opt)
	return c, err
}

// ChangeRows plans the rows that a plan writes, in the columns of its table.
func ChangeRows(ctx context.Context, c *standard.Change, t Target, opt Options) (*Plan, error) {
	q := &bind.Query{Plan: c.Rows.Plan, Names: c.Rows.Names, Output: c.Rows.Output, Params: c.Rows.Params, Next: c.Rows.Next, Shared: c.Rows.Shared}
	bound, err := bind.Assign(ctx, q, c.Rows.Names, t, opt)
	if err != nil {
		return nil, err
	}
	return plan(sqlerr.Span{}, bound)
}

// ColumnsOf are the columns of a table that names mean, whatever the case.
func ColumnsOf(t Target, names []string) ([]expr.Field, error) { return bind.ColumnsOf(t, names) }

// portable are the rewrites of a query before it goes out: those that make it plain. The
// others serve this engine, and some know statistics that hold here alone.
var portable = map[string]bool{"simplify": true, "unnest": true, "inline": true, "push": true, "eliminate": true, "order": true,
	"prune": true, "prune again": true}

// Portable is a query as a Substrait plan for others. The values of its parameters
// stand in opt.Args; without them they are dynamic parameters.
func Portable(ctx context.Context, q *sql.Query, catalog Catalog, opt Options) (*standard.Document, error) {
	bound, err := bind.Bind(ctx, q, catalog, opt)
	if err != nil {
		return nil, err
	}
	rewriting := &rule.Query{Output: bound.Output, IDs: &rule.IDs{NextColumn: bound.Next, NextShared: bound.Shared}, Est: cost.NewEstimator()}
	plan := bound.Plan
	for _, s := range rule.Steps() {
		if !portable[s.Name] {
			continue
		}
		if plan, err = s.Run(plan, rewriting); err != nil {
			return nil, sqlerr.AtSpan(err, q.Span())
		}
	}
	hidden := func(t *logical.Table) bool {
		meant, err := catalog.Table(ctx, "", t.Name)
		return err != nil || meant.Schema != t.Schema
	}
	doc, err := standard.Write(&standard.Query{Plan: plan, Names: bound.Names, Output: bound.Output}, hidden)
	return doc, sqlerr.AtSpan(err, q.Span())
}
