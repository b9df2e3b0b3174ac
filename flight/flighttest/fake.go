package flighttest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// Fake is the engine. It implements flight.Statements, flight.Catalog and
// flight.Sessions.
type Fake struct {
	Open      atomic.Int64 // results started and not yet closed
	Started   atomic.Int64
	Cancelled atomic.Int64 // waits that ended because their context did
	Ended     atomic.Int64 // sessions that have

	mu      sync.Mutex
	effects []string
}

// Effects are the updates executed so far, in order.
func (f *Fake) Effects() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.effects...)
}

func (f *Fake) affect(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.effects = append(f.effects, what)
}

// Prepare understands the language of the package.
func (f *Fake) Prepare(_ context.Context, s *flight.Session, text string) (flight.Prepared, error) {
	words := strings.Fields(strings.TrimRight(strings.TrimSpace(text), ";"))
	if len(words) == 0 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "the statement is empty")
	}
	st := &statement{fake: f, session: s, text: text, words: words}
	bigint, text1 := expr.Field{Name: "n", Type: expr.Of(expr.Int8)}, expr.Field{Name: "name", Type: expr.Of(expr.Text)}
	switch words[0] {
	case "rows", "wide":
		st.columns = []expr.Field{bigint, text1}
	case "wait", "fail", "panic":
		st.columns = []expr.Field{bigint}
		if len(words) > 1 && words[0] == "panic" {
			panic("asked to panic while preparing")
		}
	case "types":
		st.columns = AllTypes()
	case "echo":
		return st, st.echo(strings.Join(words[1:], " "))
	case "insert":
		st.update, st.params = true, []expr.Type{expr.Of(expr.Int8)}
	case "create", "set", "warn", "private":
		st.update = true
	case "returning":
		st.update, st.columns = true, []expr.Field{bigint}
	case "show":
		st.columns = []expr.Field{text1}
	default:
		start := strings.Index(text, words[0])
		return nil, sqlerr.At(sqlerr.SyntaxError, sqlerr.Span{Start: int32(start), End: int32(start + len(words[0]))},
			"syntax error at or near %q", words[0]).WithHint("Did you mean “rows”?")
	}
	return st, nil
}

// PrepareSubstrait takes the bytes of a plan for a text of the package's language.
func (f *Fake) PrepareSubstrait(ctx context.Context, s *flight.Session, plan []byte, _ string) (flight.Prepared, error) {
	return f.Prepare(ctx, s, string(plan))
}

// Cancel knows no queries of its own.
func (f *Fake) Cancel(context.Context, string) (bool, error) { return false, nil }

// Progress says of every query that half of it is done.
func (f *Fake) Progress(string) (done, total int) { return 1, 2 }

// Share divides the rows of "rows N", and nothing else.
func (f *Fake) Share(ctx context.Context, s *flight.Session, text string, _ []expr.Value, want flight.Share) (flight.Prepared, flight.Share, error) {
	p, err := f.Prepare(ctx, s, text)
	if err != nil {
		return nil, want, err
	}
	st := p.(*statement)
	if st.words[0] != "rows" {
		return p, flight.Share{Of: 1}, nil
	}
	n := st.number(1)
	want.Of, want.Version = min(want.Of, n), "1"
	st.from, st.rows = n*want.Index/want.Of, n*(want.Index+1)/want.Of-n*want.Index/want.Of
	return st, want, nil
}

// AllTypes is a column of every SQL type.
func AllTypes() []expr.Field {
	types := []expr.Type{expr.Of(expr.Bool), expr.Of(expr.Int2), expr.Of(expr.Int4), expr.Of(expr.Int8),
		expr.NumericOf(15, 2), expr.NumericOf(38, 10), expr.Of(expr.Float4), expr.Of(expr.Float8), expr.Of(expr.Text),
		{Kind: expr.Char, Length: 3}, expr.Of(expr.Bytea), expr.Of(expr.Date), expr.Of(expr.Time), expr.Of(expr.Timestamp),
		expr.Of(expr.TimestampTZ), expr.Of(expr.Interval), expr.ListOf(expr.Of(expr.Int4)),
		{Kind: expr.Struct, Nested: &expr.Nested{Fields: []expr.Field{{Name: "a", Type: expr.Of(expr.Int4), Nullable: true}, {Name: "b", Type: expr.Of(expr.Text), Nullable: true}}}},
		{Kind: expr.Map, Nested: &expr.Nested{Fields: []expr.Field{{Name: "key", Type: expr.Of(expr.Text)}, {Name: "value", Type: expr.Of(expr.Int4), Nullable: true}}}}}
	fields := make([]expr.Field, len(types))
	for i, t := range types {
		fields[i] = expr.Field{Name: fmt.Sprintf("c%d", i+1), Type: t, Nullable: true}
	}
	return fields
}

