package eval

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// mostBytes is the longest string a function makes, PostgreSQL's limit less some.
const mostBytes = 1 << 28

func tooLong() error {
	return sqlerr.New("54000", "requested length too large")
}

// textFunction gives the everyday string functions.
func textFunction(e *expr.Call) (rowFunc, error) {
	switch e.Name {
	case "length", "char_length", "character_length":
		if kindOf(e, 0) == expr.Bytea {
			return intOf(func(b []byte) int { return len(b) }), nil
		}
		return intOf(utf8.RuneCount), nil
	case "octet_length":
		return intOf(func(b []byte) int { return len(b) }), nil
	case "bit_length":
		return intOf(func(b []byte) int { return 8 * len(b) }), nil
	case "ascii":
		return intOf(func(b []byte) int {
			r, n := utf8.DecodeRune(b)
			if n == 0 {
				return 0
			}
			return int(r)
		}), nil
	case "position", "strpos":
		return position(kindOf(e, 0) == expr.Bytea), nil
	case "lower":
		return mapBytes(func(c byte) byte {
			if c >= 'A' && c <= 'Z' {
				c += 32
			}
			return c
		}), nil
	case "upper":
		return mapBytes(func(c byte) byte {
			if c >= 'a' && c <= 'z' {
				c -= 32
			}
			return c
		}), nil
	case "initcap":
		return initcap, nil
	case "substring", "substr":
		if kindOf(e, 1) == expr.Text {
			return nil, nil
		}
		return substring(kindOf(e, 0) == expr.Bytea, len(e.Args) == 3), nil
	case "left", "right":
		return leftRight(e.Name == "left"), nil
	case "replace":
		return replace, nil
	case "repeat":
		return repeat, nil
	case "reverse":
		return reverse, nil
	case "lpad", "rpad":
		return pad(e.Name == "lpad", len(e.Args) == 3), nil
	case expr.FnNumericIn, expr.FnNumericTry:
		return numericIn(e), nil
	case "split_part":
		return splitPart, nil
	case "starts_with", "^@":
		return func(in []input, row int, out *output) error {
			out.bool(row, bytes.HasPrefix(in[0].bytes(row), in[1].bytes(row)))
			return nil
		}, nil
	case "translate":
		return translate, nil
	case "overlay":
		return overlay(len(e.Args) == 4), nil
	case "chr":
		return chr, nil
	}
	return nil, nil
}

// intOf is a function from bytes to an integer.
func intOf(do func([]byte) int) rowFunc {
	return func(in []input, row int, out *output) error {
		out.ints[row] = int64(do(in[0].bytes(row)))
		return nil
	}
}

// mapBytes changes a string byte by byte: case in the C locale, where only ASCII
// letters have one.
func mapBytes(do func(byte) byte) rowFunc {
	return func(in []input, row int, out *output) error {
		s := append(out.scratch[:0], in[0].bytes(row)...)
		for i, c := range s {
			s[i] = do(c)
		}
		out.scratch = s
		out.bytes(row, s)
		return nil
	}
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func initcap(in []input, row int, out *output) error {
	s := append(out.scratch[:0], in[0].bytes(row)...)
	inWord := false
	for i, c := range s {
		switch {
		case inWord && c >= 'A' && c <= 'Z':
			s[i] = c + 32
		case !inWord && c >= 'a' && c <= 'z':
			s[i] = c - 32
		}
		inWord = isAlnum(c)
	}
	out.scratch = s
	out.bytes(row, s)
	return nil
}

func position(raw bool) rowFunc {
	return func(in []input, row int, out *output) error {
		s := in[0].bytes(row)
		i := bytes.Index(s, in[1].bytes(row))
		if i > 0 && !raw {
			i = utf8.RuneCount(s[:i])
		}
		out.ints[row] = int64(i + 1)
		return nil
	}
}

func replace(in []input, row int, out *output) error {
	s, from := in[0].bytes(row), in[1].bytes(row)
	if len(from) == 0 || !bytes.Contains(s, from) {
		out.bytes(row, s)
		return nil
	}
	out.bytes(row, bytes.ReplaceAll(s, from, in[2].bytes(row)))
	return nil
}

func repeat(in []input, row int, out *output) error {
	s, n := in[0].bytes(row), max(in[1].int(row), 0)
	if len(s) > 0 && n > mostBytes/int64(len(s)) {
		return tooLong()
	}
	out.bytes(row, bytes.Repeat(s, int(n)))
	return nil
}

func reverse(in []input, row int, out *output) error {
	s := in[0].bytes(row)
	r := out.scratch[:0]
	for len(s) > 0 {
		_, n := utf8.DecodeLastRune(s)
		r = append(r, s[len(s)-n:]...)
		s = s[:len(s)-n]
	}
	out.scratch = r
	out.bytes(row, r)
	return nil
}

func translate(in []input, row int, out *output) error {
	from, to := []rune(in[1].text(row)), []rune(in[2].text(row))
	out.string(row, strings.Map(func(r rune) rune {
		for i, f := range from {
			if f == r {
				if i < len(to) {
					return to[i]
				}
				return -1
			}
		}
		return r
	}, in[0].text(row)))
	return nil
}

func chr(in []input, row int, out *output) error {
	n := in[0].int(row)
	switch {
	case n == 0:
		return sqlerr.New("54000", "null character not permitted")
	case n < 0:
		return sqlerr.New(sqlerr.InvalidParameterValue, "character number must be positive")
	case n > utf8.MaxRune || n >= 0xd800 && n < 0xe000:
		return sqlerr.New("54000", "requested character not valid for encoding: %d", n)
	}
	out.bytes(row, utf8.AppendRune(nil, rune(n)))
	return nil
}
