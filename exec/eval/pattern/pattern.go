package pattern

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// worthTables is how often a pattern is used before tables are made for it: the next row
// may bring another pattern.
const worthTables = 8

// Pattern is a compiled regular expression. It is for one goroutine: tables grow while it
// is used.
type Pattern struct {
	re   *regexp.Regexp
	text string
	uses int
	dfa  *automaton // nil: not for this pattern, or not yet
	once *onePass   // nil: not for this pattern, or not yet
}

// Compile compiles a pattern in the syntax of package regexp.
func Compile(text string) (*Pattern, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, err
	}
	return &Pattern{re: re, text: text}, nil
}

// use counts a use, and makes the tables when they are due.
func (p *Pattern) use() {
	if p.uses++; p.uses != worthTables {
		return
	}
	parsed, err := syntax.Parse(p.text, syntax.Perl)
	if err != nil {
		return
	}
	if prog, err := syntax.Compile(parsed.Simplify()); err == nil && known(prog) {
		p.dfa, p.once = newAutomaton(prog), newOnePass(prog, p.re.NumSubexp())
	}
}

// known reports whether a program has no conditions but on the ends of the text.
func known(prog *syntax.Prog) bool {
	for i := range prog.Inst {
		const ends = syntax.EmptyBeginText | syntax.EmptyEndText
		if in := &prog.Inst[i]; in.Op == syntax.InstEmptyWidth && syntax.EmptyOp(in.Arg)&^ends != 0 {
			return false
		}
	}
	return true
}

// Regexp is the pattern of package regexp.
func (p *Pattern) Regexp() *regexp.Regexp { return p.re }

// Match reports whether the pattern matches somewhere in s.
func (p *Pattern) Match(s []byte) bool {
	p.use()
	if p.dfa != nil {
		if matched, ok := p.dfa.match(s); ok {
			return matched
		}
	}
	return p.re.Match(s)
}

// FindSubmatchIndex is where the leftmost match and its groups begin and end, -1 for a
// group without a match; nil without a match. It is valid until the next call.
func (p *Pattern) FindSubmatchIndex(s []byte) []int {
	p.use()
	if p.once != nil {
		if m, ok := p.once.find(s); ok {
			return m
		}
	}
	return p.re.FindSubmatchIndex(s)
}

// matchesASCII reports whether an instruction takes an ASCII character.
func matchesASCII(in *syntax.Inst, c byte) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1:
		return in.MatchRune(rune(c))
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return c != '\n'
	}
	return false
}

// ascii is one more than the last character that tables are for.
const ascii = utf8.RuneSelf
