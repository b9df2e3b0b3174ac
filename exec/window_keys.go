package exec

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// windowKeys finds where partitions, and rows that are equal by the order, begin.
type windowKeys struct {
	partition, order []windowKey
}

// windowKey is a column of the input.
type windowKey struct {
	ordinal int
	field   sortField
}

func newWindowKeys(n *physical.Window, width int) (*windowKeys, error) {
	k := &windowKeys{}
	for _, e := range n.Partition {
		key, err := newWindowKey(expr.SortKey{Expr: e}, width)
		if err != nil {
			return nil, err
		}
		k.partition = append(k.partition, key)
	}
	for _, o := range n.Order {
		key, err := newWindowKey(o, width)
		if err != nil {
			return nil, err
		}
		k.order = append(k.order, key)
	}
	return k, nil
}

func newWindowKey(k expr.SortKey, width int) (windowKey, error) {
	at, err := windowColumn(k.Expr, width)
	if err == nil && at < 0 {
		err = sqlerr.New(sqlerr.InternalError, "a window is divided or ordered by %s, which is no column", k.Expr)
	}
	return windowKey{at, newSortOrder([]expr.SortKey{k}).keys[0]}, err
}

// windowColumn is the ordinal of what a window reads, -1 of a literal.
func windowColumn(e expr.Expr, width int) (int, error) {
	switch e := e.(type) {
	case *expr.Literal:
		return -1, nil
	case *expr.Column:
		if int(e.ID) < width && e.ID >= 0 {
			return int(e.ID), nil
		}
	}
	return 0, sqlerr.New(sqlerr.InternalError, "a window reads %s, which is neither a column nor a literal", e)
}

// starts appends to parts and peers the rows of a batch, counted from base, at which
// partitions, and groups of rows that are equal by the order, begin. before is the row
// before it, nil when there is none.
func (k *windowKeys) starts(b *vector.Batch, before []vector.Column, base int, parts, peers []int) ([]int, []int) {
	differ := make([]bool, b.Len)
	mark := func(keys []windowKey, from int) {
		for i := range keys {
			key, c := &keys[i], &b.Cols[keys[i].ordinal]
			if before != nil && !key.same(&before[from+i], 0, c, 0) {
				differ[0] = true
			}
			key.changes(c, differ)
		}
	}
	differ[0] = before == nil
	mark(k.partition, 0)
	for i, d := range differ {
		if d {
			parts = append(parts, base+i)
		}
	}
	mark(k.order, len(k.partition))
	for i, d := range differ {
		if d {
			peers = append(peers, base+i)
		}
	}
	return parts, peers
}

// lastRow is a copy of the keys of the last row of a batch.
func (k *windowKeys) lastRow(b *vector.Batch) []vector.Column {
	out := make([]vector.Column, 0, len(k.partition)+len(k.order)) // never nil, which is no row
	for _, keys := range [][]windowKey{k.partition, k.order} {
		for i := range keys {
			one := b.Cols[keys[i].ordinal].Slice(b.Len-1, b.Len)
			out = append(out, vector.Copy(&one))
		}
	}
	return out
}

func (k *windowKey) same(a *vector.Column, i int, b *vector.Column, j int) bool {
	if x, y := a.IsNull(i), b.IsNull(j); x || y {
		return x == y
	}
	return k.field.compare(a, i, b, j) == 0
}

// changes sets the flags of the rows that have another value than the row before.
func (k *windowKey) changes(c *vector.Column, differ []bool) {
	if c.Valid == nil && c.Dict == nil && k.changesFast(c, differ) {
		return
	}
	if c.IsConst() && c.Valid == nil {
		return
	}
	for i := 1; i < c.Len; i++ {
		if !differ[i] && !k.same(c, i-1, c, i) {
			differ[i] = true
		}
	}
}

// changesFast is changes of flat columns without NULLs whose values are equal when their
// bits are.
func (k *windowKey) changesFast(c *vector.Column, differ []bool) bool {
	switch c.Kind {
	case vector.Bool:
		changed(c.Bools(), differ)
	case vector.Int16:
		changed(c.Int16s(), differ)
	case vector.Int32:
		changed(c.Int32s(), differ)
	case vector.Int64:
		changed(c.Int64s(), differ)
	case vector.Int128:
		changed(c.Int128s(), differ)
	case vector.String:
		if k.field.typ.Kind == expr.Char {
			return false
		}
		views := c.Views()
		for i := 1; i < len(views); i++ {
			if !vector.EqualViews(&views[i-1], c.Buffers, &views[i], c.Buffers) {
				differ[i] = true
			}
		}
	default:
		return false
	}
	return true
}

func changed[T comparable](values []T, differ []bool) {
	for i := 1; i < len(values); i++ {
		if values[i] != values[i-1] {
			differ[i] = true
		}
	}
}
