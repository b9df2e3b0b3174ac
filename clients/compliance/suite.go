package main

import (
	"bufio"
	"context"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	compliance "github.com/IBM/substrait-compliance/sdk/go"
	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/csv"
)

// The types of the plans' tables, by the names that they have in SQL and in Arrow.
var (
	integer = column{"integer", arrow.PrimitiveTypes.Int32}
	decimal = column{"numeric(15,2)", &arrow.Decimal128Type{Precision: 15, Scale: 2}}
	date    = column{"date", arrow.FixedWidthTypes.Date32}
	text    = column{"text", arrow.BinaryTypes.String}
)

type column struct {
	sql   string
	arrow arrow.DataType
}

// schemas are the columns of TPC-H: i for integers, n for numerics, d for dates.
var schemas = map[string]string{
	"region":   "r_regionkey:i r_name r_comment",
	"nation":   "n_nationkey:i n_name n_regionkey:i n_comment",
	"supplier": "s_suppkey:i s_name s_address s_nationkey:i s_phone s_acctbal:n s_comment",
	"customer": "c_custkey:i c_name c_address c_nationkey:i c_phone c_acctbal:n c_mktsegment c_comment",
	"part":     "p_partkey:i p_name p_mfgr p_brand p_type p_size:i p_container p_retailprice:n p_comment",
	"partsupp": "ps_partkey:i ps_suppkey:i ps_availqty:i ps_supplycost:n ps_comment",
	"orders":   "o_orderkey:i o_custkey:i o_orderstatus o_totalprice:n o_orderdate:d o_orderpriority o_clerk o_shippriority:i o_comment",
	"lineitem": "l_orderkey:i l_partkey:i l_suppkey:i l_linenumber:i l_quantity:n l_extendedprice:n l_discount:n l_tax:n " +
		"l_returnflag l_linestatus l_shipdate:d l_commitdate:d l_receiptdate:d l_shipinstruct l_shipmode l_comment",
}

// load makes the suite's tables of its files. A file that the checkout does not have is
// taken from the server's table of the name with _generated behind it.
func load(ctx context.Context, conn adbc.Connection, folder string) error {
	for name, columns := range schemas {
		var fields []arrow.Field
		var definition, names []string
		for _, c := range strings.Fields(columns) {
			name, kind, _ := strings.Cut(c, ":")
			t := map[string]column{"i": integer, "n": decimal, "d": date, "": text}[kind]
			fields = append(fields, arrow.Field{Name: name, Type: t.arrow, Nullable: true})
			definition, names = append(definition, name+" "+t.sql), append(names, name)
		}
		if err := execute(ctx, conn, "create table "+name+" ("+strings.Join(definition, ", ")+")"); err != nil {
			return err
		}
		err := ingest(ctx, conn, name, filepath.Join(folder, "data", name+".csv"), arrow.NewSchema(fields, nil))
		if errors.Is(err, fs.ErrNotExist) {
			fmt.Printf("%s.csv is not there: the generator's is taken\n", name)
			err = execute(ctx, conn, "insert into "+name+" select "+strings.Join(names, ", ")+" from "+name+"_generated")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func execute(ctx context.Context, conn adbc.Connection, sql string) error {
	st, err := conn.NewStatement()
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.SetSqlQuery(sql); err != nil {
		return err
	}
	_, err = st.ExecuteUpdate(ctx)
	return err
}

func ingest(ctx context.Context, conn adbc.Connection, table, file string, schema *arrow.Schema) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := conn.NewStatement()
	if err != nil {
		return err
	}
	defer st.Close()
	rows := csv.NewReader(bufio.NewReader(f), schema, csv.WithComma('|'), csv.WithChunk(10000), csv.WithLazyQuotes(true))
	defer rows.Release()
	err = errors.Join(st.SetOption(adbc.OptionKeyIngestTargetTable, table),
		st.SetOption(adbc.OptionKeyIngestMode, adbc.OptionValueIngestModeAppend), st.BindStream(ctx, rows))
	if err != nil {
		return err
	}
	_, err = st.ExecuteUpdate(ctx)
	return errors.Join(err, rows.Err())
}

// readSuite reads the plans and the results that are expected of them.
func readSuite(folder string) (*compliance.TestSuite, error) {
	suite := compliance.NewTestSuite(compliance.TestSuiteMetadata{Name: "tpch"})
	plans, err := filepath.Glob(filepath.Join(folder, "plans", "*.bin"))
	if err != nil || len(plans) == 0 {
		return nil, fmt.Errorf("there are no plans in %s", folder)
	}
	for _, p := range plans {
		id := strings.TrimSuffix(filepath.Base(p), ".bin")
		plan, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		want, err := expected(filepath.Join(folder, "expected", id+".csv"))
		if err != nil {
			return nil, err
		}
		suite.AddTestCase(compliance.NewTestCase(id, plan).WithExpectedOutput(want))
	}
	return suite, nil
}

// expected reads a result, whose first line has names and types.
func expected(file string) (*compliance.TableData, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := stdcsv.NewReader(f)
	r.Comma, r.LazyQuotes = '|', true
	lines, err := r.ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var columns []compliance.ColumnMetadata
	for _, c := range lines[0] {
		name, typ, _ := strings.Cut(c, ":")
		columns = append(columns, compliance.ColumnMetadata{Name: name, Type: typ, Nullable: true})
	}
	out := compliance.NewTableData(columns)
	for _, line := range lines[1:] {
		var row compliance.Row
		for i, s := range line {
			v, err := cell(s, columns[i].Type)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			row = append(row, v)
		}
		out.AddRow(row)
	}
	return out, nil
}

func cell(s, typ string) (compliance.CellValue, error) {
	switch typ {
	case "integer", "double":
		if s == "" {
			return nil, nil
		}
	}
	switch typ {
	case "integer":
		return strconv.ParseInt(s, 10, 64)
	case "double":
		return strconv.ParseFloat(s, 64)
	}
	return s, nil
}
