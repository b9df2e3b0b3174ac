package kernel

import "github.com/skein-query/skein/internal/simd"

//go:noescape
func positionsAVX512(masks *uint64, words int, first uint32, out *uint32) int

//go:noescape
func positionsAVX2(masks *uint64, words int, first uint32, out *uint32, places *[256]uint64) int

//go:noescape
func range8AVX512(values *uint8, words int, lo, span uint64, masks *uint64)

//go:noescape
func range16AVX512(values *int16, words int, lo, span uint64, masks *uint64)

//go:noescape
func range32AVX512(values *int32, words int, lo, span uint64, masks *uint64)

//go:noescape
func range64AVX512(values *int64, words int, lo, span uint64, masks *uint64)

//go:noescape
func range8AVX2(values *uint8, words int, lo, span uint64, masks *uint64)

//go:noescape
func range32AVX2(values *int32, words int, lo, span uint64, masks *uint64)

//go:noescape
func range64AVX2(values *int64, words int, lo, span uint64, masks *uint64)

//go:noescape
func codes8AVX512(codes *uint8, words int, lut *[256]uint8, masks *uint64)

//go:noescape
func codes16AVX512(codes *uint16, words int, lut *uint8, quarters uint64, masks *uint64)

//go:noescape
func codes32AVX512(codes *uint32, words int, lut *uint8, quarters uint64, masks *uint64)

//go:noescape
func probe32AVX512(keys *int32, words int, low, span uint64, set *uint64, masks *uint64)

//go:noescape
func probe64AVX512(keys *int64, words int, low, span uint64, set *uint64, masks *uint64)

//go:noescape
func range16AVX2(values *int16, words int, lo, span uint64, masks *uint64)

//go:noescape
func codes8AVX2(codes *uint8, words int, lut *uint8, quarters uint64, masks *uint64)

//go:noescape
func codes16AVX2(codes *uint16, words int, lut *uint8, quarters uint64, masks *uint64)

//go:noescape
func codes32AVX2(codes *uint32, words int, lut *uint8, quarters uint64, masks *uint64)

//go:noescape
func probe32AVX2(keys *int32, words int, low, span uint64, set *uint64, masks *uint64)

//go:noescape
func probe64AVX2(keys *int64, words int, low, span uint64, set *uint64, masks *uint64)

//go:noescape
func or64AVX512(values *int64, n uint64, rows *uint32, count int) uint64

// places has for each byte the numbers of its ones, lowest first, a byte each.
var places = func() *[256]uint64 {
	var t [256]uint64
	for b := range t {
		shift := 0
		for i := range 8 {
			if b>>i&1 == 1 {
				t[b] |= uint64(i) << shift
				shift += 8
			}
		}
	}
	return &t
}()

// positions writes the numbers of the rows whose bits are set, counted from first,
// and gives how many. out has room for a number a bit. The level is not Scalar.
func positions(level simd.Level, masks []uint64, first uint32, out []uint32) int {
	if len(masks) == 0 {
		return 0
	}
	out = out[:64*len(masks)]
	if level == simd.AVX512 {
		return positionsAVX512(&masks[0], len(masks), first, &out[0])
	}
	return positionsAVX2(&masks[0], len(masks), first, &out[0], places)
}

// rangeMasks makes masks of which of the values, 64 a mask, are in a range, or
// reports that the level has no kernel for it.
func rangeMasks[T Integer](level simd.Level, values []T, lo, span uint64, masks []uint64) bool {
	if level == simd.Scalar {
		return false
	}
	n, m, wide := len(masks), &masks[0], level == simd.AVX512
	values = values[:64*n]
	switch v := any(&values[0]).(type) {
	case *uint8:
		if wide {
			range8AVX512(v, n, lo, span, m)
		} else {
			range8AVX2(v, n, lo, span, m)
		}
	case *int16:
		if wide {
			range16AVX512(v, n, lo, span, m)
		} else {
			range16AVX2(v, n, lo, span, m)
		}
	case *int32:
		if wide {
			range32AVX512(v, n, lo, span, m)
		} else {
			range32AVX2(v, n, lo, span, m)
		}
	case *int64:
		if wide {
			range64AVX512(v, n, lo, span, m)
		} else {
			range64AVX2(v, n, lo, span, m)
		}
	}
	return true
}

// codeMasks makes masks of which codes pass by the table, which is read by fours.
func codeMasks[C Code](level simd.Level, codes []C, lut []uint8, masks []uint64) bool {
	if level == simd.Scalar || len(lut)%4 != 0 || len(lut) == 0 {
		return false
	}
	n, m, quarters, wide := len(masks), &masks[0], uint64(len(lut)/4), level == simd.AVX512
	codes = codes[:64*n]
	switch c := any(&codes[0]).(type) {
	case *uint8:
		if wide && len(lut) >= 256 {
			codes8AVX512(c, n, (*[256]uint8)(lut), m)
		} else {
			codes8AVX2(c, n, &lut[0], quarters, m)
		}
	case *uint16:
		if wide {
			codes16AVX512(c, n, &lut[0], quarters, m)
		} else {
			codes16AVX2(c, n, &lut[0], quarters, m)
		}
	case *uint32:
		if wide {
			codes32AVX512(c, n, &lut[0], quarters, m)
		} else {
			codes32AVX2(c, n, &lut[0], quarters, m)
		}
	}
	return true
}

// probeMasks makes masks of which keys less low are below span and in the set.
func probeMasks[T Integer](level simd.Level, keys []T, low, span uint64, set []uint64, masks []uint64) bool {
	if level == simd.Scalar || span == 0 {
		return false
	}
	_ = set[(span-1)>>6]
	n, m, wide := len(masks), &masks[0], level == simd.AVX512
	keys = keys[:64*n]
	switch k := any(&keys[0]).(type) {
	case *int32:
		if wide {
			probe32AVX512(k, n, low, span, &set[0], m)
		} else {
			probe32AVX2(k, n, low, span, &set[0], m)
		}
	case *int64:
		if wide {
			probe64AVX512(k, n, low, span, &set[0], m)
		} else {
			probe64AVX2(k, n, low, span, &set[0], m)
		}
	default:
		return false
	}
	return true
}

// orRows ORs the values of rows, each without its sign, as far as it gets with
// vectors, and gives how many rows that are.
func orRows[T int16 | int32 | int64](level simd.Level, values []T, rows []uint32) (or uint64, done int) {
	done = len(rows) &^ 7
	if v, ok := any(values).([]int64); ok && level == simd.AVX512 && done > 0 && len(v) > 0 {
		return or64AVX512(&v[0], uint64(len(v)), &rows[0], done), done
	}
	return 0, 0
}
