package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/client"
	"github.com/skein-query/skein/internal/logictest"
	"github.com/skein-query/skein/internal/sqlerr"
)

// endless is a query that no machine finishes: a billion times a billion rows, none
// of which passes.
const endless = `select count(*) from numbers a, numbers b, numbers c, numbers d, numbers e, numbers f, numbers g, numbers h, numbers i
	where a.n + b.n + c.n + d.n + e.n + f.n + g.n + h.n + i.n < 0`

// ways are the configurations whose ends differ.
func ways() []configuration {
	return []configuration{
		{"whole", Config{Workers: 2, Threads: 2}},
		{"distributed", Config{Workers: 2, Threads: 2, Distribution: place.Always}},
		{"network-form", Config{Workers: 2, Threads: 2, Distribution: place.Always, Encode: true, Frames: true}},
	}
}

// everyWay runs a test on a server of each of these configurations. base is what is in
// use before it.
func everyWay(t *testing.T, test func(t *testing.T, s *Server, conn *sqlConn, base int64)) {
	for _, w := range ways() {
		t.Run(w.name, func(t *testing.T) {
			s := start(t, w.Config, tables)
			conn := connect(t, s)
			defer conn.Close()
			test(t, s, conn, s.ledger.UsedBytes())
		})
	}
}

const tables = "../logictest/testdata/tables"

// idle waits until no query holds anything any more.
func idle(t *testing.T, s *Server, baseBytes int64) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for s.hub.Len() > 0 || s.ledger.UsedBytes() > baseBytes {
		if time.Now().After(deadline) {
			t.Fatalf("%d queries are open and %d bytes in use, %d when it began", s.hub.Len(), s.ledger.UsedBytes(), baseBytes)
		}
		time.Sleep(time.Millisecond)
	}
}

func connect(t *testing.T, s *Server) *sqlConn {
	t.Helper()
	c, err := client.Open(t.Context(), s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	return &sqlConn{c}
}

func TestCancelledQueriesEndSoonAndFreeAllMemory(t *testing.T) {
	everyWay(t, func(t *testing.T, s *Server, conn *sqlConn, base int64) {
		if _, err := conn.Query(t.Context(), "select count(*) from numbers"); err != nil {
			t.Fatal(err)
		}
		for _, after := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond} {
			ctx, cancel := context.WithTimeout(t.Context(), after)
			began := time.Now()
			_, err := conn.Query(ctx, endless)
			cancel()
			if sqlerr.CodeOf(err) != sqlerr.QueryCanceled {
				t.Errorf("cancelled after %v: %v", after, err)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("cancelled after %v, ended after %v", after, took)
			}
			idle(t, s, base)
		}
	})
}

func TestClientsThatStopReadingFreeAllMemory(t *testing.T) {
	everyWay(t, func(t *testing.T, s *Server, conn *sqlConn, base int64) {
		for range 5 {
			rows, err := conn.Client.Query(t.Context(), "select a.n, b.n, c.n, d.n from numbers a, numbers b, numbers c, numbers d limit 3000000")
			if err != nil {
				t.Fatal(err)
			}
			for batch, err := range rows.Batches() {
				if err != nil {
					t.Fatal(err)
				}
				batch.Release()
				break
			}
			rows.Close()
		}
		idle(t, s, base)
	})
}

func TestALimitEndsAQueryEarly(t *testing.T) {
	everyWay(t, func(t *testing.T, s *Server, conn *sqlConn, base int64) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for range 20 {
			r, err := conn.Query(ctx, "select a.n from numbers a, numbers b, numbers c, numbers d, numbers e, numbers f limit 7 offset 5")
			if err != nil || len(r.Rows) != 7 {
				t.Fatalf("%v, %v", r, err)
			}
		}
		idle(t, s, base)
	})
}

