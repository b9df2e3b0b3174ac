package sql

import (
	"strings"
	"unicode/utf8"

	"github.com/skein-query/skein/internal/sqlerr"
)

// The limits of a text. Measured on pg_query 6.1.0: a sum of 10⁶ terms ends the
// process under cgo, one of 20,000 the stack of the WebAssembly build, and protobuf
// for Go refuses 10,000 nested messages, two a level. A token costs up to half a kilobyte while its tree is built.
const (
	maxText    = 16 << 20
	maxTokens  = 1_000_000
	maxNesting = 500   // brackets and CASE
	maxChain   = 1_000 // operators in sequence, AND or OR in sequence, set operations, joins
	maxHeight  = 3_000 // of the tree, over nested chains
)

// checkText refuses what is no text.
func checkText(text string) error {
	if len(text) > maxText {
		return sqlerr.New(sqlerr.StatementTooComplex, "the statement has %d bytes, the limit is %d", len(text), maxText)
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		at := sqlerr.Span{Start: int32(i), End: int32(i + 1)}
		return sqlerr.At(sqlerr.SyntaxError, at, "invalid byte sequence for encoding \"UTF8\": 0x00")
	}
	if utf8.ValidString(text) {
		return nil
	}
	for i, r := range text {
		if _, n := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && n == 1 {
			at := sqlerr.Span{Start: int32(i), End: int32(i + 1)}
			return sqlerr.At(sqlerr.SyntaxError, at, "invalid byte sequence for encoding \"UTF8\": 0x%02x", text[i])
		}
	}
	return nil
}

func tooManyTokens(tokens []token) error {
	return sqlerr.At(sqlerr.StatementTooComplex, tokens[len(tokens)-1].span(),
		"the statement has more than %d words and symbols", maxTokens).
		WithHint("Load large data by COPY, bulk ingest or an external table.")
}

// level is what the guard knows of one open bracket, or of the statement itself.
// Heights are upper bounds of the depth of the grammar's tree.
type level struct {
	bracket int32 // index of the bracket, -1 for the statement
	operand int   // greatest height of a bracket within the current chain
	ops     int   // operators since the last separator: the chain they may form
	between int   // BETWEENs whose AND has not come yet
	ands    int   // AND since the last separator
	ors     int   // OR
	joins   int   // JOIN since the last SELECT
	maxJoin int   // greatest joins so far
	sets    int   // set operations
	height  int   // greatest height of the chains closed so far
}

// endChain closes the current chain of operators.
func (l *level) endChain() {
	l.height = max(l.height, l.operand+l.ops)
	l.operand, l.ops = 0, 0
}

// total is the height of the whole level.
func (l *level) total() int {
	return max(l.height, l.operand+l.ops) + l.maxJoin + l.sets + 2
}

// guard pairs the brackets of the tokens and refuses what would take the grammar
// too deep. Long lists are no chains: AND and OR are counted apart, a comma and a
// clause begin anew. Only words that can never be a name count as clauses, or a
// chain of such names would pass uncounted.
func guard(text string, tokens []token) error {
	levels := make([]level, 1, 16)
	levels[0].bracket = -1
	for i := range tokens {
		t := &tokens[i]
		word := t.word
		if word != kwNone && i > 0 && isLabelPlace(text, tokens[i-1]) {
			word = kwNone
		}
		switch {
		case t.kind == tokenPunct:
			levels = guardPunct(text, tokens, levels, i)
		case word == kwCase:
			levels = append(levels, level{bracket: int32(i)})
		case word == kwEnd:
			if top := &levels[len(levels)-1]; top.bracket >= 0 && tokens[top.bracket].word == kwCase {
				levels = closeLevel(tokens, levels, i)
			}
		default:
			afterDistinct := i > 0 && tokens[i-1].word == kwDistinct
			levels[len(levels)-1].count(t.kind, word, afterDistinct)
		}
		top := &levels[len(levels)-1]
		if len(levels) > maxNesting+1 {
			return sqlerr.At(sqlerr.StatementTooComplex, t.span(), "brackets are nested deeper than %d levels", maxNesting)
		}
		if max(top.ops, top.ands, top.ors, top.joins, top.sets) >= maxChain {
			return sqlerr.At(sqlerr.StatementTooComplex, t.span(), "more than %d operators follow each other", maxChain).
				WithHint("Write a long list of values with IN (…) or as VALUES.")
		}
		if top.total() > maxHeight {
			return sqlerr.At(sqlerr.StatementTooComplex, t.span(), "the expression is nested deeper than %d levels", maxHeight)
		}
	}
	return nil
}

