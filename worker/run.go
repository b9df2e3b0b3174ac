package worker

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/flight/exchange/tcp"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/worker/spill"
)

// run is one Run message being carried out.
type run struct {
	res     Resources
	message *wire.Run
	plan    physical.Node
	query   *exchange.Query
	far     bool             // the query's coordinator is in another process
	result  *exchange.Result // of a root fragment
	account *memory.Account  // of the query; also pays for what the run leaves behind
	keep    keeper           // of the pieces that the run makes
	sent    *sent            // what they come to
	filters *exec.FilterSet
	spill   exec.Spill // nil: none
	// reordered reports whether something has spilled, which changes the order of the rows;
	// nil when nothing can.
	reordered func() bool
	load      *meter // the worker's
}

// execute runs the message to its end and gives what it used.
func (r *run) execute(ctx context.Context) (wire.Stats, error) {
	start := time.Now()
	threads := r.message.Threads
	if !r.message.Whole {
		threads = min(threads, len(r.message.Tasks))
	}
	r.load.add(threads, start)
	defer func() { r.load.add(-threads, time.Now()) }()
	r.filters, r.sent = exec.NewFilterSet(), newSent(r.message.Outputs)
	var files *spill.Query
	if r.res.Spill != nil {
		files = r.res.Spill.Query(r.res.Pool, r.account)
		defer files.Close()
		r.spill, r.reordered = files, files.Written
	}
	var err error
	if r.message.Whole {
		err = r.whole(ctx)
	} else {
		err = r.tasks(ctx)
	}
	return wire.Stats{Elapsed: time.Since(start), PeakBytes: r.account.PeakBytes(), Reordered: files.Written(), Sent: r.sent.report()}, err
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
		return runInstance(ctx, r.plan, env, func(b *vector.Batch) error { return r.push(ctx, 0, b) })
	})
}

func (r *run) env(group, fragment *exec.Group, instance int) *exec.Env {
	e := &exec.Env{Instance: instance, Group: group, Fragment: fragment, Pool: r.res.Pool,
		Account: r.account, FragmentAccount: r.account, Filters: r.filters, BatchRows: r.message.Options.BatchRows, Profile: r.message.Options.Profile,
		Spill: r.spill}
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
	files, ok := s.files[n]
	if ok && files == nil {
		files = []physical.File{}
	}
	return newScan(n, files, env, s.run.res.Files)
}

func (s *sources) Receive(n *physical.Receive, env *exec.Env) (exec.Operator, error) {
	if len(n.Sorted) > 0 { // a plan from elsewhere: ours sort after gathering
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "edge %d: merging sorted senders is not supported", n.Edge)
	}
	partition, part := 0, exchange.Part{}
	if s.task != nil {
		partition = s.task.Partition
		if driving := physical.Driving(s.run.plan); driving != nil && driving.Edge == n.Edge {
			part = exchange.Part{Number: s.task.Part, Of: s.task.Parts}
		}
	}
	if n.Kind == physical.Gather || n.Kind == physical.Broadcast {
		partition = 0
	}
	from, err := s.run.open(n.Edge, partition, part)
	if err != nil {
		return nil, err
	}
	return &receive{node: n, from: from}, nil
}

// open reads a part of a partition of an edge from wherever its pieces are.
func (r *run) open(edge, partition int, part exchange.Part) (*exchange.Merged, error) {
	i := slices.IndexFunc(r.message.Inputs, func(in wire.InputEdge) bool { return in.Edge == edge })
	if i < 0 {
		return nil, sqlerr.New(sqlerr.InternalError, "a bug in Skein: nobody has said where edge %d is", edge)
	}
	var sources []exchange.Source
	peers := map[int][]string{}
	for _, p := range r.message.Inputs[i].Places {
		if p.Peer != r.res.Exchange {
			peers[p.Edge] = append(peers[p.Edge], p.Peer)
			continue
		}
		e, err := r.query.Edge(p.Edge)
		if err != nil && r.far { // it was freed while the coordinator could not be reached
			err = sqlerr.New(sqlerr.WorkerLost, "query %s: %v any more", r.message.Query, err).WithHint("Run the query again.")
		}
		if err != nil {
			return nil, err
		}
		sources = append(sources, e.Reader(partition, part))
	}
	for e, list := range peers {
		sources = append(sources, r.res.Client.Open(list, tcp.Request{Query: r.message.Query, Edge: e, Partition: partition, Part: part}, r.account))
	}
	return exchange.Merge(sources...), nil
}
