package node

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// bulk is what is told of an ingestion.
type bulk struct {
	table, mode, schema, catalog string
	temporary                    bool
}

// ingest stores records by the ADBC driver's bulk ingestion.
func ingest(t *testing.T, c adbc.Connection, b bulk, records ...arrow.RecordBatch) (int64, error) {
	t.Helper()
	st, err := c.NewStatement()
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	options := [][2]string{{adbc.OptionKeyIngestTargetTable, b.table}, {adbc.OptionKeyIngestMode, b.mode}}
	if b.schema != "" {
		options = append(options, [2]string{adbc.OptionValueIngestTargetDBSchema, b.schema})
	}
	if b.catalog != "" {
		options = append(options, [2]string{adbc.OptionValueIngestTargetCatalog, b.catalog})
	}
	if b.temporary {
		options = append(options, [2]string{adbc.OptionValueIngestTemporary, adbc.OptionValueEnabled})
	}
	for _, o := range options {
		if err := st.SetOption(o[0], o[1]); err != nil {
			t.Fatalf("option %s: %v", o[0], err)
		}
	}
	r, err := array.NewRecordReader(records[0].Schema(), records)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.BindStream(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return st.ExecuteUpdate(t.Context())
}

// ask runs a statement on a connection and gives its rows, values parted by commas and
// rows by semicolons.
func ask(t *testing.T, c adbc.Connection, sql string) (string, error) {
	t.Helper()
	st, err := c.NewStatement()
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := st.SetSqlQuery(sql); err != nil {
		t.Fatal(err)
	}
	r, _, err := st.ExecuteQuery(t.Context())
	if err != nil {
		return "", err
	}
	defer r.Release()
	var rows []string
	for r.Next() {
		for i := range int(r.RecordBatch().NumRows()) {
			var row []string
			for _, col := range r.RecordBatch().Columns() {
				row = append(row, col.ValueStr(i))
			}
			rows = append(rows, strings.Join(row, ","))
		}
	}
	return strings.Join(rows, ";"), r.Err()
}

func answers(t *testing.T, c adbc.Connection, sql, want string) {
	t.Helper()
	if got, err := ask(t, c, sql); err != nil || got != want {
		t.Errorf("%s: %s %v, want %s", sql, got, err, want)
	}
}

func fails(t *testing.T, err error, code, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), code) || !strings.Contains(err.Error(), words) {
		t.Errorf("the error is %v, not %s with %q", err, code, words)
	}
}

// persons is a record with names and numbers.
func persons(names ...string) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "name", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true}}, nil))
	defer b.Release()
	for i, name := range names {
		b.Field(0).(*array.StringBuilder).Append(name)
		b.Field(1).(*array.Int64Builder).Append(int64(i + 1))
	}
	return b.NewRecordBatch()
}

func TestEveryModeOfIngestionDoesWhatItSays(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, "")
	c := connection(t, s, "")
	const create, appending, replace, either = adbc.OptionValueIngestModeCreate, adbc.OptionValueIngestModeAppend,
		adbc.OptionValueIngestModeReplace, adbc.OptionValueIngestModeCreateAppend
	all := "select name, n from people order by n, name"
	_, err := ingest(t, c, bulk{table: "people", mode: appending}, persons("a"))
	fails(t, err, "42P01", `relation "people" does not exist`)
	for _, step := range []struct {
		mode  string
		names []string
		want  string
	}{
		{create, []string{"a", "b"}, "a,1;b,2"},
		{appending, []string{"c"}, "a,1;c,1;b,2"},
		{either, []string{"d"}, "a,1;c,1;d,1;b,2"},
		{replace, []string{"e", "f"}, "e,1;f,2"},
	} {
		n, err := ingest(t, c, bulk{table: "people", mode: step.mode}, persons(step.names...))
		if err != nil || n != int64(len(step.names)) {
			t.Errorf("%s: %d rows, %v", step.mode, n, err)
		}
		answers(t, c, all, step.want)
	}
	_, err = ingest(t, c, bulk{table: "people", mode: create}, persons("x"))
	fails(t, err, "42P07", `relation "people" already exists`)
	answers(t, c, all, "e,1;f,2")
	if _, err := ingest(t, c, bulk{table: "fresh", mode: either, schema: "public", catalog: "skein"}, persons("a")); err != nil {
		t.Error(err)
	}
	answers(t, c, "select count(*) from public.fresh", "1")
	_, err = ingest(t, c, bulk{table: "fresh", mode: create, schema: "nowhere"}, persons("a"))
	fails(t, err, "3F000", "nowhere")
	_, err = ingest(t, c, bulk{table: "fresh", mode: create, catalog: "nowhere"}, persons("a"))
	fails(t, err, "22023", "nowhere")
	if n, err := ingest(t, c, bulk{table: "empty", mode: create}, persons()); err != nil || n != 0 {
		t.Errorf("an empty stream: %d rows, %v", n, err)
	}
	answers(t, c, "select count(*), max(name) from empty", "0,(null)")
}

