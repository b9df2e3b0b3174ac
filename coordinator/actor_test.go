package coordinator

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// puppet is a worker that does no work: it answers at once, or never.
type puppet struct {
	system *cluster.System
	silent bool
	runs   atomic.Int64
	stops  atomic.Int64
}

func (p *puppet) Receive(_ cluster.Address, message any) {
	e := message.(*cluster.Envelope)
	switch m := e.Message.(type) {
	case *wire.Run:
		p.runs.Add(1)
		if p.silent {
			return
		}
		done := &wire.Done{Query: m.Query, Attempt: m.Attempt, Fragment: m.Fragment}
		for _, t := range m.Tasks {
			done.Tasks = append(done.Tasks, t.Index)
		}
		p.system.Send(e.From, done)
	case *wire.Stop:
		p.stops.Add(1)
	}
}

type stage struct {
	*Coordinator
	puppet *puppet
}

// newStage is a coordinator with one puppet that plays two workers.
func newStage(t *testing.T, silent bool) *stage {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	system := cluster.NewSystem(log)
	t.Cleanup(system.Shutdown)
	c, err := New(Config{System: system, Hub: exchange.NewHub(), Process: "test", Log: log,
		Footers: func(physical.File, string, expr.Type) []physical.RowGroup { return make([]physical.RowGroup, 4) }})
	if err != nil {
		t.Fatal(err)
	}
	p := &puppet{system: system, silent: silent}
	address, err := system.Spawn("puppet", p)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"w1", "w2"} {
		c.Join(Worker{Member: place.Member{Name: name, Threads: 1, Process: "test"}, Address: address})
	}
	return &stage{c, p}
}

func scan() physical.Node {
	fields := []expr.Field{{Name: "a", Type: expr.Of(expr.Int8)}}
	return &physical.Scan{Table: "t", Files: []physical.File{{Path: "t.parquet"}}, Columns: []string{"a"}, Fields: fields, Emit: []int{0}}
}

// eventually waits until the coordinator's actor has come so far.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within a minute", what)
		}
	}
}

// forgets waits until the coordinator knows nothing of any query, and ends it.
func (s *stage) forgets(t *testing.T) {
	t.Helper()
	eventually(t, "all queries are forgotten", func() bool {
		n := s.Hub.Len()
		s.active.Range(func(any, any) bool { n++; return true })
		return n == 0
	})
	s.System.Stop(s.self)
	if len(s.running) != 0 {
		t.Errorf("%d queries are still running", len(s.running))
	}
}

func TestTenThousandQueriesLeaveNothingBehind(t *testing.T) {
	s := newStage(t, false)
	for i := range 10_000 {
		mode := []place.Mode{place.Always, place.Local}[i%2]
		r, err := s.Run(t.Context(), scan(), nil, Settings{Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Result().Next(t.Context()); err != io.EOF {
			t.Fatal(err)
		}
		r.Close()
		r.Close()
	}
	s.forgets(t)
	if n := s.puppet.stops.Load(); n != 0 {
		t.Errorf("finished queries were stopped %d times", n)
	}
}

func TestAQueryEndsThoughNoWorkerAnswers(t *testing.T) {
	for _, mode := range []place.Mode{place.Always, place.Local} {
		s := newStage(t, true)
		r, err := s.Run(t.Context(), scan(), nil, Settings{Mode: mode})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "it runs", func() bool { return s.puppet.runs.Load() > 0 })
		if !s.CancelRunning(r.ID) {
			t.Error("the query should be running")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := r.Result().Next(ctx); sqlerr.CodeOf(err) != sqlerr.QueryCanceled {
			t.Errorf("%s: a cancelled query gives %v", mode, err)
		}
		r.Close()
		eventually(t, "every run is stopped", func() bool { return s.puppet.stops.Load() == s.puppet.runs.Load() })
		if s.CancelRunning(r.ID) {
			t.Error("the query should not be running any more")
		}
		s.forgets(t)
		if runs, stops := s.puppet.runs.Load(), s.puppet.stops.Load(); stops != runs {
			t.Errorf("%s: %d runs were stopped %d times", mode, runs, stops)
		}
	}
}

func TestWhatALostWorkerHadIsRunElsewhereWhileThereIsOne(t *testing.T) {
	s := newStage(t, true)
	r, err := s.Run(t.Context(), scan(), nil, Settings{Mode: place.Always})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "it runs in both", func() bool { return s.puppet.runs.Load() == 2 })
	s.Lost("w2")
	eventually(t, "the rest runs in the other", func() bool { return s.puppet.runs.Load() == 3 })
	s.Lost("w1")
	if _, err := r.Result().Next(t.Context()); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("a query whose workers were lost gives %v", err)
	}
	r.Close()
	if _, err := s.Run(t.Context(), scan(), nil, Settings{}); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("a cluster without workers says %v", err)
	}
	s.forgets(t)
}

func TestACoordinatorThatIsClosedEndsItsQueries(t *testing.T) {
	s := newStage(t, true)
	var running []*Running
	for range 3 {
		r, err := s.Run(t.Context(), scan(), nil, Settings{Mode: place.Always})
		if err != nil {
			t.Fatal(err)
		}
		running = append(running, r)
	}
	s.Close()
	if s.Hub.Len() != 0 || len(s.running) != 0 {
		t.Errorf("%d queries are open and %d running", s.Hub.Len(), len(s.running))
	}
	for _, r := range running {
		if _, err := r.Result().Next(t.Context()); err == nil || err == io.EOF {
			t.Errorf("a query that was cut off gives %v", err)
		}
		r.Close()
	}
	if _, err := s.Run(t.Context(), scan(), nil, Settings{}); sqlerr.CodeOf(err) != sqlerr.AdminShutdown {
		t.Errorf("a closed coordinator says %v", err)
	}
	s.Close()
}
