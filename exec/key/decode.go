package key

import "github.com/skein-query/skein/exec/vector"

// Column gives back key number i of n encoded rows, which must not be lossy;
// strings share memory with s.
func (l *Layout) Column(i int, words []uint64, n int, s *Strings) vector.Column {
	f := &l.fields[i]
	if f.form == formString {
		return s.Column(unpack(f, words, l.words, n, func(lo, _ uint64) uint32 { return uint32(lo) }))
	}
	var out vector.Column
	switch f.form {
	case formBool:
		out = vector.Flat(vector.Bool, unpack(f, words, l.words, n, func(lo, _ uint64) uint8 { return uint8(lo & 1) }), nil)
	case formInt16:
		out = vector.Flat(vector.Int16, unpack(f, words, l.words, n, func(lo, _ uint64) int16 { return int16(lo) }), nil)
	case formInt32:
		out = vector.Flat(vector.Int32, unpack(f, words, l.words, n, func(lo, _ uint64) int32 { return int32(lo) }), nil)
	case formInt64:
		out = vector.Flat(vector.Int64, unpack(f, words, l.words, n, func(lo, _ uint64) int64 { return int64(lo) }), nil)
	case formInt128:
		out = vector.Flat(vector.Int128, unpack(f, words, l.words, n, func(lo, hi uint64) vector.I128 {
			return vector.I128{Lo: lo, Hi: int64(hi)}
		}), nil)
	}
	if f.null.present {
		for row := range n {
			if words[row*l.words+f.null.word]&f.null.bit != 0 {
				if out.Valid == nil {
					out.Valid = vector.NewBitmapSet(n)
				}
				out.Valid.Clear(row)
			}
		}
	}
	return out
}

// Codes is Column for a string key as codes over dict, which is s.Dict() of the interner.
func (l *Layout) Codes(i int, words []uint64, n int, dict *vector.Dict) vector.Column {
	f := &l.fields[i]
	out := vector.Column{Kind: vector.String, Len: n, Dict: dict}
	switch entries := dict.Values.Len; {
	case entries <= 1<<8:
		out.Width = 1
		out.Data = codes[uint8](f, words, l.words, n)
	case entries <= 1<<16:
		out.Width = 2
		out.Data = vector.BytesOf(codes[uint16](f, words, l.words, n))
	default:
		out.Width = 4
		out.Data = vector.BytesOf(codes[uint32](f, words, l.words, n))
	}
	for row := range n {
		if uint32(words[row*l.words+f.word]>>f.shift) != 0 {
			continue
		}
		if out.Valid == nil {
			out.Valid = vector.NewBitmapSet(n)
		}
		out.Valid.Clear(row)
	}
	return out
}

func codes[T uint8 | uint16 | uint32](f *field, words []uint64, stride, n int) []T {
	return unpack(f, words, stride, n, func(lo, _ uint64) T { return T(max(uint32(lo), 1) - 1) })
}

func unpack[T any](f *field, words []uint64, stride, n int, join func(lo, hi uint64) T) []T {
	out := make([]T, n)
	wide := f.form == formInt128
	for i, w := 0, f.word; i < n; i, w = i+1, w+stride {
		var hi uint64
		if wide {
			hi = words[w+1]
		}
		out[i] = join(words[w]>>f.shift, hi)
	}
	return out
}
