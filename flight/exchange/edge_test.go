package exchange

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

// numbers is a batch over a slab of the account, so that its release shows.
func numbers(t *testing.T, account *memory.Account, values ...int64) *vector.Batch {
	t.Helper()
	slab, err := memory.NewPoisonPool().Get(8*len(values), account)
	if err != nil {
		t.Fatal(err)
	}
	copy(slab.Bytes(), vector.BytesOf(values))
	b := vector.New([]vector.Column{{Kind: vector.Int64, Len: len(values), Data: slab.Bytes()}}, len(values))
	b.Hold(slab)
	return b
}

// read gives all that a reader gets.
func read(t *testing.T, r *Merged) []int64 {
	t.Helper()
	defer r.Close()
	var out []int64
	for {
		b, err := r.Next(t.Context())
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Cols[0].Int64s()...)
		b.Release()
	}
}

func TestPiecesReachTheirPartitionOnce(t *testing.T) {
	ledger := memory.NewLedger(0)
	account := ledger.NewAccount("test")
	e := NewEdge(2, false)
	freed := 0
	piece := func(values ...int64) Piece {
		return Piece{Batches: []*vector.Batch{numbers(t, account, values...)}, Freed: func() { freed++ }}
	}
	if !e.Seal(PieceID{Task: 1}, []Piece{piece(1, 2), piece(3)}) {
		t.Error("the first sealing of task 1 is refused")
	}
	if e.Seal(PieceID{Task: 1, Attempt: 1}, []Piece{piece(1, 2), piece(3)}) || freed != 2 {
		t.Errorf("a second copy should be refused and freed; %d pieces are", freed)
	}
	e.Seal(PieceID{Task: 0}, []Piece{{Freed: func() { freed++ }}, piece(4)})
	if freed != 3 {
		t.Error("an empty piece should be freed at once")
	}
	e.Complete()
	for range 2 { // a consumer that runs again finds everything
		if got := read(t, Merge(e.Reader(0, Part{}))); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("partition 0: %v", got)
		}
		if got := read(t, Merge(e.Reader(1, Part{}))); !slices.Equal(got, []int64{4, 3}) { // in the order of tasks
			t.Errorf("partition 1: %v", got)
		}
	}
	e.Close(io.ErrUnexpectedEOF)
	e.Close(nil)
	if freed != 6 || account.UsedBytes() != 0 {
		t.Errorf("%d pieces were freed, %d bytes are left", freed, account.UsedBytes())
	}
	if _, err := Merge(e.Reader(0, Part{})).Next(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a closed edge gives %v", err)
	}
}

func TestBroadcastGivesEveryPartitionAShareOfItsOwn(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	e := NewEdge(3, true)
	e.Seal(PieceID{}, []Piece{{Batches: []*vector.Batch{numbers(t, account, 7, 8)}}})
	e.Complete()
	first := Merge(e.Reader(0, Part{}))
	kept, err := first.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, Merge(e.Reader(2, Part{}))); !slices.Equal(got, []int64{7, 8}) {
		t.Errorf("partition 2: %v", got)
	}
	e.Close(nil)
	if got := kept.Cols[0].Int64s(); !slices.Equal(got, []int64{7, 8}) {
		t.Errorf("what was read changed to %v when the edge closed", got)
	}
	kept.Release()
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes are left", account.UsedBytes())
	}
}

func TestReadersOfFramesGetTheSameRows(t *testing.T) {
	r := newRandom(11)
	var enc Encoder
	var want []string
	e := NewEdge(1, false)
	for task := range 3 {
		var p Piece
		enc = Encoder{} // dictionaries are numbered anew in each piece
		for range 3 {
			b := r.batch(50)
			want = append(want, rowsOf(b)...)
			frame, err := enc.Append(nil, b)
			if err != nil {
				t.Fatal(err)
			}
			p.Frames = append(p.Frames, frame)
		}
		e.Seal(PieceID{Task: task}, []Piece{p})
	}
	e.Complete()
	var got []string
	reader := Merge(e.Reader(0, Part{}))
	for {
		b, err := reader.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, rowsOf(b)...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d rows came, not the %d that were sent", len(got), len(want))
	}
}

