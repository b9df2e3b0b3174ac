package session

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/access"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/parquet"
	"github.com/skein-query/skein/storage/table"
)

// lookup is the catalog as the planner of one session's statement sees it. A
// location is looked up once: a table that occurs twice is the same files twice.
type lookup struct {
	statements *Statements
	session    *flight.Session
	access     *access.State // the rights that were asked are those of this state
	seen       map[string]*catalog.Files
	typesOnly  bool // what is known of a table's location is good enough
	tables     []tableUse
	unnamed    []string // locations of tables without a name
	system     bool     // a table was of the session's own
}

func (s *Statements) lookup(session *flight.Session) *lookup {
	return &lookup{statements: s, session: session, access: s.Catalog.Access(), seen: map[string]*catalog.Files{}}
}

func (l *lookup) files(ctx context.Context, location string, known bool) (f *catalog.Files, err error) {
	f = l.seen[location]
	if f == nil && known {
		f = l.statements.Catalog.Known(location)
	}
	if f == nil {
		if f, err = l.statements.Catalog.Files(ctx, location); err != nil {
			return nil, err
		}
	}
	l.seen[location] = f
	return f, nil
}

// Table finds a table: of information_schema, of the catalog.
func (l *lookup) Table(ctx context.Context, schema, name string) (*logical.Table, error) {
	if schema == informationSchema || schema == pgCatalog {
		l.system = true
		return l.statements.as(l.session).system(l.session, schema, name)
	}
	t, state, ok := l.statements.guardedTable(l.session, schema, name)
	if !ok {
		if table, err := l.statements.as(l.session).system(l.session, pgCatalog, name); err == nil {
			l.system = true
			return table, nil
		}
		if table, err := l.elsewhere(ctx, schema, name); table != nil || err != nil {
			return table, err
		}
		return nil, sqlerr.New(sqlerr.UndefinedTable, "relation %q does not exist", name)
	}
	rights := l.statements.rightsUnder(state, l.session)
	guard, err := guard(t, t.Fields, rights.Table(t.Schema, t.Name, t.Owner))
	if err != nil {
		return nil, err
	}
	if t.Memory == nil {
		if err := l.statements.mayReadAt(rights, t.Location, true, nil); err != nil {
			return nil, err
		}
	}
	l.tables = append(l.tables, tableUse{schema, name, t})
	files, err := l.files(ctx, t.Location, l.typesOnly)
	if err != nil {
		return nil, sqlerr.Wrap(err, "table %s", name)
	}
	if t.Memory == nil {
		if err := l.statements.mayReadAt(rights, t.Location, true, files); err != nil {
			return nil, err
		}
	}
	table, err := describeTable(t, files)
	if err != nil {
		return nil, err
	}
	table.Guard = guard
	return table, nil
}

// elsewhere finds a table in the memory of another coordinator: its parts are read from
// there. What it is now is asked for every time.
func (l *lookup) elsewhere(ctx context.Context, schema, name string) (*logical.Table, error) {
	e := l.statements.askOthers(ctx, l.session, schema, name)
	if e == nil {
		return nil, nil
	}
	t := e.Table
	guard, err := guard(t, t.Fields, l.statements.rightsUnder(l.access, l.session).Table(t.Schema, t.Name, t.Owner))
	if err != nil {
		return nil, err
	}
	files, err := l.statements.Catalog.Look(ctx, t.Location, e.Parts)
	if err != nil {
		return nil, sqlerr.Wrap(err, "table %s of %s", name, e.By)
	}
	l.system = true // nobody here can tell it to be unchanged
	table, err := describeTable(t, files)
	if err != nil {
		return nil, err
	}
	table.Guard = guard
	return table, nil
}

// askOthers asks the other coordinators for a table that is not known here.
func (s *Statements) askOthers(ctx context.Context, session *flight.Session, schema, name string) *catalog.Elsewhere {
	if schema == "" {
		schema = s.schema(session)
	}
	if s.Others == nil || schema == pgTemp || schema == pgCatalog || schema == informationSchema {
		return nil
	}
	return s.Others.Table(ctx, schema, name)
}

// describeTable makes a table of the catalog of its files.
func describeTable(t *catalog.Table, files *catalog.Files) (*logical.Table, error) {
	fields, err := columnsOf(t)
	if err != nil {
		return nil, sqlerr.Wrap(err, "table %s", t.Name)
	}
	out := describeFiles(files, t.Fields, fields)
	out.Schema, out.Name = shownSchema(t.Schema), t.Name
	return out, nil
}

