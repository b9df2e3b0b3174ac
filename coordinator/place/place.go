package place

import (
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// Member is a worker as placement sees it.
type Member struct {
	Name    string
	Threads int
	Process string // members of one process share memory and threads
}

// Mode says whether queries are distributed.
type Mode string

// The modes.
const (
	Auto   Mode = "auto"   // distribute when that can pay
	Always Mode = "always" // every query, for tests of distribution
	Local  Mode = "local"  // never
)

// Whole reports whether a query runs whole in one worker. Within one process
// moving rows between workers can only cost: all members' threads serve the one
// worker instead.
func Whole(mode Mode, members []Member) bool {
	switch mode {
	case Always:
		return false
	case Local:
		return true
	}
	for _, m := range members[1:] {
		if m.Process != members[0].Process {
			return false
		}
	}
	return true
}

// Lent is the number of threads a whole query gets: those of all members of the
// worker's process.
func Lent(members []Member, worker int) int {
	n := 0
	for _, m := range members {
		if m.Process == members[worker].Process {
			n += m.Threads
		}
	}
	return max(1, n)
}

// tasksPerThread is how finely a scan is divided: small enough that threads finish
// together.
const tasksPerThread = 4

// Tasks divides a fragment into tasks. rowGroups gives the number of row groups of
// a file.
func Tasks(f *fragment.Fragment, members []Member, partitions int, rowGroups func(physical.File) int) []wire.Task {
	switch f.Driver {
	case fragment.Partitions:
		tasks := make([]wire.Task, partitions)
		for i := range tasks {
			tasks[i] = wire.Task{Index: i, Partition: i}
		}
		return tasks
	case fragment.Morsels:
		return scanTasks(f.Scan, members, rowGroups)
	}
	return []wire.Task{{}}
}

// scanTasks cuts the row groups of a scan into tasks of neighbours, the first ones
// smaller so that first rows come early.
func scanTasks(s *physical.Scan, members []Member, rowGroups func(physical.File) int) []wire.Task {
	type morsel struct{ file, group int }
	var all []morsel
	for i, f := range s.Files {
		groups := f.RowGroups
		if groups == nil {
			for g := range rowGroups(f) {
				groups = append(groups, g)
			}
		}
		for _, g := range groups {
			all = append(all, morsel{i, g})
		}
	}
	threads := 0
	for _, m := range members {
		threads += m.Threads
	}
	size := max(1, len(all)/max(1, threads*tasksPerThread))
	var tasks []wire.Task
	for from := 0; from < len(all); {
		n := size
		if len(tasks) < threads {
			n = max(1, size/2)
		}
		to := min(len(all), from+n)
		t := wire.Task{Index: len(tasks), Files: []physical.File{}}
		for _, m := range all[from:to] {
			if last := len(t.Files) - 1; last >= 0 && t.Files[last].Path == s.Files[m.file].Path {
				t.Files[last].RowGroups = append(t.Files[last].RowGroups, m.group)
				continue
			}
			f := s.Files[m.file]
			f.RowGroups = []int{m.group}
			t.Files = append(t.Files, f)
		}
		tasks = append(tasks, t)
		from = to
	}
	if tasks == nil { // no row group at all: one task that reads nothing
		tasks = []wire.Task{{Files: []physical.File{}}}
	}
	return tasks
}

// Assign deals tasks out: element m is what member m gets. Partitions go to the
// same member in every fragment.
func Assign(tasks []wire.Task, members []Member) [][]wire.Task {
	out := make([][]wire.Task, len(members))
	for i, t := range tasks {
		out[i%len(members)] = append(out[i%len(members)], t)
	}
	return out
}
