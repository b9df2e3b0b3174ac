package snappy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	reference "github.com/klauspost/compress/snappy"
)

// element is a literal, or a copy of length bytes from offset bytes back, in the
// form of kind.
type element struct {
	literal              []byte
	kind, offset, length int
}

// encode writes a block of elements, whose decompressed length is n.
func encode(n int, elements ...element) []byte {
	out := binary.AppendUvarint(nil, uint64(n))
	for _, e := range elements {
		switch e.kind {
		case 0:
			last := len(e.literal) - 1
			switch {
			case last < 60:
				out = append(out, byte(last<<2))
			case last < 1<<8:
				out = append(out, 60<<2, byte(last))
			case last < 1<<16:
				out = append(out, 61<<2, byte(last), byte(last>>8))
			default:
				out = append(out, 62<<2, byte(last), byte(last>>8), byte(last>>16))
			}
			out = append(out, e.literal...)
		case 1:
			out = append(out, byte(e.offset>>8<<5|(e.length-4)<<2|1), byte(e.offset))
		case 2:
			out = append(out, byte((e.length-1)<<2|2), byte(e.offset), byte(e.offset>>8))
		case 3:
			out = binary.LittleEndian.AppendUint32(append(out, byte((e.length-1)<<2|3)), uint32(e.offset))
		}
	}
	return out
}

// plain is what elements decompress to, byte by byte.
func plain(elements ...element) []byte {
	var out []byte
	for _, e := range elements {
		out = append(out, e.literal...)
		for range e.length {
			out = append(out, out[len(out)-e.offset])
		}
	}
	return out
}

// inRoom decodes into the middle of a larger buffer and reports bytes that changed
// around it.
func inRoom(t *testing.T, src []byte, n int) ([]byte, error) {
	t.Helper()
	const around = 256
	room := bytes.Repeat([]byte{0xA5}, n+2*around)
	dst := room[around : around+n : around+n]
	err := Decode(dst, src)
	if !bytes.Equal(room[:around], bytes.Repeat([]byte{0xA5}, around)) || !bytes.Equal(room[around+n:], bytes.Repeat([]byte{0xA5}, around)) {
		t.Fatal("bytes around the destination were written")
	}
	return dst, err
}

func text(r *rand.Rand, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// Every kind of copy, at every distance and length that has a path of its own, after
// literals of lengths that have one, near the end of the block and far from it.
func TestEveryElementDecodesToWhatItSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, literal := range []int{1, 2, 6, 7, 16, 17, 60, 61, 64, 65, 300, 70000} {
		for _, offset := range []int{1, 2, 3, 7, 8, 9, 15, 16, 17, 40, 255, 2047, 2048, 65535, 65536} {
			for _, kind := range []int{1, 2, 3} {
				for _, length := range []int{1, 3, 4, 5, 7, 8, 9, 11, 12, 16, 17, 31, 32, 33, 64} {
					if kind == 1 && (length < 4 || length > 11 || offset > 2047) || kind == 2 && offset > 65535 {
						continue
					}
					first := max(0, offset-literal)
					var all []element
					if first > 0 {
						all = append(all, element{literal: text(r, first)})
					}
					pair := []element{{literal: text(r, literal)}, {kind: kind, offset: offset, length: length}}
					all = append(all, pair...)
					for _, far := range []int{0, 1, 100, 300} {
						some := all
						if far > 0 {
							some = append(all[:len(all):len(all)], element{literal: text(r, far)})
						}
						want := plain(some...)
						got, err := inRoom(t, encode(len(want), some...), len(want))
						if err != nil || !bytes.Equal(got, want) {
							t.Fatalf("literal of %d, copy %d of %d bytes from %d back, %d bytes before the end: %v", literal, kind, length, offset, far, err)
						}
					}
				}
			}
		}
	}
}

