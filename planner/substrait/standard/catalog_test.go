package standard_test

import (
	"context"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// tables is a catalog of one table, t(a bigint, b text, d date, n numeric(10,2)), by any
// name that begins with t.
type tables struct{}

func (tables) Table(_ context.Context, _, name string) (*logical.Table, error) {
	if name == "" || name[0] != 't' {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name)
	}
	return &logical.Table{Schema: "public", Name: name, Fields: []expr.Field{{Name: "a", Type: expr.Of(expr.Int8)},
		{Name: "b", Type: expr.Of(expr.Text), Nullable: true}, {Name: "d", Type: expr.Of(expr.Date), Nullable: true},
		{Name: "n", Type: expr.NumericOf(10, 2), Nullable: true}}}, nil
}

func (tables) TableNames(context.Context) []string { return []string{"t"} }

func (c tables) Parquet(ctx context.Context, _ string) (*logical.Table, error) {
	return c.Table(ctx, "", "t")
}

// computed is the catalog of the tests with two rows in every table instead of files.
type computed struct{ tables }

func (c computed) Table(ctx context.Context, schema, name string) (*logical.Table, error) {
	t, err := c.tables.Table(ctx, schema, name)
	if err == nil {
		row := func(a int64) []expr.Value { return []expr.Value{expr.Int(a), expr.Str("x"), expr.Null, expr.Null} }
		t.Rows = [][]expr.Value{row(1), row(2)}
	}
	return t, err
}
