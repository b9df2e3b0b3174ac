package tcp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"net"
	"sync"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// kind is what a message says.
type kind uint32

const (
	msgOpen     kind = 1 + iota // client: a stream begins
	msgCredit                   // client: so many bytes have been read
	msgPong                     // client: answers a ping
	msgPiece                    // server: a piece begins
	msgFrame                    // server: one of its frames
	msgPieceEnd                 // server: its length and checksum
	msgEnd                      // server: the stream has ended well
	msgFailure                  // server: it has ended in an error
	msgPing                     // server: there is nothing to send yet
	msgRange                    // client: bytes of an object are wanted
	msgBytes                    // server: these are they
	msgTable                    // client: a table is to be described, by bytes
)

const (
	headerBytes  = 12
	maxRequest   = 4 << 10  // payload of a client's message
	maxReply     = 64 << 10 // payload of a server's message, frames excepted
	maxFrame     = 1 << 30  // of one batch
	chunkBytes   = 4 << 20  // what one deadline is for
	chunkBuffers = 512      // parts of one vectored write
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// message is the header of a message.
type message struct {
	kind   kind
	length int
	sum    uint32
}

// lostError says that a connection is of no more use, and what became of it: trying
// again on another one may help.
type lostError struct{ cause error }

func (e *lostError) Error() string { return "connection lost: " + e.cause.Error() }
func (e *lostError) Unwrap() error { return e.cause }

func lost(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &lostError{err}
}

func isLost(err error) bool {
	_, ok := errors.AsType[*lostError](err)
	return ok
}

// corrupt is a connection lost for what the peer sent.
func corrupt(format string, args ...any) error {
	return lost(sqlerr.New(sqlerr.DataCorrupted, format, args...))
}

// link is one end of a connection, after the handshake. One goroutine reads; several
// may send.
type link struct {
	conn     net.Conn
	in       *bufio.Reader
	idle     time.Duration // a read or write that takes longer is lost
	instance instance      // of the server; known to clients
	parked   time.Time     // when a client put it by

	mu   sync.Mutex // of sending
	head [headerBytes]byte
	out  [][]byte
}

func newLink(conn net.Conn, idle time.Duration, readBytes int) *link {
	return &link{conn: conn, in: bufio.NewReaderSize(conn, readBytes), idle: idle}
}

// put writes the header of a message.
func put(head []byte, k kind, length int, payload []byte) {
	le := binary.LittleEndian
	le.PutUint32(head, uint32(k))
	le.PutUint32(head[4:], uint32(length))
	le.PutUint32(head[8:], crc32.Update(crc32.Checksum(head[:8], castagnoli), castagnoli, payload))
}

// send sends a message.
func (l *link) send(k kind, payload []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	put(l.head[:], k, len(payload), payload)
	l.out = append(l.out[:0], l.head[:], payload)
	return l.flush()
}

// sendFrame sends a frame that stands in parts. The checksum of the header covers
// the header only: a frame has its own.
func (l *link) sendFrame(parts [][]byte, length int) error {
	if length > maxFrame {
		return sqlerr.New(sqlerr.ProgramLimitExceeded, "a batch of %d bytes is too large to be sent", length)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	put(l.head[:], msgFrame, length, nil)
	l.out = append(append(l.out[:0], l.head[:]), parts...)
	return l.flush()
}

// flush writes out in chunks, each with a deadline of its own.
func (l *link) flush() error {
	defer func() { clear(l.out) }()
	for rest := l.out; len(rest) > 0; {
		chunk := make(net.Buffers, 0, min(len(rest), chunkBuffers))
		for bytes := 0; len(rest) > 0 && bytes < chunkBytes && len(chunk) < chunkBuffers; {
			part := rest[0]
			if room := chunkBytes - bytes; len(part) > room {
				part, rest[0] = part[:room], part[room:]
			} else {
				rest = rest[1:]
			}
			if len(part) > 0 {
				chunk, bytes = append(chunk, part), bytes+len(part)
			}
		}
		if err := l.conn.SetWriteDeadline(time.Now().Add(l.idle)); err != nil {
			return lost(err)
		}
		if _, err := chunk.WriteTo(l.conn); err != nil {
			return lost(err)
		}
	}
	return nil
}

// fill reads into buf, chunk by chunk, each with a deadline of its own.
func (l *link) fill(buf []byte) error {
	for len(buf) > 0 {
		n := min(len(buf), chunkBytes)
		if err := l.conn.SetReadDeadline(time.Now().Add(l.idle)); err != nil {
			return lost(err)
		}
		if _, err := io.ReadFull(l.in, buf[:n]); err != nil {
			return lost(err)
		}
		buf = buf[n:]
	}
	return nil
}

// next reads the header of a message. That of a frame is checked here, that of
// others with their payload.
func (l *link) next() (message, error) {
	var head [headerBytes]byte
	if err := l.fill(head[:]); err != nil {
		return message{}, err
	}
	return parseHeader(head[:])
}

func parseHeader(head []byte) (message, error) {
	le := binary.LittleEndian
	m := message{kind: kind(le.Uint32(head)), length: int(le.Uint32(head[4:])), sum: le.Uint32(head[8:])}
	limit := maxReply
	switch m.kind {
	case msgOpen, msgCredit, msgPong, msgRange, msgTable:
		limit = maxRequest
	case msgPiece, msgPieceEnd, msgEnd, msgFailure, msgPing:
	case msgFrame:
		if sum := crc32.Checksum(head[:8], castagnoli); sum != m.sum {
			return m, corrupt("the checksum of a frame's header is %#x, not %#x", sum, m.sum)
		}
		limit = maxFrame
	case msgBytes:
		limit = maxRange
	default:
		return m, corrupt("a message of kind %d", m.kind)
	}
	if m.length > limit {
		return m, corrupt("a message of kind %d says that it has %d bytes", m.kind, m.length)
	}
	return m, nil
}

// payload reads what follows the header of a message that is no frame.
func (l *link) payload(m message) ([]byte, error) {
	buf := make([]byte, m.length)
	if err := l.fill(buf); err != nil {
		return nil, err
	}
	var head [headerBytes]byte
	put(head[:], m.kind, m.length, buf)
	if sum := binary.LittleEndian.Uint32(head[8:]); sum != m.sum {
		return nil, corrupt("the checksum of a message is %#x, not %#x", sum, m.sum)
	}
	return buf, nil
}
