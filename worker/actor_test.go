package worker

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// asker plays the coordinator: it gets what a worker reports.
type asker struct{ reports chan any }

func (a *asker) Receive(_ cluster.Address, message any) { a.reports <- message }

// stage is a worker and an asker.
type stage struct {
	*Worker
	t      *testing.T
	asker  *asker
	self   cluster.Address
	worker cluster.Address
}

func newStage(t *testing.T) *stage {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	system := cluster.NewSystem(log)
	t.Cleanup(system.Shutdown)
	res := Resources{Pool: memory.NewPoisonPool(), Ledger: memory.NewLedger(64 << 20), Hub: exchange.NewHub()}
	s := &stage{Worker: New("w1", res, system, log), t: t, asker: &asker{make(chan any, 10)}}
	var err error
	if s.worker, err = system.Spawn("w1", s.Worker); err != nil {
		t.Fatal(err)
	}
	if s.self, err = system.Spawn("asker", s.asker); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) tell(m any) { s.system.Send(s.worker, &cluster.Envelope{From: s.self, Message: m}) }

// report is the worker's next report.
func (s *stage) report() any {
	s.t.Helper()
	select {
	case r := <-s.asker.reports:
		return r
	case <-time.After(time.Minute):
		s.t.Fatal("no report within a minute")
		return nil
	}
}

// failure is the error that the worker's next report must bring.
func (s *stage) failure() error {
	s.t.Helper()
	r, ok := s.report().(*wire.Failed)
	if !ok {
		s.t.Fatalf("reported %v, not a failure", r)
	}
	return r.Err
}

// forgets waits until the worker knows nothing of any query.
func (s *stage) forgets() {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		n := len(s.running) + len(s.accounts)
		s.mu.Unlock()
		if n == 0 && s.res.Ledger.UsedBytes() == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%d entries and %d bytes are left", n, s.res.Ledger.UsedBytes())
		}
	}
}

func constants(values ...int64) physical.Node {
	v := &physical.Values{Fields: sentFields()}
	for _, n := range values {
		v.Tuples = append(v.Tuples, []expr.Value{{I: n}})
	}
	return v
}

func TestManyRunsLeaveNothingBehind(t *testing.T) {
	s := newStage(t)
	for i := range 3000 {
		frames := i%2 == 0
		edge := exchange.NewEdge(3, false)
		query := s.res.Hub.Open("q", map[int]*exchange.Edge{0: edge})
		out := byHash(3)
		s.tell(&wire.Run{Query: "q", Fragment: 0, Threads: 2, Plan: constants(1, 2, 3), Scan: -1, Tasks: []wire.Task{{}},
			Outputs: []wire.OutputEdge{out}, Options: wire.Options{Frames: frames}})
		if d, ok := s.report().(*wire.Done); !ok || len(d.Tasks) != 1 {
			t.Fatalf("reported %v", d)
		}
		edge.Complete()
		rows := 0
		for p := range 3 {
			rows += len(drainPartition(t, edge, p))
		}
		if rows != 3 {
			t.Fatalf("%d rows of 3 came", rows)
		}
		s.tell(&wire.Run{Query: "q", Fragment: 1, Whole: true, Threads: 1, Plan: constants(7), Scan: -1, Options: wire.Options{Frames: frames}})
		b, err := query.Result.Next(t.Context())
		if err != nil || b.Cols[0].Int64s()[0] != 7 {
			t.Fatalf("%v, %v", b, err)
		}
		b.Release()
		s.report()
		s.res.Hub.Close("q", nil)
	}
	s.forgets()
}

func TestWhatARunLeavesIsPaidForUntilTheQueryIsClosed(t *testing.T) {
	s := newStage(t)
	s.res.Hub.Open("q", map[int]*exchange.Edge{0: exchange.NewEdge(3, false)})
	s.tell(&wire.Run{Query: "q", Threads: 1, Plan: constants(make([]int64, 5000)...), Scan: -1, Tasks: []wire.Task{{}}, Outputs: []wire.OutputEdge{byHash(3)}})
	s.report()
	if used := s.res.Ledger.UsedBytes(); used < 40_000 {
		t.Errorf("40000 bytes wait in the edge, %d are accounted for", used)
	}
	s.res.Hub.Close("q", nil)
	s.forgets()
}

