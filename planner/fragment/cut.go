package fragment

import (
	"slices"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// Edge carries rows from one fragment to another.
type Edge struct {
	ID       int
	From, To int // fragments
	Kind     physical.Distribution
	Keys     []expr.Expr // HashSplit, RangeSplit: over the producer's output
}

// Driver is what divides a fragment into tasks.
type Driver uint8

// The drivers.
const (
	One        Driver = iota // a single task
	Morsels                  // of the fragment's Scan; Followers are read as they go with it
	Partitions               // of its partitioned edges
)

func (d Driver) String() string { return [...]string{"one task", "morsels", "partitions"}[d] }

// Fragment is a part of a plan that runs without exchanging rows.
type Fragment struct {
	ID        int
	Root      physical.Node
	Driver    Driver
	Scan      *physical.Scan // with Morsels
	Followers []Follower     // every other scan, in the order of physical.Scans
	Inputs    []int          // edges read
	Outputs   []int          // edges fed; none: the root
}

// Follower is the scan of a co-located join's side that does not lead, the build side
// unless that leads: a task needs those of its row groups in which Field can be equal to
// LeaderField in the leader's row groups.
type Follower struct {
	Scan        *physical.Scan
	Field       int
	Leader      int // 0: the fragment's Scan; i: follower i-1, which stands before this one
	LeaderField int
	Own         bool // every task reads its own; else what any task of a worker needs is read by all
}

// Plan is a query's fragments and edges.
type Plan struct {
	Fragments []*Fragment
	Edges     []*Edge
}

// Cut cuts a plan at its Exchanges.
func Cut(root physical.Node) *Plan {
	c := &cutter{plan: &Plan{}, shared: map[int]*Fragment{}}
	c.fragment(root)
	return c.plan
}

type cutter struct {
	plan   *Plan
	shared map[int]*Fragment
}

// fragment cuts the inputs of n and adds what is left as a fragment.
func (c *cutter) fragment(n physical.Node) *Fragment {
	f := &Fragment{}
	f.Root = c.cut(n, f)
	f.ID = len(c.plan.Fragments)
	c.plan.Fragments = append(c.plan.Fragments, f)
	for _, id := range f.Inputs {
		c.plan.Edges[id].To = f.ID
	}
	f.drive()
	f.keepFilters()
	f.follow()
	return f
}

func (c *cutter) cut(n physical.Node, f *Fragment) physical.Node {
	x, ok := n.(*physical.Exchange)
	if !ok {
		in := n.Inputs()
		if len(in) == 0 {
			return n
		}
		out := make([]physical.Node, len(in))
		for i, child := range in {
			out[i] = c.cut(child, f)
		}
		return physical.WithInputs(n, out)
	}
	var producer *Fragment
	if s, ok := x.Input.(*physical.Shared); ok {
		if producer = c.shared[s.ID]; producer == nil {
			producer = c.fragment(s.Input)
			c.shared[s.ID] = producer
		}
	} else {
		producer = c.fragment(x.Input)
	}
	e := &Edge{ID: len(c.plan.Edges), From: producer.ID, Kind: x.Kind, Keys: x.Keys}
	c.plan.Edges = append(c.plan.Edges, e)
	producer.Outputs = append(producer.Outputs, e.ID)
	f.Inputs = append(f.Inputs, e.ID)
	return &physical.Receive{Est: physical.Est{RowCount: x.Rows()}, Edge: e.ID, Kind: x.Kind, Fields: x.Schema(), Sorted: x.Sorted}
}

// drive finds what divides the fragment into tasks: of scans the first one, which leads.
func (f *Fragment) drive() {
	physical.Walk(f.Root, func(n physical.Node) bool {
		if r, ok := n.(*physical.Receive); ok && r.Kind.Parted() {
			f.Driver = Partitions
		}
		return true
	})
	physical.Scans(f.Root, func(s *physical.Scan, _ physical.Part) {
		if f.Driver = Morsels; f.Scan == nil {
			f.Scan = s
		}
	})
}

// follow finds which scans go with which by the co-located joins.
func (f *Fragment) follow() {
	var scans []*physical.Scan
	own := map[*physical.Scan]bool{}
	physical.Scans(f.Root, func(s *physical.Scan, part physical.Part) {
		scans = append(scans, s)
		own[s] = part == physical.Own
	})
	var joins []*physical.HashJoin
	physical.Walk(f.Root, func(n physical.Node) bool {
		if j, ok := n.(*physical.HashJoin); ok && j.CoLocated > 0 {
			joins = append(joins, j)
		}
		return true
	})
	for i := 1; i < len(scans); i++ {
		for _, j := range joins {
			leader, l, follower, field, ok := j.Sides()
			if j.BuildLeads() {
				leader, l, follower, field = follower, field, leader, l
			}
			if ok && follower == scans[i] {
				f.Followers = append(f.Followers, Follower{follower, field, slices.Index(scans, leader), l, own[follower]})
			}
		}
	}
}

// filters are the runtime filters that scans of the fragment may use. Those of replicated
// joins are complete when the first task has built the join; those of a join whose build
// side leads are a task's, and not for what all tasks of a worker have in common.
type filters struct {
	replicated, tasks map[int]bool            // by ID
	common            map[*physical.Scan]bool // scans that are the same for all tasks of a worker
}

func (f *Fragment) filters() filters {
	known := filters{map[int]bool{}, map[int]bool{}, map[*physical.Scan]bool{}}
	physical.Walk(f.Root, func(n physical.Node) bool {
		if t, ok := n.(*physical.TopN); ok && t.RuntimeFilter != 0 {
			known.replicated[t.RuntimeFilter] = true // what a task has bounds all others, too
		}
		j, ok := n.(*physical.HashJoin)
		if !ok {
			return true
		}
		for _, r := range j.RuntimeFilters {
			known.replicated[r.ID] = j.Replicated
			known.tasks[r.ID] = j.BuildLeads()
		}
		return true
	})
	physical.Scans(f.Root, func(s *physical.Scan, part physical.Part) { known.common[s] = part == physical.Following })
	return known
}

func (f filters) serve(s *physical.Scan, id int) bool {
	return f.replicated[id] || f.tasks[id] && !f.common[s]
}

// keepFilters drops uses of runtime filters that are not for a scan, and the filters that
// no scan of the fragment uses.
func (f *Fragment) keepFilters() {
	known, used := f.filters(), map[int]bool{}
	f.Root = physical.Rewrite(f.Root, func(n physical.Node) physical.Node {
		s, ok := n.(*physical.Scan)
		if !ok {
			return n
		}
		c := *s
		c.RuntimeFilters = nil
		for _, u := range s.RuntimeFilters {
			if known.serve(s, u.ID) {
				used[u.ID] = true
				c.RuntimeFilters = append(c.RuntimeFilters, u)
			}
		}
		if f.Scan == s {
			f.Scan = &c
		}
		return &c
	})
	f.Root = physical.Rewrite(f.Root, func(n physical.Node) physical.Node {
		if t, ok := n.(*physical.TopN); ok && !used[t.RuntimeFilter] && t.RuntimeFilter != 0 {
			c := *t
			c.RuntimeFilter = 0
			return &c
		}
		j, ok := n.(*physical.HashJoin)
		if !ok || len(j.RuntimeFilters) == 0 {
			return n
		}
		c := *j
		c.RuntimeFilters = slices.DeleteFunc(slices.Clone(j.RuntimeFilters), func(r physical.RuntimeFilter) bool { return !used[r.ID] })
		return &c
	})
}
