package tcp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

var errCut = errors.New("the cable was cut")

// countDials fails the test when there are more connections than so many.
func countDials(t *testing.T, most int) func(int, net.Conn) net.Conn {
	return func(n int, c net.Conn) net.Conn {
		if n > most {
			t.Errorf("connection %d", n)
		}
		return c
	}
}

// faulty is a connection that breaks after some bytes in one direction, or changes a
// bit of one.
type faulty struct {
	net.Conn
	read, written    int // so far
	cutRead, cutSent int // -1: never
	flip             int // byte that is read wrongly; -1: none
}

func (f *faulty) Read(p []byte) (int, error) {
	if f.cutRead >= 0 {
		if f.read >= f.cutRead {
			f.Close()
			return 0, errCut
		}
		p = p[:min(len(p), f.cutRead-f.read)]
	}
	n, err := f.Conn.Read(p)
	if at := f.flip - f.read; f.flip >= 0 && at >= 0 && at < n {
		p[at] ^= 0x10
	}
	f.read += n
	return n, err
}

func (f *faulty) Write(p []byte) (int, error) {
	if f.cutSent >= 0 && f.written+len(p) > f.cutSent {
		n, _ := f.Conn.Write(p[:max(0, f.cutSent-f.written)])
		f.Close()
		f.written += n
		return n, errCut
	}
	n, err := f.Conn.Write(p)
	f.written += n
	return n, err
}

// whole serves a small edge and gives its rows, and how many bytes a stream of it has
// in each direction.
func whole(t *testing.T, s *stage) (want []string, read, written int) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 3))
	dict := newDict(r, 3)
	e := s.edge("q")
	for task := range 3 {
		a, b := words(r, dict, 6), words(r, dict, 4)
		want = append(append(want, rows(a)...), rows(b)...)
		seal(e, task, a, b)
	}
	e.Complete()
	f := &faulty{cutRead: -1, cutSent: -1, flip: -1}
	s.through(func(_ int, c net.Conn) net.Conn { f.Conn = c; return f })
	same(t, mustDrain(t, s.open(Request{Query: "q", Edge: 3})), want)
	s.client.Close()
	return want, f.read, f.written
}

// attempt reads the edge of whole through a client of its own.
func (s *stage) attempt(t *testing.T, l Limits, f func(n int, c net.Conn) net.Conn) ([]string, error) {
	config := s.config
	config.Limits = l
	client, err := NewClient(memory.NewPoisonPool(), config)
	if err != nil {
		t.Error(err)
		return nil, err
	}
	defer client.Close()
	one := &stage{client: client}
	one.through(f)
	account := memory.NewLedger(0).NewAccount("attempt")
	r := client.Open([]string{s.server.Addr()}, Request{Query: "q", Edge: 3}, account)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	got, err := drain(ctx, r)
	r.Close()
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes are left", account.UsedBytes())
	}
	return got, err
}

