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
	c.wg.Wait() // the last message is on its way
	ranges := c.server.config.Ranges
	if ranges == nil {
		return c.link.send(msgFailure, encodeError(sqlerr.New(sqlerr.FeatureNotSupported, "this process has no objects in its memory")))
	}
	data, err := ranges.Range(ctx, r.path, r.version, r.off, r.n)
	if err != nil {
		return c.link.send(msgFailure, encodeError(err))
	}
	return c.link.send(msgBytes, data)
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

// readRange asks once, and once more when the connection that was parked is lost.
func (c *Client) readRange(ctx context.Context, peer string, r rangeRequest, buf []byte) error {
	payload := r.encode()
	if len(payload) > maxRequest {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "a request of %d bytes is too large", len(payload))
	}
	for fresh := false; ; fresh = true {
		l, reused, err := c.connect(ctx, peer, fresh)
		if err == nil {
			err = c.exchangeRange(ctx, peer, l, payload, buf)
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

func (c *Client) exchangeRange(ctx context.Context, peer string, l *link, request, buf []byte) error {
	stop := context.AfterFunc(ctx, func() { l.conn.Close() })
	err := l.send(msgRange, request)
	if err == nil {
		err = l.takeRange(buf)
	}
	if !stop() || isLost(err) {
		l.conn.Close()
		return err
	}
	c.park(peer, l)
	return err
}

// takeRange reads the answer to a request into buf, which it must fill.
func (l *link) takeRange(buf []byte) error {
	m, err := l.next()
	if err != nil {
		return err
	}
	switch m.kind {
	case msgBytes:
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
	default:
		return corrupt("a message of kind %d where bytes should be", m.kind)
	}
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
