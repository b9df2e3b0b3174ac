package bind

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// tables is a catalog of tables without contents: t and u of the test files, and
// wide with 1600 columns.
type tables struct{}

func (tables) Table(_ context.Context, schema, name string) (*logical.Table, error) {
	if schema != "" && schema != "public" {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", schema+"."+name)
	}
	out := &logical.Table{Schema: "public", Name: name}
	switch name {
	case "t":
		kinds := []expr.Type{expr.Of(expr.Int4), expr.Of(expr.Int8), expr.Of(expr.Int2), expr.NumericOf(10, 2), expr.Of(expr.Float8),
			expr.Of(expr.Text), {Kind: expr.Text, Length: 10}, expr.Of(expr.Bool), expr.Of(expr.Date), expr.Of(expr.Timestamp),
			expr.Of(expr.TimestampTZ), expr.Of(expr.Interval), expr.Of(expr.Time), expr.Of(expr.Bytea)}
		for i, name := range strings.Fields("id big small price ratio name code ok day at atz gap clock raw") {
			out.Fields = append(out.Fields, expr.Field{Name: name, Type: kinds[i], Nullable: true})
		}
	case "u":
		out.Fields = []expr.Field{{Name: "id", Type: expr.Of(expr.Int4)}, {Name: "t_id", Type: expr.Of(expr.Int4)},
			{Name: "label", Type: expr.Of(expr.Text)}}
	case "wide":
		for i := range 1600 {
			out.Fields = append(out.Fields, expr.Field{Name: fmt.Sprintf("c%d", i), Type: expr.Of(expr.Int4)})
		}
	default:
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name)
	}
	return out, nil
}

func (tables) TableNames(context.Context) []string { return []string{"t", "u", "wide"} }

func (tables) Parquet(_ context.Context, location string) (*logical.Table, error) {
	return nil, sqlerr.New(sqlerr.UndefinedFile, "%s: no such file", location)
}

// bound binds a text that holds one query.
func bound(t testing.TB, text string, opt Options) (*Query, error) {
	statements, err := sql.Parse(text)
	if err != nil {
		return nil, err
	}
	q, ok := statements[0].(*sql.Query)
	if !ok || len(statements) != 1 {
		t.Fatalf("not one query: %s", text)
	}
	opt.Now = time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	return Bind(t.Context(), q, tables{}, opt)
}

// TestErrors holds what a user reads for a wrong statement. The codes are those
// of PostgreSQL 15 over the same tables, but under "ours", whose statements
// PostgreSQL takes or refuses for another reason.
func TestErrors(t *testing.T) {
	datadriven.Walk(t, "testdata/errors", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			_, err := bound(t, d.Input, Options{Args: []expr.Value{}})
			if err == nil {
				return "no error\n"
			}
			return sqlerr.Render(err, d.Input) + "\n"
		})
	})
}

// TestParameters holds the types that parameters get from where they stand: what
// PostgreSQL 15 shows in pg_prepared_statements.parameter_types. Under "ours" are
// statements for which it could not determine a type.
func TestParameters(t *testing.T) {
	datadriven.RunTest(t, "testdata/parameters", func(t *testing.T, d *datadriven.TestData) string {
		q, err := bound(t, d.Input, Options{})
		if err != nil {
			return sqlerr.Render(err, d.Input) + "\n"
		}
		var words []string
		for _, p := range q.Params {
			if p.Kind == expr.Unknown {
				p = expr.Of(expr.Text)
			}
			words = append(words, typeWord(p))
		}
		return strings.Join(words, ", ") + "\n"
	})
}
