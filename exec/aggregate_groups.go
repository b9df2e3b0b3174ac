package exec

import (
	"math"
	"slices"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// textRepeats is how many groups there must be for each text for keys to be given back
// as codes.
const textRepeats = 4

// groups numbers the distinct keys it is given, from 0. The truth is an
// open-addressing hash table over packed keys; in front of it stand, where the
// keys allow, arrays by dictionary code (codes) or by integer value (dense), which
// answer most rows without a hash.
type groups struct {
	b        *budget
	types    []expr.Type
	nullable []bool
	lead     *leads // nil: groups are found by all keys
	mayLead  bool   // a leading key may still be found
	nextLead int    // groups from which one is looked for
	seen     int    // rows while one may be found

	layout  *key.Layout
	strings *key.Strings
	encoder *key.Encoder
	n       int
	words   []uint64 // by group, row-major: the packed keys
	hashes  []uint64 // by group; only those of the first ones while dense knows all
	looks   []*first // per key that is lossy: its first value; else nil

	slots   []uint64 // upper half of the hash, group number + 1; 0 empty
	indexed int      // groups below it stand in slots

	common *commonTexts // nil: the strings are this table's own
	texts  *vector.Dict // the strings as a dictionary, once keys were given back as codes
	codes  codeCache
	dense  denseCache
	block  key.Block
	near   []uint64 // scratch: the slots that the rows of a batch come to first
	known  []uint64 // scratch: the first words of the groups there
	fresh  []uint32 // scratch: rows of a batch that brought a new group
	rows   scratch
}

func newGroups(types []expr.Type, nullable []bool, b *budget) *groups {
	g := &groups{b: b, types: types, nullable: nullable, layout: key.NewLayout(types, nullable), looks: make([]*first, len(types))}
	g.strings = key.NewStrings(b.account)
	b.owns(g.strings.Close)
	g.encoder = key.NewEncoder(g.layout, g.strings)
	for i, t := range types {
		if g.layout.Lossy(i) {
			g.looks[i] = newFirst(b, t)
		}
	}
	g.dense.off = len(types) != 1 || !isDenseType(types[0])
	return g
}

// assign gives the group of each selected row, in memory that is valid until the
// next call.
func (g *groups) assign(cols []vector.Column, rows int, sel vector.Selection, gids []uint32) ([]uint32, error) {
	n := rows
	if sel != nil {
		n = len(sel)
	}
	gids = resize(&gids, n)
	if g.lead != nil {
		return gids, g.assignLead(cols, rows, sel, gids)
	}
	if done, err := g.codes.assign(g, cols, rows, sel, gids); done || err != nil {
		return gids, err
	}
	if done, err := g.dense.assign(g, &cols[0], sel, gids); done || err != nil {
		return gids, err
	}
	if err := g.assignHashed(cols, rows, sel, gids); err != nil {
		return gids, err
	}
	g.seen += n
	return gids, g.lookForLead()
}

// assignHashed is assign by the hash table alone.
func (g *groups) assignHashed(cols []vector.Column, rows int, sel vector.Selection, gids []uint32) error {
	if err := g.encoder.Encode(cols, rows, sel, &g.block); err != nil {
		return err
	}
	before := g.n
	if err := g.find(&g.block, gids); err != nil {
		return err
	}
	return g.keepLooks(cols, sel, before)
}

// keepLooks stores how the lossy keys of the groups made since before look, from
// the rows in g.fresh.
func (g *groups) keepLooks(cols []vector.Column, sel vector.Selection, before int) error {
	for i, look := range g.looks {
		if look == nil {
			continue
		}
		if err := look.grow(g.n); err != nil {
			return err
		}
		for j, at := range g.fresh {
			row := int(at)
			if sel != nil {
				row = int(sel[at])
			}
			if cols[i].IsNull(row) {
				continue
			}
			values, at := cols[i].At(row)
			if err := look.take(values, []uint32{uint32(at)}, []uint32{uint32(before + j)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// find gives the group of each row of a block, new ones for new keys; g.fresh is
// then the rows that brought the new ones, in order of their numbers.
func (g *groups) find(b *key.Block, gids []uint32) (err error) {
	if err := g.index(); err != nil {
		return err
	}
	g.fresh = g.fresh[:0]
	near, known := g.fetch(b, len(gids))
	width := g.layout.Words()
	for i, e := range near {
		words := b.Words[i*width : (i+1)*width]
		if e != 0 && (e^b.Hashes[i])>>32 == 0 && known[i] == words[0] && (width == 1 || g.equal(uint32(e)-1, words)) {
			gids[i] = uint32(e) - 1
			continue
		}
		if gids[i], err = g.probe(i, words, b.Hashes[i]); err != nil {
			return err
		}
	}
	return nil
}

// fetch reads, for the n rows of a block, the slot that each comes to first, and the first
// word of the group that stands there. These loads wait for memory together, where
// looking at one row after the other would wait in turn: a row whose first slot is
// another's is a branch that nobody foresees, and what was begun behind it is lost.
func (g *groups) fetch(b *key.Block, n int) (near, known []uint64) {
	if cap(g.near) < n {
		g.near, g.known = make([]uint64, n), make([]uint64, n)
	}
	near, known = g.near[:n], g.known[:n]
	if len(g.slots) == 0 || g.n == 0 {
		clear(near)
		return near, known
	}
	slots, hashes := g.slots, b.Hashes[:n]
	mask := uint64(len(slots) - 1)
	for i, h := range hashes {
		near[i] = slots[h&mask]
	}
	width := g.layout.Words()
	for i, e := range near {
		id := max(uint32(e), 1) - 1
		known[i] = g.words[int(id)*width]
	}
	return near, known
}

// equal reports whether a group has this key.
func (g *groups) equal(id uint32, words []uint64) bool {
	switch len(words) {
	case 1:
		return g.words[id] == words[0]
	case 2:
		known := g.words[2*int(id) : 2*int(id)+2]
		return known[0] == words[0] && known[1] == words[1]
	}
	known := g.words[int(id)*len(words):]
	return known[0] == words[0] && slices.Equal(known[1:len(words)], words[1:])
}

// probe finds or makes the group of row i of a block.
func (g *groups) probe(i int, words []uint64, hash uint64) (uint32, error) {
	if (g.n+1)*3 > len(g.slots)*2 {
		if err := g.growSlots(); err != nil {
			return 0, err
		}
	}
	mask := uint64(len(g.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		e := g.slots[at]
		if e == 0 {
			if err := g.append(words, hash); err != nil {
				return 0, err
			}
			g.slots[at] = hash&^math.MaxUint32 | uint64(g.n)
			g.indexed = g.n
			g.fresh = append(g.fresh, uint32(i))
			return uint32(g.n - 1), nil
		}
		if (e^hash)>>32 == 0 && g.equal(uint32(e)-1, words) {
			return uint32(e) - 1, nil
		}
	}
}

// append makes a new group without putting it into the slots.
func (g *groups) append(words []uint64, hash uint64) (err error) {
	if err := g.appendWords(words); err != nil {
		return err
	}
	if g.hashes, err = grown(g.b, g.hashes, g.n); err == nil {
		g.hashes[g.n-1] = hash
	}
	return err
}

// appendWords makes new groups, of the keys in words, without hashes.
func (g *groups) appendWords(words []uint64) (err error) {
	width := g.layout.Words()
	n := g.n + len(words)/width
	if n >= math.MaxUint32 {
		return sqlerr.New(sqlerr.OutOfMemory, "more than %d groups", g.n)
	}
	if g.words, err = grown(g.b, g.words, n*width); err != nil {
		return err
	}
	copy(g.words[g.n*width:], words)
	g.n = n
	return nil
}

// share makes the table take its strings, and no others, from those common to all.
func (g *groups) share(c *commonTexts) { g.common, g.strings = c, c.strings }

// expect makes room for n groups.
func (g *groups) expect(n int) (err error) {
	if g.lead != nil || n < firstCheck/16 {
		return nil
	}
	size := max(256, len(g.slots))
	for n*3 > size*2 {
		size *= 2
	}
	if g.words, err = reserved(g.b, g.words, n*g.layout.Words()); err != nil {
		return err
	}
	if g.hashes, err = reserved(g.b, g.hashes, n); err != nil {
		return err
	}
	if size > len(g.slots) {
		return g.resizeSlots(size)
	}
	return nil
}

// room makes the groups n, of keys and hashes that the caller writes.
func (g *groups) room(n int) (err error) {
	if n >= math.MaxUint32 {
		return sqlerr.New(sqlerr.OutOfMemory, "more than %d groups", g.n)
	}
	if g.words, err = grown(g.b, g.words, n*g.layout.Words()); err != nil {
		return err
	}
	if g.hashes, err = grown(g.b, g.hashes, n); err == nil {
		g.n = n
	}
	return err
}

// hashAll gives a hash to the groups that were made without.
func (g *groups) hashAll() (err error) {
	from := len(g.hashes)
	if from == g.n {
		return nil
	}
	if g.hashes, err = grown(g.b, g.hashes, g.n); err == nil {
		g.layout.HashWords(g.words[from*g.layout.Words():g.n*g.layout.Words()], g.hashes[from:])
	}
	return err
}

// index puts groups that were made without the slots into them.
func (g *groups) index() error {
	if err := g.hashAll(); err != nil {
		return err
	}
	for g.n*3 > len(g.slots)*2 {
		if err := g.growSlots(); err != nil {
			return err
		}
	}
	for ; g.indexed < g.n; g.indexed++ {
		g.insert(g.indexed)
	}
	return nil
}

// insert puts a group into the slots, unless it is found by way of another.
func (g *groups) insert(id int) {
	if l := g.lead; l != nil && id < len(l.later) && l.later[id] { // those of the present batch are first ones
		return
	}
	hash, mask := g.hashes[id], uint64(len(g.slots)-1)
	at := hash & mask
	for g.slots[at] != 0 {
		at = (at + 1) & mask
	}
	g.slots[at] = hash&^math.MaxUint32 | uint64(id+1)
}

// growSlots doubles the slots (at first, for the groups there are) and fills them.
func (g *groups) growSlots() error {
	size := max(256, 2*len(g.slots))
	for g.n*3 > size*2 {
		size *= 2
	}
	return g.resizeSlots(size)
}

// resizeSlots makes more slots. Groups are put into them in the order of the old ones,
// which is nearly that of the new ones: both are walked through from front to back.
func (g *groups) resizeSlots(size int) error {
	if err := g.b.reserve(int64(size-len(g.slots)) * 8); err != nil {
		return err
	}
	old := g.slots
	g.slots = make([]uint64, size)
	for _, e := range old {
		if e != 0 {
			g.insert(int(uint32(e)) - 1)
		}
	}
	for ; g.indexed < g.n; g.indexed++ {
		g.insert(g.indexed)
	}
	return nil
}

// leaveIndex gives up what only new rows need, but for the array of values.
func (g *groups) leaveIndex() {
	g.b.giveBack(int64(len(g.slots))*8 + int64(cap(g.codes.gids))*4)
	g.slots, g.indexed = nil, 0
	g.codes = codeCache{}
	g.near, g.known, g.fresh, g.block = nil, nil, nil, key.Block{}
}

// columns gives the keys of groups [from, to) back.
func (g *groups) columns(from, to int) ([]vector.Column, error) {
	width := g.layout.Words()
	out := make([]vector.Column, len(g.looks))
	if g.lead != nil {
		for i, f := range g.lead.rest {
			if f == nil {
				out[i] = g.keyColumn(from, to)
				continue
			}
			c, err := f.columns(from, to)
			if err != nil {
				return nil, err
			}
			out[i] = c[0]
		}
		return out, nil
	}
	for i, look := range g.looks {
		words := g.words[from*width : to*width]
		switch {
		case look != nil:
		case g.types[i].Kind == expr.Text && g.repeats():
			out[i] = g.layout.Codes(i, words, to-from, g.texts)
			continue
		default:
			out[i] = g.layout.Column(i, words, to-from, g.strings)
			continue
		}
		c, err := look.columns(from, to)
		if err != nil {
			return nil, err
		}
		out[i] = c[0]
	}
	return out, nil
}

// repeats reports whether texts are few beside the groups, and makes g.texts of them:
// what comes next sorts, compares or sends a few texts and many codes.
func (g *groups) repeats() bool {
	n := g.strings.Len() - 1
	if n < 1 || n*textRepeats > g.n {
		return false
	}
	if g.texts == nil || g.texts.Values.Len != n {
		g.texts = g.strings.Dict()
	}
	return true
}

// translation is how groups.merge finds the strings of from here: by their ids, where
// many groups share them, else (nil) by their bytes.
func (g *groups) translation(from *groups, merged int) *key.Translation {
	if g.common != nil {
		return g.common.from[from.strings]
	}
	if !g.layout.HasStrings() || g.lead != nil || from.lead != nil || from.strings.Len() > merged {
		return nil
	}
	return key.NewTranslation(from.strings, g.strings, merged)
}

// merge finds or makes the groups of from with numbers at, in any order and at most
// a batch of them, and gives their numbers here.
func (g *groups) merge(from *groups, at, to []uint32, t *key.Translation) error {
	plain := from.lead == nil && g.lead == nil && !slices.ContainsFunc(g.looks, func(f *first) bool { return f != nil })
	if plain && (t != nil || !g.layout.HasStrings() && (g.dense.off || g.dense.known != g.n)) {
		b := &g.block
		b.N, b.Words, b.Hashes = len(at), from.wordsOf(at, b.Words), b.Hashes[:0]
		if len(from.hashes) == from.n {
			for _, id := range at {
				b.Hashes = append(b.Hashes, from.hashes[id])
			}
		} else { // from knows its groups by value
			b.Hashes = slices.Grow(b.Hashes, b.N)[:b.N]
			g.layout.HashWords(b.Words, b.Hashes)
		}
		if t != nil {
			if err := g.layout.Translate(b.Words, t); err != nil {
				return err
			}
		}
		return g.find(b, to)
	}
	cols, err := from.pick(at, g.rows.all(len(at)))
	if err != nil {
		return err
	}
	if g.lead == nil && g.dense.off {
		return g.assignHashed(cols, len(at), nil, to)
	}
	_, err = g.assign(cols, len(at), nil, to)
	return err
}

// wordsOf appends the packed keys of groups at to words[:0].
func (g *groups) wordsOf(at []uint32, words []uint64) []uint64 {
	words = words[:0]
	width := g.layout.Words()
	if width == 1 {
		for _, id := range at {
			words = append(words, g.words[id])
		}
		return words
	}
	if width == 2 {
		for _, id := range at {
			words = append(words, g.words[2*int(id)], g.words[2*int(id)+1])
		}
		return words
	}
	for _, id := range at {
		words = append(words, g.words[int(id)*width:(int(id)+1)*width]...)
	}
	return words
}

// pick is the keys of groups at, a batch of them at most; all is 0, 1, 2, … as many.
func (g *groups) pick(at, all []uint32) ([]vector.Column, error) {
	words := g.wordsOf(at, nil)
	cols := make([]vector.Column, len(g.types))
	for i := range cols {
		kept, key := g.looks[i], i
		if g.lead != nil {
			kept, key = g.lead.rest[i], 0
		}
		if kept == nil {
			cols[i] = g.layout.Column(key, words, len(at), g.strings)
			continue
		}
		var err error
		if cols[i], err = kept.pick(at, all); err != nil {
			return nil, err
		}
	}
	return cols, nil
}
