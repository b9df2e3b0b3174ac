package node

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/logictest"
	"github.com/skein-query/skein/planner/sql"
)

// planConn sends every query as the Substrait plan that the server itself made of it.
type planConn struct{ sqlConn }

func (c *planConn) Query(ctx context.Context, text string) (*logictest.Result, error) {
	all, err := sql.Parse(text)
	if err != nil || len(all) != 1 {
		return c.sqlConn.Query(ctx, text)
	}
	if _, ok := all[0].(*sql.Query); !ok {
		return c.sqlConn.Query(ctx, text)
	}
	explained, err := c.sqlConn.Query(ctx, "explain (format substrait) "+text)
	if err != nil {
		return nil, err
	}
	var plan strings.Builder
	for _, r := range explained.Rows {
		plan.WriteString(r[0].Text + "\n")
	}
	rows, err := c.Client.QueryPlan(ctx, []byte(plan.String()))
	if err != nil {
		return nil, err
	}
	return collect(rows)
}

// TestQueriesGiveTheSameAnswersThroughSubstrait runs the .slt corpus with every query
// written as a plan for others and read again.
func TestQueriesGiveTheSameAnswersThroughSubstrait(t *testing.T) {
	files, err := filepath.Glob("../logictest/testdata/*.slt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no .slt files: %v", err)
	}
	s := start(t, Config{Workers: 1, Threads: 2}, "../logictest/testdata/tables")
	open := func(ctx context.Context) (logictest.Conn, error) {
		conn, err := client.Open(ctx, s.Addr())
		return &planConn{sqlConn{conn}}, err
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".slt"), func(t *testing.T) { logictest.Run(t, f, open, "substrait") })
	}
}

// tpchServer is a server over TPC-H at scale factor 0.01.
func tpchServer(t *testing.T) (*client.Client, tpch.ScaleFactor) {
	t.Helper()
	sf, err := tpch.ParseScaleFactor("0.01")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := tpch.Generate(t.Context(), tpch.Options{ScaleFactor: sf, Out: dir, Parts: 1}); err != nil {
		t.Fatal(err)
	}
	conn, err := client.Open(t.Context(), start(t, Config{Workers: 1, Threads: 2}, dir).Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, sf
}

func TestTPCHGivesTheSameAnswersThroughSubstrait(t *testing.T) {
	conn, sf := tpchServer(t)
	for q := 1; q <= tpch.Queries; q++ {
		if err := checkTPCH(t.Context(), &planConn{sqlConn{conn}}, q, sf); err != nil {
			t.Errorf("query %d: %v", q, err)
		}
	}
}
