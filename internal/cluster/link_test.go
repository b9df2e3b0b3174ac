package cluster

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
)

// texts is a codec of strings; it cannot read what begins with "garbage".
type texts struct{}

func (texts) Encode(m any) ([]byte, error) {
	s, ok := m.(string)
	if !ok {
		return nil, fmt.Errorf("%T is no text", m)
	}
	return []byte(s), nil
}

func (texts) Decode(b []byte) (any, error) {
	if strings.HasPrefix(string(b), "garbage") {
		return nil, errors.New("garbage")
	}
	return string(b), nil
}

// process is a system that others reach.
type process struct {
	*System
	failed chan string
	got    chan any
	self   Address // of the actor whose messages go to got
}

// address is that of an actor of p as others know it.
func (p *process) address(name string) Address { return NewAddress(p.Host(), name, p.Incarnation()) }

func receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case m := <-from:
		return m
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came within thirty seconds")
		panic("unreachable")
	}
}

// network is one in memory that loses, repeats and delays frames.
type network struct {
	mu    sync.Mutex
	to    map[string]chan []byte // by host
	lossy bool
	rand  *rand.Rand
}

func (n *network) transmit(host string, frame []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	times := 1
	if n.lossy {
		times = [...]int{1, 1, 1, 0, 2}[n.rand.IntN(5)]
	}
	for range times {
		select {
		case n.to[host] <- frame:
		default: // lost
		}
	}
}

// attach makes a system with a link on the network.
func (n *network) attach(t *testing.T, host string, deadline time.Duration) *process {
	t.Helper()
	p := &process{System: NewSystem(slog.New(slog.DiscardHandler)), failed: make(chan string, 100), got: make(chan any, 100_000)}
	c := Remoting{Codec: texts{}, Deadline: deadline, Failed: func(host string, _ uint64) { p.failed <- host }}
	c.defaults()
	l := newLink(p.System, c)
	l.host, l.transmit, l.probe = host, n.transmit, func(string) error { return nil }
	frames := make(chan []byte, 1000)
	n.mu.Lock()
	n.to[host] = frames
	n.mu.Unlock()
	l.wg.Go(l.clock)
	l.wg.Go(func() {
		for {
			select {
			case b := <-frames:
				l.receive(b)
			case <-l.done:
				return
			}
		}
	})
	p.remote.Store(&remoting{link: l})
	t.Cleanup(func() { l.close(); p.remote.Store(nil); p.Shutdown() })
	var err error
	if p.self, err = p.Spawn("echo", &recorder{p.got}); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestALossyNetworkLosesNoMessage(t *testing.T) {
	n := &network{to: map[string]chan []byte{}, lossy: true, rand: rand.New(rand.NewPCG(1, 2))}
	a, b := n.attach(t, "a:1", time.Minute), n.attach(t, "b:1", time.Minute)
	ends := []struct {
		p  *process
		to Address
	}{{a, NewAddress("b:1", "echo", b.incarnation)}, {b, NewAddress("a:1", "echo", a.incarnation)}}
	var wg sync.WaitGroup
	for _, e := range ends {
		wg.Go(func() {
			for i := range 1500 {
				e.p.Send(e.to, fmt.Sprint(i))
				if i%7 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	for _, e := range ends {
		for i := range 1500 {
			if got := receive(t, e.p.got); got != fmt.Sprint(i) {
				t.Fatalf("message %d is %v", i, got)
			}
		}
	}
	wg.Wait()
	if len(a.failed)+len(b.failed) > 0 {
		t.Error("a peer that answers has failed")
	}
}

func TestRefusalsSurviveALossyNetwork(t *testing.T) {
	n := &network{to: map[string]chan []byte{}, lossy: true, rand: rand.New(rand.NewPCG(3, 4))}
	a, b := n.attach(t, "a:1", time.Minute), n.attach(t, "b:1", time.Minute)
	for i := range 50 {
		a.Send(NewAddress("b:1", "nobody", b.incarnation), &Envelope{From: a.self, Message: fmt.Sprint(i)})
	}
	for i := range 50 {
		if u, ok := receive(t, a.got).(*Undelivered); !ok || u.Message != fmt.Sprint(i) {
			t.Fatalf("message %d comes back as %+v", i, u)
		}
	}
}

func TestAPeerThatIsGivenUpIsASessionOfItsOwnLater(t *testing.T) {
	n := &network{to: map[string]chan []byte{}, rand: rand.New(rand.NewPCG(5, 6))}
	a := n.attach(t, "a:1", 100*time.Millisecond)
	to := NewAddress("b:1", "echo", 0)
	b := &process{System: NewSystem(slog.New(slog.DiscardHandler))}
	b.Shutdown()
	to.incarnation = b.incarnation
	a.Send(to, &Envelope{From: a.self, Message: "one"})
	a.Send(to, "two")
	if got := receive(t, a.failed); got != "b:1" {
		t.Errorf("%s failed", got)
	}
	if u, ok := receive(t, a.got).(*Undelivered); !ok || u.Message != "one" || u.To.String() != to.String() {
		t.Errorf("%+v came back", u)
	}
	// It was only cut off: it is there again, as the same incarnation.
	late := n.attach(t, "b:1", time.Second)
	late.incarnation = b.incarnation
	a.Send(to, "three")
	if got := receive(t, late.got); got != "three" {
		t.Errorf("%v came", got)
	}
}

func TestTooManyMessagesForAPeerGiveItUp(t *testing.T) {
	n := &network{to: map[string]chan []byte{}, rand: rand.New(rand.NewPCG(7, 8))}
	a := n.attach(t, "a:1", time.Minute)
	to := NewAddress("nobody:1", "echo", 7)
	for range maxQueued + 1 {
		a.Send(to, "x")
	}
	if got := receive(t, a.failed); got != "nobody:1" {
		t.Errorf("%s failed", got)
	}
}
