package distribute_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/skein-query/skein/planner/distribute"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// TestPlansInSeveralWorkers distributes and cuts plans that are written as trees:
// an operator a line, its inputs below it, further in. All columns are int8; $0
// and $1 are what scans give, joins are on $0 = $0. The words are in build.
//
//	join inner [emit=0,2] [nullaware] [nullequal] [residual]
//	  scan orders 1500000 groups=1-10,10-20 [key=1] [nulls=1] [type=text]
//	  scan nation 25
//
// groups are the bounds of $0, or of column key, in the row groups of the table's
// file, ? for none.
func TestPlansInSeveralWorkers(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			workers, few := 3, 0
			d.MaybeScanArgs(t, "workers", &workers)
			d.MaybeScanArgs(t, "few", &few)
			b := &builder{t: t, lines: strings.Split(strings.TrimRight(d.Input, "\n"), "\n"), shared: map[int]*physical.Shared{}, footers: map[string][]physical.RowGroup{}}
			plan := fragment.Cut(distribute.Distribute(b.node(), distribute.Options{Workers: workers, Footers: b.footer, FewRows: float64(few)}))
			if err := fragment.Check(plan); err != nil {
				t.Errorf("%s: %v", d.Pos, err)
			}
			return fragment.Format(plan, nil)
		})
	})
}

type builder struct {
	t       *testing.T
	lines   []string
	shared  map[int]*physical.Shared
	footers map[string][]physical.RowGroup // by table and column
}

// footer is what the groups of a scan say.
func (b *builder) footer(f physical.File, column string, _ expr.Type) []physical.RowGroup {
	return b.footers[f.Path+"."+column]
}

// groups notes the row groups of a scan.
func (b *builder) groups(s *physical.Scan, options map[string]string) {
	list, ok := options["groups"]
	if !ok {
		return
	}
	s.Files = []physical.File{{Path: s.Table}}
	column := "a"
	if options["key"] == "1" {
		column = "b"
	}
	parts := strings.Split(list, ",")
	var groups []physical.RowGroup
	for _, p := range parts {
		g := physical.RowGroup{Rows: int64(s.RowCount) / int64(len(parts))}
		if lo, hi, ok := strings.Cut(p, "-"); ok {
			g.HasBounds = true
			g.Min, g.Max = expr.Value{I: int64(b.number(lo)), S: lo}, expr.Value{I: int64(b.number(hi)), S: hi}
		}
		if n, ok := options["nulls"]; ok {
			g.Nulls = int64(b.number(n))
		}
		groups = append(groups, g)
	}
	b.footers[s.Table+"."+column] = groups
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// node builds the next line's operator over the lines further in.
func (b *builder) node() physical.Node {
	line := b.lines[0]
	b.lines = b.lines[1:]
	var in []physical.Node
	for len(b.lines) > 0 && indent(b.lines[0]) > indent(line) {
		in = append(in, b.node())
	}
	words := strings.Fields(line)
	options := map[string]string{}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		options[k] = v
	}
	return b.build(words, options, in)
}

func (b *builder) number(s string) int {
	b.t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *builder) numbers(s string) []int {
	var out []int
	for _, part := range strings.Split(s, ",") {
		out = append(out, b.number(part))
	}
	return out
}

func column(i int) expr.Expr {
	return &expr.Column{ID: expr.ColumnID(i), Typ: expr.Of(expr.Int8), Nullable: true, Name: fmt.Sprintf("c%d", i)}
}

