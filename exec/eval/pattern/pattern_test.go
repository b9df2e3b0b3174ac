package pattern

import (
	"regexp"
	"slices"
	"testing"
)

var patterns = []string{
	``, `a`, `^a`, `a$`, `^a$`, `^$`, `abc`, `a|b`, `^(a|b)*$`, `a*`, `a+b+`, `(a)(b)?`, `^(a+)(b*)$`, `^(a*)(a*)$`, `^(?:(a)|b)*c`, `x*$`,
	`^https?://([^/]+)/.*$`, `^https?://(?:www\.)?([^/]+)/.*$`, `^([a-z]+)=([0-9]+);`, `^(\d+)-(\d+)-(\d+)$`, `[0-9]+`, `^\s*(.*?)\s*$`, `^(.*)x`,
	`^(.*?)x`, `(?i)^get (.*)$`, `(?i)kelvin`, `(?s)^(.*)$`, `^.*$`, `(?m)^a$`, `\bword\b`, `^(a|ab)(c|bcd)(d*)$`, `^a?$`, `^(a?)(a?)$`, `a{2,3}`, `^(?:a{2,3})b`,
	`[^a-z]`, `^[^@]+@([^.]+)\.com$`, `foo|bar|baz`, `(foo|bar)+$`, `^x(y(z)?)?$`, `$`, `^|b`, `a|^b|c$`, `(|a)+$`, `^(|a)$`, `^(a|)b`, `\n$`, `[[:alpha:]]+$`, `.`, `^.{3}$`,
	`^(a|b)`, `^a*?$`, `^a*?`, `^(a*?)b`, `é`, `^[a-zé]+$`,
}

var inputs = []string{
	"", "a", "b", "ab", "abc", "aab", "aabb", "abab", "aaa", "ba", "c", "ac", "bc", "x", "xx", "https://www.example.com/a/b?c", "http://example.org/", "http://", "key=12;rest", "2026-11-28",
	"  padded  ", "axbxc", "GET /index", "get x", "KELVIN", "kelvin", "\u212aelvin", "line\na\n", "a\n", "word", "a word here", "swords", "abcd", "abbcd", "me@mail.com", "foobarbaz", "xyz", "xy",
	"é", "zéz", "caf\u00e9", "\xff", "a\xffb", "\n", "12", "aaaa", "aab b", "zzz",
}

// TestAnswersAreThoseOfRegexp for matches and groups.
func TestAnswersAreThoseOfRegexp(t *testing.T) {
	tables := 0
	for _, text := range patterns {
		for range 2 { // the second time the states are there
			p, err := Compile(text)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			for range 2 {
				for _, s := range inputs {
					check(t, p, text, s)
				}
			}
			if p.once != nil {
				tables++
			}
		}
	}
	if tables < 20 {
		t.Errorf("only %d patterns have a one-pass table", tables)
	}
}

func check(t *testing.T, p *Pattern, text, s string) {
	t.Helper()
	re := regexp.MustCompile(text)
	if got, want := p.Match([]byte(s)), re.MatchString(s); got != want {
		t.Errorf("%q matches %q: %t, not %t", text, s, got, want)
	}
	if got, want := p.FindSubmatchIndex([]byte(s)), re.FindSubmatchIndex([]byte(s)); !slices.Equal(got, want) || (got == nil) != (want == nil) {
		t.Errorf("%q in %q: groups at %v, not %v", text, s, got, want)
	}
}

// TestAPatternOfTooManyStatesIsLeftToRegexp: the automaton of the n-th character from the
// end has 2ⁿ states.
func TestAPatternOfTooManyStatesIsLeftToRegexp(t *testing.T) {
	const text = `a.{14}$`
	p, err := Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	s := make([]byte, 4000)
	x := uint32(1)
	for i := range s {
		x = x*1664525 + 1013904223
		s[i] = 'a' + byte(x>>31)
	}
	for n := range 400 {
		check(t, p, text, string(s[:10*n]))
	}
	if !p.dfa.full {
		t.Error("the automaton has room for all states: the test shows nothing")
	}
}

func FuzzAnswersAreThoseOfRegexp(f *testing.F) {
	for i, text := range patterns {
		f.Add(text, inputs[i%len(inputs)])
	}
	f.Fuzz(func(t *testing.T, text, s string) {
		if len(text) > 100 || len(s) > 1000 {
			return
		}
		p, err := Compile(text)
		if err != nil {
			return
		}
		for range worthTables {
			check(t, p, text, s)
		}
	})
}

func BenchmarkGroups(b *testing.B) {
	const text = `^https?://([^/]+)/.*$`
	s := []byte("https://www.example.com/a/path/of/some/length?with=a&query=too")
	b.Run("pattern", func(b *testing.B) {
		p, _ := Compile(text)
		for b.Loop() {
			p.FindSubmatchIndex(s)
		}
	})
	b.Run("regexp", func(b *testing.B) {
		re := regexp.MustCompile(text)
		for b.Loop() {
			re.FindSubmatchIndex(s)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	const text = `[0-9]+\.(jpe?g|png)`
	s := []byte("https://www.example.com/a/path/of/some/length/to/an/image/2026.png")
	b.Run("pattern", func(b *testing.B) {
		p, _ := Compile(text)
		for b.Loop() {
			p.Match(s)
		}
	})
	b.Run("regexp", func(b *testing.B) {
		re := regexp.MustCompile(text)
		for b.Loop() {
			re.Match(s)
		}
	})
}
