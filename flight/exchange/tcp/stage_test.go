package tcp

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
)

// stage is a server and a client of it, with poisoned memory that is counted.
type stage struct {
	hub     *exchange.Hub
	server  *Server
	client  *Client
	account *memory.Account
	config  Config
}

// quick are limits for tests that wait for them.
func quick() Limits {
	return Limits{Handshake: 2 * time.Second, Start: 300 * time.Millisecond, Idle: 400 * time.Millisecond, Retry: 300 * time.Millisecond, WindowBytes: 4 << 10}
}

func newStage(t testing.TB, l Limits) *stage {
	t.Helper()
	c := Config{Security: Security{Key: []byte("a key of this cluster")}, Limits: l, Log: slog.New(slog.DiscardHandler)}
	return newStageWith(t, c, c)
}

func newStageWith(t testing.TB, server, client Config) *stage {
	t.Helper()
	s := &stage{hub: exchange.NewHub(), account: memory.NewLedger(0).NewAccount("reader"), config: client}
	var err error
	if s.server, err = Listen("127.0.0.1:0", s.hub, server); err != nil {
		t.Fatal(err)
	}
	if s.client, err = NewClient(memory.NewPoisonPool(), client); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.client.Close()
		s.server.Close()
		if used := s.account.UsedBytes(); used != 0 {
			t.Errorf("%d bytes are still charged to the reader", used)
		}
	})
	return s
}

func (s *stage) open(r Request) *Reader {
	return s.client.Open([]string{s.server.Addr()}, r, s.account)
}

// edge opens query q with edge 3 of two partitions.
func (s *stage) edge(q string) *exchange.Edge {
	e := exchange.NewEdge(2, false)
	s.hub.Open(q, map[int]*exchange.Edge{3: e})
	return e
}

// numbers is a batch of one column.
func numbers(values ...int64) *vector.Batch {
	return vector.New([]vector.Column{vector.Flat(vector.Int64, values, nil)}, len(values))
}

func rising(from, n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(from + i)
	}
	return out
}

func seal(e *exchange.Edge, task int, batches ...*vector.Batch) {
	e.Seal(exchange.PieceID{Task: task}, []exchange.Piece{{Batches: batches}, {}})
}

// only seals the only task of an edge.
func only(e *exchange.Edge, batches ...*vector.Batch) {
	seal(e, 0, batches...)
	e.Complete()
}

// words is a batch over a dictionary and with nulls, some of its rows selected.
func words(r *rand.Rand, dict *vector.Dict, n int) *vector.Batch {
	codes := make([]uint16, n)
	ints := make([]int64, n)
	valid := vector.NewBitmap(n)
	var text vector.StringBuilder
	for i := range n {
		codes[i], ints[i] = uint16(r.IntN(dict.Values.Len)), r.Int64()
		text.AppendString(fmt.Sprint("the text of row ", ints[i]%1000))
		if r.IntN(5) > 0 {
			valid.Set(i)
		}
	}
	b := vector.New([]vector.Column{
		{Kind: vector.String, Width: 2, Len: n, Data: vector.BytesOf(codes), Dict: dict, Valid: valid},
		vector.Flat(vector.Int64, ints, nil), text.Column(nil)}, n)
	if r.IntN(2) == 0 {
		for i := range n {
			if r.IntN(3) > 0 {
				b.Sel = append(b.Sel, uint32(i))
			}
		}
	}
	return b
}

func newDict(r *rand.Rand, n int) *vector.Dict {
	var b vector.StringBuilder
	for i := range n {
		b.AppendString(fmt.Sprint("entry ", i, " of ", r.IntN(100)))
	}
	return &vector.Dict{Values: b.Column(nil)}
}

// rows are the selected rows of a batch as text.
func rows(b *vector.Batch) []string {
	var out []string
	for _, row := range b.Selected() {
		s := ""
		for i := range b.Cols {
			c := &b.Cols[i]
			if c.IsNull(int(row)) {
				s += "null "
				continue
			}
			flat, at := c.At(int(row))
			if c.Kind == vector.String {
				s += fmt.Sprintf("%q ", flat.StringAt(at))
			} else {
				s += fmt.Sprint(flat.Int64s()[at], " ")
			}
		}
		out = append(out, s)
	}
	return out
}

// drain reads to the end.
func drain(ctx context.Context, r *Reader) (out []string, err error) {
	for {
		b, err := r.Next(ctx)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, rows(b)...)
		b.Release()
	}
}

func mustDrain(t *testing.T, r *Reader) []string {
	t.Helper()
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := drain(ctx, r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%d rows came, not the %d that were sent", len(got), len(want))
	}
}

// eventually waits for something that happens soon.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// through makes the client's connections with a function of their number and of the
// plain connection.
func (s *stage) through(f func(n int, c net.Conn) net.Conn) {
	plain, n := s.client.dial, 0
	s.client.dial = func(ctx context.Context, address string) (net.Conn, error) {
		c, err := plain(ctx, address)
		if err != nil {
			return nil, err
		}
		n++
		return f(n, c), nil
	}
}