func TestAnErrorInATaskEndsTheQueryAndPointsAtItsExpression(t *testing.T) {
	everyWay(t, func(t *testing.T, s *Server, conn *sqlConn, base int64) {
		for _, sql := range []string{
			"select n, 100 / (n - 5) from numbers order by n",
			"select sum(100 / (n - 5)) from numbers",
			"select count(*) from numbers a join numbers b on a.n = b.n where 100 / (b.n - 5) > 0",
			"select n % 3, count(*) from numbers where 100 / (n - 5) < 1000 group by n % 3",
		} {
			_, err := conn.Query(t.Context(), sql)
			if sqlerr.CodeOf(err) != sqlerr.DivisionByZero {
				t.Errorf("%s: %v", sql, err)
				continue
			}
			e, ok := errors.AsType[*sqlerr.Error](err)
			if !ok || e.Span.IsZero() || !strings.Contains(sql[e.Span.Start:e.Span.End], "/") {
				t.Errorf("%s: the error points at %v", sql, e.Span)
			}
			idle(t, s, base)
		}
	})
}

// TestManyClientsAtOnceGetTheirAnswers runs .slt files from 16 clients against one
// server, whose sessions run whole, distributed, with other batch sizes and with
// fewer workers; some clients go away in the middle of a query.
func TestManyClientsAtOnceGetTheirAnswers(t *testing.T) {
	s := start(t, Config{Workers: 3, Threads: 3}, tables)
	sets := [][]string{
		{"set distribution = 'always'"},
		{"set distribution = 'local'"},
		{"set distribution = 'always'", "set fragment_form = 'substrait'"},
		{"set distribution = 'always'", "set workers = 2", "set batch_rows = 3"},
	}
	files := []string{"joins", "order_limit", "set_operations", "subqueries"}
	t.Run("clients", func(t *testing.T) {
		for i := range 16 {
			name := files[(i+i/4)%4]
			t.Run(fmt.Sprintf("%d-%s", i, name), func(t *testing.T) {
				t.Parallel()
				open := func(ctx context.Context) (logictest.Conn, error) {
					c, err := client.Open(ctx, s.Addr())
					if err != nil {
						return nil, err
					}
					conn := &sqlConn{c}
					for _, set := range sets[i%4] {
						if _, err := conn.Query(ctx, set); err != nil {
							return nil, err
						}
					}
					return conn, leave(ctx, conn)
				}
				logictest.Run(t, "../logictest/testdata/"+name+".slt", open, "threads")
			})
		}
	})
	idle(t, s, 0)
}

// leave gives up a query soon after it has begun. Where clients leave slowly, on a
// busy machine, the pieces of all their endless queries fill the ledger first; that
// ends the query as well.
func leave(ctx context.Context, conn *sqlConn) error {
	ctx, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	_, err := conn.Query(ctx, endless)
	if code := sqlerr.CodeOf(err); code != sqlerr.QueryCanceled && code != sqlerr.OutOfMemory {
		return fmt.Errorf("a query that was given up: %v", err)
	}
	return nil
}

func TestNothingRunsOnAfterClose(t *testing.T) {
	warm, err := Start(t.Context(), listening(Config{Workers: 1, Threads: 1})) // what is made once per process
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, warm)
	if _, err := c.Query(t.Context(), "select 1"); err != nil {
		t.Fatal(err)
	}
	c.Close()
	warm.Close()
	before := goleak.IgnoreCurrent()
	for _, w := range ways() {
		s, err := Start(t.Context(), listening(w.Config))
		if err != nil {
			t.Fatal(err)
		}
		conn := connect(t, s)
		if _, err := conn.Query(t.Context(), "select count(*) from numbers a join numbers b on a.n = b.n"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() { // ends when the server does
			if _, err := conn.Query(context.Background(), endless); err == nil {
				t.Error("the endless query has ended well")
			}
		})
		for s.hub.Len() == 0 {
			time.Sleep(time.Millisecond)
		}
		s.Close()
		wg.Wait()
		conn.Close()
		if used := s.ledger.UsedBytes(); s.hub.Len() > 0 || used > 0 {
			t.Errorf("%s: %d queries and %d bytes are left", w.name, s.hub.Len(), used)
		}
	}
	goleak.VerifyNone(t, before)
}

func listening(c Config) Config {
	c.Listen, c.MemoryBytes, c.Tables = "127.0.0.1:0", 2<<30, []string{tables}
	return c
}

// logged is the log of a server from a level on.
type logged struct {
	mu  sync.Mutex
	out strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func (l *logged) at(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: level}))
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.String()
}

