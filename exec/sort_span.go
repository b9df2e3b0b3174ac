package exec

import (
	"cmp"
	"math"
	"slices"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

const (
	// rankedRows is how many rows there must be for each entry of the dictionaries of
	// texts that are ranked.
	rankedRows = 4
	// maxRankedDicts is how many dictionaries they may stand in.
	maxRankedDicts = 1024
)

// keySpan is what the values of one key are in the rows of one instance.
type keySpan struct {
	any   bool // there is a value that is not NULL
	nulls bool

	low, high wideKey // of values that are no texts
	flat      bool    // texts: not all stand in dictionaries
	dicts     []*vector.Dict
	prefix    []byte // what all begin with
	shortest  int
	longest   int
}

// wideKey is a value as an unsigned number of 128 bits that rises with it.
type wideKey struct{ hi, lo uint64 }

func (a wideKey) compare(b wideKey) int {
	return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo))
}

// note takes a value in.
func (s *keySpan) note(low, high wideKey) {
	if !s.any {
		s.any, s.low, s.high = true, low, high
		return
	}
	if low.compare(s.low) < 0 {
		s.low = low
	}
	if high.compare(s.high) > 0 {
		s.high = high
	}
}

// noteText takes texts in, of which prefix is what they begin with.
func (s *keySpan) noteText(prefix []byte, shortest, longest int) {
	if !s.any {
		s.any, s.prefix, s.shortest, s.longest = true, prefix, shortest, longest
		return
	}
	s.prefix = s.prefix[:commonLen(s.prefix, prefix)]
	s.shortest, s.longest = min(s.shortest, shortest), max(s.longest, longest)
}

// noteDict reports whether a dictionary is new.
func (s *keySpan) noteDict(d *vector.Dict) bool {
	if slices.Contains(s.dicts, d) {
		return false
	}
	if s.dicts = append(s.dicts, d); len(s.dicts) > maxRankedDicts {
		s.flat, s.dicts = true, nil
	}
	return true
}

// join takes in what another instance has.
func (s *keySpan) join(o *keySpan) {
	s.nulls, s.flat = s.nulls || o.nulls, s.flat || o.flat
	for _, d := range o.dicts {
		s.noteDict(d)
	}
	switch {
	case !o.any:
	case !s.any:
		s.any, s.low, s.high = true, o.low, o.high
		s.prefix, s.shortest, s.longest = o.prefix, o.shortest, o.longest
	default:
		s.note(o.low, o.high)
		s.noteText(o.prefix, o.shortest, o.longest)
	}
}

func commonLen(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// spans is what the keys of the run's rows are.
func (r *sortRun) spans() []keySpan {
	out := make([]keySpan, len(r.order.keys))
	var words []uint64
	for _, keys := range r.keys {
		for k := range keys {
			s, f, c := &out[k], &r.order.keys[k], &keys[k]
			s.nulls = s.nulls || c.Valid != nil
			switch n, _ := f.bits(); {
			case f.isText():
				s.texts(f, c)
			case n > 64:
				s.wide(f, c)
			case n > 0:
				words = slices.Grow(words[:0], c.Len)[:c.Len]
				f.lowWords(c, words)
				s.narrow(c, words)
			}
		}
	}
	return out
}

func (s *keySpan) narrow(c *vector.Column, words []uint64) {
	low, high := uint64(math.MaxUint64), uint64(0)
	if c.Valid == nil {
		for _, w := range words {
			low, high = min(low, w), max(high, w)
		}
	} else {
		for i, w := range words {
			if c.Valid.Get(i) {
				low, high = min(low, w), max(high, w)
			}
		}
	}
	if low <= high {
		s.note(wideKey{lo: low}, wideKey{lo: high})
	}
}

func (s *keySpan) wide(f *sortField, c *vector.Column) {
	for i := range c.Len {
		if c.IsNull(i) {
			continue
		}
		var v wideKey
		v.hi, v.lo = f.value(c, i)
		s.note(v, v)
	}
}

// texts looks at the entries of a dictionary rather than at rows: more may be there
// than rows have, which does no harm.
func (s *keySpan) texts(f *sortField, c *vector.Column) {
	if c.Dict == nil {
		s.flat = true
	} else {
		if !s.noteDict(c.Dict) {
			return
		}
		c = &c.Dict.Values
	}
	for i := range c.Len {
		if !c.IsNull(i) {
			text := f.text(c, i)
			s.noteText(text, len(text), len(text))
		}
	}
}

// isRanked reports whether ranking the entries of all dictionaries is cheap beside
// sorting the rows.
func (s *keySpan) isRanked(t expr.Type, rows int) bool {
	entries := 0
	for _, d := range s.dicts {
		entries += d.Values.Len
	}
	return !s.flat && len(s.dicts) > 0 && t.Kind != expr.Char && entries <= rows/rankedRows+16
}

func (f *sortField) isText() bool {
	n, exact := f.bits()
	return n > 0 && !exact
}

// lowWords is the lower 64 bits of values as numbers that rise with them, or the codes
// of texts that are ranked; what stands under a NULL means nothing.
func (f *sortField) lowWords(c *vector.Column, out []uint64) {
	switch {
	case c.IsConst():
		clear(out)
	case c.Dict != nil && c.Width == 1:
		convert(c.Codes8(), out, 0)
	case c.Dict != nil && c.Width == 2:
		convert(c.Codes16(), out, 0)
	case c.Dict != nil:
		convert(c.Codes32(), out, 0)
	case f.typ.IsWide() || c.Kind == vector.Interval || c.Kind == vector.Int128:
		for i := range out {
			_, out[i] = f.value(c, i)
		}
	case c.Kind == vector.Bool:
		convert(c.Bools(), out, 0)
	case c.Kind == vector.Int16:
		convert(c.Int16s(), out, signBit)
	case c.Kind == vector.Int32:
		convert(c.Int32s(), out, signBit)
	case c.Kind == vector.Int64:
		convert(c.Int64s(), out, signBit)
	case c.Kind == vector.Float32:
		for i, v := range c.Float32s() {
			out[i] = uint64(kernel.OrderedKey(float64(v))) ^ signBit
		}
	case c.Kind == vector.Float64:
		for i, v := range c.Float64s() {
			out[i] = uint64(kernel.OrderedKey(v)) ^ signBit
		}
	}
}

func convert[T uint8 | uint16 | uint32 | int16 | int32 | int64](values []T, out []uint64, flip uint64) {
	for i, v := range values[:len(out)] {
		out[i] = uint64(int64(v)) ^ flip
	}
}
