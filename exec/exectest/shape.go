package exectest

import (
	"math/rand/v2"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// shaper makes batches of rows in the many forms a batch may have, in slabs.
type shaper struct {
	fields []expr.Field
	rows   [][]expr.Value // of the whole table: where garbage and dictionaries come from
	r      *rand.Rand
	env    *exec.Env
	plain  bool
	dicts  []*dictionary // per column, made when first used
}

// dictionary is a dictionary that several batches share.
type dictionary struct {
	dict  *vector.Dict
	code  map[string]uint32 // by the entry as text
	slabs []*memory.Slab
}

func newShaper(t tableRows, r *rand.Rand, env *exec.Env, plain bool) *shaper {
	return &shaper{fields: t.fields, rows: t.rows, r: r, env: env, plain: plain, dicts: make([]*dictionary, len(t.fields))}
}

func (s *shaper) close() {
	for _, d := range s.dicts {
		if d != nil {
			releaseAll(d.slabs)
		}
	}
	s.dicts = make([]*dictionary, len(s.fields))
}

func releaseAll(slabs []*memory.Slab) {
	for _, slab := range slabs {
		slab.Release()
	}
}

// batch makes one of the given rows.
func (s *shaper) batch(rows [][]expr.Value) (*vector.Batch, error) {
	all, sel := rows, vector.Selection(nil)
	if !s.plain && s.r.IntN(2) == 0 {
		all, sel = s.scatter(rows)
	}
	b := vector.New(make([]vector.Column, len(s.fields)), len(all))
	b.Sel = sel
	for i := range s.fields {
		column := make([]expr.Value, len(all))
		for j, row := range all {
			column[j] = row[i]
		}
		var err error
		if b.Cols[i], err = s.column(b, i, column); err != nil {
			b.Release()
			return nil, err
		}
	}
	return b, nil
}

// scatter puts rows that do not count between the rows.
func (s *shaper) scatter(rows [][]expr.Value) (all [][]expr.Value, sel vector.Selection) {
	sel = vector.Selection{}
	for _, row := range rows {
		for s.r.IntN(2) == 0 && len(s.rows) > 0 {
			all = append(all, s.rows[s.r.IntN(len(s.rows))])
		}
		sel = append(sel, uint32(len(all)))
		all = append(all, row)
	}
	return all, sel
}

// column makes a column of values in some form, held by b.
func (s *shaper) column(b *vector.Batch, i int, values []expr.Value) (vector.Column, error) {
	t := s.fields[i].Type
	if s.plain {
		c := eval.ColumnOf(values, t)
		return s.slab(b, c)
	}
	switch s.r.IntN(4) {
	case 0:
		if same(values) && len(values) > 0 {
			entry, err := s.slab(b, s.flat(values[:1], t))
			return vector.Const(entry, len(values)), err
		}
	case 1:
		if !t.IsNested() {
			return s.coded(b, i, values)
		}
	case 2: // a slice of a longer column
		before, after := s.r.IntN(70), s.r.IntN(3)
		longer := make([]expr.Value, before+len(values)+after)
		for j := range longer {
			longer[j] = s.rows[s.r.IntN(len(s.rows))][i]
		}
		copy(longer[before:], values)
		c, err := s.slab(b, s.flat(longer, t))
		return c.Slice(before, before+len(values)), err
	}
	return s.slab(b, s.flat(values, t))
}

func same(values []expr.Value) bool {
	for _, v := range values {
		if !v.Identical(values[0]) {
			return false
		}
	}
	return true
}

// flat is a flat column with garbage under NULLs, wide numerics in 64 bits where
// they fit and chance wants it.
func (s *shaper) flat(values []expr.Value, t expr.Type) vector.Column {
	filled := make([]expr.Value, len(values))
	copy(filled, values)
	for i, v := range values {
		if v.Null && !t.IsNested() && eval.Layout(t) != vector.String {
			filled[i] = expr.Value{I: s.r.Int64(), Hi: s.r.Int64(), F: s.r.Float64()}
		}
	}
	valid := eval.ColumnOf(values, t).Valid
	if t.IsNested() {
		return eval.ColumnOf(values, t)
	}
	for i := range filled {
		filled[i].Null = false
	}
	if t.IsWide() && s.r.IntN(2) == 0 {
		if c, ok := narrow(values); ok {
			c.Valid = valid
			return c
		}
	}
	c := eval.ColumnOf(filled, t)
	c.Valid = valid
	return c
}

func narrow(values []expr.Value) (vector.Column, bool) {
	out := make([]int64, len(values))
	for i, v := range values {
		if v.Null {
			continue
		}
		if v.Hi != v.I>>63 {
			return vector.Column{}, false
		}
		out[i] = v.I
	}
	return vector.Flat(vector.Int64, out, nil), true
}

// coded is a dictionary column; a shaper uses a dictionary for several batches.
func (s *shaper) coded(b *vector.Batch, i int, values []expr.Value) (vector.Column, error) {
	t := s.fields[i].Type
	d := s.dicts[i]
	if d == nil || s.r.IntN(4) == 0 {
		made, err := s.dictionary(i)
		if err != nil {
			return vector.Column{}, err
		}
		if d != nil {
			releaseAll(d.slabs)
		}
		d, s.dicts[i] = made, made
	}
	for _, slab := range d.slabs {
		slab.Retain()
		b.Hold(slab)
	}
	c := vector.Column{Kind: d.dict.Values.Kind, Len: len(values), Dict: d.dict, Valid: eval.ColumnOf(values, t).Valid}
	if d.dict.Values.Len == 0 { // every value of the column is NULL
		return s.slab(b, s.flat(values, t))
	}
	codes := make([]uint32, len(values))
	for j, v := range values {
		codes[j] = uint32(s.r.IntN(d.dict.Values.Len))
		if !v.Null {
			codes[j] = d.code[expr.FormatValue(v, t)]
		}
	}
	switch n := d.dict.Values.Len; s.r.IntN(3) {
	case 0:
		c.Width = 4
	case 1:
		c.Width = 2
		if n > 1<<16 {
			c.Width = 4
		}
	default:
		c.Width = 1
		if n > 1<<8 {
			c.Width = 4
		}
	}
	switch c.Width {
	case 1:
		c.Data = cut[uint8](codes)
	case 2:
		c.Data = vector.BytesOf(cut[uint16](codes))
	default:
		c.Data = vector.BytesOf(codes)
	}
	return s.slab(b, c)
}

func cut[T uint8 | uint16](codes []uint32) []T {
	out := make([]T, len(codes))
	for i, c := range codes {
		out[i] = T(c)
	}
	return out
}

// dictionary makes one of all values of a column, in random order.
func (s *shaper) dictionary(i int) (*dictionary, error) {
	d := &dictionary{code: map[string]uint32{}}
	var entries []expr.Value
	t := s.fields[i].Type
	for _, j := range s.r.Perm(len(s.rows)) {
		v := s.rows[j][i]
		if _, ok := d.code[expr.FormatValue(v, t)]; !ok && !v.Null {
			d.code[expr.FormatValue(v, t)] = uint32(len(entries))
			entries = append(entries, v)
		}
	}
	var err error
	values := s.flat(entries, t)
	values, d.slabs, err = s.toSlabs(values)
	if err != nil {
		releaseAll(d.slabs)
		return nil, err
	}
	d.dict = &vector.Dict{Values: values}
	return d, nil
}

// slab moves a column's memory into slabs that b holds.
func (s *shaper) slab(b *vector.Batch, c vector.Column) (vector.Column, error) {
	c, slabs, err := s.toSlabs(c)
	b.Hold(slabs...)
	return c, err
}

func (s *shaper) toSlabs(c vector.Column) (_ vector.Column, slabs []*memory.Slab, err error) {
	move := func(data []byte) ([]byte, error) {
		slab, err := s.env.Pool.Get(len(data), s.env.Account)
		if err != nil {
			return nil, err
		}
		slabs = append(slabs, slab)
		return slab.Bytes()[:copy(slab.Bytes(), data)], nil
	}
	if c.Data, err = move(c.Data); err != nil {
		return c, slabs, err
	}
	for i := range c.Buffers {
		if c.Buffers[i], err = move(c.Buffers[i]); err != nil {
			return c, slabs, err
		}
	}
	for i := range c.Children {
		var more []*memory.Slab
		if c.Children[i], more, err = s.toSlabs(c.Children[i]); err != nil {
			return c, append(slabs, more...), err
		}
		slabs = append(slabs, more...)
	}
	return c, slabs, nil
}
