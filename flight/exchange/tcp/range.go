package tcp

import (
	"context"
	"encoding/binary"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Ranges gives bytes of objects that a process has in its memory.
type Ranges interface {
	// Range is bytes [off, off+n) of the version of an object. The bytes stay as they
	// are; they are not changed by the caller.
	Range(ctx context.Context, path, version string, off int64, n int) ([]byte, error)
	// Table describes a table that the process has in its memory, in a form that is the
	// caller's matter, and keeps what it is made of for a while.
	Table(ctx context.Context, schema, name string) ([]byte, error)
}

// maxRange is the most bytes of an answer; more are asked for piece by piece.
const maxRange = 4 << 20

// rangeRequest asks for bytes of an object.
type rangeRequest struct {
	path, version string
	off           int64
	n             int
}

func (r *rangeRequest) encode() []byte {
	return text(text(number(number(nil, int(r.off)), r.n), r.path), r.version)
}

func parseRange(data []byte) (r rangeRequest, err error) {
	f := fields{data: data}
	r.off, r.n = int64(f.u64()), f.count()
	r.path, r.version = f.text(), f.text()
	if r.off < 0 || r.n > maxRange {
		f.bad = true
	}
	return r, f.end(msgRange)
}

// rangeOf answers a request for bytes.
func (c *serving) rangeOf(ctx context.Context, payload []byte) error {
	r, err := parseRange(payload)
	if err != nil {
		return err
	}
	if c.stream != nil && !c.stream.over.Load() {
		return corrupt("a request within a stream")
	}
	return c.answer(func(of Ranges) ([]byte, error) { return of.Range(ctx, r.path, r.version, r.off, r.n) })
}

// answer sends what a process has in its memory, or why it has not.
func (c *serving) answer(ask func(of Ranges) ([]byte, error)) error {
	c.wg.Wait() // the last message is on its way
	ranges := c.server.config.Ranges
	if ranges == nil {
		return c.link.send(msgFailure, encodeError(sqlerr.New(sqlerr.FeatureNotSupported, "this process has no objects in its memory")))
	}
	data, err := ask(ranges)
	if err == nil && len(data) > maxRange {
		err = sqlerr.New(sqlerr.ProgramLimitExceeded, "an answer of %d bytes is too large", len(data))
	}
	if err != nil {
		return c.link.send(msgFailure, encodeError(err))
	}
	return c.link.send(msgBytes, data)
}

// tableOf answers a request for a table.
func (c *serving) tableOf(ctx context.Context, payload []byte) error {
	f := fields{data: payload}
	schema, name := f.text(), f.text()
	if err := f.end(msgTable); err != nil {
		return err
	}
	if c.stream != nil && !c.stream.over.Load() {
		return corrupt("a request within a stream")
	}
	return c.answer(func(of Ranges) ([]byte, error) { return of.Table(ctx, schema, name) })
}

// Table is what a peer says of a table that it has in its memory.
func (c *Client) Table(ctx context.Context, peer, schema, name string) (data []byte, err error) {
	err = c.ask(ctx, peer, msgTable, text(text(nil, schema), name), func(l *link, m message) error {
		data, err = l.payload(m)
		return err
	})
	return data, err
}

// ReadRange fills buf with bytes of the version of an object that a peer has in its
// memory, from offset off.
func (c *Client) ReadRange(ctx context.Context, peer, path, version string, buf []byte, off int64) error {
	for len(buf) > 0 {
		n := min(len(buf), maxRange)
		if err := c.readRange(ctx, peer, rangeRequest{path, version, off, n}, buf[:n]); err != nil {
			return err
		}
		buf, off = buf[n:], off+int64(n)
	}
	return nil
}

func (c *Client) readRange(ctx context.Context, peer string, r rangeRequest, buf []byte) error {
	return c.ask(ctx, peer, msgRange, r.encode(), func(l *link, m message) error { return l.takeRange(m, buf) })
}

// ask asks once, and once more when the connection that was parked is lost. take reads the
// answer's bytes.
func (c *Client) ask(ctx context.Context, peer string, k kind, payload []byte, take func(l *link, m message) error) error {
	if len(payload) > maxRequest {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "a request of %d bytes is too large", len(payload))
	}
	for fresh := false; ; fresh = true {
		l, reused, err := c.connect(ctx, peer, fresh)
		if err == nil {
			err = c.askOn(ctx, peer, l, k, payload, take)
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case isLost(err) && reused:
		case isLost(err):
			return gone(peer, err)
		default:
			return refused(peer, err)
		}
	}
}

func (c *Client) askOn(ctx context.Context, peer string, l *link, k kind, request []byte, take func(l *link, m message) error) error {
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	err := l.send(k, request)
	if err == nil {
		err = l.answered(take)
	}
	if !stop() || isLost(err) {
		l.conn.Close()
		return err
	}
	c.park(peer, l)
	return err
}

// answered reads the answer to a request: bytes, or an error.
func (l *link) answered(take func(l *link, m message) error) error {
	m, err := l.next()
	if err != nil {
		return err
	}
	switch m.kind {
	case msgBytes:
		return take(l, m)
	case msgFailure:
		payload, err := l.payload(m)
		if err != nil {
			return err
		}
		failed, err := parseError(payload)
		if err != nil {
			return err
		}
		return failed
	}
	return corrupt("a message of kind %d where bytes should be", m.kind)
}

// takeRange reads bytes into buf, which they must fill.
func (l *link) takeRange(m message, buf []byte) error {
	if m.length != len(buf) {
		return corrupt("%d bytes came, %d were asked for", m.length, len(buf))
	}
	if err := l.fill(buf); err != nil {
		return err
	}
	var head [headerBytes]byte
	put(head[:], m.kind, m.length, buf)
	if sum := binary.LittleEndian.Uint32(head[8:]); sum != m.sum {
		return corrupt("the checksum of %d bytes is %#x, not %#x", m.length, sum, m.sum)
	}
	return nil
}