func TestANormalRunLogsNoWarnings(t *testing.T) {
	var log logged
	c := listening(Config{Workers: 2, Threads: 2, Distribution: place.Always, Log: log.at(slog.LevelWarn)})
	s, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	conn := connect(t, s)
	for _, sql := range []string{"select count(*) from numbers", "select 1 / 0", "select nothing"} {
		_, _ = conn.Query(t.Context(), sql) // an error of the user's is no warning
	}
	_ = leave(t.Context(), conn)
	conn.Close()
	s.Close()
	if text := log.text(); text != "" {
		t.Errorf("logged:\n%s", text)
	}
}

// TestOperatorsGiveBackWhatTheyReserved: the account of a query is closed with it,
// but nothing should be left in it by then.
func TestOperatorsGiveBackWhatTheyReserved(t *testing.T) {
	queries := []string{
		"select n from numbers where n % 7 = 3 or n in (1, 2, 90) order by n desc limit 3",
		"select name, length(name) || 'x' from employees where name like '%a%' order by 2, 1",
		"select d.name, count(*), min(e.name), avg(e.salary) from employees e join departments d using (dept_id) group by d.name having count(*) > 1",
		"select e.name, d.name from employees e full join departments d on e.dept_id = d.dept_id and e.salary > 10",
		"select name from employees where dept_id not in (select dept_id from departments where name like '%s')",
		"select count(distinct n % 10), string_agg(n::text, ',') from numbers group by n % 4",
		"select n from numbers intersect select n * 2 from numbers union all select 5 except all select 6",
		"with s as (select n % 5 as k, count(*) as c from numbers group by 1) select * from s a join s b on a.k = b.c",
		"select a.n, (select max(b.n) from numbers b where b.n < a.n) from numbers a where exists (select from numbers c where c.n = a.n + 1)",
	}
	for _, w := range ways() {
		var log logged
		c := listening(w.Config)
		c.Log = log.at(slog.LevelDebug)
		s, err := Start(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		conn := connect(t, s)
		for _, sql := range queries {
			before := len(log.text())
			if _, err := conn.Query(t.Context(), sql); err != nil {
				t.Errorf("%s: %s: %v", w.name, sql, err)
			}
			idle(t, s, 0)
			for line := range strings.Lines(log.text()[before:]) {
				if strings.Contains(line, "memory left") {
					t.Errorf("%s: %s: %s", w.name, sql, line)
				}
			}
		}
		conn.Close()
		s.Close()
	}
}

func TestAShuffleBeyondTheBudgetIsRefusedAndTheServerGoesOn(t *testing.T) {
	for _, w := range ways()[1:] {
		t.Run(w.name, func(t *testing.T) {
			c := listening(w.Config)
			c.MemoryBytes = 8 << 20
			s, err := Start(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			conn := connect(t, s)
			defer conn.Close()
			base := s.ledger.UsedBytes()
			_, err = conn.Query(t.Context(), "select count(distinct a.n + 200 * b.n + 40000 * c.n) from numbers a, numbers b, numbers c")
			if sqlerr.CodeOf(err) != sqlerr.OutOfMemory {
				t.Errorf("many megabytes of rows in a budget of eight: %v", err)
			}
			idle(t, s, base)
			if _, err := conn.Query(t.Context(), "select count(*) from numbers"); err != nil {
				t.Errorf("after a refusal: %v", err)
			}
		})
	}
}

func TestAProcessThatIsAloneFinishesWhatItHasWhenItDrains(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1}, tables)
	conn := connect(t, s)
	defer conn.Close()
	type answer struct {
		rows int
		err  error
	}
	ended := make(chan answer, 1)
	go func() { // ends with the query
		got, err := conn.Query(t.Context(), "select a.n, count(*) from numbers a, numbers b, numbers c where a.n + b.n + c.n > 10 group by a.n")
		if err != nil {
			ended <- answer{err: err}
			return
		}
		ended <- answer{rows: len(got.Rows)}
	}()
	for s.hub.Len() == 0 {
		time.Sleep(time.Millisecond)
	}
	s.Drain(t.Context())
	if q := s.coord.Queries()[0]; q.State != coordinator.Finished {
		t.Errorf("when it has drained a query is %s", q.State)
	}
	s.Close()
	if a := <-ended; a.err != nil || a.rows == 0 {
		t.Errorf("%d rows, %v", a.rows, a.err)
	}
}
