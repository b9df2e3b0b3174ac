package worker

import (
	"context"
	"sync/atomic"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/wire"
	"github.com/skein-query/skein/planner/physical"
)

// tasks runs the tasks of a fragment, shared among threads in order. What they
// have in common, replicated join tables, is built once.
func (r *run) tasks(ctx context.Context) error {
	fragment := exec.NewGroup(1)
	defer fragment.Close()
	parts, err := r.divide()
	if err != nil {
		return err
	}
	var next atomic.Int64
	threads := min(r.message.Threads, len(r.message.Tasks))
	return r.parallel(ctx, threads, func(ctx context.Context, _ int) error {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(r.message.Tasks) {
				return nil
			}
			if err := r.task(ctx, fragment, &r.message.Tasks[i], parts); err != nil {
				return err
			}
		}
	})
}

// task runs one task in one pipeline and seals its pieces, or hands its batches to
// the result when the fragment is the root.
func (r *run) task(ctx context.Context, fragment *exec.Group, t *wire.Task, parts parts) error {
	group := exec.NewGroup(1)
	defer group.Close()
	env := r.env(group, fragment, 0)
	env.Filters = r.filters.ForTask()
	env.Sources = &sources{run: r, task: t, files: parts.of(t)}
	if len(r.message.Outputs) == 0 {
		return runInstance(ctx, r.plan, env, r.root(ctx, t))
	}
	senders := make([]*sender, len(r.message.Outputs))
	defer func() {
		for _, s := range senders {
			if s != nil {
				s.close()
			}
		}
	}()
	// Frames hold no more than their rows. Batches hold whole dictionaries and pages for a
	// few rows of them, which only costs nothing where they are read soon, by pointer.
	frames := r.message.Options.Frames || r.res.Exchange != ""
	for i, out := range r.message.Outputs {
		s, err := newSender(out, r.plan.Schema(), env, r.keep, frames, t.Index)
		if err != nil {
			return err
		}
		senders[i] = s
	}
	err := runInstance(ctx, r.plan, env, func(b *vector.Batch) error { return spread(b, senders) })
	if err != nil {
		return err
	}
	for _, s := range senders {
		if err := s.settle(); err != nil {
			return err
		}
		if p := r.message.Options.Profile; p != nil && s.file != nil { // as the last operator's
			p.Node(r.plan).Spill.Bytes.Add(s.file.file.Bytes())
			p.Node(r.plan).Spill.Files.Add(1)
		}
	}
	for _, s := range senders {
		edge, err := r.query.Ensure(s.out.Edge, s.out.Partitions, s.out.Exchange.Kind == physical.Broadcast)
		if err != nil {
			return err
		}
		r.sent.add(s)
		s.seal(edge, exchange.PieceID{Task: t.Index, Attempt: r.message.Attempt})
	}
	return nil
}

// root takes the batches of a task of the root fragment. They leave for a coordinator in
// another process as they come: should this worker die, another attempt can go on behind
// them as long as the order of the rows is that of any attempt.
func (r *run) root(ctx context.Context, t *wire.Task) func(*vector.Batch) error {
	said := !r.far || r.reordered == nil
	return func(b *vector.Batch) error {
		if !said && r.reordered() {
			said = true
			if err := r.result.SayReordered(ctx, exchange.PieceID{Task: t.Index, Attempt: r.message.Attempt}); err != nil {
				b.Release()
				return err
			}
		}
		return r.push(ctx, t.Index, b)
	}
}

// push hands a batch of a task to the result, in the form it would have on a network if
// asked.
func (r *run) push(ctx context.Context, task int, b *vector.Batch) error {
	id := exchange.PieceID{Task: task, Attempt: r.message.Attempt}
	if !r.message.Options.Frames {
		return r.result.Push(ctx, id, b)
	}
	frame, err := new(exchange.Encoder).Append(nil, b)
	b.Release()
	if err != nil {
		return err
	}
	decoded, _, err := new(exchange.Decoder).Decode(frame)
	if err != nil {
		return err
	}
	return r.result.Push(ctx, id, decoded)
}

// spread gives every sender a share of the batch.
func spread(b *vector.Batch, senders []*sender) error {
	for _, s := range senders[1:] {
		if err := s.add(b.Share()); err != nil {
			b.Release()
			return err
		}
	}
	return senders[0].add(b)
}
