package distribute

import (
	"math"
	"slices"
	"testing"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

func TestQuantilesDivideTheRowsThatFootersTellOf(t *testing.T) {
	group := func(rows, low, high int64) physical.RowGroup {
		return physical.RowGroup{Rows: rows, HasBounds: true, Min: expr.Value{I: low}, Max: expr.Value{I: high}}
	}
	for _, c := range []struct {
		what   string
		groups []physical.RowGroup
		n      int
		want   []int64
	}{
		{"one even group", []physical.RowGroup{group(1000, 0, 99)}, 4, []int64{25, 50, 75}},
		{"most rows are in the second", []physical.RowGroup{group(100, 0, 99), group(900, 100, 199)}, 2, []int64{145}},
		{"groups over each other", []physical.RowGroup{group(500, 0, 99), group(500, 0, 99)}, 2, []int64{50}},
		{"a gap", []physical.RowGroup{group(500, 0, 9), group(500, 1000, 1009)}, 2, []int64{10}},
		{"fewer values than parts", []physical.RowGroup{group(1000, 5, 7)}, 8, []int64{6, 7}},
		{"one value", []physical.RowGroup{group(1000, 5, 5)}, 4, nil},
		{"no rows", []physical.RowGroup{group(0, 5, 9)}, 4, nil},
		{"all there are", []physical.RowGroup{group(1000, math.MinInt64, math.MaxInt64)}, 2, []int64{0}},
		{"bounds that are not known", []physical.RowGroup{group(1000, 0, 99), {Rows: 1}}, 4, nil},
		{"no group", nil, 4, nil},
	} {
		got := quantiles(c.groups, c.n)
		if c.what == "all there are" && len(got) == 1 && got[0] > -1<<40 && got[0] < 1<<40 {
			continue // as near as floats come
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.what, got, c.want)
		}
	}
}
