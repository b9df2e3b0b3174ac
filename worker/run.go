package worker

import (
	"context"
	"sync"
	"time"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/physical"
)

// run is one Run message being carried out.
type run struct {
	res     Resources
	message *wire.Run
	plan    physical.Node
	query   *exchange.Query
	account *memory.Account // of the query; also pays for what the run leaves behind
	filters *exec.FilterSet
}

// execute runs the message to its end and gives what it used.
func (r *run) execute(ctx context.Context) (wire.Stats, error) {
	start := time.Now()
	r.filters = exec.NewFilterSet()
	var err error
	if r.message.Whole {
		err = r.whole(ctx)
	} else {
		err = r.tasks(ctx)
	}
	return wire.Stats{Elapsed: time.Since(start), PeakBytes: r.account.PeakBytes()}, err
}

// whole runs the query as one group of instances whose batches are the result.
func (r *run) whole(ctx context.Context) error {
	instances, err := r.instances(ctx)
	if err != nil {
		return err
	}
	group := exec.NewGroup(instances)
	defer group.Close()
	return r.parallel(ctx, instances, func(ctx context.Context, i int) error {
		env := r.env(group, group, i)
		return runInstance(ctx, r.plan, env, func(b *vector.Batch) error { return r.push(ctx, b) })
	})
}

func (r *run) env(group, fragment *exec.Group, instance int) *exec.Env {
	e := &exec.Env{Instance: instance, Group: group, Fragment: fragment, Pool: r.res.Pool,
		Account: r.account, FragmentAccount: r.account, Filters: r.filters, BatchRows: r.message.Options.BatchRows, Profile: r.message.Options.Profile}
	e.Sources = &sources{run: r}
	return e
}

// parallel runs f for 0 … n-1, each in a goroutine of its own unless there is but one,
// and waits for all.
// The first error cancels the others and is the result.
func (r *run) parallel(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if n == 1 {
		if err := f(ctx, 0); err != nil {
			return err
		}
		return context.Cause(ctx)
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := f(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// sources opens the leaves of a fragment: it adapts storage and exchange.
type sources struct {
	run  *run
	task *wire.Task // nil when the query runs whole
	// files are what scans read that do not read all of theirs.
	files map[*physical.Scan][]physical.File
}

func (s *sources) Scan(n *physical.Scan, env *exec.Env) (exec.Operator, error) {
	if files, ok := s.files[n]; ok {
		c := *n
		c.Files = files
		n = &c
	}
	return newScan(n, env, s.run.res.Files)
}

func (s *sources) Receive(n *physical.Receive, env *exec.Env) (exec.Operator, error) {
	if len(n.Sorted) > 0 { // a plan from elsewhere: ours sort after gathering
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "edge %d: merging sorted senders is not supported", n.Edge)
	}
	edge, err := s.run.query.Edge(n.Edge)
	if err != nil {
		return nil, err
	}
	partition := 0
	if s.task != nil {
		partition = s.task.Partition
	}
	if n.Kind == physical.Gather || n.Kind == physical.Broadcast {
		partition = 0
	}
	return &receive{node: n, from: edge.Reader(partition)}, nil
}
