package distribute

import (
	"math"
	"slices"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// A sort of many rows is divided by ranges of its first key: every task sorts a range, and
// what they give out stands in the order of their numbers when it is gathered, for edges
// are read in the order of tasks. Where the ranges lie is guessed from what footers say of
// the column; a wrong guess makes some larger, not the order wrong.

// rangeRows is from how many rows on that is worth a second move.
const rangeRows = 1 << 20

// Partitions is how many partitions the coordinator divides rows into for so many workers.
func Partitions(workers int) int { return 2 * workers }

func (d *distributor) sort(n *physical.Sort) (physical.Node, spread) {
	if n.Whole > 0 {
		return d.wholeSort(n)
	}
	in, at := d.drive(d.node(n.Input))
	if at.kind != single && (d.FewRows == 0 || in.Rows() >= rangeRows) {
		if bucket := d.ranges(in, n.Keys); bucket != nil {
			parted := exchange(in, physical.RangeSplit, []expr.Expr{bucket})
			return physical.WithInputs(n, []physical.Node{parted}), spread{kind: divided}
		}
	}
	return physical.WithInputs(n, []physical.Node{d.gather(in, at)}), spread{}
}

// ranges is the number of the range that a row belongs to, in the order of the first key;
// nil when nothing is known of where they lie.
func (d *distributor) ranges(in physical.Node, keys []expr.SortKey) expr.Expr {
	if len(keys) == 0 {
		return nil
	}
	key, ok := keys[0].Expr.(*expr.Column)
	if !ok || !wholeNumbers(key.Typ) {
		return nil
	}
	scan, field, ok := physical.Origin(in, int(key.ID))
	if !ok {
		return nil
	}
	bounds := quantiles(d.rowGroups(scan, field), Partitions(d.Workers))
	if len(bounds) == 0 {
		return nil
	}
	last := len(bounds)
	number := func(i int) expr.Expr {
		if keys[0].Desc {
			i = last - i
		}
		return expr.NewLiteral(expr.Int(int64(i)), expr.Of(expr.Int4))
	}
	tree := search(key, bounds, 0, number)
	if !key.Nullable {
		return tree
	}
	nulls := last
	if keys[0].NullsFirst {
		nulls = 0
	}
	isNull := &expr.Call{Name: expr.OpIsNull, Args: []expr.Expr{key}, Typ: expr.Of(expr.Bool)}
	return choice(isNull, expr.NewLiteral(expr.Int(int64(nulls)), expr.Of(expr.Int4)), tree)
}

// wholeNumbers are types whose values are counted: Value.I is all of them.
func wholeNumbers(t expr.Type) bool {
	switch t.Kind {
	case expr.Int2, expr.Int4, expr.Int8, expr.Date, expr.Timestamp, expr.TimestampTZ:
		return true
	}
	return false
}

// search finds the range of a value among those between bounds, the first of which has
// number from: as many bounds as it is not below.
func search(key *expr.Column, bounds []int64, from int, number func(int) expr.Expr) expr.Expr {
	if len(bounds) == 0 {
		return number(from)
	}
	mid := len(bounds) / 2
	below := expr.Compare(expr.OpLt, key, expr.NewLiteral(expr.Value{I: bounds[mid]}, key.Typ))
	return choice(below, search(key, bounds[:mid], from, number), search(key, bounds[mid+1:], from+mid+1, number))
}

func choice(cond, then, otherwise expr.Expr) expr.Expr {
	return &expr.Case{Whens: []expr.When{{Cond: cond, Result: then}}, Else: otherwise, Typ: expr.Of(expr.Int4)}
}

// quantiles divide the values of row groups into n parts of about as many rows, if the
// values of each lie evenly between its bounds. They are n-1 values at most, in order.
func quantiles(groups []physical.RowGroup, n int) []int64 {
	low, high, rows := int64(math.MaxInt64), int64(math.MinInt64), 0.0
	for _, g := range groups {
		if !g.HasBounds {
			return nil
		}
		low, high, rows = min(low, g.Min.I), max(high, g.Max.I), rows+float64(g.Rows)
	}
	if len(groups) == 0 || low == high {
		return nil
	}
	below := func(x int64) (sum float64) { // rows
		for _, g := range groups {
			width := float64(g.Max.I) - float64(g.Min.I) + 1
			sum += float64(g.Rows) * min(1, max(0, (float64(x)-float64(g.Min.I))/width))
		}
		return sum
	}
	var out []int64
	for i := 1; i < n; i++ {
		from, to := low, high // the first value with i parts of n below it
		for from < to {
			if mid := from + int64((uint64(to)-uint64(from))/2); below(mid)*float64(n) < rows*float64(i) {
				from = mid + 1
			} else {
				to = mid
			}
		}
		out = append(out, from)
	}
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(x int64) bool { return x == low }) // nothing is below it
}
