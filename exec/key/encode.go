package key

import (
	"math"
	"math/bits"
	"slices"

	"github.com/skein-query/skein/exec/vector"
)

// Block is encoded rows, in order of the selection they were encoded from.
type Block struct {
	N      int
	Words  []uint64 // row-major, Layout.Words() a row
	Hashes []uint64
	Nulls  vector.Bitmap // rows with any NULL key; nil when there are none
	Misses vector.Bitmap // Lookup: rows with a string that is in no interned row; nil when none
}

// Encoder packs batches of one instance. It remembers dictionaries.
type Encoder struct {
	layout  *Layout
	strings *Strings
	index   []uint32    // scratch: where the values of the rows stand in their column
	ids     []uint32    // scratch: of the strings of a batch
	hashes  [][]uint64  // scratch: per key, of the strings of a batch
	dicts   []dictCache // per key
	bytes   []byte      // scratch: serialised nested values
	near    []uint64    // scratch: the slots that strings come to first
	byShard []uint32    // scratch: rows by the shard of their string
}

// dictCache is the ids of the dictionaries that a key column met last.
type dictCache struct {
	dicts [4]*vector.Dict
	known [4][]knownString // by code
	next  int
}

// knownString is a string of a dictionary; id 0: not looked up yet.
type knownString struct {
	hash uint64
	id   uint32
}

// NewEncoder makes an encoder; s may be nil when the layout has no strings.
func NewEncoder(l *Layout, s *Strings) *Encoder {
	return &Encoder{layout: l, strings: s, hashes: make([][]uint64, len(l.fields)), dicts: make([]dictCache, len(l.fields))}
}

// Strings is the interner the encoder's ids come from.
func (e *Encoder) Strings() *Strings { return e.strings }

// Encode packs the selected rows of key columns of rows rows into out, whose
// memory it uses again. New strings are interned.
func (e *Encoder) Encode(cols []vector.Column, rows int, sel vector.Selection, out *Block) error {
	return e.encode(cols, rows, sel, out, false)
}

// Lookup is Encode without interning: a row with an unknown string is marked in
// out.Misses and its words mean nothing.
func (e *Encoder) Lookup(cols []vector.Column, rows int, sel vector.Selection, out *Block) error {
	return e.encode(cols, rows, sel, out, true)
}

// EncodeWords is Encode without hashes, for layouts without strings.
func (e *Encoder) EncodeWords(cols []vector.Column, rows int, sel vector.Selection, out *Block) {
	e.begin(rows, sel, out)
	for i := range e.layout.fields {
		e.pack(&e.layout.fields[i], &cols[i], sel, out)
	}
}

func (e *Encoder) begin(rows int, sel vector.Selection, out *Block) {
	out.N = rows
	if sel != nil {
		out.N = len(sel)
	}
	n := out.N * e.layout.words
	out.Words = slices.Grow(out.Words[:0], n)[:n]
	out.Nulls, out.Misses = nil, nil
	clear(out.Words)
}

func (e *Encoder) encode(cols []vector.Column, rows int, sel vector.Selection, out *Block, lookup bool) error {
	l := e.layout
	e.begin(rows, sel, out)
	out.Hashes = slices.Grow(out.Hashes[:0], out.N)[:out.N]
	for i := range l.fields {
		f := &l.fields[i]
		if f.form >= formString {
			if err := e.packStrings(i, &cols[i], sel, out, lookup); err != nil {
				return err
			}
			continue
		}
		e.pack(f, &cols[i], sel, out)
	}
	l.HashWords(out.Words, out.Hashes)
	for i := range l.fields {
		if l.fields[i].form >= formString {
			for row, hash := range e.hashes[i] {
				out.Hashes[row] = hashString(out.Hashes[row], hash)
			}
		}
	}
	return nil
}

// pack writes the values of a key that is no string.
func (e *Encoder) pack(f *field, c *vector.Column, sel vector.Selection, out *Block) {
	values, at := c, sel
	if c.Dict != nil {
		values, at = &c.Dict.Values, e.codes(c, sel, out.N)
	}
	if values.Len > 0 {
		packValues(f, values, at, out)
	}
	if c.Valid == nil {
		return
	}
	forNulls(c, sel, out.N, func(i int) {
		row := out.Words[i*e.layout.words : (i+1)*e.layout.words]
		row[f.word] &^= f.mask() << f.shift
		if f.form == formInt128 || f.form == formInterval {
			row[f.word+1] = 0
		}
		if f.null.present {
			row[f.null.word] |= f.null.bit
		}
		setRow(&out.Nulls, i, out.N)
	})
}

// codes is the dictionary codes of the selected rows.
func (e *Encoder) codes(c *vector.Column, sel vector.Selection, n int) []uint32 {
	e.index = slices.Grow(e.index[:0], n)[:n]
	switch c.Width {
	case 1:
		copyCodes(e.index, c.Codes8(), sel)
	case 2:
		copyCodes(e.index, c.Codes16(), sel)
	case 4:
		copyCodes(e.index, c.Codes32(), sel)
	default:
		clear(e.index)
	}
	return e.index
}

