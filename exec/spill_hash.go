package exec

import (
	"math/bits"
	"slices"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

const (
	// spillParts is how many partitions an operator divides its rows into at a time;
	// one that is too large is divided again by other bits of the hash.
	spillParts = 16
	// maxSpillDepth is how often; keys that are equal stay together for ever.
	maxSpillDepth = 4
	// mostSpillStrings is when the strings that were hashed are forgotten.
	mostSpillStrings = 1 << 16
)

// spillHash gives rows their partition by key. Rows whose keys are not distinct get
// the same one, whichever column forms they come in.
type spillHash struct {
	types   []expr.Type
	ints    bool // one integer-like key
	depth   int
	account *memory.Account
	layout  *key.Layout
	encoder *key.Encoder // nil: none yet
	block   key.Block
	keys    []uint64
	parts   []uint8
}

func newSpillHash(types []expr.Type, env *Env) *spillHash {
	h := &spillHash{types: types, depth: env.depth, account: env.Account}
	if h.ints = len(types) == 1 && integerLike(types[0]); h.ints || len(types) == 0 {
		return h
	}
	nullable := make([]bool, len(types))
	for i := range nullable {
		nullable[i] = true
	}
	h.layout = key.NewLayout(types, nullable)
	return h
}

// of is the partition of each selected row, valid until the next call.
func (h *spillHash) of(cols []vector.Column, n int, sel vector.Selection) ([]uint8, error) {
	sel = explicit(sel, n)
	h.parts = slices.Grow(h.parts[:0], len(sel))[:len(sel)]
	switch {
	case len(h.types) == 0:
		clear(h.parts)
		return h.parts, nil
	case h.ints:
		h.keys = slices.Grow(h.keys[:0], len(sel))[:len(sel)]
		readInts(h.keys, &cols[0], sel)
		for i, k := range h.keys {
			h.parts[i] = spillPart(hashInt(k), h.depth)
		}
		if cols[0].Valid != nil { // what stands under a NULL is any number
			for i, row := range sel {
				if cols[0].IsNull(int(row)) {
					h.parts[i] = 0
				}
			}
		}
		return h.parts, nil
	}
	if h.encoder == nil || h.encoder.Strings().Len() > mostSpillStrings {
		h.close()
		h.encoder = key.NewEncoder(h.layout, key.NewStrings(h.account))
	}
	if err := h.encoder.Encode(cols, n, sel, &h.block); err != nil {
		return nil, err
	}
	for i, hash := range h.block.Hashes {
		h.parts[i] = spillPart(hash, h.depth)
	}
	return h.parts, nil
}

// close gives the strings back.
func (h *spillHash) close() {
	if h.encoder != nil {
		h.encoder.Strings().Close()
		h.encoder = nil
	}
}

// spillPart is the partition of a hash. Every depth mixes anew: bits of the hash itself
// decided already which task a row went to, and where it stands in a table.
func spillPart(hash uint64, depth int) uint8 {
	hi, lo := bits.Mul64(hash^0xa0761d6478bd642f*uint64(depth+1), 0xe7037ed1a0b428db)
	return uint8((hi ^ lo) >> 60)
}
