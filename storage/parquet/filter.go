package parquet

import (
	"context"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/parquet/bitpack"
)

// filter is a predicate at work on one row group.
type filter struct {
	predicate Predicate
	columns   []int
	bounds    []Bound

	asked bool    // whether the dictionary was
	lut   []uint8 // 1 for every entry of the dictionary that passes; nil: not known
	every bool    // all entries pass
}

func newFilter(_ *RowGroupScan, p Predicate) *filter {
	return &filter{predicate: p, columns: p.Columns(), bounds: p.Bounds()}
}

func (r *RowGroupScan) closeFilters() { r.filters = nil }

// addDynamic takes over runtime filters that have come.
func (r *RowGroupScan) addDynamic() {
	if r.scan.Dynamic == nil {
		return
	}
	list := r.scan.Dynamic()
	for ; r.dynamic < len(list); r.dynamic++ {
		r.filters = append(r.filters, newFilter(r, list[r.dynamic]))
	}
}

// askDictionaries tries the predicates on the dictionaries of their columns; no row
// is left when no entry passes.
func (r *RowGroupScan) askDictionaries() error {
	for _, f := range r.filters {
		none, err := r.askDictionary(f)
		if err != nil {
			return err
		}
		if none {
			r.ranges = nil
			return nil
		}
	}
	return nil
}

// askDictionary tries the predicate on the dictionary of its column, once. It
// reports whether that excludes every row. A narrow read has hardly more rows than
// the dictionary entries, and may not need the dictionary at all.
func (r *RowGroupScan) askDictionary(f *filter) (none bool, err error) {
	if f.asked || len(f.columns) != 1 {
		return false, nil
	}
	f.asked = true
	if r.isNarrow {
		return false, nil
	}
	source, flat := r.columns[f.columns[0]].source.(*flatSource)
	if !flat || source.chunk.dictPage == nil {
		return false, nil
	}
	c := source.chunk
	if err := c.loadDictionary(); err != nil {
		return false, err
	}
	pass, err := f.predicate.Dictionary(&c.dict.dict.Values)
	if pass == nil || err != nil {
		return false, err
	}
	passed := pass.Count(c.dict.entries)
	if passed == 0 && c.allDict {
		return true, nil
	}
	f.every = passed == c.dict.entries
	f.lut = make([]uint8, max(256, (c.dict.dict.Values.Len+3)&^3)) // as SelectCodes wants it
	bitpack.Unpack(f.lut[:c.dict.entries], vector.BytesOf(pass), 1, 2)
	return false, nil
}

// selectRows tries the predicates on a range. A nil selection is all rows; the
// slab is the selection's memory, for the caller.
func (r *RowGroupScan) selectRows(ctx context.Context, from, to int) (sel vector.Selection, slab *memory.Slab, err error) {
	if len(r.filters) == 0 {
		return nil, nil, nil
	}
	n := to - from
	slab, err = r.scan.Pool.Get(n*4, r.scan.Account)
	if err != nil {
		return nil, nil, err
	}
	out := cast[uint32](slab.Bytes(), n)
	for _, f := range r.filters {
		if sel, err = r.apply(ctx, f, from, to, sel, out); err != nil {
			slab.Release()
			return nil, nil, err
		}
		if sel != nil && len(sel) == 0 {
			break
		}
	}
	return sel, slab, nil
}

func (r *RowGroupScan) apply(ctx context.Context, f *filter, from, to int, sel vector.Selection, out []uint32) (vector.Selection, error) {
	if !f.asked { // it came while the row group was being read
		var chunks []*chunk
		for _, pos := range f.columns {
			chunks = append(chunks, r.columns[pos].source.chunks()...)
		}
		if err := fetch(ctx, r.reader, chunks); err != nil {
			return nil, err
		}
		none, err := r.askDictionary(f)
		if err != nil {
			return nil, err
		}
		if none {
			r.ranges = nil
			return out[:0], nil
		}
		f.asked = true
	}
	for _, pos := range f.columns {
		if err := r.load(pos, from, to); err != nil {
			return nil, err
		}
	}
	if f.lut != nil {
		if c := &r.columns[f.columns[0]].col; c.Dict != nil && c.Width > 0 {
			if f.every && c.Valid == nil {
				return sel, nil
			}
			return selectCodes(out, c, f.lut, sel), nil
		}
	}
	cols := make([]vector.Column, len(f.columns))
	for i, pos := range f.columns {
		cols[i] = r.columns[pos].col
	}
	passed, err := f.predicate.Select(cols, to-from, sel)
	if err != nil || passed == nil {
		return sel, err
	}
	return out[:copy(out, passed)], nil
}

// selectCodes gives the rows of sel (nil: all) that are not null and whose code
// passes.
func selectCodes(out []uint32, c *vector.Column, lut []uint8, sel vector.Selection) vector.Selection {
	switch c.Width {
	case 1:
		sel = kernel.SelectCodes(c.Codes8(), lut, sel, out)
	case 2:
		sel = kernel.SelectCodes(c.Codes16(), lut, sel, out)
	default:
		sel = kernel.SelectCodes(c.Codes32(), lut, sel, out)
	}
	if c.Valid == nil {
		return sel
	}
	k := 0
	for _, row := range sel {
		out[k] = row
		k += int(c.Valid[row>>6] >> (row & 63) & 1)
	}
	return out[:k]
}
