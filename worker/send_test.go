package worker

import (
	"context"
	"io"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// sentFields are the columns of the batches that the tests send.
func sentFields() []expr.Field { return []expr.Field{{Name: "n", Type: expr.Of(expr.Int8)}} }

func byHash(partitions int) wire.OutputEdge {
	key := &expr.Column{ID: 0, Typ: expr.Of(expr.Int8), Name: "n"}
	return wire.OutputEdge{Partitions: partitions, Exchange: &physical.Exchange{Kind: physical.HashSplit, Keys: []expr.Expr{key}}}
}

func numbers(from, n int) *vector.Batch {
	values := make([]int64, n)
	for i := range values {
		values[i] = int64(from + i)
	}
	return vector.New([]vector.Column{vector.Flat(vector.Int64, values, nil)}, n)
}

// send sends the numbers 0 … n-1 in batches of 1000 through a sender.
func send(t *testing.T, ledger *memory.Ledger, frames bool, n int) (*sender, error) {
	t.Helper()
	env := &exec.Env{Pool: memory.NewPoisonPool(), Account: ledger.NewAccount("query q1")}
	s, err := newSender(byHash(3), sentFields(), env, frames, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < n; i += 1000 {
		if err := s.add(numbers(i, 1000)); err != nil {
			return s, err
		}
	}
	return s, nil
}

func TestASplitKeepsEveryRowAndEqualKeysTogether(t *testing.T) {
	for _, frames := range []bool{false, true} {
		ledger := memory.NewLedger(0)
		s, err := send(t, ledger, frames, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		edge := exchange.NewEdge(3, false)
		s.seal(edge, exchange.PieceID{})
		edge.Complete()
		if used := ledger.UsedBytes(); used < 80_000 {
			t.Errorf("frames %v: 80000 bytes of numbers are kept, %d are accounted for", frames, used)
		}
		var all []int64
		for p := range 3 {
			got := drainPartition(t, edge, p)
			if len(got) < 2000 {
				t.Errorf("frames %v: partition %d has %d rows of 10000", frames, p, len(got))
			}
			all = append(all, got...)
		}
		slices.Sort(all)
		if want := numbers(0, 10_000).Cols[0].Int64s(); !slices.Equal(all, want) {
			t.Errorf("frames %v: %d rows came, not all of 10000", frames, len(all))
		}
		s.close()
		edge.Close(nil)
		if ledger.UsedBytes() != 0 {
			t.Errorf("frames %v: %d bytes are left", frames, ledger.UsedBytes())
		}
	}
}

func drainPartition(t *testing.T, e *exchange.Edge, p int) []int64 {
	t.Helper()
	var out []int64
	r := &receive{node: &physical.Receive{Fields: sentFields()}, from: e.Reader(p)}
	for {
		b, err := r.Next(context.Background())
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b.Cols[0].Int64s()...)
	}
}

func TestAShuffleBeyondTheBudgetIsRefused(t *testing.T) {
	for _, frames := range []bool{false, true} {
		ledger := memory.NewLedger(200_000)
		s, err := send(t, ledger, frames, 100_000)
		if sqlerr.CodeOf(err) != sqlerr.OutOfMemory {
			t.Errorf("frames %v: 800000 bytes in a budget of 200000: %v", frames, err)
		}
		s.close()
		if ledger.UsedBytes() != 0 {
			t.Errorf("frames %v: %d bytes are left", frames, ledger.UsedBytes())
		}
	}
}

func TestWhatDoesNotFitThePlanIsRefused(t *testing.T) {
	edge := exchange.NewEdge(1, false)
	edge.Seal(exchange.PieceID{}, []exchange.Piece{{Batches: []*vector.Batch{numbers(0, 3)}}})
	edge.Complete()
	decimal, list := expr.NumericOf(20, 2), expr.ListOf(expr.Of(expr.Int8))
	for _, c := range []struct {
		name string
		typ  []expr.Type
		ok   bool
	}{
		{"the same", []expr.Type{expr.Of(expr.Int8)}, true},
		{"a wide decimal in 64 bits", []expr.Type{decimal}, true},
		{"another width", []expr.Type{expr.Of(expr.Int4)}, false},
		{"text", []expr.Type{expr.Of(expr.Text)}, false},
		{"a list", []expr.Type{list}, false},
		{"one column more", []expr.Type{expr.Of(expr.Int8), expr.Of(expr.Int8)}, false},
	} {
		var fields []expr.Field
		for _, typ := range c.typ {
			fields = append(fields, expr.Field{Type: typ})
		}
		r := &receive{node: &physical.Receive{Fields: fields}, from: edge.Reader(0)}
		_, err := r.Next(t.Context())
		if (err == nil) != c.ok || err != nil && sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
