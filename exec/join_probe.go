package exec

import (
	"context"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/physical"
)

// joinProbe probes the table of a hash join with one instance's batches.
type joinProbe struct {
	node     *physical.HashJoin
	emit     joinEmitter
	shared   *joinBuild
	keys     []*eval.Evaluator
	residual *eval.Filter // nil: none
	finder   *joinFinder
	lists    *joinFinder // over shared.lists; nil without
	marks    vector.Bitmap
	held     budget // of marks

	batch *vector.Batch // being probed
	cols  []vector.Column
	match joinMatches
}

// joinMatches is what the current batch found.
type joinMatches struct {
	at, rows []uint32 // matching rows of the batch, ascending, and the (first) build row of each
	n        int
	next     []uint32 // the chains of the table at is walked through; nil: no row has a second partner
	cursor   int      // the match whose chain is being walked …
	row      uint32   // … and the row plus one to go on with, 0 to begin

	pairAt, pairRows []uint32      // a chunk of pairs
	found            vector.Bitmap // rows of the batch with a partner, while chains are walked

	singleAt, singleRows []uint32 // ProbeSingle: the pairs so far
}

// open readies the probe when the table is complete.
func (p *joinProbe) open() error {
	p.finder = newJoinFinder(p.shared.index)
	if p.shared.lists != nil {
		p.lists = newJoinFinder(p.shared.lists)
	}
	p.emit.store = p.shared.store
	p.cols = make([]vector.Column, len(p.keys))
	if marksBuild(p.node.Kind) {
		p.held.account = p.emit.env.Account
		words := vector.Words(p.shared.store.rows)
		if err := p.held.reserve(int64(words) * 8); err != nil {
			return p.shared.fail(err)
		}
		p.marks = make(vector.Bitmap, words)
		p.shared.tail.marks[p.emit.env.Instance] = p.marks
	}
	return nil
}

func (p *joinProbe) close() {
	p.batch.Release()
	p.batch = nil
	p.held.free()
	closeEvaluators(p.keys)
	p.residual.Close()
}

// start looks a batch up and gives the first output, or nil when there is none
// (yet: more goes on while p.batch is set).
func (p *joinProbe) start(ctx context.Context, b *vector.Batch) (*vector.Batch, error) {
	p.batch = b
	for i, k := range p.keys {
		var err error
		if p.cols[i], err = k.Eval(b); err != nil {
			return nil, err
		}
	}
	m := &p.match
	m.grow(b.Rows())
	var err error
	if m.n, err = p.finder.find(p.cols, b.Len, b.Sel, m.at, m.rows); err != nil {
		return nil, err
	}
	if p.node.Kind == physical.BuildSemi || p.node.Kind == physical.BuildAnti {
		if p.residual == nil {
			p.markChains()
			return p.drop()
		}
	}
	if existenceOnly(p.node.Kind) && p.residual == nil || p.shared.keysOnly() {
		return p.finish()
	}
	m.next = p.shared.index.table.next
	if m.chained() {
		m.cursor, m.row = 0, 0
		m.singleAt, m.singleRows = m.singleAt[:0], m.singleRows[:0]
		m.found = clearBits(m.found, b.Len)
		return p.more(ctx)
	}
	if p.residual != nil {
		if m.n, err = p.filterPairs(m.at[:m.n], m.rows[:m.n], true); err != nil {
			return nil, err
		}
	}
	p.mark(m.rows[:m.n])
	return p.finish()
}

func (m *joinMatches) grow(n int) {
	if cap(m.at) < n {
		m.at, m.rows = make([]uint32, n), make([]uint32, n)
	}
	m.at, m.rows = m.at[:n], m.rows[:n]
}

func clearBits(b vector.Bitmap, n int) vector.Bitmap {
	if cap(b) < vector.Words(n) {
		return vector.NewBitmap(n)
	}
	b = b[:vector.Words(n)]
	clear(b)
	return b
}

// chained reports whether any match has a second partner.
func (m *joinMatches) chained() bool {
	if m.next == nil {
		return false
	}
	for _, row := range m.rows[:m.n] {
		if m.next[row] != 0 {
			return true
		}
	}
	return false
}

// drop ends a batch that gives no output.
func (p *joinProbe) drop() (*vector.Batch, error) {
	p.batch.Release()
	p.batch = nil
	return nil, nil
}

