package session

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/trace"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/table"
)

// Statements runs the SQL of all sessions.
type Statements struct {
	Catalog     *catalog.Catalog
	Coordinator *coordinator.Coordinator
	Defaults    Defaults
	Log         *slog.Logger
	Members     func() []Member // who is in the cluster; nil: nobody knows
	Users       Users           // who there is besides the catalog's roles; nil: everybody may do everything
	AllowPaths  []string        // below which files may be read, by whomever; nil: everywhere
	Memory      *table.Store    // where tables are made; nil: nowhere
	Others      Others          // who else has tables in memory; nil: nobody
	plans       plans
	seer        *access.Rights // whose view of the catalog this is (as); nil: nobody's
}

// Others finds tables that are in the memory of other coordinators.
type Others interface {
	// Table finds one by its name; nil: nobody has it.
	Table(ctx context.Context, schema, name string) *catalog.Elsewhere
}

// Prepare parses and describes one statement, or remembers how it did.
func (s *Statements) Prepare(ctx context.Context, session *flight.Session, text string) (flight.Prepared, error) {
	began := time.Now()
	if q := s.remembered(ctx, session, planKey{text: text}); q != nil {
		return q, nil
	}
	span := trace.From(ctx).Begin("describe")
	defer span.End()
	all, err := sql.Parse(text)
	if err != nil {
		return nil, err
	}
	switch len(all) {
	case 0:
		return nil, sqlerr.New(sqlerr.SyntaxError, "the statement is empty")
	case 1:
	default:
		return nil, sqlerr.At(sqlerr.FeatureNotSupported, all[1].Span(), "more than one statement at once is not supported").
			WithHint("Send one statement at a time.")
	}
	return s.prepare(ctx, session, text, all[0], began)
}

func (s *Statements) prepare(ctx context.Context, session *flight.Session, text string, stmt sql.Statement, began time.Time) (flight.Prepared, error) {
	switch stmt := stmt.(type) {
	case *sql.Query:
		return s.query(ctx, session, planKey{text: text}, stmt, began)
	case *sql.Explain:
		return s.explain(ctx, session, text, stmt, began)
	case *sql.ShowTables:
		return s.showTables(session, stmt)
	case *sql.ShowQueries:
		return s.showQueries(session), nil
	case *sql.ShowMembers:
		return s.showMembers(session), nil
	case *sql.Describe:
		return s.describe(ctx, session, stmt)
	case *sql.Show:
		return s.show(ctx, session, stmt)
	case *sql.CreateExternalTable, *sql.CreateTable, *sql.Truncate, *sql.Drop, *sql.CreateSchema, *sql.Set, *sql.Reset, *sql.Kill,
		*sql.CreateRole, *sql.AlterRole, *sql.DropRole, *sql.Grant, *sql.GrantRole, *sql.CreatePolicy, *sql.DropPolicy, *sql.AlterOwner:
		return &effect{statements: s, session: session, stmt: stmt, text: text}, nil
	case *sql.CreateTableAs:
		return s.createAs(ctx, session, text, stmt)
	case *sql.Insert:
		return s.insert(ctx, session, text, stmt)
	case *sql.Begin, *sql.Commit, *sql.Rollback, *sql.SetTransaction:
		return nil, sqlerr.At(sqlerr.FeatureNotSupported, stmt.Span(), "transactions are not supported: every statement stands alone")
	}
	return nil, sqlerr.At(sqlerr.FeatureNotSupported, stmt.Span(), "%s is not supported", statementName(stmt))
}

// statementName is what a user calls a statement that is not supported.
func statementName(stmt sql.Statement) string {
	switch stmt := stmt.(type) {
	case *sql.Update:
		return "UPDATE"
	case *sql.Delete:
		return "DELETE"
	case *sql.Copy:
		return "COPY"
	case *sql.CreateView:
		if stmt.Materialized {
			return "CREATE MATERIALIZED VIEW"
		}
		return "CREATE VIEW"
	case *sql.RefreshView:
		return "REFRESH MATERIALIZED VIEW"
	case *sql.Prepare, *sql.Execute, *sql.Deallocate:
		return "a prepared statement of SQL (Flight SQL's are)"
	}
	return "this statement"
}

// Cancel stops a running query.
func (s *Statements) Cancel(_ context.Context, queryID string) (bool, error) {
	return s.Coordinator.CancelRunning(queryID), nil
}

func (s *Statements) logger() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}

// Progress is how many of a query's tasks are done.
func (s *Statements) Progress(queryID string) (done, total int) {
	q, ok := s.Coordinator.Info(queryID)
	if !ok {
		return 0, 0
	}
	return q.Done, q.Tasks
}

// options is what the planner sees of a session.
func (s *Statements) options(session *flight.Session) planner.Options {
	return planner.Options{Now: s.Defaults.now(), User: user(session), SessionUser: sessionUser(session), Schema: s.schema(session), Privileges: privileges{s, session}}
}

// sessionUser is who has logged in.
func sessionUser(session *flight.Session) string {
	if u := session.User(); u != "" {
		return u
	}
	return catalogName
}

// user is the current user: the role that SET ROLE has chosen, else who has logged in.
func user(session *flight.Session) string {
	if role, ok := session.Get(roleOption); ok {
		return role
	}
	return sessionUser(session)
}

func (s *Statements) schema(session *flight.Session) string {
	if v, ok := session.Get("schema"); ok {
		return v
	}
	return catalog.DefaultSchema
}

// noResult is the result of a statement that has no rows.
type noResult struct{}

func (noResult) QueryID() string                                 { return "" }
func (noResult) Columns() []expr.Field                           { return nil }
func (noResult) Next(context.Context) (arrow.RecordBatch, error) { return nil, io.EOF }
func (noResult) Close() error                                    { return nil }

// Affected is 0, not -1: the JDBC driver takes an unknown count for a query and
// executes the statement a second time.
func (noResult) Affected() int64 { return 0 }

// checkArgs refuses arguments that do not fit the parameters in number.
func checkArgs(args []expr.Value, params []expr.Type) error {
	if len(args) != len(params) {
		return sqlerr.New(sqlerr.UndefinedParameter, "the statement takes %d parameters, but %d values were given", len(params), len(args))
	}
	return nil
}
