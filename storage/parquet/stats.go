package parquet

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/object"
)

// Stats is what the footer says about a field in a row group. Min and Max bound
// the values and need not be among them.
type Stats struct {
	HasMinMax bool
	Min, Max  Scalar
	Nulls     int64 // -1: not known
	Distinct  int64 // -1: not known
}

// Stats gives the statistics of a field; nested fields have none.
func (f *File) Stats(rowGroup, field int) Stats {
	n := f.fields[field]
	none := Stats{Nulls: -1, Distinct: -1}
	if n.leaf == nil || n.leaf.maxRep > 0 || n.err != nil {
		return none
	}
	m := &f.meta.rowGroups[rowGroup].columns[n.leaf.column]
	s := m.stats
	if s.nulls > m.values || s.nulls < -1 {
		return none // who lies once is not believed
	}
	if n.leaf.maxDef == 0 {
		s.nulls = 0
	}
	out := Stats{Nulls: s.nulls, Distinct: s.distinct}
	out.Min, out.Max, out.HasMinMax = n.leaf.minMax(&s)
	return out
}

// minMax reads the bounds of statistics, where their order can be trusted: not for
// decimals in bytes (writers disagree, parquet-go #595), not for INT96, and the
// deprecated pair only where comparing signed was never wrong.
func (l *leaf) minMax(s *statistics) (lo, hi Scalar, ok bool) {
	from, to := s.min, s.max
	if from == nil || to == nil {
		switch {
		case l.phys == physBytes, l.phys == physFixed, l.unsigned():
			return lo, hi, false
		}
		from, to = s.oldMin, s.oldMax
	}
	lo, ok1 := l.scalar(from)
	hi, ok2 := l.scalar(to)
	return lo, hi, ok1 && ok2 && Compare(l.kind, &lo, &hi) <= 0
}

func (l *leaf) unsigned() bool {
	return l.convert == uint16To32 || l.convert == uint32To64 || l.convert == uint64To128
}

// scalar reads a bound in PLAIN encoding without a length.
func (l *leaf) scalar(b []byte) (s Scalar, ok bool) {
	switch l.phys {
	case physBool:
		if len(b) != 1 {
			return s, false
		}
		s.I = int64(b[0] & 1)
	case physInt32:
		if len(b) != 4 {
			return s, false
		}
		u := binary.LittleEndian.Uint32(b)
		switch l.convert {
		case asIs, int32To16, int32To64:
			s.I = int64(int32(u))
		case uint32To64, uint16To32:
			s.I = int64(u)
		case millis32To64:
			s.I = int64(int32(u)) * 1000
		default:
			return s, false
		}
	case physInt64:
		if len(b) != 8 {
			return s, false
		}
		return l.scalar64(binary.LittleEndian.Uint64(b))
	case physFloat:
		if len(b) != 4 {
			return s, false
		}
		s.F = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		return s, !math.IsNaN(s.F)
	case physDouble:
		if len(b) != 8 {
			return s, false
		}
		s.F = math.Float64frombits(binary.LittleEndian.Uint64(b))
		return s, !math.IsNaN(s.F)
	case physBytes, physFixed:
		if l.convert != asIs || b == nil {
			return s, false
		}
		s.S = string(b)
	default:
		return s, false
	}
	return s, true
}

func (l *leaf) scalar64(u uint64) (s Scalar, ok bool) {
	v := int64(u)
	switch l.convert {
	case asIs:
		s.I = v
	case uint64To128:
		s.Wide = vector.I128{Lo: u}
	case int64To128:
		s.Wide = vector.I128{Lo: u, Hi: v >> 63}
	case millisTo64:
		if v > math.MaxInt64/1000 || v < math.MinInt64/1000 {
			return s, false
		}
		s.I = v * 1000
	case nanosTo64:
		s.I = floorMicros(v)
	default:
		return s, false
	}
	return s, true
}

// DistinctFromDictionary is the number of entries of a chunk's dictionary when all
// its pages are encoded by it, else -1. It reads no more than a page header.
func (f *File) DistinctFromDictionary(ctx context.Context, rowGroup, field int) (int64, error) {
	n := f.fields[field]
	if n.leaf == nil {
		return -1, nil
	}
	m := &f.meta.rowGroups[rowGroup].columns[n.leaf.column]
	from, size := m.extent()
	if !m.allDictionary || m.encrypted || m.filePath != "" || size == 0 {
		return -1, nil
	}
	r, err := f.handle.acquire(ctx)
	if err != nil {
		return -1, err
	}
	defer f.handle.release()
	entries := int64(-1)
	read := func(b []byte) error {
		h, _, err := readPageHeader(b)
		if err == nil && h.kind == pageDictionary {
			entries = int64(h.values)
		}
		return nil // a header that cannot be read says nothing
	}
	size = min(size, 256)
	if view := r.View(from, size); view != nil {
		err := object.Guard(f.info.Path, func() error { return read(view) })
		return entries, err
	}
	buf := make([]byte, size)
	if err := r.ReadAt(ctx, buf, from); err != nil {
		return -1, err
	}
	err = read(buf)
	return entries, err
}
