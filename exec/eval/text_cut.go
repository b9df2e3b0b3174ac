package eval

import (
	"bytes"
	"unicode/utf8"

	"github.com/skein-query/skein/internal/sqlerr"
)

// cut is characters from..to of s, counted from 0 and clipped to s.
func cut(s []byte, from, to int64) []byte {
	if ascii(s) {
		n := int64(len(s))
		from, to = min(max(from, 0), n), min(max(to, 0), n)
		return s[from:max(from, to)]
	}
	start, n := len(s), int64(0)
	for i := range string(s) {
		if n == max(from, 0) {
			start = i
		}
		if n >= to {
			return s[min(start, i):i]
		}
		n++
	}
	return s[start:]
}

func ascii(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func substring(raw, counted bool) rowFunc {
	return func(in []input, row int, out *output) error {
		s, from := in[0].bytes(row), in[1].int(row)-1
		to := int64(len(s))
		if counted {
			n := in[2].int(row)
			if n < 0 {
				return sqlerr.New(sqlerr.SubstringError, "negative substring length not allowed")
			}
			to = from + n
		}
		if raw {
			n := int64(len(s))
			from, to = min(max(from, 0), n), min(max(to, 0), n)
			s = s[from:max(from, to)]
		} else {
			s = cut(s, from, to)
		}
		out.bytes(row, s)
		return nil
	}
}

func leftRight(left bool) rowFunc {
	return func(in []input, row int, out *output) error {
		s, n := in[0].bytes(row), in[1].int(row)
		count := int64(utf8.RuneCount(s))
		switch {
		case left && n < 0:
			s = cut(s, 0, count+n)
		case left:
			s = cut(s, 0, n)
		case n < 0:
			s = cut(s, -n, count)
		default:
			s = cut(s, count-n, count)
		}
		out.bytes(row, s)
		return nil
	}
}

func pad(left, with bool) rowFunc {
	return func(in []input, row int, out *output) error {
		s, n := in[0].bytes(row), in[1].int(row)
		fill := []byte(" ")
		if with {
			fill = in[2].bytes(row)
		}
		if n > mostBytes {
			return tooLong()
		}
		have := int64(utf8.RuneCount(s))
		if have >= n || len(fill) == 0 {
			out.bytes(row, cut(s, 0, n))
			return nil
		}
		r := out.scratch[:0]
		if !left {
			r = append(r, s...)
		}
		for rest := fill; have < n; have++ {
			if len(rest) == 0 {
				rest = fill
			}
			_, k := utf8.DecodeRune(rest)
			r = append(r, rest[:k]...)
			rest = rest[k:]
		}
		if left {
			r = append(r, s...)
		}
		out.scratch = r
		out.bytes(row, r)
		return nil
	}
}

func splitPart(in []input, row int, out *output) error {
	s, sep, n := in[0].bytes(row), in[1].bytes(row), in[2].int(row)
	if n == 0 {
		return sqlerr.New(sqlerr.InvalidParameterValue, "field position must not be zero")
	}
	if len(sep) == 0 {
		if n == 1 || n == -1 {
			out.bytes(row, s)
		}
		return nil
	}
	if n < 0 {
		n += int64(bytes.Count(s, sep)) + 2
		if n < 1 {
			return nil
		}
	}
	for ; n > 1; n-- {
		_, rest, ok := bytes.Cut(s, sep)
		if !ok {
			return nil
		}
		s = rest
	}
	s, _, _ = bytes.Cut(s, sep)
	out.bytes(row, s)
	return nil
}

func overlay(counted bool) rowFunc {
	return func(in []input, row int, out *output) error {
		s, with, from := in[0].bytes(row), in[1].bytes(row), in[2].int(row)
		n := int64(utf8.RuneCount(with))
		if counted {
			n = in[3].int(row)
		}
		if from <= 0 {
			return sqlerr.New(sqlerr.SubstringError, "negative substring length not allowed")
		}
		r := append(out.scratch[:0], cut(s, 0, from-1)...)
		r = append(r, with...)
		r = append(r, cut(s, max(from-1+n, 0), int64(len(s)))...)
		out.scratch = r
		out.bytes(row, r)
		return nil
	}
}
