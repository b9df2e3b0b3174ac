package eval

import (
	"unicode/utf8"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// regexFind gives the functions on regular expressions that count matches from a
// position, as Substrait's do: "regexp find" is a group of one match, NULL when there is
// none; "regexp count" counts them; "regexp put" replaces one match, or with number 0 all.
// Patterns with lookaround have an engine of their own.
func regexFind(e *expr.Call) (rowFunc, error) {
	cache := &matchCache{}
	switch e.Name {
	case "regexp find":
		return func(in []input, row int, out *output) error {
			s, from, err := behind(in[0].text(row), in[2].int(row))
			if err != nil {
				return err
			}
			re, err := cache.matcher(in[1].text(row))
			if err != nil {
				return err
			}
			nth, group := in[3].int(row), in[4].int(row)
			if nth < 1 || group < 0 || group > int64(re.groups()) {
				return sqlerr.New(sqlerr.InvalidParameterValue, "match %d or group %d of a regular expression is out of range", nth, group)
			}
			all, err := re.find(s[from:], int(min(nth, int64(len(s)+1))))
			if err != nil {
				return err
			}
			if int64(len(all)) < nth || all[nth-1][2*group] < 0 {
				out.null(row)
				return nil
			}
			m := all[nth-1]
			out.string(row, s[from+m[2*group]:from+m[2*group+1]])
			return nil
		}, nil
	case "regexp count":
		return func(in []input, row int, out *output) error {
			s, from, err := behind(in[0].text(row), in[2].int(row))
			if err != nil {
				return err
			}
			re, err := cache.matcher(in[1].text(row))
			if err != nil {
				return err
			}
			all, err := re.find(s[from:], -1)
			out.ints[row] = int64(len(all))
			return err
		}, nil
	case "regexp place":
		return func(in []input, row int, out *output) error {
			s, from, err := behind(in[0].text(row), in[2].int(row))
			if err != nil {
				return err
			}
			re, err := cache.matcher(in[1].text(row))
			if err != nil {
				return err
			}
			nth := in[3].int(row)
			if nth < 1 {
				return sqlerr.New(sqlerr.InvalidParameterValue, "match %d of a regular expression is out of range", nth)
			}
			all, err := re.find(s[from:], int(min(nth, int64(len(s)+1))))
			if int64(len(all)) >= nth {
				out.ints[row] = int64(utf8.RuneCountInString(s[:from+all[nth-1][0]])) + 1
			}
			return err
		}, nil
	case "regexp put":
		return regexPut(cache), nil
	}
	return nil, nil
}

// regexPut replaces one match, or all.
func regexPut(cache *matchCache) rowFunc {
	return func(in []input, row int, out *output) error {
		s, from, err := behind(in[0].text(row), in[3].int(row))
		if err != nil {
			return err
		}
		re, err := cache.matcher(in[1].text(row))
		if err != nil {
			return err
		}
		all, err := re.find(s[from:], -1)
		if err != nil {
			return err
		}
		r, at := append(out.scratch[:0], s[:from]...), 0
		rest := []byte(s[from:])
		for i, m := range all {
			if nth := in[4].int(row); nth != 0 && int64(i+1) != nth {
				continue
			}
			r = append(r, rest[at:m[0]]...)
			r = expand(r, in[2].text(row), rest, m)
			at = m[1]
		}
		r = append(r, rest[at:]...)
		out.scratch = r
		out.bytes(row, r)
		return nil
	}
}

// behind is where character number position of s, counted from 1, begins.
func behind(s string, position int64) (string, int, error) {
	if position < 1 {
		return s, 0, sqlerr.New(sqlerr.InvalidParameterValue, "position %d of a text is out of range", position)
	}
	at := 0
	for ; position > 1 && at < len(s); position-- {
		_, n := utf8.DecodeRuneInString(s[at:])
		at += n
	}
	return s, at, nil
}
