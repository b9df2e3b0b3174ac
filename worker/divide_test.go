package worker

import (
	"slices"
	"testing"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/physical"
)

func part(path string, groups ...int) physical.File {
	return physical.File{Path: path, RowGroups: groups}
}

// TestWhatFollowsTasksIsReadOnceForAll: a row group that two tasks need is read once,
// one that none of the worker's tasks needs not at all.
func TestWhatFollowsTasksIsReadOnceForAll(t *testing.T) {
	probe, build, empty := &physical.Scan{}, &physical.Scan{}, &physical.Scan{}
	plan := &physical.HashJoin{Probe: &physical.HashJoin{Probe: probe, Build: build}, Build: empty}
	tasks := []wire.Task{
		{Index: 4, Files: []physical.File{part("l", 4)}, Followers: [][]physical.File{{part("o", 2), part("p", 0)}, {}}},
		{Index: 5, Files: []physical.File{part("l", 5)}, Followers: [][]physical.File{{part("o", 1, 2), part("q", 3)}, {}}},
	}
	r := &run{plan: plan, message: &wire.Run{Tasks: tasks}}
	p, err := r.divide()
	if err != nil {
		t.Fatal(err)
	}
	files := p.of(&tasks[1])
	same := func(a, b physical.File) bool { return a.Path == b.Path && slices.Equal(a.RowGroups, b.RowGroups) }
	if want := []physical.File{part("o", 1, 2), part("p", 0), part("q", 3)}; !slices.EqualFunc(files[build], want, same) {
		t.Errorf("the build side reads %v, not %v", files[build], want)
	}
	if !slices.EqualFunc(files[probe], tasks[1].Files, same) {
		t.Errorf("the probe side reads %v", files[probe])
	}
	if files[empty] == nil || len(files[empty]) > 0 {
		t.Errorf("a scan that nothing is needed of reads %v", files[empty])
	}
	if got := tasks[0].Followers[0][0].RowGroups; !slices.Equal(got, []int{2}) {
		t.Errorf("a task was changed: %v", got)
	}
}

func TestATaskThatDoesNotSayWhatFollowsItIsRefused(t *testing.T) {
	plan := &physical.HashJoin{Probe: &physical.Scan{}, Build: &physical.Scan{}}
	r := &run{plan: plan, message: &wire.Run{Tasks: []wire.Task{{Files: []physical.File{}}}}}
	if _, err := r.divide(); sqlerr.CodeOf(err) != sqlerr.InternalError {
		t.Errorf("%v", err)
	}
}