func (b *builder) build(words []string, options map[string]string, in []physical.Node) physical.Node {
	est := physical.Est{}
	if len(in) > 0 {
		est.RowCount = in[0].Rows()
	}
	keys := []expr.SortKey{{Expr: column(0)}}
	fields := []expr.Field{{Name: "a", Type: expr.Of(expr.Int8), Nullable: true}, {Name: "b", Type: expr.Of(expr.Int8), Nullable: true}}
	switch words[0] {
	case "scan":
		s := &physical.Scan{Table: words[1], Columns: []string{"a", "b"}, Fields: fields, Emit: []int{0, 1}}
		s.RowCount = float64(b.number(words[2]))
		if typ, ok := map[string]expr.Type{"text": expr.Of(expr.Text), "float": expr.Of(expr.Float8)}[options["type"]]; ok {
			s.Fields = []expr.Field{{Name: "a", Type: typ, Nullable: true}, fields[1]}
		}
		b.groups(s, options)
		if id, ok := options["filter"]; ok {
			s.RuntimeFilters = []physical.RuntimeFilterUse{{ID: b.number(id)}}
		}
		return s
	case "values":
		return &physical.Values{Est: physical.Est{RowCount: 1}, Tuples: [][]expr.Value{{{I: 1}, {I: 2}}}, Fields: fields}
	case "filter":
		if len(words) > 1 {
			est.RowCount = float64(b.number(words[1]))
		}
		cond := column(0)
		if _, ok := options["volatile"]; ok {
			cond = &expr.Call{Name: "random", Typ: expr.Of(expr.Float8)}
		}
		return &physical.Filter{Est: est, Input: in[0], Conjuncts: []expr.Expr{cond}}
	case "project":
		p := &physical.Project{Est: est, Input: in[0]}
		for _, c := range b.numbers(words[1]) {
			p.Exprs, p.Names = append(p.Exprs, column(c)), append(p.Names, fmt.Sprintf("p%d", c))
		}
		return p
	case "limit":
		return &physical.Limit{Est: est, Input: in[0], Count: int64(b.number(words[1])), Offset: int64(b.number(words[2]))}
	case "topn":
		return &physical.TopN{Est: est, Input: in[0], Keys: keys, Count: int64(b.number(words[1])), Offset: int64(b.number(words[2]))}
	case "group-topn":
		return &physical.GroupTopN{Est: est, Input: in[0], By: []expr.Expr{column(1)}, Keys: keys, Count: int64(b.number(words[1])), Offset: int64(b.number(words[2]))}
	case "sort":
		keys[0].Desc = slices.Contains(words, "desc")
		s := &physical.Sort{Est: est, Input: in[0], Keys: keys}
		if whole, ok := options["whole"]; ok {
			s.Whole, s.Keys = b.number(whole), append(keys, expr.SortKey{Expr: column(1)})
		}
		return s
	case "window": // by the first column, or by none
		w := &physical.Window{Est: est, Input: in[0], Names: []string{"rank"}, Order: []expr.SortKey{{Expr: column(1)}},
			Calls: []expr.Window{{Func: "rank", Typ: expr.Of(expr.Int8), Frame: expr.DefaultFrame()}}}
		if _, ok := options["by"]; ok {
			w.Partition = []expr.Expr{column(b.number(options["by"]))}
		}
		return w
	case "union":
		return &physical.Union{All: in, Fields: in[0].Schema()}
	case "intersect", "except":
		kind := map[string]physical.SetKind{"intersect": physical.Intersect, "except": physical.Except}[words[0]]
		return &physical.SetOp{Kind: kind, Left: in[0], Right: in[1], Fields: in[0].Schema()}
	case "shared":
		id := b.number(words[1])
		if len(in) > 0 {
			b.shared[id] = &physical.Shared{ID: id, Input: in[0]}
		}
		return b.shared[id]
	}
	return b.large(words, options, in)
}

func (b *builder) large(words []string, options map[string]string, in []physical.Node) physical.Node {
	est := physical.Est{RowCount: in[0].Rows()}
	if rows, ok := options["rows"]; ok {
		est.RowCount = float64(b.number(rows))
	}
	switch words[0] {
	case "aggregate":
		a := &physical.Aggregate{Est: est, Input: in[0]}
		if by, ok := options["by"]; ok {
			for _, c := range b.numbers(by) {
				a.Groups, a.Names = append(a.Groups, column(c)), append(a.Names, fmt.Sprintf("g%d", c))
			}
		}
		for _, f := range []string{"count", "sum", "avg", "string_agg"} {
			if arg, ok := options[f]; ok {
				arg, distinct := strings.CutPrefix(arg, "distinct")
				a.Aggs = append(a.Aggs, expr.Aggregate{Func: f, Args: []expr.Expr{column(b.number(arg))}, Distinct: distinct, Typ: expr.Of(expr.Int8)})
				a.Names = append(a.Names, f)
			}
		}
		return a
	case "join", "nested":
		emit := []int{0, 1, 2, 3}
		if e, ok := options["emit"]; ok {
			emit = b.numbers(e)
		}
		kind := b.kind(words[1])
		if words[0] == "nested" {
			return &physical.NestedLoopJoin{Est: est, Kind: kind, Probe: in[0], Build: in[1], Emit: emit, Cond: column(0)}
		}
		j := &physical.HashJoin{Est: est, Kind: kind, Probe: in[0], Build: in[1], Emit: emit,
			ProbeKeys: []expr.Expr{column(0)}, BuildKeys: []expr.Expr{column(0)}}
		_, j.NullAware = options["nullaware"]
		_, j.NullEqual = options["nullequal"]
		if _, ok := options["residual"]; ok {
			j.Residual = expr.Compare(expr.OpLt, column(1), column(3))
		}
		if id, ok := options["filter"]; ok {
			j.RuntimeFilters = []physical.RuntimeFilter{{ID: b.number(id)}}
		}
		return j
	}
	b.t.Fatalf("unknown operator %q", words[0])
	return nil
}

func (b *builder) kind(word string) physical.JoinKind {
	for k := physical.Inner; k <= physical.ProbeSingle; k++ {
		if strings.ReplaceAll(k.String(), " ", "-") == word {
			return k
		}
	}
	b.t.Fatalf("unknown kind of join %q", word)
	return 0
}
