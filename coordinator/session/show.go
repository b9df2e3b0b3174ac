package session

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/sql"
)

// rows is a statement whose result is computed beside the engine: SHOW, DESCRIBE,
// EXPLAIN.
type rows struct {
	statements *Statements
	session    *flight.Session
	fields     []expr.Field
	params     []expr.Type
	make       func(ctx context.Context, args []expr.Value) ([][]expr.Value, error)
}

func (r *rows) Columns() []expr.Field   { return r.fields }
func (r *rows) Parameters() []expr.Type { return r.params }
func (r *rows) IsUpdate() bool          { return false }

// Update is not for what only gives rows.
func (r *rows) Update(context.Context, [][]expr.Value) (flight.Result, error) {
	return nil, errNoUpdate
}

func (r *rows) Execute(ctx context.Context, args []expr.Value) (flight.Result, error) {
	if err := checkArgs(args, r.params); err != nil {
		return nil, err
	}
	var tuples [][]expr.Value
	err := settledOn(func() (err error) {
		tuples, err = r.make(ctx, args)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r.statements.run(ctx, r.session, &physical.Values{Tuples: tuples, Fields: r.fields}, r.fields, "")
}

func (s *Statements) showTables(session *flight.Session, stmt *sql.ShowTables) (flight.Prepared, error) {
	schema := s.schema(session)
	if schemas := s.as(session).Catalog.Schemas(); !stmt.Schema.IsZero() {
		schema = stmt.Schema.Text
		if schema != pgTemp && !slices.Contains(schemas, schema) {
			return nil, sqlerr.At(sqlerr.InvalidSchemaName, stmt.Schema.Span(), "schema %q does not exist", schema).
				WithHint("%s", sqlerr.DidYouMean(schema, schemas))
		}
	}
	return &rows{statements: s, session: session, fields: fields("name"), make: func(context.Context, []expr.Value) ([][]expr.Value, error) {
		out := [][]expr.Value{}
		for _, t := range s.as(session).tables(session) {
			if t.Schema == schemaOf(session, schema) {
				out = append(out, texts(t.Name))
			}
		}
		return out, nil
	}}, nil
}

func (s *Statements) describe(ctx context.Context, session *flight.Session, stmt *sql.Describe) (flight.Prepared, error) {
	name, schema := stmt.Name.Last().Text, ""
	if n := len(stmt.Name.Parts); n > 1 {
		schema = stmt.Name.Parts[n-2].Text
	}
	find := func(ctx context.Context) ([]expr.Field, error) {
		l := s.lookup(session)
		t, err := l.Table(ctx, schema, name)
		if err != nil {
			if sqlerr.CodeOf(err) == sqlerr.UndefinedTable {
				return nil, sqlerr.At(sqlerr.UndefinedTable, stmt.Name.Span(), "relation %q does not exist", stmt.Name.String()).
					WithHint("%s", sqlerr.DidYouMean(name, l.TableNames(ctx)))
			}
			return nil, sqlerr.AtSpan(err, stmt.Name.Span())
		}
		return slices.DeleteFunc(slices.Clone(t.Fields), func(f expr.Field) bool {
			return t.Denies(slices.IndexFunc(t.Fields, func(x expr.Field) bool { return x.Name == f.Name }))
		}), nil
	}
	if _, err := find(ctx); err != nil {
		return nil, err
	}
	return &rows{statements: s, session: session, fields: fields("column_name data_type is_nullable"),
		make: func(ctx context.Context, _ []expr.Value) ([][]expr.Value, error) {
			columns, err := find(ctx)
			if err != nil {
				return nil, err
			}
			out := [][]expr.Value{}
			for _, c := range columns {
				nullable := "NO"
				if c.Nullable {
					nullable = "YES"
				}
				out = append(out, texts(c.Name, typeName(c.Type), nullable))
			}
			return out, nil
		}}, nil
}

// typeName is a type as DESCRIBE shows it: the standard's words, with modifiers.
func typeName(t expr.Type) string {
	switch t.Kind {
	case expr.Numeric, expr.List, expr.Struct, expr.Map, expr.Char:
		return t.String()
	case expr.Time, expr.Timestamp, expr.TimestampTZ:
		if t.Digits() < expr.MaxDigits {
			word, zone, _ := strings.Cut(standardName(t), " ")
			return fmt.Sprintf("%s(%d) %s", word, t.Digits(), zone)
		}
	}
	return standardName(t)
}

// listings are the words after SHOW that name no setting, with the column of the answer.
// Power BI asks for databases, others for schemas.
func (s *Statements) listings(session *flight.Session) map[string]func() (column string, names []string) {
	return map[string]func() (string, []string){
		"databases": func() (string, []string) { return "database_name", []string{catalogName} },
		"catalogs":  func() (string, []string) { return "catalog_name", []string{catalogName} },
		"schemas":   func() (string, []string) { return "schema_name", slices.Sorted(slices.Values(s.schemas(session))) },
	}
}

func (s *Statements) show(ctx context.Context, session *flight.Session, stmt *sql.Show) (flight.Prepared, error) {
	if list, ok := s.as(session).listings(session)[stmt.Name]; ok {
		column, _ := list()
		return &rows{statements: s, session: session, fields: fields(column), make: func(context.Context, []expr.Value) ([][]expr.Value, error) {
			_, names := list()
			out := [][]expr.Value{}
			for _, name := range names {
				out = append(out, texts(name))
			}
			return out, nil
		}}, nil
	}
	all, err := s.Options(ctx, session)
	if err != nil {
		return nil, err
	}
	if stmt.Name == "all" {
		return &rows{statements: s, session: session, fields: fields("name setting"), make: func(ctx context.Context, _ []expr.Value) ([][]expr.Value, error) {
			out := [][]expr.Value{}
			for _, name := range slices.Sorted(maps.Keys(all)) {
				out = append(out, texts(name, s.option(session, name)))
			}
			return out, nil
		}}, nil
	}
	name := canonical(stmt.Name)
	if _, ok := all[name]; !ok {
		return nil, sqlerr.At(sqlerr.UndefinedObject, stmt.Span(), "unrecognized configuration parameter %q", stmt.Name).
			WithHint("%s", sqlerr.DidYouMean(name, slices.Collect(maps.Keys(all))))
	}
	return &rows{statements: s, session: session, fields: fields(stmt.Name), make: func(context.Context, []expr.Value) ([][]expr.Value, error) {
		return [][]expr.Value{texts(s.option(session, name))}, nil
	}}, nil
}
