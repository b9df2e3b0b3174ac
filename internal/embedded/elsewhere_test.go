//go:build !race

// The runtime's remoting sets gRPC's log without a lock each time it starts: two
// systems in one process are a race. What is ours is tested for races in link_test.go.

package embedded

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/skein-query/skein/bench/tpch"
	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/worker"
)

func clusterKey(t *testing.T) cluster.Key {
	t.Helper()
	k, err := cluster.NewKey(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func remoting(t *testing.T) cluster.Remoting {
	return cluster.Remoting{Bind: "127.0.0.1:0", Key: clusterKey(t), Codec: wire.Codec{}, MaxBytes: wire.MaxBytes, Deadline: 5 * time.Second}
}

// elsewhere moves the workers of a server out of its actor system: the coordinator
// reaches them over a connection. Files and the hub stay shared. It is the other
// system.
func elsewhere(t *testing.T, s *Server, workers int) *cluster.System {
	t.Helper()
	if err := s.system.Listen(remoting(t)); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	other := cluster.NewSystem(log)
	if err := other.Listen(remoting(t)); err != nil {
		t.Fatal(err)
	}
	pool := memory.NewPool()
	for i := range workers {
		name := fmt.Sprintf("far-%d", i+1)
		w := worker.New(name, worker.Resources{Files: s.files, Pool: pool, Ledger: s.ledger, Hub: s.hub}, other, log)
		if _, err := other.Spawn(name, w); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Close)
		s.coord.Join(coordinator.Worker{Member: place.Member{Name: name, Threads: 1, Process: "far"},
			Address: cluster.NewAddress(other.Host(), name, other.Incarnation())})
	}
	for _, w := range s.workers {
		s.coord.Lost(w.Name)
	}
	t.Cleanup(other.Shutdown)
	return other
}

func TestWorkersThatOnlyMessagesReachGiveTheSameAnswers(t *testing.T) {
	sf, err := tpch.ParseScaleFactor("0.01")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := tpch.Generate(t.Context(), tpch.Options{ScaleFactor: sf, Out: dir, Parts: 3}); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []place.Mode{place.Always, place.Local} {
		t.Run(string(mode), func(t *testing.T) {
			s := start(t, Config{Workers: 1, Threads: 1, Distribution: mode, Frames: true}, dir)
			elsewhere(t, s, 3)
			conn := connect(t, s)
			defer conn.Close()
			for q := 1; q <= tpch.Queries; q++ {
				if err := checkTPCH(t.Context(), conn, q, sf); err != nil {
					t.Errorf("query %d: %v", q, err)
				}
			}
		})
	}
}

func TestErrorsOfWorkersElsewherePointAtTheirExpression(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1, Distribution: place.Always}, tables)
	elsewhere(t, s, 2)
	conn := connect(t, s)
	defer conn.Close()
	const sql = "select sum(100 / (n - 5)) from numbers"
	_, err := conn.Query(t.Context(), sql)
	e, ok := err.(*sqlerr.Error)
	if !ok || e.Code != sqlerr.DivisionByZero || e.Span.IsZero() || sql[e.Span.Start:e.Span.End] != "100 / (n - 5)" {
		t.Errorf("%#v", err)
	}
}

func TestAQueryWhoseWorkersAreNotThereEnds(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1, Distribution: place.Always}, tables)
	base := s.ledger.UsedBytes()
	other := elsewhere(t, s, 2)
	conn := connect(t, s)
	defer conn.Close()
	if _, err := conn.Query(t.Context(), "select count(*) from numbers"); err != nil {
		t.Fatal(err)
	}
	other.Shutdown()
	if _, err := conn.Query(t.Context(), "select count(*) from numbers"); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("workers that are gone: %v", err)
	}
	idle(t, s, base)
}

// gossip is a process's part in gossip, closed with the test.
func gossip(t *testing.T, name string, system *cluster.System) *cluster.Members {
	t.Helper()
	self := cluster.Member{Name: name, Incarnation: system.Incarnation(), Info: cluster.Info{Actor: system.Host(), Version: "1.0.0"}}
	m, err := cluster.Open(self, cluster.Gossip{Bind: "127.0.0.1:0", Key: clusterKey(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func TestGossipEndsTheQueriesOfAProcessThatDies(t *testing.T) {
	s := start(t, Config{Workers: 1, Threads: 1, Distribution: place.Always}, tables)
	other := elsewhere(t, s, 2)
	here, far := gossip(t, "here", s.system), gossip(t, "far", other)
	if err := far.Join(t.Context(), []string{here.Address()}); err != nil {
		t.Fatal(err)
	}
	watch := here.Watch()
	defer watch.Close()
	conn := connect(t, s)
	defer conn.Close()
	ended := make(chan error, 1)
	go func() { // ends with the query
		_, err := conn.Query(t.Context(), endless)
		ended <- err
	}()
	for s.hub.Len() == 0 {
		time.Sleep(time.Millisecond)
	}
	other.Shutdown()
	far.Close()
	for {
		e, err := watch.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == cluster.Left && e.Member.Name == "far" {
			break
		}
	}
	s.coord.Lost("far-1")
	s.coord.Lost("far-2")
	if err := <-ended; sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("the query ended with %v", err)
	}
}
