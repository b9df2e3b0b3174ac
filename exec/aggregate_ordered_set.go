package exec

import (
	"math"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// orderedSet is percentile_cont, percentile_disc, median and mode: of the rows of a group,
// in their order and without NULLs, it gives one value, or one between two. It keeps all
// rows, as collected does.
type orderedSet struct {
	*collected
	name string
}

func newOrderedSet(a expr.Aggregate, b *budget) (accumulator, error) {
	if len(a.Args) == 0 || len(a.Order) == 0 {
		return nil, sqlerr.New(sqlerr.InternalError, "%s has no order", a.Func)
	}
	c, err := newCollected(expr.Aggregate{Func: a.Func, Args: a.Args, Order: a.Order}, b)
	if err != nil {
		return nil, err
	}
	return &orderedSet{c.(*collected), a.Func}, nil
}

func (a *orderedSet) merge(from accumulator, at, to []uint32) error {
	return a.collected.merge(from.(*orderedSet).collected, at, to)
}

func (a *orderedSet) columns(from, to int) ([]vector.Column, error) {
	a.sorting.Do(a.sort)
	has := make([]bool, to-from)
	if len(a.run.rows) == 0 {
		c := eval.ColumnOf(make([]expr.Value, 0), a.elem)
		if n := to - from; n > 0 {
			nulls := make([]expr.Value, n)
			for i := range nulls {
				nulls[i] = expr.Null
			}
			c = eval.ColumnOf(nulls, a.elem)
		}
		return []vector.Column{c}, nil
	}
	// Groups without a value stand for any row, and are NULL.
	low, high := make([]rowRef, to-from), make([]rowRef, to-from)
	share := make([]float64, to-from)
	for i := range has {
		low[i] = a.run.rows[0].ref
		high[i] = low[i]
		begin, end := a.starts[from+i], a.starts[from+i+1]
		if begin == end {
			continue
		}
		at, next, between, err := a.place(begin, end)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			continue
		}
		has[i], share[i] = true, between
		low[i], high[i] = a.run.rows[at].ref, a.run.rows[next].ref
	}
	out := gatherRows(a.run.store.chunks, low, []expr.Field{{Type: a.elem}}).Cols[0]
	if a.continuous() {
		out = between(vector.Flatten(&out), gatherRows(a.run.store.chunks, high, []expr.Field{{Type: a.elem}}).Cols[0], share)
	}
	out.Valid = validOf(has)
	return []vector.Column{out}, nil
}

func (a *orderedSet) continuous() bool { return a.name == "percentile_cont" || a.name == "median" }

// place is the row of a group's rows [begin, end) that is the value or, with the next one,
// on both sides of it; -1 when the fraction is NULL.
func (a *orderedSet) place(begin, end int) (at, next int, share float64, err error) {
	if a.name == "mode" {
		at = a.most(begin, end)
		return at, at, 0, nil
	}
	fraction := 0.5
	if a.name != "median" {
		ref := a.run.rows[begin].ref
		c := &a.run.store.chunks[ref.chunk].cols[1]
		if c.IsNull(int(ref.row)) {
			return -1, -1, 0, nil
		}
		f, i := c.At(int(ref.row))
		if fraction = f.Float64s()[i]; !(fraction >= 0 && fraction <= 1) {
			return 0, 0, 0, sqlerr.New(sqlerr.NumericValueOutOfRange, "percentile value %s is not between 0 and 1",
				expr.FormatValue(expr.Float(fraction), expr.Of(expr.Float8)))
		}
	}
	n := end - begin
	if !a.continuous() {
		at = begin + max(0, int(math.Ceil(fraction*float64(n)))-1)
		return at, at, 0, nil
	}
	exact := fraction * float64(n-1)
	first := math.Floor(exact)
	return begin + int(first), begin + int(math.Ceil(exact)), exact - first, nil
}

// most is the first row of the longest run of equal values.
func (a *orderedSet) most(begin, end int) int {
	best, length := begin, 0
	for from := begin; from < end; {
		to := from + 1
		for to < end && a.run.compare(&a.run.rows[from], a.run, &a.run.rows[to]) == 0 {
			to++
		}
		if to-from > length {
			best, length = from, to-from
		}
		from = to
	}
	return best
}

// between is the values of low and a share of the way to those of high.
func between(low, high vector.Column, share []float64) vector.Column {
	high = vector.Flatten(&high)
	l, h := low.Float64s(), high.Float64s()
	out := make([]float64, len(l))
	for i := range out {
		out[i] = l[i]
		if share[i] > 0 && h[i] != l[i] {
			out[i] = l[i] + share[i]*(h[i]-l[i])
		}
	}
	return vector.Flat(vector.Float64, out, nil)
}
