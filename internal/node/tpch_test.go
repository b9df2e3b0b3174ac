package node

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/logictest"
)

// TestTPCHAnswersAreRight runs the 22 queries at scale factor 0.01 under every
// configuration, over one file a table and over several.
func TestTPCHAnswersAreRight(t *testing.T) {
	sf, err := tpch.ParseScaleFactor("0.01")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, parts := range []int{1, 3} {
		err := tpch.Generate(t.Context(), tpch.Options{ScaleFactor: sf, Out: filepath.Join(dir, fmt.Sprint(parts)), Parts: parts})
		if err != nil {
			t.Fatal(err)
		}
	}
	more := []configuration{
		{"two-workers", Config{Workers: 2, Threads: 2, Distribution: "always"}},
		{"five-workers", Config{Workers: 5, Threads: 5, Distribution: "always"}},
	}
	for i, c := range append(configurations(), more...) {
		t.Run(c.name, func(t *testing.T) {
			s := start(t, c.Config, filepath.Join(dir, fmt.Sprint(1+2*(i%2))))
			conn, err := client.Open(t.Context(), s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for q := 1; q <= tpch.Queries; q++ {
				if err := checkTPCH(t.Context(), &sqlConn{conn}, q, sf); err != nil {
					t.Errorf("query %d: %v", q, err)
				}
			}
			haveSpilled(t, s)
		})
	}
}

func checkTPCH(ctx context.Context, conn logictest.Conn, q int, sf tpch.ScaleFactor) error {
	result, err := conn.Query(ctx, tpch.Query(q, tpch.Validation(q, sf)))
	if err != nil {
		return err
	}
	rows := make([][]string, len(result.Rows))
	for i, r := range result.Rows {
		for _, v := range r {
			rows[i] = append(rows[i], v.Text)
		}
	}
	answer, ok := tpch.Answer(q, sf)
	if !ok {
		return fmt.Errorf("no answer is stored")
	}
	return tpch.Compare(rows, answer)
}
