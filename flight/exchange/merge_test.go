package exchange

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// place is an edge with the given tasks, each of one batch.
func place(t *testing.T, account *memory.Account, tasks map[int][]int64) *Edge {
	t.Helper()
	e := NewEdge(1, false)
	for task, values := range tasks {
		e.Seal(PieceID{Task: task}, []Piece{{Batches: []*vector.Batch{numbers(t, account, values...)}}})
	}
	e.Complete()
	return e
}

func TestPlacesAreReadInTheOrderOfTasksAndEachTaskOnce(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	a := place(t, account, map[int][]int64{0: {1}, 3: {4, 5}, 4: {6}})
	b := place(t, account, map[int][]int64{1: {2}, 2: {3}, 4: {6}, 7: {8}})
	c := place(t, account, nil)
	if got := read(t, Merge(a.Reader(0, Part{}), b.Reader(0, Part{}), c.Reader(0, Part{}))); !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6, 8}) {
		t.Errorf("read %v", got)
	}
	half := Merge(a.Reader(0, Part{}), b.Reader(0, Part{}))
	first, err := half.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first.Release()
	half.Close()
	half.Close()
	for _, e := range []*Edge{a, b, c} {
		e.Close(nil)
	}
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes are left", account.UsedBytes())
	}
}

func TestAMergeFailsWithAnyOfItsPlaces(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	a, b := place(t, account, map[int][]int64{0: {1}}), place(t, account, map[int][]int64{1: {2}})
	b.Close(io.ErrUnexpectedEOF)
	m := Merge(a.Reader(0, Part{}), b.Reader(0, Part{}))
	for range 2 {
		if _, err := m.Next(t.Context()); err != io.ErrUnexpectedEOF {
			t.Errorf("a merge with a place that was lost gives %v", err)
		}
	}
	m.Close()
	a.Close(nil)
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes are left", account.UsedBytes())
	}
}

func TestATaskThatIsRunAgainGoesOnWhereItWas(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	r := NewResult()
	push := func(attempt int, values ...int64) error {
		return r.Push(t.Context(), PieceID{Task: 2, Attempt: attempt}, numbers(t, account, values...))
	}
	for i, err := range []error{
		push(1, 1, 2, 3), push(1, 4, 5),
		push(3, 1, 2), push(3, 3, 4), push(3, 5, 6, 7), push(3, 8), // other batches, the same rows
		r.Push(t.Context(), PieceID{Task: 0, Attempt: 1}, numbers(t, account, 100)), // of another task
	} {
		if err != nil {
			t.Errorf("push %d: %v", i, err)
		}
	}
	if err := push(1, 6); err == nil {
		t.Error("an attempt that is over still delivers")
	}
	r.Finish(nil)
	var got []int64
	for {
		b, err := r.Next(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range b.Selected() {
			got = append(got, b.Cols[0].Int64s()[row])
		}
		b.Release()
	}
	if !slices.Equal(got, []int64{1, 2, 3, 4, 5, 6, 7, 8, 100}) {
		t.Errorf("the client gets %v", got)
	}
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes are left", account.UsedBytes())
	}
}

func TestWhatCannotBeRepeatedIsNotContinued(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	r := NewResult()
	r.Unrepeatable()
	if err := r.Push(t.Context(), PieceID{Attempt: 2}, numbers(t, account, 1)); err != nil {
		t.Errorf("the first rows: %v", err)
	}
	if err := r.Push(t.Context(), PieceID{Attempt: 3}, numbers(t, account, 1)); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("rows of another attempt: %v", err)
	}
	r.Close()
	fresh := NewResult()
	fresh.Unrepeatable()
	for _, attempt := range []int{1, 2} { // the first had nothing to say
		if err := fresh.Push(context.Background(), PieceID{Attempt: attempt}, vector.New(nil, 0)); err != nil {
			t.Errorf("attempt %d: %v", attempt, err)
		}
	}
	fresh.Close()
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes are left", account.UsedBytes())
	}
}

// TestRowsInAnOrderOfTheirOwnAreNotContinued: an attempt may spill at any moment, and another
// somewhere else.
func TestRowsInAnOrderOfTheirOwnAreNotContinued(t *testing.T) {
	for _, c := range []struct {
		what        string
		first       int  // rows that the first attempt has delivered
		firstSpills bool // and spilled
		again       int  // rows of the second before it spills
		reordered   bool // the second spills at all
		refused     bool
	}{
		{"nothing spills", 3, false, 2, false, false},
		{"the first has spilled", 3, true, 0, false, true},
		{"the first has spilled, and given out nothing", 0, true, 2, false, false},
		{"the second spills at once", 3, false, 0, true, true},
		{"the second spills before it is where the first was", 3, false, 2, true, true},
		{"the second spills when it is where the first was", 3, false, 3, true, false},
		{"the second spills further on", 3, false, 5, true, false},
	} {
		account := memory.NewLedger(0).NewAccount("test")
		r := NewResult()
		push := func(attempt, rows int) error {
			if rows == 0 {
				return nil
			}
			return r.Push(t.Context(), PieceID{Attempt: attempt}, numbers(t, account, make([]int64, rows)...))
		}
		err := push(1, c.first)
		if c.firstSpills {
			err = errors.Join(err, r.Reordered(PieceID{Attempt: 1}))
		}
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		err = push(2, c.again)
		if c.reordered && err == nil {
			err = r.Reordered(PieceID{Attempt: 2})
		}
		if err == nil {
			err = push(2, 4)
		}
		if errors.Is(err, ErrUnrepeatable) != c.refused {
			t.Errorf("%s: %v", c.what, err)
		}
		r.Close()
		if account.UsedBytes() != 0 {
			t.Errorf("%s: %d bytes are left", c.what, account.UsedBytes())
		}
	}
}
