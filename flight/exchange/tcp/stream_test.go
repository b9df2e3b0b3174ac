package tcp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

func TestPiecesCrossTheWireAsTheyWere(t *testing.T) {
	s := newStage(t, Limits{})
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		query := fmt.Sprint("q", seed)
		e := s.edge(query)
		dict := newDict(r, 40)
		var want []string
		for task := range 4 {
			var p exchange.Piece
			var enc exchange.Encoder
			for range r.IntN(4) {
				b := words(r, dict, r.IntN(2000))
				want = append(want, rows(b)...)
				if seed%2 == 0 {
					p.Batches = append(p.Batches, b)
					continue
				}
				var err error
				if p.Frames, err = enc.Append(p.Frames, b); err != nil {
					t.Fatal(err)
				}
			}
			e.Seal(exchange.PieceID{Task: task}, []exchange.Piece{p, {}})
		}
		e.Complete()
		for range 2 { // a consumer that runs again finds everything
			same(t, mustDrain(t, s.open(Request{Query: query, Edge: 3})), want)
		}
		same(t, mustDrain(t, s.open(Request{Query: query, Edge: 3, Partition: 1})), nil)
		s.hub.Close(query, nil)
	}
	s.client.mu.Lock()
	defer s.client.mu.Unlock()
	if n := len(s.client.parked[s.server.Addr()]); n != 1 {
		t.Errorf("%d connections are parked, one would have done", n)
	}
}

func TestABatchOutlivesItsReaderWithItsDictionary(t *testing.T) {
	s := newStage(t, Limits{})
	r := rand.New(rand.NewPCG(1, 1))
	dict := newDict(r, 40)
	e := s.edge("q")
	first, second := words(r, dict, 100), words(r, dict, 100)
	want := rows(second)
	seal(e, 0, first, second)
	e.Complete()
	reader := s.open(Request{Query: "q", Edge: 3})
	var kept *vector.Batch
	for range 2 {
		kept.Release()
		var err error
		if kept, err = reader.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	reader.Close()
	s.hub.Close("q", nil)
	same(t, rows(kept), want)
	if s.account.UsedBytes() == 0 {
		t.Error("a batch that is held is not charged")
	}
	kept.Release()
}

func TestPiecesArriveWhenTheyAreSealed(t *testing.T) {
	s := newStage(t, Limits{})
	reader := s.open(Request{Query: "late", Edge: 3}) // nobody knows it yet
	defer reader.Close()
	time.Sleep(20 * time.Millisecond)
	e := s.edge("late")
	for task := range 5 {
		seal(e, task, numbers(int64(task)))
		b, err := reader.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := b.Cols[0].Int64s()[0]; got != int64(task) {
			t.Errorf("task %d gave %d", task, got)
		}
		b.Release()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := reader.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting ended with %v", err)
	}
	e.Complete()
	same(t, mustDrain(t, reader), nil)
}

func TestATaskIsTakenFromOnePeer(t *testing.T) {
	a, b := newStage(t, Limits{}), newStage(t, Limits{})
	for i, s := range []*stage{a, b} {
		e := s.edge("q")
		seal(e, 7, numbers(rising(0, 100)...)) // both have run it
		seal(e, i, numbers(rising(1000*(1+i), 10)...))
		e.Complete()
	}
	got := mustDrain(t, a.client.Open([]string{a.server.Addr(), b.server.Addr()}, Request{Query: "q", Edge: 3}, a.account))
	var want []string
	for _, n := range slices.Concat(rising(0, 100), rising(1000, 10), rising(2000, 10)) {
		want = append(want, fmt.Sprint(n, " "))
	}
	slices.Sort(got)
	slices.Sort(want)
	same(t, got, want)
}

func TestAResultIsReadOnce(t *testing.T) {
	s := newStage(t, Limits{})
	q := s.hub.Open("q", nil)
	go func() {
		for i := range 100 {
			_ = q.Result.Push(context.Background(), numbers(int64(i)))
		}
		q.Result.Finish(nil)
	}()
	if got := mustDrain(t, s.open(Request{Query: "q", Edge: ResultEdge})); len(got) != 100 {
		t.Errorf("%d rows", len(got))
	}
	again := s.open(Request{Query: "q", Edge: ResultEdge})
	defer again.Close()
	if _, err := again.Next(t.Context()); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("a second reader gets %v", err)
	}
}

