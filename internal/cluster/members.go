package cluster

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// ErrClosed is what is left of a membership, a watch or a system that has been closed.
var ErrClosed = errors.New("closed")

// Gossip says how a process takes part in gossip.
type Gossip struct {
	Bind        string        // host:port to listen on; port 0 takes a free one
	Advertise   string        // host:port for the others; empty: Bind
	Key         Key           // encrypts gossip; without one only loopback is listened on
	JoinTimeout time.Duration // how long Join tries; 0: 30 s
	Readmit     time.Duration // how long a member that a call could not reach stays away; 0: 30 s
	Rejoin      time.Duration // how often somebody who was lost is asked whether he is there again; 0: 10 s
	Log         *slog.Logger

	tune func(*memberlist.Config) // for tests: short timings, another transport
}

// Members is who is in the cluster, as far as this process knows.
type Members struct {
	config  Gossip
	version string // of this process
	list    *memberlist.Memberlist
	stop    chan struct{}
	stopped sync.WaitGroup
	once    sync.Once

	mu      sync.Mutex // never held while the gossip library is called
	self    Member
	roster  *roster
	watches []*Watch
	refused map[string]bool // nodes whose refusal has been logged
	// seeds are the addresses that were joined by, and lost those of members that
	// died, the last ones at the end. Gossip forgets its dead: after a partition
	// nobody would speak to the other side.
	seeds, lost []string
	left        bool
	closed      bool
}

// How many refused nodes and addresses of lost members are remembered, and how long
// a connection of gossip may take, which Close may have to wait for.
const (
	maxRefused    = 256
	maxLost       = 64
	gossipTimeout = 3 * time.Second
)

// Open begins to gossip, as the only member that is known.
func Open(self Member, c Gossip) (*Members, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.JoinTimeout == 0 {
		c.JoinTimeout = 30 * time.Second
	}
	if c.Readmit == 0 {
		c.Readmit = 30 * time.Second
	}
	if c.Rejoin == 0 {
		c.Rejoin = 10 * time.Second
	}
	if _, err := encodeMeta(self); err != nil {
		return nil, err
	}
	m := &Members{config: c, version: self.Version, self: self.clone(), roster: newRoster(c.Readmit), refused: map[string]bool{}, stop: make(chan struct{})}
	conf, err := m.gossipConfig()
	if err != nil {
		return nil, err
	}
	if m.list, err = memberlist.Create(conf); err != nil {
		return nil, fmt.Errorf("gossip on %s: %w", c.Bind, err)
	}
	m.stopped.Go(m.readmit) // these end with Close, which waits
	m.stopped.Go(m.rejoin)
	return m, nil
}

func (m *Members) gossipConfig() (*memberlist.Config, error) {
	conf := memberlist.DefaultLANConfig()
	conf.Name = m.self.node()
	conf.Label = "skein"
	conf.TCPTimeout = gossipTimeout
	var err error
	if conf.BindAddr, conf.BindPort, err = hostPort(m.config.Bind); err != nil {
		return nil, fmt.Errorf("gossip address: %w", err)
	}
	conf.AdvertisePort = conf.BindPort
	if m.config.Advertise != "" {
		if conf.AdvertiseAddr, conf.AdvertisePort, err = hostPort(m.config.Advertise); err != nil {
			return nil, fmt.Errorf("advertised gossip address: %w", err)
		}
	}
	if m.config.Key.IsZero() {
		if !loopback(conf.BindAddr) {
			return nil, fmt.Errorf("gossip on %s: without a cluster key only loopback is listened on", m.config.Bind)
		}
	} else if conf.SecretKey, err = m.config.Key.derive("gossip"); err != nil {
		return nil, err
	}
	d := delegate{m}
	conf.Delegate, conf.Events, conf.Alive, conf.Merge = d, d, d, d
	conf.Logger = log.New(gossipLog{m.config.Log}, "", 0)
	if m.config.tune != nil {
		m.config.tune(conf)
	}
	return conf, nil
}

// hostPort splits an address; the port must be a number.
func hostPort(address string) (string, int, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%s: the port is no number from 0 to 65535", address)
	}
	return host, int(n), nil
}

// loopback reports whether a host is this machine as seen by itself only.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Address is host:port of this process's gossip.
func (m *Members) Address() string { return m.list.LocalNode().FullAddress().Addr }

// Join makes this process known to a cluster by way of any of the addresses
// (host:port). It tries, ever more slowly, until one answers, ctx ends or the time for
// it is over. This process's own address is passed over; when no other is given there
// is nobody to ask, and that is no error.
func (m *Members) Join(ctx context.Context, addresses []string) error {
	own := m.Address()
	addresses = slices.DeleteFunc(slices.Clone(addresses), func(a string) bool { return a == own })
	if len(addresses) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.config.JoinTimeout)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		_, err := m.list.Join(addresses)
		if err == nil {
			m.mu.Lock()
			m.seeds = addresses
			m.mu.Unlock()
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("join the cluster: none of %s lets %s in within %s: %s",
				strings.Join(addresses, ", "), m.self.Name, m.config.JoinTimeout, joinReason(err))
		case <-m.stop:
			return fmt.Errorf("join the cluster: %w", ErrClosed)
		}
	}
}

