package eval

import (
	"slices"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// The truth values of a row while AND and OR run. unknown is NULL.
const (
	isFalse uint8 = iota
	isTrue
	unknown
)

// logicStep is AND or OR of n conditions in three-valued logic. Conditions that
// can fail come last and run only on rows that the others left open.
type logicStep struct {
	args  []step
	fails []bool
	// decides is the truth value that settles a row: false for AND, true for OR.
	decides uint8
}

func (c *compiler) logic(e *expr.Call) (step, error) {
	s := &logicStep{decides: isFalse}
	if e.Name == expr.OpOr {
		s.decides = isTrue
	}
	for _, a := range safeFirst(e.Args) {
		arg, err := c.compile(a)
		if err != nil {
			return nil, err
		}
		s.args = append(s.args, arg)
		s.fails = append(s.fails, expr.CanFail(a))
	}
	return s, nil
}

// safeFirst moves what can fail behind what cannot, order kept otherwise.
func safeFirst(args []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, 0, len(args))
	var last []expr.Expr
	for _, a := range args {
		if expr.CanFail(a) {
			last = append(last, a)
		} else {
			out = append(out, a)
		}
	}
	return append(out, last...)
}

func (s *logicStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	state, err := alloc[uint8](f, f.n)
	if err != nil {
		return vector.Column{}, err
	}
	for i := range state {
		state[i] = 1 - s.decides
	}
	for i, a := range s.args {
		rows := sel
		if s.fails[i] && i > 0 {
			if rows, err = s.open(f, state, sel); err != nil {
				return vector.Column{}, err
			}
		}
		c, err := a.eval(f, rows)
		if err != nil {
			return c, err
		}
		if err := s.merge(f, &c, rows, state); err != nil {
			return c, err
		}
	}
	return truthColumn(f, state, sel)
}

// open is the rows that are not settled yet.
func (s *logicStep) open(f *frame, state []uint8, sel vector.Selection) (vector.Selection, error) {
	out, err := f.selection(sel)
	if err != nil {
		return nil, err
	}
	return kernel.SelectRange(state, kernel.Range{Lo: int64(s.decides), Hi: int64(s.decides), Not: true}, sel, out), nil
}

// merge takes one condition's truth into the state.
func (s *logicStep) merge(f *frame, c *vector.Column, sel vector.Selection, state []uint8) error {
	v, err := f.flat(c, sel)
	if err != nil {
		return err
	}
	values, mask := v.Bools(), maskOf(&v, f.n)
	if sel == nil && c.Valid == nil && mask != 0 {
		for i, b := range values {
			if b == s.decides {
				state[i] = b
			}
		}
		return nil
	}
	if sel == nil {
		sel = vector.All(f.n)
	}
	for _, row := range sel {
		switch {
		case c.IsNull(int(row)):
			if state[row] != s.decides {
				state[row] = unknown
			}
		case values[int(row)&mask] == s.decides:
			state[row] = s.decides
		}
	}
	return nil
}

// maskOf is what row numbers are ANDed with: zero when the column is a single
// value for n rows.
func maskOf(c *vector.Column, n int) int {
	if c.Len == 1 && n != 1 {
		return 0
	}
	return -1
}

// truthColumn makes a boolean column of truth values.
func truthColumn(f *frame, state []uint8, sel vector.Selection) (vector.Column, error) {
	out := vector.Flat(vector.Bool, state, nil)
	room, err := f.selection(sel)
	if err != nil {
		return out, err
	}
	nulls := kernel.SelectRange(state, kernel.Range{Lo: int64(unknown), Hi: int64(unknown)}, sel, room)
	if len(nulls) == 0 {
		return out, nil
	}
	if out.Valid, err = f.bitmap(); err != nil {
		return out, err
	}
	for _, row := range nulls {
		state[row] = 0
		out.Valid.Clear(int(row))
	}
	return out, nil
}

func notKernel(f *frame, in []vector.Column, _ vector.Selection) (vector.Column, error) {
	out, err := alloc[uint8](f, f.n)
	if err != nil {
		return vector.Column{}, err
	}
	kernel.Not(in[0].Bools(), out)
	return vector.Flat(vector.Bool, out, nil), nil
}

// trueRows is the rows of a boolean column that are true.
func trueRows(f *frame, c *vector.Column, sel vector.Selection) (vector.Selection, error) {
	room, err := f.selection(sel)
	if err != nil {
		return nil, err
	}
	switch {
	case c.IsConst():
		if f.n == 0 || c.Dict.Values.Bools()[0] == 0 {
			return room[:0], nil
		}
		if sel == nil {
			sel = vector.All(f.n)
		}
	case c.Dict != nil:
		sel = selectCodes(c, c.Dict.Values.Bools(), sel, room)
	default:
		sel = kernel.SelectTrue(c.Bools(), sel, room)
	}
	if c.Valid != nil {
		sel = selectValid(c.Valid, f.n, sel, slices.Clip(room[:len(sel)]))
	}
	return sel, nil
}
