package kernel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/simd"
)

// letters is text of so few letters that parts of it occur often.
func letters(r *rand.Rand, n, of int) []byte {
	s := make([]byte, n)
	for i := range s {
		s[i] = 'a' + byte(r.IntN(of))
	}
	return s
}

func checkIndex(t *testing.T, s, text []byte) {
	t.Helper()
	want := bytes.Index(s, text)
	for _, level := range simd.Levels() {
		if got := indexAt(level, s, text); got != want {
			t.Fatalf("%s: %q in %q: %d, want %d", level, text, s, got, want)
		}
	}
}

func TestIndexAtEveryLengthAndPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 201 {
		room := letters(r, n+n%7, 3)
		s := room[n%7:]
		for _, k := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100} {
			checkIndex(t, s, letters(r, k, 3))
			checkIndex(t, s, letters(r, k, 1))
			if k <= n && k > 0 {
				at := r.IntN(n - k + 1)
				checkIndex(t, s, slices.Clone(s[at:at+k]))
				checkIndex(t, s, slices.Clone(s[n-k:]))
				near := slices.Clone(s[at : at+k]) // all but one byte of it occurs
				near[r.IntN(k)] = 'z'
				checkIndex(t, s, near)
			}
		}
	}
}

// likeRows is rows as they come from pages: strings with gaps between them, some so
// short that they are in the view, some out of order, in two buffers.
func likeRows(r *rand.Rand, n int) (views []vector.View, buffers [][]byte) {
	buffers = [][]byte{nil, nil}
	for range n {
		s := letters(r, r.IntN(30)+r.IntN(2)*r.IntN(80), 3)
		b := r.IntN(20) / 19
		buffers[b] = append(buffers[b], letters(r, []int{0, 4, 4, 4, 4, 4, 50}[r.IntN(7)], 3)...)
		views = append(views, vector.MakeView(s, uint32(b), uint32(len(buffers[b]))))
		buffers[b] = append(buffers[b], s...)
	}
	for range r.IntN(3) * n / 20 {
		i, j := r.IntN(n), r.IntN(n)
		views[i], views[j] = views[j], views[i]
	}
	return views, buffers
}

func TestRowsMatchAsTheirStringsDo(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	patterns := []string{"%", "%a%", "%ab%", "%abc%ca%", "%abca%b%c%", "%cab", "ab%ca%", "%a_b%c%", "%ab%c_a%", "%abcabcabca%", "abc", "%bb%cc", "%\\a%b%", ""}
	for round := range 300 {
		n := r.IntN(201)
		views, buffers := likeRows(r, n)
		for _, fold := range []bool{false, true} {
			l, fault := NewLike([]byte(patterns[round%len(patterns)]), `\`, fold)
			if fault != LikeOK {
				t.Fatal(fault)
			}
			sel, not := sometimes(r, n, round%4), r.IntN(2) == 0
			out := bytes.Repeat([]byte{7}, n)
			want := slices.Clone(out)
			for _, row := range rowsOf(sel, n) {
				want[row] = bit(l.Match(views[row].Bytes(buffers)) != not)
			}
			l.MatchRows(views, buffers, not, sel, out)
			if !bytes.Equal(out, want) {
				t.Fatalf("%q over %d rows, sel %v: %v, want %v", patterns[round%len(patterns)], n, sel, out, want)
			}
		}
	}
}

func TestOneStringMatchesForAllRows(t *testing.T) {
	l, _ := NewLike([]byte("%special%"), `\`, false)
	views := []vector.View{vector.MakeView([]byte("a special one of many"), 0, 0)}
	out := make([]uint8, 5)
	l.MatchRows(views, [][]byte{[]byte("a special one of many")}, false, vector.Selection{1, 3}, out)
	if want := []uint8{0, 1, 0, 1, 0}; !bytes.Equal(out, want) {
		t.Errorf("%v, want %v", out, want)
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte("furiously special requests"), []byte("special"))
	f.Add(bytes.Repeat([]byte("ab"), 100), []byte("ba"))
	f.Add(bytes.Repeat([]byte{0}, 70), []byte{0, 0, 1})
	f.Fuzz(checkIndex)
}

func FuzzLikeRows(f *testing.F) {
	f.Add("%a%b%", []byte("xxxxaaaaaaaaaaaaaaaaabyyyyaaaaaaaaaaaaaaaaacb"), uint64(3))
	f.Fuzz(func(t *testing.T, pattern string, text []byte, seed uint64) {
		l, fault := NewLike([]byte(pattern), `\`, seed&1 == 1)
		if fault != LikeOK || len(text) == 0 {
			return
		}
		r := rand.New(rand.NewPCG(seed, 0))
		views := make([]vector.View, 1+r.IntN(40))
		at := 0
		for i := range views {
			at = min(at+r.IntN(8), len(text))
			end := min(at+r.IntN(30), len(text))
			views[i] = vector.MakeView(text[at:end], 0, uint32(at))
			at = end
		}
		out := make([]uint8, len(views))
		l.MatchRows(views, [][]byte{text}, false, nil, out)
		for i := range views {
			if s := views[i].Bytes([][]byte{text}); out[i] != bit(l.Match(s)) {
				t.Fatalf("%q like %q: %d", s, pattern, out[i])
			}
		}
	})
}

// comments is a page of strings of words, with lengths between them.
func comments(r *rand.Rand, n int) (views []vector.View, page []byte) {
	words := strings.Fields("furiously special requests packages accounts deposits foxes ideas theodolites pinto beans instructions " +
		"dependencies excuses platelets asymptotes courts dolphins sleep wake are cajole haggle nag use boost affix detect slyly " +
		"carefully blithely quickly fluffily final ironic regular express silent pending even bold unusual after above the about among")
	for range n {
		page = append(page, 0, 0, 0, 0)
		from, size := len(page), 19+r.IntN(60)
		for len(page)-from < size {
			page = append(append(page, words[r.IntN(len(words))]...), ' ')
		}
		page = page[:from+size]
		views = append(views, vector.MakeView(page[from:], 0, uint32(from)))
	}
	return views, page
}

func BenchmarkLike(b *testing.B) {
	const n = 4096
	views, page := comments(rand.New(rand.NewPCG(5, 6)), n)
	buffers := [][]byte{page}
	out := make([]uint8, n)
	for _, pattern := range []string{"%special%requests%", "%theodolites%", "%zebra%", "%e%", "%special%re_uests%"} {
		l, _ := NewLike([]byte(pattern), `\`, false)
		report := func(b *testing.B) { b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row") }
		b.Run(pattern+"/rows", func(b *testing.B) {
			for b.Loop() {
				l.MatchRows(views, buffers, false, nil, out)
			}
			report(b)
		})
		b.Run(pattern+"/each", func(b *testing.B) {
			for b.Loop() {
				for i := range views {
					out[i] = bit(l.Match(views[i].Bytes(buffers)))
				}
			}
			report(b)
		})
	}
}

func BenchmarkIndex(b *testing.B) {
	_, page := comments(rand.New(rand.NewPCG(5, 6)), 4096)
	for _, size := range []int{50, 100, 1000, len(page)} {
		for _, level := range simd.Levels() {
			b.Run(fmt.Sprintf("bytes=%d/%s", size, level), func(b *testing.B) {
				b.SetBytes(int64(len(page) / size * size))
				for b.Loop() {
					for at := 0; at+size <= len(page); at += size {
						indexAt(level, page[at:at+size], []byte("spezial"))
					}
				}
			})
		}
	}
}
