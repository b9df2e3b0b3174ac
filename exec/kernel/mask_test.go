package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/simd"
)

// inRoom gives a selection for n rows in the middle of marked memory, and what checks
// that only it was written.
func inRoom(t *testing.T, n int) (vector.Selection, func()) {
	const around, mark = 32, 0xdeadbeef
	room := slices.Repeat([]uint32{mark}, n+2*around)
	return room[around : around+n : around+n], func() {
		t.Helper()
		for i, v := range room {
			if (i < around || i >= around+n) && v != mark {
				t.Fatalf("place %d of a selection of %d rows was written", i-around, n)
			}
		}
	}
}

// checkRows runs a kernel over n rows, all and some of them, at every level.
func checkRows(t *testing.T, what string, n int, passes func(row uint32) bool, run func(level simd.Level, sel, out vector.Selection) vector.Selection) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(n), 1))
	for _, sel := range []vector.Selection{nil, sometimes(r, n, 3)} {
		var want vector.Selection
		for _, row := range rowsOf(sel, n) {
			if passes(row) {
				want = append(want, row)
			}
		}
		for _, level := range simd.Levels() {
			out, check := inRoom(t, n)
			if got := run(level, sel, out); !slices.Equal(got, want) {
				t.Fatalf("%s: %s of %d rows, sel %v: %v, want %v", level, what, n, sel, got, want)
			}
			check()
		}
	}
}

// ints is n values, most of them small, at an odd place of a larger slice.
func ints[T Integer](r *rand.Rand, n int) []T {
	out := make([]T, n+3)
	for i := range out {
		out[i] = T(r.IntN(20) - 10)
		if r.IntN(4) == 0 {
			out[i] = T(r.Uint64())
		}
	}
	return out[1 : n+1 : n+1]
}

func checkRange[T Integer](t *testing.T, values []T, r Range) {
	t.Helper()
	checkRows(t, fmt.Sprintf("%T in %v", values, r), len(values), func(row uint32) bool {
		v := int64(values[row])
		return (v >= r.Lo && v <= r.Hi) != r.Not
	}, func(level simd.Level, sel, out vector.Selection) vector.Selection {
		return selectRangeAt(level, values, r, sel, out)
	})
}

// lengths has every length up to 200, and those around the steps of the kernels.
func lengths() []int {
	var all []int
	for n := range 201 {
		all = append(all, n)
	}
	return append(all, 64*maskWords-1, 64*maskWords, 64*maskWords+1, 64*maskWords+64, 5000)
}

func TestRangesAtEveryLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ends := []int64{-5, 0, 3, 300, -40000, 70000, math.MinInt64, math.MaxInt64, math.MinInt32, math.MaxInt32, 255, -128}
	for _, n := range lengths() {
		in := Range{Lo: ends[r.IntN(len(ends))], Hi: ends[r.IntN(len(ends))], Not: r.IntN(2) == 0}
		checkRange(t, ints[uint8](r, n), in)
		checkRange(t, ints[int16](r, n), in)
		checkRange(t, ints[int32](r, n), in)
		checkRange(t, ints[int64](r, n), in)
	}
}

func TestRangesOfEveryTwoEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	ends := []int64{math.MinInt64, math.MinInt32 - 1, math.MinInt32, math.MinInt16, -1, 0, 1, 255, 256, math.MaxInt16, math.MaxInt32, math.MaxInt64}
	v8, v16, v32, v64 := ints[uint8](r, 130), ints[int16](r, 130), ints[int32](r, 130), ints[int64](r, 130)
	for i, e := range ends {
		v8[i], v16[i], v32[i], v64[i] = uint8(e), int16(e), int32(e), e
	}
	for _, lo := range ends {
		for _, hi := range ends {
			for _, not := range []bool{false, true} {
				in := Range{Lo: lo, Hi: hi, Not: not}
				checkRange(t, v8, in)
				checkRange(t, v16, in)
				checkRange(t, v32, in)
				checkRange(t, v64, in)
			}
		}
	}
}

func checkCodes[C Code](t *testing.T, r *rand.Rand, n, entries int) {
	t.Helper()
	lut := make([]uint8, entries)
	for i := range lut {
		lut[i] = uint8(r.IntN(2))
	}
	codes := make([]C, n+1)
	for i := range codes {
		codes[i] = C(r.IntN(entries))
	}
	codes = codes[1:]
	checkRows(t, fmt.Sprintf("%T of %d entries", codes, entries), n, func(row uint32) bool {
		return lut[codes[row]] == 1
	}, func(level simd.Level, sel, out vector.Selection) vector.Selection {
		return selectCodesAt(level, codes, lut, sel, out)
	})
}

func TestCodesAtEveryLength(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range lengths() {
		checkCodes[uint8](t, r, n, 256)
		checkCodes[uint8](t, r, n, 1+r.IntN(256))
		checkCodes[uint16](t, r, n, 1+r.IntN(1<<16))
		checkCodes[uint16](t, r, n, 4*(1+r.IntN(1<<14)))
		checkCodes[uint32](t, r, n, 1+r.IntN(1<<17))
		checkCodes[uint32](t, r, n, 4*(1+r.IntN(1<<15)))
	}
}

