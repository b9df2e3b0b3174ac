package sql

import (
	"slices"
	"sort"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/skein-query/skein/internal/sqlerr"
)

// converter turns pg_query's tree of one statement into ours. pg_query says where
// most nodes begin (an operator: where its sign stands); ends come from the tokens.
//
// The first error stays in err and the conversion goes on with whatever node
// comes to hand: the tree is thrown away in the end. That keeps some hundred
// functions free of error returns that differ in nothing.
type converter struct {
	text   string
	tokens []token // of the whole text up to the statement's end, its semicolon included
	first  int     // index of the statement's first token
	end    int     // index after its last, without the semicolon
	err    error
}

// refuse notes that Skein does not have what stands at span.
func (c *converter) refuse(span sqlerr.Span, format string, args ...any) {
	c.fail(sqlerr.At(sqlerr.FeatureNotSupported, span, format, args...))
}

func (c *converter) fail(err *sqlerr.Error) {
	if c.err == nil {
		c.err = err
	}
}

// at is the index of the token that holds byte loc of the text sent to the
// grammar, -1 when the grammar gave no place.
func (c *converter) at(loc int32) int {
	if loc < 0 {
		return -1
	}
	n := sort.Search(len(c.tokens)-c.first, func(i int) bool { return c.tokens[c.first+i].sent > loc })
	return c.first + max(n-1, 0)
}

// bounds are the indexes of the first and the last token within s.
func (c *converter) bounds(s sqlerr.Span) (int, int) {
	tokens := c.tokens[c.first:]
	i := sort.Search(len(tokens), func(i int) bool { return tokens[i].start >= s.Start })
	j := sort.Search(len(tokens), func(i int) bool { return tokens[i].start >= s.End })
	return c.first + i, c.first + j - 1
}

// next is the index of the first token after s, or of the statement's first when
// s is zero.
func (c *converter) next(s sqlerr.Span) int {
	if s.IsZero() {
		return c.first
	}
	_, j := c.bounds(s)
	return j + 1
}

// span covers tokens i to j; zero when they are none.
func (c *converter) span(i, j int) sqlerr.Span {
	if i < 0 || j < i || j >= len(c.tokens) {
		return sqlerr.Span{}
	}
	return sqlerr.Span{Start: c.tokens[i].start, End: c.tokens[j].end}
}

func (c *converter) loc(i, j int) Loc { return Loc{c.span(i, j)} }

// place is the span of the one token at the grammar's location.
func (c *converter) place(loc int32) sqlerr.Span {
	i := c.at(loc)
	return c.span(i, i)
}

func (c *converter) tokenText(i int) string { return c.text[c.tokens[i].start:c.tokens[i].end] }

func (c *converter) kind(i int) tokenKind {
	if i < c.first || i >= c.end {
		return tokenEnd
	}
	return c.tokens[i].kind
}

// is reports whether token i is one of the words, which are lower case.
func (c *converter) is(i int, words ...string) bool {
	if c.kind(i) != tokenWord {
		return false
	}
	text := c.tokenText(i)
	return slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, text) })
}

// skip moves i over the words when they follow each other there.
func (c *converter) skip(i int, words ...string) int {
	for k, w := range words {
		if !c.is(i+k, w) {
			return i
		}
	}
	return i + len(words)
}

func (c *converter) isPunct(i int, char byte) bool {
	return i >= c.first && i < len(c.tokens) && c.tokens[i].kind == tokenPunct &&
		c.text[c.tokens[i].start] == char
}

// close is the index of the bracket that closes the one at i; i when there is none.
func (c *converter) close(i int) int {
	if i >= c.first && i < c.end && int(c.tokens[i].match) > i {
		return int(c.tokens[i].match)
	}
	return i
}

// open is the index of the first opening bracket char at i or soon after.
func (c *converter) open(i int, char byte) int {
	for k := i; k < c.end; k++ {
		if c.isPunct(k, char) {
			return k
		}
	}
	return i
}

// hug widens s by the parentheses that stand right around it. An operand owns all
// of them: parentheses of a call stand around all arguments with their operators.
func (c *converter) hug(s sqlerr.Span) sqlerr.Span {
	if s.IsZero() {
		return s
	}
	i, j := c.bounds(s)
	for c.isPunct(i-1, '(') && int(c.tokens[i-1].match) == j+1 {
		i, j = i-1, j+1
	}
	return c.span(i, j)
}

// cover is the span of an operator with its operands, with their parentheses.
func (c *converter) cover(own sqlerr.Span, operands ...Expr) sqlerr.Span {
	for _, e := range operands {
		if e != nil {
			own = own.Union(c.hug(e.Span()))
		}
	}
	return own
}

// balance widens s by the parentheses that stand half within it: the grammar makes
// one AND of (a AND b) AND c.
func (c *converter) balance(s sqlerr.Span) sqlerr.Span {
	i, j := c.bounds(s)
	for c.isPunct(i-1, '(') && i <= int(c.tokens[i-1].match) && int(c.tokens[i-1].match) <= j {
		i--
	}
	return c.span(i, j)
}

// str is the text of a String node.
func str(n *pg.Node) string { return n.GetString_().GetSval() }

// ident is token i with the text the grammar made of it.
func (c *converter) ident(text string, i int) Ident {
	return Ident{Loc: c.loc(i, i), Text: text}
}

// name is a dotted name whose first part is token i.
func (c *converter) name(parts []*pg.Node, i int) Name {
	n := Name{Parts: make([]Ident, 0, len(parts))}
	for k, p := range parts {
		n.Parts = append(n.Parts, c.ident(str(p), i+2*k))
	}
	return n
}

// relation is the name of a RangeVar.
func (c *converter) relation(r *pg.RangeVar) Name {
	var n Name
	i := c.at(r.GetLocation())
	if c.isPunct(i, '(') { // ONLY (name)
		i++
	}
	for _, text := range []string{r.GetCatalogname(), r.GetSchemaname(), r.GetRelname()} {
		if text != "" {
			n.Parts = append(n.Parts, c.ident(text, i))
			i += 2
		}
	}
	return n
}

// columns are the names in the parentheses at i, each perhaps followed by more:
// (a, b). The result's second part is the index after the closing one.
func (c *converter) columns(names []*pg.Node, i int) ([]Ident, int) {
	if len(names) == 0 || !c.isPunct(i, '(') {
		return nil, i
	}
	after := c.close(i) + 1
	list := make([]Ident, 0, len(names))
	for _, n := range names {
		i++
		text := str(n)
		if t := n.GetResTarget(); t != nil {
			text = t.GetName()
			i = c.at(t.GetLocation())
		}
		list = append(list, c.ident(text, i))
		i++ // the comma
	}
	return list, after
}

// operatorName is the operator of a name list, which may be pg_catalog's.
func (c *converter) operatorName(parts []*pg.Node, at sqlerr.Span) string {
	if len(parts) == 0 {
		return ""
	}
	if len(parts) > 1 && str(parts[0]) != "pg_catalog" {
		c.refuse(at, "operators of schema %q are not supported", str(parts[0]))
	}
	return str(parts[len(parts)-1])
}

// operatorPlace is the span of the operator at token i: itself, or OPERATOR(…).
func (c *converter) operatorPlace(i int) sqlerr.Span {
	if c.is(i, "operator") && c.isPunct(i+1, '(') {
		return c.span(i, c.close(i+1))
	}
	return c.span(i, i)
}
