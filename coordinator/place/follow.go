package place

import (
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// following finds which row groups of the scans that follow a fragment's scan go with
// which of its own.
type following struct {
	fragment *fragment.Fragment
	leaders  [][]morsel // by follower: its leader's, with bounds of the leader's field
	own      [][]morsel // by follower: its own, with bounds of its field
}

func newFollowing(f *fragment.Fragment, footers physical.Footers) *following {
	w := &following{fragment: f}
	for _, x := range f.Followers {
		leader := f.Scan
		if x.Leader > 0 {
			leader = f.Followers[x.Leader-1].Scan
		}
		w.leaders = append(w.leaders, morsels(leader, x.LeaderField, footers))
		w.own = append(w.own, morsels(x.Scan, x.Field, footers))
	}
	return w
}

// of is what every follower reads for the morsels from ≤ i < to of the fragment's
// scan: the row groups that can have a value in common with what it follows. One
// without bounds can with all, and all can with it.
func (w *following) of(from, to int) [][]physical.File {
	if len(w.own) == 0 {
		return nil
	}
	chosen := make([][]int, 1+len(w.own)) // ordinals of morsels: of the fragment's scan, then of the followers
	for i := from; i < to; i++ {
		chosen[0] = append(chosen[0], i)
	}
	out := make([][]physical.File, len(w.own))
	for i, x := range w.fragment.Followers {
		t := x.Scan.Fields[x.Field].Type
		var leading []physical.RowGroup
		for _, m := range chosen[x.Leader] {
			leading = append(leading, w.leaders[i][m].RowGroup)
		}
		at := physical.Together(leading, t)
		var mine []morsel
		for m, own := range w.own[i] {
			if len(leading) > 0 && own.Meets(at, t) {
				mine, chosen[i+1] = append(mine, own), append(chosen[i+1], m)
			}
		}
		out[i] = files(x.Scan, mine)
	}
	return out
}
