package kernel

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/simd"
)

// SelectRange gives the rows whose value is in the range.
func SelectRange[T Integer](values []T, r Range, sel vector.Selection, out vector.Selection) vector.Selection {
	return selectRangeAt(best, values, r, sel, out)
}

func selectRangeAt[T Integer](level simd.Level, values []T, r Range, sel vector.Selection, out vector.Selection) vector.Selection {
	lo, span, not := r.bounds()
	k := 0
	if sel != nil {
		out = out[:len(sel)]
		for _, row := range sel {
			out[k] = row
			k += int(bit(uint64(int64(values[row]))-lo <= span) ^ not)
		}
		return out[:k]
	}
	out = out[:len(values)]
	done, k := denseRange(level, values, r, out)
	for i, v := range values[done:] {
		out[k] = uint32(done + i)
		k += int(bit(uint64(int64(v))-lo <= span) ^ not)
	}
	return out[:k]
}

// SelectProbe gives the rows whose key, less low, is below span and in the set, of at
// least span bits.
func SelectProbe[T Integer](keys []T, low, span uint64, set vector.Bitmap, sel vector.Selection, out vector.Selection) vector.Selection {
	return selectProbeAt(best, keys, low, span, set, sel, out)
}

func selectProbeAt[T Integer](level simd.Level, keys []T, low, span uint64, set vector.Bitmap, sel, out vector.Selection) vector.Selection {
	k := 0
	if sel != nil {
		out = out[:len(sel)]
		for _, row := range sel {
			out[k] = row
			if key := uint64(int64(keys[row])) - low; key < span {
				k += int(set[key>>6] >> (key & 63) & 1)
			}
		}
		return out[:k]
	}
	out = out[:len(keys)]
	done, k := denseProbe(level, keys, low, span, set, out)
	for i, v := range keys[done:] {
		out[k] = uint32(done + i)
		if key := uint64(int64(v)) - low; key < span {
			k += int(set[key>>6] >> (key & 63) & 1)
		}
	}
	return out[:k]
}

// SelectEqual gives the rows where a and b are equal (not: differ).
func SelectEqual[T Integer](a, b []T, not bool, sel vector.Selection, out vector.Selection) vector.Selection {
	x, k := bit(not), 0
	if sel != nil {
		out = out[:len(sel)]
		for _, row := range sel {
			out[k] = row
			k += int(bit(a[row] == b[row]) ^ x)
		}
		return out[:k]
	}
	b, out = b[:len(a)], out[:len(a)]
	for i, v := range a {
		out[k] = uint32(i)
		k += int(bit(v == b[i]) ^ x)
	}
	return out[:k]
}

// SelectLess gives the rows where a is below b (not: is not).
func SelectLess[T Integer](a, b []T, not bool, sel vector.Selection, out vector.Selection) vector.Selection {
	x, k := bit(not), 0
	if sel != nil {
		out = out[:len(sel)]
		for _, row := range sel {
			out[k] = row
			k += int(bit(a[row] < b[row]) ^ x)
		}
		return out[:k]
	}
	b, out = b[:len(a)], out[:len(a)]
	for i, v := range a {
		out[k] = uint32(i)
		k += int(bit(v < b[i]) ^ x)
	}
	return out[:k]
}

// SelectTrue gives the rows whose byte is not zero.
func SelectTrue(values []uint8, sel vector.Selection, out vector.Selection) vector.Selection {
	return SelectRange(values, Range{Lo: 1, Hi: 255}, sel, out)
}

// SelectBits gives the rows whose bit is set, or clear when not; n is the number
// of rows when sel is nil.
func SelectBits(bits vector.Bitmap, not bool, n int, sel vector.Selection, out vector.Selection) vector.Selection {
	x, k := uint64(bit(not)), 0
	if sel != nil {
		out = out[:len(sel)]
		for _, row := range sel {
			out[k] = row
			k += int(bits[row>>6]>>(row&63)&1 ^ x)
		}
		return out[:k]
	}
	out = out[:n]
	for row := range uint32(n) {
		out[k] = row
		k += int(bits[row>>6]>>(row&63)&1 ^ x)
	}
	return out[:k]
}

// Difference is the rows of all (ascending; nil: 0..n-1) that are not in some,
// which is a part of it.
func Difference(all, some vector.Selection, n int, out vector.Selection) vector.Selection {
	k, j := 0, 0
	if all == nil {
		out = out[:n]
		for row := range uint32(n) {
			if j < len(some) && some[j] == row {
				j++
				continue
			}
			out[k] = row
			k++
		}
		return out[:k]
	}
	out = out[:len(all)]
	for _, row := range all {
		if j < len(some) && some[j] == row {
			j++
			continue
		}
		out[k] = row
		k++
	}
	return out[:k]
}

// Union merges two ascending selections without common rows. out must not share
// memory with them.
func Union(a, b vector.Selection, out vector.Selection) vector.Selection {
	out = out[:0]
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		if a[i] < b[j] {
			out = append(out, a[i])
			i++
		} else {
			out = append(out, b[j])
			j++
		}
	}
	out = append(out, a[i:]...)
	return append(out, b[j:]...)
}
