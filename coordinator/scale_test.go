package coordinator

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/fragment"
	"github.com/skein-query/skein/planner/physical"
)

// large is a query of four fragments, each feeding the next, on many workers in processes
// of their own.
func large(workers, tasks int) Placed {
	p := Placed{ID: "q", Process: "here", Plan: &fragment.Plan{}, Partitions: 2 * workers, Repeatable: true}
	for i := range workers {
		name := fmt.Sprint("w", i)
		p.Members = append(p.Members, place.Member{Name: name, Threads: 1, Process: name, Peer: name})
	}
	const fragments = 4
	for i := range fragments {
		f := &fragment.Fragment{ID: i, Root: &physical.Values{}}
		if i > 0 {
			e := &fragment.Edge{ID: i - 1, From: i - 1, To: i, Kind: physical.HashSplit}
			p.Plan.Edges, f.Inputs = append(p.Plan.Edges, e), []int{e.ID}
			p.Plan.Fragments[i-1].Outputs = []int{e.ID}
		}
		p.Plan.Fragments = append(p.Plan.Fragments, f)
		all := make([]wire.Task, tasks/fragments)
		for k := range all {
			all[k] = wire.Task{Index: k, Partition: k}
		}
		p.Tasks = append(p.Tasks, all)
	}
	return p
}

// BenchmarkOneCoordinator runs the queries of one coordinator, each with 100,000 tasks on
// 1,000 workers, some of which are lost: how many events it takes a second, in how much
// memory. What it would send is thrown away.
func BenchmarkOneCoordinator(b *testing.B) {
	for _, size := range []struct{ workers, tasks int }{{10, 1000}, {100, 10_000}, {1000, 100_000}} {
		for _, lost := range []int{0, 3} {
			b.Run(fmt.Sprintf("workers=%d/tasks=%d/lost=%d", size.workers, size.tasks, lost), func(b *testing.B) {
				events, tasks := 0, 0
				var peak uint64
				began := time.Now()
				for range b.N {
					e, n, bytes := drive(b, large(size.workers, size.tasks), lost)
					events, tasks, peak = events+e, tasks+n, max(peak, bytes)
				}
				seconds := time.Since(began).Seconds()
				b.ReportMetric(float64(events)/seconds, "events/s")
				b.ReportMetric(float64(tasks)/seconds, "tasks/s")
				b.ReportMetric(float64(peak)/(1<<20), "MiB")
			})
		}
	}
}

// drive plays a query to its end: every run is done as soon as it is sent, but those of
// workers that are lost in the middle of each fragment.
func drive(b *testing.B, p Placed, lose int) (events, tasks int, heapBytes uint64) {
	q := NewQuery(p)
	dead := map[string]bool{}
	var inbox []*wire.Run
	finished := false
	take := func(effects []Effect) {
		events++
		for _, e := range effects {
			switch e := e.(type) {
			case Send:
				if run, ok := e.Message.(*wire.Run); ok && !dead[e.Worker] {
					inbox = append(inbox, run)
				}
			case Finish:
				finished = e.Err == nil
			}
		}
	}
	take(q.Step(Start{}))
	for i := 0; len(inbox) > 0; i++ {
		run := inbox[0]
		inbox = inbox[1:]
		r := q.runs[run.Attempt]
		if r == nil {
			continue
		}
		if n := len(dead); n < lose && i%len(p.Members) == len(p.Members)/2 {
			dead[r.worker] = true
			take(q.Step(WorkerLost{r.worker}))
			continue
		}
		tasks += len(run.Tasks)
		take(q.Step(&wire.Done{Query: "q", Attempt: run.Attempt, Fragment: run.Fragment}))
		if r.far {
			take(q.Step(Drained{run.Attempt}))
		}
	}
	if !finished {
		b.Fatal("the query has not ended well")
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return events, tasks, m.HeapInuse
}