// done ends a batch that an emitter has consumed, unless it failed.
func (p *joinProbe) done(b *vector.Batch, err error) (*vector.Batch, error) {
	if err == nil {
		p.batch = nil
	}
	return b, err
}

// sparse is when matches are copied together instead of staying where they are in
// the probe batch: for a few rows, columns of its length are not worth making.
const sparse = 16

// finish gives the output of a batch of which match.at[:n] are the rows with a
// partner, at most one each, and ends the batch.
func (p *joinProbe) finish() (*vector.Batch, error) {
	m := &p.match
	at, rows := m.at[:m.n], m.rows[:m.n]
	switch p.node.Kind {
	case physical.BuildSemi, physical.BuildAnti:
		return p.drop()
	case physical.ProbeSemi:
		return p.narrow(at)
	case physical.ProbeAnti:
		lonely, unknown, err := p.mismatches(at)
		if err != nil {
			return nil, err
		}
		return p.narrow(subtract(lonely, unknown))
	case physical.ProbeMark:
		_, unknown, err := p.mismatches(at)
		if err != nil {
			return nil, err
		}
		return p.done(p.emit.mark(p.batch, at, unknown))
	case physical.Inner, physical.BuildOuter:
		switch {
		case len(at) == 0 || p.shared.keysOnly(): // an inner join that emits nothing of a unique build side
			return p.narrow(at)
		case len(at)*sparse < p.batch.Len:
			b, err := p.emit.pairs(p.batch, at, rows)
			if err == nil {
				_, err = p.drop()
			}
			return b, err
		}
		return p.done(p.emit.aligned(p.batch, at, rows, false))
	}
	return p.done(p.emit.aligned(p.batch, at, rows, true))
}

// mismatches is the rows without a partner, and those among them whose IN is
// unknown.
func (p *joinProbe) mismatches(at []uint32) (lonely, unknown []uint32, err error) {
	lonely = without(p.batch, at)
	if p.node.NullAware {
		unknown, err = p.unknown(lonely)
	}
	return lonely, unknown, err
}

// narrow ends the batch with the probe columns of the rows at.
func (p *joinProbe) narrow(at []uint32) (*vector.Batch, error) {
	if len(at) == 0 {
		return p.drop()
	}
	return p.done(p.emit.narrow(p.batch, at))
}

// lonely ends the batch with the rows that found no partner in any chain.
func (p *joinProbe) lonely() (*vector.Batch, error) {
	m := &p.match
	rows := m.at[:0] // what stood there was walked through
	for _, place := range explicit(p.batch.Sel, p.batch.Len) {
		if !m.found.Get(int(place)) {
			rows = append(rows, place)
		}
	}
	if len(rows) == 0 {
		return p.drop()
	}
	return p.done(p.emit.lonely(p.batch, rows))
}

// more walks on through the chains of the current batch's matches.
func (p *joinProbe) more(ctx context.Context) (*vector.Batch, error) {
	m := &p.match
	for m.cursor < m.n {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		n, err := p.nextPairs()
		if err != nil {
			return nil, err
		}
		at, rows := m.pairAt[:n], m.pairRows[:n]
		p.mark(rows)
		if p.node.Kind == physical.ProbeSingle {
			if err := m.single(at, rows); err != nil {
				return nil, err
			}
			continue
		}
		if !emitsPairs(p.node.Kind) || keepsUnmatchedProbe(p.node.Kind) {
			for _, place := range at {
				m.found.Set(int(place))
			}
		}
		if n > 0 && emitsPairs(p.node.Kind) {
			return p.emit.pairs(p.batch, at, rows)
		}
	}
	switch {
	case keepsUnmatchedProbe(p.node.Kind) && p.node.Kind != physical.ProbeSingle:
		return p.lonely()
	case p.node.Kind == physical.Inner || marksBuild(p.node.Kind):
		return p.drop()
	case p.node.Kind == physical.ProbeSingle:
		m.n = copy(m.at, m.singleAt)
		copy(m.rows, m.singleRows)
		return p.finish()
	}
	m.n = 0
	for _, place := range explicit(p.batch.Sel, p.batch.Len) {
		if m.found.Get(int(place)) {
			m.at[m.n] = place
			m.n++
		}
	}
	return p.finish()
}