func checkProbe[T Integer](t *testing.T, keys []T, low int64, set vector.Bitmap, span uint64) {
	t.Helper()
	checkRows(t, fmt.Sprintf("%T from %d, span %d", keys, low, span), len(keys), func(row uint32) bool {
		key := uint64(int64(keys[row])) - uint64(low)
		return key < span && set.Get(int(key))
	}, func(level simd.Level, sel, out vector.Selection) vector.Selection {
		return selectProbeAt(level, keys, uint64(low), span, set, sel, out)
	})
}

func TestProbesAtEveryLength(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, n := range lengths() {
		span := r.IntN(200)
		set := vector.NewBitmap(span)
		for i := range span {
			if r.IntN(2) == 0 {
				set.Set(i)
			}
		}
		for _, low := range []int64{-7, 0, 3, math.MinInt64, math.MaxInt64 - 10, math.MinInt32, math.MaxInt32 - 10} {
			checkProbe(t, ints[uint8](r, n), low, set, uint64(span))
			checkProbe(t, ints[int16](r, n), low, set, uint64(span))
			checkProbe(t, ints[int32](r, n), low, set, uint64(span))
			checkProbe(t, ints[int64](r, n), low, set, uint64(span))
		}
	}
}

func TestBitLenAtEveryLength(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for n := range 201 {
		values := make([]int64, n)
		for i := range values {
			values[i] = int64(r.Uint64()) >> r.IntN(64)
		}
		for k := range 4 {
			sel, want := sometimes(r, n, k), 0
			for _, row := range rowsOf(sel, n) {
				for v := values[row]; v < -1<<want || v > 1<<want-1; {
					want++
				}
			}
			for _, level := range simd.Levels() {
				if got := bitLenAt(level, values, sel); got != want {
					t.Fatalf("%s: %d bits, want %d, of %v, sel %v", level, got, want, values, sel)
				}
			}
		}
	}
}

func FuzzSelections(f *testing.F) {
	f.Add(uint64(1), uint16(100), int64(-3), int64(7), false)
	f.Add(uint64(2), uint16(3000), int64(math.MinInt64), int64(0), true)
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, lo, hi int64, not bool) {
		r := rand.New(rand.NewPCG(seed, 0))
		rows, in := int(n)%5000, Range{Lo: lo, Hi: hi, Not: not}
		checkRange(t, ints[uint8](r, rows), in)
		checkRange(t, ints[int16](r, rows), in)
		checkRange(t, ints[int32](r, rows), in)
		checkRange(t, ints[int64](r, rows), in)
		checkCodes[uint8](t, r, rows, 256)
		checkCodes[uint16](t, r, rows, 4*(1+r.IntN(1<<14)))
		checkCodes[uint32](t, r, rows, 4*(1+r.IntN(1<<17)))
		span := r.IntN(1 << r.IntN(16))
		set := vector.NewBitmap(span)
		for i := range set {
			set[i] = r.Uint64()
		}
		checkProbe(t, ints[int32](r, rows), lo, set, uint64(span))
		checkProbe(t, ints[int64](r, rows), lo, set, uint64(span))
	})
}

func BenchmarkSelect(b *testing.B) {
	const n = 8192
	r := rand.New(rand.NewPCG(11, 12))
	out := make(vector.Selection, n)
	v8, v16, v32, v64 := make([]uint8, n), make([]int16, n), make([]int32, n), make([]int64, n)
	c16, c32 := make([]uint16, n), make([]uint32, n)
	set := vector.NewBitmap(1 << 16)
	for i := range set {
		set[i] = r.Uint64() & r.Uint64()
	}
	lut := make([]uint8, 1<<16)
	for i := range lut {
		lut[i] = uint8(r.IntN(2))
	}
	for i := range n {
		v8[i], v16[i], v32[i], v64[i] = uint8(r.Uint32()), int16(r.IntN(256)), int32(r.IntN(256)), int64(r.IntN(1<<17))
		c16[i], c32[i] = uint16(r.IntN(2500)), uint32(r.IntN(1<<16))
	}
	half := vector.Selection{}
	for i := range uint32(n) {
		if r.IntN(2) == 0 {
			half = append(half, i)
		}
	}
	in := Range{Lo: 10, Hi: 100}
	for _, c := range []struct {
		name string
		run  func(level simd.Level)
	}{
		{"range/uint8", func(level simd.Level) { selectRangeAt(level, v8, in, nil, out) }},
		{"range/int16", func(level simd.Level) { selectRangeAt(level, v16, in, nil, out) }},
		{"range/int32", func(level simd.Level) { selectRangeAt(level, v32, in, nil, out) }},
		{"range/int64", func(level simd.Level) { selectRangeAt(level, v64, in, nil, out) }},
		{"codes/uint8", func(level simd.Level) { selectCodesAt(level, v8, lut, nil, out) }},
		{"codes/uint16", func(level simd.Level) { selectCodesAt(level, c16, lut, nil, out) }},
		{"codes/uint32", func(level simd.Level) { selectCodesAt(level, c32, lut, nil, out) }},
		{"probe/int64", func(level simd.Level) { selectProbeAt(level, v64, 100, 1<<16, set, nil, out) }},
		{"bitlen/half", func(level simd.Level) { bitLenAt(level, v64, half) }},
	} {
		for _, level := range simd.Levels() {
			b.Run(c.name+"/"+level.String(), func(b *testing.B) {
				for b.Loop() {
					c.run(level)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
			})
		}
	}
}
