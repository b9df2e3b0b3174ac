package cluster

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// frameVersion is the first byte of a frame.
const frameVersion = 1

// frameBytes is how much a frame takes of more than one letter.
const frameBytes = 256 << 10

// frame is what one process sends another at a time: letters, what it has had of the
// other's, or that the other takes it for somebody else.
type frame struct {
	host        string // of the sender
	incarnation uint64 // of the sender
	to          uint64 // incarnation of the receiver

	session, base uint64
	letters       []letter

	ackSession, ack uint64 // up to ack all is had; ackSession 0: says nothing
	refused         []refusal

	gone uint64 // an incarnation that letters came for and that is not here
}

var errFrame = errors.New("a frame that cannot be understood")

func (f *frame) encode() []byte {
	size := 64 + len(f.host)
	for _, l := range f.letters {
		size += 32 + len(l.target) + len(l.from) + len(l.payload)
	}
	b := append(make([]byte, 0, size), frameVersion)
	b = appendText(b, 1, f.host)
	for i, v := range [...]uint64{f.incarnation, f.to, f.session, f.base, f.ackSession, f.ack, f.gone} {
		if v != 0 {
			b = appendNumber(b, protowire.Number(2+i), v)
		}
	}
	for _, l := range f.letters {
		b = protowire.AppendTag(b, 9, protowire.BytesType)
		n := protowire.SizeVarint(l.seq) + 1 + textSize(l.target) + textSize(l.from) + textSize(string(l.payload))
		b = protowire.AppendVarint(b, uint64(n))
		b = appendNumber(b, 1, l.seq)
		b = appendText(b, 2, l.target)
		b = appendText(b, 3, l.from)
		b = protowire.AppendBytes(protowire.AppendTag(b, 4, protowire.BytesType), l.payload)
	}
	for _, r := range f.refused {
		inner := appendText(appendNumber(nil, 1, r.seq), 2, r.text)
		b = protowire.AppendBytes(protowire.AppendTag(b, 10, protowire.BytesType), inner)
	}
	return b
}

// textSize is the length of a short-numbered field with s.
func textSize(s string) int { return 1 + protowire.SizeBytes(len(s)) }

// decodeFrame is the frame in b; payloads are parts of b.
func decodeFrame(b []byte) (*frame, error) {
	if len(b) == 0 || b[0] != frameVersion {
		return nil, errFrame
	}
	f := &frame{}
	numbers := [...]*uint64{&f.incarnation, &f.to, &f.session, &f.base, &f.ackSession, &f.ack, &f.gone}
	err := fields(b[1:], func(n protowire.Number, v uint64, s []byte) error {
		switch {
		case n == 1:
			f.host = string(s)
		case n >= 2 && int(n) < 2+len(numbers):
			*numbers[n-2] = v
		case n == 9:
			l := letter{}
			f.letters = append(f.letters, l)
			return f.letters[len(f.letters)-1].decode(s)
		case n == 10:
			r := refusal{}
			err := fields(s, func(n protowire.Number, v uint64, s []byte) error {
				if n == 1 {
					r.seq = v
				} else {
					r.text = string(s)
				}
				return nil
			})
			f.refused = append(f.refused, r)
			return err
		default:
			return errFrame
		}
		return nil
	})
	if err == nil && (f.host == "" || f.incarnation == 0) {
		err = errFrame
	}
	return f, err
}

func (l *letter) decode(b []byte) error {
	return fields(b, func(n protowire.Number, v uint64, s []byte) error {
		switch n {
		case 1:
			l.seq = v
		case 2:
			l.target = string(s)
		case 3:
			l.from = string(s)
		case 4:
			l.payload = s
		default:
			return errFrame
		}
		return nil
	})
}
