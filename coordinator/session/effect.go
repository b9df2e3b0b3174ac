package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/table"
)

// effect is a statement that changes the catalog or the session.
type effect struct {
	statements *Statements
	session    *flight.Session
	stmt       sql.Statement
	text       string
}

func (e *effect) Columns() []expr.Field   { return nil }
func (e *effect) Parameters() []expr.Type { return nil }
func (e *effect) IsUpdate() bool          { return true }

func (e *effect) Execute(context.Context, []expr.Value) (flight.Result, error) {
	return nil, errNotRead
}

func (e *effect) Update(ctx context.Context, rows [][]expr.Value) (flight.Result, error) {
	if err := checkArgs(rows[0], nil); err != nil {
		return nil, err
	}
	var err error
	switch stmt := e.stmt.(type) {
	case *sql.CreateExternalTable:
		err = e.createExternal(ctx, stmt)
	case *sql.CreateTable:
		err = e.createTable(ctx, stmt)
	case *sql.Truncate:
		err = e.truncate(ctx, stmt)
	case *sql.Drop:
		err = e.drop(ctx, stmt)
	case *sql.CreateSchema:
		if !e.rights().Admin() {
			return nil, sqlerr.At(sqlerr.InsufficientPrivilege, stmt.Span(), "permission denied for database skein").WithHint("Only administrators create schemas.")
		}
		var created bool
		if created, err = e.statements.Catalog.CreateSchema(ctx, stmt.Name.Text); err == nil && !created && !stmt.IfNotExists {
			err = sqlerr.At(sqlerr.DuplicateSchema, stmt.Name.Span(), "schema %q already exists", stmt.Name.Text)
		}
	case *sql.Set:
		err = e.set(ctx, stmt)
	case *sql.Reset:
		err = e.reset(ctx, stmt)
	case *sql.Kill:
		if !e.mayKill(stmt.ID.Text) || !e.statements.Coordinator.CancelRunning(stmt.ID.Text) {
			err = sqlerr.At(sqlerr.UndefinedObject, stmt.ID.Span(), "no query %q waits or runs here", stmt.ID.Text).
				WithHint("SHOW QUERIES lists those of this coordinator.")
		}
	default:
		err = e.roleStatement(ctx)
	}
	if err != nil {
		return nil, err
	}
	return noResult{}, nil
}

func (e *effect) rights() access.Rights { return e.statements.rights(e.session) }

// mayKill reports whether a query is the user's own, or the user an administrator. Of
// those of others one does not even hear that they run.
func (e *effect) mayKill(id string) bool {
	if e.rights().Admin() {
		return true
	}
	q, ok := e.statements.Coordinator.Info(id)
	return ok && q.User == sessionUser(e.session)
}

// target is the schema and name that a name means for a table that is made.
func (e *effect) target(name sql.Name) (schema, table string) {
	table = name.Last().Text
	schema = e.statements.schema(e.session)
	if n := len(name.Parts); n > 1 {
		schema = name.Parts[n-2].Text
	}
	return schema, table
}

// truncate takes the rows out of tables, of all or of none.
func (e *effect) truncate(ctx context.Context, stmt *sql.Truncate) error {
	var tables []*catalog.Table
	for _, n := range stmt.Tables {
		t, ok := e.statements.named(e.session, n)
		if !ok {
			return e.statements.noTable(ctx, e.session, n)
		}
		if t.Memory == nil {
			return sqlerr.At(sqlerr.WrongObjectType, n.Span(), "cannot truncate %q: it is an external table", t.Name)
		}
		if err := e.statements.mayChange(e.session, t, access.Truncate); err != nil {
			return sqlerr.AtSpan(err, n.Span())
		}
		tables = append(tables, t)
	}
	for _, t := range tables {
		t.Memory.Truncate()
	}
	return nil
}

