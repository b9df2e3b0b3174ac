package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/parquet"
)

// definition is a table in memory that is to be made.
type definition struct {
	schema, name string // where it will be
	temporary    bool
	owner        string
	fields       []expr.Field
	defaults     []string // SQL, by field; may be shorter
	keys         []catalog.Key
}

// place says where CREATE makes a table.
func (s *Statements) place(session *flight.Session, name sql.Name, temporary bool) (definition, error) {
	d := definition{name: name.Last().Text, temporary: temporary || isTemporaryName(name)}
	switch n := len(name.Parts); {
	case d.temporary && n > 1 && !isTemporaryName(name):
		return d, sqlerr.At("42P16", name.Span(), "cannot create temporary relation in non-temporary schema")
	case d.temporary:
		d.schema = catalog.TemporarySchema(session.ID())
	case n > 1:
		d.schema = name.Parts[n-2].Text
	default:
		d.schema = s.schema(session)
	}
	if d.schema == informationSchema || d.schema == pgCatalog {
		return d, sqlerr.At(sqlerr.InsufficientPrivilege, name.Span(), "permission denied for schema %s", d.schema)
	}
	return d, nil
}

// make makes the table of a definition, without a name.
func (s *Statements) make(d definition) (*catalog.Table, error) {
	if s.Memory == nil {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "tables in memory are not supported by this process")
	}
	seen := map[string]bool{}
	t := &catalog.Table{Schema: d.schema, Name: d.name, Owner: d.owner, Keys: d.keys}
	for i, f := range d.fields {
		if seen[f.Name] {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", f.Name)
		}
		seen[f.Name] = true
		t.Fields = append(t.Fields, parquet.Field{Name: f.Name, Type: f.Type.WithoutDigits().Arrow(), Nullable: f.Nullable})
		column := catalog.Column{Type: f.Type.String()}
		if i < len(d.defaults) {
			column.Default = d.defaults[i]
		}
		t.Columns = append(t.Columns, column)
	}
	var err error
	if t.Memory, err = s.Memory.Create(t.Fields); err != nil {
		return nil, err
	}
	t.Location = t.Memory.Location()
	return t, nil
}

// name gives a table its name, or drops it, and tells the client how long it lasts.
func (s *Statements) name(ctx context.Context, session *flight.Session, t *catalog.Table, exists catalog.Exists) (created bool, err error) {
	if created, err = s.Catalog.Name(ctx, t, exists); !created {
		t.Memory.Drop()
		return false, err
	}
	s.mark(session)
	if catalog.IsTemporary(t.Schema) {
		return true, nil
	}
	line := fmt.Sprintf("table %q is in the memory of this process: it is gone when that ends", t.Name)
	flight.Warn(ctx, line)
	s.logger().Info(line, "schema", t.Schema, "user", user(session))
	return true, nil
}

func (e *effect) createTable(ctx context.Context, stmt *sql.CreateTable) error {
	d, err := e.statements.place(e.session, stmt.Name, stmt.Temporary)
	if err != nil {
		return err
	}
	if stmt.IfNotExists {
		if have, ok := e.statements.Catalog.Lookup(d.schema, d.name); ok {
			flight.Warn(ctx, fmt.Sprintf("relation %q already exists, skipping", have.Name))
			return nil
		}
	}
	if err := e.statements.mayDefine(e.session, &d, nil); err != nil {
		return sqlerr.AtSpan(err, stmt.Name.Span())
	}
	if err := e.define(ctx, stmt, &d); err != nil {
		return err
	}
	t, err := e.statements.make(d)
	if err != nil {
		return sqlerr.AtSpan(err, stmt.Name.Span())
	}
	exists := catalog.Fail
	if stmt.IfNotExists {
		exists = catalog.Keep
	}
	_, err = e.statements.name(ctx, e.session, t, exists)
	return sqlerr.AtSpan(err, stmt.Name.Span())
}

// define reads the columns and constraints of CREATE TABLE.
func (e *effect) define(ctx context.Context, stmt *sql.CreateTable, d *definition) error {
	if len(stmt.Options) > 0 {
		return sqlerr.At(sqlerr.FeatureNotSupported, stmt.Options[0].Span(), "option %q of a table is not supported", stmt.Options[0].Name)
	}
	for _, like := range stmt.Like {
		if err := e.like(ctx, like, d); err != nil {
			return err
		}
	}
	for i := range stmt.Columns {
		if err := e.column(ctx, &stmt.Columns[i], d); err != nil {
			return err
		}
	}
	for _, c := range stmt.Columns {
		for _, k := range c.Constraints {
			if k.Kind == sql.PrimaryKey || k.Kind == sql.Unique {
				if err := d.key(k, c.Name.Text); err != nil {
					return err
				}
			}
		}
	}
	for _, c := range stmt.Constraints {
		if c.Kind != sql.PrimaryKey && c.Kind != sql.Unique {
			return refuseConstraint(c)
		}
		if err := d.key(c, ""); err != nil {
			return err
		}
	}
	d.nameKeys()
	return nil
}

// like takes over the columns of another table.
func (e *effect) like(ctx context.Context, name sql.Name, d *definition) error {
	schema := ""
	if n := len(name.Parts); n > 1 {
		schema = name.Parts[n-2].Text
	}
	t, err := e.statements.lookup(e.session).Table(ctx, schema, name.Last().Text)
	if sqlerr.CodeOf(err) == sqlerr.UndefinedTable {
		return sqlerr.At(sqlerr.UndefinedTable, name.Span(), "relation %q does not exist", name.String()).
			WithHint("%s", sqlerr.DidYouMean(name.Last().Text, e.statements.tableNames(e.session)))
	}
	if err != nil {
		return sqlerr.AtSpan(err, name.Span())
	}
	d.fields = append(d.fields, t.Fields...)
	return nil
}

