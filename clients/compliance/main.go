package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	compliance "github.com/IBM/substrait-compliance/sdk/go"
	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-adbc/go/adbc/driver/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func main() {
	addr := flag.String("addr", "grpc://127.0.0.1:32010", "the server's address")
	suite := flag.String("suite", "", "folder test-suites/tpch of the checkout")
	flag.Parse()
	if err := run(context.Background(), *addr, *suite); err != nil {
		fmt.Fprintln(os.Stderr, "compliance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, addr, folder string) error {
	db, err := flightsql.NewDriver(memory.DefaultAllocator).NewDatabase(map[string]string{adbc.OptionKeyURI: addr})
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Open(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := load(ctx, conn, folder); err != nil {
		return err
	}
	suite, err := readSuite(folder)
	if err != nil {
		return err
	}
	e := &engine{conn: conn}
	report, err := compliance.NewComplianceRunner(e).RunTestSuite(ctx, suite)
	if err != nil {
		return err
	}
	for i, r := range report.Results {
		id := suite.TestCases[i].ID
		switch {
		case r.IsPassed():
			fmt.Printf("%s passed\n", id)
		case r.OutputData != nil:
			fmt.Printf("%s failed: %s\n", id, difference(suite.TestCases[i].ExpectedOutput, r.OutputData))
		default:
			fmt.Printf("%s failed: %s\n", id, r.ErrorMessage)
		}
	}
	fmt.Printf("%d of %d passed\n", report.PassedCount(), report.TotalCount())
	return nil
}
