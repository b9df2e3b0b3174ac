package eval

import (
	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// like gives the kernel of LIKE and ILIKE; nil for everything else.
func like(e *expr.Call) (kernelFunc, error) {
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
		return nil, nil
	}
	if pattern, ok := literal(e, 1); ok && len(e.Args) == 2 {
		p, err := compileLike([]byte(pattern.S), `\`, fold)
		if err != nil {
			return nil, sqlerr.AtSpan(err, e.Span)
		}
		return likeConst(p, not), nil
	}
	return likeRows(not, fold), nil
}

func compileLike(pattern []byte, escape string, fold bool) (*kernel.Like, error) {
	p, fault := kernel.NewLike(pattern, escape, fold)
	switch fault {
	case kernel.LikeEndsInEscape:
		return nil, sqlerr.New(sqlerr.InvalidEscapeSequence, "LIKE pattern must not end with escape character")
	case kernel.LikeBadEscape:
		return nil, sqlerr.New(sqlerr.InvalidEscapeSequence, "invalid escape string").
			WithHint("Escape string must be empty or one character.")
	}
	return p, nil
}

func likeConst(p *kernel.Like, not bool) kernelFunc {
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
	var p *kernel.Like
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
			if pat := pattern.at(row); err == nil && (p == nil || string(pat) != lastPattern || string(esc) != lastEscape) {
				lastPattern, lastEscape = string(pat), string(esc)
				p, err = compileLike([]byte(lastPattern), lastEscape, fold)
			}
			if err == nil && p.Match(value.at(row)) != not {
				out[row] = 1
			}
		})
		return vector.Flat(vector.Bool, out, nil), err
	}
}
