//go:build !race

// The runtime's remoting sets gRPC's log without a lock each time it starts: two
// systems in one process are a race. What is ours is tested for races in link_test.go.

package cluster

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func listening(t testing.TB, change func(*Remoting)) *process {
	t.Helper()
	p := &process{System: NewSystem(slog.New(slog.DiscardHandler)), failed: make(chan string, 100), got: make(chan any, 100_000)}
	c := Remoting{Bind: "127.0.0.1:0", Codec: texts{}, Deadline: 20 * time.Second,
		Failed: func(host string, incarnation uint64) { p.failed <- fmt.Sprintf("%s#%x", host, incarnation) }}
	if change != nil {
		change(&c)
	}
	if err := p.Listen(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Shutdown)
	var err error
	if p.self, err = p.Spawn("echo", &recorder{p.got}); err != nil {
		t.Fatal(err)
	}
	return p
}

func undelivered(t *testing.T, p *process, message any, says string) {
	t.Helper()
	u, ok := receive(t, p.got).(*Undelivered)
	if !ok || u.Message != message || !strings.Contains(u.Err.Error(), says) {
		t.Errorf("came back: %+v", u)
	}
}

func TestMessagesCrossInOrderAndAnswersComeBack(t *testing.T) {
	leaks(t)
	key := func(c *Remoting) { c.Key = testKey(t, "k") }
	a, b := listening(t, key), listening(t, key)
	to := b.address("echo")
	for i := range 5000 {
		a.Send(to, fmt.Sprint(i))
	}
	for i := range 5000 {
		if got := receive(t, b.got); got != fmt.Sprint(i) {
			t.Fatalf("message %d is %v", i, got)
		}
	}
	a.Send(to, &Envelope{From: a.self, Message: "question"})
	e := receive(t, b.got).(*Envelope)
	if e.Message != "question" || e.From.String() != a.address("echo").String() {
		t.Fatalf("arrived: %v from %s", e.Message, e.From)
	}
	b.Send(e.From, "answer")
	if got := receive(t, a.got); got != "answer" {
		t.Errorf("%v came back", got)
	}
	// An address of our own, as others know it, is local.
	a.Send(a.address("echo"), &Envelope{Message: 7})
	if got := receive(t, a.got).(*Envelope); got.Message != 7 {
		t.Errorf("%v came", got)
	}
	large := strings.Repeat("x", 9<<20)
	a.Send(to, large)
	if got := receive(t, b.got); got != large {
		t.Error("a message of nine MiB came as another")
	}
}

func TestWhatCannotBeDeliveredComesBack(t *testing.T) {
	leaks(t)
	a, b := listening(t, func(c *Remoting) { c.MaxBytes = 1000 }), listening(t, nil)
	ask := func(to Address, m any) { a.Send(to, &Envelope{From: a.self, Message: m}) }
	ask(b.address("nobody"), "hello")
	undelivered(t, a, "hello", "no actor nobody")
	ask(b.address("echo"), "garbage")
	undelivered(t, a, "garbage", "garbage")
	ask(b.address("echo"), 7)
	undelivered(t, a, 7, "int is no text")
	long := strings.Repeat("x", 1001)
	ask(b.address("echo"), long)
	undelivered(t, a, long, "at most 1000")
	ask(b.address(linkName), "to the link itself")
	undelivered(t, a, "to the link itself", "no actor")
	b.Stop(b.self)
	ask(b.address("echo"), "late")
	undelivered(t, a, "late", "no actor echo")
	if len(a.failed) > 0 {
		t.Error("a process that answers is taken for a failed one")
	}
}

func TestAProcessThatDoesNotAnswerFails(t *testing.T) {
	leaks(t)
	a := listening(t, func(c *Remoting) { c.Deadline = 300 * time.Millisecond })
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, l := range []net.Listener{closed, silent} {
		to := NewAddress(l.Addr().String(), "echo", 7)
		a.Send(to, &Envelope{From: a.self, Message: "hello"})
		start := time.Now()
		if got := receive(t, a.failed); got != to.Host()+"#7" {
			t.Errorf("%s failed", got)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("it took %s to see", took)
		}
		undelivered(t, a, "hello", "does not answer")
	}
}

func TestAProcessInThePlaceOfAnotherIsNotTakenForIt(t *testing.T) {
	leaks(t)
	a, b := listening(t, nil), listening(t, nil)
	old := b.address("echo")
	a.Send(old, "one")
	receive(t, b.got)
	b.Shutdown()
	again := listening(t, func(c *Remoting) { c.Bind = old.Host() })
	a.Send(old, &Envelope{From: a.self, Message: "two"})
	if got := receive(t, a.failed); got != fmt.Sprintf("%s#%x", old.Host(), old.Incarnation()) {
		t.Errorf("%s failed", got)
	}
	undelivered(t, a, "two", "another has come")
	a.Send(again.address("echo"), "three")
	if got := receive(t, again.got); got != "three" {
		t.Errorf("%v came", got)
	}
}

