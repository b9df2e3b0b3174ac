package exec

import (
	"github.com/skein-query/skein/exec/vector"
)

// joinEmitter makes output batches of a join. Its methods that turn a probe batch
// into an output consume it when they succeed; lists of rows are ascending.
type joinEmitter struct {
	env   *Env
	shape *joinShape
	store *joinStore
}

// narrow gives the emitted probe columns of the rows at, uncopied.
func (e *joinEmitter) narrow(b *vector.Batch, at []uint32) (*vector.Batch, error) {
	sel, err := ownSelection(e.env, b, at)
	if err != nil {
		return nil, err
	}
	b.Cols, b.Sel = e.probeColumns(b), sel
	return b, nil
}

// lonely is narrow with NULLs for the build columns.
func (e *joinEmitter) lonely(b *vector.Batch, at []uint32) (*vector.Batch, error) {
	sel, err := ownSelection(e.env, b, at)
	if err != nil {
		return nil, err
	}
	cols := e.probeColumns(b)
	for i, c := range e.shape.emit {
		if c.fromBuild {
			cols[i] = nullColumn(e.shape.emitFields[i].Type, b.Len)
		}
	}
	b.Cols, b.Sel = cols, sel
	return b, nil
}

// probeColumns are the emitted columns with those of the probe side filled in.
func (e *joinEmitter) probeColumns(b *vector.Batch) []vector.Column {
	cols := make([]vector.Column, len(e.shape.emit), len(e.shape.emit)+1)
	for i, c := range e.shape.emit {
		if !c.fromBuild {
			cols[i] = b.Cols[c.index]
		}
	}
	return cols
}

// aligned gives the batch with the build columns beside the probe columns, no row
// moved: row at[i] meets build row rows[i]. outer keeps the rows that are not in
// at, with NULLs.
func (e *joinEmitter) aligned(b *vector.Batch, at, rows []uint32, outer bool) (*vector.Batch, error) {
	cols := e.probeColumns(b)
	place := at
	if len(at) == b.Len {
		place = nil
	}
	var err error
	for i, c := range e.shape.emit {
		switch {
		case !c.fromBuild:
			continue
		case len(at) == 0:
			cols[i] = nullColumn(e.shape.emitFields[i].Type, b.Len)
		default:
			cols[i], err = placeColumn(e.env, b, &e.store.cols[c.index], place, rows, b.Len, outer)
		}
		if err != nil {
			return nil, err
		}
	}
	sel := b.Sel
	if !outer {
		if sel, err = ownSelection(e.env, b, at); err != nil {
			return nil, err
		}
	}
	b.Cols, b.Sel = cols, sel
	return b, nil
}

// pairs gives a batch of the pairs (at[i], rows[i]), both sides copied; b is not
// consumed, and at may be in any order.
func (e *joinEmitter) pairs(b *vector.Batch, at, rows []uint32) (*vector.Batch, error) {
	// Dictionaries and string bytes stay the probe batch's: the output holds it too.
	out := b.Share()
	out.Len, out.Sel = len(at), nil
	cols := make([]vector.Column, len(e.shape.emit))
	for i, c := range e.shape.emit {
		var err error
		if c.fromBuild {
			cols[i], err = gatherColumn(e.env, out, &e.store.cols[c.index], rows)
		} else {
			cols[i], err = gatherColumn(e.env, out, &b.Cols[c.index], at)
		}
		if err != nil {
			out.Release()
			return nil, err
		}
	}
	out.Cols = cols
	return out, nil
}

// mark gives the batch with its mark: whether a row is in at, NULL for the rows in
// unknown.
func (e *joinEmitter) mark(b *vector.Batch, at, unknown []uint32) (*vector.Batch, error) {
	data, err := allocate(e.env, b, b.Len)
	if err != nil {
		return nil, err
	}
	clear(data)
	for _, place := range at {
		data[place] = 1
	}
	mark := vector.Column{Kind: vector.Bool, Len: b.Len, Data: data}
	if len(unknown) > 0 {
		mark.Valid = vector.NewBitmapSet(b.Len)
		for _, place := range unknown {
			mark.Valid.Clear(int(place))
		}
	}
	b.Cols = append(e.probeColumns(b), mark)
	return b, nil
}

// buildRows gives build rows on their own, NULLs for the probe side.
func (e *joinEmitter) buildRows(rows []uint32) (*vector.Batch, error) {
	out := vector.New(make([]vector.Column, len(e.shape.emit)), len(rows))
	for i, c := range e.shape.emit {
		if !c.fromBuild {
			out.Cols[i] = nullColumn(e.shape.emitFields[i].Type, len(rows))
			continue
		}
		var err error
		if out.Cols[i], err = gatherColumn(e.env, out, &e.store.cols[c.index], rows); err != nil {
			out.Release()
			return nil, err
		}
	}
	return out, nil
}

// without is the selected rows of a batch that are not in at.
func without(b *vector.Batch, at []uint32) []uint32 {
	return subtract(explicit(b.Sel, b.Len), at)
}

// subtract is the members of the ascending list all that are not in some, an
// ascending part of it.
func subtract(all, some []uint32) []uint32 {
	out := make([]uint32, 0, len(all)-len(some))
	for _, v := range all {
		if len(some) > 0 && some[0] == v {
			some = some[1:]
			continue
		}
		out = append(out, v)
	}
	return out
}