// everywhere runs f for all n, some at a time.
func everywhere(n int, f func(at int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 24 {
		wg.Go(func() {
			for at := int(next.Add(1)) - 1; at < n; at = int(next.Add(1)) - 1 {
				f(at)
			}
		})
	}
	wg.Wait()
}

func TestACutAnywhereIsRepairedByAnotherConnection(t *testing.T) {
	s := newStage(t, Limits{WindowBytes: 300})
	want, read, written := whole(t, s)
	t.Logf("a stream of %d bytes read and %d written", read, written)
	l := Limits{WindowBytes: 300}
	everywhere(read+written, func(at int) {
		got, err := s.attempt(t, l, func(n int, c net.Conn) net.Conn {
			if n > 1 {
				return c
			}
			if at < read {
				return &faulty{Conn: c, cutRead: at, cutSent: -1, flip: -1}
			}
			return &faulty{Conn: c, cutRead: -1, cutSent: at - read, flip: -1}
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("cut at %d: %d rows of %d, %v", at, len(got), len(want), err)
		}
	})
}

// TestPeersThatBreakAgainAndAgain cuts every connection somewhere, among several peers
// that have tasks in common.
func TestPeersThatBreakAgainAndAgainGiveEveryRowOnce(t *testing.T) {
	const peers, tasks, each = 3, 60, 40
	r := rand.New(rand.NewPCG(9, 9))
	s := newStage(t, Limits{WindowBytes: 2 << 10, Retry: 20 * time.Second})
	addresses := []string{s.server.Addr()}
	hubs := []*exchange.Hub{s.hub}
	for range peers - 1 {
		more := newStage(t, Limits{})
		addresses, hubs = append(addresses, more.server.Addr()), append(hubs, more.hub)
	}
	for i, hub := range hubs {
		e := exchange.NewEdge(2, false)
		hub.Open("q", map[int]*exchange.Edge{3: e})
		for _, task := range r.Perm(tasks) {
			if task%peers == i || task%5 == 0 { // every fifth is everywhere
				seal(e, task, numbers(rising(task*each, each/2)...), numbers(rising(task*each+each/2, each/2)...))
			}
		}
		e.Complete()
	}
	var mu sync.Mutex // of r: peers are dialled at once
	plain, dials := s.client.dial, 0
	s.client.dial = func(ctx context.Context, address string) (net.Conn, error) {
		c, err := plain(ctx, address)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		dials++
		return &faulty{Conn: c, cutRead: 200 + r.IntN(4000), cutSent: -1, flip: 200 + r.IntN(3000)}, nil
	}
	got := mustDrain(t, s.client.Open(addresses, Request{Query: "q", Edge: 3}, s.account))
	var want []string
	for _, n := range rising(0, tasks*each) {
		want = append(want, fmt.Sprint(n, " "))
	}
	slices.Sort(got)
	slices.Sort(want)
	same(t, got, want)
	if dials < 2*peers {
		t.Errorf("%d connections were enough", dials)
	}
}

func TestACutOfEveryConnectionIsAnErrorWithoutWrongRows(t *testing.T) {
	s := newStage(t, quick())
	want, read, _ := whole(t, s)
	l := quick()
	l.Retry = 30 * time.Millisecond
	everywhere(read/3, func(at int) {
		got, err := s.attempt(t, l, func(_ int, c net.Conn) net.Conn {
			return &faulty{Conn: c, cutRead: 3 * at, cutSent: -1, flip: -1}
		})
		if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
			t.Errorf("cut at %d: %d rows that were not sent so", at, len(got))
		}
		if err != nil && sqlerr.CodeOf(err) != sqlerr.WorkerLost || err == nil && len(got) != len(want) {
			t.Errorf("cut at %d: %d rows of %d and %v", at, len(got), len(want), err)
		}
	})
}

func TestAChangedBitIsNoticed(t *testing.T) {
	s := newStage(t, quick())
	want, read, _ := whole(t, s)
	everywhere(read, func(at int) {
		got, err := s.attempt(t, quick(), func(n int, c net.Conn) net.Conn {
			if n > 1 {
				return c
			}
			return &faulty{Conn: c, cutRead: -1, cutSent: -1, flip: at}
		})
		switch {
		case err == nil && slices.Equal(got, want):
		case err != nil && at < helloBytes+1+32 && len(got) == 0: // the handshake says so
			if c := sqlerr.CodeOf(err); c != sqlerr.InvalidAuthorization && c != sqlerr.FeatureNotSupported && c != sqlerr.DataCorrupted {
				t.Errorf("byte %d: %v", at, err)
			}
		case at >= helloBytes+1+32 && at < helloBytes+1+32+16 && sqlerr.CodeOf(err) == sqlerr.WorkerLost: // another instance
		default:
			t.Errorf("byte %d: %d rows of %d, %v", at, len(got), len(want), err)
		}
	})
}

func TestPeersOfOtherKeysAndVersionsAreRefused(t *testing.T) {
	mine := Config{Security: Security{Key: []byte("mine")}, Limits: quick(), Log: slog.New(slog.DiscardHandler)}
	for _, c := range []struct {
		name string
		key  []byte
	}{{"another key", []byte("yours")}, {"no key", nil}} {
		theirs := mine
		theirs.Security.Key = c.key
		s := newStageWith(t, mine, theirs)
		s.through(countDials(t, 1))
		reader := s.open(Request{Query: "q", Edge: 3})
		if _, err := reader.Next(t.Context()); sqlerr.CodeOf(err) != sqlerr.InvalidAuthorization {
			t.Errorf("%s: %v", c.name, err)
		}
		reader.Close()
	}
	s := newStageWith(t, mine, mine)
	s.through(func(_ int, c net.Conn) net.Conn { // the peer's version
		return &faulty{Conn: c, cutRead: -1, cutSent: -1, flip: len(magic)}
	})
	reader := s.open(Request{Query: "q", Edge: 3})
	defer reader.Close()
	if _, err := reader.Next(t.Context()); sqlerr.CodeOf(err) != sqlerr.FeatureNotSupported {
		t.Errorf("another version: %v", err)
	}
}

func TestAServerThatCannotProveTheKeyIsRefused(t *testing.T) {
	p, _ := newProver([]byte("mine"))
	impostor, _ := newProver([]byte("yours"))
	a, b := net.Pipe()
	defer a.Close()
	go func() { // ends with the pipe
		var greeting [helloBytes]byte
		_, _ = b.Read(greeting[:])
		n := newNonce()
		_, _ = b.Write(hello(n))
		var proof [32]byte
		_, _ = b.Read(proof[:])
		// It says that all is well, and sends the client's proof back, or one of its own.
		answer := append([]byte{verdictOK}, impostor.proof("server", n, n, nil)...)
		_, _ = b.Write(append(answer, make([]byte, 16)...))
		b.Close()
	}()
	if _, err := p.greet(a, time.Now().Add(time.Second)); sqlerr.CodeOf(err) != sqlerr.InvalidAuthorization {
		t.Errorf("%v", err)
	}
}

func TestStrangersCostLittleAndAreGoneSoon(t *testing.T) {
	l := quick()
	l.Handshake, l.Strangers = time.Second, 8
	s := newStage(t, l)
	dial := func() net.Conn {
		c, err := net.Dial("tcp", s.server.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	var silent atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		c := dial() // and says nothing
		_ = c.SetReadDeadline(time.Now().Add(400 * time.Millisecond))
		wg.Go(func() {
			if _, err := c.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
				silent.Add(1)
			}
		})
	}
	wg.Wait()
	if n := silent.Load(); n > 8 {
		t.Errorf("%d strangers are waited for", n)
	}
	eventually(t, "silent strangers stay", func() bool { return s.connections() == 0 })
	garbage := dial()
	_, _ = garbage.Write(make([]byte, 1000))
	if n, err := garbage.Read(make([]byte, 1)); err == nil {
		t.Errorf("garbage was answered with %d bytes", n)
	}
	slow := dial()
	start := time.Now()
	for _, b := range hello(nonce{}) {
		if _, err := slow.Write([]byte{b}); err != nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	eventually(t, "a slow stranger stays", func() bool { return s.connections() == 0 })
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("a slow stranger stayed %v", d)
	}
	only(s.edge("q"), numbers(1))
	reader := s.open(Request{Query: "q", Edge: 3})
	defer reader.Close()
	b, err := reader.Next(t.Context())
	if err != nil {
		t.Fatalf("after all that: %v", err)
	}
	b.Release()
}

// proved is a connection that has shaken hands, and is then used badly.
func (s *stage) proved(t *testing.T) *link {
	t.Helper()
	l, _, err := s.client.connect(t.Context(), s.server.Addr(), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.conn.Close() })
	return l
}

