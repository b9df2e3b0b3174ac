package exec_test

import (
	_ "embed"
	"slices"
	"strings"
	"testing"

	"github.com/skein-query/skein/exec/exectest"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// joinAnswers is what PostgreSQL 15 gives for joins of small tables; its head says
// how to read it.
//
//go:embed testdata/join.txt
var joinAnswers string

// postgresJoin is one join of the file.
type postgresJoin struct {
	probe, build exectest.Table
	words        []string // kind, null-equal, null-aware, residual
	want         []string
}

func readJoins() (out []*postgresJoin) {
	var probe, build exectest.Table
	var into *[]string
	for line := range strings.Lines(joinAnswers) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "table "):
			t := exectest.Table{Columns: "id int4, g int4?, k " + line[len("table p "):] + "?, x int4?"}
			if line[len("table ")] == 'p' {
				probe, into = t, &probe.Rows
			} else {
				build, into = t, &build.Rows
			}
		case strings.HasPrefix(line, "join "):
			j := &postgresJoin{probe: probe, build: build, words: strings.Fields(line)[1:]}
			out, into = append(out, j), &j.want
		default:
			*into = append(*into, strings.TrimSpace(line))
		}
	}
	return out
}

func kindNamed(t *testing.T, name string) physical.JoinKind {
	for k := physical.Inner; k <= physical.ProbeSingle; k++ {
		if strings.ReplaceAll(k.String(), " ", "_") == name {
			return k
		}
	}
	t.Fatalf("no join is %s", name)
	return 0
}

// columnOf is column number i of a table of the file.
func columnOf(in physical.Node, i, first int) expr.Expr {
	f := in.Schema()[i]
	return &expr.Column{ID: expr.ColumnID(first + i), Typ: f.Type, Nullable: f.Nullable, Name: f.Name}
}

func (j *postgresJoin) plan(kind physical.JoinKind, in ...physical.Node) physical.Node {
	const id, g, k, x, width = 0, 1, 2, 3, 4
	n := &physical.HashJoin{Kind: kind, Probe: in[0], Build: in[1], Emit: []int{id, width + id}, MarkName: "m",
		ProbeKeys: []expr.Expr{columnOf(in[0], k, 0)}, BuildKeys: []expr.Expr{columnOf(in[1], k, 0)},
		NullEqual: j.words[1] == "equal", NullAware: j.words[2] != "-"}
	switch kind {
	case physical.ProbeSemi, physical.ProbeAnti, physical.ProbeMark:
		n.Emit = n.Emit[:1]
	case physical.BuildSemi, physical.BuildAnti:
		n.Emit = n.Emit[1:]
	}
	if j.words[2] == "correlated" {
		n.ProbeKeys = slices.Insert(n.ProbeKeys, 0, columnOf(in[0], g, 0))
		n.BuildKeys = slices.Insert(n.BuildKeys, 0, columnOf(in[1], g, 0))
	}
	if j.words[3] == "residual" {
		n.Residual = expr.Compare(expr.OpLt, columnOf(in[0], x, 0), columnOf(in[1], x, width))
	}
	return n
}

func TestHashJoinAgreesWithPostgreSQL(t *testing.T) {
	for _, j := range readJoins() {
		name := strings.TrimSuffix(strings.TrimPrefix(j.build.Columns, "id int4, g int4?, k "), "?, x int4?")
		t.Run(name+" "+strings.Join(j.words, " "), func(t *testing.T) {
			kind := kindNamed(t, j.words[0])
			exectest.Run(t, exectest.Case{
				Inputs: []exectest.Table{j.probe, j.build},
				Plan:   func(in ...physical.Node) physical.Node { return j.plan(kind, in...) },
				Want:   j.want,
			})
		})
	}
}
