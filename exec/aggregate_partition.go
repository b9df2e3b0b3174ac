package exec

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
	// finest is the number of partitions by which sealed tables are sorted: any
	// coarser power of two is a union of neighbours.
	finest = 256
)

// growth decides when a table is sealed.
type growth struct {
	rows      int     // taken in since the last check
	groups    int     // at the last check
	next      int     // groups at which the next check is due
	reduction float64 // rows per group before the last check; 0: none yet
}

func newGrowth() growth { return growth{next: firstCheck} }

// full takes note of rows and reports whether a table of so many groups is to be
// sealed.
func (g *growth) full(rows, groups int) bool {
	g.rows += rows
	if groups < g.next {
		return false
	}
	reduction := float64(g.rows) / float64(groups-g.groups)
	if g.reduction > 0 && reduction < worthGrowing*g.reduction {
		return true
	}
	*g = growth{groups: groups, next: 2 * groups, reduction: reduction}
	return false
}

// sealed is a table that takes no more rows, its groups sorted by partition.
type sealed struct {
	*aggregateTable
	order  []uint32 // the groups, by partition
	bounds [finest + 1]uint32
}

// seal sorts the groups of a table that has got its last row.
func seal(t *aggregateTable) (*sealed, error) {
	s := &sealed{aggregateTable: t}
	if t.groups == nil {
		return s, nil
	}
	t.groups.leaveIndex()
	if err := t.b.reserve(int64(t.groups.n) * 4); err != nil {
		return nil, err
	}
	s.order = make([]uint32, t.groups.n)
	for _, h := range t.groups.hashes {
		s.bounds[partOf(h, finest)+1]++
	}
	for p := range finest {
		s.bounds[p+1] += s.bounds[p]
	}
	at := s.bounds
	for id, h := range t.groups.hashes {
		p := partOf(h, finest)
		s.order[at[p]] = uint32(id)
		at[p]++
	}
	return s, nil
}

// partition is the groups of one of parts partitions; parts divides finest.
func (s *sealed) partition(part, parts int) []uint32 {
	width := finest / parts
	return s.order[s.bounds[part*width]:s.bounds[(part+1)*width]]
}
