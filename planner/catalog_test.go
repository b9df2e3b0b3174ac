package planner

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// fakeCatalog is tables without files, read from testdata/*.tables.
type fakeCatalog map[string]*logical.Table

func (c fakeCatalog) Table(_ context.Context, _, name string) (*logical.Table, error) {
	if t, ok := c[name]; ok {
		return t, nil
	}
	return nil, sqlerr.New(sqlerr.UndefinedTable, "table %q does not exist", name)
}

func (c fakeCatalog) TableNames(context.Context) []string { return nil }

func (c fakeCatalog) Parquet(_ context.Context, location string) (*logical.Table, error) {
	return nil, sqlerr.New(sqlerr.UndefinedTable, "no file %q", location)
}

// loadTables reads table definitions; the head of testdata/tpch.tables says how
// they are written.
func loadTables(t testing.TB, files ...string) fakeCatalog {
	t.Helper()
	out := fakeCatalog{}
	for _, f := range files {
		text, err := os.ReadFile("testdata/" + f + ".tables")
		if err != nil {
			t.Fatal(err)
		}
		var at *logical.Table
		for i, line := range strings.Split(string(text), "\n") {
			words := strings.Fields(line)
			switch {
			case len(words) == 0 || words[0] == "#":
			case words[0] == "table":
				at = &logical.Table{Name: words[1]}
				at.Stats.RowCount, err = strconv.ParseFloat(words[2], 64)
				out[at.Name] = at
			default:
				err = addColumn(at, words)
			}
			if err != nil {
				t.Fatalf("%s:%d: %v", f, i+1, err)
			}
		}
	}
	return out
}

func addColumn(t *logical.Table, words []string) error {
	typ, err := typeOf(words[1])
	if err != nil {
		return err
	}
	field := expr.Field{Name: words[0], Type: typ, Nullable: !slices.Contains(words, "notnull")}
	var s logical.ColumnStats
	for _, w := range words[2:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "notnull":
		case "distinct":
			s.Distinct, err = strconv.ParseFloat(value, 64)
		case "nulls":
			s.NullFraction, err = strconv.ParseFloat(value, 64)
		case "min", "max":
			var v expr.Value
			v, err = expr.ParseValue(value, typ)
			if key == "min" {
				s.Min = &v
			} else {
				s.Max = &v
			}
		default:
			err = fmt.Errorf("unknown word %q", w)
		}
		if err != nil {
			return err
		}
	}
	t.Fields = append(t.Fields, field)
	t.Stats.Columns = append(t.Stats.Columns, s)
	return nil
}

func typeOf(name string) (expr.Type, error) {
	kinds := map[string]expr.Kind{"bool": expr.Bool, "int2": expr.Int2, "int4": expr.Int4, "int8": expr.Int8, "float4": expr.Float4,
		"float8": expr.Float8, "text": expr.Text, "bytea": expr.Bytea, "date": expr.Date, "time": expr.Time,
		"timestamp": expr.Timestamp, "timestamptz": expr.TimestampTZ}
	if k, ok := kinds[name]; ok {
		return expr.Of(k), nil
	}
	var p, s int
	if _, err := fmt.Sscanf(name, "numeric(%d,%d)", &p, &s); err != nil {
		return expr.Type{}, fmt.Errorf("unknown type %q", name)
	}
	return expr.NumericOf(p, s), nil
}
