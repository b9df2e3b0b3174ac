package bind

import (
	"cmp"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// call makes a call of the overload that fits the arguments, which are cast to
// its types.
func (b *binder) call(name string, span sqlerr.Span, args ...expr.Expr) (expr.Expr, error) {
	sig, err := expr.Resolve(name, types(args))
	if err != nil {
		return nil, sqlerr.AtSpan(err, span)
	}
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		if out[i], err = b.coerce(a, sig.Args[i], implicit); err != nil {
			return nil, sqlerr.AtSpan(err, a.Place())
		}
	}
	sig = expr.Refine(sig, out)
	return &expr.Call{Name: sig.Name, Args: out, Typ: sig.Result, Span: span}, nil
}

func types(args []expr.Expr) []expr.Type {
	out := make([]expr.Type, len(args))
	for i, a := range args {
		out[i] = a.Type()
	}
	return out
}

// operator makes a call of a binary operator.
func (b *binder) operator(op string, span sqlerr.Span, l, r expr.Expr) (expr.Expr, error) {
	return b.call(op, span, l, r)
}

func (b *binder) function(name string, span sqlerr.Span, args ...expr.Expr) (expr.Expr, error) {
	return b.call(name, span, args...)
}

// function binds arguments and the call around them.
func (x *exprs) function(name string, span sqlerr.Span, args ...sql.Expr) (expr.Expr, error) {
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		var err error
		if out[i], err = x.bind(a); err != nil {
			return nil, err
		}
	}
	return x.b.call(name, span, out...)
}

// call binds a function call of any sort.
func (x *exprs) call(f *sql.FuncCall) (expr.Expr, error) {
	name := f.Name.Last().Text
	if err := checkSchema(f.Name); err != nil {
		return nil, err
	}
	switch {
	case f.Over != nil:
		return x.windowCall(f)
	case expr.IsWindowFunction(name) && !f.WithinGroup:
		return nil, sqlerr.At(sqlerr.WrongObjectType, f.Span(), "window function %s requires an OVER clause", name)
	case f.Variadic:
		return nil, unsupported(f.Span(), "VARIADIC arguments are not supported")
	case name == "grouping":
		return x.groupingCall(f)
	case f.WithinGroup != expr.IsOrderedSet(name):
		return nil, x.withinGroup(f)
	case expr.IsAggregate(name):
		return x.aggregateCall(f)
	case f.Star || f.Distinct || f.Filter != nil || len(f.OrderBy) > 0:
		return nil, notAggregate(f)
	}
	if v := x.session(name, len(f.Args)); v != nil {
		v.Span = f.Span()
		return v, nil
	}
	if v, ok, err := x.privilege(f, name); ok {
		return v, err
	}
	if e, ok, err := x.systemFunction(f, name); ok || err != nil {
		return e, err
	}
	args, err := x.arguments(f)
	if err != nil {
		return nil, err
	}
	switch name {
	case "substring":
		return x.b.substring(f.Span(), args)
	case "overlaps":
		return x.b.overlaps(f.Span(), args)
	}
	return x.b.call(name, f.Span(), args...)
}

func notAggregate(f *sql.FuncCall) error {
	word := "*"
	switch {
	case f.Distinct:
		word = "DISTINCT"
	case len(f.OrderBy) > 0:
		word = "ORDER BY"
	case f.Filter != nil:
		word = "FILTER"
	}
	return sqlerr.At(sqlerr.WrongObjectType, f.Span(), "%s specified, but %s is not an aggregate function", word, f.Name.Last().Text)
}

// checkSchema refuses a function or type of a schema that holds none: all of them
// are in pg_catalog.
func checkSchema(name sql.Name) error {
	switch _, schema, last := split(name); schema {
	case "", "pg_catalog":
		return nil
	case "public", "information_schema":
		return sqlerr.At(sqlerr.UndefinedFunction, name.Span(), "function %s does not exist", name.String()).
			WithHint("The functions are in schema pg_catalog: write %s.", last)
	default:
		return sqlerr.At(sqlerr.InvalidSchemaName, name.Span(), "schema %q does not exist", schema).
			WithHint("%s", sqlerr.DidYouMean(schema, []string{"pg_catalog", "public", "information_schema"}))
	}
}

func (x *exprs) sessionValue(e *sql.SessionValue) (expr.Expr, error) {
	v := x.session(e.Name, 0)
	if v == nil {
		return nil, unsupported(e.Span(), "%s is not supported", e.Name)
	}
	if e.Precision >= 0 && v.Typ.HasSeconds() {
		v.Typ = expr.TimeOf(v.Typ.Kind, e.Precision)
		v.Value = expr.Int(v.Typ.Round(v.Value.I))
	}
	v.Span = e.Span()
	return v, nil
}

// session is the constant that a function of the session or the clock is for
// this statement, nil when the function is no such.
func (x *exprs) session(name string, args int) *expr.Literal {
	if args > 0 {
		return nil
	}
	switch name {
	case "now", "current_timestamp", "transaction_timestamp", "statement_timestamp", "clock_timestamp":
		return x.clock(expr.TimestampTZ)
	case "localtimestamp":
		return x.clock(expr.Timestamp)
	case "current_date":
		return x.clock(expr.Date)
	case "localtime", "current_time":
		return x.clock(expr.Time)
	case "session_user":
		return expr.NewLiteral(expr.Str(cmp.Or(x.b.opt.SessionUser, x.b.opt.User)), expr.Of(expr.Text))
	case "current_user", "user", "current_role":
		return expr.NewLiteral(expr.Str(x.b.opt.User), expr.Of(expr.Text))
	case "current_schema":
		return expr.NewLiteral(expr.Str(x.b.opt.Schema), expr.Of(expr.Text))
	case "current_catalog", "current_database":
		return expr.NewLiteral(expr.Str("skein"), expr.Of(expr.Text))
	case "version":
		return expr.NewLiteral(expr.Str("PostgreSQL 15 (Skein)"), expr.Of(expr.Text))
	}
	return nil
}

// clock is the statement's time as a value of a kind.
func (x *exprs) clock(kind expr.Kind) *expr.Literal {
	x.b.clock = true
	micros, day := x.b.opt.Now.UnixMicro(), int64(24*3600*1e6)
	switch kind {
	case expr.Date:
		micros /= day
	case expr.Time:
		micros %= day
	}
	return expr.NewLiteral(expr.Int(micros), expr.Of(kind))
}
