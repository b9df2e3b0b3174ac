package eval

import (
	"strings"

	"github.com/skein-query/skein/exec/eval/pattern"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// regexFunction gives the functions on regular expressions. The engine is RE2:
// linear time, without back-references and lookaround, which are errors.
func regexFunction(e *expr.Call) (rowFunc, error) {
	if len(e.Args) == 1 && e.Name != "similar_to_escape" {
		return nil, nil // ~ of an integer
	}
	cache := &regexCache{}
	if p, ok := literal(e, 1); ok && len(e.Args) == 2 {
		// A constant pattern is wrong once and for all, but only if a row comes to it.
		cache.get(p.S, regexFlags(e.Name))
	}
	switch e.Name {
	case expr.OpRegex, expr.OpRegexI, expr.OpNotRegex, expr.OpNotRegexI:
		not := e.Name[0] == '!'
		flags := regexFlags(e.Name)
		return func(in []input, row int, out *output) error {
			re, err := cache.get(in[1].text(row), flags)
			if err == nil {
				out.bool(row, re.Match(in[0].bytes(row)) != not)
			}
			return err
		}, nil
	case "similar_to_escape":
		return similarToEscape, nil
	case "regexp_like":
		return func(in []input, row int, out *output) error {
			flags := ""
			if len(in) == 3 {
				flags = in[2].text(row)
			}
			re, err := cache.get(in[1].text(row), flags)
			if err == nil {
				out.bool(row, re.Match(in[0].bytes(row)))
			}
			return err
		}, nil
	case "regexp_count":
		return func(in []input, row int, out *output) error {
			re, err := cache.get(in[1].text(row), "")
			if err == nil {
				out.ints[row] = int64(len(re.Regexp().FindAllIndex(in[0].bytes(row), -1)))
			}
			return err
		}, nil
	case "regexp_substr":
		return regexSubstring(cache, 0), nil
	case "substring", "substr":
		return regexSubstring(cache, 1), nil
	case "regexp_replace":
		return regexReplace(cache), nil
	}
	return nil, nil
}

func regexFlags(name string) string {
	if name == expr.OpRegexI || name == expr.OpNotRegexI {
		return "i"
	}
	return ""
}

// regexCache keeps the last compiled pattern.
type regexCache struct {
	pattern, flags string
	re             *pattern.Pattern
}

func (c *regexCache) get(text, flags string) (*pattern.Pattern, error) {
	if c.re != nil && c.pattern == text && c.flags == flags {
		return c.re, nil
	}
	c.pattern, c.flags = strings.Clone(text), strings.Clone(flags)
	mode := "s"
	for _, f := range flags {
		switch f {
		case 'i':
			mode += "i"
		case 'c', 'g', 's':
		case 'n', 'm':
			mode = strings.ReplaceAll(mode, "s", "") + "m"
		default:
			c.re = nil
			return nil, sqlerr.New(sqlerr.InvalidParameterValue, "invalid regular expression option: %q", string(f))
		}
	}
	if rest, ok := strings.CutPrefix(text, "(?i)"); ok {
		mode, text = mode+"i", rest
	}
	var err error
	if c.re, err = pattern.Compile("(?" + mode + ")" + goRegex(text)); err != nil {
		return nil, sqlerr.New("2201B", "invalid regular expression: %v", err)
	}
	return c.re, nil
}

// goRegex spells PostgreSQL's escapes in RE2's way: \m \M \y are word boundaries,
// \Z and \A ends of the text.
func goRegex(p string) string {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		if p[i] != '\\' || i+1 == len(p) {
			b.WriteByte(p[i])
			continue
		}
		i++
		switch p[i] {
		case 'm', 'M', 'y':
			b.WriteString(`\b`)
		case 'Y':
			b.WriteString(`\B`)
		case 'Z':
			b.WriteString(`\z`)
		default:
			b.WriteByte('\\')
			b.WriteByte(p[i])
		}
	}
	return b.String()
}

// regexSubstring is the first match, or its first group when the pattern has one
// and group is 1; NULL when there is none.
func regexSubstring(cache *regexCache, group int) rowFunc {
	return func(in []input, row int, out *output) error {
		re, err := cache.get(in[1].text(row), "")
		if err != nil {
			return err
		}
		s := in[0].bytes(row)
		m, at := re.FindSubmatchIndex(s), 0
		if 2*group < len(m) {
			at = 2 * group
		}
		if m == nil || m[at] < 0 {
			out.null(row)
			return nil
		}
		out.bytes(row, s[m[at]:m[at+1]])
		return nil
	}
}

func regexReplace(cache *regexCache) rowFunc {
	return func(in []input, row int, out *output) error {
		flags := ""
		if len(in) == 4 {
			flags = in[3].text(row)
		}
		re, err := cache.get(in[1].text(row), flags)
		if err != nil {
			return err
		}
		s, with := in[0].bytes(row), in[2].text(row)
		r, from := out.scratch[:0], 0
		all := [][]int{re.FindSubmatchIndex(s)}
		switch {
		case all[0] == nil:
			all = nil
		case strings.Contains(flags, "g"):
			all = re.Regexp().FindAllSubmatchIndex(s, -1)
		}
		for _, m := range all {
			r = append(r, s[from:m[0]]...)
			r = expand(r, with, s, m)
			from = m[1]
		}
		r = append(r, s[from:]...)
		out.scratch = r
		out.bytes(row, r)
		return nil
	}
}

// expand adds a replacement with \1 … \9 and \& filled in.
func expand(r []byte, with string, s []byte, m []int) []byte {
	for i := 0; i < len(with); i++ {
		if with[i] != '\\' || i+1 == len(with) {
			r = append(r, with[i])
			continue
		}
		i++
		group := -1
		switch c := with[i]; {
		case c == '&':
			group = 0
		case c >= '1' && c <= '9':
			group = int(c - '0')
		case c == '\\':
			r = append(r, '\\')
			continue
		default:
			r = append(r, '\\', c)
			continue
		}
		if 2*group+1 < len(m) && m[2*group] >= 0 {
			r = append(r, s[m[2*group]:m[2*group+1]]...)
		}
	}
	return r
}

// similarToEscape is the regular expression of a SIMILAR TO pattern, as
// PostgreSQL's function of that name: x SIMILAR TO p is x ~ similar_to_escape(p).
func similarToEscape(in []input, row int, out *output) error {
	p, escape := in[0].text(row), `\`
	if len(in) == 2 {
		escape = in[1].text(row)
	}
	if len([]rune(escape)) > 1 {
		return sqlerr.New(sqlerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	r := append(out.scratch[:0], "^(?:"...)
	inClass := false
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case escape != "" && strings.HasPrefix(p[i:], escape):
			i += len(escape)
			if i < len(p) {
				r = append(r, '\\', p[i])
			}
		case inClass:
			inClass = c != ']'
			r = append(r, c)
		case c == '[':
			inClass = true
			r = append(r, c)
		case c == '%':
			r = append(r, ".*"...)
		case c == '_':
			r = append(r, '.')
		case c == '(':
			r = append(r, "(?:"...)
		case c == '\\' || c == '.' || c == '^' || c == '$':
			r = append(r, '\\', c)
		default:
			r = append(r, c)
		}
	}
	r = append(r, ")$"...)
	out.scratch = r
	out.bytes(row, r)
	return nil
}
