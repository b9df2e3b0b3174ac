package place

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// table is a scan of column k in files with the given row groups, each "path: 1-10
// 11-20 ?"; ? is a row group without bounds. known gets what its footers say.
func table(t *testing.T, known map[string][]physical.RowGroup, files ...string) *physical.Scan {
	s := &physical.Scan{Columns: []string{"k"}, Fields: []expr.Field{{Name: "k", Type: expr.Of(expr.Int8)}}, Emit: []int{0}}
	for _, f := range files {
		path, groups, _ := strings.Cut(f, ":")
		s.Files = append(s.Files, physical.File{Path: path})
		known[path] = nil
		for _, g := range strings.Fields(groups) {
			r := physical.RowGroup{Rows: 1}
			if g != "?" {
				r.HasBounds = true
				if _, err := fmt.Sscanf(g, "%d-%d", &r.Min.I, &r.Max.I); err != nil {
					t.Fatal(err)
				}
			}
			known[path] = append(known[path], r)
		}
	}
	return s
}

func TestTasksReadTheRowGroupsThatMeetTheirOwn(t *testing.T) {
	for _, c := range []struct {
		name         string
		probe, build []string
		want         []string // by task: its row groups, then those that follow
	}{
		{"borders are shared", []string{"l: 1-10 10-20 21-30"}, []string{"o: 1-15 16-21 22-40"},
			[]string{"l:0 < o:0", "l:1 < o:0 o:1", "l:2 < o:1 o:2"}},
		{"several files", []string{"l: 1-10", "m: 11-20 21-30"}, []string{"o: 1-20", "p: 21-30"},
			[]string{"l:0 < o:0", "m:0 < o:0", "m:1 < p:0"}},
		{"downwards", []string{"l: 21-30 11-20 1-10"}, []string{"o: 1-15 16-30"}, []string{"l:0 < o:1", "l:1 < o:0 o:1", "l:2 < o:0"}},
		{"a follower without bounds is read by all", []string{"l: 1-10 11-20"}, []string{"o: 1-10 ? 11-20"},
			[]string{"l:0 < o:0 o:1", "l:1 < o:1 o:2"}},
		{"a leader without bounds reads all", []string{"l: 1-10 ?"}, []string{"o: 1-10 11-20"}, []string{"l:0 < o:0", "l:1 < o:0 o:1"}},
		{"nothing to meet", []string{"l: 1-10"}, []string{"o: 11-20"}, []string{"l:0 <"}},
		{"an empty build side", []string{"l: 1-10"}, []string{"o:"}, []string{"l:0 <"}},
		{"an empty probe side", []string{"l:"}, []string{"o: 1-10 ?"}, []string{" <"}},
	} {
		known := map[string][]physical.RowGroup{}
		f := &fragment.Fragment{Driver: fragment.Morsels, Scan: table(t, known, c.probe...)}
		f.Followers = []fragment.Follower{{Scan: table(t, known, c.build...)}}
		tasks := Tasks(f, members("a", "b", "c"), 0, func(f physical.File, _ string, _ expr.Type) []physical.RowGroup { return known[f.Path] })
		var got []string
		for _, task := range tasks {
			if task.Files == nil || task.Followers[0] == nil {
				t.Errorf("%s: task %d would read all files", c.name, task.Index)
			}
			follow := read(task)
			task.Files = task.Followers[0]
			got = append(got, strings.TrimRight(strings.Join(follow, " ")+" < "+strings.Join(read(task), " "), " "))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

// TestAFollowerOfAFollower also has row groups that the planner pruned.
func TestAFollowerOfAFollower(t *testing.T) {
	known := map[string][]physical.RowGroup{}
	f := &fragment.Fragment{Driver: fragment.Morsels, Scan: table(t, known, "l: 1-10 11-20 21-30")}
	f.Scan.Files[0].RowGroups = []int{0, 2}
	first := table(t, known, "o: 1-4 5-15 16-30")
	first.Files[0].RowGroups = []int{1, 2}
	f.Followers = []fragment.Follower{{Scan: first}, {Scan: table(t, known, "x: 1-4 5-9 14-15 16-16"), Leader: 1}}
	tasks := Tasks(f, members("a"), 0, func(f physical.File, _ string, _ expr.Type) []physical.RowGroup { return known[f.Path] })
	var got []string
	for _, task := range tasks {
		for _, files := range task.Followers {
			task.Files = files
			got = append(got, strings.Join(read(task), " "))
		}
	}
	if want := []string{"o:1", "x:1 x:2", "o:2", "x:3"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestColumnsWhoseOrderIsNotThatOfFootersAreReadByAll(t *testing.T) {
	known := map[string][]physical.RowGroup{}
	f := &fragment.Fragment{Driver: fragment.Morsels, Scan: table(t, known, "l: 1-10 11-20")}
	f.Scan.Fields[0].Type = expr.Of(expr.Float8)
	build := table(t, known, "o: 1-10 11-20")
	build.Fields[0].Type = expr.Of(expr.Float8)
	f.Followers = []fragment.Follower{{Scan: build}}
	tasks := Tasks(f, members("a"), 0, func(f physical.File, column string, _ expr.Type) []physical.RowGroup {
		if column == "" {
			return make([]physical.RowGroup, len(known[f.Path]))
		}
		return known[f.Path]
	})
	for _, task := range tasks {
		task.Files = task.Followers[0]
		if got := read(task); !slices.Equal(got, []string{"o:0", "o:1"}) {
			t.Errorf("task %d reads %v", task.Index, got)
		}
	}
}

func TestNeighboursStayTogetherWhereScansFollow(t *testing.T) {
	known := map[string][]physical.RowGroup{}
	f := &fragment.Fragment{Driver: fragment.Morsels, Scan: table(t, known, "l:"+strings.Repeat(" 1-2", 50))}
	f.Followers = []fragment.Follower{{Scan: table(t, known, "o: 1-2")}}
	all := members("a", "b", "c")
	tasks := Tasks(f, all, 0, func(f physical.File, _ string, _ expr.Type) []physical.RowGroup { return known[f.Path] })
	next, groups := 0, 0
	for _, mine := range Assign(f, tasks, all) {
		if n := len(mine); n < len(tasks)/3 || n > len(tasks)/3+1 {
			t.Errorf("%d tasks of %d", n, len(tasks))
		}
		for _, i := range mine {
			task := tasks[i]
			if task.Index != next {
				t.Errorf("task %d where %d comes next", task.Index, next)
			}
			next++
			groups += len(read(task))
		}
	}
	if next != len(tasks) || groups != 50 {
		t.Errorf("%d tasks of %d with %d row groups of 50 were dealt out", next, len(tasks), groups)
	}
}
