package bind

import (
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

func (x *exprs) like(e *sql.Like) (expr.Expr, error) {
	name := expr.OpLike
	if e.Fold {
		name = expr.OpILike
	}
	if e.Negated {
		name = "not " + name
	}
	operands := []sql.Expr{e.Operand, e.Pattern}
	if e.Escape != nil {
		operands = append(operands, e.Escape)
	}
	return x.function(name, e.Span(), operands...)
}

// similar binds SIMILAR TO as PostgreSQL's grammar does: x ~ similar_to_escape(p).
func (x *exprs) similar(e *sql.Similar) (expr.Expr, error) {
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	arguments := []sql.Expr{e.Pattern}
	if e.Escape != nil {
		arguments = append(arguments, e.Escape)
	}
	pattern, err := x.function(similarToEscape, e.Span(), arguments...)
	if err != nil {
		return nil, err
	}
	op := expr.OpRegex
	if e.Negated {
		op = expr.OpNotRegex
	}
	return x.b.operator(op, e.Span(), v, pattern)
}

const similarToEscape = "similar_to_escape"

// substring tells substring(x similar p escape e) from substring(x from i for n),
// which have one name and three arguments each: by their types.
func (b *binder) substring(span sqlerr.Span, args []expr.Expr) (expr.Expr, error) {
	if len(args) == 3 && isText(args[1]) && isText(args[2]) {
		if !plainPattern(args[1], args[2]) {
			return nil, unsupported(span, "a pattern of SUBSTRING … SIMILAR that marks a part or is not a literal is not supported")
		}
		pattern, err := b.call(similarToEscape, span, args[1], args[2])
		if err != nil {
			return nil, err
		}
		args = []expr.Expr{args[0], pattern}
	}
	return b.call("substring", span, args...)
}

// plainPattern reports whether a pattern of SIMILAR marks no part of the match (by
// the escape character and a quote): similar_to_escape does not know such marks.
func plainPattern(pattern, escape expr.Expr) bool {
	p, ok := pattern.(*expr.Literal)
	e, ok2 := escape.(*expr.Literal)
	return ok && ok2 && (p.Value.Null || e.Value.Null || !strings.Contains(p.Value.S, e.Value.S+`"`))
}

// isText reports whether an argument is a string, or a literal that becomes one
// where nothing else is known.
func isText(e expr.Expr) bool {
	_, param := e.(*expr.Param)
	t := e.Type()
	return t.IsString() || t.Kind == expr.Unknown && !param
}
