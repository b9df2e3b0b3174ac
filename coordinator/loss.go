package coordinator

import (
	"maps"
	"slices"

	"github.com/skein-query/skein/coordinator/place"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
)

// lost has everything run again that a worker had and somebody still lacks: what ran on
// it, what read from it, and what was sealed there and not freed. The worker has no
// part in the query any more, whether it is dead or only cannot be reached.
func (q *Query) lost(worker string) []Effect {
	i := slices.IndexFunc(q.members, func(m place.Member) bool { return m.Name == worker })
	if i < 0 {
		return nil
	}
	var out []Effect
	if m := q.members[i]; q.involved[worker] && q.far(m) { // it may only be out of reach
		out = append(out, Send{Worker: worker, Message: &wire.Stop{Query: q.p.ID}})
	}
	q.members = slices.Delete(q.members, i, i+1)
	q.relearn()
	if len(q.members) == 0 {
		return append(out, q.end(sqlerr.New(sqlerr.WorkerLost, "worker %s was lost, the last one that the query had", worker).WithHint("Run the query again."))...)
	}
	if !q.involved[worker] || !q.begun {
		return out
	}
	if !q.p.Repeatable {
		return append(append(out, q.void()...), q.schedule()...)
	}
	q.again = true
	for _, attempt := range slices.Sorted(maps.Keys(q.runs)) {
		if r := q.runs[attempt]; r.worker == worker || r.reads[worker] && !r.done {
			out = append(out, q.giveUp(r, r.worker != worker)...)
		}
	}
	for i := range q.fragments[:len(q.fragments)-1] { // what the root gave out has been delivered
		q.forget(i, worker)
	}
	return append(out, q.schedule()...)
}

// reordered takes a run that has spilled: its rows stand in an order that only it has.
// From now on the query cannot be repeated in part. Where a part of it has been already,
// some may have seen rows of the one order and others see the other: it begins anew.
func (q *Query) reordered(r *running) []Effect {
	q.p.Repeatable = false
	out := []Effect{Unrepeatable{}}
	if q.again {
		return append(append(out, q.void()...), q.schedule()...)
	}
	return append(out, q.ran(r)...)
}

// giveUp has the tasks of a run wait again. A worker that is there is told.
func (q *Query) giveUp(r *running, tell bool) []Effect {
	q.over(r)
	q.relearn()
	for _, t := range r.tasks {
		q.fragments[r.fragment].set(t, taskState{})
	}
	var out []Effect
	if r.far {
		out = append(out, Drop{r.attempt})
	}
	if tell {
		out = append(out, Send{Worker: r.worker, Message: &wire.Abandon{Query: q.p.ID, Attempt: r.attempt}})
	}
	return out
}

// forget has the tasks of a fragment wait whose pieces a worker had, unless nobody needs
// them. Edges that have been told that they are whole are begun anew for them.
func (q *Query) forget(fragment int, worker string) {
	if !slices.ContainsFunc(q.p.Plan.Fragments[fragment].Outputs, func(e int) bool { return !q.freed[e] }) {
		return
	}
	q.relearn()
	f := &q.fragments[fragment]
	missing := false
	for i, t := range f.tasks {
		if t.status == sealed && t.worker == worker {
			f.set(i, taskState{})
			missing = true
		}
	}
	if missing && f.sealed {
		f.sealed = false
		f.generation++
	}
}

// void begins the whole query anew.
func (q *Query) void() []Effect {
	var out []Effect
	for i := range q.fragments {
		out = append(out, q.anew(i)...)
	}
	return out
}
