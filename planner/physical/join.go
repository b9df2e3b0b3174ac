package physical

import (
	"fmt"

	"github.com/skein-query/skein/planner/expr"
)

// JoinKind is what a join gives out.
type JoinKind uint8

// The kinds. "Probe" is the streaming side, "build" the side held in memory.
const (
	Inner       JoinKind = iota // matching pairs
	ProbeOuter                  // pairs, and probe rows without a match with NULLs beside them
	BuildOuter                  // pairs, and build rows without a match
	FullOuter                   // both
	ProbeSemi                   // probe rows with a match, once
	ProbeAnti                   // probe rows without a match
	BuildSemi                   // build rows with a match, once
	BuildAnti                   // build rows without a match
	ProbeMark                   // probe rows and one boolean: matched; NULL as SQL's IN says when NullAware
	ProbeSingle                 // as ProbeOuter, but a second match is an error (21000)
)

var joinNames = [...]string{"inner", "probe outer", "build outer", "full outer", "probe semi", "probe anti",
	"build semi", "build anti", "mark", "single"}

func (k JoinKind) String() string { return joinNames[k] }

// HashJoin joins on equal keys. A key that is NULL matches nothing, unless
// NullEqual. Two rows match when all keys are equal and Residual is true.
type HashJoin struct {
	Est
	Kind         JoinKind
	Probe, Build Node
	ProbeKeys    []expr.Expr // over the probe side's columns; same types as BuildKeys, pairwise
	BuildKeys    []expr.Expr // over the build side's columns
	NullEqual    bool        // IS NOT DISTINCT FROM on all keys
	// NullAware, with ProbeAnti or ProbeMark, makes NOT IN of it: the LAST key is
	// the IN comparison, the others (if any) are correlation keys that select the
	// list. A NULL on either side of the last key makes the comparison unknown.
	NullAware bool
	Residual  expr.Expr // nil: none; over probe columns, then build columns
	// Emit are the columns given out, as ordinals of probe columns followed by
	// build columns (semi and anti: of the side that survives only, counted in the
	// same way). ProbeMark's boolean follows after them, named MarkName.
	Emit     []int
	MarkName string
	// RuntimeFilters are published when the build side is complete.
	RuntimeFilters []RuntimeFilter
	// BuildUnique says that the optimizer proved the build keys unique: at most one match.
	BuildUnique bool
	// Replicated says that the build side is the same for every task of the
	// fragment: it is built once per worker. Not with kinds that give out build rows
	// because of what the probe side holds (BuildOuter, FullOuter, BuildSemi, BuildAnti).
	Replicated bool
	// CoLocated is the number, from 1, of the key by which both sides lie in files in
	// an order; 0 for none. Then neither side was moved. Where the build side is
	// Replicated the probe side leads: what is the same for all tasks of a worker is
	// those of the build side's rows that can have a partner among theirs. Else the build
	// side leads (BuildLeads). Not with NullEqual or NullAware, where a row's partners
	// are not those with its key.
	CoLocated int
}

// BuildLeads says that the build side of a co-located join is divided among the tasks,
// and the probe side follows: a task builds its own build rows, each of which no other
// task has, and sees all probe rows that can be their partners. So it gives out what
// stands with build rows: not with kinds that give out probe rows without a partner, or
// once.
func (n *HashJoin) BuildLeads() bool { return n.CoLocated > 0 && !n.Replicated }

// buildMayLead reports whether a join whose build rows are in one task each gives out
// every row once, although two tasks may see a probe row.
func (k JoinKind) buildMayLead() bool {
	switch k {
	case Inner, BuildOuter, BuildSemi, BuildAnti:
		return true
	}
	return false
}

// MayCoLocate says what is wrong with a join that is co-located, if anything is.
func (n *HashJoin) MayCoLocate() (wrong string) {
	switch {
	case n.CoLocated < 0 || n.CoLocated > len(n.BuildKeys):
		return fmt.Sprintf("a join is co-located on key %d of %d", n.CoLocated, len(n.BuildKeys))
	case n.CoLocated > 0 && (n.NullEqual || n.NullAware):
		return "a row of a co-located join may have partners that do not follow it"
	case n.BuildLeads() && !n.Kind.buildMayLead():
		return fmt.Sprintf("a %s join cannot go by its build side: two tasks would give out a probe row", n.Kind)
	}
	return ""
}

// RuntimeFilter is a filter on build key number Key, under an ID unique in the plan.
type RuntimeFilter struct {
	ID  int
	Key int
}

// NestedLoopJoin joins on any condition (nil: every pair), holding the build side
// in memory. It knows every JoinKind but the Build* ones.
type NestedLoopJoin struct {
	Est
	Kind         JoinKind
	Probe, Build Node
	Cond         expr.Expr
	// NullAware, with ProbeAnti or ProbeMark, is a comparison whose NULL counts: a
	// mark is true when Cond and NullAware are true for some build row, else NULL
	// when for some row Cond is true and NullAware is NULL, else false. ProbeAnti
	// passes the rows whose mark would be false. nil: none.
	NullAware expr.Expr
	Emit      []int
	MarkName  string
	// Replicated says that the build side is the same for every task of the
	// fragment: it is read once per worker. Not with FullOuter.
	Replicated bool
}

// Schema is the emitted columns, nullable where an outer join makes them so.
func (n *HashJoin) Schema() []expr.Field {
	return joinSchema(n.Kind, n.Probe, n.Build, n.Emit, n.MarkName)
}

// Schema is the emitted columns, nullable where an outer join makes them so.
func (n *NestedLoopJoin) Schema() []expr.Field {
	return joinSchema(n.Kind, n.Probe, n.Build, n.Emit, n.MarkName)
}

// Inputs are the probe and the build side.
func (n *HashJoin) Inputs() []Node { return []Node{n.Probe, n.Build} }

// Inputs are the probe and the build side.
func (n *NestedLoopJoin) Inputs() []Node { return []Node{n.Probe, n.Build} }

func joinSchema(kind JoinKind, probe, build Node, emit []int, mark string) []expr.Field {
	left, right := probe.Schema(), build.Schema()
	out := make([]expr.Field, 0, len(emit)+1)
	for _, c := range emit {
		if c < len(left) {
			f := left[c]
			f.Nullable = f.Nullable || kind == BuildOuter || kind == FullOuter
			out = append(out, f)
			continue
		}
		f := right[c-len(left)]
		f.Nullable = f.Nullable || kind == ProbeOuter || kind == FullOuter || kind == ProbeSingle
		out = append(out, f)
	}
	if kind == ProbeMark {
		out = append(out, expr.Field{Name: mark, Type: expr.Of(expr.Bool), Nullable: true})
	}
	return out
}
