package exec

import (
	"context"
	"errors"
	"io"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

const (
	// partialProbe is how many rows phase Partial looks at before it judges whether
	// grouping is worth it, and passRatio the groups per row from which it is not.
	partialProbe = 1 << 16
	passRatio    = 0.9
	// partialGroups is how many groups phase Partial keeps before it hands them on.
	partialGroups = 1 << 19
)

// aggregate groups rows and computes aggregates, by hashing.
//
// In phases Single and Final every instance aggregates its own input into tables
// of its own (aggregate_partition.go); when all have, the tables are merged
// partition by partition (by the upper bits of the hash), each partition by
// whichever instance takes it first, and that instance gives out its groups. Few
// groups are one partition. In phase Partial instances do not meet: each hands on
// its table when it is large or its input ends, and where grouping hardly shrinks
// the input it hands on every row as a group of its own (Larson, "Data reduction by
// partial preaggregation", 2002).
//
// The tables hold packed keys, hashes and one array per state; how rows find their
// group is in aggregate_groups.go. Memory: all distinct groups of the instance's
// input, those that do not repeat soon several times, and one partition of all.
// Where that does not fit, phase Partial hands its table on, and the others go on in
// partitions (aggregate_spill.go), whose rows come in another order.
type aggregate struct {
	input  Operator
	plan   *aggregatePlan
	env    *Env
	in     *aggregateInput
	schema []expr.Field
	shared *tableMerge

	table   *aggregateTable // own input; nil in phases Single and Final from the barrier on
	growth  growth          // phases Single and Final: when table is full
	full    []*sealed       // phases Single and Final: the tables before it
	apart   *scatter        // phases Single and Final: rows to come go there and not into table; nil: they do not
	arrived bool            // the barrier was met
	done    bool            // the input has ended
	closed  bool
	rows    int  // phase Partial: rows in table
	passing bool // phase Partial: rows are handed on as they are

	out groupSpan // what is given out now

	account *memory.Account // of the tables
	writer  *partWriter     // nil: nothing was spilled (aggregate_spill.go)
	met     bool            // spilled: the second barrier was met
	part    Operator        // spilled: aggregates partition partAt
	partAt  int
}

func newAggregate(n *physical.Aggregate, input Operator, env *Env) (Operator, error) {
	plan, err := planAggregate(n)
	if err != nil {
		return nil, err
	}
	in, err := newAggregateInput(plan, input.Schema(), evalOptions(env))
	if err != nil {
		return nil, err
	}
	account := tableAccount(env)
	a := &aggregate{
		account: account, input: input, plan: plan, env: env, in: in, schema: n.Schema(),
		shared: State(env.Group, n, func() *tableMerge { return newTableMerge(env.Group.Size()) }),
		table:  newAggregateTable(plan, account), growth: newGrowth(),
	}
	a.table.expect(n)
	return a, nil
}

func (a *aggregate) Schema() []expr.Field { return a.schema }

func (a *aggregate) Next(ctx context.Context) (*vector.Batch, error) {
	if a.plan.node.Phase == physical.Partial {
		return a.nextPartial(ctx)
	}
	if !a.arrived {
		if err := a.consume(ctx); err != nil {
			return nil, err
		}
	}
	if a.writer != nil {
		return a.nextSpilled(ctx)
	}
	for {
		if b, err := a.emit(); b != nil || err != nil {
			return b, err
		}
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		var err error
		if a.out, err = a.shared.next(a.plan, a.env.Account); err != nil {
			return nil, err
		}
	}
}

func (a *aggregate) Close() (err error) {
	if !a.closed {
		a.closed = true
		if !a.arrived {
			a.shared.barrier.Leave()
		}
		if !a.met {
			a.shared.spill.barrier.Leave()
		}
		err = a.closeSpilled()
		a.out.free()
		a.in.close()
		for _, t := range a.full {
			t.b.free()
		}
		if a.table != nil {
			a.table.b.free()
		}
		if a.apart != nil {
			a.apart.free()
		}
		a.full, a.table, a.apart = nil, nil, nil
		a.shared.leave()
	}
	return errors.Join(err, a.input.Close())
}

// consume aggregates the whole input of this instance, and waits for the others.
func (a *aggregate) consume(ctx context.Context) error {
	err := Drain(ctx, a.input, func(b *vector.Batch) error {
		defer b.Release()
		if a.writesRows() {
			return a.writeRows(b)
		}
		add := a.in.add
		if a.apart != nil {
			add = func(b *vector.Batch, _ *aggregateTable) error { return a.apart.add(a.in, b) }
		}
		if err := add(b, a.table); err != nil {
			return err
		}
		if a.crowded() {
			return a.spill(ctx)
		}
		if a.apart == nil && a.table.groups != nil && a.growth.full(b.Rows(), a.table.groups) {
			return a.seal()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.input.Close(); err != nil { // frees what is below
		return err
	}
	if err := a.table.grow(a.table.size()); err != nil { // the one group without keys, when no row has
		return err
	}
	a.describe()
	tables := append(a.full, seal(a.table))
	if a.apart != nil {
		tables = append(tables, a.apart.seal()...)
	}
	a.arrived, a.full, a.table, a.apart = true, nil, nil, nil
	if err := a.shared.publish(ctx, tables); err != nil || !a.shared.spill.on.Load() {
		return err
	}
	return a.written(ctx, tables)
}

// describe notes how groups and distinct values were found, for EXPLAIN ANALYZE.
func (a *aggregate) describe() {
	if a.env.Profile == nil {
		return
	}
	for _, s := range a.table.states {
		if d, ok := s.(*distinct); ok {
			a.env.note(a.plan.node, "%s", d.describe())
		}
	}
	g := a.table.groups
	if g == nil {
		return
	}
	how := "by hash"
	switch {
	case g.lead != nil:
		how = "by leading key " + a.plan.node.Groups[g.lead.key].String()
	case len(a.plan.keys) == 1 && !g.dense.off && g.dense.known == g.n:
		how = "by array of values"
	case len(g.codes.gids) > 0 && g.n < maxCodeSpace:
		how = "by codes"
	}
	a.env.note(a.plan.node, "%s", how)
	if a.apart != nil {
		a.env.note(a.plan.node, "rows apart by hash")
	} else if len(a.full) > 0 {
		a.env.note(a.plan.node, "several tables")
	}
}

// seal ends the table and begins another.
func (a *aggregate) seal() error {
	last, rows := a.table, a.growth.taken
	if a.scatters(rows, last) {
		a.full = append(a.full, seal(last))
		a.table, a.growth = newAggregateTable(a.plan, a.account), newGrowth()
		a.apart = newScatter(a.plan, a.account)
		return nil
	}
	next, err := newTable(a.plan, last, a.account)
	if err != nil {
		return err
	}
	a.full = append(a.full, seal(last))
	a.table, a.growth = next, newGrowth()
	next.expect(a.plan.node)
	return next.room(last.size()) // it is likely to have as many
}

// emit gives the next batch of a.out, nil when there is none.
func (a *aggregate) emit() (*vector.Batch, error) {
	n := min(a.env.Rows(), a.out.to-a.out.at)
	if n <= 0 {
		a.out.free()
		return nil, nil
	}
	cols, err := a.out.table.output(a.out.at, a.out.at+n)
	if err != nil {
		return nil, err
	}
	a.out.at += n
	return vector.New(cols, n), nil
}

func (a *aggregate) nextPartial(ctx context.Context) (*vector.Batch, error) {
	for {
		if b, err := a.emit(); b != nil || err != nil {
			return b, err
		}
		if a.done {
			return nil, io.EOF
		}
		b, err := a.input.Next(ctx)
		if errors.Is(err, io.EOF) {
			a.done = true
			if err := a.table.grow(a.table.size()); err != nil {
				return nil, err
			}
			if !a.passing {
				a.flush()
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if a.passing {
			if b.Rows() > 0 {
				return a.pass(b)
			}
			b.Release()
			continue
		}
		a.rows += b.Rows()
		err = a.in.add(b, a.table)
		b.Release()
		if err != nil {
			return nil, err
		}
		a.judge()
	}
}

// judge hands on the table of phase Partial when it is large, and for good when it
// does not shrink the input.
func (a *aggregate) judge() {
	if a.spills() && a.account.Crowded(crowdedStates) {
		a.flush()
		return
	}
	if a.table.groups == nil || a.rows < partialProbe {
		return
	}
	a.passing = float64(a.table.size()) > passRatio*float64(a.rows)
	if a.passing || a.table.size() > partialGroups {
		a.flush()
	}
}

// flush gives out the table of phase Partial and starts an empty one.
func (a *aggregate) flush() {
	a.out = groupSpan{table: a.table, to: a.table.size(), owned: true}
	a.table, a.rows = newAggregateTable(a.plan, a.account), 0
}

// pass hands on a batch with every row as a group.
func (a *aggregate) pass(b *vector.Batch) (*vector.Batch, error) {
	n := b.Rows()
	keys, err := evaluate(a.in.keys, b, nil)
	if err != nil {
		b.Release()
		return nil, err
	}
	t := newAggregateTable(a.plan, a.env.Account)
	defer t.b.free() // the states of one batch are as short-lived as any batch
	if err = t.grow(n); err == nil {
		err = a.in.addStates(b, a.in.scratch.all(n), t)
	}
	var measures []vector.Column
	if err == nil {
		measures, err = t.measures(0, n)
	}
	if err != nil {
		b.Release()
		return nil, err
	}
	if b.Sel != nil {
		for i := range keys {
			keys[i] = vector.Gather(&keys[i], b.Sel)
		}
	}
	out := vector.New(append(keys, measures...), n)
	out.Take(b)
	return out, nil
}
