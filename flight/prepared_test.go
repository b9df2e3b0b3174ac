package flight_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	arrowflight "github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"google.golang.org/grpc/codes"

	"github.com/skein-query/skein/flight"
)

func prepare(t *testing.T, c *flightsql.Client, text string) *flightsql.PreparedStatement {
	t.Helper()
	return must[*flightsql.PreparedStatement](t)(c.Prepare(t.Context(), text))
}

func TestPreparedSchemasTellQueriesFromUpdates(t *testing.T) {
	c, _ := serve(t, nil)
	for _, test := range []struct {
		text                string
		columns, parameters int
	}{{"rows 1", 2, 0}, {"echo text, bigint", 2, 2}, {"insert", 0, 1}, {"create x", 0, 0}, {"returning", 1, 0}} {
		p := prepare(t, c, test.text)
		if p.DatasetSchema() == nil || p.ParameterSchema() == nil {
			t.Fatalf("%s: a schema is missing", test.text)
		}
		if got := [2]int{p.DatasetSchema().NumFields(), p.ParameterSchema().NumFields()}; got != [2]int{test.columns, test.parameters} {
			t.Errorf("%s: %v columns and parameters", test.text, got)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestParametersAreCastToTheirDeclaredTypes(t *testing.T) {
	c, _ := serve(t, nil)
	dictionary := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	p := prepare(t, c, "echo text, numeric(15,2), smallint, date, timestamp, bigint")
	defer p.Close(t.Context())
	p.SetParameters(params(t,
		fromJSON(t, dictionary, `["b", "a", null]`),
		fromJSON(t, arrow.PrimitiveTypes.Float64, `[2.345, -0.005, null]`),
		fromJSON(t, arrow.PrimitiveTypes.Uint64, `[7, 8, null]`),
		fromJSON(t, arrow.BinaryTypes.LargeString, `["1998-12-01", "0001-01-01", null]`),
		fromJSON(t, &arrow.TimestampType{Unit: arrow.Nanosecond}, `["1969-12-31 23:59:59.999999999", "2020-01-01", null]`),
		fromJSON(t, arrow.PrimitiveTypes.Int8, `[1, 2, null]`)))
	batches, err := fetch(t, c, must[*arrowflight.FlightInfo](t)(p.Execute(t.Context())))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range batches { // one batch for each row of parameters
		text, _ := b.MarshalJSON()
		got = append(got, strings.TrimSpace(string(text)))
	}
	wantLines(t, got,
		`[{"a":"b","b":"2.35","c":7,"d":"1998-12-01","e":"1969-12-31T23:59:59.999999","f":1}`+"\n]",
		`[{"a":"a","b":"-0.01","c":8,"d":"0001-01-01","e":"2020-01-01T00:00:00","f":2}`+"\n]",
		`[{"a":null,"b":null,"c":null,"d":null,"e":null,"f":null}`+"\n]")
}

func TestParametersThatDoNotFitAreRefused(t *testing.T) {
	c, _ := serve(t, nil)
	for _, test := range []struct {
		typ    string
		column arrow.Array
		want   string
	}{
		{"smallint", fromJSON(t, arrow.PrimitiveTypes.Int64, "[40000]"), "[22003] parameter $1: smallint out of range"},
		{"numeric(15,2)", fromJSON(t, arrow.PrimitiveTypes.Float64, "[1e14]"), "[22003] parameter $1: numeric field overflow"},
		{"date", fromJSON(t, arrow.BinaryTypes.String, `["gestern"]`), "[22007] parameter $1: invalid input syntax"},
		{"bigint", fromJSON(t, arrow.BinaryTypes.String, `["1x"]`), "[22P02] parameter $1: invalid input syntax"},
		{"date", fromJSON(t, arrow.FixedWidthTypes.Boolean, `[true]`), "[42846] parameter $1: cannot cast type boolean to date"},
	} {
		p := prepare(t, c, "echo "+test.typ)
		p.SetParameters(params(t, test.column))
		_, err := p.Execute(t.Context())
		wantError(t, err, codes.InvalidArgument, test.want)
		p.Close(t.Context())
	}
	p := prepare(t, c, "echo bigint")
	defer p.Close(t.Context())
	_, err := p.Execute(t.Context())
	wantError(t, err, codes.InvalidArgument, "[42P02] no value is bound")
	p.SetParameters(params(t, fromJSON(t, arrow.PrimitiveTypes.Int64, "[1]"), fromJSON(t, arrow.PrimitiveTypes.Int64, "[1]")))
	_, err = p.Execute(t.Context())
	wantError(t, err, codes.InvalidArgument, "[08P01] 2 parameters were bound")
}

func TestUpdateRunsOncePerRowOfParameters(t *testing.T) {
	c, fake := serve(t, nil)
	p := prepare(t, c, "insert")
	defer p.Close(t.Context())
	p.SetParameters(params(t, fromJSON(t, arrow.PrimitiveTypes.Int32, "[1, 2, 3]")))
	if n, err := p.ExecuteUpdate(t.Context()); n != 3 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	info := must[*arrowflight.FlightInfo](t)(p.Execute(t.Context())) // the query path, as Python's execute takes it
	if _, err := fetch(t, c, info); err != nil || info.TotalRecords != 3 {
		t.Errorf("%d rows, %v", info.TotalRecords, err)
	}
	if got := fmt.Sprint(fake.Effects()); got != "[insert 1 insert 2 insert 3 insert 1 insert 2 insert 3]" {
		t.Errorf("effects: %s", got)
	}
	p2 := prepare(t, c, "create y")
	defer p2.Close(t.Context())
	if n, err := p2.ExecuteUpdate(t.Context()); n != -1 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestLargeParametersStayWithTheServer(t *testing.T) {
	c, _ := serve(t, nil)
	p := prepare(t, c, "echo text")
	defer p.Close(t.Context())
	text := strings.Repeat("x", 1<<20)
	p.SetParameters(params(t, fromJSON(t, arrow.BinaryTypes.String, `["`+text+`"]`)))
	info := must[*arrowflight.FlightInfo](t)(p.Execute(t.Context()))
	if len(p.Handle()) > 1000 || len(info.Endpoint[0].Ticket.Ticket) > 1000 {
		t.Error("the handle or ticket carries a megabyte")
	}
	batches, err := fetch(t, c, info)
	if err != nil || batches[0].Column(0).ValueStr(0) != text {
		t.Errorf("the text came back changed, %v", err)
	}
}

func TestPreparedStatementOutlivesTheServersMemory(t *testing.T) {
	c, _ := serve(t, func(config *flight.Config) { config.PreparedTTL = 20 * time.Millisecond })
	short, long := prepare(t, c, "rows 3"), prepare(t, c, "rows 3"+strings.Repeat(" ", 100_000))
	time.Sleep(50 * time.Millisecond)
	if batches, err := fetch(t, c, must[*arrowflight.FlightInfo](t)(short.Execute(t.Context()))); err != nil || count(batches) != 3 {
		t.Errorf("%d rows, %v", count(batches), err)
	}
	_, err := long.Execute(t.Context())
	wantError(t, err, codes.NotFound, "[26000]", "expired")
}

func TestClosingAStatementTwiceIsFineAndItsUseAfterIsNot(t *testing.T) {
	c, _ := serve(t, nil)
	p := prepare(t, c, "rows 3")
	handle := p.Handle()
	again := flightsql.NewPreparedStatement(c, handle)
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	_, err := again.Execute(t.Context())
	wantError(t, err, codes.NotFound, "[26000]", "closed")
	if err := again.Close(t.Context()); err != nil {
		t.Error(err)
	}
	forged := flightsql.NewPreparedStatement(c, []byte("forged"))
	_, err = forged.Execute(t.Context())
	wantError(t, err, codes.InvalidArgument, "[XS003]", "statement handle")
	if err := forged.Close(t.Context()); err != nil { // after a server has been started again clients close what it gave out before
		t.Error(err)
	}
}
