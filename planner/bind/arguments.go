package bind

import (
	"slices"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/sql"
)

// parameters are the names of the parameters of functions that PostgreSQL lets be
// called by name; optional ones are 0 when not given.
func parameters(function string) (names []string, optional bool) {
	switch function {
	case "make_interval":
		return []string{"years", "months", "weeks", "days", "hours", "mins", "secs"}, true
	case "make_date":
		return []string{"year", "month", "day"}, false
	case "make_time":
		return []string{"hour", "min", "sec"}, false
	case "make_timestamp":
		return []string{"year", "month", "mday", "hour", "min", "sec"}, false
	}
	return nil, false
}

// arguments binds the arguments of a call in the order of the parameters.
func (x *exprs) arguments(f *sql.FuncCall) ([]expr.Expr, error) {
	args := make([]expr.Expr, len(f.Args))
	named := false
	for i, a := range f.Args {
		var err error
		if args[i], err = x.bind(a.Value); err != nil {
			return nil, err
		}
		if !a.Name.IsZero() {
			named = true
		} else if named {
			return nil, sqlerr.At(sqlerr.SyntaxError, a.Value.Span(), "positional argument cannot follow named argument")
		}
	}
	if !named {
		return args, nil
	}
	return byName(f, args)
}

// byName puts named arguments where their parameters stand.
func byName(f *sql.FuncCall, args []expr.Expr) ([]expr.Expr, error) {
	function := f.Name.Last().Text
	names, optional := parameters(function)
	out := make([]expr.Expr, max(len(names), len(args)))
	for i, e := range args {
		at, name := i, f.Args[i].Name
		if !name.IsZero() {
			at = slices.Index(names, name.Text)
		}
		if at < 0 || at >= len(names) {
			return nil, noSuchParameter(f, args, name, names)
		}
		if out[at] != nil {
			return nil, sqlerr.At(sqlerr.SyntaxError, name.Span(), "argument name %q used more than once", name.Text)
		}
		out[at] = e
	}
	for i := range out {
		if out[i] != nil {
			continue
		}
		if !optional {
			return nil, noSuchParameter(f, args, sql.Ident{}, nil)
		}
		out[i] = expr.NewLiteral(expr.Int(0), expr.Of(expr.Int4))
	}
	return out, nil
}

func noSuchParameter(f *sql.FuncCall, args []expr.Expr, name sql.Ident, names []string) error {
	given := make([]string, len(args))
	for i, e := range args {
		given[i] = typeWord(e.Type())
		if n := f.Args[i].Name; !n.IsZero() {
			given[i] = n.Text + " => " + given[i]
		}
	}
	span := name.Span()
	if span.IsZero() {
		span = f.Span()
	}
	err := sqlerr.At(sqlerr.UndefinedFunction, span, "function %s(%s) does not exist", f.Name.Last().Text, strings.Join(given, ", "))
	if near := sqlerr.DidYouMean(name.Text, names); near != "" {
		return err.WithHint("%s", near)
	}
	return err.WithHint("No function matches the given name and argument types. You might need to add explicit type casts.")
}
