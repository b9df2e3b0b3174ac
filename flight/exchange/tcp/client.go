package tcp

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/internal/sqlerr"
)

// maxParked is how many connections to one peer wait for their next stream.
const maxParked = 64

// readBytes is the buffer of a connection that is read from. What is longer goes past
// it, straight into slabs.
const readBytes = 16 << 10

// Client opens readers over the edges and results that servers have.
type Client struct {
	config Config
	prover prover
	pool   *memory.Pool
	dial   func(ctx context.Context, address string) (net.Conn, error)

	mu     sync.Mutex
	parked map[string][]*link // by peer; the last one was used last
	closed bool
}

// NewClient makes a client; what its readers read lies in slabs of the pool.
func NewClient(pool *memory.Pool, c Config) (*Client, error) {
	p, err := newProver(c.Security.Key)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return &Client{config: c.filled(), prover: p, pool: pool, parked: map[string][]*link{},
		dial: func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }}, nil
}

// Close closes the connections that are between streams. Readers are closed by those
// who opened them; their connections are not kept any more.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for peer, links := range c.parked {
		for _, l := range links {
			l.conn.Close()
		}
		delete(c.parked, peer)
	}
}

// connect gives a connection to a peer: one that is parked, unless it has to be fresh,
// or a new one, proved.
func (c *Client) connect(ctx context.Context, peer string, fresh bool) (l *link, reused bool, err error) {
	if !fresh {
		if l := c.unpark(peer); l != nil {
			return l, true, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.Limits.Handshake)
	defer cancel()
	conn, err := c.dial(ctx, peer)
	if err != nil {
		return nil, false, lost(err)
	}
	if t := c.config.Security.TLS; t != nil {
		conn = tls.Client(conn, named(t, peer))
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	deadline, _ := ctx.Deadline()
	number, err := c.prover.greet(conn, deadline)
	if err == nil {
		if err = conn.SetDeadline(time.Time{}); err != nil {
			err = lost(err)
		}
	}
	if !stop() && err == nil {
		err = lost(context.Cause(ctx))
	}
	if err != nil {
		conn.Close()
		return nil, false, err
	}
	l = newLink(conn, c.config.Limits.Idle, readBytes)
	l.instance = number
	return l, false, nil
}

// named is a TLS configuration that knows whom it talks to.
func named(t *tls.Config, peer string) *tls.Config {
	if t.ServerName != "" || t.InsecureSkipVerify {
		return t
	}
	t = t.Clone()
	if host, _, err := net.SplitHostPort(peer); err == nil {
		t.ServerName = host
	}
	return t
}

// unpark gives a connection that the peer has not yet given up; nil when there is none.
func (c *Client) unpark(peer string) *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	for links := c.parked[peer]; len(links) > 0; links = c.parked[peer] {
		l := links[len(links)-1]
		c.parked[peer] = links[:len(links)-1]
		if time.Since(l.parked) < c.config.Limits.Idle/2 {
			return l
		}
		l.conn.Close()
	}
	delete(c.parked, peer)
	return nil
}

// park keeps a connection whose stream has ended, or closes it, and forgets peers that
// have not been asked for long.
func (c *Client) park(peer string, l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for other, links := range c.parked {
		if n := len(links); n > 0 && time.Since(links[n-1].parked) < c.config.Limits.Idle/2 {
			continue
		}
		for _, old := range links {
			old.conn.Close()
		}
		delete(c.parked, other)
	}
	if c.closed || len(c.parked[peer]) >= maxParked {
		l.conn.Close()
		return
	}
	l.parked = time.Now()
	c.parked[peer] = append(c.parked[peer], l)
}

// PeerError is what is behind the error of a reader when a peer is to blame: it cannot
// be reached, or has not what it should have.
type PeerError struct {
	Peer string // host:port, as it was given to Open
	Err  error
}

func (e *PeerError) Error() string { return e.Err.Error() }

// Unwrap is what went wrong with the peer.
func (e *PeerError) Unwrap() error { return e.Err }

// gone is the error of a peer that could not be reached any more.
func gone(peer string, err error) error {
	e := &sqlerr.Error{Code: sqlerr.CodeOf(err), Msg: "exchange with " + peer, Err: &PeerError{peer, err}}
	if e.Code == sqlerr.InternalError || e.Code == sqlerr.QueryCanceled {
		e.Code = sqlerr.WorkerLost
	}
	if e.Code == sqlerr.WorkerLost {
		e.Hint = "Run the query again."
	}
	return e
}
