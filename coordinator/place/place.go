package place

import (
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/expr"
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

// Tasks divides a fragment into tasks. footers says what row groups files have.
func Tasks(f *fragment.Fragment, members []Member, partitions int, footers physical.Footers) []wire.Task {
	switch f.Driver {
	case fragment.Partitions:
		tasks := make([]wire.Task, partitions)
		for i := range tasks {
			tasks[i] = wire.Task{Index: i, Partition: i}
		}
		return tasks
	case fragment.Morsels:
		return scanTasks(f, members, footers)
	}
	return []wire.Task{{}}
}

// scanTasks cuts the row groups of a fragment's scan into tasks of neighbours. The
// first ones are smaller, so that first rows come early; not where other scans
// follow, for those are read first.
func scanTasks(f *fragment.Fragment, members []Member, footers physical.Footers) []wire.Task {
	all := morsels(f.Scan, -1, footers)
	threads := 0
	for _, m := range members {
		threads += m.Threads
	}
	size := max(1, len(all)/max(1, threads*tasksPerThread))
	follow := newFollowing(f, footers)
	var tasks []wire.Task
	for from := 0; from < len(all); {
		n := size
		if len(tasks) < threads && len(f.Followers) == 0 {
			n = max(1, size/2)
		}
		to := min(len(all), from+n)
		tasks = append(tasks, wire.Task{Index: len(tasks), Files: files(f.Scan, all[from:to]), Followers: follow.of(from, to)})
		from = to
	}
	if tasks == nil { // no row group at all: one task that reads nothing
		tasks = []wire.Task{{Files: []physical.File{}, Followers: follow.of(0, 0)}}
	}
	return tasks
}

// morsel is a row group that a scan reads.
type morsel struct {
	file, group int
	physical.RowGroup
}

// morsels are those of a scan in order, with what footers say of a field; field -1
// asks for none.
func morsels(s *physical.Scan, field int, footers physical.Footers) []morsel {
	var all []morsel
	for i, f := range s.Files {
		var known []physical.RowGroup
		if field >= 0 && physical.Bounded(s.Fields[field].Type) {
			known = footers(f, s.Columns[field], s.Fields[field].Type)
		} else {
			known = footers(f, "", expr.Type{})
		}
		groups := f.RowGroups
		if groups == nil {
			for g := range known {
				groups = append(groups, g)
			}
		}
		for _, g := range groups {
			m := morsel{file: i, group: g}
			if g < len(known) {
				m.RowGroup = known[g]
			}
			all = append(all, m)
		}
	}
	return all
}

// files are the scan's files with just the row groups of the morsels.
func files(s *physical.Scan, morsels []morsel) []physical.File {
	out := []physical.File{}
	at := -1
	for _, m := range morsels {
		if m.file != at {
			at = m.file
			f := s.Files[m.file]
			f.RowGroups = nil
			out = append(out, f)
		}
		last := &out[len(out)-1]
		last.RowGroups = append(last.RowGroups, m.group)
	}
	return out
}

// Assign deals the tasks of a fragment out: element m is what member m gets.
// Partitions go to the same member in every fragment. Where scans follow, neighbours
// stay together, for they share most of what follows them.
func Assign(f *fragment.Fragment, tasks []wire.Task, members []Member) [][]wire.Task {
	out := make([][]wire.Task, len(members))
	for i, t := range tasks {
		m := i % len(members)
		if len(f.Followers) > 0 {
			m = i * len(members) / len(tasks)
		}
		out[m] = append(out[m], t)
	}
	return out
}
