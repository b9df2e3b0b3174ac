package exec

import (
	"context"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/skein-query/skein/exec/memory"
)

const (
	// mergeTogether is the number of groups, over all instances, up to which one
	// instance merges them all: more partitions would cost more than they save.
	mergeTogether = 4096
	// partGroups is how many groups, counted once per table, a partition by hash
	// should have at most: its hash table stays in the processor's cache.
	partGroups = 1 << 15
	// spanGroups is how many a partition by value should have: many such are groups
	// of one table only, which are given out from there.
	spanGroups = 1 << 13
)

// tableMerge is what the instances of an aggregate or a set operation have in
// common: their tables, once complete, and who merges which partition of them.
type tableMerge struct {
	barrier   *Barrier
	instances int
	mu        sync.Mutex
	open      int       // instances not closed yet: the last one frees the tables
	tables    []*sealed // complete after the barrier
	cut       *cut      // nil before the first instance has passed the barrier
	texts     *commonTexts
	taken     int // partitions taken
	spill     *aggregateSpill
}

// cut is how groups are divided into partitions: by hash, or by value where all
// tables know theirs. The group of NULL is then in the first partition.
type cut struct {
	parts     int
	byValue   bool
	low, high int64
}

// groupSpan is groups [at, to) of a table.
type groupSpan struct {
	table  *aggregateTable
	at, to int
	owned  bool // the table is nobody else's: free it in the end
}

// free frees the table when it is owned.
func (s *groupSpan) free() {
	if s.owned {
		s.table.b.free()
	}
	*s = groupSpan{}
}

func newTableMerge(n int) *tableMerge {
	return &tableMerge{barrier: NewBarrier(n), open: n, instances: n, spill: &aggregateSpill{barrier: NewBarrier(n)}}
}

// publish gives an instance's complete tables to all and waits for theirs. They are
// this structure's to free from now on.
func (s *tableMerge) publish(ctx context.Context, tables []*sealed) error {
	s.mu.Lock()
	s.tables = append(s.tables, tables...)
	s.mu.Unlock()
	return s.barrier.Arrive(ctx)
}

// next merges a partition that nobody has taken yet; io.EOF when there is none
// left. The caller frees the result.
func (s *tableMerge) next(p *aggregatePlan, account *memory.Account) (groupSpan, error) {
	tables, part, c, err := s.take(account)
	switch {
	case err != nil:
		return groupSpan{}, err
	case part >= c.parts:
		return groupSpan{}, io.EOF
	case c.byValue:
		return c.mergeSpan(tables, part, p, account)
	}
	var out groupSpan
	if c.parts == 1 {
		// Everything goes into the largest table, which nobody else reads any more.
		out.table = slices.MaxFunc(tables, func(a, b *sealed) int { return a.size() - b.size() }).aggregateTable
	} else {
		if out.table, err = newTable(p, tables[0].aggregateTable, account); err != nil {
			return out, err
		}
		out.owned = true
	}
	if err := s.mergeInto(out.table, tables, part); err != nil {
		out.free()
		return out, err
	}
	out.to = out.table.size()
	return out, nil
}

// mergeInto merges a partition by hash into a table.
func (s *tableMerge) mergeInto(out *aggregateTable, tables []*sealed, part int) error {
	lists, total := make([][]uint32, len(tables)), out.size()
	for i := range tables {
		i := (part + i) % len(tables) // each instance begins with another, which it sorts
		if tables[i].aggregateTable == out {
			continue
		}
		var err error
		if lists[i], err = tables[i].byHash(part, s.cut.parts); err != nil {
			return err
		}
		total += len(lists[i])
	}
	if out.groups != nil && s.cut.parts > 1 {
		out.groups.dense.off = true
		if s.texts != nil {
			out.groups.share(s.texts)
		}
		if err := out.groups.expect(total); err != nil {
			return err
		}
	}
	for i, at := range lists {
		if t := tables[i].aggregateTable; t == out || len(at) == 0 && t.groups != nil {
			continue
		}
		if err := out.merge(tables[i].aggregateTable, at); err != nil {
			return err
		}
	}
	return nil
}

// take gives the number of a partition that nobody has taken yet, and the cut it
// belongs to.
func (s *tableMerge) take(account *memory.Account) (tables []*sealed, part int, c *cut, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cut == nil {
		if err := alike(s.tables); err != nil {
			return nil, 0, nil, err
		}
		s.cut = newCut(s.tables, s.instances)
		if !s.cut.byValue && s.cut.parts > 1 {
			var err error
			if s.texts, err = newCommonTexts(s.tables, account); err != nil {
				return nil, 0, nil, err
			}
		}
	}
	s.taken++
	return s.tables, s.taken - 1, s.cut, nil
}

