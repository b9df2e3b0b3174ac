package exec

import (
	"math/bits"
	"sync/atomic"

	"github.com/skein-query/skein/exec/vector"
)

// claimRows is how many build rows an instance claims at a time: whole words of
// the marks.
const claimRows = 4096

// tailRows hands out build rows after probing, by whether they found a partner.
// Instances claim ranges of rows, so that one that left early is not missed.
type tailRows struct {
	marks   []vector.Bitmap // by instance: build rows that found a partner; nil of one that never probed
	claimed atomic.Int64
}

// claim gives the next rows among n that are marked (or not marked), nothing more
// when more is false.
func (t *tailRows) claim(n int, marked bool) (rows []uint32, more bool) {
	first := int(t.claimed.Add(claimRows)) - claimRows
	if first >= n {
		return nil, false
	}
	end := min(first+claimRows, n)
	for word := first / 64; word < vector.Words(end); word++ {
		set := uint64(0)
		for _, m := range t.marks {
			if m != nil {
				set |= m[word]
			}
		}
		if !marked {
			set = ^set
		}
		for ; set != 0; set &= set - 1 {
			if row := word*64 + bits.TrailingZeros64(set); row < end {
				rows = append(rows, uint32(row))
			}
		}
	}
	return rows, true
}
