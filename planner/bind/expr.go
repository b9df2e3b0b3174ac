package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// exprs binds expressions of one clause.
type exprs struct {
	b           *binder
	scope       *scope
	sel         *selecting       // not nil where aggregates may stand
	inAggregate bool             // inside the arguments of an aggregate
	inWindow    bool             // inside the arguments of a window function
	inFrame     bool             // an offset of a window's frame
	trial       bool             // only to see which columns are read: subqueries are refused
	place       string           // the clause, for messages
	constant    bool             // nothing is read: neither columns nor queries
	params      []logical.Column // what parameters are columns of; nil: they are values
	pending     []subquery       // subqueries met so far, to be attached to the plan
}

// clause is the place in the words of what is not allowed there.
func (x *exprs) clause() string {
	if x.place == "JOIN/ON" {
		return "JOIN conditions"
	}
	return x.place
}

// condition binds an expression that must be boolean.
func (x *exprs) condition(e sql.Expr) (expr.Expr, error) {
	out, err := x.bind(e)
	if err != nil {
		return nil, err
	}
	return x.boolean(out, x.place)
}

func (x *exprs) boolean(e expr.Expr, what string) (expr.Expr, error) {
	switch e.Type().Kind {
	case expr.Bool:
		return e, nil
	case expr.Unknown:
		return x.b.coerce(e, expr.Of(expr.Bool), implicit)
	}
	return nil, sqlerr.At(sqlerr.DatatypeMismatch, e.Place(), "argument of %s must be type boolean, not type %s", what, typeWord(e.Type()))
}

// bind binds any expression.
func (x *exprs) bind(e sql.Expr) (expr.Expr, error) {
	if err := x.b.enter(e.Span()); err != nil {
		return nil, err
	}
	defer x.b.leave()
	switch e := e.(type) {
	case *sql.ColumnRef:
		return x.column(e)
	case *sql.Literal:
		return literal(e)
	case *sql.Param:
		return x.param(e)
	case *sql.Unary:
		return x.unary(e)
	case *sql.Binary:
		return x.binary(e)
	case *sql.And:
		return x.logic(expr.OpAnd, "AND", e.Terms, e.Span())
	case *sql.Or:
		return x.logic(expr.OpOr, "OR", e.Terms, e.Span())
	case *sql.Not:
		return x.logic(expr.OpNot, "NOT", []sql.Expr{e.Operand}, e.Span())
	case *sql.IsNull:
		return x.isNull(e)
	case *sql.IsBool:
		return x.isBool(e)
	case *sql.IsDistinct:
		op := expr.OpIsDistinct
		if e.Negated {
			op = expr.OpIsNotDistinct
		}
		return x.operator(op, e.Span(), e.Left, e.Right)
	case *sql.Between:
		return x.between(e)
	case *sql.Like:
		return x.like(e)
	case *sql.Similar:
		return x.similar(e)
	case *sql.In:
		return x.inList(e)
	case *sql.Case:
		return x.caseExpr(e)
	case *sql.Coalesce:
		return x.unified(expr.FnCoalesce, "COALESCE", e.Args, e.Span())
	case *sql.Extremum:
		if e.Least {
			return x.unified(expr.FnLeast, "LEAST", e.Args, e.Span())
		}
		return x.unified(expr.FnGreatest, "GREATEST", e.Args, e.Span())
	case *sql.NullIf:
		return x.nullIf(e)
	case *sql.Cast:
		return x.cast(e)
	case *sql.Collate:
		return x.collate(e)
	case *sql.AtTimeZone:
		return x.function("timezone", e.Span(), e.Zone, e.Operand)
	case *sql.FuncCall:
		return x.call(e)
	case *sql.SessionValue:
		return x.sessionValue(e)
	}
	return x.bindQuery(e)
}

