package node

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skein-query/skein/coordinator"
	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/coordinator/session"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/flight/exchange/tcp"
	"github.com/skein-query/skein/internal/cluster"
	"github.com/skein-query/skein/internal/wire"
)

// Cluster is the flags of a process that is one of several.
type Cluster struct {
	Name        string // unique among those that live; empty: of host and process number
	Coordinator bool   // it takes statements
	Worker      bool   // it runs fragments
	Join        []string
	// Gossip, Actor and Exchange are host:port to listen on for the others. Without a
	// host it is that of Config.Listen; without a port (empty) it is a free one, for
	// gossip 7946 if that is free.
	Gossip, Actor, Exchange string
	Advertise               string // host by which the others reach this process; empty: that of Config.Listen
	Key                     cluster.Key
	JoinTimeout             time.Duration // how long is tried to join; 0: 30 s

	anyGossip bool // the port of Gossip was not asked for: another does as well
}

// The roles, as members say them.
const (
	roleCoordinator = "coordinator"
	roleWorker      = "worker"
)

// workerActor is the name of the worker's actor in every process of a cluster.
const workerActor = "worker"

// gossipPort is where gossip is listened to unless that is taken.
const gossipPort = "7946"

// peers is the part of a server that has to do with other processes.
type peers struct {
	exchange        *tcp.Server
	exchangeAddress string // as others reach it
	client          *tcp.Client
	members         atomic.Pointer[cluster.Members]
	stop            context.CancelFunc
	following       sync.WaitGroup // of the members
}

// listenToPeers opens the ports for actors and the exchange.
func (s *Server) listenToPeers() error {
	c := s.config.Cluster
	if err := c.fill(s.config.Listen); err != nil {
		return err
	}
	p := &peers{}
	s.peers = p
	remoting := cluster.Remoting{Bind: c.Actor, Advertise: c.advertised(c.Actor), Codec: wire.Codec{}, MaxBytes: wire.MaxBytes, Key: c.Key, TLS: s.config.TLS.toPeers(), Log: s.config.Log,
		Failed: func(host string, incarnation uint64) {
			if m := p.members.Load(); m != nil {
				m.Failed(host, incarnation)
			}
		}}
	if err := s.system.Listen(remoting); err != nil {
		return err
	}
	conf := tcp.Config{Log: s.config.Log, Security: tcp.Security{TLS: s.config.TLS.toPeers()}}
	if !c.Key.IsZero() {
		var err error
		if conf.Security.Key, err = c.Key.Derive("exchange"); err != nil {
			return err
		}
	}
	var err error
	p.exchangeAddress = c.advertised(c.Exchange)
	if s.keepTables(p.exchangeAddress); s.tables != nil {
		conf.Ranges = ranges{s.tables, s.Catalog}
	}
	if p.exchange, err = tcp.Listen(c.Exchange, s.hub, conf); err != nil {
		return err
	}
	p.client, err = tcp.NewClient(s.pool, conf)
	return err
}

