package bind

import (
	"sort"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// The contexts of a cast, as pg_cast has them.
const (
	implicit   = expr.Implicit
	assignment = expr.Assignment
	explicit   = expr.Explicit
)

// coerce makes e a value of type to, if a cast of that context exists. Untyped
// literals and parameters take the type.
func (b *binder) coerce(e expr.Expr, to expr.Type, context expr.CastContext) (expr.Expr, error) {
	from := e.Type()
	if from.Equal(to) {
		return e, nil
	}
	if from.Kind == expr.Unknown {
		switch n := e.(type) {
		case *expr.Literal:
			if n.Value.Null {
				return &expr.Literal{Value: expr.Null, Typ: to, Span: n.Span}, nil
			}
			v, err := expr.ParseValue(n.Value.S, to)
			if err != nil {
				return nil, sqlerr.AtSpan(err, n.Span)
			}
			return &expr.Literal{Value: v, Typ: to, Span: n.Span}, nil
		case *expr.Param:
			return b.coerceParam(n, to)
		}
	}
	if from.Kind == to.Kind && to.Precision == 0 && to.Length == 0 && to.Nested == nil {
		return e, nil // text takes varchar, numeric without modifiers any numeric
	}
	if !expr.CanCast(from, to, context) {
		code, verb := sqlerr.CannotCoerce, "cast type %s to %s"
		if context != explicit {
			code, verb = sqlerr.DatatypeMismatch, "use type %s where %s is expected"
		}
		return nil, sqlerr.At(code, e.Place(), "cannot "+verb, typeWord(from), typeWord(to))
	}
	return &expr.Cast{Arg: e, To: to, Span: e.Place()}, nil
}

// coerceParam gives a parameter of unknown type a type, for all of its uses.
func (b *binder) coerceParam(n *expr.Param, to expr.Type) (expr.Expr, error) {
	t := b.params[n.Number-1]
	if t.Kind == expr.Unknown {
		t = to.WithoutDigits() // a use of fewer rounds
		b.params[n.Number-1] = t
	}
	if t.Kind != to.Kind {
		return nil, sqlerr.At(sqlerr.AmbiguousParameter, n.Span, "inconsistent types deduced for parameter $%d: %s versus %s",
			n.Number, typeWord(t), typeWord(to))
	}
	return b.coerce(&expr.Param{Number: n.Number, Typ: t, Span: n.Span}, to, explicit)
}

// text gives an expression of unknown type the type text.
func (b *binder) text(e expr.Expr) expr.Expr {
	if e.Type().Kind != expr.Unknown {
		return e
	}
	out, err := b.coerce(e, expr.Of(expr.Text), implicit)
	if err != nil {
		return e // text takes every literal
	}
	return out
}

// unify casts all expressions, in place, to the type PostgreSQL's rules for UNION
// and CASE choose (10.5).
func (b *binder) unify(word string, list []expr.Expr) (expr.Type, error) {
	types := make([]expr.Type, len(list))
	for i, e := range list {
		types[i] = e.Type()
	}
	t, err := expr.CommonType(word, types...)
	if err != nil {
		// The first that does not go with those before it, as PostgreSQL reads them.
		i := sort.Search(len(list)-1, func(i int) bool {
			_, err := expr.CommonType(word, types[:i+1]...)
			return err != nil
		})
		return t, sqlerr.AtSpan(err, list[i].Place())
	}
	if t.Kind == expr.Unknown {
		t = expr.Of(expr.Text)
	}
	for i, e := range list {
		if list[i], err = b.coerce(e, t, assignment); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (x *exprs) cast(e *sql.Cast) (expr.Expr, error) {
	if out, ok, err := x.castToReg(e); ok || err != nil {
		return out, err
	}
	to, err := typeOf(e.Type)
	if err != nil {
		return nil, err
	}
	if c, ok := isReg(e.Operand); ok && to.IsString() {
		return x.nameOfReg(c)
	}
	v, err := x.bind(e.Operand)
	if err != nil {
		return nil, err
	}
	if e.Try {
		v = x.b.text(v) // for what is not known is an error when it cannot be read
	}
	if to.Kind == expr.Numeric && to.Precision == 0 {
		if v.Type().IsString() { // no value of the column may lose digits that nobody gave up
			name := expr.FnNumericIn
			if e.Try {
				name = expr.FnNumericTry
			}
			return x.b.call(name, e.Span(), v)
		}
		to = unconstrained(v)
	}
	if to.Kind == expr.Interval && (e.Type.Fields != "" || len(e.Type.Modifiers) > 0) {
		return x.intervalFields(e.Type, v, e.Span())
	}
	if from := v.Type(); from.Kind != expr.Unknown && !expr.CanCast(from, to, explicit) {
		return nil, sqlerr.At(sqlerr.CannotCoerce, e.Span(), "cannot cast type %s to %s", typeWord(from), typeWord(to))
	}
	out, err := x.b.coerce(v, to, explicit)
	if err != nil {
		return nil, sqlerr.AtSpan(err, e.Span())
	}
	if c, ok := out.(*expr.Cast); ok && out != v {
		c.Span, c.Try = e.Span(), e.Try && expr.CastCanFail(v.Type(), to)
	}
	return out, nil
}
