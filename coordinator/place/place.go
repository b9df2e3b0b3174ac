package place

import (
	"slices"

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
	Peer    string // host:port by which its pieces are read; empty in a cluster of one process
	State   *State // what it has said of itself; nil: nothing yet
}

// Mode says whether queries are distributed.
type Mode string

// The modes.
const (
	Auto   Mode = "auto"   // distribute when that can pay
	Always Mode = "always" // every query, for tests of distribution
	Local  Mode = "local"  // never
)

// Whole reports whether a query runs whole in one worker. Within one process moving
// rows between workers can only cost: all members' threads serve the one worker
// instead. Between processes it pays when there is enough to read.
func Whole(mode Mode, root physical.Node, members []Member, footers physical.Footers) bool {
	switch mode {
	case Always:
		return false
	case Local:
		return true
	}
	for _, m := range members[1:] {
		if m.Process != members[0].Process {
			return values(root, footers) < distributedValues
		}
	}
	return true
}

// distributedValues is how many values a query has to read before dividing it between
// processes is worth the messages: about 20 ms of one thread.
const distributedValues = 4 << 20

// values is how many values the scans of a plan read at most: rows by columns.
func values(root physical.Node, footers physical.Footers) int64 {
	sum := int64(0)
	physical.Walk(root, func(n physical.Node) bool {
		if s, ok := n.(*physical.Scan); ok && sum < distributedValues {
			for _, m := range morsels(s, -1, footers) {
				sum += m.Rows * int64(max(1, len(s.Columns)))
			}
		}
		return true
	})
	return sum
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

// How finely a scan is divided: small enough that threads finish together. Where each is
// large all the same there are more, to be given out bit by bit.
const (
	tasksPerThread     = 4
	mostTasksPerThread = 16
	groupsPerTask      = 8 // row groups, at least, where there are more than the fewest
)

// ownTasksPerThread is the same where every task reads what follows it on its own: a row
// group at the border of two tasks is read by both.
const ownTasksPerThread = 2

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
	each := min(mostTasksPerThread, max(tasksPerThread, len(all)/(groupsPerTask*max(1, threads))))
	for _, x := range f.Followers {
		if x.Own {
			each = ownTasksPerThread
		}
	}
	small := threads
	if len(f.Followers) > 0 {
		small = 0
	}
	follow := newFollowing(f, footers)
	var tasks []wire.Task
	from := 0
	for _, to := range cuts(len(all), threads*each, small) {
		tasks = append(tasks, wire.Task{Index: len(tasks), Files: files(f.Scan, all[from:to]), Followers: follow.of(from, to)})
		from = to
	}
	if tasks == nil { // no row group at all: one task that reads nothing
		tasks = []wire.Task{{Files: []physical.File{}, Followers: follow.of(0, 0)}}
	}
	return tasks
}

// cuts divides n things: where each part ends. There are parts of one size, and small more
// of half of it before them if there is enough for all.
func cuts(n, parts, small int) []int {
	parts = max(1, min(n, parts))
	if n < small+2*parts {
		small = 0
	}
	var out []int
	for i := 1; n > 0 && i <= small+parts; i++ {
		out = append(out, n*(min(i, small)+2*max(0, i-small))/(small+2*parts))
	}
	return out
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

// Assign deals tasks of a fragment out: element m is what member m gets, by their order
// among the tasks. Members get as many as their threads, load and memory say. Of those that
// read files each gets, within that, what it has columns of in memory; where scans follow,
// neighbours stay together, for they share most of what follows them. Partitions go to the
// same member in every fragment of a query.
func Assign(f *fragment.Fragment, tasks []wire.Task, members []Member) [][]int {
	out := make([][]int, len(members))
	quota := quotas(len(tasks), weights(members))
	for m := range out {
		out[m] = make([]int, 0, quota[m])
	}
	if len(f.Followers) > 0 {
		for m, next := 0, 0; m < len(members); m++ {
			for range quota[m] {
				out[m] = append(out[m], next)
				next++
			}
		}
		return out
	}
	var rest, holders []int
	for m := range members {
		if s := members[m].State; s != nil && len(s.held) > 0 {
			holders = append(holders, m)
		}
	}
	for i := range tasks {
		m := -1
		for _, h := range holders { // the one with most of it in memory
			if n := members[h].State.holds(tasks[i].Files); n > 0 && len(out[h]) < quota[h] &&
				(m < 0 || n > members[m].State.holds(tasks[i].Files)) {
				m = h
			}
		}
		if m < 0 {
			rest = append(rest, i)
			continue
		}
		out[m] = append(out[m], i)
	}
	for m := 0; len(rest) > 0; m = (m + 1) % len(members) { // round and round, while they may have more
		if len(out[m]) < quota[m] {
			out[m], rest = append(out[m], rest[0]), rest[1:]
		}
	}
	for m := range out {
		slices.Sort(out[m])
	}
	return out
}

// Share is how many of n tasks that wait a member is given that has none: half of its
// fair share, so that whoever is faster takes more of the rest (guided self-scheduling,
// Polychronopoulos and Kuck 1987; theirs is the whole fair share), and at least one for
// each of its threads. threads are those of all members.
func Share(n int, member Member, threads int) int {
	own := max(1, member.Threads)
	return min(n, max(own, (n*own+2*threads-1)/(2*threads)))
}

// Threads are those of all members, of each one at least.
func Threads(members []Member) (n int) {
	for i := range members {
		n += max(1, members[i].Threads)
	}
	return n
}

// Guided reports whether a fragment's tasks are given out bit by bit. Where joins are
// replicated they are not: every run builds their tables anew.
func Guided(f *fragment.Fragment, tasks int, members []Member) bool {
	threads := Threads(members)
	if len(members) < 2 || tasks < guidedTasks*threads {
		return false
	}
	replicated := false
	physical.Walk(f.Root, func(n physical.Node) bool {
		switch n := n.(type) {
		case *physical.HashJoin:
			replicated = replicated || n.Replicated
		case *physical.NestedLoopJoin:
			replicated = replicated || n.Replicated
		}
		return !replicated
	})
	return !replicated
}

// guidedTasks is how many tasks a thread there have to be for that to be worth the
// messages: whoever has worked a share off waits for the next one.
const guidedTasks = 6
