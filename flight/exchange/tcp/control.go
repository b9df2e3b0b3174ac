package tcp

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"

	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
)

// ResultEdge asks for the result of an attempt at a query's root fragment instead of an
// edge. It can be read once, from its beginning.
const ResultEdge = -1

// Request names what a reader wants.
type Request struct {
	Query     string
	Edge      int           // or ResultEdge
	Partition int           // of ResultEdge: the attempt
	Part      exchange.Part // of the partition
	// Schema is what the reader takes the columns to be (see exchange.Edge.Describe),
	// compared once; empty: it does not say.
	Schema string
}

// open begins a stream.
type open struct {
	Request
	cursor int   // behind the last piece that was taken, counted over the partition
	window int64 // bytes that may be on their way; more are granted by credit
}

// pieceHead begins a piece.
type pieceHead struct {
	cursor int
	id     exchange.PieceID
	frames int
}

// pieceTail ends a piece.
type pieceTail struct {
	bytes int64
	sum   uint32 // of its frames' checksums
}

// fields reads a payload; the first fault stays.
type fields struct {
	data []byte
	bad  bool
}

func (f *fields) take(n int) []byte {
	if n > len(f.data) {
		f.bad, f.data = true, nil
		return make([]byte, min(n, 8))
	}
	out := f.data[:n]
	f.data = f.data[n:]
	return out
}

func (f *fields) u32() uint32 { return binary.LittleEndian.Uint32(f.take(4)) }
func (f *fields) u64() uint64 { return binary.LittleEndian.Uint64(f.take(8)) }

// count is a number that is not negative.
func (f *fields) count() int {
	n := f.u64()
	if n > math.MaxInt32 {
		f.bad = true
		return 0
	}
	return int(n)
}

func (f *fields) text() string {
	n := int(f.u32())
	if n > len(f.data) {
		f.bad = true
		return ""
	}
	return string(f.take(n))
}

// end reports what was wrong with a payload of a kind.
func (f *fields) end(k kind) error {
	if f.bad || len(f.data) > 0 {
		return corrupt("a message of kind %d that cannot be read", k)
	}
	return nil
}

func text(dst []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint32(dst, uint32(len(s))), s...)
}

func number(dst []byte, n int) []byte { return binary.LittleEndian.AppendUint64(dst, uint64(n)) }

func (o *open) encode() []byte {
	out := number(number(number(nil, o.Edge), o.Partition), o.cursor)
	out = number(number(number(out, int(o.window)), o.Part.Number), o.Part.Of)
	return text(text(out, o.Query), o.Schema)
}

func parseOpen(data []byte) (o open, err error) {
	f := fields{data: data}
	edge := int64(f.u64())
	if edge < ResultEdge || edge > math.MaxInt32 {
		f.bad = true
	}
	o.Edge, o.Partition, o.cursor, o.window = int(edge), f.count(), f.count(), int64(f.u64())
	o.Part = exchange.Part{Number: f.count(), Of: f.count()}
	o.Query, o.Schema = f.text(), f.text()
	return o, f.end(msgOpen)
}

func parseCredit(data []byte) (int64, error) {
	f := fields{data: data}
	n := int64(f.u64())
	if n < 0 {
		f.bad = true
	}
	return n, f.end(msgCredit)
}

func (p *pieceHead) encode() []byte {
	return number(number(number(number(nil, p.cursor), p.id.Task), p.id.Attempt), p.frames)
}

func parsePiece(data []byte) (p pieceHead, err error) {
	f := fields{data: data}
	p.cursor, p.id.Task, p.id.Attempt, p.frames = f.count(), f.count(), f.count(), f.count()
	return p, f.end(msgPiece)
}

func (p *pieceTail) encode() []byte {
	return binary.LittleEndian.AppendUint32(number(nil, int(p.bytes)), p.sum)
}

func parsePieceEnd(data []byte) (p pieceTail, err error) {
	f := fields{data: data}
	p.bytes, p.sum = int64(f.u64()), f.u32()
	return p, f.end(msgPieceEnd)
}

// maxWords bounds a text of an error that crosses the wire.
const maxWords = 16 << 10

// encodeError writes what a user sees of an error.
func encodeError(err error) []byte {
	e := sqlerr.Error{Code: sqlerr.CodeOf(err)}
	if inner, ok := errors.AsType[*sqlerr.Error](err); ok {
		e.Span, e.Hint = inner.Span, inner.Hint
	}
	out := text(nil, string(e.Code))
	out = binary.LittleEndian.AppendUint32(out, uint32(e.Span.Start))
	out = binary.LittleEndian.AppendUint32(out, uint32(e.Span.End))
	return text(text(out, clip(err.Error())), clip(e.Hint))
}

func clip(s string) string {
	if len(s) > maxWords {
		return strings.ToValidUTF8(s[:maxWords], "") + " …"
	}
	return s
}

// parseError gives the error that the peer ended with, or what is wrong with it.
func parseError(data []byte) (failed *sqlerr.Error, err error) {
	f := fields{data: data}
	e := &sqlerr.Error{Code: sqlerr.Code(f.text())}
	e.Span = sqlerr.Span{Start: int32(f.u32()), End: int32(f.u32())}
	e.Msg, e.Hint = f.text(), f.text()
	if len(e.Code) != 5 || e.Span.Start < 0 || e.Span.End < 0 {
		f.bad = true
	}
	return e, f.end(msgFailure)
}
