package place

import (
	"fmt"
	"slices"
	"testing"

	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// members are workers with one thread each, in the given processes.
func members(processes ...string) []Member {
	var out []Member
	for i, p := range processes {
		out = append(out, Member{Name: fmt.Sprintf("w%d", i+1), Threads: 1, Process: p})
	}
	return out
}

func TestAQueryRunsWholeWhereMovingRowsCannotPay(t *testing.T) {
	scan := &physical.Scan{Files: []physical.File{{Path: "f"}}, Columns: []string{"a", "b"}}
	for _, c := range []struct {
		mode    Mode
		members []Member
		rows    int64
		want    bool
	}{
		{Auto, members("a"), 1 << 30, true},
		{Auto, members("a", "a"), 1 << 30, true},
		{Auto, members("a", "b"), 1 << 30, false},
		{Auto, members("a", "b"), distributedValues/2 - 1, true},
		{Auto, members("a", "b"), distributedValues / 2, false},
		{Local, members("a", "b"), 1 << 30, true},
		{Always, members("a"), 1, false},
	} {
		footers := func(physical.File, string, expr.Type) []physical.RowGroup { return []physical.RowGroup{{Rows: c.rows}} }
		if got := Whole(c.mode, scan, c.members, footers); got != c.want {
			t.Errorf("%s over %v with %d rows: %v", c.mode, c.members, c.rows, got)
		}
	}
	if got := Lent(members("a", "b", "a"), 2); got != 2 {
		t.Errorf("a worker whose process has two threads gets %d", got)
	}
}

// read is the row groups of a task as file:group.
func read(task wire.Task) []string {
	var out []string
	for _, f := range task.Files {
		for _, g := range f.RowGroups {
			out = append(out, fmt.Sprintf("%s:%d", f.Path, g))
		}
	}
	return out
}

func TestEveryRowGroupIsInOneTask(t *testing.T) {
	groups := map[string]int{"a": 40, "b": 0, "c": 7, "d": 9}
	scan := &physical.Scan{Files: []physical.File{{Path: "a"}, {Path: "b"}, {Path: "c"}, {Path: "d", RowGroups: []int{2, 5}}}}
	var want []string
	for g := range 40 {
		want = append(want, fmt.Sprintf("a:%d", g))
	}
	for g := range 7 {
		want = append(want, fmt.Sprintf("c:%d", g))
	}
	want = append(want, "d:2", "d:5") // pruned by the planner
	for workers := 1; workers <= 5; workers++ {
		var in []string
		tasks := Tasks(&fragment.Fragment{Driver: fragment.Morsels, Scan: scan}, members(make([]string, workers)...), 0,
			func(f physical.File, _ string, _ expr.Type) []physical.RowGroup {
				return make([]physical.RowGroup, groups[f.Path])
			})
		for i, task := range tasks {
			if task.Index != i {
				t.Errorf("task %d has index %d", i, task.Index)
			}
			in = append(in, read(task)...)
		}
		if !slices.Equal(in, want) {
			t.Errorf("%d workers: %v, not %v", workers, in, want)
		}
		if workers > 1 && len(tasks) < 2*workers {
			t.Errorf("%d workers share %d tasks", workers, len(tasks))
		}
		if first, second := len(read(tasks[0])), len(read(tasks[len(tasks)/2])); first > second {
			t.Errorf("%d workers: the first task has %d row groups, a later one %d", workers, first, second)
		}
	}
}

func TestFragmentsWithoutAScanDivideByPartitionsOrNotAtAll(t *testing.T) {
	none := func(physical.File, string, expr.Type) []physical.RowGroup { return nil }
	parts := Tasks(&fragment.Fragment{Driver: fragment.Partitions}, members("a", "a"), 4, none)
	for i, task := range parts {
		if task.Index != i || task.Partition != i || task.Files != nil {
			t.Errorf("partition %d is %+v", i, task)
		}
	}
	one := Tasks(&fragment.Fragment{Driver: fragment.One}, members("a", "a"), 4, none)
	empty := Tasks(&fragment.Fragment{Driver: fragment.Morsels, Scan: &physical.Scan{}}, members("a"), 4, none)
	if len(parts) != 4 || len(one) != 1 || len(empty) != 1 {
		t.Errorf("%d, %d and %d tasks", len(parts), len(one), len(empty))
	}
	if empty[0].Files == nil {
		t.Error("a task over no row group would read all files")
	}
}

func TestTasksAreDealtOutEvenlyAndEachOnce(t *testing.T) {
	dealt := Assign(&fragment.Fragment{}, make([]wire.Task, 7), members("a", "a", "a"))
	if len(dealt[0]) != 3 || len(dealt[1]) != 2 || len(dealt[2]) != 2 {
		t.Errorf("dealt out as %v", dealt)
	}
	seen := map[int]int{}
	for _, mine := range Assign(&fragment.Fragment{}, make([]wire.Task, 8), members("a", "b", "c")) {
		for _, task := range mine {
			seen[task]++
		}
	}
	for i := range 8 {
		if seen[i] != 1 {
			t.Errorf("task %d was dealt out %d times", i, seen[i])
		}
	}
}

func TestTasksThatAreGivenOutBitByBitGetSmaller(t *testing.T) {
	all := []Member{{Name: "a", Threads: 1}, {Name: "b", Threads: 3}}
	left, got := 100, []int{}
	for left > 0 {
		n := Share(left, all[1], Threads(all))
		got, left = append(got, n), left-n
	}
	if want := []int{38, 24, 15, 9, 6, 3, 3, 2}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	scan := &fragment.Fragment{Root: &physical.Scan{}}
	joined := &fragment.Fragment{Root: &physical.HashJoin{Probe: &physical.Scan{}, Build: &physical.Receive{}, Replicated: true}}
	if !Guided(scan, 24, all) || Guided(scan, 23, all) || Guided(scan, 100, all[:1]) || Guided(joined, 100, all) {
		t.Error("what is given out bit by bit")
	}
}

func TestScansAreCutIntoPartsOfOneSize(t *testing.T) {
	for _, c := range []struct {
		n, parts, small int
		want            []int
	}{
		{54, 8, 2, []int{3, 6, 12, 18, 24, 30, 36, 42, 48, 54}},
		{54, 4, 0, []int{13, 27, 40, 54}},
		{12, 8, 2, []int{1, 3, 4, 6, 7, 9, 10, 12}},
		{3, 8, 2, []int{1, 2, 3}},
		{5, 0, 0, []int{5}},
		{0, 8, 2, nil},
	} {
		if got := cuts(c.n, c.parts, c.small); !slices.Equal(got, c.want) {
			t.Errorf("%d in %d and %d small parts: %v, not %v", c.n, c.parts, c.small, got, c.want)
		}
	}
}
