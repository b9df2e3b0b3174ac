package exec

import (
	"context"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// A hash join whose build side finds no memory goes on in partitions (grace hash join;
// Kitsuregawa et al., 1983): both sides are written to files by a hash of their keys,
// and then every partition is joined by a hash join of its own, which does the same by
// another hash when its build side is still too large. Rows that can meet are in one
// partition, so every kind of join is the union of the joins of its partitions. For NOT
// IN that is so when rows are divided by the keys that select the list (joinSplit.by),
// and what is asked of the list as a whole is known beforehand (joinFacts).
//
// All instances of a group spill or none does: who meets the refusal says so, the others
// follow with their next batch, or when all have read their input. Rows come out in
// another order than they do in memory, partition by partition.

// joinSplit is how a join is divided.
type joinSplit struct {
	node         *physical.HashJoin // of one partition, without inputs
	build, probe []expr.Field       // of the rows in files: the keys, then columns
	probeColumns []int              // of the probe side: those behind its keys
	by           int                // the rows are divided by so many of the first keys
	types        []expr.Type        // of all keys
	files        *partFiles         // of the build side
	probes       *partFiles         // of the probe side; replicated: every task has its own
	keys         []*spilledKey      // what is known of the build side's keys
	profile      *SpillProfile
}

// joinFacts is what a partition must know of the whole build side, for NOT IN.
type joinFacts struct{ anyRow, anyNull bool }

// newJoinSplit plans the join of a partition.
func newJoinSplit(n *physical.HashJoin, shape *joinShape, lists bool, env *Env) *joinSplit {
	s := &joinSplit{profile: env.spillProfile(n), by: len(n.BuildKeys)}
	if lists {
		s.by--
	}
	sub := *n
	sub.ProbeKeys, sub.BuildKeys, sub.RuntimeFilters, sub.Replicated, sub.CoLocated = nil, nil, nil, false, 0
	for i, k := range n.BuildKeys {
		field := expr.Field{Type: k.Type(), Nullable: true}
		c := &expr.Column{ID: expr.ColumnID(i), Typ: k.Type(), Nullable: true}
		s.types = append(s.types, k.Type())
		sub.ProbeKeys, sub.BuildKeys = append(sub.ProbeKeys, c), append(sub.BuildKeys, c)
		s.probe, s.build = append(s.probe, field), append(s.build, field)
	}
	s.build = append(s.build, shape.storedFields...)
	kept := map[int]int{}
	keep := func(c joinColumn, f expr.Field) {
		if _, ok := kept[c.index]; !ok && !c.fromBuild {
			kept[c.index] = len(s.probe)
			s.probe, s.probeColumns = append(s.probe, f), append(s.probeColumns, c.index)
		}
	}
	for i, c := range shape.emit {
		keep(c, shape.emitFields[i])
	}
	for i, c := range shape.residualInput {
		keep(c, shape.residualFields[i])
	}
	place := func(c joinColumn) int {
		if c.fromBuild {
			return len(s.probe) + len(s.types) + c.index
		}
		return kept[c.index]
	}
	sub.Emit = nil
	for _, c := range shape.emit {
		sub.Emit = append(sub.Emit, place(c))
	}
	var conjuncts []expr.Expr
	for _, c := range shape.residual {
		conjuncts = append(conjuncts, renumbered(c, func(id int) int { return place(shape.residualInput[id]) }))
	}
	if sub.Residual = nil; len(conjuncts) > 0 {
		sub.Residual = expr.And(conjuncts...)
	}
	sub.Probe, sub.Build = &physical.Values{Fields: s.probe}, &physical.Values{Fields: s.build}
	s.node = &sub
	return s
}

// renumbered is an expression over columns that stand elsewhere.
func renumbered(e expr.Expr, to func(int) int) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		if !ok {
			return e
		}
		moved := *c
		moved.ID = expr.ColumnID(to(int(c.ID)))
		return &moved
	})
}

// split gives how the join is divided, from when it first has to be.
func (s *joinBuild) split(env *Env) *joinSplit {
	s.splitting.Do(func() {
		s.divided = newJoinSplit(s.node, s.shape, s.lists != nil, env)
		s.divided.keys = s.newSpilledKeys(env)
		s.divided.files, s.divided.probes = newPartFiles(env, s.divided.profile), newPartFiles(env, s.divided.profile)
	})
	return s.divided
}

