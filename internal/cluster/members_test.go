package cluster

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/memberlist"
	"go.uber.org/goleak"
)

// leaks fails the test when goroutines are left at its end. The gossip library does
// not wait for its own, so they get a little time.
func leaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		var err error
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if err = goleak.Find(before); err == nil {
				return
			}
		}
		t.Error(err)
	})
}

// short makes gossip quick for tests.
func short(c *memberlist.Config) {
	c.ProbeInterval, c.ProbeTimeout = 50*time.Millisecond, 25*time.Millisecond
	c.GossipInterval, c.PushPullInterval = 10*time.Millisecond, 200*time.Millisecond
	c.SuspicionMult, c.TCPTimeout = 2, time.Second
	c.SuspicionMaxTimeoutMult = 2
	c.GossipToTheDeadTime = time.Second
}

func testKey(t *testing.T, letter string) Key {
	t.Helper()
	k, err := NewKey([]byte(strings.Repeat(letter, 40)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var lastIncarnation atomic.Uint64

type option func(*Member, *Gossip)

// node is a process that gossips, closed with the test.
func node(t *testing.T, name string, options ...option) *Members {
	t.Helper()
	self := Member{Name: name, Incarnation: lastIncarnation.Add(1), Info: Info{Roles: []string{"worker"}, Actor: name + ":1", Version: "1.2.3"}}
	c := Gossip{Bind: "127.0.0.1:0", Key: testKey(t, "k"), JoinTimeout: 10 * time.Second, Rejoin: 100 * time.Millisecond, tune: short}
	for _, o := range options {
		o(&self, &c)
	}
	m, err := Open(self, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func join(t *testing.T, m *Members, to ...*Members) {
	t.Helper()
	var addresses []string
	for _, o := range to {
		addresses = append(addresses, o.Address())
	}
	if err := m.Join(t.Context(), addresses); err != nil {
		t.Fatal(err)
	}
}

// sees waits until m's members have just these names.
func sees(t *testing.T, m *Members, names ...string) {
	t.Helper()
	slices.Sort(names)
	var got []string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		got = nil
		for _, o := range m.Members() {
			got = append(got, o.Name)
		}
		if slices.Equal(got, names) {
			return
		}
	}
	t.Fatalf("%s sees %v, not %v", m.self.Name, got, names)
}

// next is the next event of a watch, as text.
func next(t *testing.T, w *Watch) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	e, err := w.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s", e.Kind, e.Member.Name)
}

func expect(t *testing.T, w *Watch, events ...string) {
	t.Helper()
	for _, want := range events {
		if got := next(t, w); got != want {
			t.Fatalf("%q happened, not %q", got, want)
		}
	}
}

func TestMembersJoinUpdateAndLeave(t *testing.T) {
	leaks(t)
	a, b, c := node(t, "a"), node(t, "b"), node(t, "c")
	w := a.Watch()
	expect(t, w, "joined a")
	join(t, b, a)
	expect(t, w, "joined b")
	join(t, c, b)
	expect(t, w, "joined c")
	for _, m := range []*Members{a, b, c} {
		sees(t, m, "a", "b", "c")
	}
	if err := c.Update(func(i *Info) { i.State = Draining }); err != nil {
		t.Fatal(err)
	}
	expect(t, w, "updated c")
	if got := a.Members()[2]; got.State != Draining || got.Gossip != c.Address() || got.Roles[0] != "worker" {
		t.Errorf("c is seen as %+v", got)
	}
	if err := c.Leave(time.Second); err != nil {
		t.Fatal(err)
	}
	c.Close()
	expect(t, w, "left c")
	sees(t, b, "a", "b")
	if err := c.Leave(time.Second); err != ErrClosed {
		t.Errorf("leaving once more: %v", err)
	}
	a.Close()
	if _, err := w.Next(t.Context()); err != ErrClosed {
		t.Errorf("a watch of a closed membership: %v", err)
	}
	w.Close()
}

func TestAMemberThatDiesLeavesOnce(t *testing.T) {
	leaks(t)
	a, b, c := node(t, "a"), node(t, "b"), node(t, "c")
	join(t, b, a)
	join(t, c, a)
	sees(t, b, "a", "b", "c")
	w := a.Watch()
	defer w.Close()
	expect(t, w, "joined a", "joined b", "joined c")
	c.Close()
	expect(t, w, "left c")
	a.Failed("c:1", c.self.Incarnation) // a call finds out late
	sees(t, b, "a", "b")
	// A failed call finds out first; gossip's word, later, is no second event.
	a.Failed("b:1", b.self.Incarnation)
	expect(t, w, "left b")
	b.Close()
	d := node(t, "d")
	join(t, d, a)
	expect(t, w, "joined d")
}

func TestAMemberThatACallCouldNotReachReturns(t *testing.T) {
	leaks(t)
	a := node(t, "a", func(_ *Member, c *Gossip) { c.Readmit = 100 * time.Millisecond })
	b := node(t, "b")
	join(t, b, a)
	sees(t, a, "a", "b")
	w := a.Watch()
	defer w.Close()
	expect(t, w, "joined a", "joined b")
	a.Failed("b:1", b.self.Incarnation)
	expect(t, w, "left b", "joined b")
}

func TestARestartTakesThePlaceOfWhatWasThere(t *testing.T) {
	leaks(t)
	a, b := node(t, "a"), node(t, "b")
	join(t, b, a)
	sees(t, a, "a", "b")
	w := a.Watch()
	defer w.Close()
	expect(t, w, "joined a", "joined b")
	at := b.Address()
	b.Close()
	again := node(t, "b", func(_ *Member, c *Gossip) { c.Bind = at })
	join(t, again, a)
	expect(t, w, "left b", "joined b")
	if got := a.Members()[1].Incarnation; got != again.self.Incarnation {
		t.Errorf("incarnation %d is seen, not %d", got, again.self.Incarnation)
	}
	// Elsewhere it waits until gossip has found out.
	again.Close()
	elsewhere := node(t, "b")
	join(t, elsewhere, a)
	expect(t, w, "left b", "joined b")
}

func TestANameThatLivesIsNotTaken(t *testing.T) {
	leaks(t)
	a, b := node(t, "a"), node(t, "b")
	join(t, b, a)
	sees(t, a, "a", "b")
	for _, name := range []string{"a", "b"} {
		other := node(t, name, func(_ *Member, c *Gossip) { c.JoinTimeout = 200 * time.Millisecond })
		err := other.Join(t.Context(), []string{a.Address()})
		if err == nil || !strings.Contains(err.Error(), "the name "+name+" is taken") {
			t.Errorf("a second %s: %v", name, err)
		}
	}
	sees(t, a, "a", "b")
	if a.Members()[0].Incarnation != a.self.Incarnation || a.Members()[1].Incarnation != b.self.Incarnation {
		t.Error("a newcomer has displaced a member")
	}
}

func TestWhoDoesNotBelongIsNotLetIn(t *testing.T) {
	leaks(t)
	a := node(t, "a")
	soon := func(_ *Member, c *Gossip) { c.JoinTimeout = 200 * time.Millisecond }
	for _, c := range []struct {
		name string
		as   option
		says string
	}{
		{"another key", func(_ *Member, c *Gossip) { c.Key = testKey(t, "x") }, "same cluster key"},
		{"no key", func(_ *Member, c *Gossip) { c.Key = Key{} }, "same cluster key"},
		{"another version", func(m *Member, _ *Gossip) { m.Version = "2.0.0" }, "does not go with"},
	} {
		b := node(t, "b", c.as, soon)
		if err := b.Join(t.Context(), []string{a.Address()}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
		b.Close()
	}
	minor := node(t, "minor", func(m *Member, _ *Gossip) { m.Version = "1.9.0" })
	join(t, minor, a)
	sees(t, a, "a", "minor")
}

func TestNobodyThere(t *testing.T) {
	leaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	l.Close()
	a := node(t, "a", func(_ *Member, c *Gossip) { c.JoinTimeout = 150 * time.Millisecond })
	if err := a.Join(t.Context(), []string{free}); err == nil || !strings.Contains(err.Error(), "none of "+free) || strings.Contains(err.Error(), "\n") {
		t.Errorf("joining nobody: %v", err)
	}
	if err := a.Join(t.Context(), []string{a.Address()}); err != nil {
		t.Errorf("the first of a cluster: %v", err)
	}
	// Somebody comes while the join is being tried.
	b := node(t, "b")
	joined := make(chan error)
	go func() { joined <- b.Join(t.Context(), []string{free}) }()
	time.Sleep(100 * time.Millisecond)
	late := node(t, "late", func(_ *Member, c *Gossip) { c.Bind = free })
	if err := <-joined; err != nil {
		t.Error(err)
	}
	sees(t, late, "b", "late")
}

func TestMetadataHasToFit(t *testing.T) {
	leaks(t)
	long := Member{Name: "a", Incarnation: 1, Info: Info{Flight: strings.Repeat("x", 600)}}
	if _, err := Open(long, Gossip{Bind: "127.0.0.1:0"}); err == nil || !strings.Contains(err.Error(), "512") {
		t.Errorf("metadata that is too long: %v", err)
	}
	a := node(t, "a")
	if err := a.Update(func(i *Info) { i.Flight = long.Flight }); err == nil {
		t.Error("an update that is too long was taken")
	}
	if a.Members()[0].Flight != "" {
		t.Error("an update that was refused is seen")
	}
	// What a real member says is far from it.
	full := Member{Name: "worker-very-long-name-17.compute.example.internal", Incarnation: 1 << 63, Info: Info{Roles: []string{"coordinator", "worker", "maintenance"},
		Flight: "worker-17.compute.example.internal:31337", Actor: "worker-17.compute.example.internal:31338",
		Exchange: "worker-17.compute.example.internal:31339", Threads: 128, Version: "10.20.30-rc.1+20261128", Process: "0123456789abcdef0123456789abcdef", State: Draining}}
	b, err := encodeMeta(full)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", len(b))
	if back, err := decodeMeta(b); err != nil || !back.equal(full) {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestOpenRefusesWhatIsNotSafe(t *testing.T) {
	for bind, says := range map[string]string{"0.0.0.0:0": "loopback", "nonsense": "gossip address", "127.0.0.1:x": "port"} {
		if _, err := Open(Member{Name: "a", Incarnation: 1}, Gossip{Bind: bind}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", bind, err)
		}
	}
	if _, err := NewKey([]byte(" too short \n")); err == nil {
		t.Error("a key of nine bytes was taken")
	}
}

func TestTwentyJoinAtOnce(t *testing.T) {
	leaks(t)
	// More than this machine does in time with the shortest timings.
	calm := func(_ *Member, c *Gossip) {
		c.tune = func(c *memberlist.Config) {
			short(c)
			c.ProbeInterval, c.ProbeTimeout, c.TCPTimeout = 500*time.Millisecond, 400*time.Millisecond, 5*time.Second
		}
	}
	var all []*Members
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("n%02d", i))
		all = append(all, node(t, names[i], calm))
	}
	var wg sync.WaitGroup
	for _, m := range all[1:] {
		wg.Go(func() {
			if err := m.Join(t.Context(), []string{all[0].Address()}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, m := range all {
		sees(t, m, names...)
	}
}

// partition is a network that can be cut: nothing goes from or to one address.
type partition struct {
	alone atomic.Value // string
	off   atomic.Bool
}

// cut is one end of a partition.
type cut struct {
	memberlist.NodeAwareTransport
	*partition
	own string
}

func (c cut) blocked(addr string) bool {
	alone, _ := c.alone.Load().(string)
	return c.off.Load() && (c.own == alone || addr == alone)
}

func (c cut) WriteTo(b []byte, addr string) (time.Time, error) {
	return c.WriteToAddress(b, memberlist.Address{Addr: addr})
}

func (c cut) WriteToAddress(b []byte, a memberlist.Address) (time.Time, error) {
	if c.blocked(a.Addr) {
		return time.Now(), nil
	}
	return c.NodeAwareTransport.WriteToAddress(b, a)
}

func (c cut) DialTimeout(addr string, d time.Duration) (net.Conn, error) {
	return c.DialAddressTimeout(memberlist.Address{Addr: addr}, d)
}

func (c cut) DialAddressTimeout(a memberlist.Address, d time.Duration) (net.Conn, error) {
	if c.blocked(a.Addr) {
		return nil, fmt.Errorf("no route to %s", a.Addr)
	}
	return c.NodeAwareTransport.DialAddressTimeout(a, d)
}

func TestAPartitionHeals(t *testing.T) {
	leaks(t)
	p := &partition{}
	cuttable := func(_ *Member, c *Gossip) {
		c.tune = func(c *memberlist.Config) {
			short(c)
			c.SuspicionMult = 8
			nt, err := memberlist.NewNetTransport(&memberlist.NetTransportConfig{BindAddrs: []string{"127.0.0.1"}, Logger: c.Logger})
			if err != nil {
				t.Fatal(err)
			}
			c.AdvertisePort = nt.GetAutoBindPort()
			c.Transport = cut{nt, p, fmt.Sprintf("127.0.0.1:%d", c.AdvertisePort)}
		}
	}
	a, b, c := node(t, "a", cuttable), node(t, "b", cuttable), node(t, "c", cuttable)
	join(t, b, a)
	join(t, c, a)
	sees(t, b, "a", "b", "c")
	w := a.Watch()
	defer w.Close()
	expect(t, w, "joined a", "joined b", "joined c")
	p.alone.Store(c.Address())
	p.off.Store(true)
	expect(t, w, "left c")
	sees(t, b, "a", "b")
	sees(t, c, "c")
	p.off.Store(false)
	// The two sides have thought each other dead and may say so before they learn better.
	for next(t, w) != "joined c" {
	}
	for _, m := range []*Members{a, b, c} {
		sees(t, m, "a", "b", "c")
	}
}

func TestARefusalIsLoggedOnce(t *testing.T) {
	var lines strings.Builder
	d := delegate{&Members{version: "1.0", refused: map[string]bool{}, config: Gossip{Log: slog.New(slog.NewTextHandler(&lines, nil))}}}
	meta, err := encodeMeta(Member{Name: "b", Incarnation: 7, Info: Info{Version: "2.0"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := d.NotifyAlive(&memberlist.Node{Name: "b#7", Meta: meta}); err == nil {
			t.Error("another version is taken")
		}
	}
	if n := strings.Count(lines.String(), "a node is refused"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, lines.String())
	}
	if err := d.NotifyAlive(&memberlist.Node{Name: "c", Meta: []byte("something else")}); err == nil {
		t.Error("a stranger is taken")
	}
}
