package exec

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// joinColumn is a column of one side of a join: of a probe batch, or of the stored
// build rows.
type joinColumn struct {
	fromBuild bool
	index     int // ordinal in the probe batch, or slot in the joinStore
}

// joinShape is what a join does with its columns, worked out once from the plan:
// which build columns must be kept, and what is emitted from where.
type joinShape struct {
	kind   physical.JoinKind
	schema []expr.Field // of the output

	stored       []int        // slot → ordinal of the build side
	storedFields []expr.Field // slot → field

	emit       []joinColumn
	emitFields []expr.Field // of emit; the mark is not among them

	residual       []expr.Expr  // conjuncts over residualInput; none: nil
	compare        expr.Expr    // over residualInput: a comparison whose NULL counts; nil: none
	residualInput  []joinColumn // what the residual and the comparison read
	residualFields []expr.Field
}

// newJoinShape reads emit, the condition and the comparison of a join, which count
// the probe side's columns first.
func newJoinShape(kind physical.JoinKind, probe, build, schema []expr.Field, emit []int, cond, compare expr.Expr) *joinShape {
	s := &joinShape{kind: kind, schema: schema}
	slots := map[int]int{}
	resolve := func(c int) (joinColumn, expr.Field) {
		if c < len(probe) {
			return joinColumn{index: c}, probe[c]
		}
		c -= len(probe)
		slot, ok := slots[c]
		if !ok {
			slot = len(s.stored)
			slots[c] = slot
			s.stored = append(s.stored, c)
			s.storedFields = append(s.storedFields, build[c])
		}
		return joinColumn{fromBuild: true, index: slot}, build[c]
	}
	for _, c := range emit {
		col, field := resolve(c)
		s.emit = append(s.emit, col)
		s.emitFields = append(s.emitFields, field)
	}
	numbers := map[expr.ColumnID]expr.ColumnID{}
	renumber := func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		if !ok {
			return e
		}
		number, ok := numbers[c.ID]
		if !ok {
			number = expr.ColumnID(len(s.residualInput))
			numbers[c.ID] = number
			col, field := resolve(int(c.ID))
			s.residualInput = append(s.residualInput, col)
			s.residualFields = append(s.residualFields, field)
		}
		renumbered := *c
		renumbered.ID = number
		return &renumbered
	}
	for _, conjunct := range expr.Conjuncts(cond) {
		s.residual = append(s.residual, expr.Rewrite(conjunct, renumber))
	}
	if compare != nil {
		s.compare = expr.Rewrite(compare, renumber)
	}
	return s
}

// keepsUnmatchedBuild reports whether build rows come out because they found no
// partner.
func keepsUnmatchedBuild(k physical.JoinKind) bool {
	return k == physical.BuildOuter || k == physical.FullOuter || k == physical.BuildAnti
}

// marksBuild reports whether a join must know which build rows found a partner.
func marksBuild(k physical.JoinKind) bool {
	return keepsUnmatchedBuild(k) || k == physical.BuildSemi
}

// emitsPairs reports whether matching pairs come out as they are found.
func emitsPairs(k physical.JoinKind) bool {
	return k <= physical.FullOuter || k == physical.ProbeSingle
}

// keepsUnmatchedProbe reports whether probe rows without a partner come out with
// NULLs beside them.
func keepsUnmatchedProbe(k physical.JoinKind) bool {
	return k == physical.ProbeOuter || k == physical.FullOuter || k == physical.ProbeSingle
}

// needsProbeMatch reports whether a join with an empty build side gives nothing
// for any probe row.
func needsProbeMatch(k physical.JoinKind) bool {
	switch k {
	case physical.Inner, physical.BuildOuter, physical.ProbeSemi, physical.BuildSemi, physical.BuildAnti:
		return true
	}
	return false
}

// existenceOnly reports whether the output says of a probe row only whether it
// has a partner.
func existenceOnly(k physical.JoinKind) bool {
	return k == physical.ProbeSemi || k == physical.ProbeAnti || k == physical.ProbeMark
}
