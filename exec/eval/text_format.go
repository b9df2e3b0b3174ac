package eval

import (
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// formatText is format(): %s, %I, %L and %%, with positions and widths.
func formatText(e *expr.Call) rowFunc {
	types := argTypes(e)
	return func(in []input, row int, out *output) error {
		if in[0].null(row) {
			out.null(row)
			return nil
		}
		var r []byte
		next, f := 1, in[0].text(row)
		for i := 0; i < len(f); i++ {
			if f[i] != '%' {
				r = append(r, f[i])
				continue
			}
			i++
			if i < len(f) && f[i] == '%' {
				r = append(r, '%')
				continue
			}
			spec, n, err := readSpec(f[i:])
			if err != nil {
				return err
			}
			i += n - 1
			if spec.position > 0 {
				next = spec.position
			}
			if next >= len(in) {
				return sqlerr.New(sqlerr.InvalidParameterValue, "too few arguments for format()")
			}
			piece, err := spec.apply(&in[next], row, types[next])
			if err != nil {
				return err
			}
			next++
			r = append(r, piece...)
		}
		out.bytes(row, r)
		return nil
	}
}

// formatSpec is one % of format().
type formatSpec struct {
	position, width int
	left            bool
	verb            byte
}

func readSpec(f string) (s formatSpec, n int, err error) {
	digits := func() int {
		from := n
		for n < len(f) && f[n] >= '0' && f[n] <= '9' {
			n++
		}
		v, _ := strconv.Atoi(f[from:n])
		return v
	}
	v := digits()
	if n < len(f) && f[n] == '$' && n > 0 {
		s.position = v
		n++
		v = 0
	}
	if n < len(f) && f[n] == '-' {
		s.left = true
		n++
	}
	if v == 0 {
		v = digits()
	}
	s.width = v
	if n == len(f) {
		return s, n, sqlerr.New(sqlerr.InvalidParameterValue, "unterminated format() type specifier").
			WithHint("For a single \"%%\" use \"%%%%\".")
	}
	s.verb = f[n]
	if strings.IndexByte("sIL", s.verb) < 0 {
		return s, n, sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized format() type specifier %q", f[n:n+1]).
			WithHint("For a single \"%%\" use \"%%%%\".")
	}
	return s, n + 1, nil
}

func (s formatSpec) apply(in *input, row int, t expr.Type) (string, error) {
	text := ""
	switch {
	case !in.null(row):
		text = string(appendValue(nil, in, row, t, true))
		switch s.verb {
		case 'I':
			text = quoteIdent(text)
		case 'L':
			text = quoteLiteral(text)
		}
	case s.verb == 'I':
		return "", sqlerr.New("22004", "null values cannot be formatted as an SQL identifier")
	case s.verb == 'L':
		text = "NULL"
	}
	if gap := s.width - len([]rune(text)); gap > 0 && s.left {
		text += strings.Repeat(" ", gap)
	} else if gap > 0 {
		text = strings.Repeat(" ", gap) + text
	}
	return text, nil
}

func quoteLiteral(s string) string {
	q := "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", "''") + "'"
	if strings.Contains(s, `\`) {
		return "E" + q
	}
	return q
}

// quoteIdent quotes a name unless it is lower case letters, digits and
// underscores, and no key word that would need it.
func quoteIdent(s string) string {
	plain := s != "" && (s[0] >= 'a' && s[0] <= 'z' || s[0] == '_')
	for i := range len(s) {
		c := s[i]
		plain = plain && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_')
	}
	if plain && !strings.Contains(reservedWords, " "+s+" ") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// reservedWords are PostgreSQL's reserved key words (appendix C).
const reservedWords = " all analyse analyze and any array as asc asymmetric authorization binary both case cast check " +
	"collate collation column concurrently constraint create cross current_catalog current_date current_role " +
	"current_schema current_time current_timestamp current_user default deferrable desc distinct do else end except " +
	"false fetch for foreign freeze from full grant group having ilike in initially inner intersect into is isnull join " +
	"lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer " +
	"overlaps placing primary references returning right select session_user similar some symmetric table tablesample " +
	"then to trailing true union unique user using variadic verbose when where window with " +
	"between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int " +
	"integer interval least national nchar none normalize nullif numeric out overlay position precision real row setof " +
	"smallint substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists " +
	"xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable "
