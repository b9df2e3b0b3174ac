package sql

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/skein-query/skein/internal/sqlerr"
)

// ParseExpr parses an expression by itself. Its places count from the word SELECT, which
// is put before it.
func ParseExpr(text string) (Expr, error) {
	all, err := Parse("SELECT " + text)
	if err != nil {
		return nil, err
	}
	if len(all) == 1 {
		if q, ok := all[0].(*Query); ok {
			if s, ok := q.Body.(*Select); ok && len(s.Items) == 1 && s.From == nil {
				return s.Items[0].Value, nil
			}
		}
	}
	return nil, sqlerr.New(sqlerr.SyntaxError, "%q is not an expression", text)
}

// Parse reads the statements of a text, which semicolons part. Empty statements
// are left out. Errors are *sqlerr.Error: 42601 for what PostgreSQL's grammar or
// lexer refuses, 0A000 for statements and clauses that Skein does not have, 54001
// for texts beyond the limits of guard.go.
func Parse(text string) ([]Statement, error) {
	out, err := parse(text)
	return out, concealed(err, text)
}

func parse(text string) ([]Statement, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	if n := len(tokens); n > 0 && tokens[n-1].kind == tokenComment {
		return nil, sqlerr.At(sqlerr.SyntaxError, tokens[n-1].span(), "unterminated /* comment at or near \"%s\"",
			excerpt(text[tokens[n-1].start:]))
	}
	if err := guard(text, tokens); err != nil {
		return nil, err
	}
	if err := numberPlaceholders(tokens); err != nil {
		return nil, err
	}
	var statements []Statement
	for lo := 0; lo < len(tokens); {
		hi := statementEnd(text, tokens, lo)
		s, err := parseStatement(text, tokens[:hi], lo)
		if err != nil {
			return nil, err
		}
		if s != nil {
			statements = append(statements, s)
		}
		lo = hi
	}
	return statements, nil
}

// statementEnd is the index after the semicolon that ends the statement at lo.
func statementEnd(text string, tokens []token, lo int) int {
	for i := lo; i < len(tokens); i++ {
		t := tokens[i]
		if int(t.match) > i {
			i = int(t.match)
		} else if t.kind == tokenPunct && text[t.start] == ';' {
			return i + 1
		}
	}
	return len(tokens)
}

// parseStatement reads the statement of tokens from lo on; nil for an empty one.
func parseStatement(text string, tokens []token, lo int) (Statement, error) {
	c := &converter{text: text, tokens: tokens, first: lo, end: len(tokens)}
	if c.end > lo && c.isPunct(c.end-1, ';') {
		c.end--
	}
	if c.end == lo {
		return nil, nil
	}
	if s, err := c.dialect(); s != nil || err != nil {
		return s, err
	}
	return c.grammar(lo)
}

// grammar runs PostgreSQL's grammar over the tokens from lo on.
func (c *converter) grammar(lo int) (Statement, error) {
	c.first = lo
	sent := grammarText(c.text, c.tokens, lo)
	tree, err := parseTree(sent)
	if err != nil {
		return nil, c.grammarError(err, sent)
	}
	if len(tree.GetStmts()) != 1 {
		at := c.span(lo, c.end-1)
		return nil, sqlerr.At(sqlerr.FeatureNotSupported, at, "this statement is not supported")
	}
	return c.convert(tree.GetStmts()[0])
}

func (c *converter) convert(raw *pg.RawStmt) (Statement, error) {
	s := c.statement(raw.GetStmt(), c.first)
	if c.err != nil {
		return nil, c.err
	}
	return s, nil
}

// numberPlaceholders gives every ? its number, in the order of the text.
func numberPlaceholders(tokens []token) error {
	n := int32(0)
	dollar := false
	for i := range tokens {
		switch tokens[i].kind {
		case tokenParam:
			dollar = true
		case tokenPlaceholder:
			n++
			tokens[i].param = n
		default:
			continue
		}
		if dollar && n > 0 {
			return sqlerr.At(sqlerr.SyntaxError, tokens[i].span(), "parameters are written either as ? or as $1, not both").
				WithHint("Where ? was meant as PostgreSQL's operator, call its function.")
		}
	}
	return nil
}

