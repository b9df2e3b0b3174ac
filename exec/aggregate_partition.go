package exec

import (
	"math"
	"sort"
	"sync"

	"github.com/skein-query/skein/exec/vector"
)

// The tables of an instance. One table holds all groups while they are few, or while
// more of them make it take in more of the rows. Else it is sealed when its hash
// table outgrows the processor's cache, and a new one begins: a group then stands in
// several tables, which merge brings together partition by partition, each small
// enough for the cache again (Leis et al., "Morsel-driven parallelism", 2014, section
// 4.4; there tables have one fixed size, here it follows what they achieve).

const (
	// firstCheck is the number of groups of a table at which its reduction (rows per
	// group) is taken for the first time; it is compared with that of every doubling.
	firstCheck = 1 << 14
	// worthGrowing is by how much the reduction of a doubling must exceed the last
	// one's. When keys come at random out of D the reduction rises as the table
	// covers more of D; when they are all new, or come in clusters, it stays.
	worthGrowing = 1.07
	// widest is how many values the array of a table may cover when they come in order.
	widest = 1 << 20
	// finest is the number of partitions by which sealed tables are sorted: any
	// coarser power of two is a union of neighbours.
	finest = 256
)

// growth decides when a table is sealed.
type growth struct {
	taken     int     // rows of the table
	rows      int     // taken in since the last check
	groups    int     // at the last check
	next      int     // groups at which the next check is due
	reduction float64 // rows per group before the last check; 0: none yet
}

func newGrowth() growth { return growth{next: firstCheck} }

// full takes note of rows and reports whether a table is to be sealed. A table that
// finds groups by an array of values stays while keys come in no order: the array
// covers them all anyway. Where they come in order it need not cover all.
func (g *growth) full(rows int, t *groups) bool {
	g.rows += rows
	g.taken += rows
	if d := &t.dense; len(d.gids) > widest && d.inOrder() {
		return true
	}
	if t.n < g.next {
		return false
	}
	reduction := float64(g.rows) / float64(t.n-g.groups)
	if g.reduction > 0 && reduction < worthGrowing*g.reduction && (t.dense.off || t.dense.inOrder()) {
		return true
	}
	*g = growth{taken: g.taken, groups: t.n, next: 2 * t.n, reduction: reduction}
	return false
}

// sealed is a table that takes no more rows. Its partitions are ranges of hashes or,
// where all tables have arrays of values, ranges of those.
type sealed struct {
	*aggregateTable
	valued    bool  // every group is known by its value, which stands in [low, high], or is that of NULL
	low, high int64 // high < low: no value
	ascending bool  // groups are in the order of their values, and none is NULL

	sorting sync.Once
	failed  error
	order   []uint32 // the groups, by hash; after sorting
	bounds  [finest + 1]uint32
}

// seal ends a table.
func seal(t *aggregateTable) *sealed {
	s := &sealed{aggregateTable: t, high: -1}
	if t.groups == nil {
		return s
	}
	t.groups.leaveIndex()
	s.findRange()
	return s
}

// findRange finds out whether groups are known by value, and by which.
func (s *sealed) findRange() {
	g := s.groups
	s.valued, s.ascending, s.low, s.high = false, false, 0, -1
	if g.dense.off || g.dense.known != g.n {
		return
	}
	s.valued = true
	if len(g.dense.gids) > 0 {
		s.low, s.high = g.dense.low, g.dense.low+int64(len(g.dense.gids))-1
	}
	if s.ascending = g.ascending(); s.ascending && g.n > 0 {
		s.low, s.high = g.intKey(0), g.intKey(g.n-1)
		g.dense.leave(g)
	}
}

// ascending reports whether the single integer key of the groups rises with their
// numbers and is never NULL.
func (g *groups) ascending() bool {
	if g.dense.null != 0 {
		return false
	}
	last := int64(math.MinInt64)
	for from := 0; from < g.n; from += vector.MaxRows {
		c := g.keyColumn(from, min(g.n, from+vector.MaxRows))
		for i := range c.Len {
			v := intAt(&c, i)
			if v < last {
				return false
			}
			last = v
		}
	}
	return true
}

// keyColumn is the first key, of a type that has no look, of groups [from, to).
func (g *groups) keyColumn(from, to int) vector.Column {
	width := g.layout.Words()
	return g.layout.Column(0, g.words[from*width:to*width], to-from, nil)
}

func (g *groups) intKey(id int) int64 {
	c := g.keyColumn(id, id+1)
	return intAt(&c, 0)
}

func intAt(c *vector.Column, i int) int64 {
	switch c.Kind {
	case vector.Int16:
		return int64(c.Int16s()[i])
	case vector.Int32:
		return int64(c.Int32s()[i])
	}
	return c.Int64s()[i]
}

// byHash is the groups of one of parts partitions; parts divides finest.
func (s *sealed) byHash(part, parts int) ([]uint32, error) {
	if s.groups == nil {
		return nil, nil
	}
	s.sorting.Do(s.sort)
	width := finest / parts
	return s.order[s.bounds[part*width]:s.bounds[(part+1)*width]], s.failed
}

// sort sorts the groups by partition of their hashes.
func (s *sealed) sort() {
	g := s.groups
	if s.failed = g.hashAll(); s.failed != nil {
		return
	}
	if s.failed = g.b.reserve(int64(g.n) * 4); s.failed != nil {
		return
	}
	s.order = make([]uint32, g.n)
	for _, h := range g.hashes {
		s.bounds[partOf(h, finest)+1]++
	}
	for p := range finest {
		s.bounds[p+1] += s.bounds[p]
	}
	at := s.bounds
	for id, h := range g.hashes {
		p := partOf(h, finest)
		s.order[at[p]] = uint32(id)
		at[p]++
	}
}

// byValue is the groups whose values stand in [low, high], and that of NULL if asked
// for. Groups with numbers in a row come as [from, to), others as a list.
func (s *sealed) byValue(low, high int64, null bool, list []uint32) (from, to int, _ []uint32) {
	low, high = max(low, s.low), min(high, s.high)
	if s.ascending {
		if high < low {
			return 0, 0, nil
		}
		from = sort.Search(s.groups.n, func(id int) bool { return s.groups.intKey(id) >= low })
		to = from + sort.Search(s.groups.n-from, func(id int) bool { return s.groups.intKey(from+id) > high })
		return from, to, nil
	}
	list = list[:0]
	d := &s.groups.dense
	if null && d.null != 0 {
		list = s.groups.withLater(list, d.null-1)
	}
	if high < low {
		return 0, 0, list
	}
	for _, id := range d.gids[low-d.low : high-d.low+1] {
		if id != 0 {
			list = s.groups.withLater(list, id-1)
		}
	}
	return 0, 0, list
}
