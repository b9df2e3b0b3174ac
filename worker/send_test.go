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
	"github.com/skein-query/skein/worker/spill"
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
	s, err := newSender(byHash(3), sentFields(), env, keeper{account: env.Account, sealed: env.Account}, frames, 0)
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
		if err := s.settle(); err != nil {
			t.Fatal(err)
		}
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
	r := &receive{node: &physical.Receive{Fields: sentFields()}, from: exchange.Merge(e.Reader(p, exchange.Part{}))}
	for {
		b, err := r.Next(context.Background())
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

func TestAShuffleBeyondTheBudgetGoesToFiles(t *testing.T) {
	const rows = 50_000
	for _, frames := range []bool{false, true} {
		for _, share := range []int64{1, 20_000, 300_000, 10_000_000} {
			want := shuffled(t, memory.NewLedger(0), nil, frames, rows)
			files, err := spill.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			ledger := memory.NewLedger(0)
			ledger.LimitShares(share)
			got := shuffled(t, ledger, files, frames, rows)
			if !slices.EqualFunc(got, want, slices.Equal) {
				t.Errorf("frames %v, %d bytes: other rows, or in another order, than without files", frames, share)
			}
			if spilled := files.WrittenBytes() > 0; spilled != (share < 400_000) {
				t.Errorf("frames %v, %d bytes: spilled is %v", frames, share, spilled)
			}
			if left := files.UsedBytes(); left != 0 || ledger.UsedBytes() != 0 {
				t.Errorf("frames %v, %d bytes: %d bytes of files and %d of memory are left", frames, share, left, ledger.UsedBytes())
			}
			files.Close()
		}
	}
}

// shuffled is what the partitions of an edge get from one sender, read twice.
func shuffled(t *testing.T, ledger *memory.Ledger, files *spill.Store, frames bool, rows int) [][]int64 {
	t.Helper()
	env := &exec.Env{Pool: memory.NewPoisonPool(), Account: ledger.NewAccount("query q1")}
	account := &queryAccount{Account: env.Account, sealed: env.Account}
	if files != nil {
		account.sealed, account.files = env.Account.Share(), files.Query(env.Pool, env.Account)
	}
	s, err := newSender(byHash(3), sentFields(), env, account.keeper(), frames, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < rows; i += 1000 {
		if err := s.add(numbers(i, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.settle(); err != nil {
		t.Fatal(err)
	}
	edge := exchange.NewEdge(3, false)
	s.seal(edge, exchange.PieceID{})
	edge.Complete()
	s.close()
	var out [][]int64
	for p := range 3 {
		first := drainPartition(t, edge, p)
		if again := drainPartition(t, edge, p); !slices.Equal(first, again) {
			t.Error("who reads again gets other rows")
		}
		out = append(out, first)
	}
	edge.Close(nil)
	return out
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
		r := &receive{node: &physical.Receive{Fields: fields}, from: exchange.Merge(edge.Reader(0, exchange.Part{}))}
		_, err := r.Next(t.Context())
		if (err == nil) != c.ok || err != nil && sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
