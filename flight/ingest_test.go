package flight_test

import (
	"fmt"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc/codes"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/flight/flighttest"
)

// ingesting is a server that takes bulk data.
func ingesting(t *testing.T) (*flightsql.Client, *flighttest.Fake) {
	t.Helper()
	fake := &flighttest.Fake{}
	addr, _ := flighttest.Serve(t, func(c *flight.Config) { c.Ingest = fake })
	return dial(t, addr), fake
}

// stream is n batches of a row.
func stream(t *testing.T, n int) array.RecordReader {
	t.Helper()
	batch := params(t, fromJSON(t, arrow.PrimitiveTypes.Int64, "[1]"))
	all := make([]arrow.RecordBatch, n)
	for i := range all {
		all[i] = batch
	}
	return must[array.RecordReader](t)(array.NewRecordReader(batch.Schema(), all))
}

const (
	createTable = flightsql.TableDefinitionOptionsTableNotExistOptionCreate
	failMissing = flightsql.TableDefinitionOptionsTableNotExistOptionFail
	appendRows  = flightsql.TableDefinitionOptionsTableExistsOptionAppend
	replaceRows = flightsql.TableDefinitionOptionsTableExistsOptionReplace
	failExists  = flightsql.TableDefinitionOptionsTableExistsOptionFail
)

func TestIngestionSaysWhatToDoAboutItsTable(t *testing.T) {
	c, fake := ingesting(t)
	schema, catalog := "s", "c"
	for _, test := range []struct {
		options *flightsql.TableDefinitionOptions
		want    string // the choices for a missing and an existing table; "" for an error
	}{
		{&flightsql.TableDefinitionOptions{IfNotExist: createTable, IfExists: failExists}, "IfMissing:1 IfExists:0"},
		{&flightsql.TableDefinitionOptions{IfNotExist: failMissing, IfExists: appendRows}, "IfMissing:0 IfExists:1"},
		{&flightsql.TableDefinitionOptions{IfNotExist: createTable, IfExists: replaceRows}, "IfMissing:1 IfExists:2"},
		{&flightsql.TableDefinitionOptions{IfNotExist: createTable, IfExists: appendRows}, "IfMissing:1 IfExists:1"},
		{&flightsql.TableDefinitionOptions{IfNotExist: createTable}, ""},
		{&flightsql.TableDefinitionOptions{IfExists: appendRows}, ""},
		{&flightsql.TableDefinitionOptions{IfNotExist: createTable, IfExists: 9}, ""},
		{&flightsql.TableDefinitionOptions{}, ""},
	} {
		before := len(fake.Effects())
		n, err := c.ExecuteIngest(t.Context(), stream(t, 3), &flightsql.ExecuteIngestOpts{Table: "t", Schema: &schema, Catalog: &catalog,
			Temporary: true, TableDefinitionOptions: test.options, Options: map[string]string{"k": "v"}})
		after := fake.Effects()[before:]
		if test.want == "" {
			wantError(t, err, codes.InvalidArgument, "[22023]", "does not say what to do")
			if len(after) > 0 {
				t.Errorf("%v was taken for %s", test.options, after)
			}
			continue
		}
		want := "[ingest {Catalog:c Schema:s Table:t Temporary:true " + test.want + " Options:map[k:v]}]"
		if err != nil || n != 3 || fmt.Sprint(after) != want {
			t.Errorf("%v: %d rows, %v, %s, want %s", test.options, n, err, after, want)
		}
	}
}

func TestIngestionReadsTheStreamToItsEndAfterAnError(t *testing.T) {
	c, _ := ingesting(t)
	both := &flightsql.TableDefinitionOptions{IfNotExist: createTable, IfExists: appendRows}
	for range 3 { // a client that is cut off while it sends would see EOF
		_, err := c.ExecuteIngest(t.Context(), stream(t, 5000), &flightsql.ExecuteIngestOpts{Table: "fail", TableDefinitionOptions: both})
		wantError(t, err, codes.InvalidArgument, "[23502]", "asked to fail")
	}
	_, err := c.ExecuteIngest(t.Context(), stream(t, 1), &flightsql.ExecuteIngestOpts{Table: "t", TableDefinitionOptions: both, TransactionId: []byte("x")})
	wantError(t, err, codes.Unimplemented, "[0A000]", "transactions")
	plain, _ := serve(t, nil)
	_, err = plain.ExecuteIngest(t.Context(), stream(t, 1), &flightsql.ExecuteIngestOpts{Table: "t", TableDefinitionOptions: both})
	wantError(t, err, codes.Unimplemented, "[0A000]", "bulk ingestion")
}