func TestIngestedColumnsAreFoundByNameAndCast(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, "")
	c := connection(t, s, "")
	if _, err := ask(t, c, "create table people (n int not null, extra text default 'new', name varchar(3), m numeric(10,2))"); err != nil {
		t.Fatal(err)
	}
	appending := bulk{table: "people", mode: adbc.OptionValueIngestModeAppend}
	if _, err := ingest(t, c, appending, persons("a", "b  "), persons("abc    ")); err != nil {
		t.Fatal(err)
	}
	answers(t, c, "select n, extra, name, m from people order by name", "1,new,a,(null);1,new,abc,(null);2,new,b  ,(null)")
	_, err := ingest(t, c, appending, persons("a"), persons("long"))
	fails(t, err, "22001", "value too long for type character varying(3)")

	one := func(name string, typ arrow.DataType, value string) arrow.RecordBatch {
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: name, Type: typ, Nullable: true}}, nil))
		defer b.Release()
		if err := b.Field(0).AppendValueFromString(value); err != nil {
			t.Fatal(err)
		}
		return b.NewRecordBatch()
	}
	_, err = ingest(t, c, appending, one("n", arrow.PrimitiveTypes.Int64, "3000000000"))
	fails(t, err, "22003", "integer out of range")
	_, err = ingest(t, c, appending, one("name", arrow.BinaryTypes.String, "x"))
	fails(t, err, "23502", `null value in column "n"`)
	_, err = ingest(t, c, appending, one("nmae", arrow.BinaryTypes.String, "x"))
	fails(t, err, "42703", `column "nmae" of relation "people" does not exist`)
	_, err = ingest(t, c, appending, one("n", arrow.BinaryTypes.String, "1"))
	fails(t, err, "42804", `column "n" is of type integer`)
	_, err = ingest(t, c, appending, one("m", arrow.BinaryTypes.String, "1"))
	fails(t, err, "42804", `column "m" is of type numeric`)
	answers(t, c, "select count(*) from people", "3")
}

// TestArrowTypesBecomeSQLTypes ingests a column of every Arrow type that SQL has a type
// for, and reads it back.
func TestArrowTypesBecomeSQLTypes(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, "")
	c := connection(t, s, "")
	types := arrow.PrimitiveTypes
	fixed := arrow.FixedWidthTypes
	list := func(elem arrow.DataType) arrow.DataType { return arrow.ListOf(elem) }
	for i, test := range []struct {
		typ       arrow.DataType
		value     string // as Arrow reads it
		sql, want string // DESCRIBE, and as text
	}{
		{fixed.Boolean, "true", "boolean", "true"},
		{types.Int8, "-7", "smallint", "-7"},
		{types.Int16, "-7", "smallint", "-7"},
		{types.Int32, "-7", "integer", "-7"},
		{types.Int64, "-7", "bigint", "-7"},
		{types.Uint8, "200", "smallint", "200"},
		{types.Uint16, "60000", "integer", "60000"},
		{types.Uint32, "4000000000", "bigint", "4000000000"},
		{types.Uint64, "18446744073709551615", "numeric(20,0)", "18446744073709551615"},
		{fixed.Float16, "1.5", "real", "1.5"},
		{types.Float32, "1.25", "real", "1.25"},
		{types.Float64, "1e300", "double precision", "1e+300"},
		{&arrow.Decimal32Type{Precision: 9, Scale: 2}, "1234.56", "numeric(9,2)", "1234.56"},
		{&arrow.Decimal64Type{Precision: 18, Scale: 2}, "-1234.56", "numeric(18,2)", "-1234.56"},
		{&arrow.Decimal128Type{Precision: 38, Scale: 2}, "-123456789012345678901234567890.12", "numeric(38,2)", "-123456789012345678901234567890.12"},
		{&arrow.Decimal256Type{Precision: 38, Scale: 2}, "-123456789012345678901234567890.12", "numeric(38,2)", "-123456789012345678901234567890.12"},
		{arrow.BinaryTypes.String, "grüße, much longer than an inlined view", "text", "grüße, much longer than an inlined view"},
		{arrow.BinaryTypes.LargeString, "grüße", "text", "grüße"},
		{arrow.BinaryTypes.StringView, "grüße", "text", "grüße"},
		{&arrow.DictionaryType{IndexType: types.Int8, ValueType: arrow.BinaryTypes.String}, "grüße", "text", "grüße"},
		{&arrow.DictionaryType{IndexType: types.Uint32, ValueType: types.Int64}, "9", "bigint", "9"},
		{fixed.Date32, "2024-02-29", "date", "2024-02-29"},
		{fixed.Date64, "2024-02-29", "date", "2024-02-29"},
		{fixed.Time32s, "12:34:56", "time(0) without time zone", "12:34:56"},
		{fixed.Time32ms, "12:34:56.789", "time(3) without time zone", "12:34:56.789"},
		{fixed.Time64us, "12:34:56.789012", "time without time zone", "12:34:56.789012"},
		{fixed.Time64ns, "12:34:56.789012999", "time without time zone", "12:34:56.789012"},
		{&arrow.TimestampType{Unit: arrow.Second}, "2024-02-29 12:34:56", "timestamp(0) without time zone", "2024-02-29 12:34:56"},
		{&arrow.TimestampType{Unit: arrow.Millisecond}, "2024-02-29 12:34:56.789", "timestamp(3) without time zone", "2024-02-29 12:34:56.789"},
		{&arrow.TimestampType{Unit: arrow.Nanosecond}, "1960-02-29 12:34:56.789012999", "timestamp without time zone", "1960-02-29 12:34:56.789012"},
		{&arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "Europe/Berlin"}, "2024-02-29 13:34:56.789012+01:00", "timestamp with time zone", "2024-02-29 12:34:56.789012+00"},
		{list(types.Int32), "[1,null,3]", "integer[]", "{1,NULL,3}"},
		{arrow.LargeListOf(types.Int32), "[1,null,3]", "integer[]", "{1,NULL,3}"},
		{arrow.FixedSizeListOf(3, types.Int32), "[1,null,3]", "integer[]", "{1,NULL,3}"},
		{list(list(arrow.BinaryTypes.String)), `[["a"],null,[]]`, "text[][]", "{{a},NULL,{}}"},
	} {
		b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
			{Name: "row", Type: types.Int32}, {Name: "v", Type: test.typ, Nullable: true}}, nil))
		for row := range 4 {
			b.Field(0).(*array.Int32Builder).Append(int32(row))
			if row == 2 {
				b.Field(1).AppendNull()
				continue
			}
			if err := b.Field(1).AppendValueFromString(test.value); err != nil {
				t.Fatalf("%s: %v", test.typ, err)
			}
		}
		whole := b.NewRecordBatch()
		table := fmt.Sprintf("t%d", i)
		for k, record := range []arrow.RecordBatch{whole, whole.NewSlice(1, 4)} { // a slice begins within its buffers
			if _, err := ingest(t, c, bulk{table: table, mode: adbc.OptionValueIngestModeReplace}, record); err != nil {
				t.Errorf("%s: %v", test.typ, err)
				continue
			}
			got, err := ask(t, c, "select coalesce(cast(v as text), 'none') from "+table+" order by row")
			want := strings.Repeat(test.want+";", 2-k) + "none;" + test.want
			if strings.Contains(test.sql, "[]") { // lists have no cast to text yet
				got, err = lists(t, c, table)
			}
			if err != nil || got != want {
				t.Errorf("%s: %s %v, want %s", test.typ, got, err, want)
			}
		}
		if got, err := ask(t, c, "describe "+table); err != nil || !strings.Contains(got, "v,"+test.sql+",YES") {
			t.Errorf("%s is described as %s, not %s %v", test.typ, got, test.sql, err)
		}
	}
}

// lists reads a column of lists as PostgreSQL writes them.
func lists(t *testing.T, c adbc.Connection, table string) (string, error) {
	t.Helper()
	got, err := ask(t, c, "select v from "+table+" order by row")
	for _, r := range [][2]string{{"[", "{"}, {"]", "}"}, {"null", "NULL"}, {`"`, ""}, {"(NULL)", "none"}} {
		got = strings.ReplaceAll(got, r[0], r[1])
	}
	return got, err
}

// TestNestedColumnsComeBack stores structs and maps.
func TestNestedColumnsComeBack(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 2}, "")
	c := connection(t, s, "")
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "z", Type: arrow.StructOf(arrow.Field{Name: "z", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
			arrow.Field{Name: "a", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true}), Nullable: true},
		{Name: "a", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64), Nullable: true}}, nil)
	const rows = `[{"z":{"z":1,"a":["x",null]},"a":[{"key":"k","value":1},{"key":"l","value":null}]},{"z":{"z":null,"a":null},"a":[]},{"z":null,"a":null}]`
	record, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ingest(t, c, bulk{table: "n", mode: adbc.OptionValueIngestModeCreate}, record); err != nil {
		t.Fatal(err)
	}
	got, err := ask(t, c, "select z, a, (z).z from n")

	if err != nil || got != `{"a":["x",null],"z":1},[{"key":"k","value":1},{"key":"l","value":null}],1;{"a":null,"z":null},[],(null);(null),(null),(null)` {
		t.Errorf("%s %v", got, err)
	}
}