// nextPairs fills the pair chunk from the chains and applies the residual; it
// gives the number of pairs left. Rows of which only the existence of a partner
// matters are left out once they have one.
func (p *joinProbe) nextPairs() (int, error) {
	m := &p.match
	limit := p.emit.env.Rows()
	if cap(m.pairAt) < limit {
		m.pairAt, m.pairRows = make([]uint32, limit), make([]uint32, limit)
	}
	once := existenceOnly(p.node.Kind)
	n := 0
	for ; m.cursor < m.n && n < limit; m.cursor++ {
		place, row := m.at[m.cursor], m.row
		if once && m.found.Get(int(place)) {
			m.row = 0
			continue
		}
		if row == 0 {
			row = m.rows[m.cursor] + 1
		}
		for row != 0 && n < limit {
			m.pairAt[n], m.pairRows[n] = place, row-1
			n++
			row = m.nextOf(row - 1)
		}
		m.row = row
		if row != 0 {
			break
		}
	}
	if p.residual == nil {
		return n, nil
	}
	return p.filterPairs(m.pairAt[:n], m.pairRows[:n], false)
}

func (m *joinMatches) nextOf(row uint32) uint32 {
	if m.next == nil {
		return 0
	}
	return m.next[row]
}

// single notes the partners of rows of which a second one is an error.
func (m *joinMatches) single(at, rows []uint32) error {
	for _, place := range at {
		if m.found.Get(int(place)) {
			return errSecondRow()
		}
		m.found.Set(int(place))
	}
	m.singleAt = append(m.singleAt, at...)
	m.singleRows = append(m.singleRows, rows...)
	return nil
}

func errSecondRow() error {
	return sqlerr.New(sqlerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
}

// markChains marks all partners of all matches.
func (p *joinProbe) markChains() {
	next := p.shared.index.table.next
	for _, row := range p.match.rows[:p.match.n] {
		// A marked head has a marked chain: chains are marked as a whole here.
		for !p.marks.Get(int(row)) {
			p.marks.Set(int(row))
			if next == nil || next[row] == 0 {
				break
			}
			row = next[row] - 1
		}
	}
}

func (p *joinProbe) mark(rows []uint32) {
	if p.marks == nil {
		return
	}
	for _, row := range rows {
		p.marks.Set(int(row))
	}
}

// filterPairs keeps the pairs on which the residual is true, in place. ascending
// says that no probe row comes twice.
func (p *joinProbe) filterPairs(at, rows []uint32, ascending bool) (int, error) {
	if len(at) == 0 {
		return 0, nil
	}
	aligned := ascending && len(at)*8 >= p.batch.Len
	pairs, err := p.pairsBatch(at, rows, aligned)
	defer pairs.Release()
	if err != nil {
		return 0, err
	}
	if err := p.residual.Apply(pairs); err != nil {
		return 0, err
	}
	switch {
	case pairs.Sel == nil:
		return len(at), nil
	case !aligned:
		for n, i := range pairs.Sel {
			at[n], rows[n] = at[i], rows[i]
		}
	default:
		i := 0
		for n, place := range pairs.Sel {
			for at[i] != place {
				i++
			}
			at[n], rows[n] = place, rows[i]
		}
	}
	return len(pairs.Sel), nil
}

// pairsBatch is what the residual reads, of pairs: a row per pair, or aligned with
// the probe batch, whose columns are then not copied. It shares the probe batch's
// memory, and is to be released even with an error.
func (p *joinProbe) pairsBatch(at, rows []uint32, aligned bool) (*vector.Batch, error) {
	b, e := p.batch, &p.emit
	pairs := vector.New(make([]vector.Column, len(e.shape.residualInput)), len(at))
	var err error
	if aligned {
		pairs.Len = b.Len
		if pairs.Sel, err = ownSelection(e.env, pairs, at); err != nil {
			return pairs, err
		}
		if pairs.Sel == nil {
			at = nil // placeColumn gathers in one go
		}
	}
	for i, c := range e.shape.residualInput {
		switch {
		case aligned && !c.fromBuild:
			pairs.Cols[i] = b.Cols[c.index]
		case aligned:
			pairs.Cols[i], err = placeColumn(e.env, pairs, &e.store.cols[c.index], at, rows, b.Len, false)
		case c.fromBuild:
			pairs.Cols[i], err = gatherColumn(e.env, pairs, &e.store.cols[c.index], rows)
		default:
			pairs.Cols[i], err = gatherColumn(e.env, pairs, &b.Cols[c.index], at)
		}
		if err != nil {
			return pairs, err
		}
	}
	return pairs, nil
}