func TestErrorsCrossTheWireAsTheyWere(t *testing.T) {
	s := newStage(t, quick())
	failed := sqlerr.Wrap(sqlerr.At(sqlerr.DivisionByZero, sqlerr.Span{Start: 7, End: 12}, "division by zero").WithHint("Do not."), "task 4")
	e := s.edge("q")
	seal(e, 0, numbers(1))
	result := s.hub.Open("r", nil).Result
	_ = result.Push(t.Context(), numbers(1))
	result.Finish(failed)
	time.AfterFunc(50*time.Millisecond, func() { s.hub.Close("q", failed) })
	for _, r := range []Request{{Query: "q", Edge: 3}, {Query: "r", Edge: ResultEdge}} {
		reader := s.open(r)
		_, err := drain(t.Context(), reader)
		reader.Close()
		got, ok := errors.AsType[*sqlerr.Error](err)
		if !ok || got.Code != sqlerr.DivisionByZero || got.Span != (sqlerr.Span{Start: 7, End: 12}) || got.Hint != "Do not." ||
			got.Error() != "task 4: division by zero" {
			t.Errorf("query %s: %#v", r.Query, err)
		}
	}
	e = s.edge("s")
	e.Describe("a bigint")
	seal(e, 0, numbers(1), vector.New([]vector.Column{vector.Const(numbers(1).Cols[0], 2<<20)}, 2<<20))
	for _, c := range []struct {
		name string
		r    Request
		code sqlerr.Code
	}{
		{"never begun", Request{Query: "none", Edge: 3}, sqlerr.WorkerLost},
		{"no such edge", Request{Query: "s", Edge: 4}, sqlerr.InternalError},
		{"no such partition", Request{Query: "s", Edge: 3, Partition: 2}, sqlerr.InvalidPlan},
		{"other columns", Request{Query: "s", Edge: 3, Schema: "a text"}, sqlerr.InvalidPlan},
		{"a batch that fits no frame", Request{Query: "s", Edge: 3}, sqlerr.ProgramLimitExceeded},
		{"a long request", Request{Query: string(make([]byte, 5000)), Edge: 3}, sqlerr.ProgramLimitExceeded},
	} {
		reader := s.open(c.r)
		if _, err := reader.Next(t.Context()); sqlerr.CodeOf(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
		reader.Close()
	}
}

func TestASlowReaderHoldsItsWindowAndNobodyElse(t *testing.T) {
	l := quick()
	l.Idle = 5 * time.Second
	s := newStage(t, l)
	e := s.edge("q")
	const tasks = 400
	for task := range tasks {
		e.Seal(exchange.PieceID{Task: task}, []exchange.Piece{
			{Batches: []*vector.Batch{numbers(rising(0, 200)...)}}, {Batches: []*vector.Batch{numbers(rising(0, 200)...)}}})
	}
	e.Complete()
	slow := s.open(Request{Query: "q", Edge: 3, Partition: 1})
	defer slow.Close()
	eventually(t, "nothing is read ahead", func() bool { return s.account.UsedBytes() > 0 })
	if got := mustDrain(t, s.open(Request{Query: "q", Edge: 3})); len(got) != tasks*200 {
		t.Errorf("%d rows", len(got))
	}
	// Three pieces of 1.6 kB fill the window of 4 KiB, in slabs of 2 KiB.
	if used := s.account.UsedBytes(); used > 3*2<<10 {
		t.Errorf("%d bytes have been read ahead", used)
	}
	if got := mustDrain(t, slow); len(got) != tasks*200 {
		t.Errorf("%d rows for the slow one", len(got))
	}
}

func TestWaitingIsNoReasonToBeLost(t *testing.T) {
	l := quick()
	l.Idle = time.Second
	s := newStage(t, l)
	e := s.edge("q")
	seal(e, 0, numbers(rising(0, 2000)...)) // beyond the window
	seal(e, 1, numbers(1))
	s.through(countDials(t, 1))
	reader := s.open(Request{Query: "q", Edge: 3})
	time.Sleep(2 * l.Idle) // the reader is slow
	time.AfterFunc(2*l.Idle, func() { seal(e, 2, numbers(2)); e.Complete() })
	if got := mustDrain(t, reader); len(got) != 2002 {
		t.Errorf("%d rows", len(got))
	}
}

func TestClosingEndsBothSides(t *testing.T) {
	s := newStage(t, quick())
	e := s.edge("q")
	seal(e, 0, numbers(1))
	reader := s.open(Request{Query: "q", Edge: 3}) // and waits for task 1
	eventually(t, "no connection", func() bool { return s.connections() == 1 })
	reader.Close()
	reader.Close()
	eventually(t, "the server keeps a connection that its client has closed", func() bool { return s.connections() == 0 })
	if _, err := reader.Next(t.Context()); err == nil {
		t.Error("a closed reader gives batches")
	}
	q := s.hub.Open("r", nil)
	reader = s.open(Request{Query: "r", Edge: ResultEdge})
	_ = q.Result.Push(t.Context(), numbers(1))
	if b, err := reader.Next(t.Context()); err != nil {
		t.Fatal(err)
	} else {
		b.Release()
	}
	reader.Close()
	eventually(t, "who fills a result is not told that its reader has left", func() bool {
		return errors.Is(q.Result.Push(t.Context(), numbers(2)), context.Canceled)
	})
	reader = s.open(Request{Query: "q", Edge: 3})
	defer reader.Close()
	b, err := reader.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	s.server.Close()
	if _, err := reader.Next(t.Context()); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("after the server closed: %v", err)
	}
}

func (s *stage) connections() int {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	return len(s.server.conns)
}

func TestAServerThatWasStartedAnewIsNotTheSame(t *testing.T) {
	s := newStage(t, Limits{Retry: 5 * time.Second})
	seal(s.edge("q"), 0, numbers(1))
	address := s.server.Addr()
	reader := s.open(Request{Query: "q", Edge: 3})
	defer reader.Close()
	b, err := reader.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	s.server.Close()
	if s.server, err = Listen(address, s.hub, s.config); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Next(t.Context()); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("%v", err)
	}
}

func TestOutOfMemoryIsNotTriedAgain(t *testing.T) {
	s := newStage(t, Limits{})
	account := memory.NewLedger(3 << 10).NewAccount("small")
	seal(s.edge("q"), 0, numbers(1), numbers(rising(0, 1000)...))
	s.through(countDials(t, 1))
	reader := s.client.Open([]string{s.server.Addr()}, Request{Query: "q", Edge: 3}, account)
	if _, err := reader.Next(t.Context()); sqlerr.CodeOf(err) != sqlerr.OutOfMemory {
		t.Errorf("%v", err)
	}
	reader.Close()
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes are left", account.UsedBytes())
	}
}