// joinReason is the gossip library's error on one line. A peer with another key says
// nothing: it hangs up.
func joinReason(err error) string {
	var reasons []string
	for _, line := range strings.Split(err.Error(), "\n") {
		if line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "*")); strings.HasPrefix(line, "failed to ") {
			reasons = append(reasons, strings.TrimPrefix(line, "failed to "))
		}
	}
	text := strings.Join(reasons, "; ")
	if strings.Contains(text, "EOF") || strings.Contains(text, "reset by peer") || strings.Contains(text, "crypt") {
		text += " (has it the same cluster key?)"
	}
	return text
}

// Members are all members, this process among them, by name.
func (m *Members) Members() []Member {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.roster.members()
}

// Alive are the incarnations of the processes that gossip has alive: the members, and
// those that a call could not reach.
func (m *Members) Alive() map[uint64]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.roster.known()
}

// Watch is the stream of what happens to members from now on. It is to be closed.
func (m *Members) Watch() *Watch {
	w := newWatch(m)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, member := range m.roster.members() {
		w.put(Event{Kind: Joined, Member: member})
	}
	if m.closed {
		w.end()
		return w
	}
	m.watches = append(m.watches, w)
	return w
}

func (m *Members) forget(w *Watch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.watches = slices.DeleteFunc(m.watches, func(o *Watch) bool { return o == w })
}

// Update changes what this process says of itself and tells the others; it waits, a
// little, until somebody has heard it.
func (m *Members) Update(change func(*Info)) error {
	m.mu.Lock()
	self := m.self.clone()
	change(&self.Info)
	if _, err := encodeMeta(self); err != nil {
		m.mu.Unlock()
		return err
	}
	closed := m.closed
	m.self = self
	m.mu.Unlock()
	if closed {
		return ErrClosed
	}
	return m.list.UpdateNode(time.Second)
}

// Failed takes the report that a process could not be reached: it is lost, as if
// gossip had said so.
func (m *Members) Failed(host string, incarnation uint64) {
	m.apply(func(r *roster) []Event { return r.failed(host, incarnation, time.Now()) })
}

// apply changes the roster and reports what has happened.
func (m *Members) apply(change func(*roster) []Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range change(m.roster) {
		m.config.Log.Info("member "+e.Kind.String(), "member", e.Member.Name, "incarnation", e.Member.Incarnation, "actor", e.Member.Actor)
		for _, w := range m.watches {
			w.put(e)
		}
	}
}

func (m *Members) readmit() {
	tick := time.NewTicker(max(m.config.Readmit/8, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-m.stop:
			return
		case now := <-tick.C:
			m.apply(func(r *roster) []Event { return r.tick(now) })
		}
	}
}

// rejoin asks, one after the other, those who are not members but were, or were
// joined by.
func (m *Members) rejoin() {
	tick := time.NewTicker(m.config.Rejoin)
	defer tick.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-m.stop:
			return
		case <-tick.C:
			if missing := m.missing(); len(missing) > 0 {
				// An error says that he is still not there, as gossip does.
				_, _ = m.list.Join(missing[turn%len(missing):][:1])
			}
		}
	}
}

// missing are the addresses of those who might be members again.
func (m *Members) missing() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left {
		return nil
	}
	there := map[string]bool{}
	for _, e := range m.roster.nodes {
		there[e.Gossip] = true
	}
	m.lost = slices.DeleteFunc(m.lost, func(a string) bool { return there[a] })
	return slices.DeleteFunc(slices.Concat(m.seeds, m.lost), func(a string) bool { return there[a] })
}

// remember keeps the address of a member that died.
func (m *Members) remember(address string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost = append(slices.DeleteFunc(m.lost, func(a string) bool { return a == address }), address)
	m.lost = m.lost[max(0, len(m.lost)-maxLost):]
}

// Leave tells the others that this process goes; it waits for at most timeout until
// somebody has heard it. Close is to follow.
func (m *Members) Leave(timeout time.Duration) error {
	m.mu.Lock()
	closed := m.closed
	m.left = true
	m.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if err := m.list.Leave(timeout); err != nil {
		return fmt.Errorf("leave the cluster: %w", err)
	}
	return nil
}

// Close ends gossip, without a word to the others, and all watches; idempotent. The
// library's last goroutines end a little later.
func (m *Members) Close() {
	m.once.Do(func() {
		close(m.stop)
		m.stopped.Wait()
		m.mu.Lock()
		m.closed = true
		watches := m.watches
		m.watches = nil
		m.mu.Unlock()
		if err := m.list.Shutdown(); err != nil {
			m.config.Log.Warn("gossip ends badly", "error", err)
		}
		for _, w := range watches {
			w.end()
		}
	})
}
