package kernel

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/simd"
)

// Code is the types of dictionary codes.
type Code interface{ uint8 | uint16 | uint32 }

// SelectCodes gives the rows whose code passes: lut has one byte, 0 or 1, per
// dictionary entry; it is read fastest when it has 256 bytes or more, by fours. A code
// without a byte is a bug elsewhere: it panics, or its row does not pass.
func SelectCodes[C Code](codes []C, lut []uint8, sel vector.Selection, out vector.Selection) vector.Selection {
	return selectCodesAt(best, codes, lut, sel, out)
}

func selectCodesAt[C Code](level simd.Level, codes []C, lut []uint8, sel, out vector.Selection) vector.Selection {
	k := 0
	if sel != nil {
		out = out[:len(sel)]
		for _, row := range sel {
			out[k] = row
			k += int(lut[codes[row]])
		}
		return out[:k]
	}
	out = out[:len(codes)]
	done, k := denseCodes(level, codes, lut, out)
	for i, c := range codes[done:] {
		out[k] = uint32(done + i)
		k += int(lut[c])
	}
	return out[:k]
}

// MarkCodes sets the byte of every dictionary entry that a row uses.
func MarkCodes[C Code](codes []C, sel vector.Selection, used []uint8) {
	if sel != nil {
		for _, row := range sel {
			used[codes[row]] = 1
		}
		return
	}
	for _, c := range codes {
		used[c] = 1
	}
}

// Lookup reads each row's dictionary entry: out[row] = entries[codes[row]].
func Lookup[C Code, T any](codes []C, entries []T, sel vector.Selection, out []T) {
	if sel != nil {
		for _, row := range sel {
			out[row] = entries[codes[row]]
		}
		return
	}
	out = out[:len(codes)]
	for i, c := range codes {
		out[i] = entries[c]
	}
}
