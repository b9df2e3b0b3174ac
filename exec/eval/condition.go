package eval

import (
	"slices"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// condition is a compiled boolean expression that gives rows in place of a column.
type condition interface {
	// choose gives the rows of sel (nil: all) on which the condition is true.
	choose(f *frame, sel vector.Selection) (vector.Selection, error)
	// price is what a row costs, in units of an integer comparison.
	price() float64
}

// condition compiles e, a boolean.
func (c *compiler) condition(e expr.Expr) (condition, error) {
	if cond, err := c.rangeOn(e); cond != nil || err != nil {
		return cond, err
	}
	if n, ok := e.(*expr.Call); ok && (n.Name == expr.OpAnd || n.Name == expr.OpOr) {
		if _, single := onlyColumn(e); !single {
			return c.junction(n)
		}
	}
	if ordinal, ok := onlyColumn(e); ok {
		return c.dictCondition(e, ordinal)
	}
	s, err := c.compile(e)
	return &boolCondition{s, priceOf(e)}, err
}

// priceOf guesses the price of an expression per row.
func priceOf(e expr.Expr) float64 {
	p := 0.0
	expr.Walk(e, func(n expr.Expr) bool {
		if _, leaf := n.(*expr.Literal); leaf {
			return true
		}
		p++
		switch Layout(n.Type()) {
		case vector.String:
			p += 4
		case vector.Int128, vector.Interval:
			p += 3
		}
		return true
	})
	return p
}

// boolCondition computes the boolean column and takes its true rows.
type boolCondition struct {
	step step
	cost float64
}

func (b *boolCondition) price() float64 { return b.cost }

func (b *boolCondition) choose(f *frame, sel vector.Selection) (vector.Selection, error) {
	c, err := b.step.eval(f, sel)
	if err != nil {
		return nil, err
	}
	return trueRows(f, &c, sel)
}

// junctionCondition is AND or OR of conditions, each tried on the rows that are
// still open.
type junctionCondition struct {
	conds []condition
	or    bool
	cost  float64
}

func (c *compiler) junction(e *expr.Call) (condition, error) {
	j := &junctionCondition{or: e.Name == expr.OpOr}
	for _, a := range safeFirst(e.Args) {
		cond, err := c.condition(a)
		if err != nil {
			return nil, err
		}
		j.conds = append(j.conds, cond)
		j.cost += cond.price()
	}
	return j, nil
}

func (j *junctionCondition) price() float64 { return j.cost }

func (j *junctionCondition) choose(f *frame, sel vector.Selection) (vector.Selection, error) {
	if !j.or {
		for _, c := range j.conds {
			var err error
			if sel, err = c.choose(f, sel); err != nil || f.count(sel) == 0 {
				return sel, err
			}
		}
		return sel, nil
	}
	taken := vector.Selection{}
	rest := sel
	for i, c := range j.conds {
		rows, err := c.choose(f, rest)
		if err != nil {
			return nil, err
		}
		if rows == nil { // all of nil
			return nil, nil
		}
		merged, err := alloc[uint32](f, len(taken)+len(rows)+1)
		if err != nil {
			return nil, err
		}
		taken = kernel.Union(taken, rows, merged)
		if i == len(j.conds)-1 {
			break
		}
		room, err := f.selection(rest)
		if err != nil {
			return nil, err
		}
		if rest = kernel.Difference(rest, rows, f.n, room); len(rest) == 0 {
			break
		}
	}
	return taken, nil
}

// dictCondition is a condition on one column: on a dictionary column a lookup
// table over the entries, remembered by the dictionary.
type dictCondition struct {
	inner   *boolCondition
	dict    *dictStep
	ordinal int
	null    nullAnswer // what the condition says of NULL
	one     step
}

// nullAnswer is whether a condition is true of NULL, found out when first needed.
type nullAnswer uint8

const (
	notAsked nullAnswer = iota
	nullPasses
	nullFails
	nullErrs
)

func (c *compiler) dictCondition(e expr.Expr, ordinal int) (condition, error) {
	inner := *c
	inner.perEntry = true
	s, err := inner.compile(e)
	if err != nil {
		return nil, err
	}
	d := &dictCondition{inner: &boolCondition{s, priceOf(e)}, ordinal: ordinal, dict: newDictStep(s, ordinal, true, c.opts), one: s}
	if strict(e) {
		d.null = nullFails
	}
	return d, nil
}

func (d *dictCondition) price() float64 { return d.inner.price() }

func (d *dictCondition) choose(f *frame, sel vector.Selection) (vector.Selection, error) {
	c := &f.cols[d.ordinal]
	if c.Dict == nil || c.Width == 0 {
		return d.inner.choose(f, sel)
	}
	e := d.dict.lookup(c, f.count(sel))
	if !e.done && !e.failed && worthwhile(e, c) {
		if err := d.dict.fill(e, f); err != nil {
			return nil, err
		}
	}
	if c.Valid != nil && d.null == notAsked {
		d.ask(f, c)
	}
	if !e.done || c.Valid != nil && d.null == nullErrs {
		return d.inner.choose(f, sel)
	}
	room, err := f.selection(sel)
	if err != nil {
		return nil, err
	}
	rows := selectCodes(c, e.values.Bools(), sel, room)
	if c.Valid == nil {
		return rows, nil
	}
	rows = selectValid(c.Valid, f.n, rows, slices.Clip(room[:len(rows)]))
	if d.null == nullFails {
		return rows, nil
	}
	nulls, err := f.selection(sel)
	if err != nil {
		return nil, err
	}
	nulls = kernel.SelectBits(c.Valid, true, f.n, sel, nulls)
	merged, err := alloc[uint32](f, len(rows)+len(nulls)+1)
	return kernel.Union(rows, nulls, merged), err
}

// ask evaluates the condition on a NULL.
func (d *dictCondition) ask(f *frame, c *vector.Column) {
	sub := &frame{cols: make([]vector.Column, len(f.cols)), n: 1}
	entry := c.Dict.Values.Slice(0, min(1, c.Dict.Values.Len))
	if entry.Len == 0 {
		d.null = nullErrs
		return
	}
	entry.Valid = vector.NewBitmap(1)
	sub.cols[d.ordinal] = entry
	out, err := d.one.eval(sub, nil)
	switch {
	case err != nil:
		d.null = nullErrs
	case ValueAt(&out, 0, expr.Of(expr.Bool)).True():
		d.null = nullPasses
	default:
		d.null = nullFails
	}
}