func TestAStoppedRunEndsAndSaysSo(t *testing.T) {
	s := newStage(t)
	s.res.Hub.Open("q", map[int]*exchange.Edge{0: exchange.NewEdge(1, false)})
	// Nobody completes the edge: the run waits for ever.
	wait := &physical.Receive{Edge: 0, Kind: physical.Gather, Fields: sentFields()}
	s.tell(&wire.Run{Query: "q", Whole: true, Threads: 2, Plan: wait, Scan: -1, Inputs: []wire.InputEdge{{Places: []wire.Place{{}}}}})
	s.tell(&wire.Stop{Query: "another"})
	s.tell(&wire.Stop{Query: "q"})
	if err := s.failure(); sqlerr.CodeOf(err) != sqlerr.QueryCanceled {
		t.Errorf("a stopped run reports %v", err)
	}
	s.tell(&wire.Stop{Query: "q"})
	s.res.Hub.Close("q", nil)
	s.forgets()
}

func TestARunThatIsNotThereIsSaidToHaveFailed(t *testing.T) {
	s := newStage(t)
	s.res.Hub.Open("q", map[int]*exchange.Edge{0: exchange.NewEdge(1, false)})
	wait := &physical.Receive{Edge: 0, Kind: physical.Gather, Fields: sentFields()}
	s.tell(&wire.Run{Query: "q", Attempt: 3, Whole: true, Threads: 1, Plan: wait, Scan: -1, Inputs: []wire.InputEdge{{Places: []wire.Place{{}}}}})
	s.tell(&wire.Check{Query: "q", Attempt: 3})
	s.tell(&wire.Check{Query: "q", Attempt: 2, Fragment: 1})
	f, ok := s.report().(*wire.Failed)
	if !ok || f.Attempt != 2 || f.Fragment != 1 || sqlerr.CodeOf(f.Err) != sqlerr.WorkerLost {
		t.Errorf("reported %+v", f)
	}
	// The end of a run is said before it is denied, whenever it is asked for.
	s.tell(&wire.Stop{Query: "q"})
	for range 5 {
		s.tell(&wire.Check{Query: "q", Attempt: 3})
	}
	if err := s.failure(); sqlerr.CodeOf(err) != sqlerr.QueryCanceled {
		t.Errorf("first it is said that %v", err)
	}
	s.res.Hub.Close("q", nil)
	s.forgets()
}

