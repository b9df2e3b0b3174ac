package exec

import (
	"math/bits"
	"slices"
)

func pairHash(words []uint64, gid uint32) uint64 {
	const seed, factor = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := uint64(gid+1) * seed
	for _, w := range words {
		hi, lo := bits.Mul64(h^w, factor)
		h = hi ^ lo
	}
	return h
}

// insert is take by the hash table; p.fresh is then the rows that brought an entry.
func (p *pairs) insert(words []uint64, gids []uint32) error {
	width := p.layout.Words()
	p.fresh = p.fresh[:0]
	p.near = slices.Grow(p.near[:0], 2*len(gids))[:2*len(gids)]
	hashes, near := p.near[:len(gids)], p.near[len(gids):]
	for i, g := range gids {
		hashes[i] = pairHash(words[i*width:(i+1)*width], g)
	}
	clear(near)
	if len(p.slots) > 0 { // the loads wait for memory together
		mask := uint64(len(p.slots) - 1)
		for i, h := range hashes {
			near[i] = p.slots[h&mask]
		}
	}
	for i, g := range gids {
		row := words[i*width : (i+1)*width]
		if p.isAt(near[i], hashes[i], row, g) {
			continue
		}
		if err := p.probe(i, hashes[i], row, g); err != nil {
			return err
		}
	}
	return nil
}

// isAt reports whether a slot holds this pair.
func (p *pairs) isAt(slot, hash uint64, words []uint64, gid uint32) bool {
	if slot == 0 || (slot^hash)>>32 != 0 {
		return false
	}
	entry := int(uint32(slot) - 1)
	if p.gids[entry] != gid {
		return false
	}
	if len(words) == 1 {
		return p.words[entry] == words[0]
	}
	return slices.Equal(p.wordsAt(entry), words)
}

// probe finds or makes the entry of row i of a batch.
func (p *pairs) probe(i int, hash uint64, words []uint64, gid uint32) (err error) {
	if (p.n+1)*3 > len(p.slots)*2 {
		if err := p.growSlots(); err != nil {
			return err
		}
	}
	mask := uint64(len(p.slots) - 1)
	at := hash & mask
	for ; p.slots[at] != 0; at = (at + 1) & mask {
		if p.isAt(p.slots[at], hash, words, gid) {
			return nil
		}
	}
	if p.gids, err = grown(p.b, p.gids, p.n+1); err != nil {
		return err
	}
	if p.words, err = grown(p.b, p.words, (p.n+1)*len(words)); err != nil {
		return err
	}
	if p.n == maxPairs {
		return tooManyPairs()
	}
	p.gids[p.n] = gid
	copy(p.wordsAt(p.n), words)
	p.n++
	p.slots[at] = hash>>32<<32 | uint64(p.n)
	p.fresh = append(p.fresh, uint32(i))
	return nil
}

func (p *pairs) growSlots() error {
	size := max(256, 2*len(p.slots))
	for p.n*3 > size*2 {
		size *= 2
	}
	if err := p.b.reserve(int64(size-len(p.slots)) * 8); err != nil {
		return err
	}
	p.slots = make([]uint64, size)
	mask := uint64(size - 1)
	for entry := range p.n {
		hash := pairHash(p.wordsAt(entry), p.gids[entry])
		at := hash & mask
		for p.slots[at] != 0 {
			at = (at + 1) & mask
		}
		p.slots[at] = hash>>32<<32 | uint64(entry+1)
	}
	return nil
}

func (p *pairs) dropSlots() {
	p.b.giveBack(int64(len(p.slots)) * 8)
	p.slots = nil
}
