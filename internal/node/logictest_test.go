package node

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/flight/value"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/logictest"
	"github.com/skein-query/skein/planner/expr"
)

// configuration is a way to run the cluster that must not change any answer.
type configuration struct {
	name string
	Config
}

// configurations are those every .slt file and every TPC-H query runs under.
func configurations() []configuration {
	return []configuration{
		{"one-worker", Config{Workers: 1, Threads: 1}},
		{"threads", Config{Workers: 1, Threads: 3, ColumnBytes: 256 << 10}},
		{"three-workers", Config{Workers: 3, Threads: 3, Distribution: place.Always, ColumnBytes: 64 << 20}},
		{"batch-size-1", Config{Workers: 1, Threads: 1, BatchRows: 1}},
		{"tiny-memory", Config{Workers: 1, Threads: 3, SpillBytes: 1, SpillFolder: "spill"}},
		{"tiny-memory-tasks", Config{Workers: 2, Threads: 2, Distribution: place.Always, SpillBytes: 20_000, SpillFolder: "spill"}},
		{"network-form", Config{Workers: 2, Threads: 2, Distribution: place.Always, Encode: true, Frames: true}},
		{"few-rows", Config{Workers: 2, Threads: 2, Distribution: place.Always, FewRows: 8}},
	}
}

// start opens a cluster over a folder of tables for the test's time.
func start(t testing.TB, c Config, tables string) *Server {
	t.Helper()
	c.Listen = "127.0.0.1:0"
	if c.MemoryBytes == 0 {
		c.MemoryBytes = 2 << 30
	}
	c.Lease = 5 * time.Second // a client may leave before it hears of its query
	if c.SpillFolder != "" {
		c.SpillFolder = t.TempDir()
	}
	if tables != "" {
		c.Tables = []string{tables}
	}
	s, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.spill != nil && !emptiesSoon(s) {
			t.Errorf("%d bytes are left in files of queries that have ended", s.spill.UsedBytes())
		}
		s.Close()
		if left, err := os.ReadDir(c.SpillFolder); c.SpillFolder != "" && (err != nil || len(left) > 0) {
			t.Errorf("%d things are left in the folder: %v", len(left), err)
		}
	})
	return s
}

// haveSpilled reports an error when a server that spills early has not.
func haveSpilled(t *testing.T, s *Server) {
	t.Helper()
	if s.config.SpillBytes > 0 && s.spill.WrittenBytes() == 0 {
		t.Error("nothing was spilled")
	}
}

// emptiesSoon waits for the last queries to give up their files.
func emptiesSoon(s *Server) bool {
	for range 200 {
		if s.spill.UsedBytes() == 0 {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// TestLogicAsPostgreSQLAnswers runs the .slt corpus under every configuration.
func TestLogicAsPostgreSQLAnswers(t *testing.T) {
	files, err := filepath.Glob("../logictest/testdata/*.slt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no .slt files: %v", err)
	}
	for _, c := range configurations() {
		if testing.Short() && c.name == "batch-size-1" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			s := start(t, c.Config, "../logictest/testdata/tables")
			open := func(ctx context.Context) (logictest.Conn, error) {
				conn, err := client.Open(ctx, s.Addr())
				return &sqlConn{conn}, err
			}
			for _, f := range files {
				t.Run(strings.TrimSuffix(filepath.Base(f), ".slt"), func(t *testing.T) { logictest.Run(t, f, open, c.name) })
			}
			haveSpilled(t, s)
		})
	}
}

// sqlConn is a connection as the runner wants it: results as PostgreSQL's text.
type sqlConn struct{ *client.Client }

func (c *sqlConn) Query(ctx context.Context, sql string) (*logictest.Result, error) {
	rows, err := c.Client.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return collect(rows)
}

// collect reads an answer to its end.
func collect(rows *client.Rows) (*logictest.Result, error) {
	defer rows.Close()
	out := &logictest.Result{}
	var types []expr.Type
	for _, f := range rows.Schema().Fields() {
		t, _ := expr.FromArrow(f.Type)
		types = append(types, t)
		out.Columns = append(out.Columns, logictest.Column{Name: f.Name, Type: internalName(t)})
	}
	for batch, err := range rows.Batches() {
		if err != nil {
			return nil, err
		}
		for i := range int(batch.NumRows()) {
			row := make([]logictest.Value, len(types))
			for j := range types {
				v, t, err := value.At(batch.Column(j), i)
				if err != nil {
					return nil, err
				}
				row[j] = logictest.Value{Text: text(v, t), Null: v.Null}
			}
			out.Rows = append(out.Rows, row)
		}
		batch.Release()
	}
	return out, nil
}

func text(v expr.Value, t expr.Type) string {
	switch {
	case v.Null:
		return ""
	case t.Kind == expr.Bool && v.I != 0:
		return "t"
	case t.Kind == expr.Bool:
		return "f"
	}
	return expr.FormatValue(v, t)
}

func internalName(t expr.Type) string {
	switch t.Kind {
	case expr.Bool:
		return "bool"
	case expr.Int2:
		return "int2"
	case expr.Int4:
		return "int4"
	case expr.Int8:
		return "int8"
	case expr.Numeric:
		return "numeric"
	case expr.Float4:
		return "float4"
	case expr.Float8:
		return "float8"
	}
	if t.Kind == expr.List {
		return "_" + internalName(t.Nested.Elem)
	}
	if t.IsNested() {
		return t.String()
	}
	return expr.Of(t.Kind).String()
}