// isLabelPlace reports whether a word after t is a name even if it is reserved.
func isLabelPlace(text string, t token) bool {
	return t.kind == tokenPunct && text[t.start:t.end] == "." ||
		t.kind == tokenWord && strings.EqualFold(text[t.start:t.end], "as")
}

func guardPunct(text string, tokens []token, levels []level, i int) []level {
	top := &levels[len(levels)-1]
	switch text[tokens[i].start] {
	case '[':
		top.ops++ // a subscript; in ARRAY[…] it does no harm
		return append(levels, level{bracket: int32(i)})
	case '(':
		return append(levels, level{bracket: int32(i)})
	case ')', ']':
		return closeBracket(text, tokens, levels, i)
	case ',':
		top.separate()
	case ';':
		for len(levels) > 1 && tokens[levels[len(levels)-1].bracket].word == kwCase {
			levels = dropLevel(levels)
		}
		if len(levels) == 1 {
			levels[0] = level{bracket: -1}
		}
	}
	return levels
}

// closeBracket closes the levels up to the bracket that token i closes. A CASE
// without END in between was no bracket but somebody's label; a bracket of the
// other kind is a syntax error, which the grammar will tell.
func closeBracket(text string, tokens []token, levels []level, i int) []level {
	want := byte('(')
	if text[tokens[i].start] == ']' {
		want = '['
	}
	for n := len(levels) - 1; n > 0; n-- {
		switch open := levels[n].bracket; {
		case text[tokens[open].start] == want:
			for len(levels)-1 > n {
				levels = dropLevel(levels)
			}
			return closeLevel(tokens, levels, i)
		case tokens[open].word != kwCase:
			return levels
		}
	}
	return levels
}

// closeLevel pairs token i with the bracket of the top level.
func closeLevel(tokens []token, levels []level, i int) []level {
	open := levels[len(levels)-1].bracket
	tokens[open].match, tokens[i].match = int32(i), open
	return dropLevel(levels)
}

// dropLevel makes the top level an operand of the one below.
func dropLevel(levels []level) []level {
	height := levels[len(levels)-1].total()
	levels = levels[:len(levels)-1]
	top := &levels[len(levels)-1]
	top.operand = max(top.operand, height)
	return levels
}

// separate ends all chains: a comma.
func (l *level) separate() {
	l.endChain()
	l.ands, l.ors, l.between = 0, 0, 0
}

// count takes one token of the level into account.
func (l *level) count(kind tokenKind, word keyword, afterDistinct bool) {
	switch word {
	case kwAnd:
		l.and()
	case kwOr:
		l.endChain()
		l.ors++
	case kwNot, kwPredicate:
		l.ops++
	case kwClause:
		if !afterDistinct { // IS DISTINCT FROM goes on with the chain
			l.separate()
		}
	case kwSelect:
		l.separate()
		l.joins = 0
	case kwSet:
		l.separate()
		l.sets++
	case kwJoin:
		l.joins++
		l.maxJoin = max(l.maxJoin, l.joins)
	case kwBetween:
		l.ops++
		l.between++
	default:
		if kind == tokenOperator {
			l.ops++
		}
	}
}

// and counts an AND. That of a BETWEEN is no end of the chain: what follows it may
// begin with NOT and take the next BETWEEN as its operand, without end.
func (l *level) and() {
	if l.between > 0 {
		l.between--
		l.ops++
		return
	}
	l.endChain()
	l.ands++
}
