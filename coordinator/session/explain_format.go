package session

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// explanation is what EXPLAIN has to say, for the formats that programs read.
type explanation struct {
	Plan      *explainedNode `json:"Plan"`
	Planning  *float64       `json:"Planning Time,omitempty"`  // ms
	Execution *float64       `json:"Execution Time,omitempty"` // ms
	Rows      *int64         `json:"Result Rows,omitempty"`
	Where     string         `json:"Where,omitempty"`
	Origin    string         `json:"Plan Origin,omitempty"`
}

// explainedNode is an operator with PostgreSQL's names for what both know.
type explainedNode struct {
	Type        string           `json:"Node Type"`
	Description string           `json:"Description"`
	Fragment    int              `json:"Fragment"`
	PlanRows    float64          `json:"Plan Rows"`
	Actual      *explainedActual `json:"Actual,omitempty"`
	Plans       []*explainedNode `json:"Plans,omitempty"`
}

// explainedActual is what an operator did; times are sums over its instances, in ms.
type explainedActual struct {
	Rows    int64    `json:"Rows"`
	Batches int64    `json:"Batches"`
	Time    float64  `json:"Total Time"`
	Memory  int64    `json:"Memory Bytes,omitempty"`
	Spilled int64    `json:"Spilled Bytes,omitempty"`
	Notes   []string `json:"Notes,omitempty"`
}

// explainedTree is the plan as one tree: below a Receive stands what feeds it.
func explainedTree(p *fragment.Plan, profile *exec.Profile) *explainedNode {
	t := treeMaker{plan: p, profile: profile, seen: map[int]bool{}}
	for _, f := range p.Fragments {
		if len(f.Outputs) == 0 {
			return t.node(f.Root, f.ID)
		}
	}
	return nil
}

type treeMaker struct {
	plan    *fragment.Plan
	profile *exec.Profile // nil: it has not run
	seen    map[int]bool  // edges and shared plans that stand above in full
}

func (t *treeMaker) node(n physical.Node, in int) *explainedNode {
	line := physical.Line(n)
	word, _, _ := strings.Cut(line, " ")
	out := &explainedNode{Type: word, Description: line, Fragment: in, PlanRows: n.Rows(), Actual: t.actual(n)}
	switch n := n.(type) {
	case *physical.Shared:
		if t.seen[-n.ID-1] {
			return out
		}
		t.seen[-n.ID-1] = true
	case *physical.Receive:
		if edge := t.plan.Edges[n.Edge]; !t.seen[n.Edge] {
			t.seen[n.Edge] = true
			out.Plans = append(out.Plans, t.node(t.plan.Fragments[edge.From].Root, edge.From))
		}
		return out
	}
	for _, input := range n.Inputs() {
		out.Plans = append(out.Plans, t.node(input, in))
	}
	return out
}

func (t *treeMaker) actual(n physical.Node) *explainedActual {
	if t.profile == nil {
		return nil
	}
	p := t.profile.Node(n)
	return &explainedActual{Rows: p.Rows.Load(), Batches: p.Batches.Load(), Time: float64(p.Nanos.Load()) / 1e6,
		Memory: p.PeakBytes(), Spilled: p.Spill.Bytes.Load(), Notes: p.Notes()}
}

// as is the explanation in one of the two formats.
func (e explanation) as(format string) (string, error) {
	if format == "dot" {
		return e.dot(), nil
	}
	return e.json()
}

// json is the explanation as PostgreSQL's EXPLAIN (FORMAT JSON) has it: a list of one.
func (e explanation) json() (string, error) {
	out, err := json.MarshalIndent([]explanation{e}, "", "  ")
	return string(out), err
}

// dot is the explanation as a graph for Graphviz: rows flow upwards.
func (e explanation) dot() string {
	var b strings.Builder
	b.WriteString("digraph plan {\n  rankdir=BT;\n  node [shape=box, fontname=\"monospace\"];\n")
	n := 0
	var draw func(node *explainedNode) int
	draw = func(node *explainedNode) int {
		id := n
		n++
		label := fmt.Sprintf("%s\nrows≈%.0f", node.Description, node.PlanRows)
		if a := node.Actual; a != nil {
			label += fmt.Sprintf(" actual=%d time=%.2fms", a.Rows, a.Time)
		}
		fmt.Fprintf(&b, "  n%d [label=%s];\n", id, dotString(fmt.Sprintf("%s\nfragment %d", label, node.Fragment)))
		for _, input := range node.Plans {
			fmt.Fprintf(&b, "  n%d -> n%d;\n", draw(input), id)
		}
		return id
	}
	draw(e.Plan)
	return b.String() + "}\n"
}

// dotString quotes a text for Graphviz, which knows two escapes.
func dotString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