// TestAQueryWhoseCoordinatorIsNoMemberEnds: a message of a coordinator may come after the
// news that it is gone.
func TestAQueryWhoseCoordinatorIsNoMemberEnds(t *testing.T) {
	s := newStage(t)
	const gone = 7
	s.Gone(gone)
	s.res.Hub.Open("q", map[int]*exchange.Edge{0: exchange.NewEdge(1, false)})
	wait := &physical.Receive{Edge: 0, Kind: physical.Gather, Fields: sentFields()}
	run := &wire.Run{Query: "q", Whole: true, Threads: 1, Plan: wait, Scan: -1, Inputs: []wire.InputEdge{{Places: []wire.Place{{}}}}}
	s.system.Send(s.worker, &cluster.Envelope{From: cluster.NewAddress("127.0.0.1:1", "coordinator", gone), Message: run})
	for s.Idle() {
		time.Sleep(time.Millisecond)
	}
	for range 3 * missedMost { // seen in between, it is not given up
		for range missedMost {
			s.Sweep(func(uint64) bool { return false })
		}
		s.Sweep(func(incarnation uint64) bool { return incarnation == gone })
	}
	if s.Idle() || s.res.Hub.Len() != 1 {
		t.Fatal("a query was stopped whose coordinator is there")
	}
	q, err := s.res.Hub.Query("q")
	if err != nil {
		t.Fatal(err)
	}
	e, err := q.Edge(0)
	if err != nil {
		t.Fatal(err)
	}
	for range missedMost + 1 {
		s.Sweep(func(uint64) bool { return false })
	}
	if s.res.Hub.Len() != 0 {
		t.Error("the query is still there")
	}
	// The coordinator may live after all, and a reader of the query, too.
	if _, err := e.Reader(0, exchange.Part{}).Piece(t.Context()); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("a reader is told %v", err)
	}
	if _, _, err := q.Attempt(0).NextPart(t.Context()); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("who reads the result is told %v", err)
	}
	s.forgets()
	// What a later run makes must not pass for all that was here.
	again := *run
	again.Known = true
	s.system.Send(s.worker, &cluster.Envelope{From: cluster.NewAddress("127.0.0.1:1", "coordinator", gone), Message: &again})
	s.tell(&wire.Run{Query: "nobody's"})
	s.report()
	if s.res.Hub.Len() != 0 || !s.Idle() {
		t.Error("a query that was given up has been begun anew")
	}
}

func TestARunThatCannotBeIsReported(t *testing.T) {
	s := newStage(t)
	s.res.Hub.Open("q", nil)
	for _, c := range []struct {
		name string
		run  wire.Run
		code sqlerr.Code
		says string
	}{
		{"a query that was closed", wire.Run{Query: "gone", Plan: constants(1)}, sqlerr.QueryCanceled, "has ended"},
		{"bytes that are no plan", wire.Run{Query: "q", Encoded: []byte("no plan")}, sqlerr.InvalidPlan, "worker w1"},
		{"an edge that is not there", wire.Run{Query: "q", Plan: &physical.Receive{Edge: 5}, Inputs: []wire.InputEdge{{Edge: 5, Places: []wire.Place{{Edge: 7}}}}}, sqlerr.InternalError, "edge 7"},
		{"an edge of which nobody says where it is", wire.Run{Query: "q", Plan: &physical.Receive{Edge: 5}}, sqlerr.InternalError, "edge 5"},
		{"a panic", wire.Run{Query: "q", Plan: nil}, sqlerr.InternalError, "a bug in Skein"},
	} {
		c.run.Whole, c.run.Threads, c.run.Scan = true, 1, -1
		s.tell(&c.run)
		if err := s.failure(); sqlerr.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %s %v", c.name, sqlerr.CodeOf(err), err)
		}
	}
	s.res.Hub.Close("q", nil)
	s.forgets()
}

func TestAClosedWorkerEndsItsRunsAndRefusesMore(t *testing.T) {
	s := newStage(t)
	query := s.res.Hub.Open("q", map[int]*exchange.Edge{0: exchange.NewEdge(1, false)})
	wait := &physical.Receive{Edge: 0, Kind: physical.Gather, Fields: sentFields()}
	s.tell(&wire.Run{Query: "q", Whole: true, Threads: 1, Plan: wait, Scan: -1, Inputs: []wire.InputEdge{{Places: []wire.Place{{}}}}})
	for {
		s.mu.Lock()
		running := len(s.running) > 0
		s.mu.Unlock()
		if running {
			break
		}
		time.Sleep(time.Millisecond)
	}
	s.Close()
	s.tell(&wire.Run{Query: "q", Whole: true, Threads: 1, Plan: constants(1), Scan: -1})
	for range 2 {
		if err := s.failure(); sqlerr.CodeOf(err) != sqlerr.AdminShutdown {
			t.Errorf("a closed worker reports %v", err)
		}
	}
	query.Result.Finish(nil)
	if _, err := query.Result.Next(t.Context()); err != io.EOF {
		t.Errorf("a refused run has given a batch (%v)", err)
	}
	s.res.Hub.Close("q", nil)
	s.forgets()
}
