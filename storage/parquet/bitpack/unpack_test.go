package bitpack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skein-query/skein/internal/simd"
)

// pack is the encoding itself, a bit after the other.
func pack(values []uint64, width int) []byte {
	out := make([]byte, (len(values)*width+7)/8)
	for i, v := range values {
		for bit := range width {
			at := i*width + bit
			out[at>>3] |= byte(v>>bit&1) << (at & 7)
		}
	}
	return out
}

// check unpacks n values of data with every level into the middle of a larger
// buffer, one value off every alignment, and compares them with plain arithmetic.
func check[T Value](t *testing.T, data []byte, n, width int, limit uint32) {
	t.Helper()
	const around = 33
	want, ok := make([]T, n), true
	for i := range want {
		v := bitsAt(data, i*width, width)
		want[i], ok = T(v), ok && v < uint64(limit)
	}
	mark := ^T(0) / 3
	for _, level := range simd.Levels() {
		room := slices.Repeat([]T{mark}, n+2*around)
		out := room[around : around+n : around+n]
		if got := unpackAt(level, out, data, width, limit); got != ok {
			t.Fatalf("%s: %d values of %d bits to %T below %d: %v", level, n, width, mark, limit, got)
		}
		if ok && !slices.Equal(out, want) {
			t.Fatalf("%s: %d values of %d bits to %T differ:\n%v\n%v", level, n, width, mark, out, want)
		}
		for i, v := range room {
			if (i < around || i >= around+n) && v != mark {
				t.Fatalf("%s: %d values of %d bits to %T: place %d was written", level, n, width, mark, i-around)
			}
		}
	}
}

func values(r *rand.Rand, n int, below uint64) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = r.Uint64N(below)
	}
	return out
}

// Every width and length, with bytes after the run and without, at odd addresses.
func TestEveryWidthAndLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for width := range 33 {
		for n := range 201 {
			packed := pack(values(r, n, 1<<width), width)
			data := append([]byte{0xff}, packed...)[1:]
			if n%2 == 1 {
				data = append(data, bytes.Repeat([]byte{0xff}, 1+n%70)...)
			}
			checkAll(t, data, n, width, uint32(min(1<<width, 1<<32-1)))
		}
	}
}

func checkAll(t *testing.T, data []byte, n, width int, limit uint32) {
	t.Helper()
	check[uint8](t, data, n, width, limit)
	check[uint16](t, data, n, width, limit)
	check[uint32](t, data, n, width, limit)
}

// One value at the limit, at every place, makes the verdict false; one below it does
// not.
func TestEveryValueIsChecked(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for width := 1; width <= 32; width++ {
		for _, n := range []int{1, 7, 33, 100, 131} {
			limit := uint64(1)<<width - 1
			if limit > 1 {
				limit = 1 + r.Uint64N(limit)
			}
			for at := range n {
				v := values(r, n, limit)
				checkAll(t, pack(v, width), n, width, uint32(limit))
				v[at] = limit + r.Uint64N(1<<width-limit)
				checkAll(t, pack(v, width), n, width, uint32(limit))
			}
		}
	}
}

func TestNothingIsBelowZero(t *testing.T) {
	for _, width := range []int{0, 1, 5, 31} {
		checkAll(t, make([]byte, 40), 10, width, 0)
		checkAll(t, nil, 0, width, 0)
		checkAll(t, nil, 0, width, 1)
	}
}

func FuzzLevelsAgree(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(3), uint16(20), uint32(8))
	f.Add(bytes.Repeat([]byte{0x55, 0xaa, 3}, 100), uint8(17), uint16(130), uint32(1<<17))
	f.Add(bytes.Repeat([]byte{0xff}, 64), uint8(8), uint16(64), uint32(255))
	f.Fuzz(func(t *testing.T, data []byte, width uint8, n uint16, limit uint32) {
		w := int(width) % 33
		count := int(n)
		if w > 0 {
			count = min(count, len(data)*8/w)
		}
		checkAll(t, data, count, w, limit)
	})
}

// BenchmarkUnpack unpacks a page's worth of runs, as Arrow's writers make them
// (504 values), and as one run.
func BenchmarkUnpack(b *testing.B) {
	for _, width := range []int{1, 3, 6, 8} {
		benchmark[uint8](b, width)
	}
	for _, width := range []int{9, 12, 13, 16} {
		benchmark[uint16](b, width)
	}
	for _, width := range []int{17, 20, 25, 28} {
		benchmark[uint32](b, width)
	}
}

func benchmark[T Value](b *testing.B, width int) {
	const n = 504 * 40
	r := rand.New(rand.NewPCG(5, 6))
	data := make([]byte, n*width/8+8)
	for i := 0; i+8 <= len(data); i += 8 {
		binary.LittleEndian.PutUint64(data[i:], r.Uint64())
	}
	out := make([]T, n)
	limit := uint32(1)<<width - 1 + uint32(width&1)
	for _, run := range []int{504, n} {
		for _, level := range simd.Levels() {
			b.Run(fmt.Sprintf("%T/width=%d/run=%d/%s", out[0], width, run, level), func(b *testing.B) {
				for b.Loop() {
					for at := 0; at < n; at += run {
						unpackAt(level, out[at:at+run], data[at/8*width:], width, limit)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
			})
		}
	}
}
