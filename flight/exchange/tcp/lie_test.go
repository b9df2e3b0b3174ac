package tcp

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

// scripted is a client of a peer that has proved the key and says some bytes then.
func scripted(t *testing.T, l Limits, data []byte) *Client {
	t.Helper()
	c, err := NewClient(memory.NewPool(), Config{Limits: l})
	if err != nil {
		t.Fatal(err)
	}
	first := newLink(&script{said: bytes.NewReader(data)}, time.Second, readBytes)
	first.parked = time.Now()
	c.parked["peer"] = []*link{first}
	c.dial = func(context.Context, string) (net.Conn, error) { return nil, io.ErrUnexpectedEOF }
	return c
}

// TestWhatAServerMustNotSay gives a reader streams that are whole and wrong: nothing
// of them may be taken.
func TestWhatAServerMustNotSay(t *testing.T) {
	type said struct {
		head   pieceHead
		batch  *vector.Batch
		tail   func(*pieceTail)
		before func(l *link)
		spoil  int // byte of the stream that is changed; 0: none
	}
	piece := func() said {
		return said{head: pieceHead{frames: 1}, batch: numbers(1, 2, 3), tail: func(*pieceTail) {}}
	}
	for _, c := range []struct {
		name string
		lie  func(*said)
		ok   bool
	}{
		{"the truth", func(*said) {}, true},
		{"another piece", func(s *said) { s.head.cursor = 1 }, false},
		{"two frames where one is", func(s *said) { s.head.frames = 2 }, false},
		{"no frames where one is", func(s *said) { s.head.frames = 0 }, false},
		{"another length", func(s *said) { s.tail = func(p *pieceTail) { p.bytes++ } }, false},
		{"another checksum", func(s *said) { s.tail = func(p *pieceTail) { p.sum++ } }, false},
		{"another task under the same checksum", func(s *said) { s.spoil = headerBytes + 8 }, false},
		{"another length of a frame", func(s *said) { s.spoil = headerBytes + 32 + 6 }, false},
		{"a request", func(s *said) { s.before = func(l *link) { _ = l.send(msgOpen, nil) } }, false},
		{"a frame outside", func(s *said) { s.before = func(l *link) { _ = l.sendFrame(nil, 0) } }, false},
		{"a tail first", func(s *said) { s.before = func(l *link) { _ = l.send(msgPieceEnd, (&pieceTail{}).encode()) } }, false},
	} {
		var out bytes.Buffer
		l := newLink(&recorder{Buffer: &out}, time.Second, 16)
		s := piece()
		c.lie(&s)
		if s.before != nil {
			s.before(l)
		}
		_ = l.send(msgPiece, s.head.encode())
		var enc exchange.Encoder
		parts, n, err := enc.Vectors(s.batch)
		if err != nil {
			t.Fatal(err)
		}
		var tail pieceTail
		tail.add(exchange.FrameChecksum(parts[0]), n)
		_ = l.sendFrame(parts, n)
		s.tail(&tail)
		_ = l.send(msgPieceEnd, tail.encode())
		_ = l.send(msgEnd, nil)
		data := out.Bytes()
		if s.spoil > 0 {
			data[s.spoil] ^= 1
		}
		client := scripted(t, Limits{Retry: time.Nanosecond}, data)
		account := memory.NewLedger(0).NewAccount("reader")
		r := client.Open([]string{"peer"}, Request{Query: "q"}, account)
		got, err := drain(t.Context(), r)
		r.Close()
		if c.ok != (err == nil) || c.ok != (len(got) == 3) || account.UsedBytes() != 0 {
			t.Errorf("%s: %d rows, %v, %d bytes", c.name, len(got), err, account.UsedBytes())
		}
	}
}

func TestHeadersAreBounded(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   kind
		length int
		ok     bool
	}{
		{"a frame", msgFrame, maxFrame, true},
		{"a large frame", msgFrame, maxFrame + 1, false},
		{"a request", msgOpen, maxRequest, true},
		{"a large request", msgOpen, maxRequest + 1, false},
		{"a failure", msgFailure, maxReply, true},
		{"a large failure", msgFailure, maxReply + 1, false},
		{"no kind", 0, 0, false},
		{"bytes", msgBytes, maxRange, true},
		{"too many bytes", msgBytes, maxRange + 1, false},
		{"a table", msgTable, maxRequest, true},
		{"a large table", msgTable, maxRequest + 1, false},
		{"an unknown kind", msgTable + 1, 0, false},
	} {
		var head [headerBytes]byte
		put(head[:], c.kind, c.length, nil)
		if _, err := parseHeader(head[:]); (err == nil) != c.ok || err != nil && sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
			t.Errorf("%s of %d bytes: %v", c.name, c.length, err)
		}
	}
	var head [headerBytes]byte
	put(head[:], msgFrame, 1000, nil)
	head[5] ^= 1
	if _, err := parseHeader(head[:]); sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
		t.Errorf("a frame of another length: %v", err)
	}
}
