package bind

import (
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// Privileges answers the functions that ask for privileges, such as
// has_table_privilege; their arguments are constants.
type Privileges interface {
	// Has gives the answer of a function; an error of code undefined_table and its like
	// for what is not there.
	Has(function string, args []string) (bool, error)
}

// privilegeFunctions are these functions, with how many arguments they take without the
// user in front.
func privilegeFunctions() map[string]int {
	return map[string]int{"has_table_privilege": 2, "has_any_column_privilege": 2, "has_column_privilege": 3, "has_schema_privilege": 2,
		"has_database_privilege": 2, "pg_has_role": 2}
}

// privilege binds a call of such a function to its answer; false when it is none.
func (x *exprs) privilege(f *sql.FuncCall, name string) (expr.Expr, bool, error) {
	n, ok := privilegeFunctions()[name]
	if !ok || x.b.opt.Privileges == nil || len(f.Args) != n && len(f.Args) != n+1 {
		return nil, false, nil
	}
	args := make([]string, len(f.Args))
	for i, a := range f.Args {
		e, err := x.bind(a.Value)
		if err != nil {
			return nil, true, err
		}
		if len(logical.Used(e)) > 0 || x.b.described(e) || !e.Type().IsString() && e.Type().Kind != expr.Unknown {
			return nil, true, unsupported(a.Value.Span(), "%s takes constant names only", name)
		}
		v, err := eval.Constant(e)
		if err != nil {
			return nil, true, sqlerr.AtSpan(err, a.Value.Span())
		}
		if v.Null {
			return expr.NewLiteral(expr.Null, expr.Of(expr.Bool)), true, nil
		}
		args[i] = v.S
	}
	has, err := x.b.opt.Privileges.Has(name, args)
	if err != nil {
		return nil, true, sqlerr.AtSpan(err, f.Span())
	}
	return expr.NewLiteral(expr.BoolValue(has), expr.Of(expr.Bool)), true, nil
}
