package place

import (
	"slices"
	"testing"

	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// saying is a member with a report: threads that others keep busy, free memory of 80
// bytes, and row groups of file f in memory.
func saying(name string, threads, busyMilli int, freeBytes int64, groups ...int) Member {
	return Member{Name: name, Threads: threads, State: NewState(&wire.Report{Worker: name, BusyMilli: busyMilli, FreeBytes: freeBytes,
		LimitBytes: 80, Held: []wire.Held{{Path: "f", Groups: groups}}})}
}

// reads are tasks of one row group each.
func reads(groups ...int) []wire.Task {
	var out []wire.Task
	for i, g := range groups {
		out = append(out, wire.Task{Index: i, Files: []physical.File{{Path: "f", RowGroups: []int{g}}}})
	}
	return out
}

func TestTasksGoByThreadsLoadAndMemory(t *testing.T) {
	for _, c := range []struct {
		what    string
		members []Member
		want    []int
	}{
		{"nothing is known", []Member{{Threads: 1}, {Threads: 3}}, []int{3, 9}},
		{"others work on the first", []Member{saying("a", 1, 3000, 80), saying("b", 1, 0, 80)}, []int{2, 10}},
		{"one query after the other", []Member{saying("a", 1, 900, 80), saying("b", 1, 450, 80)}, []int{6, 6}},
		{"everywhere is as much to do", []Member{saying("a", 2, 8000, 80), saying("b", 2, 7500, 80)}, []int{6, 6}},
		{"the second has no memory left", []Member{saying("a", 1, 0, 80), saying("b", 1, 0, 9)}, []int{8, 4}},
		{"one has said nothing yet", []Member{saying("a", 1, 0, 80), {Threads: 1}, {Threads: 1}}, []int{4, 4, 4}},
	} {
		dealt := Assign(&fragment.Fragment{}, make([]wire.Task, 12), c.members)
		var got []int
		seen := map[int]bool{}
		for _, mine := range dealt {
			got = append(got, len(mine))
			for _, i := range mine {
				if seen[i] {
					t.Errorf("%s: task %d is dealt out twice", c.what, i)
				}
				seen[i] = true
			}
		}
		if !slices.Equal(got, c.want) || len(seen) != 12 {
			t.Errorf("%s: %v, not %v", c.what, got, c.want)
		}
	}
}

func TestTasksGoWhereTheirColumnsAreInMemory(t *testing.T) {
	members := []Member{saying("a", 1, 0, 80, 4, 5, 6), saying("b", 1, 0, 80, 1, 2), {Name: "c", Threads: 1}}
	dealt := Assign(&fragment.Fragment{}, reads(1, 2, 3, 4, 5, 6), members)
	if want := [][]int{{3, 4}, {0, 1}, {2, 5}}; !slices.EqualFunc(dealt, want, slices.Equal[[]int]) {
		t.Errorf("dealt out as %v, not %v: no more than a fair share goes to a holder", dealt, want)
	}
	neighbours := Assign(&fragment.Fragment{Followers: make([]fragment.Follower, 1)}, reads(1, 2, 3, 4, 5, 6), members)
	if want := [][]int{{0, 1}, {2, 3}, {4, 5}}; !slices.EqualFunc(neighbours, want, slices.Equal[[]int]) {
		t.Errorf("with followers dealt out as %v, not %v", neighbours, want)
	}
}

func TestAWholeQueryRunsWhereItIsQuietAndItsColumnsAre(t *testing.T) {
	files := []physical.File{{Path: "f"}}
	all := []int{0, 1, 2}
	idle := []Member{saying("a", 2, 0, 80), saying("b", 2, 0, 80, 1), saying("c", 2, 0, 80, 1, 2)}
	if got := Best(idle, all, []int{0, 0, 0}, files, 1); got != 2 {
		t.Errorf("it runs on %d, not where most is in memory", got)
	}
	if got := Best(idle, all, []int{0, 0, 3}, files, 1); got != 1 {
		t.Errorf("it runs on %d: three queries are on 2 already", got)
	}
	if got := Best([]Member{saying("a", 1, 2000, 80, 1), saying("b", 1, 0, 80)}, []int{0, 1}, []int{0, 0}, files, 0); got != 1 {
		t.Errorf("it runs on %d, beside what others have there", got)
	}
	if got := Best([]Member{saying("a", 1, 0, 5, 1), saying("b", 1, 0, 80)}, []int{0, 1}, []int{0, 0}, files, 0); got != 1 {
		t.Errorf("it runs on %d, which is short of memory", got)
	}
	seen := map[int]int{}
	for turn := range 6 {
		seen[Best([]Member{{}, {}, {}}, all, make([]int, 3), files, turn)]++
	}
	if seen[0] != 2 || seen[1] != 2 || seen[2] != 2 {
		t.Errorf("equals take turns, not %v", seen)
	}
}
