package exec

import (
	"github.com/skein-query/skein/exec/vector"
)

// allocate gives n bytes, not zeroed, that b holds.
func allocate(env *Env, b *vector.Batch, n int) ([]byte, error) {
	slab, err := env.Pool.Get(n, env.Account)
	if err != nil {
		return nil, err
	}
	b.Hold(slab)
	return slab.Bytes()[:n], nil
}

// ownSelection copies a selection into memory that b holds; nil when it selects
// all rows of b.
func ownSelection(env *Env, b *vector.Batch, sel vector.Selection) (vector.Selection, error) {
	if len(sel) == b.Len {
		return nil, nil
	}
	data, err := allocate(env, b, len(sel)*4)
	if err != nil {
		return nil, err
	}
	own := typed[uint32](data)
	copy(own, sel)
	return own, nil
}

// gatherFixed copies values of a width: dst[i] = src[rows[i]].
func gatherFixed(dst, src []byte, width int, rows []uint32) {
	switch width {
	case 1:
		gatherValues(dst, src, rows)
	case 2:
		gatherValues(typed[uint16](dst), typed[uint16](src), rows)
	case 4:
		gatherValues(typed[uint32](dst), typed[uint32](src), rows)
	case 8:
		gatherValues(typed[uint64](dst), typed[uint64](src), rows)
	case 16:
		gatherValues(typed[[2]uint64](dst), typed[[2]uint64](src), rows)
	}
}

func gatherValues[T any](dst, src []T, rows []uint32) {
	dst = dst[:len(rows)]
	for i, row := range rows {
		dst[i] = src[row]
	}
}

// scatterFixed copies values of a width to places: dst[at[i]] = src[rows[i]].
func scatterFixed(dst, src []byte, width int, at, rows []uint32) {
	switch width {
	case 1:
		scatterValues(dst, src, at, rows)
	case 2:
		scatterValues(typed[uint16](dst), typed[uint16](src), at, rows)
	case 4:
		scatterValues(typed[uint32](dst), typed[uint32](src), at, rows)
	case 8:
		scatterValues(typed[uint64](dst), typed[uint64](src), at, rows)
	case 16:
		scatterValues(typed[[2]uint64](dst), typed[[2]uint64](src), at, rows)
	}
}

func scatterValues[T any](dst, src []T, at, rows []uint32) {
	rows = rows[:len(at)]
	for i, place := range at {
		dst[place] = src[rows[i]]
	}
}

// decodeCodes gives the dictionary codes of rows: out[i] = code of rows[i].
func decodeCodes(out []uint32, c *vector.Column, rows []uint32) {
	switch c.Width {
	case 1:
		for i, row := range rows {
			out[i] = uint32(c.Data[row])
		}
	case 2:
		codes := c.Codes16()
		for i, row := range rows {
			out[i] = uint32(codes[row])
		}
	case 4:
		gatherValues(out, c.Codes32(), rows)
	default:
		clear(out)
	}
}

// columnWidth is the bytes a row of a column takes in Data.
func columnWidth(c *vector.Column) int {
	if c.Dict != nil {
		return int(c.Width)
	}
	return c.Kind.Size()
}

// gatherColumn makes the column of the given rows of c for batch b, which holds
// its memory; dictionary and string bytes are shared with c.
func gatherColumn(env *Env, b *vector.Batch, c *vector.Column, rows []uint32) (vector.Column, error) {
	if c.Kind == vector.List || c.Kind == vector.Struct {
		return vector.Gather(c, rows), nil
	}
	return placeColumn(env, b, c, nil, rows, len(rows), false)
}

// placeColumn makes a column of n rows for batch b: row at[i] is row rows[i] of c
// (at nil: i). The other rows are readable, and null when outer is set. c has
// at least one row when n is not zero.
func placeColumn(env *Env, b *vector.Batch, c *vector.Column, at, rows []uint32, n int, outer bool) (vector.Column, error) {
	out := vector.Column{Kind: c.Kind, Width: c.Width, Len: n, Dict: c.Dict, Buffers: c.Buffers}
	if c.Kind == vector.List || c.Kind == vector.Struct {
		out = placeNested(c, at, rows, n)
	} else if width := columnWidth(c); width > 0 {
		data, err := allocate(env, b, n*width)
		if err != nil {
			return out, err
		}
		if at == nil {
			gatherFixed(data, c.Data, width, rows)
		} else {
			if len(at) < n {
				clear(data)
			}
			scatterFixed(data, c.Data, width, at, rows)
		}
		out.Data = data
	}
	if c.Valid == nil && !(outer && at != nil && len(at) < n) {
		return out, nil
	}
	data, err := allocate(env, b, vector.Words(n)*8)
	if err != nil {
		return out, err
	}
	clear(data)
	out.Valid = typed[uint64](data)
	for i, row := range rows {
		place := uint32(i)
		if at != nil {
			place = at[i]
		}
		bit := uint64(1)
		if c.Valid != nil {
			bit = c.Valid[row>>6] >> (row & 63) & 1
		}
		out.Valid[place>>6] |= bit << (place & 63)
	}
	return out, nil
}

func placeNested(c *vector.Column, at, rows []uint32, n int) vector.Column {
	if at != nil {
		all := make([]uint32, n)
		for i, place := range at {
			all[place] = rows[i]
		}
		rows = all
	}
	return vector.Gather(c, rows)
}
