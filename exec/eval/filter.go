package eval

import (
	"slices"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Filter narrows selections to the rows on which all its conjuncts are true. One
// goroutine at a time.
type Filter struct {
	conds []*conjunct
	safe  int // how many of conds, from the first, cannot fail: these may change places
	seen  int // batches since the order was looked at
	frame frame
}

// conjunct is one condition with what is known of its worth.
type conjunct struct {
	cond     condition
	in, pass int64 // rows tried and passed
}

// reorderEvery is how many batches pass between looks at the order.
const reorderEvery = 16

// NewFilter compiles conjuncts over the columns of input.
func NewFilter(conjuncts []expr.Expr, input []expr.Field, o Options) (*Filter, error) {
	o.kept = &charge{account: o.Account}
	c := &compiler{input: input, opts: o}
	var all []expr.Expr
	for _, e := range conjuncts {
		e, err := Fold(e)
		if err != nil {
			return nil, err
		}
		all = append(all, expr.Conjuncts(e)...)
	}
	all = safeFirst(mergeRanges(all))
	v := &Filter{frame: frame{opts: o}}
	for _, e := range all {
		cond, err := c.condition(e)
		if err != nil {
			return nil, err
		}
		v.conds = append(v.conds, &conjunct{cond: cond})
		if !expr.CanFail(e) {
			v.safe++
		}
	}
	return v, nil
}

// Apply narrows b.Sel. The new selection's memory is held by b; the old one is not
// changed.
func (v *Filter) Apply(b *vector.Batch) error {
	f := &v.frame
	f.cols, f.n = b.Cols, b.Len
	sel, err := v.run(f, b.Sel)
	if err != nil {
		f.drop()
		return err
	}
	f.keep(b, sel)
	b.Sel = sel
	return nil
}

// Select gives the rows of sel (nil: all) on which every conjunct is true. The
// result is held by b.
func (v *Filter) Select(b *vector.Batch, sel vector.Selection) (vector.Selection, error) {
	f := &v.frame
	f.cols, f.n = b.Cols, b.Len
	out, err := v.run(f, sel)
	if err != nil {
		f.drop()
		return nil, err
	}
	f.keep(b, out)
	return out, nil
}

// Close gives back what is charged for results remembered per dictionary. The
// filter is not used any more. Close is idempotent, and fine on nil.
func (v *Filter) Close() {
	if v != nil {
		v.frame.opts.kept.release(v.frame.opts.kept.bytes)
	}
}

func (v *Filter) run(f *frame, sel vector.Selection) (vector.Selection, error) {
	v.reorder()
	for _, c := range v.conds {
		n := f.count(sel)
		if n == 0 {
			break
		}
		out, err := c.cond.choose(f, sel)
		if err != nil {
			return nil, err
		}
		c.in += int64(n)
		c.pass += int64(f.count(out))
		sel = out
	}
	return sel, nil
}

// reorder puts what rejects most rows for its price first, now and then. Only
// conjuncts that cannot fail change places.
func (v *Filter) reorder() {
	if v.seen++; v.seen < reorderEvery || v.safe < 2 {
		return
	}
	v.seen = 0
	slices.SortStableFunc(v.conds[:v.safe], func(a, b *conjunct) int {
		x, y := a.rank(), b.rank()
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	for _, c := range v.conds {
		c.in, c.pass = c.in/2, c.pass/2
	}
}

// rank is price per rejected row; lower is better. A conjunct that saw no rows
// keeps a middling rank.
func (c *conjunct) rank() float64 {
	rejected := 0.5
	if c.in > 0 {
		rejected = 1 - float64(c.pass)/float64(c.in)
	}
	return c.cond.price() / (rejected + 0.001)
}
