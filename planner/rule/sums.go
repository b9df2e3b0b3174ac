package rule

import (
	"math"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// fewSums is how many sums of one value and a constant there must be for Sums to take them
// apart: a sum and a count come in their place.
const fewSums = 3

// Sums makes sum(x) + c * count(x) of sums of x + c, where several are of one x that is
// added up but once. Only of integers of 16 bits, whose sum with a constant does not
// overflow: other overflows would no longer be errors.
func Sums(n logical.Node, ids *IDs) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		a, ok := n.(*logical.Aggregate)
		if !ok {
			return n
		}
		return shiftedSums(a, ids)
	})
}

// shifted is a sum of a value and a constant.
type shifted struct {
	value expr.Expr
	by    int64
}

// shiftedSums takes the sums of an aggregate apart.
func shiftedSums(a *logical.Aggregate, ids *IDs) logical.Node {
	sums := make([]*shifted, len(a.Aggs))
	many := func(v expr.Expr) bool {
		n := 0
		for _, s := range sums {
			if s != nil && expr.Equal(s.value, v) {
				n++
			}
		}
		return n >= fewSums
	}
	for i, it := range a.Aggs {
		sums[i] = shiftOf(it.Agg)
	}
	out := &logical.Aggregate{Input: a.Input, Groups: a.Groups}
	p := &logical.Project{Input: out}
	for _, g := range a.Groups {
		p.Items = append(p.Items, logical.Item{Col: g, Expr: g.Ref()})
	}
	type parts struct {
		value      expr.Expr
		sum, count logical.Column
	}
	var known []parts
	of := func(s *shifted, t expr.Type) parts {
		for _, k := range known {
			if expr.Equal(k.value, s.value) {
				return k
			}
		}
		k := parts{s.value, ids.Column("sum", t, true), ids.Column("count", expr.Of(expr.Int8), false)}
		out.Aggs = append(out.Aggs,
			logical.AggItem{Col: k.sum, Agg: expr.Aggregate{Func: "sum", Args: []expr.Expr{s.value}, Typ: t}},
			logical.AggItem{Col: k.count, Agg: expr.Aggregate{Func: "count", Args: []expr.Expr{s.value}, Typ: expr.Of(expr.Int8)}})
		known = append(known, k)
		return k
	}
	for i, it := range a.Aggs {
		if sums[i] == nil || !many(sums[i].value) {
			out.Aggs = append(out.Aggs, it)
			p.Items = append(p.Items, logical.Item{Col: it.Col, Expr: it.Col.Ref()})
			continue
		}
		k := of(sums[i], it.Agg.Typ)
		value := expr.Expr(k.sum.Ref())
		if sums[i].by != 0 {
			by := &expr.Call{Name: expr.OpMul, Args: []expr.Expr{expr.NewLiteral(expr.Int(sums[i].by), k.sum.Type), k.count.Ref()}, Typ: k.sum.Type}
			value = &expr.Call{Name: expr.OpAdd, Args: []expr.Expr{value, by}, Typ: k.sum.Type}
		}
		p.Items = append(p.Items, logical.Item{Col: it.Col, Expr: value})
	}
	if len(known) == 0 {
		return a
	}
	return p
}

// shiftOf takes sum(x + c), sum(x - c) and sum(x) apart, of x of 16 bits; else nil.
func shiftOf(a expr.Aggregate) *shifted {
	if a.Func != "sum" || len(a.Args) != 1 || a.Distinct || a.Filter != nil || a.Typ.Kind != expr.Int8 {
		return nil
	}
	if small(a.Args[0]) {
		return &shifted{value: widened(a.Args[0])}
	}
	call, ok := a.Args[0].(*expr.Call)
	if !ok || len(call.Args) != 2 || call.Name != expr.OpAdd && call.Name != expr.OpSub || call.Typ.Kind != expr.Int4 {
		return nil
	}
	x, c := call.Args[0], call.Args[1]
	if _, first := x.(*expr.Literal); first && call.Name == expr.OpAdd {
		x, c = c, x
	}
	l, ok := c.(*expr.Literal)
	if !ok || l.Value.Null || !small(x) || l.Value.I > math.MaxInt32+math.MinInt16 || l.Value.I < math.MinInt32-math.MinInt16 {
		return nil
	}
	if call.Name == expr.OpSub {
		return &shifted{value: widened(x), by: -l.Value.I}
	}
	return &shifted{value: widened(x), by: l.Value.I}
}

// small reports whether the values of an expression are integers of 16 bits, perhaps in
// more.
func small(e expr.Expr) bool {
	if isVolatile(e) || expr.CanFail(e) {
		return false
	}
	if c, ok := e.(*expr.Cast); ok && c.To.Kind == expr.Int4 {
		e = c.Arg
	}
	return e.Type().Kind == expr.Int2
}

// widened is a value before it was cast to more bits.
func widened(e expr.Expr) expr.Expr {
	if c, ok := e.(*expr.Cast); ok && c.Arg.Type().Kind == expr.Int2 {
		return c.Arg
	}
	return e
}