// columnsOf are the columns of a table as SQL sees them.
func columnsOf(t *catalog.Table) ([]expr.Field, error) {
	out, err := sqlFields(t.Fields)
	if err != nil {
		return nil, err
	}
	for i, c := range t.Columns {
		var length int32
		if _, err := fmt.Sscanf(c.Type, "varchar(%d)", &length); err == nil {
			out[i].Type.Length = length
		} else if _, err := fmt.Sscanf(c.Type, "char(%d)", &length); err == nil {
			out[i].Type = expr.Type{Kind: expr.Char, Length: length}
		} else if _, digits, ok := strings.Cut(c.Type, "("); ok && out[i].Type.HasSeconds() {
			if n, err := strconv.Atoi(strings.TrimSuffix(digits, ")")); err == nil {
				out[i].Type = expr.TimeOf(out[i].Type.Kind, n)
			}
		}
	}
	return out, nil
}

// TableNames are the names that can be meant.
func (l *lookup) TableNames(context.Context) []string {
	return l.statements.tableNames(l.session)
}

// Parquet gives the files of a location as a table. Its columns are those of the
// files, so that they are always looked at.
func (l *lookup) Parquet(ctx context.Context, location string) (*logical.Table, error) {
	if table.IsPart(location) {
		return nil, noLocation(location)
	}
	rights := l.statements.rightsUnder(l.access, l.session)
	if err := l.statements.mayReadAt(rights, location, false, nil); err != nil {
		return nil, err
	}
	l.unnamed = append(l.unnamed, location)
	files, err := l.files(ctx, location, false)
	if err != nil {
		return nil, err
	}
	if err := l.statements.mayReadAt(rights, location, false, files); err != nil {
		return nil, err
	}
	fields, err := sqlFields(files.Fields)
	if err != nil {
		return nil, err
	}
	out := describeFiles(files, files.Fields, fields)
	out.Name = "read_parquet"
	return out, nil
}

// noLocation refuses to read by its path what belongs to a table: who may read that is
// said of its name.
func noLocation(location string) error {
	return sqlerr.New(sqlerr.FeatureNotSupported, "file %q: there is no store for %s://", location, table.Scheme).
		WithHint("A location is a path of the file system or s3://bucket/key.")
}

// describeFiles makes a table of files, with the fields the table was created
// with.
func describeFiles(f *catalog.Files, fields []parquet.Field, columns []expr.Field) *logical.Table {
	t := &logical.Table{Catalog: "skein", Fields: columns}
	if len(f.Infos) == 0 { // a table in memory without rows
		t.Rows = [][]expr.Value{}
		return t
	}
	t.Files = make([]physical.File, len(f.Infos))
	for i, info := range f.Infos {
		t.Files[i] = physical.File{Path: info.Path, SizeBytes: info.SizeBytes, ModTime: info.ModTime, ETag: info.ETag}
	}
	t.Stats.RowCount = float64(f.Rows)
	t.Stats.Columns = make([]logical.ColumnStats, len(fields))
	for i, field := range t.Fields {
		for j, have := range f.Fields {
			if have.Name == field.Name {
				t.Stats.Columns[i] = columnStats(f.Columns[j], field.Type, f.Rows)
			}
		}
	}
	return t
}

func sqlFields(fields []parquet.Field) ([]expr.Field, error) {
	out := make([]expr.Field, len(fields))
	for i, f := range fields {
		typ, ok := expr.FromArrow(f.Type)
		if !ok {
			return nil, sqlerr.New(sqlerr.FeatureNotSupported, "column %q has the type %s, which is not supported", f.Name, f.Type)
		}
		out[i] = expr.Field{Name: f.Name, Type: typ, Nullable: f.Nullable}
	}
	return out, nil
}

func columnStats(s catalog.ColumnStats, t expr.Type, rows int64) logical.ColumnStats {
	out := logical.ColumnStats{Distinct: s.Distinct, AvgBytes: s.Bytes, Clustered: s.Clustered}
	if s.Nulls > 0 && rows > 0 {
		out.NullFraction = float64(s.Nulls) / float64(rows)
	}
	if s.HasMinMax && !t.IsNested() {
		lo, hi := value(s.Min, t), value(s.Max, t)
		out.Min, out.Max = &lo, &hi
	}
	if out.Distinct == 0 && t.IsString() {
		out.Distinct = float64(rows) * 0.8 // too many values for a dictionary
	}
	return out
}

// value is a statistics value as a SQL value.
func value(s parquet.Scalar, t expr.Type) expr.Value {
	v := expr.Value{I: s.I, F: s.F, S: s.S}
	if t.Kind == expr.Numeric {
		v.Hi = s.I >> 63
		if t.IsWide() {
			v.I, v.Hi = int64(s.Wide.Lo), s.Wide.Hi
		}
	}
	return v
}
