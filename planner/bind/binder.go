package bind

import (
	"context"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// Catalog is where the binder finds tables.
type Catalog interface {
	// Table gives a table, or an error of code undefined_table. An empty schema
	// means the search path.
	Table(ctx context.Context, schema, name string) (*logical.Table, error)
	// TableNames are the names that a table could have been meant by, for hints.
	TableNames(ctx context.Context) []string
	// Parquet gives the files of a location as a table without a name.
	Parquet(ctx context.Context, location string) (*logical.Table, error)
}

// Options is what a statement sees of its session.
type Options struct {
	Now  time.Time
	User string // current_user
	// SessionUser is session_user, when it is another.
	SessionUser string
	Schema      string // the first of the search path
	// Privileges answers questions for them; nil: there is no such function.
	Privileges Privileges
	// Params are the types of parameters that are known beforehand.
	Params []expr.Type
	// Args are the values of all parameters, of the types Params. Without them the
	// statement is only described: its parameters stay Param nodes.
	Args []expr.Value
	// Rows are values of all parameters for several executions at once (see Insert).
	Rows [][]expr.Value
}

// Query is a bound query.
type Query struct {
	Plan   logical.Node
	Names  []string        // output names, one per column of Output
	Output []expr.ColumnID // output columns in order; one may stand twice
	Params []expr.Type     // types of the parameters, Kind Unknown where nothing told
	Next   expr.ColumnID   // the first ID that is free
	Shared int             // the first Shared ID that is free
	Clock  bool            // the plan holds the time of Options
	// NeedsArgs says that the plan is not the query's, because it depends on values
	// of parameters that were not given.
	NeedsArgs bool
}

// Bind binds a query.
func Bind(ctx context.Context, q *sql.Query, catalog Catalog, opt Options) (*Query, error) {
	b := &binder{ctx: ctx, catalog: catalog, opt: opt, params: append([]expr.Type(nil), opt.Params...)}
	r, err := b.query(withNames(q), nil, nil)
	if err == nil {
		r = b.settle(r)
	}
	if err != nil {
		return nil, err
	}
	out := &Query{Plan: r.plan, Params: b.params, Next: b.lastID + 1, Shared: b.lastShared + 1,
		Clock: b.clock, NeedsArgs: b.needsArgs}
	for _, c := range r.cols {
		out.Names = append(out.Names, c.Name)
		out.Output = append(out.Output, c.ID)
	}
	return out, nil
}

// binder is the state of binding one statement.
type binder struct {
	ctx        context.Context
	catalog    Catalog
	opt        Options
	params     []expr.Type
	lastID     expr.ColumnID
	lastShared int
	depth      int
	clock      bool                     // see Query
	denied     map[expr.ColumnID]string // columns that may not be read, by the names of their tables
	needsArgs  bool
}

// relation is a bound query or table: a plan and its visible columns in order,
// some of which may be the same column.
type relation struct {
	plan logical.Node
	cols []logical.Column
}

func (b *binder) newColumn(name string, t expr.Type, nullable bool) logical.Column {
	b.lastID++
	return logical.Column{ID: b.lastID, Name: name, Type: t, Nullable: nullable}
}

// maxDepth bounds the nesting of queries and expressions.
const maxDepth = 1000

func (b *binder) enter(span sqlerr.Span) error {
	b.depth++
	if b.depth > maxDepth {
		return sqlerr.At(sqlerr.StatementTooComplex, span, "statement is nested too deeply")
	}
	return b.ctx.Err()
}

func (b *binder) leave() { b.depth-- }

func unsupported(span sqlerr.Span, format string, args ...any) error {
	return sqlerr.At(sqlerr.FeatureNotSupported, span, format, args...)
}
