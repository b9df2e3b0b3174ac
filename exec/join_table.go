package exec

import (
	"sync/atomic"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
)

// joinTable finds build rows by key. Rows of the store are numbered from 0; in
// slots and chains a row stands as its number plus one, 0 is the end. Nothing in a
// table is a Go pointer per row.
//
// The three shapes, the cheapest that fits is taken (joinIndex.choose):
//
//	bitmap  one bit per possible key: says only that a key exists
//	dense   one row per possible key, addressed by key minus the smallest key
//	hashed  open addressing with linear probing; a slot is a 32-bit tag of the hash
//	        and a row, so that a wrong key costs no look at the row's key
//
// Rows of equal keys are chained through next. Several instances insert at a time:
// heads are swapped in atomically, and next[row] is written by row's owner only.
type joinTable struct {
	low, span uint64 // bitmap and dense: the smallest key, and how many keys are possible
	bits      vector.Bitmap
	dense     []uint32
	slots     []uint64 // hashed: tag<<32 | row+1
	words     []uint64 // hashed: the keys of all rows, width words each
	width     int
	next      []uint32 // nil: no two rows have the same key, or nobody asks
	shared    bool     // more than one instance inserts
}

// kind is what the table is, for people.
func (t *joinTable) kind() string {
	switch {
	case t.bits != nil:
		return "bitmap"
	case t.dense != nil:
		return "array"
	}
	return "hash table"
}

// insertDense adds rows base, base+1, … with the given keys, the ones in skip
// (ascending, counted from base) left out. It reports whether any key came twice.
func (t *joinTable) insertDense(keys []uint64, base int, skip func(int) bool) (twice bool) {
	for i, key := range keys {
		if skip != nil && skip(base+i) {
			continue
		}
		at := key - t.low
		row := uint32(base + i)
		switch {
		case t.bits != nil && t.shared:
			word, bit := &t.bits[at>>6], uint64(1)<<(at&63)
			if atomic.LoadUint64(word)&bit == 0 {
				atomic.OrUint64(word, bit)
			}
			continue
		case t.bits != nil:
			t.bits[at>>6] |= 1 << (at & 63)
			continue
		}
		var old uint32
		if t.shared {
			old = atomic.SwapUint32(&t.dense[at], row+1)
		} else {
			old, t.dense[at] = t.dense[at], row+1
		}
		if old != 0 {
			twice = true
			if t.next != nil {
				t.next[row] = old
			}
		}
	}
	return twice
}

// insertHashed adds rows whose words stand in t.words already.
func (t *joinTable) insertHashed(hashes []uint64, base int, skip func(int) bool) (twice bool) {
	mask := uint64(len(t.slots) - 1)
	for i, hash := range hashes {
		if i%probeBlock == 0 { // load the slots of the next keys first, so that their misses overlap
			for _, h := range hashes[i:min(i+probeBlock, len(hashes))] {
				atomic.LoadUint64(&t.slots[h&mask])
			}
		}
		if skip != nil && skip(base+i) {
			continue
		}
		row := uint64(base + i)
		entry := hash>>32<<32 | (row + 1)
		for at := hash & mask; ; {
			old := atomic.LoadUint64(&t.slots[at])
			if old != 0 && (old>>32 != hash>>32 || !t.same(row, old&0xffffffff-1)) {
				at = (at + 1) & mask
				continue
			}
			if old != 0 {
				twice = true
				if t.next == nil {
					break // one row per key is enough
				}
				t.next[row] = uint32(old)
			}
			if !t.shared {
				t.slots[at] = entry
				break
			}
			if atomic.CompareAndSwapUint64(&t.slots[at], old, entry) {
				break
			}
		}
	}
	return twice
}

func (t *joinTable) same(a, b uint64) bool {
	w := uint64(t.width)
	return equalWords(t.words[a*w:(a+1)*w], t.words[b*w:(b+1)*w])
}

func equalWords(a, b []uint64) bool {
	b = b[:len(a)]
	for i, w := range a {
		if w != b[i] {
			return false
		}
	}
	return true
}

