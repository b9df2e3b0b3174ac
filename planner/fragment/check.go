package fragment

import (
	"errors"
	"fmt"
	"slices"

	"github.com/skein-query/skein/planner/physical"
)

// Check reports what in a plan breaks the package's invariants: run all the same,
// such a plan would lose rows or give them twice.
func Check(p *Plan) error {
	for i, f := range p.Fragments {
		c := &checker{plan: p, f: f, known: f.filters()}
		if err := c.fragment(i); err != nil {
			return fmt.Errorf("fragment %d: %w", i, err)
		}
	}
	return nil
}

type checker struct {
	plan     *Plan
	f        *Fragment
	known    filters
	received []int
	scans    int // leaves that divide the fragment
	parts    int
	follow   int // scans that go with another
}

// role is how the tasks of a fragment see the rows of a node.
type role uint8

const (
	divided   role = iota // each row in one task
	same                  // every task sees all
	following             // every task sees those that can meet its own
)

func (c *checker) fragment(i int) error {
	f := c.f
	if f.ID != i {
		return fmt.Errorf("has ID %d", f.ID)
	}
	if root := i == len(c.plan.Fragments)-1; root != (len(f.Outputs) == 0) {
		return fmt.Errorf("feeds %d edges", len(f.Outputs))
	}
	for _, id := range f.Outputs {
		if e := c.plan.Edges[id]; e.ID != id || e.From != i || e.To <= i {
			return fmt.Errorf("edge %d goes from %d to %d", id, e.From, e.To)
		}
	}
	if err := c.node(f.Root, divided); err != nil {
		return err
	}
	slices.Sort(c.received)
	if want := slices.Sorted(slices.Values(f.Inputs)); !slices.Equal(c.received, want) {
		return fmt.Errorf("reads edges %v, not %v", c.received, want)
	}
	return c.driver()
}

// driver checks that just one thing divides the fragment.
func (c *checker) driver() error {
	ok := false
	switch c.f.Driver {
	case One:
		ok = c.scans == 0 && c.parts == 0
	case Morsels:
		ok = c.scans == 1 && c.parts == 0
	case Partitions:
		ok = c.scans == 0 && c.parts > 0
	}
	if !ok {
		return fmt.Errorf("driver %s with %d scans and %d partitioned edges", c.f.Driver, c.scans, c.parts)
	}
	if c.follow > 0 && c.f.Driver != Morsels {
		return fmt.Errorf("driver %s with %d scans that follow one", c.f.Driver, c.follow)
	}
	return c.followers()
}

// followers checks that every scan that follows follows one before it.
func (c *checker) followers() error {
	if len(c.f.Followers) != c.follow {
		return fmt.Errorf("%d of %d scans have a scan to follow", len(c.f.Followers), c.follow)
	}
	for i, f := range c.f.Followers {
		if f.Leader < 0 || f.Leader > i {
			return fmt.Errorf("%s follows scan %d of %d", physical.Line(f.Scan), f.Leader, i)
		}
	}
	return nil
}

// node checks n and what is below it. Below the build side of a replicated join
// every task must see the same rows, or those that follow its own when the join is
// co-located; everywhere else no two may see one.
func (c *checker) node(n physical.Node, as role) error {
	switch n := n.(type) {
	case *physical.Exchange, *physical.Shared:
		return fmt.Errorf("%s was not cut", physical.Line(n))
	case *physical.Scan:
		if as == following {
			c.follow++
		} else {
			c.scans++
		}
		for _, u := range n.RuntimeFilters {
			if !c.known.serve(n, u.ID) {
				return fmt.Errorf("%s: no join of the fragment publishes filter #%d for it", physical.Line(n), u.ID)
			}
		}
		return c.leaf(n, as, true)
	case *physical.Receive:
		if err := c.receive(n); err != nil {
			return err
		}
		return c.leaf(n, as, n.Kind.Parted())
	case *physical.Values:
		return c.leaf(n, as, false)
	case *physical.HashJoin:
		return c.hashJoin(n, as)
	case *physical.NestedLoopJoin:
		if c.f.Driver != One && n.Kind == physical.FullOuter {
			return fmt.Errorf("%s: every task would give out build rows", physical.Line(n))
		}
		if err := c.node(n.Probe, as); err != nil {
			return err
		}
		return c.node(n.Build, same)
	}
	for _, in := range n.Inputs() {
		if err := c.node(in, as); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) hashJoin(n *physical.HashJoin, as role) error {
	if n.Replicated && (n.Kind == physical.BuildOuter || n.Kind == physical.FullOuter || n.Kind == physical.BuildSemi || n.Kind == physical.BuildAnti) {
		return fmt.Errorf("%s: every task would give out build rows", physical.Line(n))
	}
	if wrong := n.MayCoLocate(); wrong != "" {
		return fmt.Errorf("%s: %s", physical.Line(n), wrong)
	}
	if n.BuildLeads() {
		if as != divided {
			return fmt.Errorf("%s: tasks would see the same build rows", physical.Line(n))
		}
		return errors.Join(c.node(n.Build, as), c.node(n.Probe, following))
	}
	if err := c.node(n.Probe, as); err != nil {
		return err
	}
	switch {
	case n.CoLocated == 0 && n.Replicated:
		as = same
	case n.CoLocated == 0:
	case as == same:
		return fmt.Errorf("%s: every task would see the same rows, which follow none", physical.Line(n))
	default:
		as = following
	}
	return c.node(n.Build, as)
}

// leaf checks that a leaf is divided among the tasks, or follows what is, just where
// it has to.
func (c *checker) leaf(n physical.Node, as role, parted bool) error {
	_, scan := n.(*physical.Scan)
	switch {
	case c.f.Driver == One && as != following:
	case as == same && parted:
		return fmt.Errorf("%s: a replicated join would see a part of its build side", physical.Line(n))
	case as == divided && !parted:
		return fmt.Errorf("%s: every task would give out the same rows", physical.Line(n))
	case as == following && !scan:
		return fmt.Errorf("%s: a co-located join would not see what follows its probe side", physical.Line(n))
	}
	return nil
}

func (c *checker) receive(n *physical.Receive) error {
	c.received = append(c.received, n.Edge)
	if n.Edge < 0 || n.Edge >= len(c.plan.Edges) {
		return fmt.Errorf("edge %d does not exist", n.Edge)
	}
	e := c.plan.Edges[n.Edge]
	if e.To != c.f.ID || e.Kind != n.Kind {
		return fmt.Errorf("%s: edge %d goes to fragment %d by %s", physical.Line(n), e.ID, e.To, e.Kind)
	}
	from := c.plan.Fragments[e.From].Root.Schema()
	if len(from) != len(n.Fields) {
		return fmt.Errorf("%s: fragment %d gives %d columns, not %d", physical.Line(n), e.From, len(from), len(n.Fields))
	}
	for i := range from {
		if !from[i].Type.Equal(n.Fields[i].Type) {
			return fmt.Errorf("%s: column %d arrives as %s, not %s", physical.Line(n), i, from[i].Type, n.Fields[i].Type)
		}
	}
	if n.Kind.Parted() {
		c.parts++
	}
	return nil
}
