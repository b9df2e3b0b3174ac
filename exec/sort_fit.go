package exec

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"sync"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// sortFit is how the keys of a sort become bits once all its rows are known: a key
// takes as many as its values differ in, a text whose column has few of them is its
// rank among them, others leave out the bytes that all begin with. So the 128 bits of
// a row hold many more keys in full than sortOrder's.
type sortFit struct {
	keys []keyFit
	used int // bits, at most 128
	rest int // see sortOrder
}

// keyFit is the bits of one key: its null bit and value as sortField has them, or,
// coded, the distance from the least value, or from the greatest when descending, and
// a number below or above all for NULL.
type keyFit struct {
	sortField
	width     int // bits, but for the null bit of what is not coded
	coded     bool
	low, high uint64 // when coded
	null      uint64 // when coded: what stands for NULL,
	shift     uint64 // and what is added to values
	ranks     *rankedTexts
}

// fitShared is where the instances of a sort learn what rows the others have.
type fitShared struct {
	barrier *Barrier
	once    Once
	mu      sync.Mutex
	spans   [][]keySpan // per instance
	rows    int
	fit     *sortFit
}

// meet publishes what the keys of an instance's rows are and gives how all are to be
// sorted.
func (s *fitShared) meet(ctx context.Context, run *sortRun) (*sortFit, error) {
	spans := run.spans()
	s.mu.Lock()
	s.spans, s.rows = append(s.spans, spans), s.rows+len(run.rows)
	s.mu.Unlock()
	if err := s.barrier.Arrive(ctx); err != nil {
		return nil, err
	}
	err := s.once.Do(ctx, func() (err error) {
		s.fit, err = newSortFit(run, s.spans, s.rows)
		return err
	})
	return s.fit, err
}

// newSortFit is for run and others of the same sort, whose spans come with it; what it
// takes in memory is the run's.
func newSortFit(run *sortRun, spans [][]keySpan, rows int) (*sortFit, error) {
	order := run.order
	f := &sortFit{rest: len(order.keys)}
	for k := range order.keys {
		all := keySpan{}
		for _, s := range spans {
			all.join(&s[k])
		}
		key := keyFit{sortField: order.keys[k]}
		n, exact := key.bits()
		switch {
		case key.isText():
			n, exact = key.cutText(&all)
			if all.isRanked(key.typ, rows) {
				var err error
				if key.ranks, err = f.ranksOf(run, k, all.dicts); err != nil {
					return nil, err
				}
				all.low, all.high = wideKey{}, wideKey{lo: uint64(max(1, key.ranks.dict.Values.Len) - 1)}
				key.code(&all)
			}
		case n > 0:
			key.code(&all)
		}
		if key.coded {
			n, exact = key.width, true
		} else {
			key.width = n
			n++
		}
		f.keys = append(f.keys, key)
		if f.used += n; !exact || f.used > 128 {
			f.used, f.rest = min(f.used, 128), k
			break
		}
	}
	return f, nil
}

// ranksOf ranks the texts of key number k, once for keys that are one column.
func (f *sortFit) ranksOf(run *sortRun, k int, dicts []*vector.Dict) (*rankedTexts, error) {
	for before := range k {
		if run.at[before] == run.at[k] && run.at[k] >= 0 {
			return f.keys[before].ranks, nil
		}
	}
	return rankTexts(dicts, run.b)
}

// code lets a key be its distance from the least or greatest value, if that has at
// most 64 bits.
func (k *keyFit) code(s *keySpan) {
	if !s.any {
		s.low, s.high = wideKey{}, wideKey{}
	}
	size, borrow := bits.Sub64(s.high.lo, s.low.lo, 0)
	upper, _ := bits.Sub64(s.high.hi, s.low.hi, borrow)
	if upper != 0 || s.nulls && size == math.MaxUint64 {
		return
	}
	k.coded, k.low, k.high = true, s.low.lo, s.high.lo
	if s.nulls {
		size++
		k.null = size
		if k.nullsFirst {
			k.null, k.shift = 0, 1
		}
	}
	k.width = bits.Len64(size)
}

// cutText leaves out what all texts begin with, and says how many bits the rest takes
// and whether they hold all of it.
func (k *keyFit) cutText(s *keySpan) (n int, exact bool) {
	k.skip = len(s.prefix)
	n = s.longest - k.skip
	if s.longest > s.shortest { // of texts that differ in zeros at the end only the shorter is less
		k.lengthAt = n
		n++
	}
	if n > 16 {
		k.lengthAt = 0
		return 128, false
	}
	return 8 * n, true
}

// normalize gives the rows of a chunk their bits.
func (f *sortFit) normalize(keys []vector.Column, words []uint64, out []sortRow) {
	for i := range out {
		out[i].hi, out[i].lo = 0, 0
	}
	at := 0
	for k := range f.keys {
		key, c := &f.keys[k], &keys[k]
		if !key.coded {
			for i := range out {
				key.put(c, i, &out[i], at, key.width)
			}
			at += 1 + key.width
			continue
		}
		if key.width > 0 {
			key.codes(c, words)
			for i, w := range words {
				out[i].or(w<<(64-key.width), 0, at)
			}
		}
		at += key.width
	}
}

// codes is the codes of the rows of a column.
func (k *keyFit) codes(c *vector.Column, out []uint64) {
	k.lowWords(c, out)
	if k.desc {
		for i, w := range out {
			out[i] = k.high - w + k.shift
		}
	} else {
		for i, w := range out {
			out[i] = w - k.low + k.shift
		}
	}
	if c.Valid == nil {
		return
	}
	for i := range out {
		if !c.Valid.Get(i) {
			out[i] = k.null
		}
	}
}

// describe says how many bits the keys take, and which texts are ranked.
func (f *sortFit) describe(keys []expr.SortKey) []string {
	text := fmt.Sprintf("keys in %d bits", f.used)
	if f.rest < len(keys) {
		text += fmt.Sprintf(", then %s", keys[f.rest].Expr)
	}
	out := []string{text}
	for k := range f.keys {
		if r := f.keys[k].ranks; r != nil {
			out = append(out, fmt.Sprintf("%s by rank of %d", keys[k].Expr, r.dict.Values.Len))
		}
	}
	return out
}
