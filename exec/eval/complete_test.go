package eval

import (
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

func TestEveryFunctionOfTheTablesIsImplemented(t *testing.T) {
	for _, sig := range expr.Signatures() {
		if sig.Volatility == expr.Stable || sig.Name == expr.FnErrorIfNot {
			continue // replaced by a literal before a plan runs; an error of NULL
		}
		var fields []expr.Field
		var cols []vector.Column
		call := &expr.Call{Name: sig.Name, Typ: sig.Result}
		for i, typ := range sig.Args {
			fields = append(fields, expr.Field{Type: typ, Nullable: true})
			cols = append(cols, ColumnOf([]expr.Value{expr.Null, expr.Null}, typ))
			call.Args = append(call.Args, &expr.Column{ID: expr.ColumnID(i), Typ: typ, Nullable: true})
		}
		v, err := New(call, fields, Options{})
		if err != nil {
			t.Errorf("%s(%v): %v", sig.Name, sig.Args, err)
			continue
		}
		col, err := v.Eval(vector.New(cols, 2))
		if err != nil {
			t.Errorf("%s(%v) of NULLs: %v", sig.Name, sig.Args, err)
			continue
		}
		if sig.Strict && len(sig.Args) > 0 && !(col.IsNull(0) && col.IsNull(1)) {
			t.Errorf("%s(%v) of NULLs is not NULL", sig.Name, sig.Args)
		}
		if col.Kind != Layout(sig.Result) && !sig.Result.IsWide() {
			t.Errorf("%s(%v): layout %s of a %s", sig.Name, sig.Args, col.Kind, sig.Result)
		}
	}
}
