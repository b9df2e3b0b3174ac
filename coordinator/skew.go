package coordinator

import (
	"maps"
	"slices"

	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// A partition is divided when it has so many bytes at least, and so many times those that
// the others have on average.
const (
	defaultSplitBytes = 8 << 20
	skewed            = 3
)

// load is what an edge has got.
type load struct {
	bytes int64
	heavy map[int]int64 // by partition, of those that some run has given much
}

// weigh takes what a run has given to edges. What is run again counts twice, which does
// no harm: it decides about speed only.
func (q *Query) weigh(sent []wire.Sent) {
	for _, s := range sent {
		if s.Edge < 0 || len(q.loads) == 0 || len(s.Heavy) != len(s.HeavyBytes) {
			continue
		}
		l := &q.loads[s.Edge%len(q.loads)]
		l.bytes += s.Bytes
		for i, p := range s.Heavy {
			if l.heavy == nil {
				l.heavy = map[int]int64{}
			}
			l.heavy[p] += s.HeavyBytes[i]
		}
	}
}

// divide makes several tasks of a partition that has much more than others, once, before
// the fragment begins: each reads the pieces of some of the tasks before it. So the rows
// of a task stay the same however often it is run (0005).
func (q *Query) divide(f *fragment.Fragment) {
	state := &q.fragments[f.ID]
	if state.divided || f.Driver != fragment.Partitions {
		return
	}
	state.divided = true
	driving := physical.Driving(f.Root)
	if driving == nil {
		return
	}
	l := q.loads[driving.Edge]
	for _, p := range slices.Sorted(maps.Keys(l.heavy)) {
		parts := q.parts(l, p, len(q.fragments[q.p.Plan.Edges[driving.Edge].From].tasks))
		at := slices.IndexFunc(q.p.Tasks[f.ID], func(t wire.Task) bool { return t.Partition == p })
		if parts < 2 || at < 0 {
			continue
		}
		tasks := slices.Clone(q.p.Tasks[f.ID])
		tasks[at].Parts = parts
		for n := 1; n < parts; n++ {
			tasks = append(tasks, wire.Task{Index: len(tasks), Partition: p, Part: n, Parts: parts})
			state.tasks = append(state.tasks, taskState{})
			state.count[waiting]++
		}
		q.p.Tasks[f.ID] = tasks
	}
}

// parts is into how many a partition is divided: as large as the others, as there are
// threads, and as there are tasks whose pieces can be dealt out.
func (q *Query) parts(l load, partition, producers int) int {
	bytes, least := l.heavy[partition], q.p.SplitBytes
	if least == 0 {
		least = defaultSplitBytes
	}
	others := max(0, l.bytes-bytes) / int64(max(1, q.p.Partitions-1))
	if bytes < least || bytes < skewed*others {
		return 1
	}
	threads := 0
	for _, m := range q.members {
		threads += max(1, m.Threads)
	}
	return int(min(bytes/max(others, least/4, 1), int64(2*threads), int64(producers)))
}
