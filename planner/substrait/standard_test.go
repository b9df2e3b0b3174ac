package substrait

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	goext "github.com/substrait-io/substrait-go/v8/extensions"
	goplan "github.com/substrait-io/substrait-go/v8/plan"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// TestStandardFunctionsAreInTheStandard looks every function that is written with
// a standard URN up in the standard's YAML files, as substrait-go carries them.
func TestStandardFunctionsAreInTheStandard(t *testing.T) {
	known := goext.GetDefaultCollectionWithNoError()
	seen := map[goext.ID]bool{}
	for _, p := range corpus() {
		encoded, err := Encode(p.node)
		if err != nil {
			t.Fatal(err)
		}
		urns := map[uint32]string{}
		for _, u := range encoded.ExtensionUrns {
			urns[u.ExtensionUrnAnchor] = u.Urn
		}
		for _, e := range encoded.Extensions {
			if f := e.GetExtensionFunction(); f != nil && strings.HasPrefix(urns[f.ExtensionUrnReference], "extension:io.substrait:") {
				seen[goext.ID{URN: urns[f.ExtensionUrnReference], Name: f.Name}] = true
			}
		}
	}
	if len(seen) < 25 {
		t.Errorf("only %d functions: the corpus has lost some", len(seen))
	}
	for id := range seen {
		_, scalar := known.GetScalarFunc(id)
		_, aggregate := known.GetAggregateFunc(id)
		_, window := known.GetWindowFunc(id)
		if !scalar && !aggregate && !window {
			t.Errorf("%s has no function %s", id.URN, id.Name)
		}
	}
}

// standardPlan needs nothing but the standard and the versions of its files. It
// has no limit: substrait-go reads only the deprecated fields of a FetchRel.
func standardPlan() physical.Node {
	l := lines()
	filter := &physical.Filter{Input: l, Conjuncts: conjuncts(l)}
	join := &physical.HashJoin{Kind: physical.Inner, Probe: filter, Build: lines(), ProbeKeys: []expr.Expr{col(l, 0)}, BuildKeys: []expr.Expr{col(l, 0)}, Emit: []int{0, 2, 4}}
	agg := &physical.Aggregate{Input: join, Groups: []expr.Expr{col(join, 1)}, Names: []string{"flag", "n", "sum"}, Aggs: []expr.Aggregate{
		{Func: "count", Typ: int8}, {Func: "sum", Args: []expr.Expr{col(join, 2)}, Typ: expr.NumericOf(38, 2)}}}
	project := &physical.Project{Input: agg, Names: []string{"flag", "half"}, Exprs: []expr.Expr{col(agg, 0),
		&expr.Call{Name: expr.OpDiv, Args: []expr.Expr{col(agg, 1), expr.NewLiteral(expr.Int(2), int8)}, Typ: int8}}}
	return &physical.Sort{Input: project, Keys: []expr.SortKey{{Expr: col(project, 1), Desc: true}}}
}

func TestAnotherReaderUnderstandsAStandardPlan(t *testing.T) {
	p, err := Encode(standardPlan())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := goplan.FromProto(p, goext.GetDefaultCollectionWithNoError())
	if err != nil {
		t.Fatal(err)
	}
	root := theirs.GetRoots()[0]
	if got, want := root.Input().RecordType().String(), "struct<string, i64?>"; got != want {
		t.Errorf("its columns are %s, want %s", got, want)
	}
	if got := strings.Join(root.Names(), " "); got != "flag half" {
		t.Errorf("its names are %s", got)
	}
}

var rewrite = flag.Bool("rewrite", false, "write the plans in testdata anew, to be read in the diff")

// TestTextIsAsStored compares with files that were read and found right by eye.
func TestTextIsAsStored(t *testing.T) {
	l := lines()
	for name, n := range map[string]physical.Node{
		"standard": standardPlan(),
		"scan":     orders(),
		"top_n":    &physical.TopN{Input: l, Keys: order(l)[:2], Offset: 5, Count: 10},
		"not_in":   &physical.HashJoin{Kind: physical.ProbeAnti, NullAware: true, Probe: l, Build: &physical.Receive{Edge: 2, Kind: physical.Broadcast, Fields: l.Schema()}, ProbeKeys: []expr.Expr{col(l, 0)}, BuildKeys: []expr.Expr{col(l, 0)}, Emit: []int{0}},
		"float":    &physical.Project{Input: &physical.Values{}, Names: []string{"f"}, Exprs: []expr.Expr{&expr.Call{Name: expr.OpAdd, Args: []expr.Expr{expr.NewLiteral(expr.Float(1), expr.Of(expr.Float8)), expr.NewLiteral(expr.Float(2), expr.Of(expr.Float8))}, Typ: expr.Of(expr.Float8), Span: at(7, 10)}}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Encode(n)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Text(p)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".json")
			if *rewrite {
				if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got+"\n" != string(want) {
				t.Errorf("got\n%s", got)
			}
		})
	}
}
