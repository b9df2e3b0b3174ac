package kernel

import (
	"encoding/binary"
	"math/bits"

	"github.com/skein-query/skein/exec/vector"
)

// The hash of joins, aggregates and exchanges: multiply-and-fold of 128-bit
// products, after wyhash (Wang Yi, https://github.com/wangyi-fudan/wyhash), with
// fixed secrets, so that every worker of a query agrees. It is no defence against
// chosen keys.
const (
	secret0 = 0xa0761d6478bd642f
	secret1 = 0xe7037ed1a0b428db
	secret2 = 0x8ebc6af09c88c6e3
	secret3 = 0x589965cc75374cc3
	// HashOfNull stands for NULL in a key.
	HashOfNull = 0x1d8e4e27c47d124f
)

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// HashInt64 is the hash of an integer of any width (sign-extended). The high bits
// are as good as the low ones.
func HashInt64(v int64) uint64 { return fold(uint64(v)^secret0, secret1) }

// HashInt128 is the hash of a 128-bit integer; one that fits an int64 hashes like
// that, because decimal columns come in both widths.
func HashInt128(v vector.I128) uint64 {
	if Fits64(v) {
		return HashInt64(int64(v.Lo))
	}
	return fold(v.Lo^secret0, uint64(v.Hi)^secret2)
}

// HashFloat64 is the hash of a float: 0 and -0 hash alike, and so do all NaNs.
func HashFloat64(f float64) uint64 { return HashInt64(OrderedKey(f)) }

// HashCombine adds the hash of another key to h; the order of keys counts.
func HashCombine(h, other uint64) uint64 { return fold(h^secret2, other^secret3) }

// HashBytes is the hash of a string.
func HashBytes(s []byte) uint64 {
	n := uint64(len(s))
	seed := uint64(secret0)
	var a, b uint64
	switch {
	case len(s) > 16:
		for ; len(s) > 16; s = s[16:] {
			seed = fold(binary.LittleEndian.Uint64(s)^secret1, binary.LittleEndian.Uint64(s[8:])^seed)
		}
		// The rest is 1..16 bytes: a short string of its own.
		a, b = short(s)
	default:
		a, b = short(s)
	}
	return fold(secret1^n, fold(a^secret2, b^seed))
}

// short reads up to 16 bytes as two words, so that no two strings of one length
// give the same.
func short(s []byte) (a, b uint64) {
	switch n := len(s); {
	case n >= 8:
		return binary.LittleEndian.Uint64(s), binary.LittleEndian.Uint64(s[n-8:])
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(s)), uint64(binary.LittleEndian.Uint32(s[n-4:]))
	case n > 0:
		return uint64(s[0])<<16 | uint64(s[n>>1])<<8 | uint64(s[n-1]), 0
	}
	return 0, 0
}

// HashInts writes (or, with combine, adds) the hash of every selected row to out.
func HashInts[T Integer](values []T, combine bool, sel vector.Selection, out []uint64) {
	if sel != nil {
		for _, row := range sel {
			h := HashInt64(int64(values[row]))
			if combine {
				h = HashCombine(out[row], h)
			}
			out[row] = h
		}
		return
	}
	out = out[:len(values)]
	if combine {
		for i, v := range values {
			out[i] = HashCombine(out[i], HashInt64(int64(v)))
		}
		return
	}
	for i, v := range values {
		out[i] = HashInt64(int64(v))
	}
}

// HashColumn writes (or, with combine, adds) the hash of every selected row of a
// column to out, which has room for every row. Dictionary columns are hashed by
// entry, and a value hashes alike in every encoding and decimal width. Char
// columns must come without trailing blanks. Nested columns hash by their parts.
func HashColumn(c *vector.Column, combine bool, sel vector.Selection, out []uint64) {
	if c.Dict == nil && c.Valid == nil {
		switch c.Kind {
		case vector.Bool:
			HashInts(c.Bools(), combine, sel, out)
			return
		case vector.Int16:
			HashInts(c.Int16s(), combine, sel, out)
			return
		case vector.Int32:
			HashInts(c.Int32s(), combine, sel, out)
			return
		case vector.Int64:
			HashInts(c.Int64s(), combine, sel, out)
			return
		}
	}
	var byEntry []uint64
	if c.Dict != nil && c.Dict.Values.Len <= 2*c.Len {
		byEntry = make([]uint64, c.Dict.Values.Len)
		HashColumn(&c.Dict.Values, false, nil, byEntry)
	}
	at := func(row int) {
		h := uint64(HashOfNull)
		switch {
		case c.IsNull(row):
		case byEntry != nil:
			h = byEntry[c.Code(row)]
		default:
			v, i := c.At(row)
			h = hashAt(v, i)
		}
		if combine {
			h = HashCombine(out[row], h)
		}
		out[row] = h
	}
	if sel != nil {
		for _, row := range sel {
			at(int(row))
		}
		return
	}
	for row := range c.Len {
		at(row)
	}
}

// hashAt is the hash of value i of a flat column.
func hashAt(c *vector.Column, i int) uint64 {
	if c.IsNull(i) {
		return HashOfNull
	}
	switch c.Kind {
	case vector.Bool:
		return HashInt64(int64(c.Bools()[i]))
	case vector.Int16:
		return HashInt64(int64(c.Int16s()[i]))
	case vector.Int32:
		return HashInt64(int64(c.Int32s()[i]))
	case vector.Int64:
		return HashInt64(c.Int64s()[i])
	case vector.Int128:
		return HashInt128(c.Int128s()[i])
	case vector.Float32:
		return HashFloat64(float64(c.Float32s()[i]))
	case vector.Float64:
		return HashFloat64(c.Float64s()[i])
	case vector.String:
		return HashBytes(c.Views()[i].Bytes(c.Buffers))
	case vector.Interval:
		return HashInt128(IntervalKey(c.Intervals()[i]))
	}
	return hashNested(c, i)
}

func hashNested(c *vector.Column, i int) uint64 {
	h := uint64(secret3)
	part := func(p *vector.Column, j int) {
		if p.IsNull(j) {
			h = HashCombine(h, HashOfNull)
			return
		}
		v, k := p.At(j)
		h = HashCombine(h, hashAt(v, k))
	}
	if c.Kind == vector.List {
		offsets := c.Offsets()
		for j := offsets[i]; j < offsets[i+1]; j++ {
			part(&c.Children[0], int(j))
		}
		return h
	}
	for f := range c.Children {
		part(&c.Children[f], i)
	}
	return h
}

// IntervalKey is the span of an interval in microseconds, with months of 30 days:
// PostgreSQL's order and equality of intervals.
func IntervalKey(v vector.MonthDayMicro) vector.I128 {
	days := int64(v.Months)*30 + int64(v.Days)
	sum, _ := Add128(Mul64(days, 86400e6), From64(v.Micros))
	return sum
}
