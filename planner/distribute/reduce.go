package distribute

import (
	"slices"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// A runtime filter works within a fragment. Where the join that publishes it is in
// another fragment than a scan that could use it, the scan is joined with the build side
// there: a semi-join reducer (Bernstein and Chiu 1981). The build side is run once, as a
// shared plan, and sent to every task of the scan; the semi join publishes a runtime
// filter in its turn.

// A reducer has to be small, and to have many rows to work on: it makes the scan wait.
const (
	maxReducerRows = 1 << 17
	minReduction   = 8 // rows of the scan for each of the reducer
)

// reducer rewrites a plan with Exchanges.
type reducer struct {
	region     int                    // counts fragments
	publishers map[int]publisher      // of filters
	scans      map[*physical.Scan]int // region
	order      []*physical.Scan       // of scans, as they stand in the plan
	lastFilter int
	lastShared int

	wanted map[*physical.Scan][]reduction
	split  map[*physical.Exchange]*physical.Shared // what an exchange reads, once it is shared
	shared map[int]*physical.Shared
}

// publisher is the join that publishes a filter.
type publisher struct {
	join   *physical.HashJoin
	key    int
	region int
}

// reduction joins a scan with what an exchange reads.
type reduction struct {
	use  physical.RuntimeFilterUse
	from *physical.Exchange
	key  expr.Expr // over the exchange's columns
}

// reduce puts reducers into a plan.
func reduce(root physical.Node) physical.Node {
	r := &reducer{publishers: map[int]publisher{}, scans: map[*physical.Scan]int{}, wanted: map[*physical.Scan][]reduction{},
		split: map[*physical.Exchange]*physical.Shared{}, shared: map[int]*physical.Shared{}}
	r.survey(root, 0, map[int]bool{})
	for _, s := range r.order {
		for _, u := range s.RuntimeFilters {
			r.consider(s, u)
		}
	}
	if len(r.wanted) == 0 {
		return root
	}
	return r.rewrite(root)
}

// survey finds publishers, scans and the fragments that they are in.
func (r *reducer) survey(n physical.Node, region int, seen map[int]bool) {
	switch n := n.(type) {
	case *physical.Scan:
		if _, again := r.scans[n]; !again {
			r.scans[n] = region
			r.order = append(r.order, n)
		}
	case *physical.HashJoin:
		for _, f := range n.RuntimeFilters {
			r.publishers[f.ID] = publisher{n, f.Key, region}
			r.lastFilter = max(r.lastFilter, f.ID)
		}
	case *physical.TopN:
		r.lastFilter = max(r.lastFilter, n.RuntimeFilter)
	case *physical.Exchange:
		r.region++
		region = r.region
	case *physical.Shared:
		r.lastShared = max(r.lastShared, n.ID)
		if seen[n.ID] {
			return
		}
		seen[n.ID] = true
	}
	for _, in := range n.Inputs() {
		r.survey(in, region, seen)
	}
}

// consider wants a reduction for a filter that comes from another fragment, if it pays
// and the build side does not wait for the scan itself.
func (r *reducer) consider(s *physical.Scan, u physical.RuntimeFilterUse) {
	p, ok := r.publishers[u.ID]
	if !ok || p.region == r.scans[s] || p.join.NullEqual {
		return
	}
	x, key := source(p.join.Build, p.join.BuildKeys[p.key])
	if x == nil || x.Rows() > maxReducerRows || x.Rows()*minReduction > s.Rows() {
		return
	}
	below := false
	physical.Walk(x.Input, func(n physical.Node) bool {
		below = below || n == physical.Node(s)
		return !below
	})
	if below {
		return
	}
	r.wanted[s] = append(r.wanted[s], reduction{u, x, key})
	if _, ok := r.split[x]; !ok {
		r.split[x] = nil // made when it is come by
	}
}

// source is the exchange that the values of a key come by, and the key over its columns;
// nil when there is none. Joins and filters on the way only take rows away, and NULLs that
// they add have no partner: what the exchange has is as good a reducer, if a larger one.
func source(n physical.Node, key expr.Expr) (*physical.Exchange, expr.Expr) {
	for {
		if x, ok := n.(*physical.Exchange); ok {
			return x, key
		}
		c, ok := key.(*expr.Column)
		if !ok {
			return nil, nil
		}
		switch j := n.(type) {
		case *physical.Filter:
			n = j.Input
			continue
		case *physical.HashJoin:
			moved := *c
			moved.ID = expr.ColumnID(j.Emit[c.ID])
			if width := len(j.Probe.Schema()); int(moved.ID) < width {
				n = j.Probe
			} else {
				n, moved.ID = j.Build, moved.ID-expr.ColumnID(width)
			}
			key = &moved
			continue
		}
		return nil, nil
	}
}

func (r *reducer) rewrite(n physical.Node) physical.Node {
	switch n := n.(type) {
	case *physical.Scan:
		return r.reduced(n)
	case *physical.Exchange:
		c := *n
		c.Input = r.below(n)
		return &c
	case *physical.Shared:
		s := r.shared[n.ID]
		if s == nil {
			s = physical.NewShared(n.ID, r.rewrite(n.Input))
			r.shared[n.ID] = s
		}
		return s
	}
	in := slices.Clone(n.Inputs())
	for i := range in {
		in[i] = r.rewrite(in[i])
	}
	return physical.WithInputs(n, in)
}

// below is what an exchange reads, shared where a reduction reads it too.
func (r *reducer) below(x *physical.Exchange) physical.Node {
	s, wanted := r.split[x]
	switch {
	case !wanted:
		return r.rewrite(x.Input)
	case s != nil:
		return s
	}
	in := r.rewrite(x.Input)
	if is, ok := in.(*physical.Shared); ok {
		s = is
	} else {
		r.lastShared++
		s = physical.NewShared(r.lastShared, in)
	}
	r.split[x] = s
	return s
}

// reduced is a scan with its reducers, the first one innermost.
func (r *reducer) reduced(s *physical.Scan) physical.Node {
	wanted := r.wanted[s]
	if len(wanted) == 0 {
		return s
	}
	c := *s
	c.RuntimeFilters, c.Emit = slices.Clone(s.RuntimeFilters), slices.Clone(s.Emit)
	for _, w := range wanted {
		if !slices.Contains(c.Emit, w.use.Column) {
			c.Emit = append(c.Emit, w.use.Column)
		}
	}
	var out physical.Node = &c
	for i, w := range wanted {
		r.lastFilter++
		at := slices.IndexFunc(c.RuntimeFilters, func(u physical.RuntimeFilterUse) bool { return u == w.use })
		c.RuntimeFilters[at].ID = r.lastFilter
		field := c.Fields[w.use.Column]
		j := &physical.HashJoin{Est: s.Est, Kind: physical.ProbeSemi, Probe: out, Replicated: true,
			Build:     &physical.Exchange{Input: r.below(w.from), Kind: physical.Broadcast},
			ProbeKeys: []expr.Expr{&expr.Column{ID: expr.ColumnID(slices.Index(c.Emit, w.use.Column)), Typ: field.Type, Nullable: field.Nullable, Name: field.Name}},
			BuildKeys: []expr.Expr{w.key}, RuntimeFilters: []physical.RuntimeFilter{{ID: r.lastFilter}}}
		width := len(c.Emit)
		if i == len(wanted)-1 {
			width = len(s.Emit) // the columns that only reducers need end here
		}
		for k := range width {
			j.Emit = append(j.Emit, k)
		}
		out = j
	}
	return out
}