// findBits writes those of at whose keys exist to outAt and gives their number;
// keys[i] belongs to at[i]. The loops of this file are without branches on data,
// so that a join of any selectivity costs the same.
func (t *joinTable) findBits(keys []uint64, at []uint32, outAt []uint32) int {
	n := 0
	low, span, bits := t.low, t.span, t.bits
	keys = keys[:len(at)]
	for i, place := range at {
		outAt[n] = place
		if key := keys[i] - low; key < span {
			n += int(bits[key>>6] >> (key & 63) & 1)
		}
	}
	return n
}

// findDense is findBits for the dense array; outRows gets the first row.
func (t *joinTable) findDense(keys []uint64, at []uint32, outAt, outRows []uint32) int {
	n := 0
	low, dense := t.low, t.dense
	keys = keys[:len(at)]
	for i, place := range at {
		if key := keys[i] - low; key < uint64(len(dense)) {
			row := dense[key]
			outAt[n], outRows[n] = place, row-1
			if row != 0 {
				n++
			}
		}
	}
	return n
}

// probeBlock is how many keys findHashed takes through its passes at a time: their
// slots and keys stay in the first-level cache.
const probeBlock = 256

// findHashed is findDense for hashed keys: words and hashes belong to at.
//
// It works in passes over a block of keys. The first two only load, a slot and
// then the key it most likely means, so that the cache misses of many keys overlap;
// a branch that depends on a load would wait for every one. Only the keys whose
// first slot was another's go on to search.
func (t *joinTable) findHashed(words, hashes []uint64, at []uint32, outAt, outRows []uint32) int {
	var first [probeBlock]uint64 // the slot a key's search begins at
	var differ [probeBlock]uint64
	n, w := 0, t.width
	mask := uint64(len(t.slots) - 1)
	slots, known := t.slots, t.words
	for len(at) > 0 {
		block := min(len(at), probeBlock)
		for i, hash := range hashes[:block] {
			first[i] = slots[hash&mask]
		}
		for i, slot := range first[:block] {
			row := int(max(uint32(slot), 1)-1) * w
			differ[i] = known[row] ^ words[i*w]
		}
		for i, place := range at[:block] {
			slot, hash := first[i], hashes[i]
			if slot == 0 {
				continue
			}
			key := words[i*w : (i+1)*w]
			row := uint64(uint32(slot)) - 1
			if differ[i] != 0 || slot>>32 != hash>>32 || w > 1 && !equalWords(key, known[row*uint64(w):(row+1)*uint64(w)]) {
				if row = t.search(key, hash); row == 0 {
					continue
				}
				row--
			}
			outAt[n], outRows[n] = place, uint32(row)
			n++
		}
		at, hashes, words = at[block:], hashes[block:], words[block*w:]
	}
	return n
}

// search looks a key up from its second slot on; it gives its first row plus one,
// or 0.
func (t *joinTable) search(key []uint64, hash uint64) uint64 {
	mask, w := uint64(len(t.slots)-1), uint64(len(key))
	for pos := (hash + 1) & mask; ; pos = (pos + 1) & mask {
		slot := t.slots[pos]
		if slot == 0 {
			return 0
		}
		if slot>>32 != hash>>32 {
			continue
		}
		row := uint64(uint32(slot)) - 1
		if equalWords(key, t.words[row*w:(row+1)*w]) {
			return row + 1
		}
	}
}

// findFlat looks up the keys of a flat integer column without nulls straight from
// the column, all rows when sel is nil.
func findFlat[T int16 | int32 | int64 | uint8](t *joinTable, keys []T, sel vector.Selection, outAt, outRows []uint32) int {
	if t.bits != nil {
		return len(kernel.SelectProbe(keys, t.low, t.span, t.bits, sel, outAt))
	}
	n := 0
	low, dense := t.low, t.dense
	if sel == nil {
		outAt, outRows = outAt[:len(keys)], outRows[:len(keys)]
		for i, v := range keys {
			if key := uint64(int64(v)) - low; key < uint64(len(dense)) {
				row := dense[key]
				outAt[n], outRows[n] = uint32(i), row-1
				if row != 0 {
					n++
				}
			}
		}
		return n
	}
	for _, i := range sel {
		if key := uint64(int64(keys[i])) - low; key < uint64(len(dense)) {
			row := dense[key]
			outAt[n], outRows[n] = i, row-1
			if row != 0 {
				n++
			}
		}
	}
	return n
}
