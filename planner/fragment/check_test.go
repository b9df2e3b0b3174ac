package fragment

import (
	"strings"
	"testing"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

func oneColumn() []expr.Field { return []expr.Field{{Name: "a", Type: expr.Of(expr.Int8)}} }

func scanOf(table string) *physical.Scan {
	return &physical.Scan{Table: table, Columns: []string{"a"}, Fields: oneColumn(), Emit: []int{0}}
}

func exchangeOf(kind physical.Distribution, in physical.Node) *physical.Exchange {
	return &physical.Exchange{Kind: kind, Input: in}
}

func join(kind physical.JoinKind, replicated bool, probe, build physical.Node) *physical.HashJoin {
	key := []expr.Expr{&expr.Column{Typ: expr.Of(expr.Int8), Name: "a"}}
	return &physical.HashJoin{Kind: kind, Replicated: replicated, Probe: probe, Build: build, ProbeKeys: key, BuildKeys: key, Emit: []int{0}}
}

// located is a join whose build side follows its probe side.
func located(kind physical.JoinKind, probe, build physical.Node) *physical.HashJoin {
	j := join(kind, true, probe, build)
	j.CoLocated = 1
	return j
}

// TestCheckFindsWhatWouldLoseOrDoubleRows cuts plans that no distribution makes.
func TestCheckFindsWhatWouldLoseOrDoubleRows(t *testing.T) {
	values := &physical.Values{Fields: oneColumn()}
	filtered := scanOf("b")
	filtered.RuntimeFilters = []physical.RuntimeFilterUse{{ID: 1}}
	nullAware := located(physical.ProbeAnti, scanOf("a"), scanOf("b"))
	nullAware.NullAware = true
	cases := []struct {
		name string
		root physical.Node
		want string // part of the complaint; empty for a right plan
	}{
		{"a gathered scan", exchangeOf(physical.Gather, scanOf("a")), ""},
		{"a broadcast join", exchangeOf(physical.Gather, join(physical.Inner, true, scanOf("a"), exchangeOf(physical.Broadcast, scanOf("b")))), ""},
		{"a split join", exchangeOf(physical.Gather, join(physical.Inner, false, exchangeOf(physical.HashSplit, scanOf("a")), exchangeOf(physical.HashSplit, scanOf("b")))), ""},
		{"two scans in a fragment", exchangeOf(physical.Gather, &physical.Union{All: []physical.Node{scanOf("a"), scanOf("b")}, Fields: oneColumn()}), "2 scans"},
		{"a scan beside partitions", exchangeOf(physical.Gather, join(physical.Inner, false, exchangeOf(physical.HashSplit, scanOf("a")), scanOf("b"))), "1 scans and 1 partitioned"},
		{"a divided build side", exchangeOf(physical.Gather, join(physical.Inner, true, exchangeOf(physical.HashSplit, scanOf("a")), exchangeOf(physical.HashSplit, scanOf("b")))), "a part of its build side"},
		{"a broadcast probe side", exchangeOf(physical.Gather, join(physical.Inner, false, exchangeOf(physical.Broadcast, scanOf("a")), exchangeOf(physical.HashSplit, scanOf("b")))), "the same rows"},
		{"constants in every task", exchangeOf(physical.Gather, &physical.Union{All: []physical.Node{scanOf("a"), values}, Fields: oneColumn()}), "the same rows"},
		{"build rows of a replicated join", exchangeOf(physical.Gather, join(physical.BuildAnti, true, scanOf("a"), exchangeOf(physical.Broadcast, scanOf("b")))), "build rows"},
		{"a divided nested loop", exchangeOf(physical.Gather, &physical.NestedLoopJoin{Kind: physical.FullOuter, Probe: scanOf("a"),
			Build: exchangeOf(physical.Broadcast, scanOf("b")), Emit: []int{0}}), "build rows"},
		{"a co-located join", exchangeOf(physical.Gather, located(physical.ProbeOuter, scanOf("a"), scanOf("b"))), ""},
		{"a co-located join in the build side of one", exchangeOf(physical.Gather, located(physical.Inner, scanOf("a"), located(physical.Inner, scanOf("b"), scanOf("c")))), ""},
		{"a co-located join over broadcasts", exchangeOf(physical.Gather, located(physical.Inner, join(physical.Inner, true, scanOf("a"), exchangeOf(physical.Broadcast, scanOf("x"))),
			join(physical.Inner, true, scanOf("b"), exchangeOf(physical.Broadcast, scanOf("y"))))), ""},
		{"build rows of a co-located join", exchangeOf(physical.Gather, located(physical.BuildOuter, scanOf("a"), scanOf("b"))), "build rows"},
		{"a co-located NOT IN", exchangeOf(physical.Gather, nullAware), "do not follow"},
		{"a co-located join of partitions", exchangeOf(physical.Gather, located(physical.Inner, exchangeOf(physical.HashSplit, scanOf("a")), scanOf("b"))), "1 partitioned"},
		{"a co-located broadcast", exchangeOf(physical.Gather, located(physical.Inner, scanOf("a"), exchangeOf(physical.Broadcast, scanOf("b")))), "would not see what follows"},
		{"a build side that follows and is another's", exchangeOf(physical.Gather, join(physical.Inner, true, scanOf("a"), located(physical.Inner, scanOf("b"), scanOf("c")))), "a part of its build side"},
		{"a key that is no column of a scan", exchangeOf(physical.Gather, located(physical.Inner, scanOf("a"), &physical.Limit{Input: scanOf("b")})), "0 of 1 scans"},
		{"a shared plan without an exchange", &physical.Shared{ID: 1, Input: values}, "was not cut"},
		{"a filter that nobody here publishes", exchangeOf(physical.Gather, filtered), ""}, // Cut drops it
	}
	for _, c := range cases {
		err := Check(Cut(c.root))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestCheckFindsPlansThatWereChanged breaks a right plan in one place each.
func TestCheckFindsPlansThatWereChanged(t *testing.T) {
	cases := []struct {
		name   string
		change func(p *Plan)
		want   string
	}{
		{"an ID", func(p *Plan) { p.Fragments[0].ID = 1 }, "has ID 1"},
		{"a root that feeds", func(p *Plan) { p.Fragments[1].Outputs = []int{0} }, "feeds 1 edges"},
		{"an edge backwards", func(p *Plan) { p.Edges[0].To = 0 }, "goes from 0 to 0"},
		{"an edge that nobody reads", func(p *Plan) { p.Fragments[1].Inputs = []int{0, 1} }, "reads edges [0], not [0 1]"},
		{"another kind", func(p *Plan) { p.Edges[0].Kind = physical.Broadcast }, "by broadcast"},
		{"another driver", func(p *Plan) { p.Fragments[0].Driver = One }, "driver one task with 1 scans"},
		{"another type", func(p *Plan) {
			p.Fragments[1].Root.(*physical.Receive).Fields = []expr.Field{{Type: expr.Of(expr.Text)}}
		}, "arrives as bigint, not text"},
		{"another width", func(p *Plan) { p.Fragments[1].Root.(*physical.Receive).Fields = nil }, "gives 1 columns, not 0"},
		{"an early filter", func(p *Plan) {
			s := scanOf("a")
			s.RuntimeFilters = []physical.RuntimeFilterUse{{ID: 1}}
			p.Fragments[0].Root = s
		}, "filter #1"},
	}
	for _, c := range cases {
		p := Cut(exchangeOf(physical.Gather, scanOf("a")))
		c.change(p)
		if err := Check(p); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
