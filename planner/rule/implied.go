package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// implied is what a condition over both sides of a join says of one side alone:
// when every branch of an OR has conjuncts over that side, one of them must hold,
// (a = 1 AND b = 2) OR (a = 3 AND b = 4) implies a = 1 OR a = 3. The condition
// itself stays where it is. nil when it says nothing.
func implied(c expr.Expr, side logical.Set) expr.Expr {
	or, ok := c.(*expr.Call)
	if !ok || or.Name != expr.OpOr || expr.CanFail(c) || isVolatile(c) {
		return nil
	}
	branches := make([]expr.Expr, len(or.Args))
	for i, branch := range or.Args {
		var mine []expr.Expr
		for _, part := range expr.Conjuncts(branch) {
			if used := logical.Used(part); len(used) > 0 && side.Has(used) {
				mine = append(mine, part)
			} else if deeper := implied(part, side); deeper != nil {
				mine = append(mine, deeper)
			}
		}
		if len(mine) == 0 {
			return nil
		}
		branches[i] = expr.And(mine...)
	}
	return simplify(anyOf(branches))
}

// anyOf is the OR of conditions; those that compare one column with constants are
// one IN, which scans evaluate on dictionaries.
func anyOf(branches []expr.Expr) expr.Expr {
	var column *expr.Column
	var values []expr.Value
	for _, b := range branches {
		col, list := constants(b)
		if col == nil || column != nil && column.ID != col.ID {
			return &expr.Call{Name: expr.OpOr, Args: branches, Typ: expr.Of(expr.Bool)}
		}
		column, values = col, append(values, list...)
	}
	return &expr.InList{Arg: column, List: distinctValues(values)}
}

// constants takes "column = constant" or "column IN (constants)" apart.
func constants(e expr.Expr) (*expr.Column, []expr.Value) {
	switch e := e.(type) {
	case *expr.InList:
		if col, ok := e.Arg.(*expr.Column); ok && !e.Negated {
			return col, e.List
		}
	case *expr.Call:
		if e.Name != expr.OpEq {
			return nil, nil
		}
		for i := range 2 {
			col, ok := e.Args[i].(*expr.Column)
			lit, isLit := e.Args[1-i].(*expr.Literal)
			if ok && isLit && lit.Typ.Equal(col.Typ) {
				return col, []expr.Value{lit.Value}
			}
		}
	}
	return nil, nil
}

func distinctValues(in []expr.Value) []expr.Value {
	var out []expr.Value
	for _, v := range in {
		have := false
		for _, o := range out {
			have = have || o.Identical(v)
		}
		if !have {
			out = append(out, v)
		}
	}
	return out
}
