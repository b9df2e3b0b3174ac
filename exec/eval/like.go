package eval

import (
	"bytes"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// like gives the kernel of LIKE and ILIKE, and whether no value makes it fail; nil
// for everything else.
func like(e *expr.Call) (run kernelFunc, total bool, err error) {
	not, fold := false, false
	switch e.Name {
	case expr.OpLike:
	case expr.OpNotLike:
		not = true
	case expr.OpILike:
		fold = true
	case expr.OpNotILike:
		not, fold = true, true
	default:
		return nil, false, nil
	}
	if pattern, ok := literal(e, 1); ok && len(e.Args) == 2 {
		p, err := compileLike([]byte(pattern.S), `\`, fold)
		if err != nil {
			return nil, false, sqlerr.AtSpan(err, e.Span)
		}
		if !p.broken {
			return likeConst(p, not), true, nil
		}
	}
	return likeRows(not, fold), false, nil
}

// likePattern is a compiled pattern. One that ends in the escape character matches
// nothing, but PostgreSQL finds that only in a text that goes on where it stands:
// 'ab' LIKE 'a\' is an error, 'a' LIKE 'a\' is false. Then broken is set, and the
// pattern is that of the texts which are errors.
type likePattern struct {
	*kernel.Like
	broken bool
}

func compileLike(pattern []byte, escape string, fold bool) (likePattern, error) {
	p, fault := kernel.NewLike(pattern, escape, fold)
	if fault != kernel.LikeEndsInEscape || escape == "_" || escape == "%" { // what those match is not said by them
		return likePattern{p, false}, likeFault(fault)
	}
	more := append(bytes.TrimSuffix(bytes.Clone(pattern), []byte(escape)), "_%"...)
	p, fault = kernel.NewLike(more, escape, fold)
	return likePattern{p, true}, likeFault(fault)
}

func likeFault(fault kernel.LikeFault) error {
	switch fault {
	case kernel.LikeEndsInEscape:
		return sqlerr.New(sqlerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
	case kernel.LikeBadEscape:
		return sqlerr.New(sqlerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	return nil
}

// match reports whether s matches.
func (p likePattern) match(s []byte) (bool, error) {
	matches := p.Match(s)
	if matches && p.broken {
		return false, likeFault(kernel.LikeEndsInEscape)
	}
	return matches, nil
}

func likeConst(p likePattern, not bool) kernelFunc {
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		out, err := alloc[uint8](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		p.MatchRows(in[0].Views(), in[0].Buffers, not, sel, out)
		return vector.Flat(vector.Bool, out, nil), nil
	}
}

// likeRows takes a pattern per row; a pattern like the row's before is kept.
func likeRows(not, fold bool) kernelFunc {
	var p likePattern
	var lastPattern, lastEscape string
	return func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error) {
		out, err := zeroed[uint8](f, f.n)
		if err != nil {
			return vector.Column{}, err
		}
		value, pattern := textOf(&in[0], f.n, false), textOf(&in[1], f.n, false)
		var escape text
		if len(in) == 3 {
			escape = textOf(&in[2], f.n, false)
		}
		each(sel, f.n, func(row int) {
			esc := []byte(`\`)
			if len(in) == 3 {
				esc = escape.at(row)
			}
			if pat := pattern.at(row); err == nil && (p.Like == nil || string(pat) != lastPattern || string(esc) != lastEscape) {
				lastPattern, lastEscape = string(pat), string(esc)
				p, err = compileLike([]byte(lastPattern), lastEscape, fold)
			}
			if err != nil {
				return
			}
			var is bool
			if is, err = p.match(value.at(row)); err == nil && is != not {
				out[row] = 1
			}
		})
		return vector.Flat(vector.Bool, out, nil), err
	}
}