// proxy passes connections on to an address until they are cut.
type proxy struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func newProxy(t *testing.T, to func() string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to())
			if err != nil {
				in.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, in, out)
			p.mu.Unlock()
			wg.Go(func() { _, _ = io.Copy(in, out); in.Close() })
			wg.Go(func() { _, _ = io.Copy(out, in); out.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); p.cut(); wg.Wait() })
	return p
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func TestBrokenConnectionsLoseAndRepeatNothing(t *testing.T) {
	leaks(t)
	var b *process
	front := newProxy(t, func() string { return b.link().config.Bind })
	bound, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bound.Close()
	b = listening(t, func(c *Remoting) { c.Bind, c.Advertise = bound.Addr().String(), front.Addr().String() })
	a := listening(t, nil)
	to := b.address("echo")
	const n = 3000
	var stop atomic.Bool
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			time.Sleep(100 * time.Millisecond)
			front.cut()
		}
	})
	wg.Go(func() {
		for i := range n {
			a.Send(to, fmt.Sprint(i))
			if i%10 == 0 {
				time.Sleep(3 * time.Millisecond)
			}
		}
	})
	for i := range n {
		if got := receive(t, b.got); got != fmt.Sprint(i) {
			t.Fatalf("message %d is %v", i, got)
		}
	}
	stop.Store(true)
	wg.Wait()
	time.Sleep(300 * time.Millisecond)
	if len(b.got) > 0 || len(a.failed) > 0 {
		t.Errorf("%d more came, %d processes failed", len(b.got), len(a.failed))
	}
}

func (p *process) link() *link { return p.remote.Load().link }

func TestOnlyTheClusterGetsIn(t *testing.T) {
	leaks(t)
	b := listening(t, func(c *Remoting) { c.Key = testKey(t, "k") })
	for name, key := range map[string]Key{"another key": testKey(t, "x"), "no key": {}} {
		a := listening(t, func(c *Remoting) { c.Key, c.Deadline = key, 500*time.Millisecond })
		a.Send(b.address("echo"), "hello")
		receive(t, a.failed)
		if len(b.got) > 0 {
			t.Errorf("%s: a message got in", name)
		}
		a.Shutdown()
	}
}

func TestListenRefusesWhatIsNotSafe(t *testing.T) {
	b := listening(t, nil)
	key := testKey(t, "k")
	weak, err := key.tls("test")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Remoting{
		"in use":   {Bind: b.Host()},
		"loopback": {Bind: "0.0.0.0:0"},
		"port":     {Bind: "127.0.0.1"},
		"lets":     {Bind: "127.0.0.1:0", TLS: weak},
	} {
		s := NewSystem(slog.New(slog.DiscardHandler))
		if err := s.Listen(c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v", c, err)
		}
		s.Send(b.address("echo"), "without remoting: to nobody")
		s.Shutdown()
	}
}

// TestTheRuntimesProtocolIsGuarded sends what would end the process if it came through.
func TestTheRuntimesProtocolIsGuarded(t *testing.T) {
	leaks(t)
	b := listening(t, nil)
	conn, err := grpc.NewClient(b.Host(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := remote.NewRemotingClient(conn)
	batch := func(target, kind string, e *remote.MessageEnvelope) *remote.RemoteMessage {
		return &remote.RemoteMessage{MessageType: &remote.RemoteMessage_MessageBatch{MessageBatch: &remote.MessageBatch{
			TypeNames: []string{kind}, Targets: []*actor.PID{{Address: b.Host(), Id: target}}, Envelopes: []*remote.MessageEnvelope{e}}}}
	}
	const frames = "google.protobuf.BytesValue"
	for name, m := range map[string]*remote.RemoteMessage{
		"another type":         batch(linkName, "nothing.Known", &remote.MessageEnvelope{}),
		"another actor":        batch("echo", frames, &remote.MessageEnvelope{}),
		"an index beyond":      batch(linkName, frames, &remote.MessageEnvelope{TypeId: 9}),
		"another serializer":   batch(linkName, frames, &remote.MessageEnvelope{SerializerId: 9}),
		"stop":                 batch("echo", "actor.Stop", &remote.MessageEnvelope{}),
		"bytes of no protobuf": batch(linkName, frames, &remote.MessageEnvelope{MessageData: []byte{0xff}}),
		"nothing":              {},
	} {
		stream, err := client.Receive(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(m); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err == nil {
			t.Errorf("%s: gets an answer", name)
		}
	}
	if _, err := client.ListProcesses(context.Background(), &remote.ListProcessesRequest{}); err == nil {
		t.Error("processes are listed")
	}
	// Garbage in a frame is only refused.
	stream, err := client.Receive(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(batch(linkName, frames, &remote.MessageEnvelope{MessageData: []byte{10, 2, 1, 9}})); err != nil {
		t.Fatal(err)
	}
	a := listening(t, nil)
	a.Send(b.address("echo"), "still there")
	if got := receive(t, b.got); got != "still there" {
		t.Errorf("%v came", got)
	}
}

func TestAnAddressIsItsText(t *testing.T) {
	a := NewAddress("10.0.0.1:7946", "worker-1", 0xabc)
	if got, err := ParseAddress(a.String()); err != nil || got.String() != "10.0.0.1:7946/worker-1#abc" || got.Incarnation() != 0xabc {
		t.Errorf("%s, %v", got, err)
	}
	for _, s := range []string{"", "#", "h/n", "h/n#", "h/n#0", "h/n#x", "/n#1", "h/#1", "n#1"} {
		if a, err := ParseAddress(s); err == nil {
			t.Errorf("%q is taken for %s", s, a)
		}
	}
}
