package kernel

import (
	"bytes"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/vector"
)

// sometimes is a selection of about one row in k, or nil.
func sometimes(r *rand.Rand, n, k int) vector.Selection {
	if k == 0 {
		return nil
	}
	sel := vector.Selection{}
	for i := range n {
		if r.IntN(k) == 0 {
			sel = append(sel, uint32(i))
		}
	}
	return sel
}

func rowsOf(sel vector.Selection, n int) vector.Selection {
	if sel == nil {
		return vector.All(n)
	}
	return sel
}

func TestSelectionsAgreeWithTheirDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		n := r.IntN(200)
		a, b := make([]int32, n), make([]int32, n)
		codes, lut := make([]uint8, n), make([]uint8, 256)
		bits := vector.NewBitmap(n)
		for i := range n {
			a[i], b[i], codes[i] = int32(r.IntN(7)-3), int32(r.IntN(7)-3), uint8(r.IntN(256))
			if r.IntN(2) == 0 {
				bits.Set(i)
			}
		}
		for i := range lut {
			lut[i] = uint8(r.IntN(2))
		}
		sel := sometimes(r, n, round%4)
		in := Range{Lo: int64(r.IntN(9) - 5), Hi: int64(r.IntN(9) - 5), Not: r.IntN(2) == 0}
		not := r.IntN(2) == 0
		cases := []struct {
			name string
			got  vector.Selection
			want func(i uint32) bool
		}{
			{"range", SelectRange(a, in, sel, make(vector.Selection, n)), func(i uint32) bool {
				return (int64(a[i]) >= in.Lo && int64(a[i]) <= in.Hi) != in.Not
			}},
			{"equal", SelectEqual(a, b, not, sel, make(vector.Selection, n)), func(i uint32) bool { return (a[i] == b[i]) != not }},
			{"less", SelectLess(a, b, not, sel, make(vector.Selection, n)), func(i uint32) bool { return (a[i] < b[i]) != not }},
			{"bits", SelectBits(bits, not, n, sel, make(vector.Selection, n)), func(i uint32) bool { return bits.Get(int(i)) != not }},
			{"codes", SelectCodes(codes, lut, sel, make(vector.Selection, n)), func(i uint32) bool { return lut[codes[i]] == 1 }},
		}
		for _, c := range cases {
			var want vector.Selection
			for _, i := range rowsOf(sel, n) {
				if c.want(i) {
					want = append(want, i)
				}
			}
			if !slices.Equal(c.got, want) {
				t.Fatalf("%s of %d rows, sel %v: got %v, want %v", c.name, n, sel, c.got, want)
			}
			rest := Difference(sel, c.got, n, make(vector.Selection, n))
			if both := Union(c.got, rest, make(vector.Selection, 0, n)); !slices.Equal(both, rowsOf(sel, n)) {
				t.Fatalf("%s: union with the difference is %v", c.name, both)
			}
		}
		out := make([]uint8, n)
		InRange(a, in, sel, out)
		for _, i := range rowsOf(sel, n) {
			if (out[i] == 1) != cases[0].want(i) {
				t.Fatalf("InRange row %d", i)
			}
		}
	}
}

func TestRangesAtTheEndsOfTheIntegers(t *testing.T) {
	values := []int64{math.MinInt64, -1, 0, 1, math.MaxInt64}
	for _, c := range []struct {
		in   Range
		want int
	}{
		{Range{Lo: math.MinInt64, Hi: math.MaxInt64}, 5},
		{Range{Lo: math.MinInt64, Hi: math.MaxInt64, Not: true}, 0},
		{Range{Lo: 1, Hi: 0}, 0},
		{Range{Lo: 1, Hi: 0, Not: true}, 5},
		{Range{Lo: math.MinInt64, Hi: -1}, 2},
		{Range{Lo: math.MaxInt64, Hi: math.MaxInt64, Not: true}, 4},
	} {
		if got := len(SelectRange(values, c.in, nil, make(vector.Selection, 5))); got != c.want {
			t.Errorf("%+v: %d rows, want %d", c.in, got, c.want)
		}
	}
}

