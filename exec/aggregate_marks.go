package exec

import (
	"math"
	"slices"

	"github.com/skein-query/skein/exec/key"
)

const (
	// stampsAlways is the range of values for which an array of them is worth it
	// always, stampsPerEntry the values for each entry up to which larger ones are.
	stampsAlways   = 1 << 12
	stampsPerEntry = 4
	// comparedInTurn is how many values of a group are compared with each other rather
	// than hashed.
	comparedInTurn = 8
)

// marks is which values of a group have been met: stamps in an array where they are
// integers close together or strings, which have ids, or else a small hash table.
type marks struct {
	b     *budget
	width int

	flip   uint64   // makes words rise with their values
	low    uint64   // the least value
	stamps []uint32 // by value - low: the last group that had it + 1; nil: hash
	stamp  uint32

	values []uint64 // of the group, row-major
	n      int      // words of them
	slots  []uint32 // by hash: the value's number + 1; its length is a power of two
	mask   int      // of the slots in use; 0: none is

	words   []uint64 // scratch
	indices []uint32 // scratch
}

func newMarks(l *key.Layout, sources []source, entries int, b *budget) (*marks, error) {
	m := &marks{b: b, width: l.Words()}
	var size uint64
	flip, ok := l.Number()
	switch {
	case !ok:
		return m, nil
	case l.HasStrings(): // ids are given in turn, at most as many as there are entries
		size = uint64(sources[0].pairs.strings.Len() + entries)
	default:
		low, high := uint64(math.MaxUint64), uint64(0)
		for i := range sources {
			from, to := sources[i].span(flip)
			low, high = min(low, from), max(high, to)
		}
		if low > high {
			return m, nil
		}
		if m.flip, m.low, size = flip, low, high-low; size >= max(stampsAlways, stampsPerEntry*uint64(entries)) {
			return m, nil
		}
	}
	var err error
	m.stamps, err = grown(b, m.stamps, int(size)+1)
	return m, err
}

// begin forgets the values of the last group; the next has n entries.
func (m *marks) begin(g uint32, n int) (err error) {
	m.stamp, m.n, m.mask = g+1, 0, 0
	if m.stamps != nil || n <= comparedInTurn {
		return nil
	}
	size := 16
	for size < 2*n {
		size *= 2
	}
	m.mask = size - 1
	clear(m.slots[:min(size, len(m.slots))])
	m.slots, err = grown(m.b, m.slots, size)
	return err
}

// fresh gives those of a source's entries [from, to), counted from there, whose values
// are new in the group.
func (m *marks) fresh(s *source, from, to uint32) ([]uint32, error) {
	words, err := s.translated(from, to, m.words)
	if err != nil {
		return nil, err
	}
	if s.strings != nil {
		m.words = words
	}
	n, found := int(to-from), 0
	m.indices = slices.Grow(m.indices[:0], n)[:n]
	if m.stamps != nil {
		for i, w := range words {
			at := &m.stamps[(w^m.flip)-m.low]
			m.indices[found] = uint32(i)
			if *at != m.stamp {
				*at = m.stamp
				found++
			}
		}
		return m.indices[:found], nil
	}
	for i := range n {
		m.indices[found] = uint32(i)
		isNew, err := m.meet(words[i*m.width : (i+1)*m.width])
		if err != nil {
			return nil, err
		}
		if isNew {
			found++
		}
	}
	return m.indices[:found], nil
}

// meet notes a value and reports whether it is new.
func (m *marks) meet(words []uint64) (isNew bool, err error) {
	at := 0
	if m.mask == 0 {
		for i := 0; i < m.n; i += m.width {
			if slices.Equal(m.values[i:i+m.width], words) {
				return false, nil
			}
		}
	} else {
		for at = int(pairHash(words, 0)) & m.mask; m.slots[at] != 0; at = (at + 1) & m.mask {
			i := int(m.slots[at]-1) * m.width
			if slices.Equal(m.values[i:i+m.width], words) {
				return false, nil
			}
		}
	}
	if m.values, err = grown(m.b, m.values, m.n+m.width); err != nil {
		return false, err
	}
	copy(m.values[m.n:], words)
	m.n += m.width
	if m.mask != 0 {
		m.slots[at] = uint32(m.n / m.width)
	}
	return true, nil
}
