package exec

import (
	"sort"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// windowRank is the functions that tell where a row stands in its partition.
type windowRank struct {
	of func(v *windowView) vector.Column
}

func (windowRank) begin(*windowBlock) error                      { return nil }
func (windowRank) end(*windowBlock) error                        { return nil }
func (windowRank) close()                                        {}
func (w windowRank) column(v *windowView) (vector.Column, error) { return w.of(v), nil }

func rowNumbers(v *windowView) vector.Column {
	out := make([]int64, v.n)
	v.partitions(func(r windowRun) {
		first := int64(v.start - v.parts[r.index] + 1)
		for i := r.from; i < r.to; i++ {
			out[i] = first + int64(i)
		}
	})
	return vector.Flat(vector.Int64, out, nil)
}

func ranks(v *windowView) vector.Column {
	out := make([]int64, v.n)
	v.groupsIn(func(r windowRun, part int) {
		rank := int64(v.peers[r.index] - v.parts[part] + 1)
		for i := r.from; i < r.to; i++ {
			out[i] = rank
		}
	})
	return vector.Flat(vector.Int64, out, nil)
}

func denseRanks(v *windowView) vector.Column {
	out := make([]int64, v.n)
	of, before := -1, 0 // groups in front of partition number of
	v.groupsIn(func(r windowRun, part int) {
		if part != of {
			of, before = part, sort.SearchInts(v.peers, v.parts[part])
			if part == 0 {
				before = -v.groupsBefore
			}
		}
		rank := int64(r.index - before + 1)
		for i := r.from; i < r.to; i++ {
			out[i] = rank
		}
	})
	return vector.Flat(vector.Int64, out, nil)
}

func percentRanks(v *windowView) vector.Column {
	out := make([]float64, v.n)
	v.groupsIn(func(r windowRun, part int) {
		share := 0.0
		if rows := v.partEnd(part) - v.parts[part]; rows > 1 {
			share = float64(v.peers[r.index]-v.parts[part]) / float64(rows-1)
		}
		for i := r.from; i < r.to; i++ {
			out[i] = share
		}
	})
	return vector.Flat(vector.Float64, out, nil)
}

func cumulative(v *windowView) vector.Column {
	out := make([]float64, v.n)
	v.groupsIn(func(r windowRun, part int) {
		share := float64(v.peerEnd(r.index)-v.parts[part]) / float64(v.partEnd(part)-v.parts[part])
		for i := r.from; i < r.to; i++ {
			out[i] = share
		}
	})
	return vector.Flat(vector.Float64, out, nil)
}

// windowTile is ntile: the number of a row's bucket. As in PostgreSQL the first row of a
// partition with a number of buckets that is not NULL says how many there are, and before
// it there is none.
type windowTile struct {
	arg windowArg
	// Of the partition that goes on from the page before:
	part    int // -1: none
	buckets int64
	from    int // the position of the row that said so
}

func (w *windowTile) begin(*windowBlock) error {
	w.part = -1
	return nil
}
func (w *windowTile) end(*windowBlock) error { return nil }
func (w *windowTile) close()                 {}

func (w *windowTile) column(v *windowView) (_ vector.Column, err error) {
	out, has := make([]int32, v.n), make([]bool, v.n)
	arg, err := w.arg.of(v.windowBlock, v.number)
	if err != nil {
		return vector.Column{}, err
	}
	v.partitions(func(r windowRun) {
		if r.index != w.part {
			w.part, w.buckets = r.index, 0
		}
		for i := r.from; i < r.to && err == nil; i++ {
			if w.buckets == 0 {
				if arg.IsNull(i) {
					continue
				}
				c, at := arg.At(i)
				w.buckets, w.from = int64(c.Int32s()[at]), v.start+i
				if w.buckets <= 0 {
					err = sqlerr.New(sqlerr.InvalidArgumentForNtile, "argument of ntile must be greater than zero")
					return
				}
			}
			rows := int64(v.partEnd(r.index) - v.parts[r.index])
			out[i], has[i] = int32(bucketOf(int64(v.start+i-w.from), rows, w.buckets)), true
		}
	})
	return vector.Flat(vector.Int32, out, validOf(has)), err
}

// bucketOf is the number, from 1, of the bucket of row number at, from 0: the first ones
// have a row more where rows do not come out even.
func bucketOf(at, rows, buckets int64) int64 {
	size, more := rows/buckets, rows%buckets
	if large := more * (size + 1); at >= large {
		if size == 0 {
			return at + 1
		}
		return more + (at-large)/size + 1
	}
	return at/(size+1) + 1
}
