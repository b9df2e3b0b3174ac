package flight_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql/schema_ref"
	pb "github.com/apache/arrow-go/v18/arrow/flight/gen/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// lines fetches a metadata answer as a line for each row, and checks its schema.
func lines(t *testing.T, c *flightsql.Client, schema *arrow.Schema) func(*arrowflight.FlightInfo, error) []string {
	return func(info *arrowflight.FlightInfo, err error) []string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		promised, err := arrowflight.DeserializeSchema(info.Schema, memory.DefaultAllocator)
		if err != nil || !promised.Equal(schema) {
			t.Fatalf("schema %s, %v", promised, err)
		}
		batches, err := fetch(t, c, info)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, b := range batches {
			for row := range int(b.NumRows()) {
				var cells []string
				for i, column := range b.Columns() {
					if b.ColumnName(i) != "table_schema" {
						cells = append(cells, column.ValueStr(row))
					}
				}
				out = append(out, strings.Join(cells, " "))
			}
		}
		return out
	}
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCatalogsAndSchemas(t *testing.T) {
	c, _ := serve(t, nil)
	wantLines(t, lines(t, c, schema_ref.Catalogs)(c.GetCatalogs(t.Context())), "skein")
	none, pattern := "", "pub%"
	schemas := lines(t, c, schema_ref.DBSchemas)
	wantLines(t, schemas(c.GetDBSchemas(t.Context(), &flightsql.GetDBSchemasOpts{})), "skein information_schema", "skein public")
	wantLines(t, schemas(c.GetDBSchemas(t.Context(), &flightsql.GetDBSchemasOpts{Catalog: &none})))
	wantLines(t, schemas(c.GetDBSchemas(t.Context(), &flightsql.GetDBSchemasOpts{DbSchemaFilterPattern: &pattern})), "skein public")
	wantLines(t, lines(t, c, schema_ref.TableTypes)(c.GetTableTypes(t.Context())), "LOCAL TEMPORARY", "SYSTEM TABLE", "TABLE", "VIEW")
}

func TestTablesPassTheirFilters(t *testing.T) {
	c, _ := serve(t, nil)
	all := []string{"skein information_schema tables SYSTEM TABLE", "skein public my_table TABLE",
		"skein public myxtable VIEW", "skein public orders TABLE"}
	str := func(s string) *string { return &s }
	for _, test := range []struct {
		opts *flightsql.GetTablesOpts
		want []string
	}{
		{&flightsql.GetTablesOpts{}, all},
		{&flightsql.GetTablesOpts{Catalog: str("skein")}, all},
		{&flightsql.GetTablesOpts{Catalog: str("")}, nil},
		{&flightsql.GetTablesOpts{TableNameFilterPattern: str("my_table")}, all[1:3]},
		{&flightsql.GetTablesOpts{TableNameFilterPattern: str(`my\_table`)}, all[1:2]},
		{&flightsql.GetTablesOpts{TableNameFilterPattern: str("%s")}, []string{all[0], all[3]}},
		{&flightsql.GetTablesOpts{TableNameFilterPattern: str("")}, nil},
		{&flightsql.GetTablesOpts{TableNameFilterPattern: str("orders.*")}, nil},
		{&flightsql.GetTablesOpts{DbSchemaFilterPattern: str("information%")}, all[:1]},
		{&flightsql.GetTablesOpts{TableTypes: []string{"VIEW"}}, all[2:3]},
		{&flightsql.GetTablesOpts{TableTypes: []string{"BASE TABLE", "table"}}, []string{all[1], all[3]}},
	} {
		wantLines(t, lines(t, c, schema_ref.Tables)(c.GetTables(t.Context(), test.opts)), test.want...)
		test.opts.IncludeSchema = true
		wantLines(t, lines(t, c, schema_ref.TablesWithIncludedSchema)(c.GetTables(t.Context(), test.opts)), test.want...)
	}
}

func TestIncludedTableSchemaKeepsNullabilityAndTypeNames(t *testing.T) {
	c, _ := serve(t, nil)
	name := "orders"
	info := must[*arrowflight.FlightInfo](t)(c.GetTables(t.Context(), &flightsql.GetTablesOpts{TableNameFilterPattern: &name, IncludeSchema: true}))
	batches, err := fetch(t, c, info)
	if err != nil {
		t.Fatal(err)
	}
	schema := must[*arrow.Schema](t)(arrowflight.DeserializeSchema(batches[0].Column(4).(*array.Binary).Value(0), memory.DefaultAllocator))
	var got []string
	for _, f := range schema.Fields() {
		typ, _ := (&flightsql.ColumnMetadata{Data: &f.Metadata}).TypeName()
		got = append(got, fmt.Sprint(f.Name, " ", typ, " ", f.Nullable))
	}
	wantLines(t, got, "o_orderkey bigint false", "o_totalprice numeric(15,2) false", "o_comment varchar(79) true")
}

