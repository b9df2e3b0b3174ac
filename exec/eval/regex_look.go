package eval

import (
	"strings"
	"time"

	"github.com/dlclark/regexp2"

	"github.com/skein-query/skein/internal/sqlerr"
)

// matcher finds the matches of a pattern: at most n of them (negative: all), each as the
// bytes at which it and its groups begin and end, -1 for a group without a match.
type matcher interface {
	find(s string, n int) ([][]int, error)
	groups() int
}

// matchCache keeps the last compiled pattern.
type matchCache struct {
	regexCache
	pattern string
	m       matcher
}

func (c *matchCache) matcher(pattern string) (matcher, error) {
	if c.m != nil && c.pattern == pattern {
		return c.m, nil
	}
	m, err := c.compile(pattern)
	if err == nil {
		c.pattern, c.m = strings.Clone(pattern), m
	}
	return m, err
}

func (c *matchCache) compile(pattern string) (matcher, error) {
	if !looksAround(pattern) {
		re, err := c.get(pattern, "")
		if err != nil {
			return nil, err
		}
		return linear{re.Regexp()}, nil
	}
	re, err := regexp2.Compile(strings.Clone(pattern), regexp2.None)
	if err != nil {
		return nil, sqlerr.New("2201B", "invalid regular expression: %v", err)
	}
	re.MatchTimeout = lookTimeout
	return looking{re}, nil
}

// lookTimeout bounds one match of a pattern with lookaround: it may go back and forth
// for longer than anybody waits.
const lookTimeout = 2 * time.Second

// looksAround reports whether a pattern may ask for what stands around a match, which
// RE2 does not.
func looksAround(pattern string) bool {
	for _, p := range []string{"(?=", "(?!", "(?<=", "(?<!"} {
		if strings.Contains(pattern, p) {
			return true
		}
	}
	return false
}

// linear is RE2.
type linear struct {
	re interface {
		FindAllStringSubmatchIndex(s string, n int) [][]int
		NumSubexp() int
	}
}

func (m linear) find(s string, n int) ([][]int, error) {
	return m.re.FindAllStringSubmatchIndex(s, n), nil
}
func (m linear) groups() int { return m.re.NumSubexp() }

// looking is an engine that backtracks. It counts characters.
type looking struct{ re *regexp2.Regexp }

func (m looking) groups() int { return len(m.re.GetGroupNumbers()) - 1 }

func (m looking) find(s string, n int) ([][]int, error) {
	var out [][]int
	at := make([]int, 0, len(s)+1) // of each character
	for i := range s {
		at = append(at, i)
	}
	at = append(at, len(s))
	found, err := m.re.FindStringMatch(s)
	for ; found != nil && err == nil && (n < 0 || len(out) < n); found, err = m.re.FindNextMatch(found) {
		var match []int
		for _, g := range found.Groups() {
			if len(g.Captures) == 0 {
				match = append(match, -1, -1)
				continue
			}
			match = append(match, at[g.Index], at[g.Index+g.Length])
		}
		out = append(out, match)
	}
	if err != nil {
		return nil, sqlerr.New("2201B", "regular expression with lookaround: %v", err)
	}
	return out, nil
}
