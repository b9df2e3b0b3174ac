package eval

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// compiler turns expressions over input into steps.
type compiler struct {
	input []expr.Field
	opts  Options
	// perEntry is set inside an expression that is evaluated per dictionary entry
	// as a whole: its parts need not be.
	perEntry bool
}

func (c *compiler) compile(e expr.Expr) (step, error) {
	switch n := e.(type) {
	case *expr.Column:
		if n.ID < 0 || int(n.ID) >= len(c.input) {
			return nil, sqlerr.At(sqlerr.InternalError, n.Span, "column %s has ordinal %d of %d", n, n.ID, len(c.input))
		}
		return columnStep{int(n.ID)}, nil
	case *expr.Literal:
		entry := ColumnOf([]expr.Value{n.Value}, n.Typ)
		entry.Valid = nil
		return &literalStep{entry: &vector.Dict{Values: entry}, null: n.Value.Null}, nil
	case *expr.Param:
		return nil, sqlerr.At(sqlerr.UndefinedParameter, n.Span, "parameter %s has no value", n)
	}
	if ordinal, ok := onlyColumn(e); ok && !c.perEntry {
		inner := *c
		inner.perEntry = true
		s, err := inner.node(e)
		if err != nil {
			return nil, err
		}
		return newDictStep(s, ordinal, strict(e), c.opts), nil
	}
	return c.node(e)
}

func (c *compiler) node(e expr.Expr) (step, error) {
	switch n := e.(type) {
	case *expr.Call:
		return c.call(n)
	case *expr.Cast:
		return c.cast(n)
	case *expr.Case:
		return c.caseOf(n)
	case *expr.InList:
		return c.inList(n)
	}
	return nil, sqlerr.At(sqlerr.InternalError, e.Place(), "no evaluation for %T", e)
}

func (c *compiler) compileAll(args []expr.Expr) ([]step, error) {
	out := make([]step, len(args))
	for i, a := range args {
		s, err := c.compile(a)
		if err != nil {
			return nil, err
		}
		out[i] = s
	}
	return out, nil
}

// call chooses what computes a call.
func (c *compiler) call(e *expr.Call) (step, error) {
	switch e.Name {
	case expr.OpAnd, expr.OpOr:
		return c.logic(e)
	case expr.OpNot:
		return c.strictCall(e, notKernel, true)
	case expr.OpIsNull, expr.OpIsNotNull:
		return c.isNull(e)
	case expr.OpIsTrue, expr.OpIsNotTrue, expr.OpIsFalse, expr.OpIsNotFalse:
		return c.isTruth(e)
	case expr.OpIsDistinct, expr.OpIsNotDistinct:
		return c.distinct(e)
	case expr.OpEq, expr.OpNe, expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe:
		return c.comparison(e)
	case expr.FnCoalesce:
		return c.coalesce(e)
	case expr.FnNullIf:
		return c.nullIf(e)
	case expr.FnGreatest, expr.FnLeast:
		return c.extremum(e)
	case expr.FnField, expr.FnElement:
		return c.part(e)
	}
	if k, err := arithmetic(e); k != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return c.strictCall(e, k, false)
	}
	if k, total, err := like(e); k != nil || err != nil {
		if err != nil {
			return nil, err
		}
		return c.strictCall(e, k, total)
	}
	return c.rowCall(e)
}

// kernelFunc computes a strict function. in are flat columns of f.n rows or single
// values (Len 1); the result is flat, with f.n rows defined on sel. Where the
// function can fail, sel holds rows without NULL arguments only.
type kernelFunc func(f *frame, in []vector.Column, sel vector.Selection) (vector.Column, error)

// callStep is a strict function: NULL in gives NULL out.
type callStep struct {
	args []step
	run  kernelFunc
	fail bool // run only on rows without NULLs: the kernel may fail on what stands under one
	span sqlerr.Span
}

func (c *compiler) strictCall(e *expr.Call, run kernelFunc, total bool) (step, error) {
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	return &callStep{args: args, run: run, fail: !total, span: e.Span}, nil
}

func (s *callStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	var buf [4]vector.Column
	in := buf[:0]
	constant := true
	var valid vector.Bitmap
	for _, a := range s.args {
		c, err := a.eval(f, sel)
		if err != nil {
			return c, err
		}
		if valid, err = f.and(valid, c.Valid); err != nil {
			return c, err
		}
		constant = constant && c.IsConst()
		in = append(in, c)
	}
	for i := range in {
		c, err := f.flat(&in[i], sel)
		if err != nil {
			return c, err
		}
		in[i] = c
	}
	if s.fail && valid != nil {
		out, err := f.selection(sel)
		if err != nil {
			return vector.Column{}, err
		}
		sel = selectValid(valid, f.n, sel, out)
	}
	if constant && len(in) > 0 {
		return s.evalConst(f, in, valid, sel)
	}
	out, err := s.run(f, in, sel)
	if err != nil {
		return out, sqlerr.AtSpan(err, s.span)
	}
	out.Valid, err = f.and(out.Valid, valid)
	return out, err
}

// evalConst computes a call whose arguments are all constants once.
func (s *callStep) evalConst(f *frame, in []vector.Column, valid vector.Bitmap, sel vector.Selection) (vector.Column, error) {
	one := f.single()
	var rows vector.Selection
	if f.count(sel) == 0 {
		rows = vector.Selection{}
	}
	out, err := s.run(one, in, rows)
	f.absorb(one)
	if err != nil {
		return out, sqlerr.AtSpan(err, s.span)
	}
	null := out.IsNull(0)
	out.Valid = nil
	result := vector.Column{Kind: out.Kind, Len: f.n, Valid: valid, Dict: &vector.Dict{Values: out}}
	if null {
		result.Valid = vector.NewBitmap(f.n)
	}
	return result, nil
}
