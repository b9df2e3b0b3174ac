package tcp

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

// Security is how peers know each other. The zero value is for one machine.
type Security struct {
	Key []byte      // of the cluster; both ends prove it
	TLS *tls.Config // of this end; nil: no TLS, and no secrecy
}

// Limits are times and sizes. Zero values take the defaults named beside them.
type Limits struct {
	Handshake   time.Duration // for a peer to prove itself: 5 s
	Start       time.Duration // that a request waits for its query to be opened: 10 s
	Idle        time.Duration // without a sign of life, or for 4 MiB to be sent: 20 s
	Retry       time.Duration // that a lost peer is dialled again without success: 10 s
	WindowBytes int64         // that a reader reads ahead, and a piece of each peer beyond: 16 MiB
	Conns       int           // that a server serves: 1,024
	Strangers   int           // of which have not proved themselves: 64
}

func or[T int | int64 | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

func (l Limits) filled() Limits {
	return Limits{
		Handshake:   or(l.Handshake, 5*time.Second),
		Start:       or(l.Start, 10*time.Second),
		Idle:        or(l.Idle, 20*time.Second),
		Retry:       or(l.Retry, 10*time.Second),
		WindowBytes: or(l.WindowBytes, 16<<20),
		Conns:       or(l.Conns, 1024),
		Strangers:   or(l.Strangers, 64),
	}
}

// Config is what both ends need.
type Config struct {
	Security Security
	Limits   Limits
	Ranges   Ranges       // what a server has beside the hub's; nil: nothing
	Log      *slog.Logger // nil: slog.Default
}

func (c Config) filled() Config {
	c.Limits = c.Limits.filled()
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Server serves a hub's edges and results.
type Server struct {
	hub      *exchange.Hub
	config   Config
	prover   prover
	instance instance
	listener net.Listener
	stop     context.CancelFunc
	wg       sync.WaitGroup // of the listener and the connections

	mu        sync.Mutex
	conns     map[net.Conn]struct{}
	strangers int // of conns
	closed    bool
}

// Listen serves a hub on an address until Close.
func Listen(address string, hub *exchange.Hub, c Config) (*Server, error) {
	if err := c.mayListen(address); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, sqlerr.Wrap(sqlerr.New(sqlerr.IOError, "%v", err), "exchange")
	}
	s, err := newServer(hub, c)
	if err != nil {
		listener.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.listener, s.stop = listener, cancel
	s.wg.Go(func() { s.accept(ctx) }) // ends when the listener is closed
	return s, nil
}

func newServer(hub *exchange.Hub, c Config) (*Server, error) {
	p, err := newProver(c.Security.Key)
	if err != nil {
		return nil, err
	}
	s := &Server{hub: hub, config: c.filled(), prover: p, conns: map[net.Conn]struct{}{}}
	_, _ = rand.Read(s.instance[:]) // never fails
	return s, nil
}

// mayListen refuses addresses that strangers reach when nothing would stop them.
func (c *Config) mayListen(address string) error {
	if len(c.Security.Key) > 0 || c.Security.TLS != nil && c.Security.TLS.ClientAuth == tls.RequireAndVerifyClientCert {
		return nil
	}
	a, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return sqlerr.New(sqlerr.InvalidParameterValue, "exchange address %q: %v", address, err)
	}
	if !a.IP.IsLoopback() {
		return sqlerr.New(sqlerr.InvalidAuthorization, "the exchange does not listen on %s without a cluster key", address).
			WithHint("Set a cluster key, demand client certificates, or listen on 127.0.0.1.")
	}
	return nil
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends all streams and waits for their goroutines.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.stop()
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	if errors.Is(err, net.ErrClosed) { // a second Close
		return nil
	}
	return err
}

// accept takes connections until the listener is closed.
func (s *Server) accept(ctx context.Context) {
	wait := time.Millisecond
	for {
		conn, err := s.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // too many open files, for one
			s.config.Log.Warn("exchange: a connection could not be taken", "error", err)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
			wait = min(2*wait, time.Second)
		default:
			wait = time.Millisecond
			if s.enter(conn) {
				s.wg.Go(func() { // ends with the connection, which Close closes
					defer s.leave(conn)
					s.serve(ctx, conn)
				})
			}
		}
	}
}

// enter counts a connection, or closes it when there are too many.
func (s *Server) enter(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= s.config.Limits.Conns || s.strangers >= s.config.Limits.Strangers {
		conn.Close()
		return false
	}
	s.conns[conn] = struct{}{}
	s.strangers++
	return true
}

// known says that a peer has proved itself, or will not.
func (s *Server) known() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strangers--
}

func (s *Server) leave(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

// serve speaks with one peer until the connection ends.
func (s *Server) serve(ctx context.Context, raw net.Conn) {
	conn := raw
	if c := s.config.Security.TLS; c != nil {
		conn = tls.Server(raw, c)
	}
	err := s.prover.admit(conn, time.Now().Add(s.config.Limits.Handshake), s.instance)
	s.known()
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		s.config.Log.Debug("exchange: a peer was refused", "peer", raw.RemoteAddr(), "error", err)
		return
	}
	c := &serving{server: s, link: newLink(conn, s.config.Limits.Idle, maxRequest)}
	if err := c.run(ctx); err != nil {
		s.config.Log.Debug("exchange: a connection ended", "peer", raw.RemoteAddr(), "error", err)
	}
}
