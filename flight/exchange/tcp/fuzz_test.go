package tcp

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

// script is a connection that says some bytes, whatever it is told, and then ends.
type script struct {
	said io.Reader
	mu   sync.Mutex
	over bool
}

func (s *script) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return 0, net.ErrClosed
	}
	return s.said.Read(p)
}

func (s *script) Write(p []byte) (int, error) { return len(p), nil }

func (s *script) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	return nil
}

func (*script) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*script) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*script) SetDeadline(time.Time) error      { return nil }
func (*script) SetReadDeadline(time.Time) error  { return nil }
func (*script) SetWriteDeadline(time.Time) error { return nil }

// right gives the messages in data the checksums they should have, so that what
// they say is read.
func right(data []byte) []byte {
	out := bytes.Clone(data)
	for rest := out; len(rest) >= headerBytes; {
		head := rest[:headerBytes]
		k, n := kind(head[0]), min(int(head[4])|int(head[5])<<8, len(rest)-headerBytes)
		payload := rest[headerBytes : headerBytes+n]
		if k == msgFrame {
			put(head, k, n, nil)
		} else {
			put(head, k, n, payload)
		}
		rest = rest[headerBytes+n:]
	}
	return out
}

// said is what a link sends when f is done with it.
func said(f func(l *link)) []byte {
	var out bytes.Buffer
	f(newLink(&recorder{Buffer: &out}, time.Second, 16))
	return out.Bytes()
}

type recorder struct {
	*bytes.Buffer
	script
}

func (r *recorder) Read(p []byte) (int, error)  { return r.Buffer.Read(p) }
func (r *recorder) Write(p []byte) (int, error) { return r.Buffer.Write(p) }

// FuzzServer lets a client that has proved the key say anything: the connection ends,
// and nothing else.
func FuzzServer(f *testing.F) {
	request := open{Request: Request{Query: "q", Edge: 3}, window: 100}
	f.Add(said(func(l *link) {
		_ = l.send(msgOpen, request.encode())
		_ = l.send(msgCredit, number(nil, 9))
		_ = l.send(msgPong, nil)
	}))
	request.Edge = ResultEdge
	f.Add(said(func(l *link) { _ = l.send(msgOpen, request.encode()); _ = l.send(msgOpen, request.encode()) }))
	f.Add(said(func(l *link) { _ = l.send(msgEnd, nil) }))
	wanted := rangeRequest{"mem://here/t/1.parquet", "v1", 2, 3}
	f.Add(said(func(l *link) { _ = l.send(msgRange, wanted.encode()); _ = l.send(msgOpen, request.encode()) }))
	wanted.n = maxRange + 1
	f.Add(said(func(l *link) { _ = l.send(msgRange, wanted.encode()) }))
	f.Add(said(func(l *link) { _ = l.send(msgTable, text(text(nil, "s"), "t")); _ = l.send(msgTable, nil) }))
	f.Fuzz(func(t *testing.T, data []byte) {
		hub := exchange.NewHub()
		e := exchange.NewEdge(2, false)
		seal(e, 0, numbers(1, 2, 3))
		q := hub.Open("q", map[int]*exchange.Edge{3: e})
		q.Attempt(0).Finish(nil)
		s, err := newServer(hub, Config{Limits: Limits{Start: time.Millisecond}, Ranges: object("0123456789"), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		c := &serving{server: s, link: newLink(&script{said: bytes.NewReader(right(data))}, time.Second, maxRequest)}
		if err := c.run(t.Context()); !isLost(err) {
			t.Errorf("it ended with %v", err)
		}
	})
}

// FuzzStranger lets a client say anything from the beginning on: it is not admitted.
func FuzzStranger(f *testing.F) {
	f.Add(append(hello(nonce{1}), make([]byte, 32)...))
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a name that is long enough for it\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := newProver([]byte("k"))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.admit(&script{said: bytes.NewReader(data)}, time.Now(), instance{}); err == nil {
			t.Error("it was admitted")
		}
		if _, err := p.greet(&script{said: bytes.NewReader(data)}, time.Now()); err == nil {
			t.Error("it was taken for a server")
		}
	})
}

// FuzzReader lets a server that has proved the key say anything: the reader gives
// batches that can be read, or an error with a code, and keeps no memory.
func FuzzReader(f *testing.F) {
	f.Add(said(func(l *link) {
		head := pieceHead{frames: 1}
		_ = l.send(msgPiece, head.encode())
		var enc exchange.Encoder
		parts, n, _ := enc.Vectors(numbers(1, 2, 3))
		var tail pieceTail
		tail.add(exchange.FrameChecksum(parts[0]), n)
		_ = l.sendFrame(parts, n)
		_ = l.send(msgPing, nil)
		_ = l.send(msgPieceEnd, tail.encode())
		_ = l.send(msgEnd, nil)
	}))
	f.Add(said(func(l *link) {
		_ = l.send(msgFailure, encodeError(sqlerr.At(sqlerr.DivisionByZero, sqlerr.Span{Start: 1, End: 2}, "division by zero").WithHint("No.")))
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		client := scripted(t, Limits{Retry: time.Nanosecond}, right(data))
		account := memory.NewLedger(1 << 24).NewAccount("reader")
		r := client.Open([]string{"peer"}, Request{Query: "q"}, account)
		for {
			b, err := r.Next(t.Context())
			if err == io.EOF {
				break
			}
			if err != nil {
				if len(sqlerr.CodeOf(err)) != 5 {
					t.Errorf("an error without a code: %v", err)
				}
				break
			}
			if _, err := new(exchange.Encoder).Append(nil, b); err != nil {
				t.Error(err)
			}
			b.Release()
		}
		r.Close()
		client.Close()
		if account.UsedBytes() != 0 {
			t.Errorf("%d bytes are left", account.UsedBytes())
		}
	})
}
