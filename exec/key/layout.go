package key

import (
	"cmp"
	"slices"

	"github.com/skein-query/skein/planner/expr"
)

// form is how the values of a key become bits.
type form uint8

const (
	formBool form = iota
	formInt16
	formInt32
	formFloat32
	formInt64
	formFloat64
	formInt128
	formInterval
	formString
	formChar
	formNested
)

var formBits = [...]int{1, 16, 32, 32, 64, 64, 128, 128, 32, 32, 32}

// Layout says where the keys of a row stand in its words.
type Layout struct {
	fields  []field
	words   int
	valued  []uint64 // per word: the bits that are values; the others are ids or unused
	strings bool
}

type field struct {
	typ   expr.Type
	form  form
	word  int  // the first word; 128-bit forms take the next one too
	shift uint // the lowest bit
	first bool // nothing of an earlier field stands in the word
	null  nullBit
}

// nullBit is where a key that is NULL sets a bit; absent for strings (id 0) and
// keys that cannot be NULL.
type nullBit struct {
	present bool
	word    int
	bit     uint64
}

// NewLayout makes the layout for keys of these types; nullable says per key
// whether NULL gets a representation. A NULL in a key that is not nullable is
// encoded like some value: the caller must drop such rows by Block.Nulls.
func NewLayout(types []expr.Type, nullable []bool) *Layout {
	l := &Layout{fields: make([]field, len(types))}
	order := make([]int, len(types))
	for i, t := range types {
		l.fields[i] = field{typ: t, form: formOf(t)}
		order[i] = i
		l.strings = l.strings || l.fields[i].form >= formString
	}
	// Wide fields first, so that first fit leaves no holes.
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(formBits[l.fields[b].form], formBits[l.fields[a].form])
	})
	var used []int // bits taken per word
	place := func(bits int) (word int, shift uint) {
		for w := range used {
			if used[w]+bits <= 64 {
				used[w] += bits
				return w, uint(used[w] - bits)
			}
		}
		for rest := bits; rest > 0; rest -= 64 {
			used = append(used, min(rest, 64))
		}
		return len(used) - (bits+63)/64, 0
	}
	for _, i := range order {
		f := &l.fields[i]
		f.word, f.shift = place(formBits[f.form])
		f.first = f.shift == 0
	}
	for i := range l.fields {
		if f := &l.fields[i]; nullable[i] && f.form < formString {
			word, shift := place(1)
			f.null = nullBit{present: true, word: word, bit: 1 << shift}
		}
	}
	l.words = max(1, len(used))
	l.markValued()
	return l
}

// markValued finds the bits that the hash may take from the words themselves.
func (l *Layout) markValued() {
	l.valued = make([]uint64, l.words)
	for i := range l.fields {
		f := &l.fields[i]
		if f.null.present {
			l.valued[f.null.word] |= f.null.bit
		}
		switch bits := formBits[f.form]; {
		case f.form >= formString:
		case bits == 128:
			l.valued[f.word], l.valued[f.word+1] = ^uint64(0), ^uint64(0)
		default:
			l.valued[f.word] |= f.mask() << f.shift
		}
	}
}

func (f *field) mask() uint64 {
	if bits := formBits[f.form]; bits < 64 {
		return 1<<bits - 1
	}
	return ^uint64(0)
}

func formOf(t expr.Type) form {
	switch t.Kind {
	case expr.Bool:
		return formBool
	case expr.Int2:
		return formInt16
	case expr.Int4, expr.Date:
		return formInt32
	case expr.Float4:
		return formFloat32
	case expr.Float8:
		return formFloat64
	case expr.Numeric:
		if t.IsWide() {
			return formInt128
		}
		return formInt64
	case expr.Int8, expr.Time, expr.Timestamp, expr.TimestampTZ:
		return formInt64
	case expr.Interval:
		return formInterval
	case expr.Char:
		return formChar
	case expr.List, expr.Struct, expr.Map:
		return formNested
	}
	return formString // text, bytea, and a bare NULL
}

// Words is the number of 64-bit words of a row, at least 1.
func (l *Layout) Words() int { return l.words }

// Keys is the number of keys.
func (l *Layout) Keys() int { return len(l.fields) }

// HasStrings reports whether encoding needs a Strings.
func (l *Layout) HasStrings() bool { return l.strings }

// Number reports whether a row is one integer or one string id, so that its word, with
// the bits of flip turned round, rises with the value.
func (l *Layout) Number() (flip uint64, ok bool) {
	if len(l.fields) != 1 || l.words != 1 || l.fields[0].null.present {
		return 0, false
	}
	switch f := &l.fields[0]; f.form {
	case formBool, formString, formChar, formNested:
		return 0, true
	case formInt16, formInt32, formInt64:
		return 1 << (formBits[f.form] - 1), true
	}
	return 0, false
}

// Lossy reports whether equal keys number i may look different, so that Column
// cannot give back what came in.
func (l *Layout) Lossy(i int) bool {
	switch l.fields[i].form {
	case formFloat32, formFloat64, formInterval, formChar, formNested:
		return true
	}
	return false
}

// AnyLossy reports whether some key is.
func (l *Layout) AnyLossy() bool {
	for i := range l.fields {
		if l.Lossy(i) {
			return true
		}
	}
	return false
}
