package node

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/logictest"
)

// TestTheFirstRowsOfAnOrder are those of all rows in that order, where scans drop what comes
// behind the rows that are known, and where NULL keeps them from it.
func TestTheFirstRowsOfAnOrder(t *testing.T) {
	dir := clusteredTables(t)
	local := connect(t, start(t, Config{Workers: 1, Threads: 1, Distribution: place.Local}, dir))
	defer local.Close()
	froms := []string{"facts", "loose", "facts where k % 3 = 1", "none", "(select f.k, f.d, f.n, f.v from facts f join dims e on f.k = e.k) x",
		"(select f.k, f.d, f.n, f.v from dims e left join facts f on f.k = e.k) x", "(select k, d, n, v from facts union all select k, d, n, -v from untorn) x",
		"(select k, max(d) as d, max(n) as n, sum(v) as v from facts group by k) x"}
	for _, c := range []Config{{Workers: 1, Threads: 2, Distribution: place.Local}, {Workers: 3, Threads: 3, Encode: true, Frames: true, Distribution: place.Always}} {
		conn := connect(t, start(t, c, dir))
		defer conn.Close()
		for order, filtered := range map[string]bool{"k": true, "k desc": false, "k desc nulls last": true, "d desc nulls last": true, "n": true,
			"d nulls first": false, "v desc": true, "v % 7": false} {
			for _, from := range froms {
				q := fmt.Sprintf("select k, d, n, v from %s order by %s, v, k", from, order)
				all, err := local.Query(t.Context(), q)
				if err != nil {
					t.Fatalf("%s: %v", q, err)
				}
				want := all.Rows[min(3, len(all.Rows)):min(10, len(all.Rows))]
				got, err := conn.Query(t.Context(), q+" limit 7 offset 3")
				if err != nil {
					t.Fatalf("%s: %v", q, err)
				}
				if !slices.EqualFunc(got.Rows, want, slices.Equal[[]logictest.Value]) {
					t.Errorf("%d workers: the first rows of %s are\n%v, not\n%v", c.Workers, q, got.Rows, want)
				}
			}
			q := fmt.Sprintf("select k, d, n, v from facts order by %s, v limit 7", order)
			if plan := explained(t, conn, q); strings.Contains(plan, "filter #") != filtered {
				t.Errorf("%s: a filter: %t expected:\n%s", q, filtered, plan)
			}
		}
	}
}
