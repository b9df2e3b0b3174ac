package worker

import (
	"io"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/flight/exchange/tcp"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/physical"
)

func TestAReceiveReadsFromItsProcessAndFromPeersAlike(t *testing.T) {
	hub := exchange.NewHub()
	edge := exchange.NewEdge(1, false)
	hub.Open("q", map[int]*exchange.Edge{0: edge})
	ints := vector.Flat(vector.Int64, []int64{3, 1, 2}, nil)
	texts := vector.Const(oneText("x"), 3)
	edge.Seal(exchange.PieceID{Task: 0}, []exchange.Piece{{Batches: []*vector.Batch{vector.New([]vector.Column{ints}, 3)}}})
	edge.Seal(exchange.PieceID{Task: 1}, []exchange.Piece{{Batches: []*vector.Batch{vector.New([]vector.Column{texts}, 3)}}})
	edge.Complete()
	server, err := tcp.Listen("127.0.0.1:0", hub, tcp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	client, err := tcp.NewClient(memory.NewPoisonPool(), tcp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	account := memory.NewLedger(0).NewAccount("q")
	for name, from := range map[string]exchange.Source{
		"local":  edge.Reader(0, exchange.Part{}),
		"remote": client.Open([]string{server.Addr()}, tcp.Request{Query: "q"}, account),
	} {
		r := &receive{node: &physical.Receive{Fields: sentFields()[:1]}, from: exchange.Merge(from)}
		b, err := r.Next(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := b.Cols[0].Int64s(); !slices.Equal(got, []int64{3, 1, 2}) {
			t.Errorf("%s: %v", name, got)
		}
		b.Release()
		if _, err := r.Next(t.Context()); sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
			t.Errorf("%s: texts where integers are planned: %v", name, err)
		}
		if _, err := r.Next(t.Context()); err != io.EOF {
			t.Errorf("%s: at the end: %v", name, err)
		}
		r.Close()
	}
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes are left", account.UsedBytes())
	}
}

func oneText(s string) vector.Column {
	var b vector.StringBuilder
	b.AppendString(s)
	return b.Column(nil)
}