// grammarText is what the grammar is given for the tokens from lo on: the text
// itself, with $n for the n-th ?, CAST for TRY_CAST and without comments (flex reads a long /*/*/*…
// in quadratic time). It notes in each token where it went.
func grammarText(text string, tokens []token, lo int) string {
	var b strings.Builder
	b.Grow(int(tokens[len(tokens)-1].end - tokens[lo].start))
	last := tokens[lo].start
	for i := lo; i < len(tokens); i++ {
		t := &tokens[i]
		if gap := text[last:t.start]; strings.ContainsAny(gap, "-/") {
			b.WriteByte(' ')
		} else {
			b.WriteString(gap)
		}
		last = t.end
		if t.kind == tokenPlaceholder {
			t.sent = int32(b.Len()) + 1
			b.WriteString(" $" + strconv.Itoa(int(t.param)) + " ") // apart from its neighbours, as it was
			continue
		}
		t.sent = int32(b.Len())
		if isTryCast(text, tokens, i) {
			b.WriteString("cast")
			continue
		}
		b.WriteString(text[t.start:t.end])
	}
	return b.String()
}

// isTryCast reports whether a token is the word of TRY_CAST(x AS type), which the grammar
// is given as CAST.
func isTryCast(text string, tokens []token, i int) bool {
	t := tokens[i]
	if t.kind != tokenWord || !strings.EqualFold(text[t.start:t.end], "try_cast") || i+1 >= len(tokens) {
		return false
	}
	next := tokens[i+1]
	if next.kind != tokenPunct || text[next.start] != '(' {
		return false
	}
	return i == 0 || tokens[i-1].kind != tokenPunct || text[tokens[i-1].start] != '.'
}

// grammarError is an error of PostgreSQL's lexer or grammar: its message, and the
// place in characters, from 1; 0 when it has none.
type grammarError struct {
	message string
	cursor  int
}

func (e *grammarError) Error() string { return e.message }

// maxMessage bounds what a message quotes of the text.
const maxMessage = 200

// excerpt cuts a message or a text to maxMessage bytes.
func excerpt(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + "…"
}

// grammarError turns the engine's error into the user's.
func (c *converter) grammarError(err error, sent string) error {
	g, ok := errors.AsType[*grammarError](err)
	if !ok {
		// The tree came out broken or the engine gave up: the text was too much for it.
		return sqlerr.At(sqlerr.StatementTooComplex, c.span(c.first, c.end-1), "the statement is too complex: %s", err)
	}
	i := c.end - 1
	if g.cursor > 0 {
		i = c.at(byteOffset(sent, g.cursor-1)) // may be the semicolon
	}
	if strings.HasSuffix(g.message, "at end of input") {
		i = c.end - 1
	}
	msg := g.message
	if t := c.tokens[i]; t.kind == tokenPlaceholder {
		msg = strings.ReplaceAll(msg, "\"$"+strconv.Itoa(int(t.param))+"\"", "\"?\"")
	}
	e := sqlerr.At(grammarCode(msg), c.tokens[i].span(), "%s", excerpt(msg))
	if strings.HasPrefix(msg, "syntax error") {
		if word := c.misspelt(i); word != "" {
			return e.WithHint("Did you mean %q?", word)
		}
	}
	return e
}

// grammarCode is the code that PostgreSQL gives what its grammar says, which the parser's
// library does not hand on.
func grammarCode(msg string) sqlerr.Code {
	if strings.HasPrefix(msg, "frame ") { // of a window
		return sqlerr.WindowingError
	}
	return sqlerr.SyntaxError
}

// byteOffset is the byte at which the n-th character of s begins.
func byteOffset(s string, n int) int32 {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return int32(i)
}

// misspelt is the keyword that token i, or the one before it, seems to have meant.
// In "select a form t" the grammar takes form for a name and stops at t.
func (c *converter) misspelt(i int) string {
	words := hintWords()
	all := Keywords()
	for _, k := range []int{i, i - 1} {
		if k < c.first || c.tokens[k].kind != tokenWord {
			continue
		}
		word := strings.ToLower(c.tokenText(k))
		if _, known := slices.BinarySearch(all, word); known {
			continue
		}
		if near := nearestWord(word, words); near != "" {
			return near
		}
	}
	return ""
}
