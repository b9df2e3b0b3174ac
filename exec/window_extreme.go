package exec

import (
	"github.com/skein-query/skein/exec/vector"
)

// windowExtreme is min and max of values of up to 64 bits over frames without exclusion,
// whose ends only move on within a partition: a queue of the rows that can still become
// the extreme, each worse than the one before it, so that every row enters and leaves once
// (the sliding window minimum; see Tangwongsan et al., "General Incremental Sliding-Window
// Aggregation", VLDB 2015, section 2).
type windowExtreme struct {
	windowFrame
	feed windowFeed
	kind vector.Kind // of the result
	max  bool

	keys  []int64 // of the feed's page
	part  int     // the partition of the queue; -1: none
	next  int     // the first row that has not entered
	queue []extremeRow
	head  int // of the queue
}

type extremeRow struct {
	pos int
	key int64
}

func newWindowExtreme(frame windowFrame, arg windowArg, filter *windowArg, kind vector.Kind, max bool) *windowExtreme {
	return &windowExtreme{windowFrame: frame, feed: windowFeed{arg: arg, filter: filter}, kind: kind, max: max}
}

// begin keeps the best row of a partition that goes on from the block before, at a
// position in front of all.
func (w *windowExtreme) begin(b *windowBlock) error {
	w.feed.begin(b)
	w.part, w.next = -1, 0
	kept := b.parts[0] < 0 && w.head < len(w.queue)
	if !kept {
		w.queue, w.head = w.queue[:0], 0
		return nil
	}
	w.queue[0] = extremeRow{pos: -1, key: w.queue[w.head].key}
	w.queue, w.head, w.part = w.queue[:1], 0, 0
	return nil
}

func (w *windowExtreme) column(v *windowView) (vector.Column, error) {
	rows, err := w.rows(v)
	if err != nil {
		return vector.Column{}, err
	}
	out := make([]int64, v.n)
	var valid vector.Bitmap
	v.partitions(func(r windowRun) {
		if r.index != w.part {
			w.part, w.queue, w.head, w.next = r.index, w.queue[:0], 0, max(v.parts[r.index], 0)
		}
		for i := r.from; i < r.to && err == nil; i++ {
			low, high := rows.low[i], rows.high[i]
			w.next = max(w.next, low)
			if w.next < high {
				err = w.enter(high)
			}
			for w.head < len(w.queue) && w.queue[w.head].pos < low {
				w.head++
			}
			if w.head == len(w.queue) || w.queue[w.head].pos >= high {
				if valid == nil {
					valid = vector.NewBitmapSet(v.n)
				}
				valid.Clear(i)
				continue
			}
			out[i] = w.queue[w.head].key
		}
	})
	if err != nil {
		return vector.Column{}, err
	}
	result := extreme{kind: w.kind, values: out, seen: seen{groups: v.n, settled: v.n}}
	cols, err := result.columns(0, v.n)
	if err != nil {
		return vector.Column{}, err
	}
	cols[0].Valid = valid
	return cols[0], nil
}

// enter takes the rows up to a position in.
func (w *windowExtreme) enter(high int) error {
	for w.next < high {
		if w.next >= w.feed.to || w.next < w.feed.from {
			if err := w.feed.load(w.next); err != nil {
				return err
			}
			w.keys = w.feed.keys(w.keys)
		}
		for end := min(high, w.feed.to); w.next < end; w.next++ {
			row := w.next - w.feed.from
			if w.feed.counts == nil || w.feed.counts.Get(row) {
				w.push(extremeRow{w.next, w.keys[row]})
			}
		}
	}
	return nil
}

// push puts a row behind those that are better.
func (w *windowExtreme) push(r extremeRow) {
	n := len(w.queue)
	if w.max {
		for n > w.head && w.queue[n-1].key <= r.key {
			n--
		}
	} else {
		for n > w.head && w.queue[n-1].key >= r.key {
			n--
		}
	}
	if w.head > 1024 && w.head > len(w.queue)/2 {
		n = copy(w.queue, w.queue[w.head:n])
		w.head = 0
	}
	w.queue = append(w.queue[:n], r)
}

func (w *windowExtreme) end(*windowBlock) error { return nil }

// windowFloats is sum and avg of floats over frames that only grow, added up in order.
type windowFloats struct {
	windowFrame
	feed     windowFeed
	call     sumFloat // what the sums of a page are checked by and made of
	finish   finisher // of avg
	values   []float64
	part     int
	next     int
	sum      float64
	count    int64
	infinite bool
}

func (w *windowFloats) begin(b *windowBlock) error {
	w.feed.begin(b)
	w.next, w.part = 0, 0
	if b.parts[0] >= 0 {
		w.sum, w.count = 0, 0
	}
	return nil
}

func (w *windowFloats) column(v *windowView) (vector.Column, error) {
	rows, err := w.rows(v)
	if err != nil {
		return vector.Column{}, err
	}
	sums, counts, has := make([]float64, v.n), make([]int64, v.n), vector.NewBitmap(v.n)
	v.partitions(func(r windowRun) {
		if r.index != w.part {
			w.part, w.next, w.sum, w.count = r.index, v.parts[r.index], 0, 0
		}
		for i := r.from; i < r.to && err == nil; i++ {
			if w.next < rows.high[i] {
				err = w.add(rows.high[i])
			}
			if sums[i], counts[i] = w.sum, w.count; w.count > 0 {
				has.Set(i)
			}
		}
	})
	if err != nil {
		return vector.Column{}, err
	}
	result := sumFloat{kind: w.call.kind, infinite: w.infinite, sums: sums, seen: seen{groups: v.n, bits: has}}
	cols, err := result.columns(0, v.n)
	switch {
	case err != nil:
		return vector.Column{}, err
	case w.finish == nil:
		return cols[0], nil
	}
	return w.finish([]vector.Column{cols[0], vector.Flat(vector.Int64, counts, nil)})
}

// add takes the rows up to a position in.
func (w *windowFloats) add(high int) error {
	for w.next < high {
		if w.next >= w.feed.to || w.next < w.feed.from {
			if err := w.feed.load(w.next); err != nil {
				return err
			}
			w.values = w.feed.floats(w.values)
		}
		for end := min(high, w.feed.to); w.next < end; w.next++ {
			row := w.next - w.feed.from
			if w.feed.counts != nil && !w.feed.counts.Get(row) {
				continue
			}
			x := w.values[row]
			w.infinite = w.infinite || x-x != 0
			w.sum += x
			w.count++
		}
	}
	return nil
}

func (w *windowFloats) end(*windowBlock) error { return nil }
