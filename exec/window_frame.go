package exec

import (
	"sort"

	"github.com/skein-query/skein/planner/expr"
)

// frameRows is where the frames of the rows of a page lie: positions [low, high) of the
// block, less what is excluded.
type frameRows struct {
	low, high []int
	// With an exclusion: rows [without[i], behind[i]) are no part of the frame, but the
	// row itself is if ties alone are out.
	without, behind []int
	ties            bool
	start           int // position of the first row
}

// frame finds the frames of the view's rows.
func (v *windowView) frame(f expr.Frame, k *windowRange) (*frameRows, error) {
	for _, have := range v.frames {
		if have.frame.Equal(f) {
			return have.rows, nil
		}
	}
	r := &frameRows{low: make([]int, v.n), high: make([]int, v.n), start: v.start}
	v.frames = append(v.frames, viewFrame{f, r})
	if err := v.bound(r.low, f, f.Start, true, k); err != nil {
		return nil, err
	}
	if err := v.bound(r.high, f, f.End, false, k); err != nil {
		return nil, err
	}
	for i, low := range r.low {
		r.high[i] = max(r.high[i], low)
	}
	v.exclude(r, f.Exclude)
	return r, nil
}

// bound sets the first rows of frames, or those behind the last.
func (v *windowView) bound(out []int, f expr.Frame, b expr.Bound, first bool, k *windowRange) error {
	switch {
	case b.Kind == expr.UnboundedPreceding:
		v.partitions(func(r windowRun) { fill(out[r.from:r.to], v.parts[r.index]) })
	case b.Kind == expr.UnboundedFollowing:
		v.partitions(func(r windowRun) { fill(out[r.from:r.to], v.partEnd(r.index)) })
	case f.Mode == expr.FrameRows:
		v.rowBound(out, b, first)
	case b.Kind == expr.CurrentRow:
		v.groups(func(r windowRun) {
			at := v.peers[r.index]
			if !first {
				at = v.peerEnd(r.index)
			}
			fill(out[r.from:r.to], at)
		})
	case f.Mode == expr.FrameGroups:
		v.groupBound(out, b, first)
	default:
		return k.bound(v, out, b, first)
	}
	return nil
}

func fill(out []int, value int) {
	for i := range out {
		out[i] = value
	}
}

// offset is an offset in rows or groups, negative towards the first.
func offsetOf(b expr.Bound) int {
	const most = 1 << 40 // no partition has as many
	switch b.Kind {
	case expr.Preceding:
		return -int(min(b.Offset.Value.I, most))
	case expr.Following:
		return int(min(b.Offset.Value.I, most))
	}
	return 0
}

func (v *windowView) rowBound(out []int, b expr.Bound, first bool) {
	shift := offsetOf(b) + v.start
	if !first {
		shift++
	}
	v.partitions(func(r windowRun) {
		low, high := v.parts[r.index], v.partEnd(r.index)
		for i := r.from; i < r.to; i++ {
			out[i] = min(max(i+shift, low), high)
		}
	})
}

func (v *windowView) groupBound(out []int, b expr.Bound, first bool) {
	shift := offsetOf(b)
	of, low, high := -1, 0, 0 // the groups of partition number of
	v.groupsIn(func(r windowRun, part int) {
		if part != of {
			of, low, high = part, sort.SearchInts(v.peers, v.parts[part]), sort.SearchInts(v.peers, v.partEnd(part))
		}
		g := r.index + shift
		if !first {
			g++
		}
		at := v.rows
		if g = min(max(g, low), high); g < len(v.peers) {
			at = v.peers[g]
		}
		fill(out[r.from:r.to], at)
	})
}

// exclude finds what is excluded.
func (v *windowView) exclude(r *frameRows, x expr.Exclusion) {
	if x == expr.ExcludeNone {
		return
	}
	r.without, r.behind, r.ties = make([]int, v.n), make([]int, v.n), x == expr.ExcludeTies
	if x == expr.ExcludeCurrentRow {
		for i := range r.without {
			r.without[i], r.behind[i] = v.start+i, v.start+i+1
		}
		return
	}
	v.groups(func(g windowRun) {
		fill(r.without[g.from:g.to], v.peers[g.index])
		fill(r.behind[g.from:g.to], v.peerEnd(g.index))
	})
}

// ranges calls each for the ranges of rows, in order and not empty, that make the frame of
// row i of the page.
func (r *frameRows) ranges(i int, each func(low, high int)) {
	low, high := r.low[i], r.high[i]
	if r.without == nil {
		if low < high {
			each(low, high)
		}
		return
	}
	a, b := min(max(r.without[i], low), high), min(max(r.behind[i], low), high)
	if low < a {
		each(low, a)
	}
	if self := r.start + i; r.ties && low <= self && self < high {
		each(self, self+1)
	}
	if b < high {
		each(b, high)
	}
}

// nth is the position of row number n, from 0, of the frame of row i; from the end when n
// is negative, -1 being the last. -1 when there is none.
func (r *frameRows) nth(i, n int) int {
	if r.without == nil {
		low, high := r.low[i], r.high[i]
		if n < 0 {
			n += high - low
		}
		if n < 0 || n >= high-low {
			return noRow
		}
		return low + n
	}
	rows := 0
	r.ranges(i, func(low, high int) { rows += high - low })
	if n < 0 {
		n += rows
	}
	at := noRow
	r.ranges(i, func(low, high int) {
		if n >= 0 && n < high-low {
			at = low + n
		}
		n -= high - low
	})
	return at
}

// noRow is the position of no row.
const noRow = -1 << 62
