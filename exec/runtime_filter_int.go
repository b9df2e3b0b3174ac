package exec

import (
	"math/bits"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

const (
	// maxFilterBits bounds the exact bitmap of a filter (8 MiB).
	maxFilterBits = 1 << 26
	// maxFilterSet is the most keys of an exact set.
	maxFilterSet = 1000
)

// intFilter is the runtime filter of an integer-like key: an exact bitmap where
// the keys lie close enough, else a small exact set, else a Bloom filter.
type intFilter struct {
	typ       expr.Type
	low, high int64
	keys      int
	bitmap    vector.Bitmap // bit v-low
	set       []int64       // open addressing by hashInt; low stands for an empty place
	bloom     bloom
}

// intKeys is where the keys of a filter come from: n of them (or fewer, when some
// repeat) between low and high, visited by each.
type intKeys struct {
	low, high int64
	n         int
	each      func(visit func(int64))
}

// newIntFilter makes the filter; reserve is asked for its memory, and nil is given
// when it refuses.
func newIntFilter(t expr.Type, keys intKeys, reserve func(bytes int64) error) *intFilter {
	f := &intFilter{typ: t, low: keys.low, high: keys.high, keys: keys.n}
	if keys.n == 0 {
		return f
	}
	span := uint64(keys.high) - uint64(keys.low)
	switch {
	case span < maxFilterBits:
		words := vector.Words(int(span) + 1)
		if reserve(int64(words)*8) != nil {
			return nil
		}
		f.bitmap = make(vector.Bitmap, words)
		keys.each(func(v int64) {
			at := uint64(v) - uint64(f.low)
			f.bitmap[at>>6] |= 1 << (at & 63)
		})
		f.keys = f.bitmap.Count(int(span) + 1)
	case keys.n <= maxFilterSet:
		f.set = make([]int64, 2<<bits.Len(uint(keys.n)))
		for i := range f.set {
			f.set[i] = f.low
		}
		keys.each(f.addToSet)
	default:
		words := bloomWords(keys.n)
		if reserve(int64(words)*8) != nil {
			return nil
		}
		f.bloom = make(bloom, words)
		keys.each(func(v int64) { f.bloom.add(hashInt(uint64(v))) })
	}
	return f
}

func (f *intFilter) addToSet(v int64) {
	mask := uint64(len(f.set) - 1)
	for at := hashInt(uint64(v)) & mask; v != f.low; at = (at + 1) & mask {
		if f.set[at] == v {
			return
		}
		if f.set[at] == f.low {
			f.set[at] = v
			return
		}
	}
}

func (f *intFilter) Bounds() (lo, hi expr.Value, ok bool) {
	if f.keys == 0 {
		return lo, hi, false
	}
	if f.typ.Kind == expr.Numeric {
		return expr.Decimal64(f.low), expr.Decimal64(f.high), true
	}
	return expr.Int(f.low), expr.Int(f.high), true
}

func (f *intFilter) Keys() int { return f.keys }

func (f *intFilter) Dictionary(dict *vector.Column) vector.Bitmap {
	pass := vector.NewBitmap(dict.Len)
	for _, i := range f.Select(dict, dict.Len, nil) {
		pass.Set(int(i))
	}
	return pass
}

func (f *intFilter) Select(c *vector.Column, rows int, sel vector.Selection) vector.Selection {
	if f.keys == 0 {
		return vector.Selection{}
	}
	if c.Valid != nil {
		sel = withoutNulls(nil, c, explicit(sel, rows))
	}
	if c.Dict != nil {
		sel = explicit(sel, rows)
		values := make([]uint64, len(sel))
		readInts(values, c, sel)
		out := make(vector.Selection, len(sel))
		n := 0
		for i, row := range sel {
			out[n] = row
			if f.passes(int64(values[i])) {
				n++
			}
		}
		return out[:n]
	}
	switch c.Kind {
	case vector.Bool:
		return selectInts(f, c.Bools(), sel)
	case vector.Int16:
		return selectInts(f, c.Int16s(), sel)
	case vector.Int32:
		return selectInts(f, c.Int32s(), sel)
	default:
		return selectInts(f, c.Int64s(), sel)
	}
}

func selectInts[T uint8 | int16 | int32 | int64](f *intFilter, values []T, sel vector.Selection) vector.Selection {
	n := len(values)
	if sel != nil {
		n = len(sel)
	}
	out := make(vector.Selection, n)
	if f.bitmap != nil {
		return kernel.SelectProbe(values, uint64(f.low), uint64(f.high)-uint64(f.low)+1, f.bitmap, sel, out)
	}
	n = 0
	if sel == nil {
		for i, v := range values {
			out[n] = uint32(i)
			if f.passes(int64(v)) {
				n++
			}
		}
		return out[:n]
	}
	for _, i := range sel {
		out[n] = i
		if f.passes(int64(values[i])) {
			n++
		}
	}
	return out[:n]
}

// passes tests one key.
func (f *intFilter) passes(v int64) bool {
	if v < f.low || v > f.high {
		return false
	}
	if f.bitmap != nil {
		return f.bitmap.Get(int(v - f.low))
	}
	hash := hashInt(uint64(v))
	if f.bloom != nil {
		return f.bloom.has(hash)
	}
	mask := uint64(len(f.set) - 1)
	for at := hash & mask; v != f.low; at = (at + 1) & mask {
		if f.set[at] == v {
			return true
		}
		if f.set[at] == f.low {
			return false
		}
	}
	return true // low is a key
}
