package kernel

import (
	"bytes"
	"unicode/utf8"
)

// Like is a compiled LIKE pattern: pieces of text between the percent signs, found
// one after the other, the first at the start and the last at the end.
type Like struct {
	pieces     []piece
	start, end bool // anchored: no percent sign before the first, behind the last
	fold       bool // ASCII letters match in both cases
	least      int  // bytes that a match has at least
}

// piece is text that may hold wildcards for one character.
type piece struct {
	text []byte
	any  []bool // nil: no wildcards; any[i]: text[i] stands for any one character
}

// LikeFault is what is wrong with a pattern.
type LikeFault uint8

// The faults.
const (
	LikeOK           LikeFault = iota
	LikeEndsInEscape           // the escape character is the last of the pattern
	LikeBadEscape              // the escape is more than one character
)

// NewLike compiles a pattern with % and _; escape is one character or none.
func NewLike(pattern []byte, escape string, fold bool) (*Like, LikeFault) {
	if utf8.RuneCountInString(escape) > 1 {
		return nil, LikeBadEscape
	}
	l := &Like{start: true, end: true, fold: fold}
	cur := piece{}
	wild := false
	flush := func() {
		if len(cur.text) > 0 {
			if !wild {
				cur.any = nil
			}
			l.pieces = append(l.pieces, cur)
			l.least += len(cur.text)
		}
		cur, wild = piece{}, false
	}
	for i := 0; i < len(pattern); {
		switch c := pattern[i]; {
		case escape != "" && bytes.HasPrefix(pattern[i:], []byte(escape)):
			i += len(escape)
			if i == len(pattern) {
				return nil, LikeEndsInEscape
			}
			cur.text, cur.any = append(cur.text, l.lower(pattern[i])), append(cur.any, false)
			i++
		case c == '%':
			l.start = l.start && i > 0
			flush()
			l.end = i < len(pattern)-1
			i++
		case c == '_':
			wild = true
			cur.text, cur.any = append(cur.text, c), append(cur.any, true)
			i++
		default:
			cur.text, cur.any = append(cur.text, l.lower(c)), append(cur.any, false)
			i++
		}
	}
	l.end = l.end || len(cur.text) > 0
	flush()
	return l, LikeOK
}

func (l *Like) lower(c byte) byte {
	if l.fold && c >= 'A' && c <= 'Z' {
		return c + 32
	}
	return c
}

// Prefix is what every match begins with, bytewise.
func (l *Like) Prefix() []byte {
	if !l.start || l.fold || len(l.pieces) == 0 {
		return nil
	}
	p := l.pieces[0]
	for i := range p.any {
		if p.any[i] {
			return p.text[:i]
		}
	}
	return p.text
}

// Exact reports whether the pattern has no wildcards: it matches its Prefix only.
func (l *Like) Exact() bool {
	return l.start && l.end && !l.fold && (len(l.pieces) == 0 || len(l.pieces) == 1 && l.pieces[0].any == nil)
}

// Match reports whether s matches.
func (l *Like) Match(s []byte) bool {
	if len(s) < l.least {
		return false
	}
	if l.fold {
		s = lowerASCII(s)
	}
	n := len(l.pieces)
	if n == 0 {
		return !l.start || !l.end || len(s) == 0
	}
	if n == 1 && l.start && l.end {
		k, ok := l.pieces[0].matchAt(s)
		return ok && k == len(s)
	}
	first := 0
	if l.start {
		k, ok := l.pieces[0].matchAt(s)
		if !ok {
			return false
		}
		s, first = s[k:], 1
	}
	return l.matchFrom(first, s)
}

// matchFrom reports whether s, what is left of a string, matches the pieces from
// first on, of which all but one at the end may stand anywhere.
func (l *Like) matchFrom(first int, s []byte) bool {
	last := len(l.pieces)
	if l.end {
		last--
	}
	for i := first; i < last; i++ {
		k := l.pieces[i].find(s)
		if k < 0 {
			return false
		}
		s = s[k:]
	}
	return !l.end || l.pieces[last].matchEnd(s)
}

// matchAt gives the bytes that the piece takes at the start of s.
func (p *piece) matchAt(s []byte) (int, bool) {
	if p.any == nil {
		return len(p.text), bytes.HasPrefix(s, p.text)
	}
	k := 0
	for i, c := range p.text {
		if k >= len(s) {
			return 0, false
		}
		if p.any[i] {
			_, n := utf8.DecodeRune(s[k:])
			k += n
			continue
		}
		if s[k] != c {
			return 0, false
		}
		k++
	}
	return k, true
}

// find gives the end of the first match in s, or -1.
func (p *piece) find(s []byte) int {
	if p.any == nil {
		if i := Index(s, p.text); i >= 0 {
			return i + len(p.text)
		}
		return -1
	}
	for i := 0; i <= len(s)-len(p.text); {
		if k, ok := p.matchAt(s[i:]); ok {
			return i + k
		}
		_, n := utf8.DecodeRune(s[i:])
		i += max(n, 1)
	}
	return -1
}

// matchEnd reports whether the piece matches the end of s.
func (p *piece) matchEnd(s []byte) bool {
	if p.any == nil {
		return bytes.HasSuffix(s, p.text)
	}
	for i := 0; i <= len(s)-len(p.text); {
		if k, ok := p.matchAt(s[i:]); ok && i+k == len(s) {
			return true
		}
		_, n := utf8.DecodeRune(s[i:])
		i += max(n, 1)
	}
	return false
}

// lowerASCII is s with A-Z lowered: s itself when there are none.
func lowerASCII(s []byte) []byte {
	for i, c := range s {
		if c >= 'A' && c <= 'Z' {
			out := bytes.Clone(s)
			for j := i; j < len(out); j++ {
				if c := out[j]; c >= 'A' && c <= 'Z' {
					out[j] = c + 32
				}
			}
			return out
		}
	}
	return s
}
