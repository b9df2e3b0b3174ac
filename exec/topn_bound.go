package exec

import (
	"math"
	"sync/atomic"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// topBound is the runtime filter of a TopN: where its instances have as many rows as are
// wanted, no row whose first key comes behind theirs is. It is published with the first
// bound and drops more as the bound moves. A bound is of the table and not of a task: it
// holds wherever rows are read, and when a task is run again.
type topBound struct {
	typ   expr.Type
	desc  bool
	bound atomic.Int64
	known atomic.Bool
}

// topBoundOf is what the instances of all tasks share a TopN's bound under.
type topBoundOf struct{ node *physical.TopN }

func newTopBound(k expr.SortKey) *topBound {
	b := &topBound{typ: k.Expr.Type(), desc: k.Desc}
	b.bound.Store(math.MaxInt64)
	if k.Desc {
		b.bound.Store(math.MinInt64)
	}
	return b
}

// tighten says that as many rows as are wanted have a first key that does not come behind
// v. It reports whether it is the first to say so.
func (b *topBound) tighten(v int64) (first bool) {
	for {
		old := b.bound.Load()
		if !b.desc && v >= old || b.desc && v <= old || b.bound.CompareAndSwap(old, v) {
			return !b.known.Swap(true)
		}
	}
}

// Bounds are those of the keys that pass.
func (b *topBound) Bounds() (lo, hi expr.Value, ok bool) {
	low, high := int64(math.MinInt64), b.bound.Load()
	if b.desc {
		low, high = high, math.MaxInt64
	}
	if b.typ.Kind == expr.Numeric {
		return expr.Decimal64(low), expr.Decimal64(high), true
	}
	return expr.Int(low), expr.Int(high), true
}

// Keys is as if many passed: it is never for the few that it is used.
func (b *topBound) Keys() int { return math.MaxInt32 }

// Dictionary lets every entry pass that does now.
func (b *topBound) Dictionary(dict *vector.Column) vector.Bitmap {
	pass := vector.NewBitmap(dict.Len)
	for _, i := range b.Select(dict, dict.Len, nil) {
		pass.Set(int(i))
	}
	return pass
}

// Select keeps the rows that do not come behind the bound.
func (b *topBound) Select(c *vector.Column, rows int, sel vector.Selection) vector.Selection {
	sel = explicit(sel, rows)
	if c.Valid != nil {
		sel = withoutNulls(nil, c, sel)
	}
	bound := b.bound.Load()
	values := make([]uint64, len(sel))
	readInts(values, c, sel)
	out := make(vector.Selection, len(sel))
	n := 0
	for i, row := range sel {
		out[n] = row
		v := int64(values[i])
		if !b.desc && v <= bound || b.desc && v >= bound {
			n++
		}
	}
	return out[:n]
}
