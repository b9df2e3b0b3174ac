package exec

import (
	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

// Where grouping hardly shrinks the input, looking for the group of each row in a table
// of the instance's own is work for nothing: merge does it again. From then on rows are
// groups of their own, put down by the upper bits of their hash, so that merge finds
// each partition in one place and reads it from front to back (Leis et al.,
// "Morsel-driven parallelism", 2014, section 4.4, divide what their tables have no room
// for; here the tables are left out).

const (
	// scatterParts is how many tables the rows of an instance are put into: a union of
	// neighbours of the finest partitions, few enough that a batch brings each some rows.
	scatterParts = 64
	// scatterRatio is the rows per group up to which grouping is not worth it.
	scatterRatio = 1.6
	// scatterTexts is the texts per group up to which it is done: the tables share one
	// interner, which would hardly find a text again.
	scatterTexts = 0.8
)

// scatter is the rows of an instance as groups of their own. A key may stand in a table
// any number of times.
type scatter struct {
	front  *groups // packs keys; all tables have its strings
	tables []*aggregateTable

	block   key.Block
	columns []vector.Column
	parts   []uint8  // by row of the batch
	gids    []uint32 // by row of the batch: its group in the table of its part
	first   [scatterParts]uint32
	bounds  [scatterParts + 1]int
	rows    []uint32 // rows by part
	ordered []uint32 // their groups
}

// scatters reports whether the rows to come are better put down as they are, of an
// instance that has sealed the table t of so many rows.
func (a *aggregate) scatters(rows int, t *aggregateTable) bool {
	g := t.groups
	if g == nil || g.lead != nil || !g.dense.off && g.dense.known > 0 || g.layout.AnyLossy() || !splittable(a.plan.node) {
		return false
	}
	if float64(rows) > scatterRatio*float64(g.n) {
		return false
	}
	return !g.layout.HasStrings() || float64(g.strings.Len()) < scatterTexts*float64(g.n)
}

func newScatter(p *aggregatePlan, account *memory.Account) *scatter {
	s := &scatter{front: newGroups(p.keys, p.nullable, &budget{account: account})}
	for range scatterParts {
		t := newAggregateTable(p, account)
		t.groups.strings, t.groups.mayLead, t.groups.dense.off = s.front.strings, false, true
		s.tables = append(s.tables, t)
	}
	s.tables[scatterParts-1].b.owns(s.front.b.free) // tables are written and freed from the first on
	return s
}

func (s *scatter) free() {
	for _, t := range s.tables {
		t.b.free()
	}
}

// seal ends the tables.
func (s *scatter) seal() (out []*sealed) {
	for _, t := range s.tables {
		out = append(out, seal(t))
	}
	return out
}

// add takes the rows of a batch in; the batch stays the caller's.
func (s *scatter) add(in *aggregateInput, b *vector.Batch) (err error) {
	if b.Rows() == 0 {
		return nil
	}
	if s.columns, err = evaluate(in.keys, b, s.columns); err != nil {
		return err
	}
	if err := s.front.encoder.Encode(s.columns, b.Len, b.Sel, &s.block); err != nil {
		return err
	}
	if err := s.divide(b); err != nil {
		return err
	}
	for i := range in.stages {
		if err := s.addStage(in, i, b); err != nil {
			return err
		}
	}
	return nil
}

// divide makes a group of each row of a batch whose keys stand in s.block.
func (s *scatter) divide(b *vector.Batch) error {
	s.parts = append(s.parts[:0], make([]uint8, b.Len)...)
	s.gids = resize(&s.gids, b.Len)
	for p, t := range s.tables {
		s.first[p] = uint32(t.groups.n)
	}
	next := s.first
	for i, hash := range s.block.Hashes[:s.block.N] {
		p, row := partOf(hash, scatterParts), selected(b.Sel, i)
		s.parts[row], s.gids[row] = uint8(p), next[p]
		next[p]++
	}
	for p, t := range s.tables {
		if next[p] == s.first[p] {
			continue
		}
		if err := t.groups.room(int(next[p])); err != nil {
			return err
		}
		if err := t.grow(int(next[p])); err != nil {
			return err
		}
	}
	s.put(b)
	return nil
}

// put writes the keys of the rows to where divide has made room for them.
func (s *scatter) put(b *vector.Batch) {
	width := s.front.layout.Words()
	for i, hash := range s.block.Hashes[:s.block.N] {
		row := selected(b.Sel, i)
		g, id := s.tables[s.parts[row]].groups, int(s.gids[row])
		g.hashes[id] = hash
		if width == 1 {
			g.words[id] = s.block.Words[i]
			continue
		}
		copy(g.words[id*width:(id+1)*width], s.block.Words[i*width:])
	}
}

// addStage takes the rows of a batch into the states of a stage.
func (s *scatter) addStage(in *aggregateInput, stage int, b *vector.Batch) error {
	filtered := in.stages[stage].filter
	if filtered != nil {
		b = b.Share()
		defer b.Release()
		if err := filtered.Apply(b); err != nil {
			return err
		}
	}
	args, err := evaluate(in.stages[stage].args, b, nil)
	if err != nil {
		return err
	}
	s.order(b)
	for i, p := range in.plan.states {
		if p.stage != stage {
			continue
		}
		a := addition{full: filtered == nil, scratch: &in.scratch}
		for _, arg := range p.args {
			a.cols = append(a.cols, args[arg])
		}
		for part, t := range s.tables {
			from, to := s.bounds[part], s.bounds[part+1]
			if from == to {
				continue
			}
			a.sel, a.gids, a.n = s.rows[from:to], s.ordered[from:to], to-from
			if err := t.states[i].add(&a); err != nil {
				return err
			}
		}
	}
	return nil
}

// order sorts the selected rows of a batch by part.
func (s *scatter) order(b *vector.Batch) {
	n := b.Rows()
	s.rows, s.ordered = resize(&s.rows, n), resize(&s.ordered, n)
	var at [scatterParts]int
	for i := range n {
		at[s.parts[selected(b.Sel, i)]]++
	}
	total := 0
	for p, count := range at {
		s.bounds[p], at[p] = total, total
		total += count
	}
	s.bounds[scatterParts] = total
	for i := range n {
		row := selected(b.Sel, i)
		p := s.parts[row]
		s.rows[at[p]], s.ordered[at[p]] = uint32(row), s.gids[row]
		at[p]++
	}
}
