package exchange

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

func TestFramesRoundTripInEveryEncoding(t *testing.T) {
	for seed := range uint64(1500) {
		r := newRandom(seed)
		var e Encoder
		var d Decoder
		var piece []byte
		var want [][]string
		for range 1 + r.IntN(4) {
			b := r.batch(r.IntN(200))
			var err error
			if piece, err = e.Append(piece, b); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			want = append(want, rowsOf(b))
		}
		if seed%3 == 0 { // bytes that are not aligned
			piece = append(make([]byte, 1), piece...)[1:]
		}
		for i := range want {
			b, rest, err := d.Decode(piece)
			if err != nil {
				t.Fatalf("seed %d: frame %d: %v", seed, i, err)
			}
			if got := rowsOf(b); b.Sel != nil || !slices.Equal(got, want[i]) {
				t.Fatalf("seed %d: frame %d:\n%q, not\n%q", seed, i, got, want[i])
			}
			piece = rest
		}
		if len(piece) != 0 {
			t.Fatalf("seed %d: %d bytes are left", seed, len(piece))
		}
	}
}

func TestAFrameInPartsIsTheFrame(t *testing.T) {
	apart := 0
	for seed := range uint64(400) {
		r := newRandom(seed)
		var whole, vectored Encoder
		for range 3 {
			b := r.batch(r.IntN(3000))
			want, err := whole.Append(nil, b)
			if err != nil {
				t.Fatal(err)
			}
			parts, length, err := vectored.Vectors(b)
			if err != nil {
				t.Fatal(err)
			}
			if got := bytes.Join(parts, nil); length != len(want) || !bytes.Equal(got, want) {
				t.Fatalf("seed %d: %d bytes in %d parts, %d in one", seed, len(got), len(parts), len(want))
			}
			apart += len(parts) - 1
		}
	}
	if apart < 400 {
		t.Errorf("only %d parts were not copied", apart)
	}
	values := make([]int64, 1000)
	parts, _, err := new(Encoder).Vectors(vector.New([]vector.Column{vector.Flat(vector.Int64, values, nil)}, len(values)))
	if err != nil || len(parts) != 2 || &parts[1][0] != &vector.BytesOf(values)[0] {
		t.Errorf("the values of a column were copied: %d parts, %v", len(parts), err)
	}
}

// words is a batch of one coded column over a dictionary.
func words(d *vector.Dict, codes ...uint8) *vector.Batch {
	return vector.New([]vector.Column{{Kind: d.Values.Kind, Width: 1, Len: len(codes), Data: codes, Dict: d}}, len(codes))
}

func dictOf(values ...string) *vector.Dict {
	var b vector.StringBuilder
	for _, v := range values {
		b.AppendString(v)
	}
	return &vector.Dict{Values: b.Column(nil)}
}

