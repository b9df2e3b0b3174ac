package node

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/sqlerr"
)

// TestManyQueriesShareLittleMemory runs 64 queries at once in memory that is too small
// for a few of them: each answers, and rightly, or says that there is no memory; some
// are cancelled on the way. Nothing is left of any.
func TestManyQueriesShareLittleMemory(t *testing.T) {
	sf, err := tpch.ParseScaleFactor("0.01")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "tpch")
	if err := tpch.Generate(t.Context(), tpch.Options{ScaleFactor: sf, Out: dir, Parts: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { debug.SetMemoryLimit(math.MaxInt64) }) // which the server sets
	s := start(t, Config{Workers: 1, Threads: 2, SpillFolder: "spill", SpillBytes: 50_000, MemoryBytes: 96 << 20}, dir)
	const left = 8 << 20
	rest := s.ledger.NewAccount("everything else")
	if err := rest.Reserve(s.ledger.LimitBytes() - left); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	answered, refused, cancelled := 0, 0, 0
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			if i%8 == 7 {
				time.AfterFunc(time.Duration(i)*time.Millisecond, stop)
			}
			err := askTPCH(ctx, s, []int{3, 9, 10, 13, 16, 18, 20, 21}[i%8], sf)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				answered++
			case sqlerr.CodeOf(err) == sqlerr.OutOfMemory:
				refused++
			case ctx.Err() != nil && (sqlerr.CodeOf(err) == sqlerr.QueryCanceled || errors.Is(err, context.Canceled)):
				cancelled++
			default:
				t.Errorf("query %d of 64: %v", i, err)
			}
		})
	}
	all.Wait()
	t.Logf("%d answered, %d refused, %d cancelled, %d bytes written", answered, refused, cancelled, s.spill.WrittenBytes())
	if answered == 0 || refused == 0 {
		t.Error("no query was answered, or there was memory for all")
	}
	rest.Close()
	for range 500 {
		if s.ledger.UsedBytes() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d bytes are left in the ledger", s.ledger.UsedBytes())
}

func askTPCH(ctx context.Context, s *Server, q int, sf tpch.ScaleFactor) error {
	conn, err := client.Open(ctx, s.Addr())
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer conn.Close()
	return checkTPCH(ctx, &sqlConn{conn}, q, sf)
}
