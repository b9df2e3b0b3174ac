package eval

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// trimFunction gives the functions that trim, join, quote, hash and encode.
func trimFunction(e *expr.Call) (rowFunc, error) {
	switch e.Name {
	case "btrim":
		return trim(true, true, len(e.Args) == 2), nil
	case "ltrim":
		return trim(true, false, len(e.Args) == 2), nil
	case "rtrim":
		return trim(false, true, len(e.Args) == 2), nil
	case expr.OpConcat:
		return concat(e, false), nil
	case "concat":
		return concat(e, true), nil
	case "concat_ws":
		return concatWS(e), nil
	case "format":
		return formatText(e), nil
	case "md5":
		return func(in []input, row int, out *output) error {
			sum := md5.Sum(in[0].bytes(row))
			out.string(row, hex.EncodeToString(sum[:]))
			return nil
		}, nil
	case "sha256":
		return func(in []input, row int, out *output) error {
			sum := sha256.Sum256(in[0].bytes(row))
			out.bytes(row, sum[:])
			return nil
		}, nil
	case "to_hex":
		bits := uint64(1<<64 - 1)
		if kindOf(e, 0) == expr.Int4 {
			bits = 1<<32 - 1
		}
		return func(in []input, row int, out *output) error {
			out.string(row, strconv.FormatUint(uint64(in[0].int(row))&bits, 16))
			return nil
		}, nil
	case "quote_ident":
		return func(in []input, row int, out *output) error {
			out.string(row, quoteIdent(in[0].text(row)))
			return nil
		}, nil
	case "quote_literal", "quote_nullable":
		return func(in []input, row int, out *output) error {
			if in[0].null(row) {
				out.string(row, "NULL")
				return nil
			}
			out.string(row, quoteLiteral(in[0].text(row)))
			return nil
		}, nil
	case "encode":
		return encode, nil
	case "decode":
		return decode, nil
	}
	return nil, nil
}

// trim cuts characters of a set (blanks by default) from the ends.
func trim(left, right, with bool) rowFunc {
	return func(in []input, row int, out *output) error {
		s, set := in[0].bytes(row), " "
		if with {
			set = in[1].text(row)
		}
		if left {
			s = bytes.TrimLeft(s, set)
		}
		if right {
			s = bytes.TrimRight(s, set)
		}
		out.bytes(row, s)
		return nil
	}
}

// appendValue adds an argument in its output form; concat prints booleans in one
// letter.
func appendValue(r []byte, in *input, row int, t expr.Type, letter bool) []byte {
	switch {
	case t.Kind == expr.Char && !letter:
		return append(r, bytes.TrimRight(in.bytes(row), " ")...)
	case t.IsString() || t.Kind == expr.Unknown || t.Kind == expr.Bytea && !letter:
		return append(r, in.bytes(row)...)
	case t.Kind == expr.Bool && letter && in.bool(row):
		return append(r, 't')
	case t.Kind == expr.Bool && letter:
		return append(r, 'f')
	}
	return append(r, in.format(row, t)...)
}

func argTypes(e *expr.Call) []expr.Type {
	out := make([]expr.Type, len(e.Args))
	for i, a := range e.Args {
		out[i] = a.Type()
	}
	return out
}

// concat joins all arguments that are not NULL.
func concat(e *expr.Call, letter bool) rowFunc {
	types := argTypes(e)
	return func(in []input, row int, out *output) error {
		r := out.scratch[:0]
		for i := range in {
			if !in[i].null(row) {
				r = appendValue(r, &in[i], row, types[i], letter)
			}
		}
		out.scratch = r
		out.bytes(row, r)
		return nil
	}
}

func concatWS(e *expr.Call) rowFunc {
	types := argTypes(e)
	return func(in []input, row int, out *output) error {
		if in[0].null(row) {
			out.null(row)
			return nil
		}
		r, first := out.scratch[:0], true
		for i := 1; i < len(in); i++ {
			if in[i].null(row) {
				continue
			}
			if !first {
				r = append(r, in[0].bytes(row)...)
			}
			r, first = appendValue(r, &in[i], row, types[i], true), false
		}
		out.scratch = r
		out.bytes(row, r)
		return nil
	}
}

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

func encode(in []input, row int, out *output) error {
	s := in[0].bytes(row)
	switch strings.ToLower(in[1].text(row)) {
	case "hex":
		out.string(row, hex.EncodeToString(s))
	case "base64":
		text := base64.StdEncoding.EncodeToString(s)
		var lines []string // of 76 characters
		for len(text) > 76 {
			lines, text = append(lines, text[:76]), text[76:]
		}
		out.string(row, strings.Join(append(lines, text), "\n"))
	case "escape":
		r := out.scratch[:0]
		for _, c := range s {
			switch {
			case c == '\\':
				r = append(r, `\\`...)
			case c == 0 || c >= 128:
				r = append(r, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
			default:
				r = append(r, c)
			}
		}
		out.scratch = r
		out.bytes(row, r)
	default:
		return badEncoding(in[1].text(row))
	}
	return nil
}

func decode(in []input, row int, out *output) error {
	s := in[0].text(row)
	switch strings.ToLower(in[1].text(row)) {
	case "hex":
		b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
		if err != nil {
			return sqlerr.New(sqlerr.InvalidParameterValue, "invalid hexadecimal data in %q", s)
		}
		out.bytes(row, b)
	case "base64":
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
		if err != nil {
			return sqlerr.New(sqlerr.InvalidParameterValue, "invalid base64 data in %q", s)
		}
		out.bytes(row, b)
	case "escape":
		v, err := expr.ParseValue(s, expr.Of(expr.Bytea))
		out.string(row, v.S)
		return err
	default:
		return badEncoding(in[1].text(row))
	}
	return nil
}

func badEncoding(name string) error {
	return sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized encoding: %q", name)
}