func TestADictionaryTravelsOnceAndStaysOne(t *testing.T) {
	dict := dictOf("a word longer than a view", "short")
	var e Encoder
	var first, second bytes.Buffer
	for _, w := range []*bytes.Buffer{&first, &second} {
		if err := e.Encode(w, words(dict, 0, 1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Contains(second.Bytes(), []byte("longer")) || !bytes.Contains(first.Bytes(), []byte("longer")) {
		t.Errorf("the words should stand in the first frame only")
	}
	var d Decoder
	a, _, err := d.Decode(first.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := d.Decode(second.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if a.Cols[0].Dict == nil || a.Cols[0].Dict != b.Cols[0].Dict {
		t.Errorf("both frames should share a dictionary")
	}
}

func TestConstantsAndSmallSelectionsStaySmall(t *testing.T) {
	big := vector.New([]vector.Column{vector.Const(dictOf("x").Values, 8000)}, 8000)
	frame, err := new(Encoder).Append(nil, big)
	if err != nil || len(frame) > 100 {
		t.Errorf("a constant of 8000 rows takes %d bytes (%v)", len(frame), err)
	}
	var many []string
	for i := range 250 {
		many = append(many, string(rune('a'+i%26))+" word that is not needed")
	}
	few := words(dictOf(many...), make([]uint8, 100)...)
	few.Sel = vector.Selection{7}
	if frame, err = new(Encoder).Append(nil, few); err != nil || len(frame) > 150 {
		t.Errorf("one row over a dictionary of 250 words takes %d bytes (%v)", len(frame), err)
	}
}

// sealed gives a changed frame the checksum and the length it should have, so that
// only the change is wrong.
func sealed(frame []byte) []byte {
	binary.LittleEndian.PutUint64(frame[8:], uint64(len(frame)-frameHeader))
	binary.LittleEndian.PutUint32(frame[16:], crc32.Checksum(frame[20:], castagnoli))
	return frame
}

func TestDamagedFramesAreCorrupt(t *testing.T) {
	r := newRandom(3)
	frame, err := new(Encoder).Append(nil, r.batch(100))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(frame) {
		if _, _, err := new(Decoder).Decode(frame[:n]); sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(frame), err)
		}
	}
	for at := range len(frame) {
		bad := slices.Clone(frame)
		bad[at] ^= 0x40
		if _, _, err := new(Decoder).Decode(bad); sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
			t.Fatalf("byte %d changed: %v", at, err)
		}
	}
}

func TestLyingFramesAreCorrupt(t *testing.T) {
	const column, body = frameHeader, frameHeader + 8
	plain := func() *vector.Batch {
		return vector.New([]vector.Column{vector.Flat(vector.Int64, []int64{1, 2, 3}, nil)}, 3)
	}
	lists := func() *vector.Batch {
		child := vector.Flat(vector.Int64, []int64{1, 2, 3}, nil)
		return vector.New([]vector.Column{{Kind: vector.List, Len: 2, Data: vector.BytesOf([]int32{0, 1, 3}), Children: []vector.Column{child}}}, 2)
	}
	cases := []struct {
		name  string
		batch *vector.Batch
		lie   func(f []byte) []byte
	}{
		{"too many rows", plain(), func(f []byte) []byte { f[20] = 200; return f }},
		{"rows of a column", plain(), func(f []byte) []byte { f[column+4] = 2; return f }},
		{"more columns", plain(), func(f []byte) []byte { f[24] = 2; return f }},
		{"fewer columns", plain(), func(f []byte) []byte { f[24] = 0; return f }},
		{"millions of columns", plain(), func(f []byte) []byte { f[27] = 1; return f }},
		{"unknown kind", plain(), func(f []byte) []byte { f[column] = 99; return f }},
		{"no kind", plain(), func(f []byte) []byte { f[column] = 0; return f }},
		{"unknown form", plain(), func(f []byte) []byte { f[column+1] = 9; return f }},
		{"nulls that are not there", plain(), func(f []byte) []byte { f[column+3] = 1; return f[:body] }},
		{"short values", plain(), func(f []byte) []byte { return f[:len(f)-8] }},
		{"long values", plain(), func(f []byte) []byte { return append(f, make([]byte, 8)...) }},
		{"a boolean of 7", vector.New([]vector.Column{{Kind: vector.Bool, Len: 1, Data: []byte{1}}}, 1),
			func(f []byte) []byte { f[body] = 7; return f }},
		{"code outside", words(dictOf("a", "b"), 0, 1), func(f []byte) []byte { f[len(f)-8] = 2; return f }},
		{"width of codes", words(dictOf("a", "b"), 0, 1), func(f []byte) []byte { f[column+2] = 3; return f }},
		{"unknown dictionary", words(dictOf("a", "b"), 0, 1), func(f []byte) []byte { f[body] = 1; return f }},
		{"dictionary of another kind", words(dictOf("a", "b"), 0, 1), func(f []byte) []byte { f[column] = byte(vector.Struct); return f }},
		{"huge dictionary", words(dictOf("a", "b"), 0, 1), func(f []byte) []byte { f[body+8+7] = 0xff; return f }},
		{"list offsets fall", lists(), func(f []byte) []byte { f[body+4] = 9; return f }},
		{"list offsets begin late", lists(), func(f []byte) []byte { f[body] = 1; return f }},
		{"list beyond its child", lists(), func(f []byte) []byte { f[body+8] = 200; return f }},
	}
	for _, c := range cases {
		frame, err := new(Encoder).Append(nil, c.batch)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if _, _, err := new(Decoder).Decode(frame); err != nil {
			t.Fatalf("%s: the truth is refused: %v", c.name, err)
		}
		if _, _, err := new(Decoder).Decode(sealed(c.lie(frame))); sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// values is the number of values in columns and below them.
func values(cols []vector.Column) int {
	n := 0
	for i := range cols {
		n += cols[i].Len + values(cols[i].Children)
		if cols[i].Dict != nil {
			n += values([]vector.Column{cols[i].Dict.Values}) * (1 + cols[i].Len)
		}
	}
	return n
}

// FuzzFrame decodes any bytes under a right checksum: they are refused as corrupt,
// or give a batch that can be read and encoded again with the same rows.
func FuzzFrame(f *testing.F) {
	for seed := range uint64(20) {
		r := newRandom(seed)
		frame, err := new(Encoder).Append(nil, r.batch(r.IntN(20)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) >= frameHeader {
			frame = sealed(slices.Clone(frame))
		}
		b, _, err := new(Decoder).Decode(frame)
		if err != nil {
			if sqlerr.CodeOf(err) != sqlerr.DataCorrupted {
				t.Fatalf("%v is not typed", err)
			}
			return
		}
		if values(b.Cols) > 1<<12 {
			return // constants can say much with few bytes; too slow to compare
		}
		again, err := new(Encoder).Append(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		c, _, err := new(Decoder).Decode(again)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := rowsOf(c), rowsOf(b); !slices.Equal(got, want) {
			t.Fatalf("%q, not %q", got, want)
		}
	})
}