func TestKeysHaveTheirSchemas(t *testing.T) {
	c, _ := serve(t, nil)
	ref := flightsql.TableRef{Table: "orders"}
	orders := []string{"skein public orders o_comment 1 orders_pkey", "skein public orders o_orderkey 2 orders_pkey"}
	wantLines(t, lines(t, c, schema_ref.PrimaryKeys)(c.GetPrimaryKeys(t.Context(), ref)), orders...)
	other, none, public := "other", "", "public"
	wantLines(t, lines(t, c, schema_ref.PrimaryKeys)(c.GetPrimaryKeys(t.Context(), flightsql.TableRef{Table: "orders", DBSchema: &public})), orders...)
	for _, ref := range []flightsql.TableRef{{Table: "orders", DBSchema: &other}, {Table: "orders", Catalog: &none}, {Table: "my_table"}, {Table: "order%"}} {
		wantLines(t, lines(t, c, schema_ref.PrimaryKeys)(c.GetPrimaryKeys(t.Context(), ref)))
	}
	wantLines(t, lines(t, c, schema_ref.ImportedKeys)(c.GetImportedKeys(t.Context(), ref)))
	wantLines(t, lines(t, c, schema_ref.ExportedKeys)(c.GetExportedKeys(t.Context(), ref)))
	wantLines(t, lines(t, c, schema_ref.CrossReference)(c.GetCrossReference(t.Context(), ref, ref)))
}

func TestXdbcTypesAreSortedAndFiltered(t *testing.T) {
	c, _ := serve(t, nil)
	timestamps := int32(pb.XdbcDataType_XDBC_TIMESTAMP)
	got := lines(t, c, schema_ref.XdbcTypeInfo)(c.GetXdbcTypeInfo(t.Context(), &timestamps))
	if len(got) != 2 || !strings.HasPrefix(got[0], "timestamp 93 29 ' ' ") || !strings.HasPrefix(got[1], "timestamptz 93 35 ") {
		t.Errorf("got %q", got)
	}
	if all := lines(t, c, schema_ref.XdbcTypeInfo)(c.GetXdbcTypeInfo(t.Context(), nil)); len(all) != 15 || !strings.HasPrefix(all[0], "boolean -7 ") {
		t.Errorf("got %q", all)
	}
}

// sqlInfoChild is the union child that clients cast a code's value to: facts of the
// JDBC and ODBC drivers' sources.
func sqlInfoChild(code int32) string {
	in := func(ranges ...int32) bool {
		for i := 0; i < len(ranges); i += 2 {
			if code >= ranges[i] && code <= ranges[i+1] {
				return true
			}
		}
		return false
	}
	switch {
	case in(0, 2, 6, 7, 504, 504, 513, 514, 529, 531):
		return "string_value"
	case in(508, 512):
		return "string_list"
	case in(517, 517):
		return "int32_to_int32_list_map"
	case in(503, 503, 505, 505, 507, 507, 541, 555, 557, 562):
		return "bigint_value"
	case in(8, 8, 100, 101, 522, 522, 525, 526, 528, 528, 533, 535, 538, 538, 540, 540, 564, 564, 567, 571):
		return "int32_bitmask"
	}
	return "bool_value"
}

func TestSqlInfoHasEveryCodeInTheChildClientsCastTo(t *testing.T) {
	c, _ := serve(t, nil)
	batches, err := fetch(t, c, must[*arrowflight.FlightInfo](t)(c.GetSqlInfo(t.Context(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[int32]string{}
	union := batches[0].Column(1).(*array.DenseUnion)
	for row := range int(batches[0].NumRows()) {
		got[int32(batches[0].Column(0).(*array.Uint32).Value(row))] = union.UnionType().Fields()[union.ChildID(row)].Name
	}
	for code, name := range pb.SqlInfo_name {
		if want := sqlInfoChild(code); got[code] != want {
			t.Errorf("%d %s is in %q, want %q", code, name, got[code], want)
		}
		delete(got, code)
	}
	if len(got) != 0 {
		t.Errorf("codes that nobody knows: %v", got)
	}
}

func TestSqlInfoLeavesOutUnknownCodes(t *testing.T) {
	c, _ := serve(t, nil)
	for _, test := range []struct {
		codes []flightsql.SqlInfo
		rows  int64
	}{{[]flightsql.SqlInfo{8}, 1}, {[]flightsql.SqlInfo{99999, 0, 99998, 504}, 2}, {[]flightsql.SqlInfo{99999}, 0}} {
		batches, err := fetch(t, c, must[*arrowflight.FlightInfo](t)(c.GetSqlInfo(t.Context(), test.codes)))
		if err != nil || count(batches) != test.rows {
			t.Errorf("%v: %d rows, %v", test.codes, count(batches), err)
		}
	}
}
