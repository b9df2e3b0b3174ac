package planner

import (
	"context"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/bind"
	"github.com/skein-query/skein/planner/choose"
	"github.com/skein-query/skein/planner/cost"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/rule"
	"github.com/skein-query/skein/planner/sql"
)

// Catalog is where plans find their tables.
type Catalog = bind.Catalog

// Options is what a plan sees of the session.
type Options = bind.Options

// Plan is a query ready to run in one worker.
type Plan struct {
	Root   physical.Node
	Fields []expr.Field // the result's columns, all nullable
}

// Query plans a query. The values of its parameters stand in opt.Args.
func Query(ctx context.Context, q *sql.Query, catalog Catalog, opt Options) (*Plan, error) {
	if opt.Args == nil {
		opt.Args = []expr.Value{}
	}
	bound, err := bind.Bind(ctx, q, catalog, opt)
	if err != nil {
		return nil, err
	}
	return plan(q.Span(), bound)
}

// Target is the table of an INSERT.
type Target = bind.Target

// Insert plans the rows that INSERT makes, in the columns of its table. The values of
// its parameters stand in opt.Args, or for several executions in opt.Rows.
func Insert(ctx context.Context, stmt *sql.Insert, t Target, catalog Catalog, opt Options) (*Plan, error) {
	if opt.Args == nil {
		opt.Args = []expr.Value{}
	}
	bound, err := bind.Insert(ctx, stmt, t, catalog, opt)
	if err != nil {
		return nil, err
	}
	return plan(stmt.Span(), bound)
}

// InsertParams are the types of the parameters of an INSERT.
func InsertParams(ctx context.Context, stmt *sql.Insert, t Target, catalog Catalog, opt Options) ([]expr.Type, error) {
	opt.Args = nil
	bound, err := bind.Insert(ctx, stmt, t, catalog, opt)
	if err != nil {
		return nil, err
	}
	var out []expr.Type
	for _, t := range bound.Params {
		out = append(out, settled(t))
	}
	return out, nil
}

// CheckPolicy says what is wrong with a condition on the rows of a table.
func CheckPolicy(table string, fields []expr.Field, using string, opt Options) error {
	return bind.CheckPolicy(table, fields, using, opt)
}

// ManyRows reports whether an INSERT may be planned with opt.Rows.
func ManyRows(stmt *sql.Insert) bool { return bind.ManyRows(stmt) }

// ColumnType is the type of a column of CREATE TABLE.
func ColumnType(t sql.TypeName) (expr.Type, error) { return bind.ColumnType(t) }

// Reduced is what a client is warned of when a type has more digits of seconds than there
// are; empty: nothing.
func Reduced(t sql.TypeName) string { return bind.Reduced(t) }

// CheckDefault checks the value of DEFAULT for a column.
func CheckDefault(ctx context.Context, e sql.Expr, f expr.Field, opt Options) error {
	return bind.Default(ctx, e, f, opt)
}

// plan brings a bound query to its physical plan.
func plan(text sqlerr.Span, bound *bind.Query) (*Plan, error) {
	ids := &rule.IDs{NextColumn: bound.Next, NextShared: bound.Shared}
	rewritten, err := rule.Rewrite(bound.Plan, bound.Output, ids)
	if err != nil {
		return nil, sqlerr.AtSpan(err, text)
	}
	root, err := choose.Choose(rewritten, bound.Output, bound.Names, cost.NewEstimator())
	if err != nil {
		return nil, sqlerr.AtSpan(err, text)
	}
	return &Plan{Root: root, Fields: resultFields(root.Schema())}, nil
}

func settled(t expr.Type) expr.Type {
	if t.Kind == expr.Unknown {
		return expr.Of(expr.Text)
	}
	return t
}

// resultFields marks all columns nullable: clients compare schemas, and every
// stream of a result must have the one that was announced.
func resultFields(in []expr.Field) []expr.Field {
	out := make([]expr.Field, len(in))
	for i, f := range in {
		out[i] = expr.Field{Name: f.Name, Type: settled(f.Type), Nullable: true}
	}
	return out
}