func newCut(tables []*sealed, instances int) *cut {
	c := &cut{parts: 1, byValue: true, low: math.MaxInt64, high: math.MinInt64}
	total := 0
	for _, t := range tables {
		total += t.size()
		c.byValue = c.byValue && t.valued
		if t.low <= t.high {
			c.low, c.high = min(c.low, t.low), max(c.high, t.high)
		}
	}
	if total <= mergeTogether {
		c.byValue = false
		return c
	}
	width := uint64(c.high) - uint64(c.low)
	if c.byValue && (width < denseAlways || width/densePerGroup < uint64(total)) {
		c.parts = max(instances, total/spanGroups)
		return c
	}
	c.byValue = false
	for c.parts < finest && (c.parts < instances || total > c.parts*partGroups) {
		c.parts *= 2
	}
	return c
}

// span is the values of a partition.
func (c *cut) span(part int) (low, high int64) {
	width := uint64(c.high) - uint64(c.low) + 1
	step := width/uint64(c.parts) + 1
	from := min(width, step*uint64(part))
	return c.low + int64(from), c.low + int64(min(width, from+step)) - 1
}

// mergeSpan merges a partition by value. Where its groups stand in a row of one
// table only, they stay there.
func (c *cut) mergeSpan(tables []*sealed, part int, p *aggregatePlan, account *memory.Account) (groupSpan, error) {
	low, high := c.span(part)
	var only groupSpan
	var out *aggregateTable
	var list []uint32
	merge := func(from *aggregateTable, at []uint32) (err error) {
		if out == nil {
			if out, err = newTable(p, from, account); err != nil {
				return err
			}
			out.groups.dense.reach(out.groups, low, high)
		}
		return out.merge(from, at)
	}
	flush := func() error {
		if only.table == nil {
			return nil
		}
		from := only
		only = groupSpan{}
		return merge(from.table, numbered(from.at, from.to))
	}
	for _, t := range tables {
		from, to, at := t.byValue(low, high, part == 0, list)
		if at != nil {
			list = at
		}
		if from == to && len(at) == 0 {
			continue
		}
		var err error
		switch {
		case from < to && only.table == nil && out == nil:
			only = groupSpan{table: t.aggregateTable, at: from, to: to}
		default:
			if err = flush(); err == nil {
				if from < to {
					at = numbered(from, to)
				}
				err = merge(t.aggregateTable, at)
			}
		}
		if err != nil {
			if out != nil {
				out.b.free()
			}
			return groupSpan{}, err
		}
	}
	if out == nil {
		return only, nil
	}
	return groupSpan{table: out, to: out.size(), owned: true}, nil
}

func numbered(from, to int) []uint32 {
	out := make([]uint32, to-from)
	for i := range out {
		out[i] = uint32(from + i)
	}
	return out
}

// leave frees the tables when nobody can be reading them any more, and reports whether
// that is so.
func (s *tableMerge) leave() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.open > 0 {
		return false
	}
	for _, t := range s.tables {
		t.b.free()
	}
	s.tables = nil
	s.texts.free()
	s.spill.free()
	return true
}

// alike makes all tables find their groups in one way: by the leading key of the first
// that has one.
func alike(tables []*sealed) error {
	lead := -1
	for _, t := range tables {
		if t.groups != nil && t.groups.lead != nil && lead < 0 {
			lead = t.groups.lead.key
		}
	}
	if lead < 0 {
		return nil
	}
	for _, t := range tables {
		g := t.groups
		if g.lead != nil && g.lead.key == lead {
			continue
		}
		if g.lead != nil {
			if err := g.leaveLead(); err != nil {
				return err
			}
		}
		if err := g.enterLead(lead); err != nil {
			return err
		}
		t.findRange()
	}
	return nil
}

// newTable is an empty table that finds its groups as the table like does, which has
// been asked for a leading key.
func newTable(p *aggregatePlan, like *aggregateTable, account *memory.Account) (*aggregateTable, error) {
	t := newAggregateTable(p, account)
	if like.groups == nil {
		return t, nil
	}
	if like.groups.lead == nil {
		t.groups.mayLead = false
		return t, nil
	}
	if err := t.groups.enterLead(like.groups.lead.key); err != nil {
		t.b.free()
		return nil, err
	}
	return t, nil
}
