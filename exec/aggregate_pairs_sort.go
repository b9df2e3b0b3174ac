package exec

import (
	"math"
	"slices"

	"github.com/skein-query/skein/exec/vector"
)

// judge decides, at every doubling of the entries, whether they are to be looked up.
func (p *pairs) judge() error {
	if p.n < p.judged {
		return nil
	}
	p.judged = 2 * p.n
	if p.unique {
		if float64(p.rows) < hardly*float64(p.n-p.before) {
			p.unique = false
			p.dropSlots()
		}
		p.rows, p.before = 0, p.n
		return nil
	}
	if p.estimate()*repeating > p.n {
		return nil
	}
	return p.tighten()
}

// estimate is about how many of the entries are distinct: as many as of those whose
// hash falls in one part in sampled, times that.
func (p *pairs) estimate() int {
	var some []uint64
	for entry, g := range p.gids[:p.n] {
		if h := pairHash(p.wordsAt(entry), g); h < 1<<63/(sampled/2) {
			some = append(some, h)
		}
	}
	slices.Sort(some)
	return len(slices.Compact(some)) * sampled
}

// tighten looks up what came as it was, and makes the pairs unique.
func (p *pairs) tighten() error {
	next := newPairs(p.types, p.nullable, p.strings, &budget{account: p.b.account})
	next.unique = true
	width := p.layout.Words()
	for lo := 0; lo < p.n; lo += vector.MaxRows {
		hi, before := min(p.n, lo+vector.MaxRows), next.n
		err := next.insert(p.words[lo*width:hi*width], p.gids[lo:hi])
		if err == nil {
			entries := slices.Clone(next.fresh)
			for i := range entries {
				entries[i] += uint32(lo)
			}
			err = next.takeLooks(p, entries, before)
		}
		if err != nil {
			next.b.free()
			return err
		}
	}
	next.judged, next.before, next.encoder = max(firstJudged, 2*next.n), next.n, p.encoder
	old := p.b
	*p = *next
	old.free()
	return nil
}

// sort sorts the entries by group, of groups many. The pairs take no more rows then.
func (p *pairs) sort(groups int) error {
	p.dropSlots()
	if flip, ok := p.layout.Number(); ok {
		p.low, p.high = p.span(flip)
	}
	var err error
	if p.bounds, err = grown(p.b, p.bounds, groups+1); err != nil {
		return err
	}
	if groups == 1 {
		p.bounds[1] = uint32(p.n)
		return p.keepOrder(nil)
	}
	for _, g := range p.gids[:p.n] {
		p.bounds[g+1]++
	}
	for g := range groups {
		p.bounds[g+1] += p.bounds[g]
	}
	width := p.layout.Words()
	if err := p.b.reserve(int64(p.n) * int64(width) * 8); err != nil {
		return err
	}
	words, next := make([]uint64, p.n*width), slices.Clone(p.bounds)
	if err := p.keepOrder(next); err != nil {
		return err
	}
	if width == 1 {
		for entry, g := range p.gids[:p.n] {
			words[next[g]] = p.words[entry]
			next[g]++
		}
	} else {
		for entry, g := range p.gids[:p.n] {
			copy(words[int(next[g])*width:], p.wordsAt(entry))
			next[g]++
		}
	}
	p.b.giveBack(int64(cap(p.words))*8 + int64(cap(p.gids))*4)
	p.words, p.gids = words, nil
	return nil
}

// span is the least and the greatest of the words, which are numbers with the bits of
// flip turned round; low > high when there are none.
func (p *pairs) span(flip uint64) (low, high uint64) {
	if p.bounds != nil {
		return p.low, p.high
	}
	low = math.MaxUint64
	for _, w := range p.words[:p.n] {
		low, high = min(low, w^flip), max(high, w^flip)
	}
	return low, high
}

// keepOrder notes which entry comes where; next is the bounds, nil for all in order.
func (p *pairs) keepOrder(next []uint32) error {
	if !p.layout.AnyLossy() {
		return nil
	}
	if err := p.b.reserve(int64(p.n) * 4); err != nil {
		return err
	}
	if next == nil {
		p.order = numbered(0, p.n)
		return nil
	}
	p.order = make([]uint32, p.n)
	next = slices.Clone(next)
	for entry, g := range p.gids[:p.n] {
		p.order[next[g]] = uint32(entry)
		next[g]++
	}
	return nil
}

// columns gives the arguments of entries back, a batch of them at most.
func (p *pairs) columns(entries []uint32) ([]vector.Column, error) {
	width := p.layout.Words()
	words := make([]uint64, 0, len(entries)*width)
	for _, entry := range entries {
		words = append(words, p.wordsAt(int(entry))...)
	}
	cols := make([]vector.Column, len(p.types))
	for i, look := range p.looks {
		if look == nil {
			cols[i] = p.layout.Column(i, words, len(entries), p.strings)
			continue
		}
		at := entries
		if p.order != nil {
			at = make([]uint32, len(entries))
			for j, entry := range entries {
				at[j] = p.order[entry]
			}
		}
		var err error
		if cols[i], err = look.pick(at, numbered(0, len(at))); err != nil {
			return nil, err
		}
	}
	return cols, nil
}
