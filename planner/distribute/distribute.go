package distribute

import (
	"math"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// Options say for what a plan is distributed.
type Options struct {
	Workers int
	Footers physical.Footers // nil: nothing is known of any order in files
	// FewRows is up to how many rows one task is quicker than several: they are not worth
	// a stage that the query waits for.
	FewRows float64
}

// FewRows is what Options.FewRows usually is: the rows that a task works off in the time
// of a stage, which is a millisecond or two of messages.
const FewRows = 1 << 14

// Distribute is n for several workers. Its output arrives in one task.
func Distribute(n physical.Node, o Options) physical.Node {
	d := &distributor{Options: o, shared: map[int]*physical.Shared{}}
	out, at := d.node(n)
	return reduce(d.gather(out, at))
}

type distributor struct {
	Options
	shared map[int]*physical.Shared
}

// few reports whether all of these together are so few rows that they had better be in one
// task.
func (d *distributor) few(nodes ...physical.Node) bool {
	rows := 0.0
	for _, n := range nodes {
		rows += n.Rows()
	}
	return d.FewRows > 0 && rows <= d.FewRows
}

// spread is how a node's rows are divided among tasks.
type spread struct {
	kind spreadKind
	keys []expr.Expr // byKeys: over the node's output
}

type spreadKind uint8

const (
	single  spreadKind = iota // all rows in one task
	divided                   // every row in some task
	byKeys                    // rows with equal keys in the same task
	readers                   // a Shared node: every reader needs an Exchange
)

// gather brings all rows into one task.
func (d *distributor) gather(n physical.Node, at spread) physical.Node {
	if at.kind == single {
		return n
	}
	return exchange(n, physical.Gather, nil)
}

// exchange moves rows in one step: those that would be dealt out first go where
// they shall go at once.
func exchange(n physical.Node, kind physical.Distribution, keys []expr.Expr) physical.Node {
	if x, ok := n.(*physical.Exchange); ok && x.Kind == physical.RoundRobin {
		n = x.Input
	}
	return &physical.Exchange{Input: n, Kind: kind, Keys: keys}
}

// split divides rows by keys.
func (d *distributor) split(n physical.Node, at spread, keys []expr.Expr) physical.Node {
	if at.kind == byKeys && sameKeys(at.keys, keys) {
		return n
	}
	return exchange(n, physical.HashSplit, keys)
}

// drive makes rows that may drive a fragment: scans do, a shared plan is dealt out.
func (d *distributor) drive(n physical.Node, at spread) (physical.Node, spread) {
	switch {
	case at.kind != readers:
		return n, at
	case d.few(n):
		return d.gather(n, at), spread{}
	}
	return deal(n), spread{kind: divided}
}

// deal hands rows out to tasks as they come.
func deal(n physical.Node) physical.Node { return exchange(n, physical.RoundRobin, nil) }

func sameKeys(a, b []expr.Expr) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !expr.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func (d *distributor) node(n physical.Node) (physical.Node, spread) {
	switch n := n.(type) {
	case *physical.Scan:
		return n, spread{kind: divided}
	case *physical.Values:
		return n, spread{}
	case *physical.Filter:
		in, at := d.drive(d.node(n.Input))
		return physical.WithInputs(n, []physical.Node{in}), at
	case *physical.Project:
		in, at := d.drive(d.node(n.Input))
		return physical.WithInputs(n, []physical.Node{in}), projected(n, at)
	case *physical.Limit:
		return d.limit(n)
	case *physical.Sort:
		return d.sort(n)
	case *physical.TopN:
		return d.topN(n)
	case *physical.GroupTopN:
		return d.groupTopN(n)
	case *physical.Window:
		return d.window(n)
	case *physical.Union:
		return d.union(n)
	case *physical.SetOp:
		return d.setOp(n)
	case *physical.HashJoin:
		return d.hashJoin(n)
	case *physical.NestedLoopJoin:
		return d.nestedLoop(n)
	case *physical.Aggregate:
		return d.aggregate(n)
	case *physical.Shared:
		s, ok := d.shared[n.ID]
		if !ok {
			in, _ := d.drive(d.node(n.Input))
			s = physical.NewShared(n.ID, in)
			d.shared[n.ID] = s
		}
		return s, spread{kind: readers}
	}
	return n, spread{}
}

// projected is the division after a projection: keys it drops divide no longer.
func projected(p *physical.Project, at spread) spread {
	if at.kind != byKeys {
		return at
	}
	out := spread{kind: byKeys}
	for _, k := range at.keys {
		found := false
		for i, e := range p.Exprs {
			if expr.Equal(e, k) {
				out.keys = append(out.keys, &expr.Column{ID: expr.ColumnID(i), Typ: e.Type(), Nullable: true, Name: p.Names[i]})
				found = true
				break
			}
		}
		if !found {
			return spread{kind: divided}
		}
	}
	return out
}

func (d *distributor) limit(n *physical.Limit) (physical.Node, spread) {
	in, at := d.drive(d.node(n.Input))
	if at.kind != single && n.Count >= 0 { // no task needs to send more
		local := *n
		local.Input, local.Offset, local.Count = in, 0, head(n.Offset, n.Count)
		in = &local
	}
	return physical.WithInputs(n, []physical.Node{d.gather(in, at)}), spread{}
}

// head is offset + count, or as many as there can be.
func head(offset, count int64) int64 {
	if count > math.MaxInt64-offset {
		return math.MaxInt64
	}
	return offset + count
}

func (d *distributor) topN(n *physical.TopN) (physical.Node, spread) {
	in, at := d.drive(d.node(n.Input))
	if at.kind != single {
		local := *n
		local.Input, local.Offset, local.Count = in, 0, head(n.Offset, n.Count)
		in = &local
	}
	return physical.WithInputs(n, []physical.Node{d.gather(in, at)}), spread{}
}

// groupTopN sends on what a group can need of each task, to where the group is.
func (d *distributor) groupTopN(n *physical.GroupTopN) (physical.Node, spread) {
	in, at := d.drive(d.node(n.Input))
	if at.kind == single || at.kind == byKeys && subset(at.keys, n.By) || at.kind == divided && d.untorn(in, n.By) {
		return physical.WithInputs(n, []physical.Node{in}), at
	}
	if n.Count >= 0 {
		local := *n
		local.Input, local.Offset, local.Count = in, 0, head(n.Offset, n.Count)
		in = &local
	}
	if len(n.By) == 0 || d.few(in) {
		return physical.WithInputs(n, []physical.Node{d.gather(in, at)}), spread{}
	}
	return physical.WithInputs(n, []physical.Node{d.split(in, spread{kind: divided}, n.By)}), spread{kind: byKeys, keys: n.By}
}

// union deals the rows of every input out, for a fragment has one driver; inputs of
// one task each stay together.
func (d *distributor) union(n *physical.Union) (physical.Node, spread) {
	in, dealt := make([]physical.Node, len(n.All)), make([]physical.Node, len(n.All))
	at := make([]spread, len(n.All))
	together := true
	for i, a := range n.All {
		in[i], at[i] = d.node(a)
		dealt[i] = deal(in[i])
		together = together && at[i].kind == single
	}
	if together || d.few(in...) {
		for i, child := range in {
			in[i] = d.gather(child, at[i])
		}
		return physical.WithInputs(n, in), spread{}
	}
	return physical.WithInputs(n, dealt), spread{kind: divided}
}

func (d *distributor) setOp(n *physical.SetOp) (physical.Node, spread) {
	l, lat := d.node(n.Left)
	r, rat := d.node(n.Right)
	keys := columns(n.Fields)
	if len(keys) == 0 || d.few(l, r) {
		return physical.WithInputs(n, []physical.Node{d.gather(l, lat), d.gather(r, rat)}), spread{}
	}
	in := []physical.Node{d.split(l, lat, keys), d.split(r, rat, keys)}
	return physical.WithInputs(n, in), spread{kind: byKeys, keys: keys}
}

func columns(fields []expr.Field) []expr.Expr {
	out := make([]expr.Expr, len(fields))
	for i, f := range fields {
		out[i] = &expr.Column{ID: expr.ColumnID(i), Typ: f.Type, Nullable: f.Nullable, Name: f.Name}
	}
	return out
}

func (d *distributor) aggregate(n *physical.Aggregate) (physical.Node, spread) {
	in, at := d.drive(d.node(n.Input))
	groups := columns(n.Schema()[:len(n.Groups)])
	if at.kind == single {
		return physical.WithInputs(n, []physical.Node{in}), spread{}
	}
	if at.kind == byKeys && len(n.Groups) > 0 && subset(at.keys, n.Groups) {
		return physical.WithInputs(n, []physical.Node{in}), renamed(at, n.Groups, groups)
	}
	if at.kind == divided && d.untorn(in, n.Groups) {
		return physical.WithInputs(n, []physical.Node{in}), at
	}
	splittable := true
	for _, a := range n.Aggs {
		splittable = splittable && physical.Splittable(a)
	}
	if !splittable {
		if len(n.Groups) == 0 || d.few(in) {
			return physical.WithInputs(n, []physical.Node{d.gather(in, at)}), spread{}
		}
		return physical.WithInputs(n, []physical.Node{d.split(in, at, n.Groups)}), spread{kind: byKeys, keys: groups}
	}
	partial := *n
	partial.Input, partial.Phase = in, physical.Partial
	final := *n
	final.Phase = physical.Final
	final.Groups = groups
	if len(groups) == 0 || d.few(&final) {
		final.Input = exchange(&partial, physical.Gather, nil)
		return &final, spread{}
	}
	final.Input = exchange(&partial, physical.HashSplit, columns(partial.Schema()[:len(groups)]))
	return &final, spread{kind: byKeys, keys: groups}
}

// subset reports whether all keys are among the groups: then every group is whole
// in one task.
func subset(keys, groups []expr.Expr) bool {
	for _, k := range keys {
		found := false
		for _, g := range groups {
			found = found || expr.Equal(k, g)
		}
		if !found {
			return false
		}
	}
	return true
}

func renamed(at spread, groups, out []expr.Expr) spread {
	r := spread{kind: byKeys}
	for _, k := range at.keys {
		for i, g := range groups {
			if expr.Equal(k, g) {
				r.keys = append(r.keys, out[i])
				break
			}
		}
	}
	return r
}
