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
