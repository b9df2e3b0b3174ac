package exec

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// An aggregate whose tables find no room goes on in partitions by a hash of the keys,
// each of which is aggregated by an aggregate of its own, which does the same by other
// bits of the hash when it has no room either.
//
// Where every aggregate has a state that fits a row, the tables are written out, as
// phase Partial hands them on, and begun anew as often as it takes; the partitions are
// phase Final over these. Where not (DISTINCT, ordered, collecting aggregates) the
// tables stay as they are from then on, and rows that come later are written; a
// partition begins with those groups of the tables that belong to it (base).
//
// All instances spill or none does. Rows come out in another order than in memory,
// partition by partition. One group's state, and so the only group of an aggregate
// without keys, has to fit in memory.

const (
	// crowdedStates is the part of the room that tables may fill which are written and
	// freed, crowdedRows that of tables that stay: the partitions need room beside them.
	crowdedStates, crowdedRows = 0.6, 0.3
)

// aggregateSpill is what the instances of a spilling aggregate have in common.
type aggregateSpill struct {
	on      atomic.Bool
	barrier *Barrier // behind it everything is in files
	once    sync.Once
	node    *physical.Aggregate // of a partition
	fields  []expr.Field        // of the rows in files
	states  bool                // they are states
	files   *partFiles
	taken   atomic.Int64
	profile *SpillProfile

	dividing sync.Once
	base     [spillParts][]baseGroups // not states
	held     budget
	failed   error
}

// baseGroups is the groups of a table that belong to a partition.
type baseGroups struct {
	table *sealed
	at    []uint32
}

// begin makes the files, once.
func (s *aggregateSpill) begin(a *aggregate) {
	s.once.Do(func() {
		n := a.plan.node
		node := *n
		node.Est = physical.Est{} // of the whole
		s.profile = a.env.spillProfile(n)
		s.states = splittable(n)
		if s.fields = a.input.Schema(); s.states {
			s.fields = nil
			node.Phase, node.Groups = physical.Final, nil
			for i, t := range a.plan.keys {
				f := expr.Field{Type: t, Nullable: a.plan.nullable[i]}
				s.fields = append(s.fields, f)
				node.Groups = append(node.Groups, &expr.Column{ID: expr.ColumnID(i), Typ: t, Nullable: f.Nullable})
			}
			for _, c := range n.Aggs {
				for _, t := range physical.StateTypes(c) {
					s.fields = append(s.fields, expr.Field{Type: t, Nullable: true})
				}
			}
		}
		node.Input = &physical.Values{Fields: s.fields}
		s.node, s.files = &node, newPartFiles(a.env, s.profile)
		s.held.account = a.env.Account
	})
}

// splittable reports whether all aggregates of a node have states that fit a row.
func splittable(n *physical.Aggregate) bool {
	for _, a := range n.Aggs {
		if !physical.Splittable(a) {
			return false
		}
	}
	return true
}

// spills reports whether the aggregate can go on in partitions.
func (a *aggregate) spills() bool {
	return a.env.Spill != nil && len(a.plan.keys) > 0 && a.env.depth < maxSpillDepth
}

// crowded reports whether it has to, from now on.
func (a *aggregate) crowded() bool {
	if !a.spills() {
		return false
	}
	s := a.shared.spill
	if s.on.Load() && a.writer == nil {
		return true
	}
	part := crowdedRows
	if splittable(a.plan.node) {
		part = crowdedStates
	}
	return a.account.Crowded(part)
}

// spill writes what the instance has, or lets it stay and writes what comes.
func (a *aggregate) spill(ctx context.Context) error {
	s := a.shared.spill
	a.openWriter()
	s.on.Store(true)
	if !s.states {
		return nil
	}
	for _, t := range a.full {
		if err := a.writeStates(ctx, t.aggregateTable); err != nil {
			return err
		}
	}
	if err := a.writeStates(ctx, a.table); err != nil {
		return err
	}
	if a.apart != nil {
		for _, t := range a.apart.tables {
			if err := a.writeStates(ctx, t); err != nil {
				return err
			}
		}
		a.apart = newScatter(a.plan, a.account)
	}
	a.full, a.growth = nil, newGrowth()
	a.table = newAggregateTable(a.plan, a.account)
	return nil
}

func (a *aggregate) openWriter() {
	s := a.shared.spill
	s.begin(a)
	if a.writer == nil {
		a.writer = newPartWriter(s.files, s.fields, a.plan.keys, a.env)
	}
}

