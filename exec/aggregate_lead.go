package exec

import (
	"slices"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Grouping by a leading key. Where several keys are grouped by, one of them often
// decides the others: GROUP BY c_custkey, c_name, c_address, … is written because SQL
// wants every column that is selected. So when a table has some groups, and nearly
// each has a value of an integer key to itself, rows find their group by that key
// alone, and the other keys are compared with those of the group, which is cheaper
// than packing and hashing them. Nothing is assumed: groups that share a leading
// value stand in a list, and where they become many the table goes back to all keys.

const (
	// leadCheck is the number of groups from which a leading key is looked for, at
	// every doubling up to lastLeadCheck.
	leadCheck     = 1 << 10
	lastLeadCheck = 1 << 13
	// leadRepeats is how many rows must have found a group that was there for each
	// group whose leading value another one has. Keys that have nothing to do with each
	// other share values of one sooner than of all.
	leadRepeats = 32
)

// leads is how groups with a leading key are found.
type leads struct {
	key   int      // its number
	rest  []*first // by key: its value by group; nil for the leading one
	next  []uint32 // by group: the next group with its leading value + 1, 0 for none
	later []bool   // by group: it is no first one
	extra int      // groups that are no first ones

	wrong []uint32 // scratch: rows whose group has another key
}

// leadable reports whether keys may be found by one of them: the others must be
// equal exactly when their values are.
func leadable(types []expr.Type, l *key.Layout) bool {
	lead := false
	for i, t := range types {
		switch {
		case l.Lossy(i) || t.IsWide():
			return false
		case isDenseType(t):
			lead = true
		}
	}
	return lead && len(types) > 1
}

// lookForLead takes up a leading key if the groups have one.
func (g *groups) lookForLead() error {
	if !g.mayLead || g.n < g.nextLead {
		return nil
	}
	g.nextLead = 2 * g.n
	g.mayLead = g.nextLead <= lastLeadCheck
	if g.seen < g.n+g.n/16 {
		return nil // hardly a row has found its group again: there is nothing to judge by
	}
	best, most := -1, g.n-1-(g.seen-g.n)/leadRepeats
	for i, t := range g.types {
		if !isDenseType(t) {
			continue
		}
		if n := distinctInts(g.layout.Column(i, g.words[:g.n*g.layout.Words()], g.n, nil)); n > most {
			best, most = i, n
		}
	}
	if best < 0 {
		return nil
	}
	return g.enterLead(best)
}

func distinctInts(c vector.Column) int {
	values := make([]int64, c.Len)
	for i := range values {
		values[i] = intAt(&c, i)
	}
	slices.Sort(values)
	return len(slices.Compact(values))
}

// enterLead lets groups be found by key number lead from now on. Their numbers stay.
func (g *groups) enterLead(lead int) error {
	cols, err := g.columns(0, g.n)
	if err != nil {
		return err
	}
	g.forget()
	g.mayLead = false
	g.lead = &leads{key: lead, rest: make([]*first, len(g.types))}
	g.layout = key.NewLayout(g.types[lead:lead+1], g.nullable[lead:lead+1])
	g.encoder = key.NewEncoder(g.layout, g.strings)
	for i, t := range g.types {
		if i != lead {
			g.lead.rest[i] = newFirst(g.b, t)
		}
	}
	if len(cols) == 0 || cols[0].Len == 0 {
		return nil
	}
	n := cols[0].Len
	g.encoder.EncodeWords(cols[lead:lead+1], n, nil, &g.block)
	words := slices.Clone(g.block.Words)
	if err := g.appendWords(words); err != nil {
		return err
	}
	if err := g.keepRest(cols, g.rows.all(n), g.rows.all(n)); err != nil {
		return err
	}
	// Groups are linked before there is an index, whose width in words is one or two.
	firsts, width := map[[2]uint64]uint32{}, g.layout.Words()
	for id := range n {
		var k [2]uint64
		copy(k[:], words[id*width:(id+1)*width])
		if at, ok := firsts[k]; ok {
			g.link(at, uint32(id))
		} else {
			firsts[k] = uint32(id)
		}
	}
	g.fillDense()
	return nil
}

// fillDense puts the groups that are first ones into the array of values, if that is
// worth it.
func (g *groups) fillDense() {
	d := &g.dense
	c := g.keyColumn(0, g.n)
	low, high, any := int64(0), int64(0), false
	for i := range c.Len {
		if v := intAt(&c, i); !c.IsNull(i) {
			if !any {
				low, high, any = v, v, true
			}
			low, high = min(low, v), max(high, v)
		}
	}
	if any && !d.cover(g, low, high, 0) {
		d.leave(g)
		return
	}
	for id := range g.n {
		switch {
		case g.lead.later[id]:
		case c.IsNull(id):
			d.null = uint32(id) + 1
		default:
			d.gids[intAt(&c, id)-d.low] = uint32(id) + 1
		}
	}
	d.known, d.least, d.greatest = g.n, low, high
}

// leaveLead lets groups be found by all keys again. Their numbers stay.
func (g *groups) leaveLead() error {
	cols, err := g.columns(0, g.n)
	if err != nil {
		return err
	}
	n := g.n
	g.forget()
	g.lead, g.mayLead = nil, false
	g.layout = key.NewLayout(g.types, g.nullable)
	g.encoder = key.NewEncoder(g.layout, g.strings)
	g.dense.off = true
	for from := 0; from < n; from += vector.MaxRows {
		to := min(n, from+vector.MaxRows)
		some := make([]vector.Column, len(cols))
		for i := range cols {
			some[i] = cols[i].Slice(from, to)
		}
		if err := g.assignHashed(some, to-from, nil, make([]uint32, to-from)); err != nil { // in order, for all are new
			return err
		}
	}
	return nil
}

// forget drops all groups and how they are found.
func (g *groups) forget() {
	g.leaveIndex()
	g.b.giveBack(int64(cap(g.words)+cap(g.hashes))*8 + int64(len(g.dense.gids))*4)
	g.n, g.words, g.hashes = 0, nil, nil
	g.dense = denseCache{expected: g.dense.expected}
}

// link puts a group behind those that share its leading value.
func (g *groups) link(head, id uint32) {
	l := g.lead
	for l.next[head] != 0 {
		head = l.next[head] - 1
	}
	l.next[head] = id + 1
	l.later[id] = true
	l.extra++
}

// keepRest stores the other keys of groups ids, from rows of cols.
func (g *groups) keepRest(cols []vector.Column, rows, ids []uint32) (err error) {
	l := g.lead
	if l.next, err = grown(g.b, l.next, g.n); err != nil {
		return err
	}
	if l.later, err = grown(g.b, l.later, g.n); err != nil {
		return err
	}
	for i, f := range l.rest {
		if f == nil {
			continue
		}
		if err := f.grow(g.n); err != nil {
			return err
		}
		if err := f.takeColumn(&cols[i], rows, ids); err != nil {
			return err
		}
	}
	return nil
}

// assignLead is assign by the leading key.
func (g *groups) assignLead(cols []vector.Column, n int, sel vector.Selection, gids []uint32) error {
	l, before := g.lead, uint32(g.n)
	done, err := g.dense.assign(g, &cols[l.key], sel, gids)
	if err == nil && !done {
		err = g.assignHashed(cols[l.key:l.key+1], n, sel, gids)
	}
	if err != nil {
		return err
	}
	if len(g.fresh) > 0 {
		rows, ids := make([]uint32, len(g.fresh)), make([]uint32, len(g.fresh))
		for i, at := range g.fresh {
			rows[i], ids[i] = uint32(selected(sel, int(at))), before+uint32(i)
		}
		if err := g.keepRest(cols, rows, ids); err != nil {
			return err
		}
	}
	l.wrong = l.wrong[:0]
	for i, f := range l.rest {
		if f != nil {
			l.wrong = f.differ(&cols[i], sel, gids, l.wrong)
		}
	}
	if len(l.wrong) == 0 {
		return nil
	}
	slices.Sort(l.wrong)
	return g.assignLater(cols, sel, gids, slices.Compact(l.wrong))
}

// assignLater finds or makes the groups of rows that share only the leading key with
// the group they were given.
func (g *groups) assignLater(cols []vector.Column, sel vector.Selection, gids, wrong []uint32) error {
	l := g.lead
	width := g.layout.Words()
	for _, at := range wrong {
		row := selected(sel, int(at))
		id := gids[at]
		for !g.sameRest(cols, row, id) {
			if l.next[id] != 0 {
				id = l.next[id] - 1
				continue
			}
			known := g.dense.known == g.n
			made := uint32(g.n)
			if err := g.appendWords(slices.Clone(g.words[int(id)*width : (int(id)+1)*width])); err != nil {
				return err
			}
			if known {
				g.dense.known = g.n
			}
			if err := g.keepRest(cols, []uint32{uint32(row)}, []uint32{made}); err != nil {
				return err
			}
			g.link(id, made)
			id = made
		}
		gids[at] = id
	}
	if l.extra > g.n/4+leadCheck {
		return g.leaveLead()
	}
	return nil
}

// withLater appends to list the groups that share the leading value of group id, itself
// first.
func (g *groups) withLater(list []uint32, id uint32) []uint32 {
	list = append(list, id)
	if g.lead == nil {
		return list
	}
	for next := g.lead.next[id]; next != 0; next = g.lead.next[next-1] {
		list = append(list, next-1)
	}
	return list
}

func (g *groups) sameRest(cols []vector.Column, row int, id uint32) bool {
	for i, f := range g.lead.rest {
		if f != nil && !f.same(&cols[i], row, id) {
			return false
		}
	}
	return true
}
