package eval

import (
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// blender puts a column together from parts, each defined on rows of its own.
type blender struct {
	f     *frame
	typ   expr.Type
	parts []part
}

type part struct {
	col  vector.Column
	rows vector.Selection // nil: all
}

func newBlender(f *frame, t expr.Type) *blender { return &blender{f: f, typ: t} }

// add evaluates s on rows and takes its result for them.
func (b *blender) add(s step, rows vector.Selection) error {
	c, err := s.eval(b.f, rows)
	if err == nil {
		b.addColumn(c, rows)
	}
	return err
}

func (b *blender) addColumn(c vector.Column, rows vector.Selection) {
	b.parts = append(b.parts, part{c, rows})
}

// column is the parts as one flat column. Rows of no part are NULL-free zeros.
func (b *blender) column() (vector.Column, error) {
	kind := Layout(b.typ)
	nulls := false
	var err error
	narrow := kind == vector.Int128
	for i := range b.parts {
		p := &b.parts[i]
		nulls = nulls || p.col.Valid != nil
		valid := p.col.Valid
		if p.col, err = b.f.flat(&p.col, p.rows); err != nil {
			return p.col, err
		}
		p.col.Valid = valid
		narrow = narrow && p.col.Kind == vector.Int64
	}
	if narrow {
		kind = vector.Int64
	}
	out := vector.Column{Kind: kind, Len: b.f.n}
	if nulls {
		if out.Valid, err = b.f.bitmap(); err != nil {
			return out, err
		}
	}
	switch kind {
	case vector.Int128:
		err = b.wide(&out)
	case vector.String:
		err = b.strings(&out)
	case vector.List, vector.Struct:
		return b.nested(), nil
	default:
		err = b.fixed(&out)
	}
	for _, p := range b.parts {
		if p.col.Valid != nil {
			each(p.rows, b.f.n, func(row int) {
				if !p.col.Valid.Get(row) {
					out.Valid.Clear(row)
				}
			})
		}
	}
	return out, err
}

func each(rows vector.Selection, n int, do func(row int)) {
	if rows == nil {
		for row := range n {
			do(row)
		}
		return
	}
	for _, row := range rows {
		do(int(row))
	}
}

func (b *blender) fixed(out *vector.Column) (err error) {
	size := out.Kind.Size()
	if out.Data, err = b.f.raw(size * b.f.n); err != nil {
		return err
	}
	for i := range b.parts {
		p := &b.parts[i]
		switch size {
		case 1:
			scatter(fixed[uint8](out), fixed[uint8](&p.col), p.rows)
		case 2:
			scatter(fixed[uint16](out), fixed[uint16](&p.col), p.rows)
		case 4:
			scatter(fixed[uint32](out), fixed[uint32](&p.col), p.rows)
		case 8:
			scatter(fixed[uint64](out), fixed[uint64](&p.col), p.rows)
		case 16:
			scatter(fixed[[2]uint64](out), fixed[[2]uint64](&p.col), p.rows)
		}
	}
	return nil
}

// scatter copies the rows of a part to their places; in may be a single value.
func scatter[T any](out, in []T, rows vector.Selection) {
	switch {
	case len(in) == 1 && len(out) != 1:
		v := in[0]
		if rows == nil {
			for i := range out {
				out[i] = v
			}
			return
		}
		for _, row := range rows {
			out[row] = v
		}
	case rows == nil:
		copy(out, in)
	default:
		for _, row := range rows {
			out[row] = in[row]
		}
	}
}

func (b *blender) wide(out *vector.Column) error {
	values, err := alloc[vector.I128](b.f, b.f.n)
	if err != nil {
		return err
	}
	for i := range b.parts {
		p := &b.parts[i]
		in, err := decimals(b.f, &p.col, p.rows)
		if err != nil {
			return err
		}
		scatter(values, in, p.rows)
	}
	out.Data = vector.BytesOf(values)
	return nil
}

func (b *blender) strings(out *vector.Column) error {
	views, err := zeroed[vector.View](b.f, b.f.n)
	if err != nil {
		return err
	}
	for i := range b.parts {
		p := &b.parts[i]
		base := uint32(len(out.Buffers))
		in, mask := p.col.Views(), maskOf(&p.col, b.f.n)
		each(p.rows, b.f.n, func(row int) { views[row] = in[row&mask].Move(base) })
		out.Buffers = append(out.Buffers, p.col.Buffers...)
	}
	out.Data = vector.BytesOf(views)
	return nil
}

// nested goes by way of Values: lists and structs are rarely blended.
func (b *blender) nested() vector.Column {
	values := make([]expr.Value, b.f.n)
	for i := range values {
		values[i] = expr.Null
	}
	for _, p := range b.parts {
		valid := p.col.Valid
		p.col.Valid = nil
		each(p.rows, b.f.n, func(row int) {
			if valid == nil || valid.Get(row) {
				values[row] = valueOf(&p.col, row, b.f.n, b.typ)
			}
		})
	}
	return ColumnOf(values, b.typ)
}