func TestMessagesThatMakeNoSenseEndTheConnection(t *testing.T) {
	s := newStage(t, quick())
	s.edge("q")
	request := open{Request: Request{Query: "q", Edge: 3}, window: 100}
	oversized := make([]byte, headerBytes)
	put(oversized, msgOpen, 1<<20, nil)
	for _, c := range []struct {
		name string
		send func(l *link)
	}{
		{"two requests at once", func(l *link) { _ = l.send(msgOpen, request.encode()); _ = l.send(msgOpen, request.encode()) }},
		{"a server's message", func(l *link) { _ = l.send(msgEnd, nil) }},
		{"negative credit", func(l *link) { _ = l.send(msgCredit, number(nil, -1)) }},
		{"half a request", func(l *link) { _ = l.send(msgOpen, request.encode()[:20]) }},
		{"an unknown kind", func(l *link) { _ = l.send(77, nil) }},
		{"a million bytes", func(l *link) { _, _ = l.conn.Write(oversized) }},
		{"a wrong checksum", func(l *link) { oversized[4] = 0; _, _ = l.conn.Write(append(oversized, 1)) }},
		{"nothing at all", func(*link) {}},
	} {
		l := s.proved(t)
		c.send(l)
		eventually(t, c.name+": the connection stays", func() bool { return s.connections() == 0 })
	}
}

