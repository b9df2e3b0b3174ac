package eval

import (
	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// isNullStep is IS NULL and IS NOT NULL.
type isNullStep struct {
	arg step
	not bool
}

func (c *compiler) isNull(e *expr.Call) (step, error) {
	arg, err := c.compile(e.Args[0])
	return &isNullStep{arg, e.Name == expr.OpIsNotNull}, err
}

func (s *isNullStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	c, err := s.arg.eval(f, sel)
	if err != nil {
		return c, err
	}
	out, err := zeroed[uint8](f, f.n)
	if err != nil {
		return c, err
	}
	switch {
	case c.Valid != nil:
		kernel.BitsToBytes(c.Valid, !s.not, out)
	case s.not:
		for i := range out {
			out[i] = 1
		}
	}
	return vector.Flat(vector.Bool, out, nil), nil
}

// isTruthStep is IS [NOT] TRUE and IS [NOT] FALSE.
type isTruthStep struct {
	arg  step
	want uint8
	not  bool
}

func (c *compiler) isTruth(e *expr.Call) (step, error) {
	arg, err := c.compile(e.Args[0])
	s := &isTruthStep{arg: arg, not: e.Name == expr.OpIsNotTrue || e.Name == expr.OpIsNotFalse}
	if e.Name == expr.OpIsTrue || e.Name == expr.OpIsNotTrue {
		s.want = 1
	}
	return s, err
}

func (s *isTruthStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	c, err := s.arg.eval(f, sel)
	if err != nil {
		return c, err
	}
	v, err := f.flat(&c, sel)
	if err != nil {
		return c, err
	}
	out, err := alloc[uint8](f, f.n)
	if err != nil {
		return c, err
	}
	values, mask := v.Bools(), maskOf(&v, f.n)
	for i := range out {
		yes := values[i&mask] == s.want && !c.IsNull(i)
		out[i] = 0
		if yes != s.not {
			out[i] = 1
		}
	}
	return vector.Flat(vector.Bool, out, nil), nil
}

// distinctStep is IS [NOT] DISTINCT FROM: a comparison in which NULL equals NULL.
type distinctStep struct {
	left, right step
	equal       kernelFunc
	not         bool // IS NOT DISTINCT FROM
}

func (c *compiler) distinct(e *expr.Call) (step, error) {
	k, err := comparer(expr.OpEq, e.Args[0].Type(), e.Args[1].Type())
	if err != nil {
		return nil, err
	}
	args, err := c.compileAll(e.Args)
	if err != nil {
		return nil, err
	}
	return &distinctStep{args[0], args[1], k, e.Name == expr.OpIsNotDistinct}, nil
}

func (s *distinctStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	a, err := s.left.eval(f, sel)
	if err != nil {
		return a, err
	}
	b, err := s.right.eval(f, sel)
	if err != nil {
		return b, err
	}
	// A constant on both sides is compared row by row: it is folded as a rule.
	x, err := f.spread(&a, sel)
	if err != nil {
		return x, err
	}
	y, err := f.flat(&b, sel)
	if err != nil {
		return y, err
	}
	out, err := s.equal(f, []vector.Column{x, y}, sel)
	if err != nil {
		return out, err
	}
	same := out.Bools()
	for i := range same {
		if an, bn := a.IsNull(i), b.IsNull(i); an || bn {
			same[i] = 0
			if an && bn {
				same[i] = 1
			}
		}
		if !s.not {
			same[i] ^= 1
		}
	}
	return out, nil
}

// spread is flat, with a constant as a value in every row.
func (f *frame) spread(c *vector.Column, sel vector.Selection) (vector.Column, error) {
	if !c.IsConst() {
		return f.flat(c, sel)
	}
	return vector.Flatten(c), nil
}
