package substrait

import (
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

func TestRandomExpressionsComeBackAsTheyWere(t *testing.T) {
	for seed := range uint64(400) {
		g := &generator{Rand: rand.New(rand.NewPCG(seed, 1)), input: lines(), constants: constants()}
		n := &physical.Project{Input: g.input}
		for range 3 {
			n.Exprs = append(n.Exprs, g.expr(6))
			n.Names = append(n.Names, "")
		}
		f := &physical.Filter{Input: n, Conjuncts: g.conditions()}
		if t.Run("", func(t *testing.T) { roundTrip(t, f) }); t.Failed() {
			t.Fatalf("seed %d:\n%s", seed, physical.Format(f))
		}
	}
}

// generator makes expressions that need not mean anything, but are well typed
// where a plan's must be.
type generator struct {
	*rand.Rand
	input     physical.Node
	constants []constant
}

func (g *generator) span() sqlerr.Span {
	if g.IntN(3) == 0 {
		return sqlerr.Span{}
	}
	start := g.Int32N(1000)
	return sqlerr.Span{Start: start, End: start + g.Int32N(100)}
}

// leaf is a column, a literal or a parameter.
func (g *generator) leaf() expr.Expr {
	c := g.constants[g.IntN(len(g.constants))]
	switch g.IntN(4) {
	case 0:
		return &expr.Param{Number: 1 + g.IntN(9), Typ: c.typ, Span: g.span()}
	case 1:
		return &expr.Literal{Value: c.value, Typ: c.typ, Span: g.span()}
	}
	out := col(g.input, g.IntN(len(g.input.Schema())))
	out.Span = g.span()
	if g.IntN(4) == 0 {
		out.Name, out.Nullable = "other", !out.Nullable
	}
	return out
}

var callNames = []string{expr.OpEq, expr.OpLe, expr.OpIsDistinct, expr.OpAdd, expr.OpSub, expr.OpMul, expr.OpDiv, expr.OpMod, expr.OpNeg,
	expr.OpConcat, expr.OpAnd, expr.OpOr, expr.OpNot, expr.OpIsNull, expr.OpIsTrue, expr.OpLike, expr.FnCoalesce, expr.FnNullIf,
	expr.FnGreatest, "substring", "abs", "date_trunc", "lower", "a:b"}

func (g *generator) expr(depth int) expr.Expr {
	if depth == 0 {
		return g.leaf()
	}
	switch g.IntN(6) {
	case 0:
		return g.leaf()
	case 1:
		return &expr.Cast{Arg: g.expr(depth - 1), To: g.constants[g.IntN(len(g.constants))].typ, Try: g.IntN(2) == 0, Span: g.span()}
	case 2:
		arg := g.leaf()
		out := &expr.InList{Arg: arg, Negated: g.IntN(2) == 0, Span: g.span()}
		for _, c := range g.constants {
			if c.typ.Equal(arg.Type()) {
				out.List = append(out.List, c.value)
			}
		}
		return out
	case 3:
		first := g.expr(depth - 1)
		out := &expr.Case{Typ: first.Type(), Span: g.span()}
		for range g.IntN(3) {
			result := first
			if g.IntN(3) == 0 {
				result = g.expr(depth - 1)
			}
			out.Whens = append(out.Whens, expr.When{Cond: g.condition(depth - 1), Result: result})
		}
		if g.IntN(2) == 0 {
			out.Else = g.expr(depth - 1)
		}
		return out
	}
	name := callNames[g.IntN(len(callNames))]
	least, most := arity(name)
	if most < 0 {
		most = least + 3
	}
	out := &expr.Call{Name: name, Span: g.span()}
	for range least + g.IntN(most-least+1) {
		out.Args = append(out.Args, g.expr(depth-1))
		// The same type twice is what makes a function the standard's.
		if g.IntN(2) == 0 {
			out.Args[len(out.Args)-1] = out.Args[0]
		}
	}
	out.Typ = boolean
	if g.IntN(2) == 0 && len(out.Args) > 0 {
		out.Typ = out.Args[0].Type()
	}
	return out
}

func (g *generator) condition(depth int) expr.Expr {
	if e := g.expr(depth); e.Type().Kind == expr.Bool {
		return e
	}
	return expr.True()
}

// conditions count in no columns, and are any number.
func (g *generator) conditions() []expr.Expr {
	var out []expr.Expr
	for range g.IntN(3) {
		e := g.condition(3)
		columns := map[expr.ColumnID]bool{}
		if expr.Columns(e, columns); len(columns) == 0 {
			out = append(out, e)
		}
	}
	return out
}
