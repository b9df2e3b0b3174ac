package exec

import (
	"math"
	"slices"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

const (
	// firstJudged is the number of entries at which pairs are judged for the first
	// time; then at every doubling.
	firstJudged = 1 << 13
	// repeating is how many times an entry must have come, on average, for looking all
	// rows up to be worth it, and hardly the number below which it no longer is.
	repeating = 2
	hardly    = 1.25
	// sampled is one in how many entries the average is estimated from, by hash.
	sampled = 64
	// maxPairs is how many entries 32 bits number.
	maxPairs = math.MaxUint32 - 1<<16
)

func tooManyPairs() error {
	return sqlerr.New(sqlerr.OutOfMemory, "an aggregate with DISTINCT has more than %d values", maxPairs)
}

// pairs is the (group, arguments) of rows. As long as they hardly repeat they are
// kept as they come, each in a few bytes, and those of one group are compared when
// they stand together (dedupe); where they do repeat, a hash table keeps them distinct.
type pairs struct {
	b        *budget // of this structure alone
	types    []expr.Type
	nullable []bool
	layout   *key.Layout // of the arguments
	strings  *key.Strings
	encoder  *key.Encoder
	looks    []*first // per argument that is lossy: its value by entry; else nil

	n      int
	gids   []uint32 // by entry
	words  []uint64 // by entry, row-major: the packed arguments
	unique bool     // no entry is there twice, and slots find all
	slots  []uint64 // upper half of the hash, entry + 1; 0 empty
	judged int      // entries at which they are judged next
	rows   int      // while unique: rows since the last judgement,
	before int      // and the entries there were then

	low, high uint64   // once sorted, of words that are numbers
	bounds    []uint32 // once sorted by group: those of group g are [bounds[g], bounds[g+1])
	order     []uint32 // once sorted, with looks: the entry's number in them

	block key.Block
	near  []uint64 // scratch: hashes and first slots of a batch
	fresh []uint32 // scratch: rows of a batch that brought an entry
}

func newPairs(types []expr.Type, nullable []bool, strings *key.Strings, b *budget) *pairs {
	p := &pairs{b: b, types: types, nullable: nullable, layout: key.NewLayout(types, nullable), strings: strings,
		looks: make([]*first, len(types)), judged: firstJudged}
	p.encoder = key.NewEncoder(p.layout, strings)
	for i, t := range types {
		if p.layout.Lossy(i) {
			p.looks[i] = newFirst(b, t)
		}
	}
	return p
}

// add takes rows of a batch in, with their groups.
func (p *pairs) add(cols []vector.Column, rows int, sel vector.Selection, gids []uint32) error {
	if !p.layout.HasStrings() {
		p.encoder.EncodeWords(cols, rows, sel, &p.block)
	} else if err := p.encoder.Encode(cols, rows, sel, &p.block); err != nil {
		return err
	}
	before := p.n
	if err := p.take(p.block.Words, gids); err != nil {
		return err
	}
	if err := p.keepLooks(cols, sel, before); err != nil {
		return err
	}
	return p.judge()
}

// keepLooks stores how the lossy arguments of the entries made since before look.
func (p *pairs) keepLooks(cols []vector.Column, sel vector.Selection, before int) error {
	if !p.layout.AnyLossy() {
		return nil
	}
	rows, entries := make([]uint32, p.n-before), numbered(before, p.n)
	for i := range rows {
		at := i
		if p.unique {
			at = int(p.fresh[i])
		}
		rows[i] = uint32(selected(sel, at))
	}
	for i, look := range p.looks {
		if look == nil {
			continue
		}
		if err := look.grow(p.n); err != nil {
			return err
		}
		if err := look.takeColumn(&cols[i], rows, entries); err != nil {
			return err
		}
	}
	return nil
}

// takeLooks is keepLooks from entries of other pairs.
func (p *pairs) takeLooks(from *pairs, entries []uint32, before int) error {
	if !p.layout.AnyLossy() {
		return nil
	}
	if from.order != nil {
		entries = slices.Clone(entries)
		for i, entry := range entries {
			entries[i] = from.order[entry]
		}
	}
	for i, look := range p.looks {
		if look == nil {
			continue
		}
		if err := look.grow(p.n); err != nil {
			return err
		}
		if err := look.merge(from.looks[i], entries, numbered(before, p.n)); err != nil {
			return err
		}
	}
	return nil
}

// take takes packed rows in, those that are there already if the pairs are unique
// left out.
func (p *pairs) take(words []uint64, gids []uint32) (err error) {
	if p.unique {
		p.rows += len(gids)
		return p.insert(words, gids)
	}
	if p.n+len(gids) > maxPairs {
		return tooManyPairs()
	}
	if p.gids, err = grown(p.b, p.gids, p.n+len(gids)); err != nil {
		return err
	}
	if p.words, err = grown(p.b, p.words, (p.n+len(gids))*p.layout.Words()); err != nil {
		return err
	}
	copy(p.gids[p.n:], gids)
	copy(p.words[p.n*p.layout.Words():], words)
	p.n += len(gids)
	return nil
}

func (p *pairs) wordsAt(entry int) []uint64 {
	width := p.layout.Words()
	return p.words[entry*width : (entry+1)*width]
}
