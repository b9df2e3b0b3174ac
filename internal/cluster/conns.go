package cluster

import (
	"context"
	"net"
	"sync"
	"time"
)

// conns are the open connections of a process, so that they can be closed: the runtime
// gives no way to.
type conns struct {
	mu     sync.Mutex
	open   map[*conn]struct{}
	closed bool
}

func newConns() *conns { return &conns{open: map[*conn]struct{}{}} }

// conn is a connection that its owner forgets when it is closed.
type conn struct {
	net.Conn
	owner *conns
}

func (c *conn) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.open, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}

func (c *conns) add(raw net.Conn) net.Conn {
	out := &conn{raw, c}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = raw.Close() // whoever uses it finds out
		return out
	}
	c.open[out] = struct{}{}
	return out
}

// dial connects, without a proxy and not for ever.
func (c *conns) dial(ctx context.Context, address string) (net.Conn, error) {
	raw, err := (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return c.add(raw), nil
}

// closeAll closes what is open and what will be.
func (c *conns) closeAll() {
	c.mu.Lock()
	c.closed = true
	open := make([]*conn, 0, len(c.open))
	for o := range c.open {
		open = append(open, o)
	}
	c.mu.Unlock()
	for _, o := range open {
		_ = o.Close()
	}
}
