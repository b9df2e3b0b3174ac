package exec

import (
	"github.com/skein-query/skein/exec/vector"
)

// accumulator is one running state per group of an aggregate, as columns indexed
// by group number.
type accumulator interface {
	// grow makes room for groups below n; new ones have seen no row.
	grow(n int) error
	// add takes a batch of rows in. It keeps no memory of the batch.
	add(in *addition) error
	// merge adds group at[i] of from, which is of the same type, to group to[i].
	merge(from accumulator, at, to []uint32) error
	// columns is the states of groups [from, to), in as many columns as
	// physical.StateTypes says; they may share the accumulator's memory, which is
	// not changed afterwards. Every group has been grown to before. Several instances
	// may ask at a time.
	columns(from, to int) ([]vector.Column, error)
}

// addition is rows of a batch and the groups they belong to.
type addition struct {
	cols []vector.Column  // the arguments, as long as the batch
	sel  vector.Selection // the rows that count; nil: the first n
	n    int              // how many rows count
	gids []uint32         // the group of each of them; nil: group 0
	full bool             // every row of the group's input is here: no FILTER took any

	scratch *scratch
}

// scratch is buffers that all accumulators of an instance use in turn.
type scratch struct {
	rows, gids, codes []uint32
	iota, zeros       []uint32
}

func (s *scratch) all(n int) []uint32 {
	for len(s.iota) < n {
		s.iota = append(s.iota, uint32(len(s.iota)))
	}
	return s.iota[:n]
}

func (s *scratch) zero(n int) []uint32 {
	if len(s.zeros) < n {
		s.zeros = make([]uint32, n)
	}
	return s.zeros[:n]
}

// operand is an argument ready for a loop: flat values, and at which index and for
// which group the rows that are not NULL stand.
type operand struct {
	values *vector.Column
	rows   []uint32 // nil: 0 … n-1
	gids   []uint32 // nil: group 0
	n      int
	full   bool // no row was dropped for being NULL, or by a FILTER
}

// operand resolves argument number arg. The result is valid until the next call.
func (in *addition) operand(arg int) operand {
	c := &in.cols[arg]
	o := operand{values: c, rows: in.sel, gids: in.gids, n: in.n, full: in.full}
	if c.Valid != nil {
		o.dropNulls(c, in.scratch)
	}
	o.resolve(c, in.scratch)
	return o
}

// resolve goes from a dictionary column to its values.
func (o *operand) resolve(c *vector.Column, s *scratch) {
	if c.Dict == nil {
		return
	}
	o.values = &c.Dict.Values
	if c.IsConst() {
		o.rows = s.zero(o.n)
		return
	}
	codes := resize(&s.codes, o.n)
	switch c.Width {
	case 1:
		lookUp(c.Codes8(), o.rows, codes)
	case 2:
		lookUp(c.Codes16(), o.rows, codes)
	case 4:
		lookUp(c.Codes32(), o.rows, codes)
	}
	o.rows = codes
}

func (o *operand) dropNulls(c *vector.Column, s *scratch) {
	from := o.rows
	if from == nil {
		from = s.all(o.n)
	}
	rows, gids := resize(&s.rows, o.n), resize(&s.gids, o.n)
	n := 0
	if o.gids == nil {
		for _, row := range from {
			rows[n] = row
			n += int(c.Valid[row>>6] >> (row & 63) & 1)
		}
	} else {
		for i, row := range from {
			rows[n], gids[n] = row, o.gids[i]
			n += int(c.Valid[row>>6] >> (row & 63) & 1)
		}
		o.gids = gids[:n]
	}
	o.rows, o.full, o.n = rows[:n], o.full && n == o.n, n
}

// explicit gives rows and groups without nil shorthands.
func (o *operand) explicit(s *scratch) (rows, gids []uint32) {
	rows, gids = o.rows, o.gids
	if rows == nil {
		rows = s.all(o.n)
	}
	if gids == nil {
		gids = s.zero(o.n)
	}
	return rows, gids
}

// resize is the buffer with n elements; never nil, which would mean all rows.
func resize(s *[]uint32, n int) []uint32 {
	if *s == nil || cap(*s) < n {
		*s = make([]uint32, n)
	}
	return (*s)[:n]
}

// selected is the row of the i-th selected one.
func selected(sel vector.Selection, i int) int {
	if sel != nil {
		return int(sel[i])
	}
	return i
}

func lookUp[T uint8 | uint16 | uint32](codes []T, rows, out []uint32) {
	if rows == nil {
		for i := range out {
			out[i] = uint32(codes[i])
		}
		return
	}
	for i, row := range rows {
		out[i] = uint32(codes[row])
	}
}

// seen remembers which groups have met a value. As long as every row of every
// batch brought one it holds no bits: a group exists because of a row.
type seen struct {
	b       *budget
	groups  int
	settled int // before bits exist: groups below it have met a value
	bits    vector.Bitmap
}

func (s *seen) grow(n int) error {
	s.groups = max(s.groups, n)
	if s.bits == nil {
		return nil
	}
	var err error
	s.bits, err = grown(s.b, s.bits, vector.Words(s.groups))
	return err
}

// mark notes that the groups of an operand have met a value.
func (s *seen) mark(o *operand) error {
	if o.full && s.bits == nil {
		if o.n > 0 {
			s.settled = s.groups
		}
		return nil
	}
	if err := s.spread(); err != nil {
		return err
	}
	if o.gids == nil {
		if o.n > 0 {
			s.bits.Set(0)
		}
		return nil
	}
	for _, g := range o.gids {
		s.bits[g>>6] |= 1 << (g & 63)
	}
	return nil
}

// spread goes over to bits.
func (s *seen) spread() error {
	if s.bits != nil {
		return nil
	}
	// At least one word, so that the bitmap is not nil.
	bits, err := grown(s.b, s.bits, max(1, vector.Words(s.groups)))
	if err != nil {
		return err
	}
	s.bits = bits
	for i := range s.settled {
		s.bits.Set(i)
	}
	return nil
}

func (s *seen) has(g uint32) bool {
	if s.bits == nil {
		return int(g) < s.settled
	}
	return s.bits.Get(int(g))
}

func (s *seen) merge(from *seen, at, to []uint32) error {
	if from.bits == nil && from.settled == from.groups && s.bits == nil {
		s.settled = s.groups
		return nil
	}
	if err := s.spread(); err != nil {
		return err
	}
	for i, g := range at {
		if from.has(g) {
			s.bits.Set(int(to[i]))
		}
	}
	return nil
}

// valid is the bits of groups [from, to) as a column's validity.
func (s *seen) valid(from, to int) vector.Bitmap {
	if s.bits == nil && to <= s.settled {
		return nil
	}
	out, all := vector.NewBitmap(to-from), true
	for g := from; g < to; g++ {
		if s.has(uint32(g)) {
			out.Set(g - from)
		} else {
			all = false
		}
	}
	if all {
		return nil
	}
	return out
}
