package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/substrait"
)

// version is the first byte of every message. A reader knows one version: what it
// does not understand it refuses whole, for a field passed over may be the one that
// changes the answer.
const version = 1

// kind is the second byte.
type kind byte

const (
	kindRun kind = iota + 1
	kindStop
	kindDone
	kindFailed
	kindAbandon
	kindSealed
	kindFree
	kindCommitted
	kindCheck
	kindReport
)

// Codec is the form in which messages cross between processes: two bytes that say
// version and kind, then the fields in protobuf's encoding. Equal messages give equal
// bytes.
type Codec struct{}

// Encode is the bytes of a message of this package, by its pointer. A plan that is not
// encoded yet is; a profile stays behind.
func (Codec) Encode(message any) ([]byte, error) {
	w := &writer{}
	switch m := message.(type) {
	case *Run:
		w.begin(kindRun)
		if err := w.run(m); err != nil {
			return nil, err
		}
	case *Stop:
		w.begin(kindStop)
		w.text(1, m.Query)
	case *Done:
		w.begin(kindDone)
		w.text(1, m.Query)
		w.text(2, m.Worker)
		w.int(3, int64(m.Attempt))
		w.int(4, int64(m.Fragment))
		w.ints(5, m.Tasks)
		w.int(6, int64(m.Stats.Elapsed))
		w.int(7, m.Stats.PeakBytes)
		for _, n := range m.Stats.Nodes {
			w.sub(8, func(w *writer) { w.counts(n) })
		}
		w.bool(9, m.Stats.Reordered)
		for _, s := range m.Stats.Sent {
			w.sub(10, func(w *writer) { w.sent(s) })
		}
	case *Failed:
		w.begin(kindFailed)
		w.text(1, m.Query)
		w.text(2, m.Worker)
		w.int(3, int64(m.Attempt))
		w.int(4, int64(m.Fragment))
		if m.Err != nil {
			w.sub(5, func(w *writer) { w.error(m.Err) })
		}
		w.text(6, m.Lost)
	case *Abandon:
		w.begin(kindAbandon)
		w.text(1, m.Query)
		w.int(2, int64(m.Attempt))
	case *Check:
		w.begin(kindCheck)
		w.text(1, m.Query)
		w.int(2, int64(m.Attempt))
		w.int(3, int64(m.Fragment))
	case *Sealed:
		w.begin(kindSealed)
		w.edges(m.Query, m.Edges)
	case *Free:
		w.begin(kindFree)
		w.edges(m.Query, m.Edges)
	case *Committed:
		w.begin(kindCommitted)
		w.int(1, m.CSN)
	case *Report:
		w.begin(kindReport)
		w.report(m)
	default:
		return nil, sqlerr.New(sqlerr.InternalError, "a bug in Skein: a message of type %T does not leave a process", message)
	}
	return w.b, nil
}

// Decode is the message in b. What it cannot read it refuses with InvalidMessage.
// Nothing in the message refers to b.
func (Codec) Decode(b []byte) (any, error) {
	if len(b) < 2 {
		return nil, garbage("a message of %d bytes", len(b))
	}
	if b[0] != version {
		return nil, garbage("a message of version %d, only %d is understood", b[0], version).
			WithHint("Run the same version of Skein everywhere.")
	}
	body := b[2:]
	switch kind(b[1]) {
	case kindRun:
		return readRun(body)
	case kindStop:
		m := &Stop{}
		return m, each(body, func(f field) error { return f.only(1, &m.Query) })
	case kindDone:
		return readDone(body)
	case kindFailed:
		return readFailed(body)
	case kindAbandon:
		m := &Abandon{}
		return m, each(body, func(f field) error {
			if f.n == 2 {
				return f.number(&m.Attempt)
			}
			return f.only(1, &m.Query)
		})
	case kindCheck:
		m := &Check{}
		return m, each(body, func(f field) error {
			switch f.n {
			case 2:
				return f.number(&m.Attempt)
			case 3:
				return f.number(&m.Fragment)
			}
			return f.only(1, &m.Query)
		})
	case kindSealed:
		m := &Sealed{}
		return m, readEdges(body, &m.Query, &m.Edges)
	case kindFree:
		m := &Free{}
		return m, readEdges(body, &m.Query, &m.Edges)
	case kindReport:
		return readReport(body)
	case kindCommitted:
		m := &Committed{}
		return m, each(body, func(f field) error {
			if f.n == 1 {
				return integer(f, &m.CSN)
			}
			return f.unknown()
		})
	}
	return nil, garbage("a message of kind %d", b[1])
}

func readDone(b []byte) (*Done, error) {
	m := &Done{}
	return m, each(b, func(f field) error {
		switch f.n {
		case 1:
			return f.text(&m.Query)
		case 2:
			return f.text(&m.Worker)
		case 3:
			return f.number(&m.Attempt)
		case 4:
			return f.number(&m.Fragment)
		case 5:
			return f.numbers(&m.Tasks)
		case 6:
			return integer(f, &m.Stats.Elapsed)
		case 7:
			return integer(f, &m.Stats.PeakBytes)
		case 8:
			n, err := readCounts(f)
			m.Stats.Nodes = append(m.Stats.Nodes, n)
			return err
		case 9:
			return f.truth(&m.Stats.Reordered)
		case 10:
			s, err := readSent(f)
			m.Stats.Sent = append(m.Stats.Sent, s)
			return err
		}
		return f.unknown()
	})
}

func readFailed(b []byte) (*Failed, error) {
	m := &Failed{}
	return m, each(b, func(f field) error {
		switch f.n {
		case 1:
			return f.text(&m.Query)
		case 2:
			return f.text(&m.Worker)
		case 3:
			return f.number(&m.Attempt)
		case 4:
			return f.number(&m.Fragment)
		case 5:
			e, err := readError(f)
			m.Err = e
			return err
		case 6:
			return f.text(&m.Lost)
		}
		return f.unknown()
	})
}