func (e *effect) createExternal(ctx context.Context, stmt *sql.CreateExternalTable) error {
	if stmt.Format != "parquet" {
		return sqlerr.At(sqlerr.FeatureNotSupported, stmt.Span(), "STORED AS %s is not supported", strings.ToUpper(stmt.Format)).
			WithHint("External tables are STORED AS PARQUET.")
	}
	if len(stmt.Columns) > 0 {
		return sqlerr.At(sqlerr.FeatureNotSupported, stmt.Columns[0].Span(), "a column list is not supported: the schema is read from the files")
	}
	if len(stmt.Options) > 0 {
		return sqlerr.At(sqlerr.InvalidParameterValue, stmt.Options[0].Span(), "option %q of an external table is not known", stmt.Options[0].Name)
	}
	if table.IsPart(stmt.Location.Text) {
		return sqlerr.AtSpan(noLocation(stmt.Location.Text), stmt.Location.Span())
	}
	t := catalog.Table{Location: stmt.Location.Text}
	t.Schema, t.Name = e.target(stmt.Name)
	exists := catalog.Fail
	switch {
	case stmt.OrReplace && stmt.IfNotExists:
		return sqlerr.At(sqlerr.SyntaxError, stmt.Span(), "OR REPLACE and IF NOT EXISTS exclude each other")
	case stmt.OrReplace:
		exists = catalog.Replace
	case stmt.IfNotExists:
		exists = catalog.Keep
	}
	if err := e.statements.mayMake(e.session, &t, stmt.OrReplace); err != nil {
		return sqlerr.AtSpan(err, stmt.Name.Span())
	}
	if err := e.mayReadFiles(ctx, t.Location); err != nil {
		return sqlerr.AtSpan(err, stmt.Location.Span())
	}
	_, err := e.statements.Catalog.Create(ctx, t, exists)
	switch sqlerr.CodeOf(err) {
	case sqlerr.DuplicateTable, sqlerr.InvalidSchemaName:
		return sqlerr.AtSpan(err, stmt.Name.Span())
	}
	return sqlerr.AtSpan(err, stmt.Location.Span())
}

// mayReadFiles checks that the files of a location may be read by its name.
func (e *effect) mayReadFiles(ctx context.Context, location string) error {
	s, rights := e.statements, e.rights()
	if err := s.mayReadAt(rights, location, false, nil); err != nil {
		return err
	}
	files, err := s.Catalog.Files(ctx, location)
	if err != nil {
		return err
	}
	return s.mayReadAt(rights, location, false, files)
}

func (e *effect) drop(ctx context.Context, stmt *sql.Drop) error {
	if stmt.Kind == sql.Schema {
		if !e.rights().Admin() {
			return sqlerr.At(sqlerr.InsufficientPrivilege, stmt.Span(), "must be owner of schema %s", stmt.Names[0].Last().Text).WithHint("Only administrators drop schemas.")
		}
		for _, n := range stmt.Names {
			err := e.statements.Catalog.DropSchema(ctx, n.Last().Text, stmt.Cascade)
			if err != nil && !(stmt.IfExists && sqlerr.CodeOf(err) == sqlerr.InvalidSchemaName) {
				return sqlerr.AtSpan(err, n.Span())
			}
		}
		return nil
	}
	if stmt.Kind != sql.Table && stmt.Kind != sql.ExternalTable {
		return sqlerr.At(sqlerr.FeatureNotSupported, stmt.Span(), "views are not supported")
	}
	var names []catalog.Name
	for _, n := range stmt.Names { // all or none
		t, ok := e.statements.named(e.session, n)
		switch {
		case ok && stmt.Kind == sql.ExternalTable && t.Memory != nil:
			return sqlerr.At(sqlerr.WrongObjectType, n.Span(), "%q is not an external table", t.Name).WithHint("Use DROP TABLE.")
		case ok && !e.rights().Table(t.Schema, t.Name, t.Owner).Owner():
			return sqlerr.AtSpan(errOwner(t.Name), n.Span())
		case ok:
			names = append(names, catalog.Name{Schema: t.Schema, Name: t.Name})
		case stmt.IfExists:
			flight.Warn(ctx, fmt.Sprintf("table %q does not exist, skipping", n.Last().Text))
		default:
			if err := e.statements.noTable(ctx, e.session, n); sqlerr.CodeOf(err) != sqlerr.UndefinedTable {
				return err
			}
			return sqlerr.At(sqlerr.UndefinedTable, n.Span(), "table %q does not exist", n.String()).
				WithHint("%s", sqlerr.DidYouMean(n.Last().Text, e.statements.tableNames(e.session)))
		}
	}
	err := e.statements.Catalog.Drop(ctx, names...)
	e.statements.mark(e.session)
	return err
}

func (e *effect) set(ctx context.Context, stmt *sql.Set) error {
	var parts []string
	for _, v := range stmt.Values {
		switch v := v.(type) {
		case *sql.Literal:
			parts = append(parts, v.Text)
		case *sql.ColumnRef:
			parts = append(parts, v.Name.String())
		default:
			return sqlerr.At(sqlerr.SyntaxError, v.Span(), "SET takes literal values")
		}
	}
	err := e.statements.SetOption(ctx, e.session, stmt.Name, strings.Join(parts, ", "))
	return sqlerr.AtSpan(err, stmt.Span())
}

func (e *effect) reset(ctx context.Context, stmt *sql.Reset) error {
	if stmt.Name != "" {
		return sqlerr.AtSpan(e.statements.SetOption(ctx, e.session, stmt.Name, ""), stmt.Span())
	}
	for name := range e.session.Options() {
		if name != roleOption { // RESET ROLE does that
			e.session.Set(name, "")
		}
	}
	return nil
}