func TestAReaderWaitsForPiecesAndForItsContext(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	e := NewEdge(1, false)
	got := make(chan []int64)
	go func() { got <- read(t, Merge(e.Reader(0, Part{}))) }()
	e.Seal(PieceID{Task: 0}, []Piece{{Batches: []*vector.Batch{numbers(t, account, 1)}}})
	e.Seal(PieceID{Task: 1}, []Piece{{Batches: []*vector.Batch{numbers(t, account, 2)}}})
	e.Complete()
	if v := <-got; !slices.Equal(v, []int64{1, 2}) {
		t.Errorf("%v came", v)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrClosedPipe)
	if _, err := Merge(NewEdge(1, false).Reader(0, Part{})).Next(ctx); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a cancelled reader gets %v", err)
	}
}

func TestPiecesAreGivenInTheOrderOfTasks(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	e := NewEdge(1, false)
	e.Seal(PieceID{Task: 8, Attempt: 2}, []Piece{{Batches: []*vector.Batch{numbers(t, account, 1)}}})
	e.Seal(PieceID{Task: 5}, []Piece{{Frames: [][]byte{make([]byte, 8)}}})
	e.Complete()
	if e.Seal(PieceID{Task: 1}, []Piece{{Frames: [][]byte{make([]byte, 8)}}}) {
		t.Error("an edge that is complete has changed")
	}
	for cursor, want := range []PieceID{{Task: 5}, {Task: 8, Attempt: 2}} {
		s, err := e.Piece(t.Context(), 0, Part{}, cursor)
		if err != nil || s.ID != want {
			t.Errorf("piece %d is of %v, not %v (%v)", cursor, s.ID, want, err)
		}
		s.Release()
	}
	if _, err := e.Piece(t.Context(), 0, Part{}, 2); err != io.EOF {
		t.Errorf("after the last piece comes %v", err)
	}
	for _, p := range []int{-1, 1} {
		if _, err := e.Piece(t.Context(), p, Part{}, 0); err == nil {
			t.Errorf("there is no partition %d", p)
		}
	}
	e.Close(io.ErrUnexpectedEOF)
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes are left", account.UsedBytes())
	}
}

func TestABatchThatWasFreedFailsAsItsEdgeDoes(t *testing.T) {
	e := NewEdge(1, false)
	broken := errors.New("the disk is broken")
	e.Seal(PieceID{}, []Piece{{Stored: []Stored{func() (*vector.Batch, error) { return nil, broken }}}})
	e.Complete()
	s, err := e.Reader(0, Part{}).Piece(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stored[0](); !errors.Is(err, broken) {
		t.Errorf("while the edge is there: %v", err)
	}
	e.Close(io.ErrUnexpectedEOF)
	if _, err := s.Stored[0](); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("when it was closed: %v", err)
	}
}

func TestPartsOfAPartitionAreAllOfIt(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	e := NewEdge(1, false)
	for task := range 20 {
		if task%3 == 0 {
			continue // a task without rows for the partition
		}
		e.Seal(PieceID{Task: task}, []Piece{{Batches: []*vector.Batch{numbers(t, account, int64(task))}}})
	}
	e.Complete()
	for of := range 5 {
		var got []int
		for part := range max(1, of) {
			r := e.Reader(0, Part{Number: part, Of: of})
			for last := -1; ; {
				s, err := r.Piece(t.Context())
				if err == io.EOF {
					break
				}
				if s.ID.Task <= last {
					t.Errorf("task %d comes after %d", s.ID.Task, last)
				}
				last = s.ID.Task
				got = append(got, s.ID.Task)
				s.Release()
			}
		}
		slices.Sort(got)
		if want := []int{1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19}; !slices.Equal(got, want) {
			t.Errorf("%d parts have the tasks %v", of, got)
		}
	}
	e.Close(io.ErrUnexpectedEOF)
}