func TestAPeerThatNeverShakesHands(t *testing.T) {
	l := quick()
	l.Handshake = 50 * time.Millisecond
	s := newStage(t, l)
	var ends []net.Conn
	s.client.dial = func(context.Context, string) (net.Conn, error) {
		a, b := net.Pipe()
		ends = append(ends, b)
		return a, nil
	}
	reader := s.open(Request{Query: "q", Edge: 3})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := reader.Next(ctx); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("%v", err)
	}
	reader.Close()
	for _, c := range ends {
		if n, err := c.Read(make([]byte, helloBytes)); n == helloBytes || err == nil {
			t.Errorf("a connection was not closed: %d bytes, %v", n, err)
		}
		c.Close()
	}
}

func TestACutResultIsNotTriedAgain(t *testing.T) {
	s := newStage(t, quick())
	q := s.hub.Open("q", nil)
	for i := range 10 {
		_ = q.Attempt(0).Push(t.Context(), exchange.PieceID{}, numbers(rising(100*i, 100)...))
	}
	s.through(func(n int, c net.Conn) net.Conn {
		return &faulty{Conn: countDials(t, 1)(n, c), cutRead: 3000, cutSent: -1, flip: -1}
	})
	reader := s.open(Request{Query: "q", Edge: ResultEdge})
	defer reader.Close()
	got, err := drain(t.Context(), reader)
	if len(got) >= 1000 || sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("%d rows, %v", len(got), err)
	}
	eventually(t, "who fills the result is not told", func() bool { return q.Attempt(0).Push(context.Background(), exchange.PieceID{}, numbers(1)) != nil })
}

// TestAPeerThatStopsAnswering has a server that shakes hands and is silent then.
func TestAPeerThatStopsAnswering(t *testing.T) {
	l := quick()
	l.Idle = 100 * time.Millisecond
	s := newStage(t, l)
	mute, err := newServer(exchange.NewHub(), s.config)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	s.client.dial = func(context.Context, string) (net.Conn, error) {
		a, b := net.Pipe()
		wg.Go(func() {
			_ = mute.prover.admit(b, time.Now().Add(time.Second), mute.instance)
			var buf [1 << 10]byte
			for {
				if _, err := b.Read(buf[:]); err != nil {
					return
				}
			}
		})
		return a, nil
	}
	reader := s.open(Request{Query: "q", Edge: 3})
	start := time.Now()
	if _, err := reader.Next(t.Context()); sqlerr.CodeOf(err) != sqlerr.WorkerLost {
		t.Errorf("%v", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
	reader.Close()
	wg.Wait()
}

func TestListeningWithoutAKeyIsForOneMachine(t *testing.T) {
	for address, ok := range map[string]bool{"127.0.0.1:0": true, "[::1]:0": true, "0.0.0.0:0": false, ":0": false, "nonsense": false} {
		c := Config{}
		if err := c.mayListen(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	c := Config{Security: Security{Key: []byte("k")}}
	if err := c.mayListen(":0"); err != nil {
		t.Error(err)
	}
	if _, err := Listen("0.0.0.0:0", exchange.NewHub(), Config{}); sqlerr.CodeOf(err) != sqlerr.InvalidAuthorization {
		t.Error(err)
	}
}