// bindQuery binds the expressions that hold queries, and refuses what is left.
func (x *exprs) bindQuery(e sql.Expr) (expr.Expr, error) {
	if x.constant && sql.HasQuery(e) {
		return nil, unsupported(e.Span(), "cannot use subquery in %s expression", x.place)
	}
	switch e := e.(type) {
	case *sql.ScalarSubquery:
		return x.scalar(e)
	case *sql.Exists:
		s, err := x.exists(e)
		if err != nil {
			return nil, err
		}
		return x.marked(s, false, false), nil
	case *sql.InSubquery:
		s, err := x.in(e.Operand, expr.OpEq, e.Query, e.Span())
		if err != nil {
			return nil, err
		}
		return x.marked(s, e.Negated, true), nil
	case *sql.Quantified:
		return x.quantified(e)
	case *sql.QuantifiedArray:
		return x.quantifiedArray(e)
	case *sql.Field:
		return x.field(e)
	case *sql.Subscript:
		return x.subscript(e)
	case *sql.Row:
		return nil, unsupported(e.Span(), "a row value is not supported here")
	case *sql.Array:
		return x.array(e)
	case *sql.Star:
		return nil, sqlerr.At(sqlerr.SyntaxError, e.Span(), "* is not allowed here")
	case *sql.Default:
		return nil, sqlerr.At(sqlerr.SyntaxError, e.Span(), "DEFAULT is not allowed in this context")
	}
	return nil, unsupported(e.Span(), "this expression is not supported")
}

func (x *exprs) column(e *sql.ColumnRef) (expr.Expr, error) {
	if x.constant {
		return nil, unsupported(e.Span(), "cannot use column reference in %s expression", x.place)
	}
	c, err := x.b.resolve(x.scope, e.Name)
	if err == nil || len(e.Name.Parts) < 2 {
		return c, err
	}
	// a.b may be field b of a struct column a.
	owner := sql.Name{Parts: e.Name.Parts[:len(e.Name.Parts)-1]}
	if s, serr := x.b.resolve(x.scope, owner); serr == nil && s.Type().Kind == expr.Struct {
		return structField(s, e.Name.Last(), e.Span())
	}
	return nil, err
}

func (x *exprs) param(e *sql.Param) (expr.Expr, error) {
	if e.Number > 65535 {
		return nil, sqlerr.At(sqlerr.UndefinedParameter, e.Span(), "there is no parameter $%d", e.Number)
	}
	if x.params != nil && e.Number <= len(x.params) {
		return placed(x.params[e.Number-1].Ref(), e.Span()), nil
	}
	if x.b.opt.Args != nil {
		if e.Number > len(x.b.opt.Args) || e.Number > len(x.b.opt.Params) {
			return nil, sqlerr.At(sqlerr.UndefinedParameter, e.Span(), "there is no parameter $%d", e.Number)
		}
		return &expr.Literal{Value: x.b.opt.Args[e.Number-1], Typ: x.b.opt.Params[e.Number-1], Span: e.Span()}, nil
	}
	for len(x.b.params) < e.Number {
		x.b.params = append(x.b.params, expr.Type{})
	}
	return &expr.Param{Number: e.Number, Typ: x.b.params[e.Number-1], Span: e.Span()}, nil
}

func (x *exprs) collate(e *sql.Collate) (expr.Expr, error) {
	switch e.Collation.Last().Text {
	case "C", "POSIX", "default", "ucs_basic":
		return x.bind(e.Operand)
	}
	return nil, unsupported(e.Collation.Span(), "collation %q is not supported: strings are ordered by their bytes", e.Collation.String())
}

func (x *exprs) logic(op, word string, terms []sql.Expr, span sqlerr.Span) (expr.Expr, error) {
	args := make([]expr.Expr, len(terms))
	for i, t := range terms {
		e, err := x.bind(t)
		if err != nil {
			return nil, err
		}
		if args[i], err = x.boolean(e, word); err != nil {
			return nil, err
		}
	}
	return &expr.Call{Name: op, Args: args, Typ: expr.Of(expr.Bool), Span: span}, nil
}