// writeStates writes a table and frees it.
func (a *aggregate) writeStates(ctx context.Context, t *aggregateTable) error {
	for from := 0; from < t.size(); from += vector.MaxRows {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := min(vector.MaxRows, t.size()-from)
		cols, err := t.groups.columns(from, from+n)
		if err != nil {
			return err
		}
		keys := len(cols)
		for _, m := range a.plan.measures {
			for _, state := range m.states {
				c, err := t.states[state].columns(from, from+n)
				if err != nil {
					return err
				}
				cols = append(cols, c...)
			}
		}
		if err := a.writer.add(cols, cols[:keys], n, nil); err != nil {
			return err
		}
	}
	t.b.free()
	return nil
}

// writesRows reports whether rows are written as they come.
func (a *aggregate) writesRows() bool { return a.writer != nil && !a.shared.spill.states }

// writeRows writes a batch as it came.
func (a *aggregate) writeRows(b *vector.Batch) error {
	keys, err := evaluate(a.in.keys, b, nil)
	if err != nil {
		return err
	}
	return a.writer.add(b.Cols, keys, b.Len, b.Sel)
}

// written ends what an instance writes, its last tables included where they do not
// stay, and waits for the others.
func (a *aggregate) written(ctx context.Context, tables []*sealed) error {
	s := a.shared.spill
	a.openWriter()
	for _, t := range tables {
		if !s.states {
			break
		}
		if err := a.writeStates(ctx, t.aggregateTable); err != nil {
			return err
		}
	}
	if err := a.writer.flush(); err != nil {
		return err
	}
	a.writer.close()
	a.met = true
	return s.barrier.Arrive(ctx)
}

// nextSpilled gives the next output of the partitions.
func (a *aggregate) nextSpilled(ctx context.Context) (*vector.Batch, error) {
	s := a.shared.spill
	for {
		if a.part == nil {
			p := int(s.taken.Add(1)) - 1
			if p >= spillParts {
				return nil, io.EOF
			}
			if err := a.openPart(p); err != nil {
				return nil, err
			}
			a.partAt = p
		}
		b, err := a.part.Next(ctx)
		if !errors.Is(err, io.EOF) {
			return b, err
		}
		err = a.part.Close()
		a.part = nil
		s.files.files[a.partAt].Free()
		if err != nil {
			return nil, err
		}
	}
}

// openPart begins to aggregate a partition.
func (a *aggregate) openPart(p int) error {
	s := a.shared.spill
	sub := a.env.alone(a.plan.node)
	op, err := newAggregate(s.node, newSpillReader(s.files.files[p], s.fields, sub), sub)
	if err != nil {
		return err
	}
	part := op.(*aggregate)
	if !s.states {
		if err = s.divide(a); err == nil {
			err = part.beginWith(s.base[p])
		}
	}
	if err != nil {
		return errors.Join(err, op.Close())
	}
	a.part = op
	return nil
}

// divide finds the partitions of the groups that stayed in tables.
func (s *aggregateSpill) divide(a *aggregate) error {
	s.dividing.Do(func() {
		hash := newSpillHash(a.plan.keys, a.env)
		defer hash.close()
		if s.failed = alike(a.shared.tables); s.failed != nil {
			return
		}
		for _, t := range a.shared.tables {
			if s.failed = s.held.reserve(int64(t.size()) * 4); s.failed != nil {
				return
			}
			var lists [spillParts][]uint32
			for from := 0; from < t.size(); from += vector.MaxRows {
				n := min(vector.MaxRows, t.size()-from)
				cols, err := t.groups.columns(from, from+n)
				var parts []uint8
				if err == nil {
					parts, err = hash.of(cols, n, nil)
				}
				if err != nil {
					s.failed = err
					return
				}
				for i, p := range parts {
					lists[p] = append(lists[p], uint32(from+i))
				}
			}
			for p, at := range lists {
				if len(at) > 0 {
					s.base[p] = append(s.base[p], baseGroups{t, at})
				}
			}
		}
	})
	return s.failed
}

// beginWith puts a table of groups that others have found before the input.
func (a *aggregate) beginWith(base []baseGroups) error {
	if len(base) == 0 {
		return nil
	}
	t, err := newTable(a.plan, base[0].table.aggregateTable, a.account)
	if err != nil {
		return err
	}
	a.full = append(a.full, &sealed{aggregateTable: t, high: -1})
	for _, b := range base {
		if err := t.merge(b.table.aggregateTable, b.at); err != nil {
			return err
		}
	}
	a.full[0] = seal(t)
	return nil
}

// closeSpilled gives back what the instance has of files.
func (a *aggregate) closeSpilled() error {
	a.writer.close()
	if a.part == nil {
		return nil
	}
	err := a.part.Close()
	a.part = nil
	return err
}

// free removes the files and forgets the lists.
func (s *aggregateSpill) free() {
	s.files.free()
	s.held.free()
}

// tableAccount is the account of one instance's tables, so that it is known what they hold.
func tableAccount(env *Env) *memory.Account {
	if env.Spill == nil || env.Account == nil {
		return env.Account
	}
	return env.Account.Part()
}
