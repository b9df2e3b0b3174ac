package parquet

import (
	"github.com/skein-query/skein/exec/vector"
)

// few gathers the rows of ranges in which only few passed into one dense batch, so
// that what comes after does not work on nearly empty batches that hold whole
// pages. String bytes are copied for the same reason.
type few struct {
	builders []*builder // as Emit
	rows     int
	room     int // rows there is memory for
}

// narrowRoom is the rows that a narrow read makes room for at a time.
const narrowRoom = 256

func (f *few) discard() {
	for _, b := range f.builders {
		b.discard()
	}
}

// addFew appends the selected rows of the loaded columns.
func (r *RowGroupScan) addFew(sel vector.Selection) error {
	if r.few != nil && r.few.rows+len(sel) > r.few.room {
		r.flushFew()
	}
	if r.few == nil {
		r.few = &few{room: r.scan.batchRows()}
		if r.isNarrow { // there is not much more to come
			r.few.room = min(r.few.room, max(narrowRoom, len(sel)))
		}
		for range r.scan.Emit {
			r.few.builders = append(r.few.builders, newBuilder(r.scan, r.few.room, true))
		}
	}
	for i, pos := range r.scan.Emit {
		c := &r.columns[pos]
		for _, s := range c.slabs {
			s.Retain()
		}
		if err := r.few.builders[i].add(&c.col, sel, c.slabs); err != nil {
			return err
		}
	}
	r.few.rows += len(sel)
	return nil
}

// flushFew makes what was gathered ready to be given out.
func (r *RowGroupScan) flushFew() {
	if r.few == nil {
		return
	}
	b := vector.New(make([]vector.Column, len(r.scan.Emit)), r.few.rows)
	for i, builder := range r.few.builders {
		col, slabs := builder.finish()
		b.Cols[i] = col
		b.Hold(slabs...)
	}
	r.few = nil
	r.ready = append(r.ready, b)
}
