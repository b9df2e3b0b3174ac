package exec

import (
	"bytes"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// first keeps the first value that is not NULL: any_value, and how keys look that
// package key calls lossy. It works on values of any kind, by their bytes.
type first struct {
	b      *budget
	has    []bool
	typ    expr.Type
	kind   vector.Kind
	width  int // bytes of a fixed-width value
	data   []byte
	arena  arena           // strings
	nested []vector.Column // lists and structs: one row each
}

func newFirst(b *budget, typ expr.Type) *first {
	kind := eval.Layout(typ)
	return &first{b: b, typ: typ, kind: kind, width: kind.Size(), arena: arena{b: b}}
}

func (a *first) grow(n int) (err error) {
	if a.has, err = grown(a.b, a.has, n); err != nil {
		return err
	}
	switch a.kind {
	case vector.String:
		return a.arena.grow(n)
	case vector.List, vector.Struct:
		a.nested, err = grown(a.b, a.nested, n)
		return err
	}
	a.data, err = grown(a.b, a.data, n*a.width)
	return err
}

func (a *first) add(in *addition) error {
	o := in.operand(0)
	rows, gids := o.explicit(in.scratch)
	return a.take(o.values, rows, gids)
}

// take puts values[rows[i]] into group gids[i] where it has none yet.
func (a *first) take(values *vector.Column, rows, gids []uint32) error {
	if values.Kind != a.kind {
		wide := a.kind == vector.Int128 && values.Kind == vector.Int64
		if !wide {
			return sqlerr.New(sqlerr.InternalError, "any_value of %s got a column of %s", a.kind, values.Kind)
		}
		w := vector.Widen(values)
		values = &w
	}
	for i, row := range rows {
		g := gids[i]
		if a.has[g] {
			continue
		}
		a.has[g] = true
		if err := a.set(g, values, int(row)); err != nil {
			return err
		}
	}
	return nil
}

func (a *first) set(g uint32, values *vector.Column, row int) error {
	switch a.kind {
	case vector.String:
		return a.arena.set(g, values.Views()[row].Bytes(values.Buffers))
	case vector.List, vector.Struct:
		one := vector.Gather(values, []uint32{uint32(row)})
		own, err := ownNested(a.b, &one)
		if err != nil {
			return err
		}
		a.nested[g] = own
		return nil
	}
	copy(a.data[int(g)*a.width:], values.Data[row*a.width:(row+1)*a.width])
	return nil
}

// ownNested copies a column with all its strings into memory of its own.
func ownNested(b *budget, c *vector.Column) (vector.Column, error) {
	out := vector.Flatten(c)
	if err := b.reserve(int64(len(out.Data))); err != nil {
		return out, err
	}
	if out.Kind == vector.String {
		var sb vector.StringBuilder
		for i, v := range out.Views() {
			if out.IsNull(i) {
				v = vector.View{}
			}
			sb.Append(v.Bytes(out.Buffers))
		}
		if err := b.reserve(sb.Bytes()); err != nil {
			return out, err
		}
		return sb.Column(out.Valid), nil
	}
	children := make([]vector.Column, len(out.Children))
	for i := range out.Children {
		var err error
		if children[i], err = ownNested(b, &out.Children[i]); err != nil {
			return out, err
		}
	}
	out.Children = children
	return out, nil
}

func (a *first) merge(from accumulator, at, to []uint32) error {
	f := from.(*first)
	for i, g := range at {
		if !f.has[g] || a.has[to[i]] {
			continue
		}
		a.has[to[i]] = true
		var err error
		switch a.kind {
		case vector.String:
			err = a.arena.set(to[i], f.arena.bytes(g))
		case vector.List, vector.Struct:
			a.nested[to[i]] = f.nested[g]
		default:
			copy(a.data[int(to[i])*a.width:], f.data[int(g)*a.width:(int(g)+1)*a.width])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *first) columns(from, to int) ([]vector.Column, error) {
	valid := validOf(a.has[from:to])
	switch a.kind {
	case vector.String:
		return []vector.Column{a.arena.column(from, to, valid)}, nil
	case vector.List, vector.Struct:
		return []vector.Column{a.nestedColumn(from, to, valid)}, nil
	}
	return []vector.Column{{Kind: a.kind, Len: to - from, Valid: valid, Data: a.data[from*a.width : to*a.width]}}, nil
}

// pick is the values of groups at, a batch of them at most; all is 0, 1, 2, … as many.
// Strings share the memory of a.
func (a *first) pick(at, all []uint32) (vector.Column, error) {
	c := vector.Column{Kind: a.kind, Len: len(a.has), Data: a.data}
	switch a.kind {
	case vector.List, vector.Struct:
		some := newFirst(&budget{}, a.typ) // as short-lived as a batch
		if err := some.grow(len(at)); err != nil {
			return c, err
		}
		if err := some.merge(a, at, all); err != nil {
			return c, err
		}
		return some.nestedColumn(0, len(at), validOf(some.has[:len(at)])), nil
	case vector.String:
		c.Data, c.Buffers = vector.BytesOf(a.arena.views), a.arena.buffers
	}
	out := vector.Gather(&c, at)
	for i, g := range at {
		if !a.has[g] {
			if out.Valid == nil {
				out.Valid = vector.NewBitmapSet(len(at))
			}
			out.Valid.Clear(i)
		}
	}
	return out, nil
}

func (a *first) nestedColumn(from, to int, valid vector.Bitmap) vector.Column {
	var parts []vector.Column
	var at []uint32
	for g := from; g < to; g++ {
		at = append(at, uint32(max(len(parts), 1)-1))
		if a.has[g] {
			at[g-from] = uint32(len(parts))
			parts = append(parts, a.nested[g])
		}
	}
	if len(parts) == 0 {
		return vector.Const(eval.ColumnOf([]expr.Value{expr.Null}, a.typ), to-from)
	}
	all := vector.Concat(parts)
	out := vector.Gather(&all, at)
	out.Valid = valid
	return out
}

// takeColumn is take from a column in any encoding, NULLs included.
func (a *first) takeColumn(c *vector.Column, rows, ids []uint32) error {
	for i, row := range rows {
		if c.IsNull(int(row)) {
			continue
		}
		values, at := c.At(int(row))
		a.has[ids[i]] = true
		if err := a.set(ids[i], values, at); err != nil {
			return err
		}
	}
	return nil
}

// same reports whether row of a column has the value of group id; NULLs are equal.
func (a *first) same(c *vector.Column, row int, id uint32) bool {
	if null := c.IsNull(row); null || !a.has[id] {
		return null == !a.has[id]
	}
	values, at := c.At(row)
	if a.kind == vector.String {
		return equalViews(&values.Views()[at], values.Buffers, &a.arena.views[id], a.arena.buffers)
	}
	return bytes.Equal(values.Data[at*a.width:(at+1)*a.width], a.data[int(id)*a.width:(int(id)+1)*a.width])
}

func equalViews(v *vector.View, buffers [][]byte, w *vector.View, others [][]byte) bool {
	if v.Len != w.Len {
		return false
	}
	return bytes.Equal(v.Bytes(buffers), w.Bytes(others))
}

// differ appends the numbers, counted in the selection, of the rows that have another
// value than their group.
func (a *first) differ(c *vector.Column, sel vector.Selection, gids, out []uint32) []uint32 {
	switch {
	case c.Dict == nil && c.Valid == nil && a.kind == vector.String:
		views := c.Views()
		for i, id := range gids {
			if !a.has[id] || !equalViews(&views[selected(sel, i)], c.Buffers, &a.arena.views[id], a.arena.buffers) {
				out = append(out, uint32(i))
			}
		}
	default:
		for i, id := range gids {
			if !a.same(c, selected(sel, i), id) {
				out = append(out, uint32(i))
			}
		}
	}
	return out
}
