package exec

import (
	"context"
	"errors"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// setOp computes INTERSECT and EXCEPT by counting, for every distinct row, how
// often it stands left and right.
//
// It runs as an aggregate over all columns does: every instance counts the rows of
// its own inputs, then the tables are merged by partitions of the hash. Memory: all
// distinct rows of both inputs. Where these do not fit it goes on in partitions
// (setop_spill.go), and rows come in another order.
type setOp struct {
	node   *physical.SetOp
	inputs [2]Operator // left, right
	env    *Env
	plan   *aggregatePlan
	shared *tableMerge

	table   *aggregateTable // two states: the counts of left and right; nil from the barrier on
	scratch scratch
	gids    []uint32
	arrived bool
	closed  bool

	account *memory.Account // of the table
	files   setOpFiles

	out    groupSpan // what is given out now
	repeat int64     // how many times its row is still to be given out; -1: not known yet
}

func newSetOp(n *physical.SetOp, left, right Operator, env *Env) (Operator, error) {
	return newSetOpOver(n, left, right, env, false), nil
}

// newSetOpOver makes a setOp; with counts the rows on the left bring how often they
// stand left and right.
func newSetOpOver(n *physical.SetOp, left, right Operator, env *Env, counted bool) *setOp {
	plan := &aggregatePlan{}
	for _, f := range n.Fields {
		plan.keys = append(plan.keys, f.Type)
		plan.nullable = append(plan.nullable, true)
	}
	side := statePlan{make: func(b *budget) accumulator { return &counts{b: b, rows: !counted, total: counted} }}
	plan.states = []statePlan{side, side}
	type both struct {
		merge *tableMerge
		spill *setOpSpill
	}
	state := State(env.Group, n, func() both {
		return both{newTableMerge(env.Group.Size()), &setOpSpill{barrier: NewBarrier(env.Group.Size())}}
	})
	account := tableAccount(env)
	return &setOp{
		node: n, inputs: [2]Operator{left, right}, env: env, plan: plan, table: newAggregateTable(plan, account), account: account,
		shared: state.merge, files: setOpFiles{shared: state.spill, counts: counted},
	}
}

func (s *setOp) Schema() []expr.Field { return s.node.Fields }

func (s *setOp) Next(ctx context.Context) (*vector.Batch, error) {
	if !s.arrived {
		if err := s.consume(ctx); err != nil {
			return nil, err
		}
	}
	if s.files.writer != nil {
		return s.nextSpilled(ctx)
	}
	for {
		if b, err := s.emit(); b != nil || err != nil {
			return b, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var err error
		if s.out, err = s.shared.next(s.plan, s.env.Account); err != nil {
			return nil, err
		}
		s.repeat = -1
	}
}

func (s *setOp) Close() (err error) {
	if !s.closed {
		s.closed = true
		if !s.arrived {
			s.shared.barrier.Leave()
		}
		err = s.files.close()
		s.out.free()
		if s.table != nil {
			s.table.b.free()
		}
		if s.shared.leave() {
			s.files.shared.files.free()
		}
	}
	return errors.Join(err, closeAll(s.inputs[:]))
}

func (s *setOp) consume(ctx context.Context) error {
	for side, input := range s.inputs {
		err := Drain(ctx, input, func(b *vector.Batch) error {
			defer b.Release()
			if err := s.count(side, b); err != nil || !s.crowded() {
				return err
			}
			return s.spill(ctx)
		})
		if err != nil {
			return err
		}
		if err := input.Close(); err != nil { // frees what is below
			return err
		}
	}
	if err := s.table.grow(s.table.size()); err != nil { // the one group without columns, when no row has come
		return err
	}
	table := seal(s.table)
	s.arrived, s.table = true, nil
	if err := s.shared.publish(ctx, []*sealed{table}); err != nil || !s.files.shared.on.Load() {
		return err
	}
	s.table = table.aggregateTable // of no use to others any more
	return s.written(ctx)
}

func (s *setOp) count(side int, b *vector.Batch) error {
	if b.Rows() == 0 {
		return nil
	}
	var gids []uint32
	if s.table.groups != nil {
		var err error
		if s.gids, err = s.table.groups.assign(b.Cols[:len(s.plan.keys)], b.Len, b.Sel, s.gids); err != nil {
			return err
		}
		gids = s.gids
	}
	if err := s.table.grow(s.table.size()); err != nil {
		return err
	}
	if s.files.counts {
		for i, state := range s.table.states {
			in := addition{cols: b.Cols[len(s.plan.keys)+i:], sel: b.Sel, n: b.Rows(), gids: gids, full: true, scratch: &s.scratch}
			if err := state.add(&in); err != nil {
				return err
			}
		}
		return nil
	}
	return s.table.states[side].add(&addition{sel: b.Sel, n: b.Rows(), gids: gids, full: true, scratch: &s.scratch})
}

// emit gives the next batch of out; nil, out gone, when there is none.
func (s *setOp) emit() (*vector.Batch, error) {
	if s.out.table == nil {
		return nil, nil
	}
	left, right := s.out.table.states[0].(*counts).n, s.out.table.states[1].(*counts).n
	from, rows := s.out.at, s.env.Rows()
	var sel vector.Selection // groups, counted from from
	for ; s.out.at < s.out.to && len(sel) < rows; s.out.at++ {
		if s.repeat < 0 {
			s.repeat = s.times(left[s.out.at], right[s.out.at])
		}
		for ; s.repeat > 0 && len(sel) < rows; s.repeat-- {
			sel = append(sel, uint32(s.out.at-from))
		}
		if s.repeat > 0 {
			break
		}
		s.repeat = -1
	}
	if len(sel) == 0 {
		s.out.free()
		return nil, nil
	}
	var cols []vector.Column
	if g := s.out.table.groups; g != nil {
		var err error
		if cols, err = g.columns(from, from+int(sel[len(sel)-1])+1); err != nil {
			return nil, err
		}
	}
	for i := range cols {
		cols[i] = vector.Gather(&cols[i], sel)
	}
	return vector.New(cols, len(sel)), nil
}

// times is how often a row comes out that stands left and right so many times.
func (s *setOp) times(left, right int64) int64 {
	n := left
	switch {
	case s.node.Kind == physical.Intersect:
		n = min(left, right)
	case s.node.All:
		n = max(0, left-right)
	case right > 0:
		n = 0
	}
	if !s.node.All {
		n = min(n, 1)
	}
	return n
}
