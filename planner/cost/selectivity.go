package cost

import (
	"math"
	"strings"

	"github.com/skein-query/skein/planner/expr"
)

// Guesses for conditions nothing is known about.
const (
	defaultSelectivity = 1.0 / 3
	prefixSelectivity  = 0.02
	substringPart      = 0.1 // each literal part of LIKE '%a%b%'
)

// Selectivity guesses the share of rows on which a condition is true.
func (e *Estimate) Selectivity(cond expr.Expr) float64 {
	s := e.selectivity(cond)
	return min(1, max(s, 1e-9))
}

func (e *Estimate) selectivity(cond expr.Expr) float64 {
	switch c := cond.(type) {
	case *expr.Literal:
		if c.Value.True() {
			return 1
		}
		return 0
	case *expr.InList:
		s := min(1, float64(len(c.List))/e.distinct(c.Arg))
		if c.Negated {
			s = 1 - s
		}
		return s
	case *expr.Column:
		return 0.5
	case *expr.Call:
		return e.call(c)
	}
	return defaultSelectivity
}

func (e *Estimate) call(c *expr.Call) float64 {
	switch c.Name {
	case expr.OpAnd:
		s := 1.0
		for _, a := range c.Args {
			s *= e.Selectivity(a)
		}
		return s
	case expr.OpOr:
		miss := 1.0
		for _, a := range c.Args {
			miss *= 1 - e.Selectivity(a)
		}
		return 1 - miss
	case expr.OpNot:
		return 1 - e.Selectivity(c.Args[0])
	case expr.OpEq, expr.OpIsNotDistinct:
		return e.equal(c)
	case expr.OpNe, expr.OpIsDistinct:
		return 1 - e.equal(c)
	case expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe:
		return e.less(c)
	case expr.OpLike, expr.OpILike:
		return like(c)
	case expr.OpNotLike, expr.OpNotILike:
		return 1 - like(c)
	case expr.OpIsNull:
		if col, ok := c.Args[0].(*expr.Column); ok {
			return max(e.Column(col.ID).NullFraction, 0.001)
		}
		return 0.01
	case expr.OpIsNotNull:
		if col, ok := c.Args[0].(*expr.Column); ok {
			return 1 - e.Column(col.ID).NullFraction
		}
		return 0.99
	}
	return defaultSelectivity
}

// distinct guesses the number of values of an expression.
func (e *Estimate) distinct(x expr.Expr) float64 { return max(1, e.value(x).Distinct) }

func (e *Estimate) equal(c *expr.Call) float64 {
	l, r := e.distinct(c.Args[0]), e.distinct(c.Args[1])
	return 1 / max(l, r)
}

// less guesses column < constant by linear interpolation between the bounds.
func (e *Estimate) less(c *expr.Call) float64 {
	col, lit, op := comparison(c)
	if col == nil {
		return defaultSelectivity
	}
	s := e.Column(col.ID)
	v := Number(lit.Value, lit.Typ)
	if math.IsNaN(s.Min) || math.IsNaN(s.Max) || math.IsNaN(v) || s.Max <= s.Min {
		return defaultSelectivity
	}
	below := min(1, max(0, (v-s.Min)/(s.Max-s.Min)))
	if op == expr.OpLt || op == expr.OpLe {
		return below
	}
	return 1 - below
}

// comparison takes "column op constant" apart, turned so that the column stands
// first.
func comparison(c *expr.Call) (*expr.Column, *expr.Literal, string) {
	if len(c.Args) != 2 {
		return nil, nil, ""
	}
	if col, ok := strip(c.Args[0]).(*expr.Column); ok {
		if lit, ok := c.Args[1].(*expr.Literal); ok {
			return col, lit, c.Name
		}
	}
	if col, ok := strip(c.Args[1]).(*expr.Column); ok {
		if lit, ok := c.Args[0].(*expr.Literal); ok {
			turned := map[string]string{expr.OpLt: expr.OpGt, expr.OpLe: expr.OpGe, expr.OpGt: expr.OpLt, expr.OpGe: expr.OpLe}
			if op, ok := turned[c.Name]; ok {
				return col, lit, op
			}
			return col, lit, c.Name
		}
	}
	return nil, nil, ""
}

// strip looks through casts, which as a rule keep order.
func strip(e expr.Expr) expr.Expr {
	for {
		c, ok := e.(*expr.Cast)
		if !ok {
			return e
		}
		e = c.Arg
	}
}

// narrow tightens what is known of a column by a condition that rows passed.
func (e *Estimate) narrow(cond expr.Expr) {
	switch c := cond.(type) {
	case *expr.InList:
		if col, ok := c.Arg.(*expr.Column); ok && !c.Negated {
			s := e.Column(col.ID)
			s.Distinct = min(s.Distinct, float64(len(c.List)))
			e.Columns[col.ID] = s
		}
	case *expr.Call:
		if c.Name == expr.OpAnd {
			for _, a := range c.Args {
				e.narrow(a)
			}
			return
		}
		col, lit, op := comparison(c)
		if col == nil {
			return
		}
		s := e.Column(col.ID)
		v := Number(lit.Value, lit.Typ)
		lo, hi := s.Min, s.Max
		switch op {
		case expr.OpEq:
			s.Distinct, s.Min, s.Max = 1, v, v
		case expr.OpLt, expr.OpLe:
			s.Max = min(hi, v)
		case expr.OpGt, expr.OpGe:
			s.Min = max(lo, v)
		default:
			return
		}
		if op != expr.OpEq && hi > lo && s.Max >= s.Min {
			s.Distinct = max(1, s.Distinct*(s.Max-s.Min)/(hi-lo))
		}
		e.Columns[col.ID] = s
	}
}

func like(c *expr.Call) float64 {
	lit, ok := c.Args[1].(*expr.Literal)
	if !ok || lit.Value.Null {
		return substringPart
	}
	pattern := lit.Value.S
	if !strings.HasPrefix(pattern, "%") {
		return prefixSelectivity
	}
	s := 1.0
	for _, part := range strings.Split(pattern, "%") {
		if part != "" {
			s *= substringPart
		}
	}
	return s
}