// takeOrSpill is take, or writes the rows to files when there is no room.
func (s *joinBuild) takeOrSpill(ctx context.Context, part int, b *vector.Batch, cols []vector.Column, env *Env) error {
	p := &s.parts[part]
	if p.writer == nil && !s.spilling.Load() {
		err := s.take(part, b, cols, s.share)
		if !env.needsRoom(err) {
			return err
		}
		s.spilling.Store(true)
	}
	if err := s.dump(ctx, part, env); err != nil {
		return err
	}
	sel := explicit(b.Sel, b.Len)
	if s.node.NullAware && len(sel) > 0 {
		s.unknown.note(part, &cols[len(cols)-1], sel, p.rows, false)
	}
	if !s.keepsKeyless() && !s.node.NullEqual {
		for i := range cols {
			if cols[i].Valid != nil {
				sel = withoutNulls(nil, &cols[i], sel)
			}
		}
	}
	rows := append(make([]vector.Column, 0, len(cols)+len(s.shape.stored)), cols...)
	for _, c := range s.shape.stored {
		rows = append(rows, b.Cols[c])
	}
	for _, f := range s.divided.keys {
		f.add(cols, sel)
	}
	return p.writer.add(rows, cols[:s.divided.by], b.Len, sel)
}

// dump writes the rows that an instance has taken to files, once, and forgets them.
// What an add that failed has left behind the last row does not count.
func (s *joinBuild) dump(ctx context.Context, part int, env *Env) error {
	p := &s.parts[part]
	if p.writer != nil {
		return nil
	}
	split := s.split(env)
	p.writer = newPartWriter(split.files, split.build, split.types[:split.by], env)
	if p.rows > 0 {
		if err := s.dumpRows(ctx, part, split); err != nil {
			return err
		}
	}
	releaseBuffers(p.buffers)
	releaseBuffers(p.keys)
	p.buffers, p.keys = nil, nil
	s.index.parts[part].drop()
	if s.lists != nil {
		s.lists.parts[part].drop()
	}
	return nil
}

func (s *joinBuild) dumpRows(ctx context.Context, part int, split *joinSplit) error {
	p := &s.parts[part]
	keys := newKeyReader(s.index, part, split.types, p.keys)
	listNull, lastNull := newNullCursor(nil), newNullCursor(nil)
	if s.lists != nil { // which of the keys is NULL makes a difference
		keys.skips = false
		listNull, lastNull = newNullCursor(s.lists.parts[part].skip), newNullCursor(s.unknown.parts[part].nulls)
	}
	columns := make([]*columnReader, len(p.buffers))
	for i := range columns {
		columns[i] = newColumnReader(&p.buffers[i], s.shape.storedFields[i].Type)
	}
	for at := 0; at < p.rows; at += vector.MaxRows {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := min(vector.MaxRows, p.rows-at)
		rows := keys.next(n)
		if s.lists != nil {
			setNulls(&rows[len(rows)-1], at, lastNull)
			if len(rows) > 1 {
				setNulls(&rows[0], at, listNull)
			}
		}
		for _, f := range split.keys {
			f.add(rows, identity[:n])
		}
		for _, c := range columns {
			rows = append(rows, c.next(n))
		}
		if err := p.writer.add(rows, rows[:split.by], n, nil); err != nil {
			return err
		}
	}
	return nil
}

// setNulls makes rows of a column NULL, its first being number from.
func setNulls(c *vector.Column, from int, isNull func(int) bool) {
	valid := vector.NewBitmapSet(c.Len)
	for i := range c.Len {
		if isNull(from+i) || c.IsNull(i) {
			valid.Clear(i)
		}
	}
	c.Valid = valid
}

// written ends what an instance writes of the build side.
func (s *joinBuild) written(ctx context.Context, part int, env *Env) error {
	if err := s.dump(ctx, part, env); err != nil {
		return err
	}
	w := s.parts[part].writer
	defer w.close()
	return w.flush()
}

// sealSpilled publishes what filters there are and forgets what the table would have
// been made of.
func (s *joinBuild) sealSpilled(env *Env) error {
	s.publishSpilled()
	s.index.release()
	if s.lists != nil {
		s.lists.release()
	}
	for i := range s.filters.wanted {
		s.filters.wanted[i].release()
	}
	s.unknown.anyRow, s.unknown.anyNull = s.facts.anyRow, s.facts.anyNull
	return s.unknown.seal(nil)
}

// fits reports whether there is room for the table of what was read. While it is made
// the rows stand there twice.
func (s *joinBuild) fits() bool {
	need, rows := int64(0), int64(0)
	for i := range s.parts {
		p := &s.parts[i]
		for j := range p.buffers {
			b := &p.buffers[j]
			need += b.passing.held
			if b.kind == vector.String && b.dict == nil {
				need += int64(b.rows) * 16
			}
		}
		rows += int64(p.rows)
	}
	words := int64(s.index.width)
	if s.keysOnly() {
		words-- // as a rule a bitmap
	}
	return s.share.Fits(need + rows*(4+8*words+20))
}