// fill completes the flags from those that are given.
func (c *Cluster) fill(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	if c.Advertise == "" {
		if c.Advertise = host; host == "" || net.ParseIP(host).IsUnspecified() {
			return fmt.Errorf("--listen %s is every address of this machine: say by --advertise which one the other processes reach it by", listen)
		}
	}
	if c.Name == "" {
		name, err := os.Hostname()
		if err != nil {
			return err
		}
		c.Name = fmt.Sprintf("%s-%d", name, os.Getpid())
	}
	for flag, address := range map[string]*string{"--actor-listen": &c.Actor, "--exchange-listen": &c.Exchange} {
		if *address == "" {
			*address = ":0"
		}
		if *address, err = withHost(*address, host); err == nil {
			*address, err = withPort(*address)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
	}
	c.anyGossip = c.Gossip == "" || strings.HasSuffix(c.Gossip, ":0")
	if c.Gossip == "" {
		if c.Gossip = net.JoinHostPort(host, gossipPort); taken(c.Gossip) {
			c.Gossip = net.JoinHostPort(host, "0")
		}
	}
	if c.Gossip, err = withHost(c.Gossip, host); err == nil {
		c.Gossip, err = withPort(c.Gossip)
	}
	if err != nil {
		return fmt.Errorf("--gossip: %w", err)
	}
	return nil
}

// taken reports whether an address cannot be listened on just now.
func taken(address string) bool {
	l, err := net.Listen("tcp", address)
	if err == nil {
		_ = l.Close()
	}
	return err != nil
}

// withPort gives an address with port 0 one that is free just now: the others have to be
// told which before it is listened on.
func withPort(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port != "0" {
		return address, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err = net.SplitHostPort(l.Addr().String())
	return net.JoinHostPort(host, port), err
}

// withHost gives an address without a host one.
func withHost(address, host string) (string, error) {
	h, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if h == "" {
		h = host
	}
	return net.JoinHostPort(h, port), nil
}

// advertised is an address that is listened on as others reach it.
func (c *Cluster) advertised(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return net.JoinHostPort(c.Advertise, port)
}

// join makes the process a member, and follows who the others are.
func (s *Server) join(ctx context.Context) error {
	c, p := s.config.Cluster, s.peers
	var roles []string
	if c.Coordinator {
		roles = append(roles, roleCoordinator)
	}
	if c.Worker {
		roles = append(roles, roleWorker)
	}
	self := cluster.Member{Name: c.Name, Incarnation: s.system.Incarnation(), Info: cluster.Info{Roles: roles, Flight: c.advertised(s.Addr()),
		Actor: s.system.Host(), Exchange: p.exchangeAddress, Threads: s.config.Threads, Version: s.config.Version, Process: c.Name, PID: os.Getpid()}}
	m, err := s.openGossip(self)
	if err != nil {
		return err
	}
	p.members.Store(m)
	following, stop := context.WithCancel(context.Background())
	p.stop = stop
	watch := m.Watch()
	p.following.Go(func() { // these end with leave
		defer watch.Close()
		s.follow(following, watch)
	})
	p.following.Go(func() { s.sweep(following, m) })
	p.following.Go(func() { s.report(following, m) })
	if len(c.Join) == 0 {
		return nil
	}
	return m.Join(ctx, c.Join)
}

// gossipTries bounds how often a port for gossip is chosen.
const gossipTries = 10

// openGossip begins to gossip. Another process may have taken the port since it was
// chosen: then the next free one is.
func (s *Server) openGossip(self cluster.Member) (*cluster.Members, error) {
	c := s.config.Cluster
	for try := 1; ; try++ {
		m, err := cluster.Open(self, cluster.Gossip{Bind: c.Gossip, Advertise: c.advertised(c.Gossip), Key: c.Key, JoinTimeout: c.JoinTimeout, Log: s.config.Log})
		if err == nil || !c.anyGossip || try == gossipTries || !taken(c.Gossip) {
			return m, err
		}
		host, _, _ := net.SplitHostPort(c.Gossip) // fill made it
		if c.Gossip, err = withPort(net.JoinHostPort(host, "0")); err != nil {
			return nil, err
		}
	}
}

// follow tells the coordinator which workers come and go, and workers which process they
// cannot tell anything any more.
func (s *Server) follow(ctx context.Context, watch *cluster.Watch) {
	for {
		e, err := watch.Next(ctx)
		if err != nil {
			return
		}
		m := e.Member
		if m.Incarnation == s.system.Incarnation() && m.Name == s.config.Cluster.Name {
			continue
		}
		if e.Kind == cluster.Left && e.Unreachable {
			for _, w := range s.workers {
				w.Gone(m.Incarnation)
			}
		}
		if s.coord == nil || !slices.Contains(m.Roles, roleWorker) {
			continue
		}
		switch {
		case e.Kind == cluster.Left:
			s.coord.Lost(m.Name)
		case m.State != cluster.Ready:
			s.coord.Leave(m.Name)
		default:
			s.coord.Join(coordinator.Worker{Member: place.Member{Name: m.Name, Threads: max(1, m.Threads), Process: m.Process, Peer: m.Exchange},
				Address: m.ActorAddress(workerActor)})
		}
	}
}

// sweepEvery is how often workers look whether the coordinators of their queries are there.
const sweepEvery = time.Second

// sweep stops the queries of coordinators that are gone.
func (s *Server) sweep(ctx context.Context, m *cluster.Members) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		there := m.Alive()
		for _, w := range s.workers {
			w.Sweep(func(incarnation uint64) bool { return there[incarnation] })
		}
	}
}

// leaveTimeout bounds how long the others are given to hear that this process goes.
const leaveTimeout = 2 * time.Second

// leave ends the membership, and tells the others.
func (p *peers) leave() {
	m := p.members.Load()
	if m == nil {
		return
	}
	p.stop()
	p.following.Wait()
	_ = m.Leave(leaveTimeout) // whoever has not heard it finds it out
	m.Close()
}

func (p *peers) close() {
	if p.exchange != nil {
		_ = p.exchange.Close() // what it held is freed; nobody can do anything about an error
	}
	if p.client != nil {
		p.client.Close()
	}
}

// results reads what runs give out in other processes.
type results struct {
	client  *tcp.Client
	account *memory.Account
}

// Open reads the result of an attempt.
func (r *results) Open(peer, query string, attempt int) exchange.Source {
	return r.client.Open([]string{peer}, tcp.Request{Query: query, Edge: tcp.ResultEdge, Partition: attempt}, r.account)
}

// locations are the coordinators of a cluster, any of which takes any ticket.
func (s *Server) locations() []string {
	return s.answering(func(m cluster.Member) bool { return slices.Contains(m.Roles, roleCoordinator) })
}

// readers are the members that give the rows of a share of a result that has its plan.
func (s *Server) readers() []string {
	return s.answering(func(m cluster.Member) bool { return slices.Contains(m.Roles, roleWorker) })
}

// answering are the members of a kind that a client may be sent to: none without a key, since
// tickets of this process are known to it only then.
func (s *Server) answering(is func(cluster.Member) bool) (out []string) {
	if s.peers == nil || s.peers.members.Load() == nil || s.config.Cluster.Key.IsZero() {
		return nil
	}
	scheme := "grpc://"
	if s.config.TLS.toClients() != nil {
		scheme = "grpc+tls://"
	}
	for _, m := range s.peers.members.Load().Members() {
		if is(m) && m.Flight != "" && m.State == cluster.Ready {
			out = append(out, scheme+m.Flight)
		}
	}
	return out
}

// members is who is in the cluster, for whoever asks by SQL.
func (s *Server) members() []session.Member {
	if s.peers == nil || s.peers.members.Load() == nil {
		roles := roleCoordinator + "," + roleWorker
		return []session.Member{{Name: alone, PID: os.Getpid(), Roles: roles, Flight: s.Addr(), Threads: s.config.Threads, Version: s.config.Version, State: "ready"}}
	}
	var out []session.Member
	for _, m := range s.peers.members.Load().Members() {
		out = append(out, session.Member{Name: m.Name, PID: m.PID, Roles: strings.Join(m.Roles, ","), Flight: m.Flight, Gossip: m.Gossip,
			Actor: m.Actor, Exchange: m.Exchange, Threads: m.Threads, Version: m.Version, State: m.State.String()})
	}
	return out
}