func TestCorruptBlocksAreErrors(t *testing.T) {
	l := element{literal: []byte("0123456789")}
	long := element{literal: make([]byte, 500)}
	for name, c := range map[string]struct {
		src []byte
		n   int
	}{
		"nothing":                         {nil, 0},
		"a header that does not end":      {[]byte{0x80}, 0},
		"another length":                  {encode(11, l), 10},
		"too few bytes":                   {encode(11, l), 11},
		"too many bytes":                  {encode(9, l), 9},
		"a literal that does not end":     {encode(10, l)[:6], 10},
		"a length that does not end":      {[]byte{200, 1, 62 << 2, 1}, 200},
		"a literal of 4 GB":               {[]byte{200, 1, 63 << 2, 255, 255, 255, 255}, 200},
		"a copy that does not end":        {encode(14, l, element{kind: 1, offset: 4, length: 4})[:12], 14},
		"a far copy that does not end":    {encode(14, l, element{kind: 3, offset: 4, length: 4})[:15], 14},
		"a copy from 0 back":              {encode(14, l, element{kind: 1, offset: 0, length: 4}), 14},
		"a copy from before the start":    {encode(14, l, element{kind: 2, offset: 11, length: 4}), 14},
		"a far copy from before it":       {encode(14, l, element{kind: 3, offset: 1 << 31, length: 4}), 14},
		"a copy past the end":             {encode(13, l, element{kind: 2, offset: 4, length: 4}), 13},
		"a copy from 0 back, with room":   {encode(514, l, element{kind: 2, offset: 0, length: 4}, long), 514},
		"a copy before the start, room":   {encode(514, l, element{kind: 2, offset: 11, length: 4}, long), 514},
		"a far copy from 0 back, room":    {encode(514, l, element{kind: 3, offset: 0, length: 4}, long), 514},
		"elements after the block's end":  {encode(10, l, l), 10},
		"a header of more than 32 bits":   {[]byte{255, 255, 255, 255, 255, 1}, 10},
		"nothing after a header of a few": {[]byte{3}, 3},
	} {
		if !fast && strings.Contains(name, "copy from 0 back") && !strings.Contains(name, "far") {
			continue
		}
		if _, err := inRoom(t, c.src, c.n); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if n, err := DecodedLen(encode(70000)); n != 70000 || err != nil {
		t.Errorf("length %d, %v", n, err)
	}
	if err := Decode(nil, []byte{0}); err != nil {
		t.Errorf("the empty block: %v", err)
	}
}

// samples are blocks as writers make them, by what they hold.
func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(3, 4))
	out := map[string][]byte{}
	number := func(f func(i int) uint64) []byte {
		var b []byte
		for i := range 1 << 15 {
			b = binary.LittleEndian.AppendUint64(b, f(i))
		}
		return b
	}
	out["rising keys"] = number(func(i int) uint64 { return uint64(4*i + i/7) })
	out["prices"] = number(func(int) uint64 { return uint64(90000 + r.IntN(10000000)) })
	out["small numbers"] = number(func(int) uint64 { return uint64(r.IntN(50)) })
	out["random"] = text(r, 1<<18)
	out["zeros"] = make([]byte, 1<<18)
	words := []string{"carefully", " ironic", " deposits", " sleep", " furiously", " above", " the", ".", " final", " requests"}
	var b []byte
	for len(b) < 1<<18 {
		b = append(b, words[r.IntN(len(words))]...)
	}
	out["text"] = b
	return out
}

// naive decodes by the letter of the format. A nil out with ok is a block of which
// nothing is said: one with a repeat of S2, where those are taken (by portable).
func naive(src []byte, n int) (out []byte, ok bool) {
	_, k := binary.Uvarint(src)
	src = src[k:]
	for len(src) > 0 {
		tag := int(src[0])
		extra, length, offset := 0, tag>>2+1, 0
		switch kind := tag & 3; {
		case kind == 0 && tag>>2 >= 60:
			extra = tag>>2 - 59
		case kind == 1:
			extra, length = 1, tag>>2&7+4
		case kind == 2:
			extra = 2
		case kind == 3:
			extra = 4
		}
		if len(src) < 1+extra {
			return nil, false
		}
		var number [8]byte
		copy(number[:], src[1:1+extra])
		src = src[1+extra:]
		offset = int(binary.LittleEndian.Uint64(number[:]))
		if tag&3 == 0 {
			if extra > 0 {
				length = offset + 1
			}
			if length > len(src) {
				return nil, false
			}
			out, src = append(out, src[:length]...), src[length:]
			continue
		}
		if tag&3 == 1 {
			offset |= tag >> 5 << 8
		}
		if offset == 0 {
			return nil, !fast
		}
		if offset > len(out) {
			return nil, false
		}
		for range length {
			out = append(out, out[len(out)-offset])
		}
	}
	return out, len(out) == n
}

func FuzzDecodeAgreesWithTheFormat(f *testing.F) {
	for _, s := range samples() {
		f.Add(reference.Encode(nil, s[:4096]))
	}
	f.Add(encode(14, element{literal: []byte("0123456789")}, element{kind: 3, offset: 4, length: 4}))
	f.Fuzz(func(t *testing.T, src []byte) {
		n, err := reference.DecodedLen(src)
		if err != nil || n > 1<<20 {
			return
		}
		want, ok := naive(src, n)
		got, err := inRoom(t, bytes.Clone(src), n)
		if ok && want == nil && n > 0 {
			return
		}
		if (err == nil) != ok {
			t.Fatalf("error %v, by the format it is right: %t", err, ok)
		}
		if ok && !bytes.Equal(got, want) {
			t.Fatal("other bytes than by the format")
		}
	})
}

// Damaged blocks of every sort of content agree with the format, too.
func TestDamagedBlocksAgreeWithTheFormat(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for name, s := range samples() {
		whole := reference.Encode(nil, s)
		for i := range 300 {
			src := bytes.Clone(whole)
			for range i % 4 {
				src[r.IntN(len(src))] ^= byte(1 << r.IntN(8))
			}
			if i%5 == 4 {
				src = src[:r.IntN(len(src))]
			}
			n, err := reference.DecodedLen(src)
			if err != nil || n > 1<<20 {
				continue
			}
			want, ok := naive(src, n)
			got, err := inRoom(t, src, n)
			if ok && want == nil && n > 0 {
				continue
			}
			if (err == nil) != ok || ok && !bytes.Equal(got, want) {
				t.Fatalf("%s, damage %d: error %v, by the format it is right: %t", name, i, err, ok)
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, s := range samples() {
		src, dst := reference.Encode(nil, s), make([]byte, len(s))
		for who, decode := range map[string]func() error{
			"own":       func() error { return Decode(dst, src) },
			"reference": func() error { _, err := reference.Decode(dst, src); return err },
		} {
			b.Run(fmt.Sprintf("%s/%s", name, who), func(b *testing.B) {
				b.SetBytes(int64(len(s)))
				for b.Loop() {
					if err := decode(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