func TestAnEdgeKnowsWhenItsColumnsAreOthers(t *testing.T) {
	e := NewEdge(1, false)
	if err := e.Expect("a bigint"); err != nil {
		t.Errorf("nothing was said: %v", err)
	}
	e.Describe("a bigint")
	if e.Expect("a bigint") != nil || e.Expect("") != nil || e.Expect("a text") == nil {
		t.Error("the same and nothing are right, others are wrong")
	}
}

func TestAQueryIsAwaited(t *testing.T) {
	h := NewHub()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrClosedPipe)
	if _, err := h.Await(ctx, "q1"); err != io.ErrClosedPipe {
		t.Errorf("nobody opened it: %v", err)
	}
	found := make(chan *Query)
	go func() {
		q, _ := h.Await(t.Context(), "q1")
		found <- q
	}()
	h.Open("q0", nil)
	if q := h.Open("q1", nil); <-found != q {
		t.Error("another query was found")
	}
}

func TestAResultClosedWhileItIsFilledKeepsNothing(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	for range 200 {
		r := NewResult()
		var wg sync.WaitGroup
		for range 4 {
			batches := []*vector.Batch{numbers(t, account, 1), numbers(t, account, 2)}
			wg.Go(func() {
				for _, b := range batches {
					_ = r.Push(t.Context(), PieceID{}, b)
				}
			})
		}
		r.Close()
		wg.Wait()
		if account.UsedBytes() != 0 {
			t.Fatalf("%d bytes are left", account.UsedBytes())
		}
	}
}

func TestAResultEndsOnceAndWithTheFirstError(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	r := NewResult()
	_ = r.Push(t.Context(), PieceID{}, numbers(t, account, 1))
	r.Finish(nil)
	r.Finish(io.ErrUnexpectedEOF)
	b, err := r.Next(t.Context())
	if err != nil {
		t.Fatalf("what was pushed before the end is lost: %v", err)
	}
	b.Release()
	if _, err := r.Next(t.Context()); err != io.EOF {
		t.Errorf("after the last batch comes %v", err)
	}
	failed := NewResult()
	failed.Finish(io.ErrUnexpectedEOF)
	if _, err := failed.Next(t.Context()); err != io.ErrUnexpectedEOF {
		t.Errorf("a failed result gives %v", err)
	}
}

func TestWhoReadsAnAttemptIsToldWhyItsQueryWasClosed(t *testing.T) {
	h := NewHub()
	result := h.Join("q").Attempt(3)
	why := errors.New("why")
	h.Close("q", why)
	for range 20 { // whatever the reader looks at first
		if _, _, err := result.NextPart(t.Context()); err != why {
			t.Fatal(err)
		}
	}
}

func TestAQueryTellsWhenItIsClosed(t *testing.T) {
	h := NewHub()
	account := memory.NewLedger(0).NewAccount("test")
	q := h.Open("q1", map[int]*Edge{4: NewEdge(1, false)})
	edge, err := q.Edge(4)
	if err != nil {
		t.Fatal(err)
	}
	edge.Seal(PieceID{}, []Piece{{Batches: []*vector.Batch{numbers(t, account, 1)}}})
	_ = q.Result.Push(t.Context(), PieceID{}, numbers(t, account, 2))
	left := []int64{}
	q.OnClose(func() { left = append(left, account.UsedBytes()) })
	h.Close("q1", nil)
	h.Close("q1", nil)
	q.OnClose(func() { left = append(left, account.UsedBytes()) })
	if !slices.Equal(left, []int64{0, 0}) || h.Len() != 0 {
		t.Errorf("bytes at OnClose: %v; %d queries are left", left, h.Len())
	}
	if _, err := h.Query("q1"); err == nil {
		t.Error("a closed query is found")
	}
}