func TestOrderedKeyIsPostgreSQLsOrderOfFloats(t *testing.T) {
	negativeZero := math.Copysign(0, -1)
	sorted := []float64{math.Inf(-1), -1.5, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 1, math.MaxFloat64, math.Inf(1), math.NaN()}
	for i := 1; i < len(sorted); i++ {
		if OrderedKey(sorted[i-1]) >= OrderedKey(sorted[i]) {
			t.Errorf("%g is not below %g", sorted[i-1], sorted[i])
		}
	}
	if OrderedKey(negativeZero) != OrderedKey(0) || OrderedKey(math.NaN()) != OrderedKey(-math.NaN()) {
		t.Error("zeros or NaNs differ")
	}
}

func TestLikeAgreesWithRegularExpressions(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	alphabet := []string{"a", "b", "ä", "%", "_", "A"}
	word := func(n int, letters []string) string {
		var b strings.Builder
		for range r.IntN(n) {
			b.WriteString(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	for range 100000 {
		pattern, s, fold := word(7, alphabet), word(10, []string{"a", "b", "ä", "A"}), r.IntN(2) == 0
		l, fault := NewLike([]byte(pattern), `\`, fold)
		if fault != LikeOK {
			t.Fatal(pattern)
		}
		flags := "(?s)^"
		if fold {
			flags = "(?si)^"
		}
		re := regexp.MustCompile(flags + strings.NewReplacer("%", ".*", "_", ".").Replace(pattern) + "$")
		if got, want := l.Match([]byte(s)), re.MatchString(s); got != want {
			t.Fatalf("%q like %q (fold %v): got %v", s, pattern, fold, got)
		}
		if l.Match([]byte(s)) && !bytes.HasPrefix([]byte(s), l.Prefix()) {
			t.Fatalf("%q has not prefix %q of %q", s, l.Prefix(), pattern)
		}
	}
}

func TestSetsHoldWhatWasPutIn(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, spread := range []int64{10, 1 << 20, math.MaxInt64} {
		for range 50 {
			keys := make([]int64, r.IntN(40))
			for i := range keys {
				keys[i] = r.Int64N(spread) - spread/2
			}
			s := NewIntSet(keys)
			strs := NewStringSet(len(keys))
			for _, k := range keys {
				strs.Add([]byte(strings.Repeat("x", int(uint64(k)%30))))
			}
			for range 200 {
				k := r.Int64N(spread) - spread/2
				if len(keys) > 0 && r.IntN(2) == 0 {
					k = keys[r.IntN(len(keys))]
				}
				if got := s.Has(k) == 1; got != slices.Contains(keys, k) {
					t.Fatalf("%d in %v: %v", k, keys, got)
				}
				n := int(uint64(k) % 30)
				want := slices.ContainsFunc(keys, func(k int64) bool { return int(uint64(k)%30) == n })
				if got := strs.Has([]byte(strings.Repeat("x", n))) == 1; got != want {
					t.Fatalf("string of %d: %v", n, got)
				}
			}
		}
	}
}

func TestHashesSpreadAndAgreeAcrossEncodings(t *testing.T) {
	seen := map[uint64]bool{}
	for i := range int64(100000) {
		seen[HashInt64(i)>>40] = true
	}
	if len(seen) < 99000 {
		t.Errorf("100000 integers give %d different high parts", len(seen))
	}
	var s vector.StringBuilder
	for i := range 256 {
		s.AppendString(strings.Repeat("ab", i/8) + string(rune('a'+i%8)))
	}
	flat := s.Column(nil)
	codes := make([]uint8, 256)
	for i := range codes {
		codes[i] = uint8(i)
	}
	dict := vector.Column{Kind: vector.String, Width: 1, Len: 256, Data: codes, Dict: &vector.Dict{Values: flat}}
	a, b := make([]uint64, 256), make([]uint64, 256)
	HashColumn(&flat, false, nil, a)
	HashColumn(&dict, false, nil, b)
	if !slices.Equal(a, b) {
		t.Error("a dictionary column hashes differently")
	}
	if slices.Sort(a); len(slices.Compact(a)) != 256 {
		t.Error("strings collide")
	}
	narrow := vector.Flat(vector.Int64, []int64{-5, 7}, nil)
	wide := vector.Widen(&narrow)
	HashColumn(&narrow, false, nil, a[:2])
	HashColumn(&wide, false, nil, b[:2])
	if !slices.Equal(a[:2], b[:2]) {
		t.Error("the two widths of a decimal hash differently")
	}
}
