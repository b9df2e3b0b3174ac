package sql

import (
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// tokenKind is the lexical class of a token.
type tokenKind uint8

const (
	tokenEnd         tokenKind = iota // past the last token
	tokenWord                         // identifier or keyword, unquoted
	tokenQuoted                       // "identifier", U&"identifier"
	tokenString                       // any quoted constant, its continuation lines and UESCAPE included
	tokenNumber                       //
	tokenParam                        // $1
	tokenPlaceholder                  // ?
	tokenOperator                     // a run of operator characters, and :: := ..
	tokenPunct                        // one of , ( ) [ ] . ; :
	tokenComment                      // a comment without end, always the last token
)

// token is one token of the text. Comments and white space are none.
type token struct {
	kind       tokenKind
	open       bool    // a literal, quoted name or comment that the text's end cuts off
	word       keyword // of a tokenWord that the guard looks at
	start, end int32   // bytes of the text
	sent       int32   // first byte in what the grammar is given, see grammarText
	match      int32   // index of the bracket that belongs to this one, -1 for none; CASE and END are brackets
	param      int32   // number of a placeholder
}

func (t token) span() sqlerr.Span { return sqlerr.Span{Start: t.start, End: t.end} }

// scanner cuts a text into tokens by PostgreSQL's lexical rules (scan.l of 16,
// standard_conforming_strings on). What is no token becomes one, and the
// grammar complains.
type scanner struct {
	text string
	pos  int
	open bool // the last comment or literal has no end
	mark int  // where the last comment began
}

// scan cuts the whole text. It fails only on texts
// beyond the guard's limits.
func scan(text string) ([]token, error) {
	s := scanner{text: text}
	tokens := make([]token, 0, len(text)/5+4)
	for {
		s.skipSpace()
		if s.pos >= len(text) {
			break
		}
		start := s.pos
		if isOperator(text[start]) {
			tokens = s.operators(tokens)
			if run := s.pos - start; run > maxChain {
				at := sqlerr.Span{Start: int32(start), End: int32(s.pos)}
				return nil, sqlerr.At(sqlerr.StatementTooComplex, at, "an operator of %d characters is too long", run)
			}
		} else {
			kind := s.next()
			t := token{kind: kind, open: s.open, start: int32(start), end: int32(s.pos), match: -1}
			if kind == tokenWord {
				t.word = keywordOf(text[start:s.pos])
			}
			tokens = append(tokens, t)
		}
		if len(tokens) > maxTokens {
			return nil, tooManyTokens(tokens)
		}
	}
	if s.open && (len(tokens) == 0 || !tokens[len(tokens)-1].open) {
		tokens = append(tokens, token{kind: tokenComment, open: true, start: int32(s.mark), end: int32(len(text)), match: -1})
	}
	return tokens, nil
}

// skipSpace skips white space and comments, nested ones too.
func (s *scanner) skipSpace() {
	for s.pos < len(s.text) {
		switch {
		case isSpace(s.text[s.pos]):
			s.pos++
		case strings.HasPrefix(s.text[s.pos:], "--"):
			s.skipLine()
		case strings.HasPrefix(s.text[s.pos:], "/*"):
			s.skipComment()
		default:
			return
		}
	}
}

func (s *scanner) skipLine() {
	if i := strings.IndexAny(s.text[s.pos:], "\n\r"); i >= 0 {
		s.pos += i
		return
	}
	s.pos = len(s.text)
}

func (s *scanner) skipComment() {
	depth := 0
	s.mark = s.pos
	for s.pos < len(s.text) {
		switch {
		case strings.HasPrefix(s.text[s.pos:], "/*"):
			depth++
			s.pos += 2
		case strings.HasPrefix(s.text[s.pos:], "*/"):
			depth--
			s.pos += 2
			if depth == 0 {
				return
			}
		default:
			s.pos++
		}
	}
	s.open = true
}

// next reads one token that is no operator.
func (s *scanner) next() tokenKind {
	c := s.text[s.pos]
	switch {
	case c == '\'':
		s.quoted(false)
		return tokenString
	case c == '"':
		s.until('"')
		return tokenQuoted
	case isIdentStart(c):
		return s.wordOrPrefixed()
	case isDigit(c), c == '.' && s.pos+1 < len(s.text) && isDigit(s.text[s.pos+1]):
		s.number()
		return tokenNumber
	case c == '$':
		return s.dollar()
	case c == ':' && s.pos+1 < len(s.text) && (s.text[s.pos+1] == ':' || s.text[s.pos+1] == '='),
		c == '.' && s.pos+1 < len(s.text) && s.text[s.pos+1] == '.':
		s.pos += 2
		return tokenOperator
	}
	s.pos++
	return tokenPunct
}

// wordOrPrefixed reads an identifier, or a constant that begins with a letter:
// E”, B”, X”, N”, U&”, U&"".
func (s *scanner) wordOrPrefixed() tokenKind {
	rest := s.text[s.pos:]
	if len(rest) > 1 && rest[1] == '\'' {
		switch rest[0] | 0x20 {
		case 'e':
			s.pos++
			s.quoted(true)
			return tokenString
		case 'b', 'x', 'n':
			s.pos++
			s.quoted(false)
			return tokenString
		}
	}
	if len(rest) > 2 && rest[0]|0x20 == 'u' && rest[1] == '&' {
		switch rest[2] {
		case '\'':
			s.pos += 2
			s.quoted(false)
			s.uescape()
			return tokenString
		case '"':
			s.pos += 2
			s.until('"')
			s.uescape()
			return tokenQuoted
		}
	}
	for s.pos < len(s.text) && isIdentPart(s.text[s.pos]) {
		s.pos++
	}
	return tokenWord
}

// quoted reads '…' and its continuation lines; with escapes, backslash takes the
// next byte.
func (s *scanner) quoted(escapes bool) {
	for {
		s.pos++
		for s.pos < len(s.text) && s.text[s.pos] != '\'' {
			if escapes && s.text[s.pos] == '\\' {
				s.pos++
			}
			s.pos++
		}
		if s.pos >= len(s.text) {
			s.pos, s.open = len(s.text), true
			return
		}
		s.pos++
		if s.pos < len(s.text) && s.text[s.pos] == '\'' {
			continue // '' within
		}
		if !s.continues() {
			return
		}
	}
}

// continues moves to the quote of a continuation line: constants with only white
// space with a newline between them are one constant.
func (s *scanner) continues() bool {
	at := *s
	at.skipSpace()
	between := s.text[s.pos:at.pos]
	if at.pos >= len(s.text) || s.text[at.pos] != '\'' || at.open ||
		!strings.ContainsAny(between, "\n\r") || strings.Contains(between, "/*") {
		return false
	}
	s.pos = at.pos
	return true
}

// until reads a quoted name; a doubled quote is one of its characters.
func (s *scanner) until(quote byte) {
	s.pos++
	for s.pos < len(s.text) {
		if s.text[s.pos] == quote {
			s.pos++
			if s.pos >= len(s.text) || s.text[s.pos] != quote {
				return
			}
		}
		s.pos++
	}
	s.pos, s.open = len(s.text), true
}

// uescape takes UESCAPE 'c' into the token before it.
func (s *scanner) uescape() {
	at := *s
	at.skipSpace()
	if at.open || len(s.text)-at.pos < 7 || !strings.EqualFold(s.text[at.pos:at.pos+7], "uescape") {
		return
	}
	at.pos += 7
	at.skipSpace()
	if at.pos < len(s.text) && s.text[at.pos] == '\'' {
		at.quoted(false)
		*s = at
	}
}

// number reads a number with what hangs on to it, which the grammar refuses.
func (s *scanner) number() {
	rest := s.text[s.pos:]
	if len(rest) > 1 && rest[0] == '0' && strings.IndexByte("xXoObB", rest[1]) >= 0 {
		s.identTail()
		return
	}
	s.digits()
	if s.pos < len(s.text) && s.text[s.pos] == '.' && !strings.HasPrefix(s.text[s.pos:], "..") {
		s.pos++
		s.digits()
	}
	if s.pos < len(s.text) && s.text[s.pos]|0x20 == 'e' {
		i := s.pos + 1
		if i < len(s.text) && (s.text[i] == '+' || s.text[i] == '-') {
			i++
		}
		if i < len(s.text) && isDigit(s.text[i]) {
			s.pos = i
			s.digits()
		}
	}
	s.identTail()
}

func (s *scanner) digits() {
	for s.pos < len(s.text) && (isDigit(s.text[s.pos]) || s.text[s.pos] == '_') {
		s.pos++
	}
}

func (s *scanner) identTail() {
	for s.pos < len(s.text) && isIdentPart(s.text[s.pos]) {
		s.pos++
	}
}

// dollar reads $1 or $tag$…$tag$.
func (s *scanner) dollar() tokenKind {
	i := s.pos + 1
	if i < len(s.text) && isDigit(s.text[i]) {
		s.pos = i
		for s.pos < len(s.text) && isDigit(s.text[s.pos]) {
			s.pos++
		}
		return tokenParam
	}
	for i < len(s.text) && isIdentPart(s.text[i]) && s.text[i] != '$' {
		i++
	}
	if i >= len(s.text) || s.text[i] != '$' {
		s.pos++
		return tokenPunct
	}
	tag := s.text[s.pos : i+1]
	end := strings.Index(s.text[i+1:], tag)
	if end < 0 {
		s.pos, s.open = len(s.text), true
		return tokenString
	}
	s.pos = i + 1 + end + len(tag)
	return tokenString
}

// operators reads a run of operator characters: operators and placeholders. A ?
// is a placeholder even where PostgreSQL would read it into the operator, as in
// a=?, but for the operators ?|, ?& and @?.
func (s *scanner) operators(tokens []token) []token {
	start := s.pos
	end := start
	for end < len(s.text) && isOperator(s.text[end]) &&
		!strings.HasPrefix(s.text[end:], "--") && !strings.HasPrefix(s.text[end:], "/*") {
		end++
	}
	s.pos = end
	if end-start > maxChain {
		return tokens // scan refuses it
	}
	add := func(kind tokenKind, from, to int) {
		tokens = append(tokens, token{kind: kind, start: int32(from), end: int32(to), match: -1})
	}
	switch s.text[start:end] {
	case "?|", "?&", "@?":
		add(tokenOperator, start, end)
		return tokens
	}
	for start < end {
		if s.text[start] == '?' {
			add(tokenPlaceholder, start, start+1)
			start++
			continue
		}
		part := s.text[start:end]
		if i := strings.IndexByte(part, '?'); i >= 0 {
			part = part[:i]
		}
		n := operatorLen(part)
		add(tokenOperator, start, start+n)
		start += n
	}
	return tokens
}

// operatorLen is the length of the first operator of a run: one may end in + or
// - only when it has a character that SQL's own operators lack.
func operatorLen(run string) int {
	n := len(run)
	if strings.ContainsAny(run, "~!@#^&|`%") {
		return n
	}
	for n > 1 && (run[n-1] == '+' || run[n-1] == '-') {
		n--
	}
	return n
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isIdentPart(c byte) bool { return isIdentStart(c) || isDigit(c) || c == '$' }

func isOperator(c byte) bool { return strings.IndexByte("~!@#^&|`?+-*/%<>=", c) >= 0 }