// column reads one column of CREATE TABLE.
func (e *effect) column(ctx context.Context, c *sql.ColumnDef, d *definition) error {
	typ, err := planner.ColumnType(c.Type)
	if err != nil {
		return err
	}
	if text := planner.Reduced(c.Type); text != "" {
		flight.Warn(ctx, text)
	}
	for _, f := range d.fields {
		if f.Name == c.Name.Text {
			return sqlerr.At(sqlerr.DuplicateColumn, c.Name.Span(), "column %q specified more than once", f.Name)
		}
	}
	field, text := expr.Field{Name: c.Name.Text, Type: typ, Nullable: true}, ""
	for _, k := range c.Constraints {
		switch k.Kind {
		case sql.NotNull:
			field.Nullable = false
		case sql.Nullable, sql.PrimaryKey, sql.Unique: // keys are read when all columns are known
		case sql.DefaultValue:
			if err := planner.CheckDefault(ctx, k.Value, field, e.statements.options(e.session)); err != nil {
				return err
			}
			span := k.Value.Span()
			text = e.text[span.Start:span.End]
		default:
			if err := refuseConstraint(k); err != nil {
				return err
			}
		}
	}
	for len(d.defaults) < len(d.fields) {
		d.defaults = append(d.defaults, "")
	}
	d.fields, d.defaults = append(d.fields, field), append(d.defaults, text)
	return nil
}

// refuseConstraint refuses what would be written down and not kept.
func refuseConstraint(c sql.Constraint) error {
	return sqlerr.At(sqlerr.FeatureNotSupported, c.Span(), "%s constraints are not supported: they would not be enforced", strings.ToUpper(c.Kind.String())).
		WithHint("NOT NULL, DEFAULT, PRIMARY KEY and UNIQUE are.")
}

// createAs is CREATE TABLE … AS: the query is described when the statement is prepared.
type createAs struct {
	statements *Statements
	session    *flight.Session
	stmt       *sql.CreateTableAs
	query      *query
}

func (s *Statements) createAs(ctx context.Context, session *flight.Session, text string, stmt *sql.CreateTableAs) (flight.Prepared, error) {
	if len(stmt.Options) > 0 {
		return nil, sqlerr.At(sqlerr.FeatureNotSupported, stmt.Options[0].Span(), "option %q of a table is not supported", stmt.Options[0].Name)
	}
	q, err := s.queryWithin(ctx, session, text, stmt.Query, time.Now())
	if err != nil {
		return nil, err
	}
	if have := len(q.fields); len(stmt.Columns) > have {
		return nil, sqlerr.At(sqlerr.SyntaxError, stmt.Columns[have].Span(), "too many column names were specified")
	}
	return &createAs{s, session, stmt, q}, nil
}

func (c *createAs) Columns() []expr.Field   { return nil }
func (c *createAs) Parameters() []expr.Type { return c.query.params }
func (c *createAs) IsUpdate() bool          { return true }

func (c *createAs) Execute(context.Context, []expr.Value) (flight.Result, error) {
	return nil, errNotRead
}

// Update makes the table with its rows and then gives it its name.
func (c *createAs) Update(ctx context.Context, rows [][]expr.Value) (flight.Result, error) {
	s := c.statements
	d, err := s.place(c.session, c.stmt.Name, c.stmt.Temporary)
	if err != nil {
		return nil, err
	}
	if _, ok := s.Catalog.Lookup(d.schema, d.name); ok {
		if c.stmt.IfNotExists {
			flight.Warn(ctx, fmt.Sprintf("relation %q already exists, skipping", d.name))
			return noResult{}, nil
		}
		return nil, sqlerr.At(sqlerr.DuplicateTable, c.stmt.Name.Span(), "relation %q already exists", d.name)
	}
	if err := s.mayDefine(c.session, &d, nil); err != nil {
		return nil, sqlerr.AtSpan(err, c.stmt.Name.Span())
	}
	if len(rows) > 1 {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "CREATE TABLE AS takes one row of parameters")
	}
	plan, _, err := c.query.plan(ctx, rows[0])
	if err != nil {
		return nil, err
	}
	for i, f := range plan.Fields {
		f.Nullable = true
		if i < len(c.stmt.Columns) {
			f.Name = c.stmt.Columns[i].Text
		}
		d.fields = append(d.fields, f)
	}
	t, err := s.make(d)
	if err != nil {
		return nil, sqlerr.AtSpan(err, c.stmt.Name.Span())
	}
	n := int64(0)
	if !c.stmt.NoData {
		n, err = c.fill(ctx, t, d.fields, rows[0])
	}
	if err != nil {
		t.Memory.Drop()
		return nil, err
	}
	exists := catalog.Fail
	if c.stmt.IfNotExists {
		exists = catalog.Keep
	}
	created, err := s.name(ctx, c.session, t, exists)
	if err != nil {
		return nil, sqlerr.AtSpan(err, c.stmt.Name.Span())
	}
	if !created {
		n = 0
	}
	return written{n}, nil
}

func (c *createAs) fill(ctx context.Context, t *catalog.Table, fields []expr.Field, args []expr.Value) (int64, error) {
	w, err := newWriting(t, fields)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	plan := func() (*planner.Plan, error) {
		p, _, err := c.query.plan(ctx, args)
		return p, err
	}
	err = c.statements.pour(ctx, c.session, c.query.first.key.text, plan, func(b *vector.Batch) error { return w.Write(ctx, b) })
	if err != nil {
		return 0, err
	}
	return w.Rows(), w.Publish(ctx)
}
