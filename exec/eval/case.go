package eval

import (
	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// caseStep is CASE and everything that takes its value from one of several
// expressions: each is evaluated only on the rows that come to it.
type caseStep struct {
	conds   []step
	results []step // one more than conds: ELSE
	typ     expr.Type
}

func (c *compiler) caseOf(e *expr.Case) (step, error) {
	s := &caseStep{typ: e.Typ}
	for _, w := range e.Whens {
		cond, err := c.compile(w.Cond)
		if err != nil {
			return nil, err
		}
		result, err := c.compile(w.Result)
		if err != nil {
			return nil, err
		}
		s.conds, s.results = append(s.conds, cond), append(s.results, result)
	}
	last := e.Else
	if last == nil {
		last = expr.NullOf(e.Typ)
	}
	result, err := c.compile(last)
	s.results = append(s.results, result)
	return s, err
}

func (s *caseStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	b := newBlender(f, s.typ)
	rest := sel
	for i, cond := range s.conds {
		c, err := cond.eval(f, rest)
		if err != nil {
			return c, err
		}
		rows, err := trueRows(f, &c, rest)
		if err != nil {
			return c, err
		}
		if len(rows) == 0 {
			continue
		}
		if err := b.add(s.results[i], rows); err != nil {
			return c, err
		}
		room, err := f.selection(rest)
		if err != nil {
			return c, err
		}
		if rest = kernel.Difference(rest, rows, f.n, room); len(rest) == 0 {
			break
		}
	}
	if rest == nil && len(b.parts) == 0 {
		return s.results[len(s.conds)].eval(f, sel)
	}
	if f.count(rest) > 0 {
		if err := b.add(s.results[len(s.conds)], rest); err != nil {
			return vector.Column{}, err
		}
	}
	return b.column()
}

// coalesceStep is COALESCE: the first argument that is not NULL.
type coalesceStep struct {
	args []step
	typ  expr.Type
}

func (c *compiler) coalesce(e *expr.Call) (step, error) {
	args, err := c.compileAll(e.Args)
	return &coalesceStep{args, e.Typ}, err
}

func (s *coalesceStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	b := newBlender(f, s.typ)
	rest := sel
	for i, a := range s.args {
		c, err := a.eval(f, rest)
		if err != nil {
			return c, err
		}
		if i == len(s.args)-1 || c.Valid == nil {
			if len(b.parts) == 0 {
				return c, nil
			}
			b.addColumn(c, rest)
			break
		}
		room, err := f.selection(rest)
		if err != nil {
			return c, err
		}
		rows := selectValid(c.Valid, f.n, rest, room)
		if len(rows) > 0 {
			b.addColumn(c, rows)
		}
		if room, err = f.selection(rest); err != nil {
			return c, err
		}
		if rest = kernel.Difference(rest, rows, f.n, room); len(rest) == 0 {
			break
		}
	}
	return b.column()
}

// nullIfStep is NULLIF(a, b): NULL where a = b, else a.
type nullIfStep struct {
	arg, same step
}

func (c *compiler) nullIf(e *expr.Call) (step, error) {
	arg, err := c.compile(e.Args[0])
	if err != nil {
		return nil, err
	}
	eq, err := expr.Resolve(expr.OpEq, argTypes(e))
	if err != nil {
		return nil, sqlerr.AtSpan(err, e.Span)
	}
	args := make([]expr.Expr, len(e.Args))
	for i, a := range e.Args {
		args[i] = a
		if !a.Type().Equal(eq.Args[i]) {
			args[i] = &expr.Cast{Arg: a, To: eq.Args[i], Span: e.Span}
		}
	}
	same, err := c.comparison(&expr.Call{Name: expr.OpEq, Args: args, Typ: expr.Of(expr.Bool), Span: e.Span})
	return &nullIfStep{arg, same}, err
}

func (s *nullIfStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	c, err := s.arg.eval(f, sel)
	if err != nil {
		return c, err
	}
	same, err := s.same.eval(f, sel)
	if err != nil {
		return c, err
	}
	rows, err := trueRows(f, &same, sel)
	if err != nil || len(rows) == 0 {
		return c, err
	}
	valid, err := f.bitmap()
	if err != nil {
		return c, err
	}
	if c.Valid != nil {
		copy(valid, c.Valid)
	}
	kernel.ClearBits(valid, rows)
	c.Valid = valid
	return c, nil
}

// extremum compiles GREATEST and LEAST: of the arguments that are not NULL.
func (c *compiler) extremum(e *expr.Call) (step, error) {
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	op := expr.OpGt
	if e.Name == expr.FnLeast {
		op = expr.OpLt
	}
	better, err := comparer(op, e.Typ, e.Typ)
	return &extremumStep{args, better, e.Typ}, err
}

type extremumStep struct {
	args   []step
	better kernelFunc // of a new argument and the best so far
	typ    expr.Type
}

func (s *extremumStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	best, err := s.args[0].eval(f, sel)
	for _, a := range s.args[1:] {
		if err != nil {
			break
		}
		var c vector.Column
		if c, err = a.eval(f, sel); err == nil {
			best, err = s.pick(f, best, c, sel)
		}
	}
	return best, err
}

// pick takes c where it is better than best or best is NULL.
func (s *extremumStep) pick(f *frame, best, c vector.Column, sel vector.Selection) (vector.Column, error) {
	x, err := f.spread(&c, sel)
	if err != nil {
		return c, err
	}
	y, err := f.spread(&best, sel)
	if err != nil {
		return c, err
	}
	won, err := s.better(f, []vector.Column{x, y}, sel)
	if err != nil {
		return c, err
	}
	take := won.Bools()
	for i := range take {
		if c.IsNull(i) {
			take[i] = 0
		} else if best.IsNull(i) {
			take[i] = 1
		}
	}
	rows, err := trueRows(f, &won, sel)
	if err != nil || len(rows) == 0 {
		return best, err
	}
	room, err := f.selection(sel)
	if err != nil {
		return c, err
	}
	b := newBlender(f, s.typ)
	b.addColumn(x, rows)
	b.addColumn(y, kernel.Difference(sel, rows, f.n, room))
	return b.column()
}
