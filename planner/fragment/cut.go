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
	Keys     []expr.Expr // HashSplit: over the producer's output
}

// Driver is what divides a fragment into tasks.
type Driver uint8

// The drivers.
const (
	One        Driver = iota // a single task
	Morsels                  // of the fragment's Scan
	Partitions               // of its partitioned edges
)

func (d Driver) String() string { return [...]string{"one task", "morsels", "partitions"}[d] }

// Fragment is a part of a plan that runs without exchanging rows.
type Fragment struct {
	ID      int
	Root    physical.Node
	Driver  Driver
	Scan    *physical.Scan // with Morsels
	Inputs  []int          // edges read
	Outputs []int          // edges fed; none: the root
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

// drive finds what divides the fragment into tasks.
func (f *Fragment) drive() {
	physical.Walk(f.Root, func(n physical.Node) bool {
		switch n := n.(type) {
		case *physical.Scan:
			f.Driver, f.Scan = Morsels, n
		case *physical.Receive:
			if n.Kind == physical.HashSplit || n.Kind == physical.RoundRobin {
				f.Driver = Partitions
			}
		}
		return true
	})
}

// filters are the runtime filters that replicated joins of the fragment publish:
// they are complete when the first task has built the join.
func (f *Fragment) filters() map[int]bool {
	known := map[int]bool{}
	physical.Walk(f.Root, func(n physical.Node) bool {
		if j, ok := n.(*physical.HashJoin); ok && j.Replicated {
			for _, r := range j.RuntimeFilters {
				known[r.ID] = true
			}
		}
		return true
	})
	return known
}

// keepFilters drops uses of runtime filters that no replicated join of the
// fragment publishes, and the filters that no scan of the fragment uses.
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
			if known[u.ID] {
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
		j, ok := n.(*physical.HashJoin)
		if !ok || len(j.RuntimeFilters) == 0 {
			return n
		}
		c := *j
		c.RuntimeFilters = slices.DeleteFunc(slices.Clone(j.RuntimeFilters), func(r physical.RuntimeFilter) bool { return !used[r.ID] })
		return &c
	})
}