// allValues is one value of each of AllTypes.
func allValues() []expr.Value {
	return []expr.Value{expr.BoolValue(true), expr.Int(-2), expr.Int(4), expr.Int(1 << 40),
		expr.Decimal64(-12345), expr.Decimal64(5), expr.Float(1.5), expr.Float(1e300), expr.Str("grüße"),
		expr.Str("ab "), expr.Str("\x00\xff"), expr.Int(9862), expr.Int(45296789000), expr.Int(852123456789012),
		expr.Int(-1), expr.IntervalValue(14, 3, 4000000), {Elems: []expr.Value{expr.Int(1), expr.Null}},
		{Elems: []expr.Value{expr.Int(7), expr.Str("x")}}, {Elems: []expr.Value{expr.Str("k"), expr.Int(1)}}}
}

// parseType reads the type names that echo takes.
func parseType(name string) (expr.Type, error) {
	for _, f := range AllTypes() {
		if f.Type.String() == name {
			return f.Type, nil
		}
	}
	var precision, scale int
	if _, err := fmt.Sscanf(name, "numeric(%d,%d)", &precision, &scale); err == nil {
		return expr.NumericOf(precision, scale), nil
	}
	return expr.Type{}, sqlerr.New("42704", "type %q does not exist", name)
}

// Ingest counts the rows, of tables that are not called "fail": there it fails at once.
func (f *Fake) Ingest(_ context.Context, _ *flight.Session, into flight.Target, rows array.RecordReader) (int64, error) {
	f.affect(fmt.Sprintf("ingest %+v", into))
	if into.Table == "fail" {
		return 0, sqlerr.New(sqlerr.NotNullViolation, "asked to fail")
	}
	n := int64(0)
	for rows.Next() {
		n += rows.RecordBatch().NumRows()
	}
	return n, rows.Err()
}

// Schemas lists a catalog with two schemas.
func (f *Fake) Schemas(context.Context, *flight.Session) ([]flight.Schema, error) {
	return []flight.Schema{{Catalog: "skein", Name: "public"}, {Catalog: "skein", Name: "information_schema"}}, nil
}

// Tables lists tables whose names try the patterns.
func (f *Fake) Tables(context.Context, *flight.Session) ([]flight.Table, error) {
	orders := []expr.Field{{Name: "o_orderkey", Type: expr.Of(expr.Int8)}, {Name: "o_totalprice", Type: expr.NumericOf(15, 2)},
		{Name: "o_comment", Type: expr.Type{Kind: expr.Text, Length: 79}, Nullable: true}}
	return []flight.Table{
		{Catalog: "skein", Schema: "public", Name: "orders", Type: flight.TableTypeTable, Columns: orders, KeyName: "orders_pkey", Key: []string{"o_comment", "o_orderkey"}},
		{Catalog: "skein", Schema: "public", Name: "my_table", Type: flight.TableTypeTable, Columns: orders[:1]},
		{Catalog: "skein", Schema: "public", Name: "myxtable", Type: flight.TableTypeView, Columns: orders[:1]},
		{Catalog: "skein", Schema: "information_schema", Name: "tables", Type: flight.TableTypeSystem, Columns: orders[2:]},
	}, nil
}

// SetOption knows catalog, schema and batch_size, of which the last is a number.
func (f *Fake) SetOption(_ context.Context, s *flight.Session, name string, value any) error {
	text := ""
	if value != nil {
		text = fmt.Sprint(value)
	}
	switch name {
	case "catalog", "schema":
	case "batch_size":
		if _, err := strconv.Atoi(text); err != nil && text != "" {
			return sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for batch_size: %q", text)
		}
	default:
		return sqlerr.New("42704", "unrecognized configuration parameter %q", name)
	}
	s.Set(name, text)
	return nil
}

// End counts the session.
func (f *Fake) End(*flight.Session) { f.Ended.Add(1) }

// Options gives the defaults under what is set.
func (f *Fake) Options(_ context.Context, s *flight.Session) (map[string]any, error) {
	options := map[string]any{"catalog": "skein", "schema": "public", "batch_size": int64(0)}
	for name, value := range s.Options() {
		options[name] = value
		if n, err := strconv.ParseInt(value, 10, 64); err == nil && name == "batch_size" {
			options[name] = n
		}
	}
	return options, nil
}
