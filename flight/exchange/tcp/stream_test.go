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
				switch {
				case seed%4 == 0 && len(p.Stored) < 2: // they come first
					p.Stored = append(p.Stored, func() (*vector.Batch, error) { return b.Share(), nil })
					continue
				case seed%2 == 0:
					p.Batches = append(p.Batches, b)
					continue
				}
				frame, err := enc.Append(nil, b)
				if err != nil {
					t.Fatal(err)
				}
				p.Frames = append(p.Frames, frame)
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

func TestPartsOfAPartitionAreAllOfIt(t *testing.T) {
	s := newStage(t, Limits{WindowBytes: 1}) // a piece at a time
	e := s.edge("q")
	for task := range 10 {
		seal(e, task, numbers(int64(task)))
	}
	e.Complete()
	for part, want := range [][]string{{"0 ", "3 ", "6 ", "9 "}, {"1 ", "4 ", "7 "}, {"2 ", "5 ", "8 "}} {
		same(t, mustDrain(t, s.open(Request{Query: "q", Edge: 3, Part: exchange.Part{Number: part, Of: 3}})), want)
	}
	s.hub.Close("q", nil)
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

func TestPiecesArriveInOrderWhenTheirEdgeIsComplete(t *testing.T) {
	s := newStage(t, Limits{})
	reader := s.open(Request{Query: "late", Edge: 3}) // nobody knows it yet
	time.Sleep(20 * time.Millisecond)
	e := s.edge("late")
	for task := range 5 {
		seal(e, 4-task, numbers(int64(4-task)))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := reader.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting ended with %v", err)
	}
	e.Complete()
	same(t, mustDrain(t, reader), []string{"0 ", "1 ", "2 ", "3 ", "4 "})
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
			_ = q.Attempt(0).Push(context.Background(), exchange.PieceID{}, numbers(int64(i)))
		}
		q.Attempt(0).Finish(nil)
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
	result := s.hub.Open("r", nil).Attempt(0)
	_ = result.Push(t.Context(), exchange.PieceID{}, numbers(1))
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
	only(e, numbers(1), vector.New([]vector.Column{vector.Const(numbers(1).Cols[0], 2<<20)}, 2<<20))
	for _, c := range []struct {
		name string
		r    Request
		code sqlerr.Code
	}{
		{"never begun", Request{Query: "none", Edge: 3}, sqlerr.WorkerLost},
		{"an edge that is gone", Request{Query: "s", Edge: 4}, sqlerr.WorkerLost},
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
	reader := s.open(Request{Query: "q", Edge: 3}) // and waits for the edge to be complete
	eventually(t, "no connection", func() bool { return s.connections() == 1 })
	reader.Close()
	reader.Close()
	eventually(t, "the server keeps a connection that its client has closed", func() bool { return s.connections() == 0 })
	if _, err := reader.Next(t.Context()); err == nil {
		t.Error("a closed reader gives batches")
	}
	q := s.hub.Open("r", nil)
	reader = s.open(Request{Query: "r", Edge: ResultEdge})
	_ = q.Attempt(0).Push(t.Context(), exchange.PieceID{}, numbers(1))
	if b, err := reader.Next(t.Context()); err != nil {
		t.Fatal(err)
	} else {
		b.Release()
	}
	reader.Close()
	eventually(t, "who fills a result is not told that its reader has left", func() bool {
		return errors.Is(q.Attempt(0).Push(t.Context(), exchange.PieceID{}, numbers(2)), context.Canceled)
	})
	reader = s.open(Request{Query: "q", Edge: 3}) // and waits for the edge to be complete
	defer reader.Close()
	eventually(t, "no connection", func() bool { return s.connections() == 1 })
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
	s := newStage(t, Limits{Retry: 5 * time.Second, WindowBytes: 1})
	e := s.edge("q")
	for task := range 3 { // the third is beyond the window
		seal(e, task, numbers(1))
	}
	e.Complete()
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
	if _, err := drain(t.Context(), reader); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("%v", err)
	}
}

func TestOutOfMemoryIsNotTriedAgain(t *testing.T) {
	s := newStage(t, Limits{})
	account := memory.NewLedger(3 << 10).NewAccount("small")
	only(s.edge("q"), numbers(1), numbers(rising(0, 1000)...))
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
