package parquet

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// convertFixed turns n values of a fixed physical width into those of the leaf's
// kind; raw has at least n*width bytes. Where the layouts agree raw is shared.
func convertFixed(a *arena, l *leaf, raw []byte, n int) (vector.Column, error) {
	out := vector.Column{Kind: l.kind, Len: n}
	var err error
	switch l.convert {
	case asIs:
		if l.phys == physFixed {
			return fixedStrings(a, raw, n, l.width)
		}
		out.Data = raw
	case int32To16:
		out.Data, err = mapped(a, cast[int32](raw, n), func(v int32) int16 { return int16(v) })
		for _, v := range cast[int32](raw, n) {
			if v != int32(int16(v)) {
				return out, bad("the value %d in a column of 8 or 16 bits", v)
			}
		}
	case uint16To32:
		out.Data, err = mapped(a, cast[int32](raw, n), func(v int32) int32 { return v & 0xFFFF })
	case int32To64:
		out.Data, err = mapped(a, cast[int32](raw, n), func(v int32) int64 { return int64(v) })
	case uint32To64:
		out.Data, err = mapped(a, cast[uint32](raw, n), func(v uint32) int64 { return int64(v) })
	case uint64To128:
		out.Data, err = mapped(a, cast[uint64](raw, n), func(v uint64) vector.I128 { return vector.I128{Lo: v} })
	case int64To128:
		out.Data, err = mapped(a, cast[int64](raw, n), func(v int64) vector.I128 { return vector.I128{Lo: uint64(v), Hi: v >> 63} })
	case millisTo64:
		return convertMillis(a, out, cast[int64](raw, n))
	case millis32To64:
		out.Data, err = mapped(a, cast[int32](raw, n), func(v int32) int64 { return int64(v) * 1000 })
	case nanosTo64:
		out.Data, err = mapped(a, cast[int64](raw, n), floorMicros)
	case int96To64:
		out.Data, err = mapped(a, cast[[12]byte](raw, n), int96Micros)
	case decimalTo64, decimalTo128:
		return convertDecimals(a, out, n, func(i int) []byte { return raw[i*l.width : (i+1)*l.width] })
	case halfTo32:
		out.Data, err = mapped(a, cast[uint16](raw, n), halfFloat)
	case uuidToText:
		return uuidTexts(a, raw, n)
	case toInterval:
		out.Data, err = mapped(a, cast[[12]byte](raw, n), func(b [12]byte) vector.MonthDayMicro {
			return vector.MonthDayMicro{Months: int32(binary.LittleEndian.Uint32(b[:])),
				Days: int32(binary.LittleEndian.Uint32(b[4:])), Micros: int64(binary.LittleEndian.Uint32(b[8:])) * 1000}
		})
	case toWideInterval:
		out.Data, err = mapped(a, cast[[WideIntervalBytes]byte](raw, n), func(b [WideIntervalBytes]byte) vector.MonthDayMicro {
			return vector.MonthDayMicro{Months: int32(binary.LittleEndian.Uint32(b[:])),
				Days: int32(binary.LittleEndian.Uint32(b[4:])), Micros: int64(binary.LittleEndian.Uint64(b[8:]))}
		})
	}
	return out, err
}

func mapped[A, B any](a *arena, in []A, f func(A) B) ([]byte, error) {
	out, err := alloc[B](a, len(in))
	for i := range out {
		out[i] = f(in[i])
	}
	return vector.BytesOf(out), err
}

func convertMillis(a *arena, out vector.Column, in []int64) (vector.Column, error) {
	for _, v := range in {
		if v > math.MaxInt64/1000 || v < math.MinInt64/1000 {
			return out, sqlerr.New(sqlerr.DatetimeFieldOverflow, "timestamp out of range: %d milliseconds", v)
		}
	}
	var err error
	out.Data, err = mapped(a, in, func(v int64) int64 { return v * 1000 })
	return out, err
}

func floorMicros(nanos int64) int64 {
	q := nanos / 1000
	if nanos%1000 < 0 {
		q--
	}
	return q
}

// int96Micros reads Impala's timestamps: nanoseconds of the day, Julian day.
func int96Micros(b [12]byte) int64 {
	const unixEpoch = 2440588 // as a Julian day
	nanos := int64(binary.LittleEndian.Uint64(b[:]))
	day := int64(int32(binary.LittleEndian.Uint32(b[8:]))) - unixEpoch
	return day*86_400_000_000 + floorMicros(nanos)
}

// convertDecimals reads big-endian two's complement numbers of any length.
func convertDecimals(a *arena, out vector.Column, n int, at func(i int) []byte) (vector.Column, error) {
	var narrow []int64
	var wide []vector.I128
	var err error
	if out.Kind == vector.Int64 {
		narrow, err = alloc[int64](a, n)
		out.Data = vector.BytesOf(narrow)
	} else {
		wide, err = alloc[vector.I128](a, n)
		out.Data = vector.BytesOf(wide)
	}
	if err != nil {
		return out, err
	}
	for i := range n {
		v, ok := bigEndian(at(i))
		if narrow != nil {
			ok = ok && v.Hi == int64(v.Lo)>>63
		}
		if !ok {
			return out, bad("a decimal with more digits than its type")
		}
		if narrow != nil {
			narrow[i] = int64(v.Lo)
		} else {
			wide[i] = v
		}
	}
	return out, nil
}

func bigEndian(b []byte) (vector.I128, bool) {
	sign := byte(0)
	if len(b) > 0 && b[0] >= 0x80 {
		sign = 0xFF
	}
	for len(b) > 16 {
		if b[0] != sign {
			return vector.I128{}, false
		}
		b = b[1:]
	}
	if len(b) == 16 && b[0]^sign >= 0x80 {
		return vector.I128{}, false
	}
	hi, lo := int64(int8(sign)), uint64(int64(int8(sign)))
	for _, x := range b {
		hi = hi<<8 | int64(lo>>56)
		lo = lo<<8 | uint64(x)
	}
	return vector.I128{Lo: lo, Hi: hi}, true
}

func halfFloat(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10&31), uint32(h&1023)
	switch {
	case exp == 31:
		return math.Float32frombits(sign | 0xFF<<23 | frac<<13)
	case exp != 0:
		return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
	case frac == 0:
		return math.Float32frombits(sign)
	}
	shift := uint32(bits.LeadingZeros32(frac)) - 21 // to bring the leading one to bit 10
	return math.Float32frombits(sign | (113-shift)<<23 | frac<<shift&1023<<13)
}

// uuidTexts writes UUIDs as text in the usual form.
func uuidTexts(a *arena, raw []byte, n int) (vector.Column, error) {
	const size, digits = 36, "0123456789abcdef"
	buf, err := a.bytes(n * size)
	if err != nil {
		return vector.Column{}, err
	}
	pos := 0
	for i := range n * 16 {
		if b := i % 16; b == 4 || b == 6 || b == 8 || b == 10 {
			buf[pos] = '-'
			pos++
		}
		buf[pos], buf[pos+1] = digits[raw[i]>>4], digits[raw[i]&15]
		pos += 2
	}
	return fixedStrings(a, buf, n, size)
}