func copyCodes[T uint8 | uint16 | uint32](out []uint32, codes []T, sel vector.Selection) {
	if sel == nil {
		for i, code := range codes[:len(out)] {
			out[i] = uint32(code)
		}
		return
	}
	for i, row := range sel {
		out[i] = uint32(codes[row])
	}
}

func forNulls(c *vector.Column, sel vector.Selection, n int, f func(i int)) {
	for i := range n {
		row := i
		if sel != nil {
			row = int(sel[i])
		}
		if !c.Valid.Get(row) {
			f(i)
		}
	}
}

func setRow(b *vector.Bitmap, i, n int) {
	if *b == nil {
		*b = vector.NewBitmap(n)
	}
	b.Set(i)
}

// packValues ORs the values of a flat column at the given rows (nil: all, in
// order) into the zeroed words.
func packValues(f *field, c *vector.Column, at []uint32, out *Block) {
	stride := len(out.Words) / max(out.N, 1)
	switch f.form {
	case formBool:
		// Masked: the byte under a NULL may be anything and must not reach other fields.
		packEach(f, c.Codes8(), at, out.Words, stride, func(v uint8) (uint64, uint64) { return uint64(v & 1), 0 })
	case formInt16:
		packInts(f, c.Codes16(), at, out.Words, stride)
	case formInt32:
		packInts(f, c.Codes32(), at, out.Words, stride)
	case formInt64:
		packInts(f, c.Int64s(), at, out.Words, stride)
	case formFloat32:
		packEach(f, c.Float32s(), at, out.Words, stride, func(v float32) (uint64, uint64) {
			return uint64(float32Bits(v)), 0
		})
	case formFloat64:
		packEach(f, c.Float64s(), at, out.Words, stride, func(v float64) (uint64, uint64) {
			return float64Bits(v), 0
		})
	case formInt128:
		if c.Kind == vector.Int64 {
			packEach(f, c.Int64s(), at, out.Words, stride, func(v int64) (uint64, uint64) {
				return uint64(v), uint64(v >> 63)
			})
			return
		}
		packEach(f, c.Int128s(), at, out.Words, stride, func(v vector.I128) (uint64, uint64) {
			return v.Lo, uint64(v.Hi)
		})
	case formInterval:
		packEach(f, c.Intervals(), at, out.Words, stride, func(v vector.MonthDayMicro) (uint64, uint64) {
			span := Span(v)
			return span.Lo, uint64(span.Hi)
		})
	}
}

func packInts[T uint16 | uint32 | int64](f *field, values []T, at []uint32, words []uint64, stride int) {
	switch {
	case stride == 1 && at == nil && f.first:
		for i := range words {
			words[i] |= uint64(values[i])
		}
	case at == nil:
		for i, w := 0, f.word; w < len(words); i, w = i+1, w+stride {
			words[w] |= uint64(values[i]) << f.shift
		}
	default:
		w := f.word
		for _, row := range at {
			words[w] |= uint64(values[row]) << f.shift
			w += stride
		}
	}
}

func packEach[T any](f *field, values []T, at []uint32, words []uint64, stride int, split func(T) (lo, hi uint64)) {
	wide := f.form == formInt128 || f.form == formInterval
	for i, w := 0, f.word; w < len(words); i, w = i+1, w+stride {
		row := i
		if at != nil {
			row = int(at[i])
		}
		lo, hi := split(values[row])
		words[w] |= lo << f.shift
		if wide {
			words[w+1] = hi
		}
	}
}

// float64Bits is the same for floats that SQL holds equal: -0 is 0, and there is
// one NaN.
func float64Bits(v float64) uint64 {
	switch {
	case v == 0:
		return 0
	case v != v:
		return math.Float64bits(math.NaN())
	}
	return math.Float64bits(v)
}

func float32Bits(v float32) uint32 {
	switch {
	case v == 0:
		return 0
	case v != v:
		return math.Float32bits(float32(math.NaN()))
	}
	return math.Float32bits(v)
}

const microsPerDay = 24 * 60 * 60 * 1_000_000

// Span is an interval as PostgreSQL compares it: microseconds, with months of 30
// days and days of 24 hours.
func Span(v vector.MonthDayMicro) vector.I128 {
	days := int64(v.Months)*30 + int64(v.Days)
	hi, lo := bits.Mul64(uint64(days), microsPerDay)
	if days < 0 {
		hi -= microsPerDay // the unsigned product counted days as days + 2⁶⁴
	}
	lo, carry := bits.Add64(lo, uint64(v.Micros), 0)
	hi, _ = bits.Add64(hi, uint64(v.Micros>>63), carry)
	return vector.I128{Lo: lo, Hi: int64(hi)}
}