func (w *writer) edges(query string, edges []int) {
	w.text(1, query)
	w.ints(2, edges)
}

func readEdges(b []byte, query *string, edges *[]int) error {
	return each(b, func(f field) error {
		if f.n == 2 {
			return f.numbers(edges)
		}
		return f.only(1, query)
	})
}

// error writes what of an error crosses: code, span, hint, and the message with that
// of its causes. The causes themselves stay behind.
func (w *writer) error(err error) {
	e, ok := sqlerr.Wrap(err, "").(*sqlerr.Error)
	if !ok {
		return
	}
	w.text(1, string(e.Code))
	w.int(2, int64(e.Span.Start))
	w.int(3, int64(e.Span.End))
	w.text(4, err.Error())
	w.text(5, e.Hint)
}

func readError(f field) (*sqlerr.Error, error) {
	e := &sqlerr.Error{}
	return e, f.each(func(f field) error {
		switch f.n {
		case 1:
			return f.text((*string)(&e.Code))
		case 2:
			return integer(f, &e.Span.Start)
		case 3:
			return integer(f, &e.Span.End)
		case 4:
			return f.text(&e.Msg)
		case 5:
			return f.text(&e.Hint)
		}
		return f.unknown()
	})
}

// MaxBytes bounds a message: a plan, and room for the tasks beside it.
const MaxBytes = substrait.MaxBytes + 8<<20

// garbage is the error for bytes that are no message.
func garbage(format string, args ...any) *sqlerr.Error {
	return sqlerr.New(sqlerr.InvalidMessage, format, args...)
}

// writer appends fields; those with the zero value are left out.
type writer struct{ b []byte }

func (w *writer) begin(k kind) { w.b = append(w.b, version, byte(k)) }

func (w *writer) int(n protowire.Number, v int64) {
	if v != 0 {
		w.b = protowire.AppendTag(w.b, n, protowire.VarintType)
		w.b = protowire.AppendVarint(w.b, protowire.EncodeZigZag(v))
	}
}

func (w *writer) bool(n protowire.Number, v bool) {
	if v {
		w.int(n, 1)
	}
}

func (w *writer) text(n protowire.Number, s string) {
	if s != "" {
		w.b = protowire.AppendTag(w.b, n, protowire.BytesType)
		w.b = protowire.AppendString(w.b, s)
	}
}

// bytes writes b unless it is nil.
func (w *writer) bytes(n protowire.Number, b []byte) {
	if b != nil {
		w.b = protowire.AppendTag(w.b, n, protowire.BytesType)
		w.b = protowire.AppendBytes(w.b, b)
	}
}

// ints writes a list unless it is nil.
func (w *writer) ints(n protowire.Number, list []int) {
	if list == nil {
		return
	}
	packed := []byte{}
	for _, v := range list {
		packed = protowire.AppendVarint(packed, protowire.EncodeZigZag(int64(v)))
	}
	w.bytes(n, packed)
}

func (w *writer) sub(n protowire.Number, write func(*writer)) {
	inner := &writer{b: []byte{}}
	write(inner)
	w.bytes(n, inner.b)
}

// field is one field as it was read: a number, or bytes.
type field struct {
	n     protowire.Number
	isInt bool
	v     int64
	b     []byte
}

// each calls visit for every field of b.
func each(b []byte, visit func(field) error) error {
	for len(b) > 0 {
		n, t, size := protowire.ConsumeTag(b)
		if size < 0 {
			return garbage("a message whose fields cannot be told apart")
		}
		b = b[size:]
		f := field{n: n}
		switch t {
		case protowire.VarintType:
			var v uint64
			v, size = protowire.ConsumeVarint(b)
			f.v, f.isInt = protowire.DecodeZigZag(v), true
		case protowire.BytesType:
			f.b, size = protowire.ConsumeBytes(b)
		default:
			return garbage("field %d of a message has type %d", n, t)
		}
		if size < 0 {
			return garbage("field %d of a message is cut off", n)
		}
		b = b[size:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

func (f field) each(visit func(field) error) error {
	if f.isInt {
		return f.unknown()
	}
	return each(f.b, visit)
}

func (f field) unknown() error { return garbage("field %d of a message is not understood", f.n) }

// only is a text that is the one field left that may come.
func (f field) only(n protowire.Number, s *string) error {
	if f.n != n {
		return f.unknown()
	}
	return f.text(s)
}

func (f field) text(s *string) error {
	if f.isInt {
		return f.unknown()
	}
	*s = string(f.b)
	return nil
}

func (f field) bytes(b *[]byte) error {
	if f.isInt {
		return f.unknown()
	}
	*b = append([]byte{}, f.b...)
	return nil
}

func (f field) number(v *int) error { return integer(f, v) }

// integer reads a number that must fit.
func integer[T ~int | ~int32 | ~int64 | ~uint8](f field, v *T) error {
	if !f.isInt || int64(T(f.v)) != f.v {
		return f.unknown()
	}
	*v = T(f.v)
	return nil
}

func (f field) truth(v *bool) error {
	if !f.isInt || f.v != 1 {
		return f.unknown()
	}
	*v = true
	return nil
}

func (f field) numbers(list *[]int) error {
	if f.isInt {
		return f.unknown()
	}
	out := []int{}
	for b := f.b; len(b) > 0; {
		v, size := protowire.ConsumeVarint(b)
		if size < 0 {
			return garbage("a list in field %d of a message is cut off", f.n)
		}
		b = b[size:]
		out = append(out, int(protowire.DecodeZigZag(v)))
	}
	*list = out
	return nil
}
