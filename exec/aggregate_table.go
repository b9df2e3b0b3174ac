package exec

import (
	"math/bits"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// aggregateTable is groups and their states: of one instance's input, or of one
// partition when those are merged.
type aggregateTable struct {
	plan   *aggregatePlan
	b      *budget
	groups *groups // nil without keys: then there is one group
	states []accumulator
}

func newAggregateTable(p *aggregatePlan, account *memory.Account) *aggregateTable {
	t := &aggregateTable{plan: p, b: &budget{account: account}, states: make([]accumulator, len(p.states))}
	if len(p.keys) > 0 {
		t.groups = newGroups(p.keys, p.nullable, t.b)
		t.groups.mayLead, t.groups.nextLead = leadable(p.keys, t.groups.layout), leadCheck
	}
	for i, s := range p.states {
		t.states[i] = s.make(t.b)
	}
	return t
}

// expect tells the table how many groups the plan expects of the whole input.
func (t *aggregateTable) expect(n *physical.Aggregate) {
	if t.groups != nil {
		t.groups.dense.expected = int(min(n.Rows(), maxExpected))
	}
}

// room makes room for n groups at once.
func (t *aggregateTable) room(n int) (err error) {
	if t.groups.words, err = grown(t.b, t.groups.words, n*t.groups.layout.Words()); err != nil {
		return err
	}
	return t.grow(n)
}

// size is the number of groups.
func (t *aggregateTable) size() int {
	if t.groups == nil {
		return 1
	}
	return t.groups.n
}

// grow makes the states as many as the groups.
func (t *aggregateTable) grow(n int) error {
	for _, s := range t.states {
		if err := s.grow(n); err != nil {
			return err
		}
	}
	return nil
}

// partOf is the number of the partition, of parts many, that a hash belongs to: by
// its upper bits, as the slots of a table go by the lower ones.
func partOf(hash uint64, parts int) int {
	hi, _ := bits.Mul64(hash, uint64(parts))
	return int(hi)
}

// merge takes in groups at of from; without keys, its one group.
func (t *aggregateTable) merge(from *aggregateTable, at []uint32) error {
	if t.groups == nil {
		if err := t.grow(1); err != nil {
			return err
		}
		return t.mergeStates(from, []uint32{0}, []uint32{0})
	}
	temporary := budget{account: t.b.account}
	defer temporary.free()
	if err := temporary.reserve(int64(len(at)) * 4); err != nil {
		return err
	}
	to := make([]uint32, len(at))
	strings := t.groups.translation(from.groups, len(at))
	for lo := 0; lo < len(at); lo += vector.MaxRows {
		hi := min(len(at), lo+vector.MaxRows)
		if err := t.groups.merge(from.groups, at[lo:hi], to[lo:hi], strings); err != nil {
			return err
		}
	}
	if err := t.grow(t.groups.n); err != nil {
		return err
	}
	return t.mergeStates(from, at, to)
}

func (t *aggregateTable) mergeStates(from *aggregateTable, at, to []uint32) error {
	for i, s := range t.states {
		if err := s.merge(from.states[i], at, to); err != nil {
			return err
		}
	}
	return nil
}

// output is groups [from, to) as the node's output columns.
func (t *aggregateTable) output(from, to int) ([]vector.Column, error) {
	var out []vector.Column
	if t.groups != nil {
		keys, err := t.groups.columns(from, to)
		if err != nil {
			return nil, err
		}
		out = keys
	}
	measures, err := t.measures(from, to)
	return append(out, measures...), err
}

// measures is the results of groups [from, to), in phase Partial their states.
func (t *aggregateTable) measures(from, to int) ([]vector.Column, error) {
	var out []vector.Column
	for _, m := range t.plan.measures {
		var states []vector.Column
		for _, s := range m.states {
			cols, err := t.states[s].columns(from, to)
			if err != nil {
				return nil, err
			}
			states = append(states, cols...)
		}
		if t.plan.node.Phase == physical.Partial {
			out = append(out, states...)
			continue
		}
		c, err := m.finish(states)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// aggregateInput evaluates what an aggregate needs of its input's batches.
type aggregateInput struct {
	plan    *aggregatePlan
	keys    []*eval.Evaluator
	stages  []stageInput
	columns []vector.Column // scratch: the keys
	gids    []uint32        // scratch
	passed  []uint32        // scratch: groups of the rows a FILTER lets through
	scratch scratch
}

// stageInput is the running form of a stagePlan.
type stageInput struct {
	filter *eval.Filter // nil: all rows
	args   []*eval.Evaluator
}

func newAggregateInput(p *aggregatePlan, fields []expr.Field, o eval.Options) (*aggregateInput, error) {
	in := &aggregateInput{plan: p, stages: make([]stageInput, len(p.stages))}
	var err error
	if in.keys, err = newEvaluators(p.node.Groups, fields, o); err != nil {
		return nil, err
	}
	for i, s := range p.stages {
		if in.stages[i].args, err = newEvaluators(s.args, fields, o); err != nil {
			return nil, err
		}
		if s.filter == nil {
			continue
		}
		if in.stages[i].filter, err = eval.NewFilter([]expr.Expr{s.filter}, fields, o); err != nil {
			return nil, err
		}
	}
	return in, nil
}

func newEvaluators(exprs []expr.Expr, fields []expr.Field, o eval.Options) ([]*eval.Evaluator, error) {
	out := make([]*eval.Evaluator, len(exprs))
	for i, e := range exprs {
		var err error
		if out[i], err = eval.New(e, fields, o); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// close gives back what the evaluators remember.
func (in *aggregateInput) close() {
	closeEvaluators(in.keys)
	for i := range in.stages {
		closeEvaluators(in.stages[i].args)
		in.stages[i].filter.Close()
	}
}

func closeEvaluators(evs []*eval.Evaluator) {
	for _, e := range evs {
		e.Close()
	}
}

func evaluate(evs []*eval.Evaluator, b *vector.Batch, out []vector.Column) ([]vector.Column, error) {
	out = out[:0]
	for _, e := range evs {
		c, err := e.Eval(b)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// add takes the rows of a batch into a table; the batch stays the caller's.
func (in *aggregateInput) add(b *vector.Batch, t *aggregateTable) error {
	if b.Rows() == 0 {
		return nil
	}
	var gids []uint32
	if t.groups != nil {
		var err error
		if in.columns, err = evaluate(in.keys, b, in.columns); err != nil {
			return err
		}
		if in.gids, err = t.groups.assign(in.columns, b.Len, b.Sel, in.gids); err != nil {
			return err
		}
		gids = in.gids
	}
	if err := t.grow(t.size()); err != nil {
		return err
	}
	return in.addStates(b, gids, t)
}

// addStates takes the rows of a batch into states whose groups are known.
func (in *aggregateInput) addStates(b *vector.Batch, gids []uint32, t *aggregateTable) error {
	for i := range in.stages {
		if err := in.addStage(i, b, gids, t); err != nil {
			return err
		}
	}
	return nil
}

func (in *aggregateInput) addStage(stage int, b *vector.Batch, gids []uint32, t *aggregateTable) error {
	s := &in.stages[stage]
	if s.filter != nil {
		sub := b.Share()
		defer sub.Release()
		if err := s.filter.Apply(sub); err != nil {
			return err
		}
		if gids != nil {
			gids = in.narrow(b.Sel, sub.Sel, gids)
		}
		b = sub
	}
	args, err := evaluate(s.args, b, nil)
	if err != nil {
		return err
	}
	for i, p := range in.plan.states {
		if p.stage != stage {
			continue
		}
		a := addition{sel: b.Sel, n: b.Rows(), gids: gids, full: s.filter == nil, scratch: &in.scratch}
		for _, arg := range p.args {
			a.cols = append(a.cols, args[arg])
		}
		if err := t.states[i].add(&a); err != nil {
			return err
		}
	}
	return nil
}

// narrow is the groups of those rows of sel that stand in sub too.
func (in *aggregateInput) narrow(sel, sub vector.Selection, gids []uint32) []uint32 {
	if sub == nil {
		return gids
	}
	in.passed = resize(&in.passed, 0) // not nil, which would mean group 0
	at := 0
	for _, row := range sub {
		for selected(sel, at) != int(row) {
			at++
		}
		in.passed = append(in.passed, gids[at])
	}
	return in.passed
}
